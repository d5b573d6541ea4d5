"""The week's events: read by day, one moved into the hours of maintenance, and the list handed on as evac events writes it."""

from __future__ import annotations

import csv
import json
import re
import time
from pathlib import Path

import pytest
from icalendar import Calendar

from tests.e2e.terminal import has
from tests.journeys.console_user import SETTLED, Shift, evac, sent, told_at
from tui.demo.environment import Demo

HOURS = "daily 03:00-05:00 Asia/Seoul"
CONFIG = f'timezone = "Asia/Seoul"\n[maintenance]\nhours = "{HOURS}"\n'
CHANGES_BY_ITSELF = ("event_state", "decide_by", "not_before", "together")
"""With the minute, or by the move that AWS shows a while later."""


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_an_event_is_moved_into_the_hours_and_the_list_is_what_the_command_says(
    demo: Demo, env: dict[str, str], tmp_path: Path, size: tuple[int, int]
) -> None:
    config = tmp_path / "evac.toml"
    config.write_text(CONFIG)
    with Shift("--config", str(config), environ=env, size=size, cwd=str(tmp_path)) as kim:
        kim.begin()
        kim.keys("3")
        kim.until(has(r"now · \d events"))
        kim.until(has(r"(?m)^ now +(Mo|Tu|We|Th|Fr|Sa|Su)"))
        kim.until(has(r"search-2 .*2(/2|  ?of)? "))  # both of its load balancer: it was read
        _to(kim, "web-7")
        kim.keys("t")
        kim.until(has(r"the next hour of maintenance"))
        start = re.search(r"new start +(\d{4}-\d\d-\d\d 0[34]:00)", kim.text)
        assert start is not None, kim.text
        kim.keys("enter")
        kim.until(has(r"\by +yes\b"))
        time.sleep(SETTLED)
        kim.answer("y")
        kim.until(lambda one: sent(demo) == ["ModifyInstanceEventStartTime"])
        kim.fleet()
        kim.keys("3")
        files = [_written(kim, tmp_path, key) for key in "cji"]
    _says_what_the_command_says(env, config, *files)


def _to(kim: Shift, name: str) -> None:
    """By the days, then down."""
    for move in ("]", "]", *("down",) * 30):
        if has(rf"› .* {name} ")(kim):
            return
        kim.keys(move)
        kim.read(0.4)
    raise AssertionError(f"{name} is not in the inbox:\n{kim.text}")


def _written(kim: Shift, folder: Path, key: str) -> Path:
    before = set(folder.glob("evac-events-*"))
    kim.keys("x")
    kim.until(has(r"Export \d+ events"))
    kim.keys(key)
    kim.until(lambda one: len(set(folder.glob("evac-events-*")) - before) == 1)
    return (set(folder.glob("evac-events-*")) - before).pop()


def _says_what_the_command_says(
    env: dict[str, str], config: Path, table: Path, objects: Path, book: Path
) -> None:
    def command(form: str) -> str:
        done = evac(env, "--config", str(config), "events", form)
        assert done.returncode in (0, 3), done.stderr
        return done.stdout

    def cells(text: str) -> list[dict[str, str]]:
        told = list(csv.DictReader(text.splitlines()))
        return sorted(
            ({key: one[key] for key in one if key not in CHANGES_BY_ITSELF} for one in told),
            key=lambda one: (one["instance_id"], one["event_id"]),
        )

    assert cells(table.read_text("utf-8-sig")) == cells(command("--csv"))
    here, there = json.loads(objects.read_text()), json.loads(command("--json"))
    assert {one["instance_id"] for one in here} == {one["instance_id"] for one in there}
    assert here[0].keys() == there[0].keys()

    def entries(text: str) -> set[str]:
        return {str(one["UID"]) for one in Calendar.from_ical(text).walk("VEVENT")}

    assert entries(book.read_text()) == entries(command("--ics"))
