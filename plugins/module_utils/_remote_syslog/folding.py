# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Templates that a reply folds over several lines or puts in quotes: which lines are theirs, and what they can mean."""

from __future__ import annotations

import re
import typing as t

# A template's lines: the width of the first one with its label, and their texts, the first without it.
Pieces = t.Tuple[int, t.Sequence[str]]

# What a layout may add around a value. Not all that Python calls white space: a template may end with its delimiter.
_BLANKS = " \t\r\n"
# The least width, in characters, of a line that may have been folded.
_SHORTEST = 40
# A beginning like that of a label, whatever its name.
_LABEL_LIKE = re.compile(r"\s*['\"]?[A-Za-z][\w -]*(?:[:=]|[ \t]+\S)")
# A field, or a mark that closes something, at the end of a template.
_END = re.compile(r"(?:%\([^()]*\)s|[^\w \t\r\n,:;=+&%<({\[-])\Z")
_FIELD = re.compile(r"%\([^)]*\)s\Z")
_QUOTED = {quote: re.compile(f"{quote}([^{quote}]*){quote}") for quote in "'\""}
_QUOTED_LIST = {quote: re.compile(rf"{quote}[^{quote}]*{quote}(?:,{quote}[^{quote}]*{quote})+\Z") for quote in "'\""}


def is_complete(width: int, pieces: t.Sequence[str]) -> bool:
    """Whether a template certainly ends here: it is too short to be folded, or ends in a field or a closing mark."""
    # One blank can be the template's own, between two words.
    end = _END.search(re.sub(r"(?:[ \t]{2,})?\r?\Z", "", pieces[-1], count=1))
    return bool(end) or (len(pieces) == 1 and width < _SHORTEST)


def may_go_on(template: Pieces, templates: t.Sequence[Pieces]) -> bool:
    """Whether the last line of a template is as wide as one at which this reply folds its templates."""
    last = _sizes(template)[-1]
    return any(last & full for other in templates for full in _sizes(other)[:-1])


def _sizes(template: Pieces) -> t.List[t.Set[int]]:
    width, pieces = template
    return [{width, len(pieces[0])}, *({len(piece)} for piece in pieces[1:])]


def is_folded(templates: t.Sequence[Pieces]) -> bool:
    """Whether the lines below templates are certain to be theirs.

    They are where all pieces but the last have one width, and there are two such pieces at least; else each line has to
    hold the beginning or the end of a field, and to follow a line long enough to be folded. A line of anything else
    would be written back as part of the template.
    """
    folded = [(width, pieces) for width, pieces in templates if len(pieces) > 1]
    more = [line for _width, pieces in folded for line in pieces[1:]]
    indents = [len(line) - len(line.lstrip(" \t")) for line in more] or [0]
    indent, tails = min(indents), [pieces[-1] for _width, pieces in folded]
    # One blank more can be the template's own.
    for values in (True, False) if max(indents) - indent < 2 else ():
        full = [len(pieces[0]) if values else width for width, pieces in folded]
        full += [len(line) - indent * values for _width, pieces in folded for line in pieces[1:-1]]
        if len(full) > 1 and len(set(full)) == 1 and all(len(tail) - indent * values <= full[0] for tail in tails):
            return not any(_LABEL_LIKE.match(tail) for tail in tails)
    before = [size for width, pieces in folded for size in (width, *map(len, pieces[1:-1]))]
    fields = all(re.search(r"%\(|\)s", line) and not _LABEL_LIKE.match(line) for line in more)
    return fields and min(before, default=_SHORTEST) >= _SHORTEST


def plain(text: str) -> str:
    """A value without the blanks and the quotes around it."""
    text = text.strip(_BLANKS)
    return text[1:-1].strip(_BLANKS) if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _joined(raw: str) -> t.List[str]:
    """A template that spans several lines, joined in each way it may have been folded, the likeliest first."""
    first, *more = raw.split("\n")
    indents = [re.match(r"[ \t]*", line).group() for line in more]  # type: ignore[union-attr]
    indent = min(indents, key=len, default="")
    # One blank can be the template's own; two or more are an indent.
    folded = first + "".join(line[len(indent) :] for line in more)
    whole = "".join([first, *more])
    return [folded if len(indent) > 1 or indent == "\t" else whole, whole, folded, " ".join(raw.split("\n"))]


def template_in(raw: str) -> str:
    """The template without what the reply's layout added. Quotes that may belong to the template stay."""
    text = _joined(raw)[0].strip(_BLANKS)
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":
        return text
    quote, inner = text[0], text[1:-1]
    # The template's own quotes surround fields; a pair around everything swaps opening and closing quotes.
    with_pair, without = (
        len([part for part in _QUOTED[quote].findall(read) if _FIELD.match(part)]) for read in (text, inner)
    )
    if with_pair != without:
        return text if with_pair > without else inner.rstrip(_BLANKS)
    own = _QUOTED_LIST[quote].match(text)
    if own or (quote in inner and not (inner[0] == quote == inner[-1])):
        return text
    return inner.rstrip(_BLANKS)


def can_mean(raw: str, template: str) -> bool:
    """Whether the reply's text can stand for a template, whatever the layout did to it."""
    return bool({template, template.rstrip(_BLANKS)} & _readings(raw))


def _readings(raw: str) -> t.Set[str]:
    """Every template that the reply's text can stand for."""
    texts = {reading for text in _joined(raw) for reading in (text, text.strip(_BLANKS), template_in(text))}
    return texts | {plain(text) for text in texts}
