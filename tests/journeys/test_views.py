"""A view of one's own: made of what is shown, saved beside the comments of a file, opened by name, reached by the mouse."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.e2e.terminal import has
from tests.journeys.console_user import Shift, told_at

FILE = '# what we agreed on\ntimezone = "Asia/Seoul"  # the office\n'
COLUMNS = ["tag.team", "checks", "event"]


def click(shift: Shift, words: str) -> None:
    """Press and let go the left button upon these words, as a terminal reports it (SGR, 1006)."""
    y, line = next((y, line) for y, line in enumerate(shift.screen.display, 1) if words in line)
    x = line.index(words) + 1
    shift.keys(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")


@pytest.mark.parametrize("size", told_at((80, 24)), ids=lambda size: "x".join(map(str, size)))
def test_a_view_is_made_saved_opened_by_name_and_clicked_through(
    env: dict[str, str], tmp_path: Path, size: tuple[int, int]
) -> None:
    env["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    path = tmp_path / "config" / "evac" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(FILE)
    with Shift("--filter", "tag.env:prod", environ=env, size=size) as shift:
        shift.begin()
        shift.until(has(r"(?m)^ / tag\.env:prod"))
        shift.until(has("payments-db-1"))
        shift.keys("W")
        shift.until("Save what is shown")
        shift.keys("prod", "tab", "tab", ", ".join(COLUMNS), "enter")
        shift.until(has(r"^ evac  prod · "))
        shift.until(has(r"name +team +checks +next event"))
        shift.until(has(r"payments-db-1 +payments +✖"))
        shift.keys("q")
        assert shift.ended() == 0
    text = path.read_text()
    assert text.startswith(FILE)
    assert tomllib.loads(text)["views"] == {
        "prod": {"key": 6, "base": "all", "columns": COLUMNS, "filter": "tag.env:prod"}
    }

    path.write_text(f"{text}\n[views.broken]\nkey = 7\ncolumns = ['nmae']\nfilter = 'stat:x'\n")
    with Shift("--view", "prod", environ=env, size=size) as shift:
        shift.begin()
        shift.until(has(r"^ evac  prod · "))
        shift.until(has("nmae"))  # told, and the console is open
        shift.until(has(r"payments-db-1 +payments +✖"))
        click(shift, "⏎ detail")
        shift.until(has(r"overview +triage"))
        click(shift, "actions")
        shift.until(has(r"Stop and start +asks"))
        click(shift, "back")
        shift.until(has(r"^ evac  prod · "))
        shift.keys("7")
        shift.until(has(r"^ evac  broken · "))
        shift.until(has(r"(?m)^ / stat:x"))
        shift.until(has("no field 'stat'"))
        shift.keys("1")
        shift.until(has(r"^ evac  \d+ (inst|accounts)"))
        shift.keys("q")
        assert shift.ended() == 0
