# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all jobs know of the data directory: the names in it, and how files are opened and replaced."""

import contextlib
import errno
import os
import re
import stat

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
FILE = re.compile(r"(messages|status|quarantine)\.json(\.zst|\.gz)?\Z")


@contextlib.contextmanager
def opened(name, flags, dir_fd=None):
    """A descriptor of a regular file or, with O_DIRECTORY, of a directory, for a with block.

    A link is never followed, and a pipe never waited for.
    """
    fd = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600, dir_fd=dir_fd)
    try:
        if not flags & os.O_DIRECTORY and not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", name)
        yield fd
    finally:
        os.close(fd)


def read(path, limit=64 << 20):
    """The text of a file, of which no more than that many bytes are read."""
    with opened(path, os.O_RDONLY) as fd, os.fdopen(os.dup(fd), "rb") as file:
        return file.read(limit).decode("utf-8")


def free(fd):
    found = os.fstatvfs(fd)
    return found.f_bavail * found.f_frsize


def replace(path, text, mode):
    """Write a file so that a reader finds either the old or the new one."""
    temporary = path + ".tmp"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    with opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as fd, os.fdopen(os.dup(fd), "wb") as file:
        os.fchmod(fd, mode)
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(fd)
    os.rename(temporary, path)
