# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put a file of records into its compressed archive, so that a kill, a full disk or a late record loses nothing."""

import contextlib
import errno
import gzip
import itertools
import os
import shutil
import stat
import subprocess
import zlib

from store import free, opened

CHUNK = 1 << 20


def chunks(fd):
    os.lseek(fd, 0, os.SEEK_SET)
    while True:
        chunk = os.read(fd, CHUNK)
        if not chunk:
            return
        yield chunk


def zstd(fd, *options):
    """What the zstd program makes of a file."""
    os.lseek(fd, 0, os.SEEK_SET)
    # The arguments contain no untrusted text, and the program is the host's own.
    process = subprocess.Popen(["zstd", "-q", "-c"] + list(options), stdin=fd, stdout=subprocess.PIPE)  # noqa: S603
    try:
        yield from iter(lambda: process.stdout.read(CHUNK), b"")
        if process.wait():
            raise OSError(errno.EIO, "zstd ended with status %d" % process.returncode)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def packed(fd, kind):
    if kind == "zst":
        yield from zstd(fd)
        return
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for chunk in chunks(fd):
        yield packer.compress(chunk)
    yield packer.flush()


def unpacked(fd, kind):
    if kind == "zst":
        yield from zstd(fd, "-d")
        return
    os.lseek(fd, 0, os.SEEK_SET)
    try:
        with os.fdopen(os.dup(fd), "rb") as raw, gzip.GzipFile(fileobj=raw) as file:
            yield from iter(lambda: file.read(CHUNK), b"")
    except (EOFError, zlib.error) as error:
        raise OSError(errno.EIO, "the archive is damaged: %s" % error) from None


def holds(archive, kind, plain):
    """Whether an archive's text ends with all of a file's: then the file is not needed any more."""
    skip = sum(map(len, unpacked(archive, kind))) - os.fstat(plain).st_size
    if skip < 0:
        return False
    os.lseek(plain, 0, os.SEEK_SET)
    for chunk in unpacked(archive, kind):
        part, skip = chunk[skip:], max(0, skip - len(chunk))
        while part:
            same = os.read(plain, len(part))
            if not same or part[: len(same)] != same:
                return False
            part = part[len(same) :]
    return not os.read(plain, 1)


def compress(day_fd, name, reserve):
    """Replace a file by its archive, or add it to the existing one if a late record created it again. Raises OSError.

    day_fd: the directory. reserve: bytes that stay free. The file is deleted only once its archive is on disk and was
    read back.
    """
    names = os.listdir(day_fd)
    there = [kind for kind in ("zst", "gz") if "%s.%s" % (name, kind) in names]
    kind = there[0] if there else "zst" if shutil.which("zstd") else "gz"
    target, temporary = "%s.%s" % (name, kind), ".%s.%s.tmp" % (name, kind)
    with opened(name, os.O_RDONLY, day_fd) as plain:
        before = os.fstat(plain)
        with opened(target, os.O_RDONLY, day_fd) if there else contextlib.nullcontext() as old:
            # It is held already where the last run was killed before it removed the file.
            if old is None or not holds(old, kind, plain):
                try:
                    write(day_fd, temporary, kind, plain, old, reserve)
                    unchanged(plain, before)
                    os.rename(temporary, target, src_dir_fd=day_fd, dst_dir_fd=day_fd)
                except OSError:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(temporary, dir_fd=day_fd)
                    raise
        os.fsync(day_fd)
        unchanged(plain, before)
        os.unlink(name, dir_fd=day_fd)
        os.fsync(day_fd)


def write(day_fd, temporary, kind, plain, old, reserve):
    """Write the old archive, if there is one, and the file to a new archive. Owner, mode and time are the file's."""
    status = os.fstat(plain)
    with opened(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, day_fd) as new:
        for chunk in itertools.chain(() if old is None else chunks(old), packed(plain, kind)):
            # rsyslogd loses records on a full disk, so this never fills it.
            if free(day_fd) < reserve + len(chunk):
                raise OSError(errno.ENOSPC, "compressing would leave less than %d bytes free" % reserve)
            while chunk:
                chunk = chunk[os.write(new, chunk) :]
        made = os.fstat(new)
        if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
            os.fchown(new, status.st_uid, status.st_gid)
        os.fchmod(new, stat.S_IMODE(status.st_mode))
        if not holds(new, kind, plain):
            raise OSError(errno.EIO, "the archive does not read back as it was written")
        os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.fsync(new)


def unchanged(plain, before):
    now = os.fstat(plain)
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise OSError(errno.EAGAIN, "it was written to meanwhile; the next run looks again")
