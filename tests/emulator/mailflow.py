# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lifelike mail flow: the same seed gives the same records."""

from __future__ import annotations

import random
from collections import deque
from datetime import datetime, timezone
from typing import Any, Callable, Deque, Dict, Iterator, Sequence, Tuple

from .record import Record

START = 1767225600  # 2026-01-01 00:00:00 UTC: a flow does not depend on the clock
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PEOPLE = (
    ("Jane Doe", "jane"),
    ("Jürgen Müller", "jmueller"),
    ("Zoë Šimůnek", "zoe"),
    ("山田太郎", "yamada"),
    ("Ольга Иванова", "olga"),
    ('Doe, John "JD"', "john.doe"),
    ("O'Neil", "oneil"),
    ("محمد علي", "mali"),
    ("Σωκράτης", "sokratis"),
    ("Anne-Marie d\u2019Arc", "am.darc"),
)
_OUTSIDE = ("example.com", "shop.example.net", "mail.example.org", "news.example", "xn--bcher-kva.example")
_INSIDE = ("customer-one.example", "customer-two.example", "verein.example", "kommune.example")
_SUBJECTS = (
    "Invoice 2026-%04d",
    "Re: meeting on Monday (%d)",
    "Your parcel no. %d",
    "Angebot für Herrn Müller – %d",
    "[list] digest %d",
    "Rechnung Nr. %d über 1.299,00 €",
    "お問い合わせ %d",
    "Счёт № %d",
    "Fwd: report %d",
)
# main class, sub class, extra class, status, legacy classification, its details and code
_CLASSES = (
    ("Not-Spam", "statistical-method1-cluster", "0.03833113230835744", "delivered", "Accepted", "", "not-spam"),
    ("Not-Spam", "whitelisted", "", "delivered", "Accepted", "Sender whitelisted", "whitelisted"),
    ("Unsure", "combined", "0.5132", "delivered", "Combined Score", "0.51", "unsure"),
    ("Spam", "content-filter", "0.9987", "quarantined", "Combined Score (0.99)", "http://bad.example/?a=1&b=2", "spam"),
    ("Spam", "dnsbl", "zen.example", "rejected", "DNSBL", 'listed by zen.example, "SBL"', "blacklisted"),
    ("Virus", "signature", "Eicar-Test-Signature", "quarantined", "Virus", "Eicar-Test-Signature", "virus"),
    ("Phish", "url", "phish-db", "quarantined", "Phishing attempt", "https://bank.example.invalid/login", "phish"),
    ("Error", "greylisting", "", "deferred", "Greylisted", "", "deferred"),
    ("Allow list", "rule", 'Partner, "gold"', "queued", "Accepted", "", "whitelisted"),
)
_CHANGES = (
    ("delivered", "250 2.0.0 Ok: queued as %s"),
    ("released", '250 OK id=%s, "released by admin"'),
    (
        "bounced",
        "SMTP error from remote mail server after end of data: 550 rbl-reject: Message rejected because "
        "198.51.100.0 is blacklisted (%s)",
    ),
    ("queued", "421 4.7.0 Try again later\r\n421 closing connection %s"),
    ("quarantine-removed", ""),
    ("not-accepted", "Remote host closed connection %s"),
    ("queue-expired", "retry timeout exceeded %s"),
    ("delivered", "250 Größe in Ordnung – %s ✓"),
)

Fields = Dict[str, Any]


def _set(**values: Any) -> Callable[[Fields, random.Random], None]:
    return lambda fields, _rng: fields.update(values)


def _long_header(fields: Fields, rng: random.Random) -> None:
    people = ", ".join(f'"List Member {i}" <member{rng.randrange(10**6)}@example.com>' for i in range(480))
    fields["cc_header"] = people[:20480]


# What a parser finds hard, each by name; the first messages of every flow carry one each.
FEATURES: Tuple[Tuple[str, Callable[[Fields, random.Random], None]], ...] = (
    ("null_sender", _set(sender="", from_header="Mail Delivery System <MAILER-DAEMON@example.com>")),
    ("utf8", _set(subject_header="Grüße aus Köln, Łódź, Αθήνα, Київ, 東京, القاهرة, ไทย", helo="bücher.example")),
    ("commas", _set(subject_header="one, two,, three,", to_header="a@example.com, b@example.com,c@example.com")),
    ("quotes", _set(subject_header='He said "hello" and \'bye\'; ""', from_header='"Doe, ""J""" <j@example.com>')),
    ("backslashes", _set(subject_header="C:\\temp\\new\\x41 \\\\server\\share\\", helo="back\\slash\\")),
    ("tabs", _set(subject_header="\tcolumn\tcolumn\t", helo="tab\there")),
    ("line_feed", _set(subject_header="first line\nsecond line\n\n third line\n")),
    ("line_feed_first", _set(subject_header="\nstarts with a line feed")),
    ("crlf_folded", _set(subject_header="folded\r\n subject\r\n\tof three lines")),
    ("carriage_return", _set(subject_header="overwritten\rvisible")),
    ("escape", _set(subject_header="\x1b[31mred\x1b[0m \x1b]0;title\x07", classification_details="\x1b[2J")),
    ("percent", _set(subject_header="100% %s %(id)s %d %% %n 50%", sender="%s%n@example.com")),
    ("emoji", _set(subject_header="🎉 50 % off 👩‍👩‍👧‍👦 🇳🇱 ✔️", from_header="🐧 <tux@example.org>")),
    ("ipv6", _set(sender_ip="2001:db8::25", sender_host="ipv6.example.org", helo="[IPv6:2001:db8::25]")),
    ("ipv6_mapped", _set(sender_ip="::ffff:192.0.2.25", helo="[192.0.2.25]")),
    (
        "all_text_empty",
        _set(
            sender="",
            from_header="",
            to_header="",
            cc_header="",
            subject_header="",
            helo="",
            sender_host="",
            classification_details="",
            auth_user="",
            identity="",
        ),
    ),
    ("no_numbers", _set(incoming_size="", outgoing_size="", bandwidth="")),
    ("big_numbers", _set(incoming_size=52428800, outgoing_size=4294967296, bandwidth=4347396096)),
    ("blanks", _set(subject_header="  leading and trailing  ", helo=" ")),
    ("delimiters", _set(subject_header="a|b;c:d=e&f#g+h~i^j`k{l}m[n]<o>!?@$*")),
    ("csv_like", _set(subject_header='x","y","z', from_header='","')),
    ("looks_escaped", _set(subject_header="#012 #000 \\n \\u0041 &amp; =?utf-8?Q?=41?= %0A%00 + ;")),
    ("combining", _set(subject_header="e\u0301 ﬁ ａ ß \u200b\u00a0\u00ad\u2028\ufeff\u202eabc")),
    ("long_header", _long_header),
)


def _base62(number: int, width: int) -> str:
    text = ""
    for _i in range(width):
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text


def moment(seconds: float, style: str) -> str:
    """Return a point in time (Unix seconds) as the switch `time_format` asks."""
    if style == "epoch":
        return str(int(seconds))
    text = datetime.fromtimestamp(int(seconds), timezone.utc)
    return text.strftime("%Y-%m-%d %H:%M:%S" if style == "text" else "%Y-%m-%dT%H:%M:%SZ")


class MailFlow:
    """Makes messages and their later status changes on a clock of its own."""

    def __init__(self, seed: int, nodes: Sequence[str], time_format: str = "text") -> None:
        self._seed, self._nodes, self._style = seed, tuple(nodes), time_format
        self._rng = random.Random(seed)
        self._clock = float(START)
        self._number = 0
        self._recent: Deque[Record] = deque(maxlen=500)

    def message(self) -> Record:
        """Return the next message record."""
        rng, number = self._rng, self._number
        self._number += 1
        self._clock += rng.uniform(0.05, 2.0)
        fields = self._ordinary(rng, number)
        features: Tuple[str, ...] = ()
        if number < len(FEATURES) or rng.random() < 0.04:
            name, change = FEATURES[number] if number < len(FEATURES) else rng.choice(FEATURES)
            change(fields, rng)
            features = (name,)
        record = Record("message", fields["filtering_host"], fields, features)
        self._recent.append(record)
        return record

    def _ordinary(self, rng: random.Random, number: int) -> Fields:
        (name, local), (_to_name, to_local) = rng.choice(_PEOPLE), rng.choice(_PEOPLE)
        outgoing = rng.random() < 0.1
        inside, outside = rng.choice(_INSIDE), rng.choice(_OUTSIDE)
        sender, recipient = f"{local}@{outside}", f"{to_local}@{inside}"
        if outgoing:
            sender, recipient = recipient, sender
        main, sub, extra, status, legacy, details, code = rng.choice(_CLASSES)
        size = int(rng.lognormvariate(9, 1.5)) + 500
        return {
            "id": f"1{_base62(int(self._clock), 5)}-{_base62(self._seed, 2)}{_base62(number, 4)}-"
            f"{_base62(rng.randrange(3844), 2)}",
            "filtering_host": rng.choice(self._nodes),
            "domain": inside,
            "sender": sender,
            "recipient": recipient,
            "timestamp": moment(self._clock, self._style),
            "sender_host": f"mx{rng.randrange(1, 9)}.{outside}",
            "sender_ip": f"203.0.113.{rng.randrange(1, 255)}"
            if rng.random() < 0.8
            else f"2001:db8:{rng.randrange(65536):x}::{rng.randrange(1, 65536):x}",
            "sender_location": rng.choice(("NL", "DE", "US", "JP", "")),
            "incoming_size": size,
            "outgoing_size": size + 400 if status == "delivered" else 0,
            "bandwidth": 2 * size + 400 if status == "delivered" else size,
            "from_header": '"{}" <{}>'.format(name.replace('"', '\\"'), sender),
            "to_header": f"<{recipient}>",
            "cc_header": "" if rng.random() < 0.7 else f"{to_local}@{outside}, other@example.com",
            "subject_header": rng.choice(_SUBJECTS) % rng.randrange(10000),
            "status": status,
            "classification": legacy,
            "classification_details": details,
            "classification_code": code,
            "main_class": main,
            "sub_class": sub,
            "extra_class": extra,
            "helo": f"mail.{outside}",
            "auth_user": inside if outgoing else "",
            "identity": sender if outgoing and rng.random() < 0.5 else "",
        }

    def status(self) -> Record:
        """Return a status change of a recent message, or of an older one that this flow has not shown."""
        rng = self._rng
        self._clock += rng.uniform(0.05, 2.0)
        number = self._number
        about = rng.choice(self._recent).fields if self._recent else self._ordinary(rng, number)
        self._number += not self._recent
        status, reply = rng.choice(_CHANGES)
        host = "mx.{}".format(about["domain"])
        fields = {
            "id": about["id"],
            "status": status,
            "filtering_host": about["filtering_host"],
            "domain": about["domain"],
            "recipient": about["recipient"],
            "delivery_date": moment(self._clock, self._style),
            "delivery_ip": rng.choice(
                (f"198.51.100.{rng.randrange(1, 255)}", f"2001:db8:25::{rng.randrange(65536):x}")
            ),
            "delivery_fqdn": host,
            "delivery_port": rng.choice((25, 25, 25, 587, 2525)),
            "delivery_data": reply % "".join(rng.choice(_DIGITS) for _i in range(11)) if "%s" in reply else reply,
        }
        if status == "quarantine-removed":
            fields.update(delivery_ip="", delivery_fqdn="", delivery_port="")
        return Record("status", about["filtering_host"], fields)

    def records(self, messages: int, statuses: int) -> Iterator[Record]:
        """Yield exactly so many records of each kind, the kinds evenly mixed."""
        given = 0
        for number in range(1, messages + 1):
            yield self.message()
            while given * messages < statuses * number:
                given += 1
                yield self.status()
        for _i in range(statuses - given):
            yield self.status()
