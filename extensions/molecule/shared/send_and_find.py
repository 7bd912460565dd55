# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends one message record through UDP and one through TCP, as a filtering node does, and waits for both on disk.

    send_and_find.py TEMPLATE DATA_DIR PORT

Prints the found lines as one JSON list; exits 1 with what is on disk when they do not arrive, or arrive twice.
"""

import json
import logging.handlers
import pathlib
import socket
import sys
import time
import uuid

DEADLINE = 600.0  # seconds: only something that hangs takes so long
SUBJECT = 'molecule "quoted", comma\tTab, back\\slash, Grüße 📬\nsecond line | with a bar'


class Values(dict):
    """The fields of a record: those that are not given are empty."""

    def __missing__(self, key):
        return ""


def send(kind, template, port, mark):
    handler = logging.handlers.SysLogHandler(("127.0.0.1", port), socktype=kind)
    values = Values(id=mark, subject_header=SUBJECT, sender="", recipient="user@example.com", incoming_size="1234")
    handler.emit(logging.LogRecord("mail", logging.INFO, "", 0, template % values, (), None))
    handler.close()


def records(folder, name):
    for path in sorted(pathlib.Path(folder).rglob(name)):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def main():
    template, folder, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    marks = [uuid.uuid4().hex for _kind in ("udp", "tcp")]
    for kind, mark in zip((socket.SOCK_DGRAM, socket.SOCK_STREAM), marks):
        send(kind, template, port, mark)
    deadline = time.monotonic() + DEADLINE
    found = []
    while len(found) < len(marks) and time.monotonic() < deadline:
        time.sleep(0.2)
        found = [record for record in records(folder, "messages.json") if record.get("email.local_id") in marks]
    print(json.dumps(found))
    if sorted(record["email.local_id"] for record in found) != sorted(marks):
        sys.exit("sent %s, quarantined: %s" % (marks, list(records(folder, "quarantine.json"))))
    if any(record["email.subject"] != SUBJECT for record in found):
        sys.exit("the subject was changed on the way")


if __name__ == "__main__":
    main()
