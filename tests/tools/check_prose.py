# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds phrases that native speakers do not write, and words that this project calls something else.

    check_prose.py [FILE...]

Without arguments it reads the whole checkout: Markdown, YAML, Jinja and shell, and the comments and strings of Python.
Code between backticks is left alone, and so are names that are part of a longer one, such as `spamexperts-misfits`.
"""

from __future__ import annotations

import bisect
import io
import itertools
import pathlib
import re
import sys
import tokenize
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUFFIXES = {".j2", ".md", ".py", ".sh", ".yaml", ".yml"}
# Generated from old changelogs, the list itself, and its test.
EXEMPT = {
    "CHANGELOG.md",
    "changelogs/changelog.yaml",
    "tests/tools/check_prose.py",
    "tests/unit/tools/test_check_prose.py",
}
# What to look for, with one blank between words, and what to write instead.
PHRASES = {
    r"shall": "must, should, will, or plain present",
    r"anew": "again, or afresh",
    r"without a word": "silently",
    r"(?<!there )(?:is|are) no(?! longer\b)(?= \S)": "is not a, or is an invalid",
    r"(?<!anyone )(?<!everyone )(?<!people )(?<!those )who can": "anyone who can",
    r"belongs? into": "belongs in, or add it to",
    r"strangers?": "untrusted",
    r"misfits?": "malformed",
    r"folder of records": "data directory",
}
# Not within a longer name, path or address.
PATTERN = re.compile(
    r"(?<![\w@/|.-])(?:" + "|".join(f"({phrase})" for phrase in PHRASES) + r")(?![\w@/-]|\.\w)", re.IGNORECASE
)
CODE = re.compile(r"`+[^`\n]+`+")
QUOTES = re.compile(r"""^[a-zA-Z]*("{3}|'{3}|"|')|("{3}|'{3}|"|')$""")
BREAK = "|"  # Stands for code between two texts.
# Python 3.12 takes f-strings apart.
STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
LAYOUT |= {getattr(tokenize, name, tokenize.NL) for name in ("FSTRING_START", "FSTRING_END")}


def texts(path: pathlib.Path) -> Iterator[tuple[int, str]]:
    """The prose of a file in pieces, each with the number of its first line."""
    content = path.read_text("utf-8")
    if path.suffix != ".py":
        yield 1, content
        return
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type in STRINGS:
            yield token.start[0], QUOTES.sub("", token.string)
        elif token.type == tokenize.COMMENT:
            yield token.start[0], token.string
        elif token.type not in LAYOUT:
            yield token.start[0], BREAK


def problems(path: pathlib.Path) -> Iterator[tuple[int, str, str]]:
    """Line, phrase and advice; a phrase may run over the end of a line."""
    words: list[str] = []
    lines: list[int] = []
    for start, text in texts(path):
        for number, line in enumerate(text.split("\n"), start):
            found = [word for word in CODE.sub("` `", line).split() if word.strip("#")]
            words += found
            lines += [number] * len(found)
    ends = list(itertools.accumulate(len(word) + 1 for word in words))
    advice = list(PHRASES.values())
    for match in PATTERN.finditer(" ".join(words)):
        line = lines[bisect.bisect(ends, match.start())]
        yield line, match.group(), advice[match.lastindex - 1]


def files() -> Iterator[pathlib.Path]:
    """What the checkout has of the project itself."""
    for top in sorted(ROOT.glob("[!.]*")):
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.suffix in SUFFIXES and path.relative_to(ROOT).as_posix() not in EXEMPT and path.is_file():
                yield path


def main(names: list[str]) -> int:
    status = 0
    for path in map(pathlib.Path, names) if names else files():
        for line, phrase, advice in problems(path):
            shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
            print(f"{shown}:{line}: {phrase!r}: write {advice}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
