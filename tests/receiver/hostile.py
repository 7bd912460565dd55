# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records as no honest cluster sends them, the same on every run."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.fields import FIELDS, KINDS
from ansible_collections.spamexperts.local_cloud.plugins.module_utils._log_format.template import (
    LogFormat,
    compile_template,
    log_format,
)

SECRET, OLD_SECRET, WRONG_SECRET = "0123456789abcdef", "ffffffffffffffff", "eeeeeeeeeeeeeeee"
BASE = {name: "v-" + name for name in FIELDS}
BASE.update(
    sender_ip="1.2.3.4",
    incoming_size="12",
    outgoing_size="0013",
    bandwidth="0",
    delivery_ip="2001:db8::1",
    delivery_port="25",
    status="Delivered",
)
VENDOR = log_format({"style": "csv"})
ADDRESSES = (
    *(
        "",
        "dead",
        "1.2.3",
        "1.2.3.4",
        "01.2.3.4",
        "1.2.3.04",
        "10.0.0.1",
        "0.0.0.0",
        "00.0.0.0",
        "1.2.3.4.5",
        "256.1.1.1",
    ),
    *(
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4%eth0",
        "::",
        "::1",
        "2001:db8::5",
        "::ffff:1.2.3.4",
        "::ffff:1.2.3.04",
        "1::2::3",
    ),
    *(
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "fe80::1%eth0",
        "12345::",
        "1:2",
        ":",
    ),
    *(
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "FE80::A",
        "::g",
        ":::",
        "1:::2",
        "0:0:0:0:0:0:0:0",
        "1.2.3.4:25",
    ),
)
NUMBERS = (
    *("", "0", "1", "0013", "-1", "+1", " 1", "1 ", "12x", "x12", "1.5", "1e5", "0x10", "65535", "65536", "١٢", "²"),
    *(
        "9" * 15,
        "1" + "0" * 15,
        "9" * 16,
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551617",
        "9" * 30,
        "0" * 15,
        "0" * 16,
        "1" * 15 + "x" * 9,
    ),
)
TEXTS = (
    *(
        "",
        "x]",
        "]",
        "[",
        "]x][",
        'q","q',
        '"john doe"@x',
        'ends"',
        '"',
        '""',
        ",",
        "\\",
        "\\n",
        "\\u0041",
        "%s%n%(id)s %%",
    ),
    *(
        'a "b", c\\d\te\nf \x1b ü🎉 %s #012',
        "#000",
        "\x7f",
        "\x1f",
        "\u2028\u2029\ufeff\u202e",
        "${jndi:x}",
        "$!all-json",
    ),
    *(
        "".join(map(chr, range(1, 32))),
        "x" * 20000,
        "ü" * 10000,
        '"},{"a":"',
        "\udcff\udcfe",
        "\udcc3",
        "\udce2\udc82",
        "weird",
    ),
)
PRIORITIES = ("<0>", "<13>", "<191>", "<158>")
ODD_PRIORITIES = (
    "",
    "<>",
    "<-1>",
    "<158",
    "158>",
    "<192>",
    "<1234>",
    "<99999999999999999999>",
    " <158>",
    "\n<158>",
    "<1 58>",
)


def fragments(fmt: LogFormat) -> list[str]:
    """Pieces of the wire form, the secret too: whatever a value holds, both parsers have to agree."""
    found = [
        fmt.delimiter,
        "|",
        "\x1f",
        '","',
        "\n",
        "\r",
        "\t",
        "\x1b",
        " ",
        "[",
        "]",
        '"',
        "\\",
        "%s",
        "<158>",
        "#000",
    ]
    for mark in (*fmt.marks, WRONG_SECRET):
        found += [
            mark,
            "]" + mark,
            "]" + mark + "[",
            fmt.closing(mark),
            fmt.head("message", mark),
            fmt.head("status", mark),
        ]
    return (
        found
        + list(forged(fmt))[:4]
        + ["1.2.3.4", "::1", "07", "ü", "🎉", "\udc80", "\udcc3", "\udcf0\udc9f", fmt.tag + ": "]
    )


def forged(fmt: LogFormat) -> Iterator[str]:
    """Complete records from somebody who knows the log format but not the secret, and the vendor's example."""
    values = dict(dict.fromkeys(FIELDS, "FORGED"), sender_ip="192.0.2.66", incoming_size="1", outgoing_size="1")
    settings_ = {"style": fmt.style, "tag": fmt.tag}
    for one in (
        (log_format(dict(settings_, secret=WRONG_SECRET)), log_format(settings_), VENDOR)
        if fmt.style != "csv"
        else (VENDOR,)
    ):
        for kind in KINDS:
            yield compile_template(one, kind) % values


def texts(fmt: LogFormat) -> st.SearchStrategy[str]:
    """Values made of those pieces and of any other text, without NUL."""
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
    part = st.one_of(st.sampled_from(fragments(fmt)), text, st.sampled_from(TEXTS[:20]))
    return st.lists(part, max_size=5).map("".join)


@st.composite
def damaged(draw: st.DrawFn, fmt: LogFormat) -> str:
    """A record with hostile values in one to three fields of any sort; two of five are damaged besides."""
    kind = draw(st.sampled_from(KINDS))
    usual = {"ip": st.sampled_from(ADDRESSES), "integer": st.sampled_from(NUMBERS), "text": texts(fmt)}
    values = {
        field.name: draw(st.one_of(usual[field.type], texts(fmt)))
        for field in draw(st.lists(st.sampled_from(fmt.fields(kind)), min_size=1, max_size=3))
    }
    record = compile_template(fmt, kind) % dict(BASE, **values)
    damage, begin = draw(st.integers(0, 9)), draw(st.integers(0, len(record)))
    if damage == 6:
        return record[:begin]
    if damage == 7:
        return record + draw(texts(fmt))
    if damage == 8:
        return record[:begin] + record[begin + draw(st.integers(1, 30)) :]
    return record[:begin] + draw(texts(fmt)) + record[begin:] if damage == 9 else record


def some(strategy: st.SearchStrategy[str], count: int) -> list[str]:
    """That many examples, the same on every run."""
    found: list[str] = []

    @settings(
        derandomize=True,
        database=None,
        max_examples=count,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: str) -> None:
        found.append(value)

    collect()
    return found


def listed(fmt: LogFormat) -> Iterator[str]:
    """Every listed value in a field of its sort, and the listed damages."""
    templates = {kind: compile_template(fmt, kind) for kind in KINDS}
    for kind in KINDS:
        for field in fmt.fields(kind):
            values = {"ip": ADDRESSES, "integer": NUMBERS}.get(field.type, TEXTS if field.untrusted else TEXTS[:20])
            for value in values:
                yield templates[kind] % dict(BASE, **{field.name: value})
    good, mark = templates["message"] % BASE, fmt.marks[0]
    yield from (good[:cut] for cut in range(0, len(good)))
    yield from (good + "x", good + good, good + "\n", " " + good, "hello", "", '"', '""', '"a"', '","', '","","')
    yield from (good.replace(mark, other) for other in (OLD_SECRET, WRONG_SECRET, "", mark[:-1], mark + "0"))
    yield from (good.replace("message", "massage"), good.replace("|1|", "|2|"), good.replace(fmt.delimiter, "", 1))
    yield from (good.replace(fmt.delimiter, "", 7), good.replace("[", "", 1), good.replace("]", "", 1), good.upper())
    for kind in KINDS:
        head = fmt.head(kind, mark)
        yield from (head, head + fmt.delimiter, head + fmt.closing(mark), head + fmt.delimiter + fmt.closing(mark))


def encoded(record: str) -> bytes:
    """As on the wire; a lone surrogate stands for a byte that is not UTF-8."""
    return record.encode("utf-8", "surrogateescape")
