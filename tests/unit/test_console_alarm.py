"""What one console calls somebody for: each incident once, over restarts, beside other consoles, and whatever else fails."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.test_incidents import ILL, OWED, PLACE, STOPPED, WEB, target
from tui.config.schema import Settings
from tui.config.sections import CallSettings
from tui.domain.incidents import DEFAULT_ALARMS, IncidentChange, Picture
from tui.domain.instance import Instance
from tui.domain.sanitize import clean
from tui.operations import console_alarm
from tui.operations.console_alarm import ConsoleAlarm
from tui.operations.database import JournalError
from tui.operations.journal import Journal

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ILL_TOO = replace(ILL, instance_id=clean("i-2"), name=clean("db"))


class Console:
    """One console: a clock of its own, what it was told, and what the program was given."""

    def __init__(self, folder: Path, command: tuple[str, ...] = (), **changes: Any) -> None:
        self.now, self.said = START, list[str]()
        settings = Settings(alarm=CallSettings(on=DEFAULT_ALARMS, command=command), **changes)
        book = Journal(folder / "journal.sqlite3", standing=False)
        environ = {"PATH": os.defpath, "HOME": str(folder)}
        self.alarm = ConsoleAlarm(settings, environ, folder / "alarm.json", book, self.said.append)

    def sees(self, *rows: Instance, minutes: float = 1) -> list[str]:
        """What a look at rows read this moment calls for."""
        self.now += timedelta(minutes=minutes)
        begun = self.alarm.look(Picture(rows, [target(PLACE, self.now)]), self.now)
        return [f"{one.name} {one.kind}" for one in begun]

    @property
    def waiting(self) -> list[str]:
        return [f"{one.begun.name}{' over' if one.over_at else ''}" for one in self.alarm.unacknowledged]

    def acknowledges(self) -> list[str]:
        self.alarm.drawn()
        time.sleep(0.02)
        return [str(one.begun.name) for one in self.alarm.acknowledge()]

    def recovers(self) -> None:
        for _ in range(7):
            self.sees(WEB)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_alarm, "SEEN_FOR", 0.01)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Callable[..., Console]]:
    made: list[Console] = []

    def make(**more: Any) -> Console:
        made.append(Console(tmp_path, **more))
        return made[-1]

    yield make
    for one in made:
        one.alarm.end(0)


@pytest.fixture
def page(tmp_path: Path) -> tuple[str, ...]:
    path = tmp_path / "page"
    path.write_text(f"#!/bin/sh\ncat >> {tmp_path}/paged\n")
    path.chmod(0o755)
    return (str(path),)


def paged(tmp_path: Path, *consoles: Console) -> list[str]:
    for one in consoles:
        assert one.alarm.calls.finish(60)
    path = tmp_path / "paged"
    lines = path.read_text().splitlines() if path.exists() else []
    return [f"{found['name']} {found['state']}" for found in map(json.loads, lines)]


def test_each_incident_is_told_once_and_waits_until_somebody_acknowledges_it(
    console: Callable[..., Console],
) -> None:
    kim = console()
    assert kim.sees(ILL) == ["web failing"]
    assert kim.sees(ILL) == []
    assert kim.waiting == ["web"]
    assert kim.acknowledges() == ["web"]
    assert kim.waiting == []
    assert kim.sees(ILL) == []
    assert kim.sees(ILL, ILL_TOO) == ["db failing"]
    assert kim.waiting == ["db"]


def test_what_was_over_before_anybody_looked_is_still_said(console: Callable[..., Console]) -> None:
    kim = console()
    kim.sees(ILL)
    kim.recovers()
    assert kim.waiting == ["web over"]
    assert kim.sees(ILL) == ["web failing"]
    assert kim.waiting == ["web over", "web"]
    assert kim.acknowledges() == ["web", "web"]


def test_what_came_just_now_is_not_acknowledged(
    console: Callable[..., Console], monkeypatch: pytest.MonkeyPatch
) -> None:
    kim = console()
    kim.sees(ILL)
    assert kim.alarm.acknowledge() == []  # nobody has seen it
    kim.alarm.drawn()
    time.sleep(0.02)
    kim.sees(ILL, ILL_TOO)
    kim.alarm.drawn()
    monkeypatch.setattr(console_alarm, "SEEN_FOR", 0.019)
    assert [one.begun.name for one in kim.alarm.acknowledge()] == ["web"]
    assert kim.waiting == ["db"]


def test_a_restart_repeats_nothing_and_misses_nothing(
    console: Callable[..., Console], page: tuple[str, ...], tmp_path: Path
) -> None:
    kim = console(command=page)
    kim.sees(ILL, STOPPED_TOO)
    kim.acknowledges()
    kim.sees(ILL, STOPPED_TOO, ILL_TOO)
    kim.alarm.end(60)
    lee = console(command=page)
    lee.now = kim.now
    assert lee.sees(ILL, STOPPED_TOO, ILL_TOO) == []
    assert lee.waiting == ["db"]
    for _ in range(7):
        lee.sees(WEB, ILL_TOO)  # the stopped one is gone
    assert sorted(paged(tmp_path, lee)) == [
        "db begun", "gone begun", "gone over", "web begun", "web over",
    ]  # fmt: skip
    assert (tmp_path / "alarm.json").stat().st_mode & 0o777 == 0o600


STOPPED_TOO = replace(STOPPED, instance_id=clean("i-3"), name=clean("gone"))


def test_a_console_that_was_killed_has_its_program_run_by_the_next(
    console: Callable[..., Console], page: tuple[str, ...], tmp_path: Path
) -> None:
    kim = console(command=page)
    kim.alarm.calls.call = lambda change, profile: None  # type: ignore[method-assign] # killed before it came to that
    assert kim.sees(ILL) == ["web failing"]
    kim.alarm.file.close()
    lee = console(command=page)
    lee.now = kim.now
    assert lee.sees(ILL) == []
    assert paged(tmp_path, lee) == ["web begun"]
    lee.alarm.end(60)
    ann = console(command=page)
    ann.now = lee.now
    assert ann.sees(ILL) == []
    assert paged(tmp_path, ann) == ["web begun"]


def test_two_consoles_ring_both_and_have_the_program_run_once(
    console: Callable[..., Console], page: tuple[str, ...], tmp_path: Path
) -> None:
    kim, lee = console(command=page), console(command=page)
    assert kim.sees(ILL) == ["web failing"]
    assert lee.sees(ILL) == []  # it was told of by the other
    assert lee.waiting == ["web"]
    assert lee.sees(ILL, ILL_TOO) == ["db failing"]
    assert kim.sees(ILL, ILL_TOO) == ["db failing"]
    assert paged(tmp_path, kim, lee) == ["web begun", "db begun"]
    kim.alarm.end(60)
    third = replace(ILL, instance_id=clean("i-4"), name=clean("third"))
    assert lee.sees(ILL, ILL_TOO, third) == ["third failing"]  # it has taken over
    for _ in range(7):
        lee.sees(WEB, ILL_TOO, third)
    assert paged(tmp_path, lee) == ["web begun", "db begun", "third begun", "web over"]
    begun, over = (json.loads(line) for line in _of(tmp_path, "web"))
    assert begun["incident"] == over["incident"]


def _of(tmp_path: Path, name: str) -> list[str]:
    return [line for line in (tmp_path / "paged").read_text().splitlines() if f'"{name}"' in line]


def test_what_began_while_nobody_kept_the_file_is_not_missed(
    console: Callable[..., Console], page: tuple[str, ...], tmp_path: Path
) -> None:
    kim, lee = console(command=page), console(command=page)
    kim.sees(WEB)
    lee.sees(WEB)
    assert lee.sees(ILL) == ["web failing"]  # and kim hangs
    kim.alarm.file.close()
    assert lee.sees(ILL) == []
    assert paged(tmp_path, lee) == ["web begun"]


@pytest.mark.parametrize("left", ["", "{", "[]", '{"version":9}', '{"incidents":{"open":{"x":1}}}', "\0\xff"])
def test_a_file_that_can_t_be_used_costs_no_alarm(
    console: Callable[..., Console], tmp_path: Path, left: str
) -> None:
    (tmp_path / "alarm.json").write_bytes(left.encode("latin-1"))
    kim = console()
    assert kim.sees(ILL) == ["web failing"]
    assert len(kim.said) == 1
    assert "can't be understood: a restart tells open incidents again" in kim.said[0]
    kim.alarm.end(0)
    assert console().sees(ILL) == []


def test_a_disk_that_takes_nothing_costs_no_alarm(
    console: Callable[..., Console], page: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "alarm.json").mkdir()
    kim = console(command=page)
    assert kim.sees(ILL) == ["web failing"]
    assert kim.acknowledges() == ["web"]
    assert kim.sees(ILL, ILL_TOO) == ["db failing"]
    assert paged(tmp_path, kim) == ["web begun", "db begun"]
    assert kim.waiting == ["db"]
    assert all(line.startswith("alarm: ") for line in kim.said)
    assert len(kim.said) <= 2


def test_a_journal_that_can_t_be_read_costs_no_alarm(
    console: Callable[..., Console], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise JournalError("locked")

    monkeypatch.setattr(console_alarm, "operations_in_need", broken)
    assert console().sees(ILL) == ["web failing"]


def test_a_row_that_can_t_be_judged_costs_no_other_its_alarm(console: Callable[..., Console]) -> None:
    kim = console()
    odd = replace(ILL_TOO, checks=None)  # a fault of ours
    assert kim.sees(odd, ILL) == ["web failing"]
    assert kim.sees(odd, ILL) == []
    assert len(kim.said) == 1
    assert "1 instance can't be judged: AttributeError" in kim.said[0]


def test_in_read_only_somebody_is_called_and_no_program_is_run(
    console: Callable[..., Console], page: tuple[str, ...], tmp_path: Path
) -> None:
    kim = console(command=page, read_only=True)
    assert kim.sees(ILL) == ["web failing"]
    assert paged(tmp_path, kim) == []
    kim.alarm.end(0)
    kim = console(command=page)
    assert kim.sees(ILL) == []
    assert paged(tmp_path, kim) == []


def test_a_flood_keeps_the_latest(console: Callable[..., Console], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_alarm, "MOST_KEPT", 3)
    kim = console()
    many = [replace(ILL, instance_id=clean(f"i-{at}"), name=clean(f"n{at}")) for at in range(9)]
    assert len(kim.sees(*many)) == 9
    assert kim.waiting == ["n6", "n7", "n8"]


def test_the_line_of_json_is_the_same_as_evac_watch_prints(
    console: Callable[..., Console], page: tuple[str, ...], tmp_path: Path
) -> None:
    kim = console(command=page)
    kim.sees(ILL)
    told: IncidentChange = kim.alarm.unacknowledged[0].begun
    assert paged(tmp_path, kim)
    assert json.loads((tmp_path / "paged").read_text()) == told.as_object()


def test_an_operation_that_the_console_takes_up_by_itself_is_no_incident(
    console: Callable[..., Console], monkeypatch: pytest.MonkeyPatch
) -> None:
    need = [OWED]
    monkeypatch.setattr(console_alarm, "operations_in_need", lambda journal, now: tuple(need))
    kim = console()
    assert kim.sees(WEB) == []
    need.clear()
    assert kim.sees(WEB) == []
    need.append(OWED)
    assert kim.sees(WEB) == []
    monkeypatch.setattr(console_alarm, "TAKEN_UP_WITHIN", 0.0)
    assert kim.sees(WEB) == ["web operation"]
    monkeypatch.setattr(console_alarm, "TAKEN_UP_WITHIN", 60.0)
    need.append(replace(OWED, id="op-2"))
    assert kim.sees(WEB) == []
    assert kim.waiting == ["web"]
