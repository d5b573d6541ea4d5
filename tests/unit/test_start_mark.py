"""A snapshot that ended one start is not shown to the next."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.rows import row
from tui.fleet import snapshot
from tui.fleet.start_mark import Opening

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
DIE = """
import os, sys
from pathlib import Path
from tui.fleet import snapshot
from tui.fleet.start_mark import Opening
path = Path(sys.argv[1])
assert snapshot.restore(path, Opening(path))[0] is not None
os._exit(1)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "evac" / "snapshot.mpk"
    snapshot.write_snapshot([], [row(1)], found, NOW)
    return found


def test_it_is_set_aside_where_the_last_start_died_of_it(path: Path) -> None:
    subprocess.run([sys.executable, "-c", DIE, str(path)], check=False, cwd=Path(__file__).parents[2])
    kept, said = snapshot.restore(path, Opening(path))
    assert kept is None
    assert "the last start ended while it was drawn" in said
    assert path.with_name("snapshot.mpk.aside").exists()
    assert snapshot.restore(path, Opening(path)) == (None, ""), "and then there is none"
    assert sorted(os.listdir(path.parent)) == ["snapshot.mpk.aside"]


def test_it_is_shown_again_where_all_was_well(path: Path) -> None:
    for _ in range(3):
        opening = Opening(path)
        assert snapshot.restore(path, opening)[0] is not None
        opening.done()
        opening.done()
    assert os.listdir(path.parent) == ["snapshot.mpk"]


def test_two_consoles_that_start_at_once_are_no_accident(path: Path) -> None:
    one, other = Opening(path), Opening(path)
    assert snapshot.restore(path, one)[0] is not None
    assert snapshot.restore(path, other)[0] is not None
    other.done()
    one.done()
    assert snapshot.restore(path, Opening(path))[0] is not None


def test_without_a_place_for_the_marker_there_is_none(path: Path) -> None:
    path.with_name("snapshot.mpk.opening").mkdir()
    assert snapshot.restore(path, Opening(path))[0] is not None
    path.with_name("snapshot.mpk.opening").rmdir()
    path.with_name("snapshot.mpk.opening").symlink_to(path)
    assert snapshot.restore(path, Opening(path))[0] is not None
    assert snapshot.load_snapshot(path) is not None, "what it points to is not written over"
