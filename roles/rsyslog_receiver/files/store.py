# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all jobs know of the data directory: the names in it, and how files are opened and replaced."""

import contextlib
import os
import re

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
FILE = re.compile(r"(messages|status|quarantine)\.json(\.zst|\.gz)?\Z")


@contextlib.contextmanager
def opened(name, flags, dir_fd=None):
    """A descriptor for a with block; a link is never followed."""
    fd = os.open(name, flags | os.O_NOFOLLOW, 0o600, dir_fd=dir_fd)
    try:
        yield fd
    finally:
        os.close(fd)


def free(fd):
    found = os.fstatvfs(fd)
    return found.f_bavail * found.f_frsize


def replace(path, text, mode):
    """Write a file so that a reader finds either the old or the new one."""
    temporary = path + ".tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)
