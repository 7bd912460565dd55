# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let one run of the role at a time change this host's receiver.

Run by the role with a last line such as ``take("{...}")``. The lock is a record in a directory of root's that is empty
after a boot. The tasks of a run are processes of their own, so no process can hold it: it ends with the run, after a
time, or as soon as a run on the same controller sees that its holder's process is gone.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import sys
import time
import uuid


def clock():
    """Seconds since the boot, which the record does not outlive; nobody sets this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@contextlib.contextmanager
def opened(path):
    """The record as a dictionary, empty where nobody holds the lock, and its descriptor. Nobody else is at it."""
    while True:
        # Not for others to read: whoever can open it could hold it up.
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            try:
                current = os.path.samestat(os.lstat(path), os.fstat(fd))
            except FileNotFoundError:
                current = False
            if current:
                text = os.read(fd, 65536)
                yield (json.loads(text.decode("utf-8")) if text else {}), fd
                return
        finally:
            os.close(fd)


def identity(request):
    """Who asks: the controller, what makes its process numbers comparable, the number of the run, and the host."""
    node, controller, process = (request["run"] + [""] * 3)[:3]
    return {"node": node, "controller": controller, "process": process, "host": request["host"]}


@contextlib.contextmanager
def at_work(path):
    """While the process that deploys is in this block, nobody else can have the lock, whatever became of its run.

    The kernel ends this with the process. Raises BlockingIOError where another one is at work.
    """
    fd = os.open(path + ".deploy", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(fd)


def deploys(path):
    """Whether a process is at work."""
    try:
        with at_work(path):
            return False
    except BlockingIOError:
        return True


def is_over(held, request):
    """Whether the holder cannot go on, as far as can be known here."""
    if deploys(request["path"]):
        return False
    if clock() >= held["until"]:
        return True
    mine, running = identity(request), request["run"][3:]
    # Processes are only known where both runs have the same ones before them.
    if not running or held["controller"] != mine["controller"]:
        return False
    own = (held["process"], held["host"]) == (mine["process"], mine["host"])
    return own or held["process"] not in running[0].split()


def refusal(held, request):
    return (
        "Another run of this role is changing this host's receiver: ansible-playbook on %s, process %s, since %s. This "
        "one waited %d seconds for it and changed nothing. Run it again when the other one has ended. If that one was "
        "killed, its lock ends by itself in %d minutes, or at once with: rm %s"
        % (
            held["node"],
            held["process"] or "unknown",
            held["since"],
            int(request["wait"]),
            (held["until"] - clock()) // 60 + 1,
            request["path"],
        )
    )


def put(fd, record):
    os.ftruncate(fd, 0)
    os.pwrite(fd, json.dumps(record).encode("utf-8"), 0)


def end(request, outcome):
    """Write down how a deployment ended, for the next run in case that this one has lost its connection."""
    with opened(request["path"]) as (held, fd):
        if held.get("token") == request["token"]:
            put(fd, dict(held, outcome=outcome))


def ended(request, token):
    """How a deployment ended whose run never came to say so, or nothing."""
    with opened(request["path"]) as (held, _fd):
        return held.get("earlier") if held.get("token") == token else None


def acquire(request):
    """Take the lock; return its token. Raises BlockingIOError with a sentence where somebody else keeps it."""
    # Before ansible-core 2.19 numbers may come as text.
    wait, lease = int(request["wait"]), int(request["lease"])
    give_up = time.monotonic() + wait
    while True:
        with opened(request["path"]) as (held, fd):
            if not held or is_over(held, request):
                record = dict(identity(request), token=uuid.uuid4().hex)
                record["since"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                record["until"] = clock() + lease
                record["earlier"] = held.get("outcome") or held.get("earlier")
                put(fd, record)
                return record["token"]
        if time.monotonic() >= give_up:
            raise BlockingIOError(refusal(held, request))
        time.sleep(0.5)


def take(text):
    """Take the lock and print its token, or say who has it and end with 1."""
    try:
        print(acquire(json.loads(text)))
    except BlockingIOError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def check(text):
    """End with 1 unless the lock is still this run's and each of the files is what this run says is in force."""
    request = json.loads(text)
    with opened(request["path"]) as (held, _fd):
        if held.get("token") != request["token"]:
            print(
                "This run took so long that its lock ended, and another one has changed the receiver meanwhile. What "
                "is in force may not be what this run wanted: run it again.",
                file=sys.stderr,
            )
            sys.exit(1)
        wrong = []
        for path, wanted in sorted(request["files"].items()):
            try:
                if digest(path) == wanted:
                    continue
            except OSError:
                pass
            wrong.append(path)
        if wrong:
            print(
                "What is in force is not what this run wanted: something else changed %s meanwhile. Run this again."
                % ", ".join(wrong),
                file=sys.stderr,
            )
            sys.exit(1)


def release(text):
    """Give the lock up, if it is still this run's."""
    request = json.loads(text)
    with opened(request["path"]) as (held, _fd):
        if not held or held["token"] == request["token"]:
            os.unlink(request["path"])
            with contextlib.suppress(FileNotFoundError):
                os.unlink(request["path"] + ".deploy")
