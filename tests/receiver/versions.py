# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds a configuration of rsyslog, and rules of liblognorm, against the table of what each version has."""

from __future__ import annotations

import dataclasses
import itertools
import json
import pathlib
import re
from collections.abc import Iterator

import yaml

TABLE = yaml.safe_load((pathlib.Path(__file__).parent / "versions.yml").read_text("utf-8"))
# The parameter that tells which module, input, parser or output an object is.
KIND = {"module": "load", "input": "type", "parser": "type", "action": "type"}
SINGULAR = {"words": "word", "functions": "function", "properties": "property", "directives": "directive"}
OBJECTS = {name.split()[0] for name in TABLE["objects"]}
TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<directive>(?m:^)\$[A-Za-z]\w*[^\n]*)
      | (?P<variable>\$[!./$]?[\w!@.-]*)
      | (?P<word>[A-Za-z_][\w.-]*)
      | (?P<number>-?\d+)
      | (?P<sign>[(){}\[\],;=<>!+*/%&-])""",
    re.VERBOSE | re.DOTALL,
)
FIELD = re.compile(r"%(\{.*?\})%|%([^:%]*):(\w[\w-]*)%")


@dataclasses.dataclass(frozen=True)
class Object:
    """An object of a configuration, such as ``input``, with its parameters as they are written."""

    name: str
    parameters: dict[str, str]

    @property
    def kind(self) -> str:
        """What it is of: the name of a module without its path; empty where an object has no kinds."""
        return self.parameters.get(KIND.get(self.name, ""), "")


def version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split("."))


def tokens(text: str) -> list[tuple[str, str]]:
    """The words of a configuration with their kinds. Raises ValueError where it holds what they cannot be."""
    found, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if not match:
            raise ValueError(f"not understood: {text[place : place + 40]!r}")
        if match.lastgroup != "space":
            found.append((match.lastgroup, match.group()))
        place = match.end()
    return found


def parts(text: str) -> Iterator[Object | tuple[str, str]]:
    """Each object of a configuration, and each other name as (section of the table, name)."""
    found = tokens(text)
    place = 0
    while place < len(found):
        kind, word = found[place]
        place += 1
        opens = found[place : place + 1] == [("sign", "(")]
        if kind == "word" and opens and word in OBJECTS:
            parameters, depth = {}, 0
            while True:
                token, value = found[place]
                depth += {"(": 1, ")": -1}.get(value, 0) if token == "sign" else 0
                if not depth:
                    break
                if token == "word":
                    assert found[place + 1] == ("sign", "="), f"{word} has {value} without a value"
                    parameters[value] = found[place + 2][1][1:-1]
                place += 1
            yield Object(word, parameters)
        elif kind == "word":
            # `call` is followed by a name of ours.
            yield ("functions" if opens and word not in TABLE["words"] else "words", word)
            place += word == "call"
        elif kind == "variable" and word[1:2] not in ("!", ".", "/"):
            yield ("properties", word[1:])
        elif kind == "directive":
            yield ("directives", word[1:].split()[0])


def since(entries: dict[str, str], name: str) -> str | None:
    """The first version that has it. rsyslog does not mind how names are written."""
    return {key.lower(): first for key, first in entries.items() if key != "source"}.get(name.lower())


def uses(text: str) -> Iterator[tuple[str, str | None]]:
    """Everything that a configuration needs of rsyslog, and since when that is there."""
    objects = TABLE["objects"]
    for part in parts(text):
        if not isinstance(part, Object):
            section, name = part
            yield f"{SINGULAR[section]} {name}", since(TABLE[section], name)
            continue
        if part.name == "module":
            yield f"module {part.kind}", TABLE["modules"].get(part.kind, {}).get("since")
        entries = {**objects[part.name], **objects.get(f"{part.name} {part.kind}", {})}
        if part.kind and f"{part.name} {part.kind}" not in objects:
            yield f"{part.name} {part.kind}", None
        for name, value in part.parameters.items():
            yield f"{name} of {part.name} {part.kind}".strip(), since(entries, name)
            if name in TABLE["values"]:
                yield f"{name}={value}", since(TABLE["values"][name], value)
        if part.name == "property" and not re.match(r"\$[!.](?!all-json)", part.parameters["name"]):
            name = part.parameters["name"]
            yield f"property {name}", since(TABLE["properties"], name)


def rule_uses(text: str) -> Iterator[tuple[str, str | None]]:
    """Everything that a rulebase needs of liblognorm, and since when that is there."""
    table = TABLE["rulebase"]
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, _equals, rule = line.partition("=")
        yield f"line {name}", since(table["lines"], name)
        fields = FIELD.finditer(rule)
        for field in fields:
            described = json.loads(field[1]) if field[1] else {"name": field[2], "type": field[3]}
            for parameter in described:
                yield f"parameter {parameter}", since(table["parameters"], parameter)
            if not described["type"].startswith("@"):
                yield f"type {described['type']}", since(table["types"], described["type"])


def late_types(text: str) -> list[str]:
    """Types that follow a rule: liblognorm 2.0.5 loses those that the rule uses, and the process with them."""
    rules = text.partition("\nrule=")[2]
    return re.findall(r"(?m)^type=([^:]+)", rules)


def too_new(found: Iterator[tuple[str, str | None]], limit: str) -> list[str]:
    """What is in no table, or is newer than a version, in a sentence each."""
    told = set()
    for name, first in found:
        if first is None:
            told.add(f"{name} is not in the table")
        elif version(first) > version(limit):
            told.add(f"{name} needs {first}")
    return sorted(told)


def faults(text: str, limit: str) -> list[str]:
    """What must not be in a configuration for that version of rsyslog, whatever its parser takes."""
    found = [part for part in parts(text) if isinstance(part, Object)]
    wrong = []
    for part in found:
        given = part.parameters
        if (part.name, part.kind) == ("module", "imtcp"):
            wanted = {"addtlFrameDelimiter": "0", "disableLFDelimiter": "on", "discardTruncatedMsg": "on"}
            wrong += [f"imtcp lacks {name}={value}" for name, value in wanted.items() if given.get(name) != value]
            # The pool of threads came with 8.2504; its races went with 8.2508.
            single = (8, 2504) <= version(limit) < (8, 2508)
            if given.get("workerThreads") != ("1" if single else None):
                wrong.append(f"imtcp has workerThreads={given.get('workerThreads')}")
        if (part.name, part.kind) == ("input", "imtcp") and given.get("supportOctetCountedFraming") != "off":
            wrong.append("an input takes digits at the beginning as an octet count (CVE-2022-24903)")
    queued = {part.parameters["name"] for part in found if part.name == "ruleset" and "queue.type" in part.parameters}
    # Before 8.2110 `call` of a ruleset with any queue.type, even Direct, did not wait for it.
    words = tokens(text)
    called = {after[1] for word, after in itertools.pairwise(words) if word == ("word", "call")}
    wrong += [f"the ruleset {name} is called and has a queue" for name in sorted(queued & called)]
    paths = {part.parameters["dynaFile"] for part in found if "dynaFile" in part.parameters}
    template = ""
    for part in found:
        template = part.parameters["name"] if part.name == "template" else template
        if part.name == "property" and template in paths and part.parameters["name"] != "timegenerated":
            wrong.append(f"a path is made of {part.parameters['name']}")
    return wrong
