# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete the oldest days of records where a limit asks for it, and compress the others that are over.

Of the records only regular files named ``YYYY-MM-DD/{messages,status,quarantine}.json``, with or without ``.zst`` or
``.gz``, are ever touched, no link is followed, and of today (UTC) only the quarantine is cut, of later days nothing.
What rsyslogd only ever appends to in the work directory is emptied when it is large. Exit status: 0 done, 1 something
could not be done or a limit could not be met (it is said), 2 wrong usage or no access. It may be killed at any point:
the next run goes on.
"""

import argparse
import contextlib
import datetime
import errno
import fcntl
import json
import os
import re
import stat
import sys

from archive import CHUNK, compress
from limits import Day, Limits, decide, human, size_of
from store import DAY, FILE, free, opened, read, replace

TEMPORARY = re.compile(r"\.(messages|status|quarantine)\.json\.(zst|gz)\.tmp\Z")
QUIET = 3600  # seconds after the end of a day, and after the last write to a file, before it is compressed
RESERVE = 64 << 20  # bytes that compressing leaves free, where min_free does not ask for more: rsyslogd needs them
REPORT_LIMIT = 1 << 20  # bytes of retention.jsonl; the older half goes when they are exceeded
# What rsyslogd only ever appends to in the work directory: its reports, which the metrics empty earlier where they run,
# and the role's test records.
APPENDED = ("impstats.json", "canary")
QUARANTINE = "quarantine"
APPENDED_LIMIT = 2 << 20  # bytes of each, after which it is emptied


class Store:
    """The data directory. Every access goes through descriptors, so that nothing can be moved in between."""

    def __init__(self, path, work):
        self.path, self.work, self.closed = path, work, set()
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def close(self):
        os.close(self.fd)

    def free(self):
        return free(self.fd)

    def whole(self):
        found = os.fstatvfs(self.fd)
        return found.f_blocks * found.f_frsize

    def day(self, date):
        return opened(str(date), os.O_RDONLY | os.O_DIRECTORY, self.fd)

    def dates(self):
        found = []
        for name in os.listdir(self.fd):
            if DAY.match(name) and stat.S_ISDIR(os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mode):
                try:
                    date = datetime.date.fromisoformat(name)
                except ValueError:
                    continue
                # What an administrator restored, say, must not keep the limits from the other days.
                if os.access(name, os.R_OK | os.W_OK | os.X_OK, dir_fd=self.fd, effective_ids=True):
                    found.append(date)
                else:
                    self.closed.add(name)
        return sorted(found)

    def files(self, day_fd, pattern=FILE):
        """The regular files of our names, as a dictionary of name to size."""
        found = {}
        for name in sorted(os.listdir(day_fd)):
            if pattern.match(name):
                status = os.stat(name, dir_fd=day_fd, follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    found[name] = status.st_size
        return found

    def days(self):
        found = []
        for date in self.dates():
            with self.day(date) as day_fd:
                files = self.files(day_fd)
                # A directory that holds only files of others is left alone.
                if files or not os.listdir(day_fd):
                    junk = sum(size for name, size in files.items() if name.startswith(QUARANTINE))
                    found.append(Day(date, sum(files.values()), junk))
        return found

    def clean(self, today):
        """Remove what a killed run left half written."""
        for date in self.dates():
            if date < today:
                with self.day(date) as day_fd:
                    for name in self.files(day_fd, TEMPORARY):
                        os.unlink(name, dir_fd=day_fd)

    def delete(self, date, beginning=""):
        """Delete our files of a day that begin so, and its directory once empty. Returns how many entries keep it."""
        with self.day(date) as day_fd:
            for name in self.files(day_fd):
                if name.startswith(beginning):
                    # rsyslogd may have yesterday's open for a while; its room is free at once all the same.
                    # One that somebody else owns goes all the same: the directory is the service's.
                    with contextlib.suppress(PermissionError), opened(name, os.O_WRONLY, day_fd) as fd:
                        os.ftruncate(fd, 0)
                    os.unlink(name, dir_fd=day_fd)
            left = len(os.listdir(day_fd))
        if not left:
            os.rmdir(str(date), dir_fd=self.fd)
        os.fsync(self.fd)
        return left

    def cut(self, date, size):
        """Take at least that much off a day's quarantine. rsyslogd has it open to append, so it goes on at the new end.

        What came first stays: it was there before whoever made it grow. Returns the bytes that went.
        """
        name = QUARANTINE + ".json"
        with self.day(date) as day_fd, opened(name, os.O_RDWR, day_fd) as fd:
            before = os.fstat(fd).st_size
            keep = max(0, before - size)
            # Back to the end of a line.
            while keep and os.pread(fd, 1, keep - 1) != b"\n":
                begin = max(0, keep - CHUNK)
                keep = begin + os.pread(fd, keep - begin, begin).rfind(b"\n") + 1
            os.ftruncate(fd, keep)
            os.fsync(fd)
        return before - keep

    def done_before(self):
        """The first day that some destination still needs, or None, and complaints.

        A checkpoint that cannot be read has finished nothing.
        """
        folder = os.path.join(self.work, "destinations")
        found, complaints = None, []
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if not name.endswith(".json") or name.startswith("."):
                continue
            try:
                value = json.loads(read(os.path.join(folder, name), 65536))
                done = datetime.date.fromisoformat(value["done_before"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                text = "The checkpoint of destination %s cannot be read (%s); every day stays."
                complaints.append(text % (name[:-5], error))
                done = datetime.date.min
            found = min(done, found or done)
        return found, complaints


class Run:
    """One run: what was deleted and compressed, and what could not be; said at once and reported at the end."""

    def __init__(self, store, options):
        self.store, self.options = store, options
        now = datetime.datetime.now(datetime.timezone.utc)
        self.now, self.today = now.timestamp(), now.date()
        self.report = {"time": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "deleted": [], "compressed": [], "failed": []}
        self.report["quarantine_deleted_bytes"] = 0
        least_free = size_of(options.min_free, store.whole())
        self.limits = Limits(options.days, options.total_bytes, least_free, options.quarantine_limit)
        self.done_before = None
        if not options.force:
            self.done_before, complaints = store.done_before()
            for complaint in complaints:
                self.say("failed", complaint, complaint)

    def say(self, part, entry, sentence):
        if entry not in self.report[part]:
            self.report[part].append(entry)
            # It may hold the name of a file, which the service's user chose.
            print(re.sub(r"[^ -~]", "?", sentence), flush=True)

    def delete(self):
        """Delete in one round. What is freed only later counts in the next run: rather too little than too much."""
        victims, stays = decide(
            self.store.days(), self.today, self.limits, self.store.free(), self.done_before, self.options.trust_clock
        )
        for victim in victims:
            done, size = "Would delete", victim.size
            if not self.options.dry_run:
                try:
                    done, size = self.drop(victim)
                except OSError as error:
                    stays.append("%s could not be deleted: %s." % (victim.date, error.strerror))
                    continue
            if victim.quarantine:
                done += " quarantine of"
            entry = {"day": str(victim.date), "bytes": size, "reason": victim.reason, "quarantine": victim.quarantine}
            self.say("deleted", entry, "%s %s (%s): %s." % (done, victim.date, human(size), victim.reason))
        for sentence in stays:
            self.say("failed", sentence, sentence)

    def drop(self, victim):
        """Delete it. Returns what was done, and how many bytes went."""
        if not victim.quarantine:
            foreign = self.store.delete(victim.date)
            return "Deleted what is ours, and not the rest, of" if foreign else "Deleted", victim.size
        size = victim.size
        if victim.date < self.today:
            self.store.delete(victim.date, QUARANTINE)
        else:
            size = self.store.cut(victim.date, victim.size)
        self.report["quarantine_deleted_bytes"] += size
        return "Deleted", size

    def compress(self):
        """Compress each finished day that is over for long enough. Returns whether there was room, and what failed."""
        room, failed = True, []
        for date in self.store.dates():
            over = datetime.datetime.combine(date, datetime.time(), datetime.timezone.utc).timestamp() + 86400
            too_early = date >= self.today or self.now - over < QUIET
            going = self.limits.days and (self.today - date).days > self.limits.days
            if too_early or going or self.done_before and date >= self.done_before:
                continue
            with self.store.day(date) as day_fd:
                for name, size in self.store.files(day_fd).items():
                    written = os.stat(name, dir_fd=day_fd, follow_symlinks=False).st_mtime
                    if not name.endswith(".json") or self.now - written < QUIET:
                        continue
                    entry = {"file": "%s/%s" % (date, name), "bytes": size}
                    try:
                        if not self.options.dry_run:
                            compress(day_fd, name, max(RESERVE, self.limits.min_free))
                    except OSError as error:
                        room = room and error.errno != errno.ENOSPC
                        failed.append("%s could not be compressed: %s." % (entry["file"], error.strerror))
                    else:
                        done = "Would compress" if self.options.dry_run else "Compressed"
                        self.say("compressed", entry, "%s %s (%s)." % (done, entry["file"], human(size)))
        return room, failed

    def everything(self):
        """Compressing comes first, because it may save a day from being deleted; on a full disk deleting does."""
        room, failed = self.compress() if self.options.compress else (True, [])
        self.delete()
        if not room:
            _room, failed = self.compress()
        failed += [
            "%s is not the service's to change, so it stays: see who owns it." % day
            for day in sorted(self.store.closed)
        ]
        for sentence in failed:
            self.say("failed", sentence, sentence)
        return 1 if self.report["failed"] else 0

    def empty(self):
        """Empty what would grow for ever. rsyslogd has it open to append, so it goes on at the beginning."""
        for name in APPENDED:
            path = os.path.join(self.store.work, name)
            try:
                with opened(path, os.O_WRONLY) as fd:
                    if os.fstat(fd).st_size > APPENDED_LIMIT:
                        os.ftruncate(fd, 0)
            except FileNotFoundError:
                continue
            except OSError as error:
                sentence = "%s could not be emptied: %s." % (path, error.strerror)
                self.say("failed", sentence, sentence)

    def save(self):
        """Write the last run's report, and keep those of runs that did something or failed in retention.jsonl."""
        self.report["ok"] = not self.report["failed"]
        last = os.path.join(self.store.work, "retention.json")
        # Of all runs, for the metrics.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            self.report["quarantine_deleted_bytes"] += int(json.loads(read(last))["quarantine_deleted_bytes"])
        line = json.dumps(self.report, sort_keys=True) + "\n"
        replace(last, line, 0o640)
        if not (self.report["deleted"] or self.report["compressed"] or self.report["failed"]):
            return
        history = os.path.join(self.store.work, "retention.jsonl")
        lines = []
        if os.path.lexists(history):
            lines = read(history).splitlines(keepends=True)
        lines.append(line)
        if sum(map(len, lines)) > REPORT_LIMIT:
            lines = lines[len(lines) // 2 :]
        replace(history, "".join(lines), 0o640)


def arguments(argv):
    parser = argparse.ArgumentParser(description="Delete and compress old days of records.")
    parser.add_argument("--data-dir", required=True, help="the data directory")
    parser.add_argument("--work-dir", required=True, help="the receiver's work directory")
    parser.add_argument("--days", type=int, default=0, help="delete days that are older than so many; 0: no limit")
    parser.add_argument("--total-bytes", type=size_of, default="0", help="delete until no more is taken: 50g")
    parser.add_argument("--min-free", default="0", help="delete until so much of the disk is free: 5g or 10%%")
    parser.add_argument("--quarantine-limit", type=size_of, default="0", help="bytes of quarantine that are kept: 1g")
    parser.add_argument("--no-compress", dest="compress", action="store_false", help="do not compress")
    parser.add_argument("--force", action="store_true", help="delete also what a destination has not finished")
    parser.add_argument("--trust-clock", action="store_true", help="delete by age also after a gap in the records")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    return parser.parse_args(argv)


def main(argv=None):
    options = arguments(argv)
    try:
        with contextlib.closing(Store(options.data_dir, options.work_dir)) as store:
            if os.geteuid() != os.fstat(store.fd).st_uid:
                print(
                    "Run this as the owner of %s: runuser --pty -u spamexperts -- ..." % options.data_dir,
                    file=sys.stderr,
                )
                return 2
            run = Run(store, options)
            return run.everything() if options.dry_run else locked(run)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def locked(run):
    """Do everything unless another run is at work, and report it."""
    with opened(os.path.join(run.store.work, "retention.lock"), os.O_RDWR | os.O_CREAT) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another run is at work; this one ends.", file=sys.stderr)
            return 1
        run.store.clean(run.today)
        run.empty()
        status = run.everything()
        try:
            run.save()
        except OSError as error:
            print("The report could not be written: %s." % error, file=sys.stderr)
            return 1
        return status


if __name__ == "__main__":
    sys.exit(main())
