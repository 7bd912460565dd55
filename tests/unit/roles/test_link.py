# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The link that root makes in a directory that may be another user's."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile

import link
import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="gives directories to another user")
NAME, TARGET = "receiver.prom", "/var/lib/spamexperts-receiver/receiver.prom"


@pytest.fixture
def place():
    """A directory whose parents are root's alone."""
    with tempfile.TemporaryDirectory(dir="/var/lib") as folder:
        pathlib.Path(folder).chmod(0o755)
        yield pathlib.Path(folder)


@pytest.fixture
def ask(capsys):
    def asked(path, target=TARGET, check=False):
        link.main(json.dumps({"path": str(path), "target": target, "check": check}))
        return capsys.readouterr().out.strip() == "changed"

    return asked


def test_written_once_and_removed_once(place, ask):
    path = place / NAME
    assert ask(path, check=True) and not os.path.lexists(path)
    assert ask(path) and os.readlink(path) == TARGET
    assert not ask(path)
    assert ask(path, "", check=True) and os.readlink(path) == TARGET
    assert ask(path, "") and not list(place.iterdir())
    assert not ask(path, "")
    assert not ask(place / "not" / "there" / NAME, "")


def test_a_file_gives_way_to_the_link_but_is_never_removed(place, ask):
    path = place / NAME
    path.write_text("mine")
    assert not ask(path, "") and path.read_text() == "mine"
    assert ask(path) and os.readlink(path) == TARGET


@pytest.mark.parametrize("owner", [0, 4711])
@pytest.mark.parametrize("target", ["elsewhere", "{place}/elsewhere", "../{name}/elsewhere"])
def test_a_link_on_the_way_is_followed_only_where_root_put_it(place, ask, owner, target):
    (place / "elsewhere").mkdir()
    (place / "metrics").symlink_to(target.format(place=place, name=place.name))
    os.chown(place, owner, 0)
    if owner:
        with pytest.raises(OSError, match="a link in a directory that others than root may write"):
            ask(place / "metrics" / NAME)
        (place / "elsewhere" / NAME).symlink_to(TARGET)
        assert not ask(place / "metrics" / NAME, "")
        (place / "elsewhere" / NAME).unlink()
        assert not list((place / "elsewhere").iterdir())
    else:
        assert ask(place / "metrics" / NAME)
        assert os.readlink(place / "elsewhere" / NAME) == TARGET


def test_a_directory_of_another_user_without_links_is_fine(place, ask):
    (place / "metrics").mkdir()
    os.chown(place / "metrics", 4711, 4711)
    os.chown(place, 4711, 4711)
    assert ask(place / "metrics" / NAME)
    assert os.readlink(place / "metrics" / NAME) == TARGET


def test_a_loop_ends(place, ask):
    (place / "metrics").symlink_to("metrics")
    with pytest.raises(OSError, match="link"):
        ask(place / "metrics" / NAME)
