"""The hands on the machine they would stop, on one that is itself being stopped, and told to end in the middle."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.machines import OTHER, OWN
from tests.unit.rows import OK
from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.instance import Checks, Instance, InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.steps.base import Call, Order, Seen, Step
from tui.domain.this_machine import NOWHERE, Here
from tui.operations import sigterm
from tui.operations.aws_gateway import Outcome
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.operations.runner import End, Runner
from tui.operations.self_guard import Ownself

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
UP, DOWN = InstanceState.RUNNING, InstanceState.STOPPED
HERE = Here(OWN, source="dmi")


class Aws:
    """Stops and starts at once; `own` is the state of the machine the hands run on."""

    def __init__(self, own: InstanceState = UP) -> None:
        self.own, self.state, self.launched = own, UP, NOW - timedelta(days=9)
        self.asked: list[str] = []
        self.sent: list[str] = []
        self.pauses = False  # it stays in stopping

    def look(self, order: Order, step: Step) -> Seen:
        if step.name == "preflight":
            return Seen()
        checks = Checks(OK, OK, OK) if self.state is UP else Checks()
        return Seen(self.state, self.launched, checks=checks, events=())

    def state_of(self, instance_id: str, region: str) -> InstanceState:
        self.asked.append(f"state of {instance_id}")
        return self.own

    def caller(self) -> tuple[str, str]:
        self.asked.append("caller")
        return "", ""

    def send(self, call: Call, *, dry_run: bool) -> Outcome:
        self.asked.append(call.operation)
        if dry_run:
            return Outcome(False, clean("DryRunOperation"))
        self.sent.append(call.operation)
        if call.operation == "StopInstances":
            self.state = InstanceState.STOPPING if self.pauses else DOWN
        elif call.operation == "StartInstances":
            self.state, self.launched = UP, NOW
        return Outcome(True)


class Bench:
    """One operation and whoever drives it."""

    def __init__(
        self, folder: Path, aws: Aws, instance: str, action: str = "stop-start", **options: object
    ) -> None:
        self.aws, self.journal = aws, Journal(folder / "journal.sqlite3")
        row = Instance(
            Target("prod", "us-east-1"), clean(instance), account_id=clean("111122223333"), name=clean("bastion"),
            state=UP, launched_at=aws.launched, root_device=clean("ebs"),
        )  # fmt: skip
        plan = draft(action, row, None, ActionOptions(**options), Policy(), NOW)  # type: ignore[arg-type]  # the tests' own words
        self.ident = self.journal.create(plan, NOW)

    @property
    def operation(self) -> Operation:
        found = self.journal.get(self.ident)
        assert found is not None
        return found

    def confirm(self) -> None:
        assert self.journal.confirm(self.ident, NOW)

    def runner(self, place: Here) -> Runner:
        return Runner(
            self.journal,
            self.operation,
            Settings(),
            self.aws,
            now=lambda: NOW,
            sleep=lambda _: None,
            ownself=Ownself(place, self.aws.state_of),
        )

    def go(self, place: Here, until: str = "") -> Runner:
        """To the end, or to a step; whoever drove it before is gone."""
        self.journal.release(self.ident, self.operation.runner)
        runner = self.runner(place)
        for _ in range(60):
            if self.operation.step == until:
                return runner
            if isinstance(runner.tick(), End):
                break
        return runner


def test_an_older_console_s_order_to_stop_this_machine_is_refused_with_no_call_at_all(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Aws(), OWN)
    bench.go(HERE)
    found = bench.operation
    assert bench.aws.asked == []
    assert found.state is OperationState.FAILED
    assert found.refusal.startswith("evac runs on this instance")
    assert "another machine" in found.remedy


def test_confirmed_elsewhere_and_taken_up_here_it_is_refused_with_nothing_sent(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Aws(), OWN)
    bench.go(NOWHERE, "stop")
    bench.confirm()
    asked = len(bench.aws.asked)
    bench.go(HERE)
    assert bench.operation.state is OperationState.FAILED
    assert len(bench.aws.asked) == asked


def test_what_was_stopped_from_elsewhere_is_brought_back_from_here(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Aws(), OWN)
    bench.confirm()
    bench.go(NOWHERE, "wait-stopped")
    bench.go(HERE)
    assert bench.operation.state is OperationState.SUCCEEDED
    assert bench.aws.sent == ["StopInstances", "StartInstances"]


@pytest.mark.parametrize(("codes", "sent"), [((), 0), (("path",), 0), (("self",), 2)])
def test_only_its_own_override_lifts_it(tmp_path: Path, codes: tuple[str, ...], sent: int) -> None:
    bench = Bench(tmp_path, Aws(), OWN, overrides=codes)
    bench.confirm()
    bench.go(HERE)
    assert len(bench.aws.sent) == sent


@pytest.mark.parametrize(
    ("action", "options"), [("reschedule", {}), ("image", {"no_reboot": True}), ("start", {})]
)
def test_what_does_not_take_it_down_is_done_from_here(
    tmp_path: Path, action: str, options: dict[str, bool]
) -> None:
    bench = Bench(tmp_path, Aws(), OWN, action, **options)
    assert bench.runner(HERE).ownself.refuses(bench.operation) is None


@pytest.mark.parametrize("own", [InstanceState.STOPPING, InstanceState.SHUTTING_DOWN, DOWN])
@pytest.mark.parametrize("action", ["stop-start", "reboot", "image"])
def test_hands_that_are_being_stopped_themselves_begin_nothing(
    tmp_path: Path, own: InstanceState, action: str
) -> None:
    bench = Bench(tmp_path, Aws(own), OTHER, action)
    bench.confirm()
    bench.go(HERE)
    assert bench.aws.sent == []
    assert bench.operation.state is OperationState.FAILED
    assert str(own) in bench.operation.note


def test_a_machine_that_begins_to_end_after_the_question_sends_nothing_either(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Aws(), OTHER)
    bench.go(HERE, "stop")
    bench.confirm()
    bench.aws.own = InstanceState.STOPPING
    bench.go(HERE)
    assert bench.aws.sent == []
    assert bench.operation.state is OperationState.NEEDS_ATTENTION


def test_a_machine_that_aws_does_not_show_to_this_profile_holds_nothing_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Aws(InstanceState.UNKNOWN), OTHER)
    bench.confirm()
    bench.go(HERE)
    assert bench.aws.sent == ["StopInstances", "StartInstances"]


def test_a_start_is_never_held_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Aws(), OTHER)
    bench.confirm()
    bench.go(HERE, "wait-stopped")
    bench.aws.own = InstanceState.STOPPING
    bench.go(HERE)
    assert bench.aws.sent == ["StopInstances", "StartInstances"]


# told to end


@pytest.fixture
def signals() -> object:
    kept = [(one, signal.getsignal(one)) for one in (signal.SIGTERM, signal.SIGALRM)]
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for one, handler in kept:
        signal.signal(one, handler)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("step", ["wait-stopped", "start"])
def test_told_to_end_with_the_instance_stopped_it_is_started_in_one_try(tmp_path: Path, step: str) -> None:
    bench = Bench(tmp_path, Aws(), OTHER)
    bench.confirm()
    runner = bench.go(NOWHERE, step)
    assert sigterm.last_try(runner) == 128 + signal.SIGTERM
    assert bench.aws.sent == ["StopInstances", "StartInstances"]
    found = bench.operation
    (call,) = [
        one
        for row in found.steps
        for one in row.calls
        if one.operation == "StartInstances" and not one.dry_run
    ]
    assert call.ok
    assert found.is_open  # whoever resumes it sees it through
    bench.go(NOWHERE)
    assert bench.operation.state is OperationState.SUCCEEDED
    assert bench.aws.sent == ["StopInstances", "StartInstances"]


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("step", ["stop", "wait-checks"])
def test_told_to_end_before_or_after_it_does_nothing_more(tmp_path: Path, step: str) -> None:
    bench = Bench(tmp_path, Aws(), OTHER)
    bench.confirm()
    runner = bench.go(NOWHERE, step)
    before = list(bench.aws.sent)
    sigterm.last_try(runner)
    assert bench.aws.sent == before


@pytest.mark.usefixtures("signals")
def test_while_it_still_stops_nothing_is_sent(tmp_path: Path) -> None:
    aws = Aws()
    aws.pauses = True
    bench = Bench(tmp_path, aws, OTHER)
    bench.confirm()
    sigterm.last_try(bench.go(NOWHERE, "wait-stopped"))
    assert aws.sent == ["StopInstances"]


@pytest.mark.usefixtures("signals")
def test_a_signal_is_an_end_that_no_retry_swallows() -> None:
    sigterm.listen()
    assert not issubclass(sigterm.ToldToEnd, Exception)
    with pytest.raises(sigterm.ToldToEnd):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_a_place_without_an_id_refuses_nothing(tmp_path: Path) -> None:
    for place in (NOWHERE, Here(known=False, why="Xen"), replace(HERE, instance_id=OTHER)):
        bench = Bench(tmp_path / str(id(place)), Aws(), OWN)
        assert bench.runner(place).ownself.refuses(bench.operation) is None
