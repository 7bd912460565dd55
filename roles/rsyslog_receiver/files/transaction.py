# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put a configuration of the receiver in force, or go back to the one before.

One process does all of it, as root. It may be killed at any point: candidate/ and previous/ in the configuration's
folder, and the unit of the handover service, are there only while it is at work, and whoever finds one of them deploys
once more. previous/ is what was in force before and is known to work, so that of a run that was cut short stays.

Every folder that is written to belongs to root.
"""

import contextlib
import grp
import hashlib
import json
import os
import pwd
import shutil
import stat
import subprocess

import canary
import compare
import lock

# Seconds for one command: far more than any takes. A unit that starts waits for its own time limits.
PATIENCE = 900
RMEM_MAX = "/proc/sys/net/core/rmem_max"


class Failed(Exception):
    """A step that did not work, and why."""

    def __init__(self, step, message):
        super().__init__(message)
        self.step = step


def run(*command):
    """Run a command; return its exit status and its output, standard error included."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    try:
        done = subprocess.run(command, check=False, timeout=PATIENCE, **streams)  # noqa: S603
    except subprocess.TimeoutExpired:
        return 124, "it took more than %d seconds" % PATIENCE
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def must(step, *command):
    code, text = run(*command)
    if code:
        raise Failed(step, text or "%s ended with status %d" % (command[0], code))


def remove(path):
    """Remove a file, or a folder with what is in it; nothing where there is none."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def is_there(path, entry):
    """Whether a file is already what an entry asks for."""
    digest = hashlib.sha256(entry["content"].encode("utf-8")).hexdigest()
    return not compare.faults(path, dict(entry, sha256=digest), stat.S_IFREG)


def rights(entry):
    return int(entry["mode"], 8), pwd.getpwnam(entry["owner"]).pw_uid, grp.getgrnam(entry["group"]).gr_gid


def write(path, entry):
    """Write a file so that a reader finds either the old or the new one; return whether it differed."""
    if is_there(path, entry):
        return False
    mode, uid, gid = rights(entry)
    temporary = path + ".new"
    remove(temporary)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as file:
        os.fchown(fd, uid, gid)
        os.fchmod(fd, mode)
        file.write(entry["content"].encode("utf-8"))
        file.flush()
        os.fsync(fd)
    os.rename(temporary, path)
    return True


class Deployment:
    """A change of the files of one service.

    request: ``folder`` of the configuration; ``unit``, the path of the service's unit; ``files``, what has to be in
    force, by path; ``candidate``, the same configuration by its name in candidate/; ``handover``, None or the ``unit``
    and the ``conf`` of the handover service, entries with a ``path``; ``check``, the command that checks the candidate.
    An entry has ``content``, ``owner``, ``group`` and ``mode``. ``undo`` is what else a run has changed before: the
    ``list`` of files as it was, an entry with a ``path``; and for a host that had no receiver the ``sysctl`` file to
    remove and the ``rmem_max`` of before, or 0.
    prove: raises Failed unless the service does what it is for.
    """

    def __init__(self, request, prove):
        self.request, self.prove = request, prove
        self.unit = request["unit"]
        self.service = os.path.basename(self.unit)
        self.candidate, self.previous = (os.path.join(request["folder"], name) for name in ("candidate", "previous"))
        self.handover_unit = request["handover_unit"]

    def current(self):
        """The paths of what is installed now, by the name of each copy."""
        folder = self.request["folder"]
        names = [name for name in os.listdir(folder) if name.endswith((".conf", ".rulebase"))]
        paths = [os.path.join(folder, name) for name in names] + [self.unit]
        return {os.path.basename(path): path for path in paths if os.path.isfile(path)}

    def saved(self):
        """The paths of what a rollback restores, by the name of each copy."""
        return {
            name: self.unit if name == self.service else os.path.join(self.request["folder"], name)
            for name in os.listdir(self.previous)
        }

    def prepare(self):
        """Write the candidate and have it checked; return the names in it that differ from what an earlier run left."""
        mode, uid, gid = rights(self.request["candidate_folder"])
        with contextlib.suppress(FileExistsError):
            os.mkdir(self.candidate, 0o700)
        os.chown(self.candidate, uid, gid)
        os.chmod(self.candidate, mode)
        changed = [
            name
            for name, entry in self.request["candidate"].items()
            if write(os.path.join(self.candidate, name), entry)
        ]
        must("check the candidate with rsyslogd as the receiver's user", *self.request["check"])
        return changed

    def save(self):
        """Copy what is in force to previous/, unless a run that was cut short did that."""
        copies = os.path.join(self.candidate, "previous")
        remove(copies)
        os.mkdir(copies, 0o700)
        for name, path in self.current().items():
            shutil.copy2(path, os.path.join(copies, name))
        if not os.path.isdir(self.previous):
            # At once, so that a previous/ is always whole.
            os.rename(copies, self.previous)

    def hand_over(self, candidate_changed):
        """Let a second daemon have the UDP ports while the service restarts.

        Of two UDP sockets on one port Linux gives each datagram to the one that was bound last. One that a run left
        that was cut short has the ports: it goes on, unless it runs with something else.
        """
        handover = self.request["handover"]
        changed = [write(entry["path"], entry) for entry in (handover["conf"], handover["unit"])]
        step = "start the handover service"
        must(step, "systemctl", "daemon-reload")
        verb = "restart" if candidate_changed or any(changed) else "start"
        must(step, "systemctl", verb, os.path.basename(self.handover_unit))

    def activate(self):
        for path, entry in self.request["files"].items():
            write(path, entry)
        must("restart the receiver", "systemctl", "daemon-reload")
        must("restart the receiver", "systemctl", "restart", self.service)
        self.prove()

    def roll_back(self):
        """Put back what previous/ has; return whether the service runs as before, or is taken off again."""
        saved = self.saved()
        if not saved and os.path.exists(self.unit):
            run("systemctl", "disable", "--now", self.service)
        for path in set(self.request["files"]) - set(saved.values()):
            remove(path)
        restored = [self.restore(name, path) for name, path in saved.items()]
        run("systemctl", "daemon-reload")
        undo = self.request["undo"]
        if not saved:
            remove(undo["sysctl"])
            if undo["rmem_max"]:
                with contextlib.suppress(OSError), open(RMEM_MAX, "w") as file:
                    file.write(str(undo["rmem_max"]))
            return True
        write(undo["list"]["path"], undo["list"])
        if any(restored) and os.path.exists(self.handover_unit):
            # The service took the ports from it; it takes them back before the service is restarted once more.
            run("systemctl", "restart", os.path.basename(self.handover_unit))
        # One that nothing was taken from goes on as it is, and its TCP senders with it.
        code, _text = run("systemctl", "restart" if any(restored) else "start", self.service)
        return code == 0

    def restore(self, name, path):
        """Put a copy back in its place; return whether that differed."""
        copy = os.path.join(self.previous, name)
        # Copies that earlier versions made belong to root.
        kind = os.path.splitext(name)[1]
        like = next(entry for other, entry in self.request["files"].items() if other.endswith(kind))
        with open(copy, encoding="utf-8") as file:
            content = file.read()
        return write(path, dict(like, content=content, mode="%o" % stat.S_IMODE(os.stat(copy).st_mode)))

    def end_handover(self):
        if os.path.exists(self.handover_unit):
            run("systemctl", "stop", os.path.basename(self.handover_unit))
            remove(self.handover_unit)

    def deploy(self):
        """Do all of it; return how it ended: ``deployed``, ``refused``, ``restored``, ``taken off`` or ``stopped``.

        ``step`` and ``message`` are of what failed; ``stopped`` means that the earlier configuration does not run.
        """
        try:
            changed = self.prepare()
        except (Failed, OSError) as error:
            remove(self.candidate)
            return self.ended("refused", error)
        self.save()
        outcome = {"state": "deployed", "step": "", "message": "", "log": ""}
        try:
            if self.current() and self.request["handover"]:
                self.hand_over(changed)
            self.activate()
        except (Failed, OSError) as error:
            log = run("journalctl", "--no-pager", "--lines=20", "--unit=" + self.service)[1]
            first = not self.saved()
            runs = self.roll_back()
            outcome = self.ended("taken off" if first else "restored" if runs else "stopped", error, log)
        self.end_handover()
        if outcome["state"] != "stopped":
            # previous/ last: with it alone the next run still knows what worked.
            remove(self.candidate)
            remove(self.previous)
        return outcome

    @staticmethod
    def ended(state, error, log=""):
        return {"state": state, "step": getattr(error, "step", "write the files"), "message": str(error), "log": log}


def deploy(request):
    """Deploy and print how that ended. It is written down as well: whoever waits may have lost the connection."""

    def prove():
        complaint = canary.complaint(request["canary"], request["patience"])
        if complaint:
            raise Failed("prove that records arrive on disk", complaint)

    with lock.at_work(request["lock"]["path"]):
        outcome = Deployment(request, prove).deploy()
        lock.end(request["lock"], outcome)
    print(json.dumps(outcome))
