# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phrases of translated English are found where people read them, and nowhere else."""

from __future__ import annotations

import importlib.util
import pathlib

import pytest

PATH = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_prose.py"
SPEC = importlib.util.spec_from_file_location("check_prose", PATH)
check_prose = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_prose)


def found(path: pathlib.Path, text: str) -> list[tuple[int, str]]:
    path.write_text(text, "utf-8")
    return [(line, phrase) for line, phrase, _advice in check_prose.problems(path)]


@pytest.mark.parametrize(
    "sentence, phrase",
    [
        ("It shall wait.", "shall"),
        ("It starts anew.", "anew"),
        ("It goes without a word.", "without a word"),
        ("This is no address.", "is no"),
        ("These are no UTF-8.", "are no"),
        ("Who can read it knows it.", "Who can"),
        ("It belongs into the list.", "belongs into"),
        ("Text of a stranger.", "stranger"),
        ("Strangers write it.", "Strangers"),
        ("A misfit.", "misfit"),
        ("The folder of records is full.", "folder of records"),
    ],
)
def test_each_phrase_is_found(tmp_path, sentence, phrase):
    assert found(tmp_path / "page.md", f"Good.\n\n{sentence}\n") == [(3, phrase)]


@pytest.mark.parametrize(
    "sentence",
    [
        "There is no host to send to.",
        "It is no longer wanted.",
        "Anyone who can read it knows it.",
        "Run `|spamexperts-misfits` or shall-we, field.stranger, x@stranger.example, /shall/.",
        "The option `shall` is public.",
        "The answer is no.",
        "Shallow marshalling.",
    ],
)
def test_good_english_and_names_are_not(tmp_path, sentence):
    assert found(tmp_path / "page.md", sentence) == []


def test_a_phrase_may_run_over_the_end_of_a_line(tmp_path):
    assert found(tmp_path / "a.yml", "# What is\n# no address is refused.\n") == [(1, "is no")]
    assert found(tmp_path / "a.py", "# What is\n# no address is refused.\n") == [(1, "is no")]
    text = 'x = (\n    "It is "\n    f"no {x}; the folder of "\n    "records"\n)\n'
    assert found(tmp_path / "b.py", text) == [(2, "is no"), (3, "folder of records")]


def test_of_python_only_comments_and_strings_count(tmp_path):
    text = '"""Doc.\n\nIt shall."""\n\nstranger = shall(anew="x", y=\'the misfit\')  # anew\nz = ("is", "no x")\n'
    assert found(tmp_path / "a.py", text) == [(3, "shall"), (5, "misfit"), (5, "anew")]


def test_main_says_where(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("Good.\nIt shall.\n", "utf-8")
    assert check_prose.main([str(page)]) == 1
    assert capsys.readouterr().out.startswith(f"{page}:2: 'shall': write ")
    page.write_text("Good.\n", "utf-8")
    assert check_prose.main([str(page)]) == 0


def test_the_checkout_is_read(monkeypatch, tmp_path):
    for name in ("docs/a.md", "roles/r/templates/b.j2", ".venv/c.md", "LICENSES/d.txt", "CHANGELOG.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("It shall.\n", "utf-8")
    monkeypatch.setattr(check_prose, "ROOT", tmp_path)
    names = [path.relative_to(tmp_path).as_posix() for path in check_prose.files()]
    assert names == ["docs/a.md", "roles/r/templates/b.j2"]
