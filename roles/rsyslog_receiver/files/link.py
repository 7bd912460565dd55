# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write or remove a link in a directory that may belong to another user, who must not choose where that happens.

Run by the role as root with the last line ``main("{...}")``; prints "changed" or "unchanged".
path: of the link. target: what it points to; empty to remove it, and nothing else than a link is ever removed. check:
only say what would happen.
"""

import errno
import json
import os
import stat

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def enter(path):
    """A descriptor of a directory. A link on the way is followed only where root alone could have put it."""
    rest, links = [part for part in path.split("/") if part], 0
    fd = os.open("/", FOLDER)
    try:
        while rest:
            name, status = rest.pop(0), os.fstat(fd)
            if stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
                links += 1
                if links > 40 or status.st_uid or status.st_mode & 0o022:
                    raise OSError(errno.ELOOP, "a link in a directory that others than root may write", name)
                target = os.readlink(name, dir_fd=fd)
                rest[:0] = [part for part in target.split("/") if part]
                name = "/" if target.startswith("/") else "."
            below = os.open(name, FOLDER, dir_fd=fd)
            os.close(fd)
            fd = below
    except BaseException:
        os.close(fd)
        raise
    return fd


def there(name, fd):
    """Where the link of that name points; empty where there is none."""
    try:
        return os.readlink(name, dir_fd=fd)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EINVAL):
            raise
        return ""


def main(text):
    request = json.loads(text)
    folder, name = os.path.split(request["path"])
    try:
        fd = enter(folder)
    except OSError:
        # Where none is to be written, there is none to remove either.
        if request["target"]:
            raise
        print("unchanged")
        return
    same = there(name, fd) == request["target"]
    if not same and not request["check"]:
        if request["target"]:
            temporary = ".%s.%d" % (name, os.getpid())
            os.symlink(request["target"], temporary, dir_fd=fd)
            os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
        else:
            os.unlink(name, dir_fd=fd)
    os.close(fd)
    print("unchanged" if same else "changed")
