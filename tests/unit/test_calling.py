"""How the console has its terminal call somebody: once, together, and when it takes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.rows import row
from tui import calling
from tui.calling import Calling
from tui.config.schema import Settings
from tui.config.sections import CallSettings
from tui.desktop import DesktopRoute
from tui.domain.incidents import IncidentChange, IncidentState, Picture
from tui.domain.instance import Phase, TargetStatus
from tui.domain.sanitize import clean
from tui.fleet.protocol import Delta
from tui.fleet.scope import Scope
from tui.fleet.store import Store
from tui.services import Services

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


class Console:
    """Stands where the app does: its terminal takes what it is given, or does not."""

    def __init__(self, folder: str, alarm: CallSettings, **changes: Any) -> None:
        self.takes, self.sent, self.said, self.faults = True, list[str](), list[str](), list[Any]()
        environ = {"HOME": folder, "XDG_STATE_HOME": folder, "TERM": "xterm-kitty"}
        settings = Settings(alarm=alarm, **changes)
        self.services = Services(
            Store(), None, None, "", settings, environ, lambda: NOW, UTC, lambda operation, profile: 1
        )
        self.calling = Calling(self, self.services, self.said.append)  # type: ignore[arg-type] # stands in for the app

    @property
    def app(self) -> Console:
        return self

    def call_out(self, sequence: str) -> bool:
        if self.takes:
            self.sent.append(sequence)
        return self.takes

    def call_later(self, work: Callable[..., None], *arguments: Any) -> None:
        work(*arguments)

    def run_worker(self, work: Callable[[], None], **_: Any) -> None:
        work()

    def post_message(self, message: Any) -> None:
        self.faults.append(message)

    def begins(self, *names: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A look that finds these."""
        found = [
            IncidentChange(NOW, name, "failing", IncidentState.BEGUN, name=clean(name)) for name in names
        ]
        monkeypatch.setattr(self.calling.alarm, "look", lambda picture, now: found)
        self.services.store.revision += 1
        self.calling.look()
        monkeypatch.setattr(self.calling.alarm, "look", lambda picture, now: [])


def console(tmp_path: Any, *, bell: bool = True, desktop: str = "auto", **changes: Any) -> Console:
    return Console(str(tmp_path), CallSettings(on=("failing",), bell=bell, desktop=desktop), **changes)


def test_bell_and_desktop_are_told_at_once(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = console(tmp_path)
    one.begins("web", monkeypatch=monkeypatch)
    assert one.sent == ["\a\x1b]9;evac: web failing: \a"]
    silent = console(tmp_path, bell=False, desktop="off")
    silent.begins("web", monkeypatch=monkeypatch)
    assert silent.sent == []
    only_bell = console(tmp_path, desktop="off")
    only_bell.begins("web", monkeypatch=monkeypatch)
    assert only_bell.sent == ["\a"]


def test_what_a_terminal_does_not_take_is_told_once_it_does(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = console(tmp_path)
    one.takes = False
    for name in ("web", "db"):
        one.begins(name, monkeypatch=monkeypatch)
    assert one.sent == []
    one.takes = True
    one.calling.look()
    one.calling.look()
    assert one.sent == ["\a\x1b]9;evac: 2 incidents: web failing; db failing\a"]


def test_what_begins_within_a_few_seconds_is_told_together(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = console(tmp_path, desktop="off")
    for name in ("web", "db", "mail"):
        one.begins(name, monkeypatch=monkeypatch)
    assert one.sent == ["\a"]
    monkeypatch.setattr(calling, "CALLS_APART", 0.0)
    one.calling.look()
    one.calling.look()
    assert one.sent == ["\a", "\a"]


def test_a_tmux_that_keeps_notifications_is_told_of_once(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = console(tmp_path)
    kept = DesktopRoute(why_not="tmux keeps them", remedy="set -g allow-passthrough on")
    monkeypatch.setattr(calling, "find_route", lambda asked, environ: kept)
    monkeypatch.setattr(calling, "CALLS_APART", 0.0)
    one.begins("web", monkeypatch=monkeypatch)
    one.begins("db", monkeypatch=monkeypatch)
    assert one.sent == ["\a", "\a"]
    assert one.said == ["no desktop notification: tmux keeps them: set -g allow-passthrough on"]


def test_a_fault_of_ours_is_reported_once_and_the_next_look_is_taken(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = console(tmp_path)

    def broken(picture: Picture, now: datetime) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(one.calling.alarm, "look", broken)
    for _ in range(3):
        one.services.store.revision += 1
        one.calling.look()
    assert [str(found.error) for found in one.faults] == ["a fault"]
    one.begins("web", monkeypatch=monkeypatch)
    assert len(one.sent) == 1


def test_a_program_that_is_not_run_is_said_at_the_start(tmp_path: Any) -> None:
    alarm = CallSettings(on=("failing",), command=("page",))
    assert Console(str(tmp_path), alarm, read_only=True).said == ["alarm: the command is not run: read-only"]
    assert Console(str(tmp_path), alarm).said == []


def test_what_is_narrowed_away_from_the_screen_calls_as_ever(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, seen = console(tmp_path), list[Picture]()
    down = row(1)
    one.services.store.apply(Delta(TargetStatus(down.target, Phase.LIVE), (down,)))
    one.services.store.scope = Scope(profiles=frozenset({"another"}))
    monkeypatch.setattr(one.calling.alarm, "look", lambda picture, now: [seen.append(picture)][:0])  # type: ignore[func-returns-value] # none begins
    one.calling.look()
    assert one.services.store.rows() == []
    assert [*seen[0].rows] == [down]
    assert len(list(seen[0].targets)) == 1
