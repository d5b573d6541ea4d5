"""A fault that no step knows of: said, and tried again once something was sent; the end before that."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.steps.base import Call, Order, Seen, Step
from tui.operations.aws_gateway import Outcome
from tui.operations.journal import Journal
from tui.operations.runner import Runner
from tui.operations.runner_errors import to_the_end

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
WEB = Instance(
    Target("prod", "ap-northeast-2"), clean("i-0a1b2c3d4e5f60718"), name=clean("web-7"), state=InstanceState.STOPPED
)  # fmt: skip


class Faulty:
    """An AWS whose look fails in a way nobody foresaw: at these looks, counted from 1."""

    def __init__(self, *fails: int) -> None:
        self.fails, self.looks, self.up = fails, 0, False

    def look(self, order: Order, step: Step) -> Seen:
        self.looks += 1
        if self.looks in self.fails:
            raise ZeroDivisionError(f"look {self.looks}")
        return Seen(InstanceState.RUNNING if self.up else InstanceState.STOPPED, NOW, events=())

    def send(self, call: Call, *, dry_run: bool) -> Outcome:
        self.up = self.up or not dry_run
        return Outcome(not dry_run, clean("DryRunOperation" if dry_run else ""))

    def caller(self) -> tuple[str, str]:
        return "", ""


def runner(tmp_path: Path, gateway: Any, seen: list[str]) -> Runner:
    journal = Journal(tmp_path / "journal.sqlite3")
    name = journal.create(draft("start", WEB, None, ActionOptions(), Policy(), NOW), NOW)
    assert journal.confirm(name, NOW)
    operation = journal.get(name)
    assert operation is not None

    def sleep(_: float) -> None:
        found = journal.get(name)
        assert found is not None
        seen.append(found.note)
        if len(seen) > 3:
            raise SystemExit

    return Runner(journal, operation, Settings(), gateway, now=lambda: NOW, sleep=sleep)


def test_once_something_was_sent_it_goes_on_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes: list[str] = []
    with pytest.raises(SystemExit):  # at the status checks, for which this AWS has none
        to_the_end(runner(tmp_path, Faulty(5, 6), notes))
    assert notes[:2] == [f"trying again after ZeroDivisionError: look {look}" for look in (5, 6)]
    assert "Traceback" in capsys.readouterr().err


def test_before_anything_was_sent_it_is_the_end(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        to_the_end(runner(tmp_path, Faulty(1), []))
