"""A timer's night on a toy AWS with a clock of its own: real journal, service and runners, no process and no network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import KNOWN, NOW, SAFE
from tui.aws.mutate import Outcome
from tui.config.schema import Settings
from tui.domain import backup
from tui.domain.actions import ActionOptions
from tui.domain.facts import Facts, TargetGroup
from tui.domain.instance import Image, Instance, InstanceState
from tui.domain.plan import Draft, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.steps.base import Call, Order, Seen, Step
from tui.operations import recovery, status
from tui.operations.backup_plan import Copied, Ending, Planner, Rules
from tui.operations.backup_run import BackupRun
from tui.operations.journal import Journal
from tui.operations.leased_operation import End
from tui.operations.runner import Runner
from tui.operations.service import OperationsService

DAY = timedelta(days=1)
MINUTES = 4
"""That an AMI takes."""


class Aws:
    """What it holds, and how it answers. `fails`: ids whose next AMI fails; `denied`: who may not be copied."""

    def __init__(self) -> None:
        self.now = NOW
        self.images: dict[str, Image] = {}
        self.of: dict[str, str] = {}
        self.minutes: dict[str, float] = {}
        self.fails: list[str] = []
        self.denied: list[str] = []
        self.hidden: set[str] = set()
        self.calls: list[str] = []
        self.most: set[frozenset[str]] = set()

    def settled(self) -> None:
        for name, one in self.images.items():
            made, ident = one.created or self.now, self.of[name]
            if one.state == "pending" and self.now - made >= timedelta(
                minutes=self.minutes.get(ident, MINUTES)
            ):
                failed = ident in self.fails
                if failed:
                    self.fails.remove(ident)
                self.images[name] = replace(one, state=clean("failed" if failed else "available"))
        self.most.add(self.pending())

    def pending(self) -> frozenset[str]:
        return frozenset(self.of[name] for name, one in self.images.items() if one.state == "pending")

    def facts(self, row: Instance) -> Facts:
        ident = str(row.instance_id)
        images = tuple(one for name, one in self.images.items() if self.of[name] == ident)
        if not ident.startswith("i-web"):
            return replace(KNOWN, images=images)
        group = TargetGroup(clean("web"), clean("arn"), clean("healthy"), 2, 2, target_id=clean(ident),
                            up=(clean("i-web1"), clean("i-web2")))  # fmt: skip
        return replace(KNOWN, images=images, target_groups=(group,))

    def look(self, order: Order, step: Step) -> Seen:
        found = self.images.get(order.image_name)
        return Seen(
            InstanceState.RUNNING,
            images=() if found is None else (found,),
            copying=self.pending(),
            launched_at=NOW - DAY,
        )

    def send(self, call: Call, *, dry_run: bool) -> Outcome:
        ident, name = str(call.params.get("InstanceId", "")), str(call.params.get("Name", ""))
        if ident in self.denied:
            return Outcome(False, clean("UnauthorizedOperation"), clean("no"))
        if dry_run:
            return Outcome(False, clean("DryRunOperation"))
        self.calls.append(call.operation)
        if call.operation == "EnableImageDeprecation":
            return Outcome(True)
        assert call.params["NoReboot"] is True
        if name in self.images or name in self.hidden:
            return Outcome(False, clean("InvalidAMIName.Duplicate"), clean("taken"))
        operation = call.params["TagSpecifications"][0]["Tags"][0]["Value"]
        number = clean(f"ami-{len(self.images) + 1}")
        self.images[name] = Image(number, clean(name), clean("pending"), self.now, operation=clean(operation))
        self.of[name] = ident
        return Outcome(True, request_id=clean("r"))

    def caller(self) -> tuple[str, str]:
        return "", ""


class Night:
    """One machine's timer; `runners` are moved whenever somebody sleeps."""

    def __init__(
        self, aws: Aws, folder: Path, monkeypatch: pytest.MonkeyPatch, at_once: int = 1, **rules: Any
    ) -> None:
        self.aws, self.told = aws, list[Copied]()
        self.settings = Settings()
        self.journal = Journal(folder / "journal.sqlite3")
        self.runners: dict[str, Runner] = {}
        self.after: Callable[[], None] = lambda: None
        monkeypatch.setattr(status, "lives", lambda process, operation: operation in self.runners)
        monkeypatch.setattr(recovery, "lives", lambda process, operation: operation in self.runners)
        monkeypatch.setattr(recovery, "start", self.launch)
        operations = OperationsService(self.journal, self.settings, {}, self.launch, self.now)
        planner = Planner(Rules(DAY, at_once, **rules), self.plan, self.now)
        self.timer = BackupRun(
            operations, self.journal, self.look, planner, self.now, self.sleep, self.told.append
        )

    def now(self) -> datetime:
        return self.aws.now

    def launch(self, operation: str, *_: object) -> int:
        found = self.journal.get(operation)
        assert found is not None
        self.runners[operation] = Runner(
            self.journal, found, self.settings, self.aws, now=self.now, sleep=lambda s: None
        )
        return 1

    def look(self, row: Instance) -> tuple[Instance | None, Facts | None, str]:
        return row, self.aws.facts(row), ""

    def plan(self, row: Instance, facts: Facts | None, options: ActionOptions) -> Draft:
        return draft("image", row, facts, options, Policy(), self.now())

    def sleep(self, seconds: float) -> None:
        """Some seconds of AWS's go by, and every runner looks once."""
        self.aws.now += timedelta(seconds=10)
        self.aws.settled()
        for operation, runner in list(self.runners.items()):
            if isinstance(runner.tick(), End):
                self.journal.release(operation, runner.name)
                self.runners.pop(operation, None)
        self.after()

    def over(self, *ids: str) -> list[tuple[str, Ending]]:
        self.told.clear()
        self.timer.run([replace(SAFE, instance_id=clean(one), name=clean(one)) for one in ids])
        return [(str(one.row.instance_id), one.ending) for one in self.told]


@pytest.fixture
def aws() -> Aws:
    return Aws()


def test_one_after_another_and_the_next_night_each_again(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(aws, tmp_path, monkeypatch, expires=30 * DAY, deprecate=90 * DAY)
    for number in range(3):
        assert night.over("i-1", "i-2") == [("i-1", Ending.MADE), ("i-2", Ending.MADE)]
        assert len(aws.images) == 2 * (number + 1)
        assert night.over("i-1", "i-2") == [("i-1", Ending.FRESH), ("i-2", Ending.FRESH)]
        aws.now += DAY - timedelta(minutes=25)
    assert max(map(len, aws.most)) == 1
    assert aws.calls.count("EnableImageDeprecation") == aws.calls.count("CreateImage") == 6
    assert list(aws.images)[:3:2] == ["i-1 after none evac", "i-1 after ami-1 evac"]


def test_never_two_of_a_group_but_others_beside_them(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(aws, tmp_path, monkeypatch, at_once=3)
    found = night.over("i-web1", "i-web2", "i-3")
    assert sorted(found) == [("i-3", Ending.MADE), ("i-web1", Ending.MADE), ("i-web2", Ending.MADE)]
    assert frozenset({"i-web1", "i-3"}) in aws.most
    assert not any({"i-web1", "i-web2"} <= both for both in aws.most)


def test_nor_beside_another_machine_that_shares_nothing_but_aws(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = replace(Image(clean("ami-9"), clean("x"), clean("pending"), NOW), operation=clean("op-x"))
    aws.images["x"], aws.of["x"] = theirs, "i-web2"
    aws.minutes["i-web2"] = 30
    night = Night(aws, tmp_path, monkeypatch)
    assert night.over("i-web1") == [("i-web1", Ending.MADE)]
    assert not any({"i-web1", "i-web2"} <= both for both in aws.most)


def test_an_ami_that_failed_is_made_again_the_same_night_under_a_free_name(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.fails = ["i-1"]
    night = Night(aws, tmp_path, monkeypatch)
    assert night.over("i-1") == [("i-1", Ending.MADE)]
    assert list(aws.images) == ["i-1 after none evac", "i-1 after ami-1 evac"]
    aws.fails = ["i-2", "i-2"]
    assert night.over("i-2") == [("i-2", Ending.FAILED)]
    assert "failed" in night.told[0].why
    assert not night.journal.unfinished(), "it is in nobody's way the next night"
    assert night.over("i-2") == [("i-2", Ending.MADE)]


def test_a_name_that_aws_keeps_and_does_not_show_keeps_nobody_from_a_copy(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.hidden = {"i-1 after none evac"}
    night = Night(aws, tmp_path, monkeypatch)
    assert night.over("i-1") == [("i-1", Ending.MADE)]
    assert list(aws.images) == ["i-1 after none 2 evac"]
    assert aws.calls == ["CreateImage", "CreateImage"]


def test_a_read_that_fails_once_is_repeated_and_one_that_always_does_is_told(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(aws, tmp_path, monkeypatch)
    asked: list[str] = []

    def look(row: Instance) -> tuple[Instance | None, Facts | None, str]:
        asked.append(str(row.instance_id))
        if row.instance_id == "i-1":
            return None, None, "throttled"
        return row, aws.facts(row) if asked.count("i-2") > 1 else replace(aws.facts(row), images=None), ""

    night.timer.look = look
    assert sorted(night.over("i-1", "i-2")) == [("i-1", Ending.UNREAD), ("i-2", Ending.MADE)]
    assert asked.count("i-1") == 3


def test_who_is_being_stopped_and_started_is_copied_later_the_same_night(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(aws, tmp_path, monkeypatch)
    row = replace(SAFE, instance_id=clean("i-1"))
    other = night.journal.create(draft("reboot", row, KNOWN, ActionOptions(), Policy(), aws.now), aws.now)
    night.journal.confirm(other, aws.now)

    def over() -> None:
        if aws.now - NOW > timedelta(minutes=9):
            night.journal.abandon(other, "over", aws.now)

    night.after = over
    assert night.over("i-1", "i-2") == [("i-2", Ending.MADE), ("i-1", Ending.MADE)]
    assert aws.now - NOW > timedelta(minutes=9)


def test_who_may_not_is_told_and_holds_nobody_up(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.denied = ["i-1"]
    night = Night(aws, tmp_path, monkeypatch)
    assert night.over("i-1", "i-2") == [("i-1", Ending.REFUSED), ("i-2", Ending.MADE)]
    assert "CreateImage" in night.told[0].why
    assert night.told[0].remedy == "use a profile that allows ec2:CreateImage"


def test_an_ami_that_takes_hours_holds_nobody_up(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.minutes["i-1"] = 600
    night = Night(aws, tmp_path, monkeypatch)
    assert night.over("i-1", "i-2") == [("i-2", Ending.MADE), ("i-1", Ending.PENDING)]
    assert night.over("i-1") == [("i-1", Ending.PENDING)]
    assert len(aws.images) == 2


def test_a_runner_that_is_killed_is_replaced_and_what_a_killed_timer_left_is_taken_up(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(aws, tmp_path, monkeypatch)
    killed: list[str] = []

    def kill() -> None:
        for operation in list(night.runners):
            if operation not in killed:
                confirmed = night.journal.get(operation)
                if confirmed is not None and confirmed.confirmed_at is not None:
                    killed.append(operation)
                    del night.runners[operation]

    night.after = kill
    assert night.over("i-1") == [("i-1", Ending.MADE)]
    assert len(killed) == 1

    class KilledError(Exception):
        pass

    def die() -> None:
        kill()
        if len(killed) == 2:
            raise KilledError

    night.after = die
    with pytest.raises(KilledError):
        night.over("i-2")
    assert len(aws.images) == 1
    again = Night(aws, tmp_path, monkeypatch)
    assert again.over("i-2") == [("i-2", Ending.MADE)]
    assert again.told[0].operation == killed[1], "no second operation, no second name"


def test_two_timers_of_one_machine_and_one_journal(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Night(aws, tmp_path, monkeypatch)
    inner: list[tuple[str, Ending]] = []

    def another() -> None:
        """It begins in the middle of the first."""
        first.after = lambda: None
        second = Night(aws, tmp_path, monkeypatch)
        second.runners = first.runners
        monkeypatch.setattr(status, "lives", lambda process, operation: operation in first.runners)
        inner.extend(second.over("i-1", "i-2"))

    first.after = another
    outer = first.over("i-1", "i-2")
    assert len(aws.images) == 2, (inner, outer)
    good = {Ending.MADE, Ending.ALREADY, Ending.FRESH, Ending.PENDING}
    assert {ending for _, ending in (*inner, *outer)} <= good


def test_nor_two_of_a_group_by_two_timers_of_one_machine(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Night(aws, tmp_path, monkeypatch)
    inner: list[tuple[str, Ending]] = []

    def another() -> None:
        """It begins when the first has written its plan down, and nobody has said yes to it."""
        first.after = lambda: None
        (planned,) = first.journal.list()
        assert planned.confirmed_at is None
        second = Night(aws, tmp_path, monkeypatch)
        second.runners = first.runners
        monkeypatch.setattr(status, "lives", lambda process, operation: operation in first.runners)
        inner.extend(second.over("i-web2"))

    first.after = another
    assert first.over("i-web1") == [("i-web1", Ending.MADE)]
    assert inner == [("i-web2", Ending.MADE)]
    assert not any({"i-web1", "i-web2"} <= both for both in aws.most)


def test_what_it_would_do_is_told_without_anything_being_written(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(aws, tmp_path, monkeypatch)
    row = replace(SAFE, instance_id=clean("i-1"))
    need = backup.looked_at(row, aws.facts(row), NOW, DAY)
    assert night.timer.planner.judged(row, row, aws.facts(row), need).ending is Ending.DUE
    locked = replace(row, root_device=clean("instance-store"))
    refused = night.timer.planner.judged(row, locked, aws.facts(row), need)
    assert refused.ending is Ending.REFUSED
    assert refused.why.startswith("blocked: ")
    assert night.journal.list() == []
