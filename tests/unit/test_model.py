"""Hypothesis drives the real runner's loop: a real journal, a fake AWS and a fake clock, crashes and foreign hands anywhere.

No reachable path ends *succeeded* with the instance not running, and nothing reaches AWS without an intent that was
committed before it. The one exception, exactly: StartInstances (ExitStandby and RegisterTargets wait); by the runner whose
lease was the last one committed; its own Stop's intent committed; AWS shows *stopped* now; at most one a GRACE; written down
when it can be.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tui.config.durations import Limit
from tui.config.schema import Settings
from tui.config.sections import ActionSettings
from tui.domain.actions import ActionOptions
from tui.domain.instance import Checks, CheckStatus, Image, Instance, InstanceState, StatusCheck, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.steps.base import GRACE, Call, Order, Seen, Step
from tui.operations.aws_gateway import Outcome
from tui.operations.journal import Journal, JournalError
from tui.operations.model import Operation, OperationState
from tui.operations.runner import End, Runner

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
LAUNCHED = NOW - timedelta(days=9)
ID = "i-0a1b2c3d4e5f60718"
WELL = Checks(system=StatusCheck(CheckStatus.OK), instance=StatusCheck(CheckStatus.OK))
Fate = Literal["ok", "refused", "throttled", "lost", "lost after", "killed before", "killed after"]
FATES: tuple[Fate, ...] = (
    "ok",
    "refused",
    "throttled",
    "lost",
    "lost after",
    "killed before",
    "killed after",
)
UP, DOWN = InstanceState.RUNNING, InstanceState.STOPPED
ON_THE_WAY = {InstanceState.STOPPING: DOWN, InstanceState.PENDING: UP}


class Killed(BaseException):
    """The runner's process is no more."""


class OnADisk(Journal):
    """A journal that can be read and not written while its disk is full."""

    full = False

    @contextmanager
    def _write(self) -> Iterator[Any]:
        if self.full:
            raise JournalError("the journal can't be used (database or disk is full)")
        with super()._write() as db:
            yield db


@dataclass
class World:
    """AWS: an instance that changes at once or after a while, described late; and what becomes of the next calls."""

    journal: Path
    now: datetime = NOW
    state: InstanceState = UP
    launched: datetime = LAUNCHED
    lag: float = 0.0
    dark: bool = False
    fates: list[Fate] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    orphans: list[tuple[datetime, str]] = field(default_factory=list)
    past: list[tuple[datetime, Seen]] = field(default_factory=list)
    may: Callable[[Call], bool] = lambda call: False
    """Whether this call may be sent without an intent now."""
    bare: list[tuple[datetime, str]] = field(default_factory=list)
    """What was sent so."""

    def truth(self) -> Seen:
        checks = WELL if self.state is UP else Checks()
        return Seen(self.state, self.launched, checks=checks, events=(), images=tuple(self.images))

    def changes(self) -> None:
        """The picture of before is shown for a while."""
        self.past.append((self.now + timedelta(seconds=self.lag), self.truth()))

    def become(self, state: InstanceState) -> None:
        self.changes()
        self.state = state
        if state is InstanceState.PENDING:
            self.launched = self.now

    # what the runner's loop asks

    def look(self, order: Order, step: Step) -> Seen:
        return self.shown()

    def shown(self) -> Seen:
        if self.dark:
            return Seen()
        return next((seen for until, seen in self.past if until > self.now), self.truth())

    def caller(self) -> tuple[str, str]:
        return "111122223333", "arn:aws:iam::111122223333:user/ana"

    def send(self, call: Call, *, dry_run: bool) -> Outcome:
        if dry_run:
            return Outcome(False, clean("DryRunOperation"))
        self._has_intent(call)
        fate = self.fates.pop(0) if self.fates else "ok"
        if fate == "killed before":
            raise Killed
        if fate == "lost":
            return Outcome(None, clean("ReadTimeoutError"))
        if fate in ("refused", "throttled"):
            return Outcome(
                False, clean("UnauthorizedOperation" if fate == "refused" else "RequestLimitExceeded")
            )
        outcome = self._effect(call)
        if fate == "killed after":
            raise Killed
        return Outcome(None, clean("ReadTimeoutError")) if fate == "lost after" else outcome

    def _has_intent(self, call: Call) -> None:
        reader = Journal(self.journal)  # another connection: what it sees is committed
        (one,) = reader.list()
        reader.close()
        calls = [made for row in one.steps for made in row.calls if not made.dry_run]
        latest = max(calls, key=lambda made: made.intent_at, default=None)
        if latest is None or (latest.operation, latest.intent_at, latest.outcome_at) != (
            call.operation,
            self.now,
            None,
        ):
            (self.bare if self.may(call) else self.orphans).append((self.now, call.operation))

    def _effect(self, call: Call) -> Outcome:
        name = call.operation
        if name == "StopInstances":
            if self.state in (InstanceState.TERMINATED, InstanceState.PENDING):
                return Outcome(False, clean("IncorrectInstanceState"))
            if self.state is UP:
                self.become(InstanceState.STOPPING)
        elif name == "StartInstances":
            if self.state in (InstanceState.TERMINATED, InstanceState.STOPPING):
                return Outcome(False, clean("IncorrectInstanceState"))
            if self.state is DOWN:
                self.become(InstanceState.PENDING)
        elif name == "CreateImage":
            if any(one.name == call.params["Name"] for one in self.images):
                return Outcome(False, clean("InvalidAMIName.Duplicate"))
            self.changes()
            tag = clean(call.params["TagSpecifications"][0]["Tags"][0]["Value"])
            made = Image(
                clean("ami-1"), clean(call.params["Name"]), clean("available"), self.now, operation=tag
            )
            self.images.append(made)
        self.effects.append(name)
        return Outcome(True, request_id=clean("r-1"))


class Hands(RuleBasedStateMachine):
    """One operation, whatever happens to it."""

    @initialize(
        action=st.sampled_from(["stop-start", "start", "reboot", "image", "image-first"]),
        lag=st.sampled_from([0.0, 10.0, 50.0]),
        patient=st.booleans(),
    )
    def begin(self, action: str, lag: float, patient: bool) -> None:
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="evac-model-", dir=base))
        self.world = World(self.folder / "journal.sqlite3", lag=lag)
        self.world.state = DOWN if action == "start" else UP
        self.journal = OnADisk(self.world.journal)
        self.world.may = self.may_be_bare
        self.bare_by: dict[str, int] = {}
        self.settings = Settings(actions=ActionSettings(start_retry_for=None if patient else Limit("1h")))
        instance = Instance(
            Target("prod", "ap-northeast-2"), clean(ID), account_id=clean("111122223333"), name=clean("web-7"),
            state=self.world.state, launched_at=LAUNCHED, root_device=clean("ebs"),
        )  # fmt: skip
        name = "stop-start" if action == "image-first" else action
        options = ActionOptions(image_first=action == "image-first")
        self.ident = self.journal.create(draft(name, instance, None, options, Policy(), NOW), NOW)
        assert self.journal.confirm(self.ident, NOW)
        self.powers = action != "image"
        self.runner: Runner | None = None
        self.touched = NOW - timedelta(days=1)  # when a foreign hand last changed it

    @property
    def operation(self) -> Operation:
        found = self.journal.get(self.ident)
        assert found is not None
        return found

    def is_open(self) -> bool:
        return self.operation.state in (OperationState.PLANNED, OperationState.RUNNING)

    @rule(turns=st.integers(1, 12))
    def turn(self, turns: int) -> None:
        """The runner (a new one, if the last is dead) goes on for a while."""
        self.go(turns)

    @rule(
        step=st.sampled_from(
            ["stop", "wait-stopped", "start", "wait-running", "wait-checks", "verify-event", ""]
        )
    )
    def smoothly(self, step: str) -> None:
        """Up to this step, or to the end, while everything that is on its way arrives."""
        for _ in range(80):
            if not self.is_open() or self.operation.step == step:
                return
            self.go(1)
            self.arrives()

    def may_be_bare(self, call: Call) -> bool:
        """The exception, word for word."""
        one = self.operation
        stops = [made for row in one.steps for made in row.calls if made.operation == "StopInstances"]
        before = self.world.bare[-1][0] if self.world.bare else None
        return (
            self.journal.full
            and call.operation == "StartInstances"
            and self.runner is not None
            and one.runner == self.runner.name
            and any(not made.dry_run for made in stops)
            and self.world.shown().state is DOWN
            and (before is None or self.world.now - before >= GRACE)
        )

    def go(self, turns: int) -> None:
        """So many turns, or to a death or an end."""
        for _ in range(turns):
            if not self.is_open():
                return
            if self.runner is None:
                if self.journal.full:
                    return
                before = self.operation
                assert self.journal.reopen(self.ident, before.runner, self.world.now)
                self.runner = Runner(
                    self.journal, self.operation, self.settings, self.world,
                    now=lambda: self.world.now, sleep=lambda seconds: None,
                )  # fmt: skip
            try:
                turn = self.turn_of(self.runner)
            except Killed:
                self.runner = None
                return
            if isinstance(turn, End):
                self.runner = None
                return
            self.world.now += timedelta(seconds=max(turn, 0.1))

    def turn_of(self, runner: Runner) -> float | End:
        """As `unforeseen.to_the_end` has it."""
        known = len(self.world.bare)
        try:
            turn = runner.tick()
        except JournalError as error:
            runner.in_need(error)
            turn = 5.0
        else:
            starts = [
                made
                for row in self.operation.steps
                for made in row.calls
                if made.operation == "StartInstances"
            ]
            assert len(starts) >= self.bare_by.get(runner.name, 0)  # written down since
        self.bare_by[runner.name] = self.bare_by.get(runner.name, 0) + len(self.world.bare) - known
        return turn

    @rule(full=st.booleans())
    def disk(self, full: bool) -> None:
        """No byte is left for the journal, or there is room again."""
        self.journal.full = full

    @rule(
        step=st.sampled_from(["stop", "wait-stopped", "start"]), turns=st.integers(1, 20), freed=st.booleans()
    )
    def full_while_it_is_down(self, step: str, turns: int, freed: bool) -> None:
        """The disk is full from this step on, while what is on its way arrives."""
        self.smoothly(step)
        self.journal.full = True
        for _ in range(turns):
            self.go(1)
            self.arrives()
        self.journal.full = not freed
        self.go(1)

    @rule()
    def kill(self) -> None:
        """Between two turns."""
        self.runner = None

    @rule(seconds=st.sampled_from([1, 20, 61, 400, 1000, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)

    @rule(fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=4))
    def fated(self, fates: list[Fate]) -> None:
        """What becomes of the next calls."""
        self.world.fates = list(fates)

    @rule(dark=st.booleans())
    def light(self, dark: bool) -> None:
        """Nothing can be seen: no network, no login."""
        self.world.dark = dark

    @rule()
    def arrives(self) -> None:
        """What was stopping is stopped, what was pending runs."""
        if self.world.state in ON_THE_WAY:
            self.world.become(ON_THE_WAY[self.world.state])

    @rule(state=st.sampled_from([InstanceState.STOPPING, InstanceState.PENDING, InstanceState.TERMINATED]))
    def somebody_else(self, state: InstanceState) -> None:
        """Another operator, or its group."""
        possible = {InstanceState.STOPPING: UP, InstanceState.PENDING: DOWN}.get(state, self.world.state)
        if self.world.state is possible and self.world.state is not InstanceState.TERMINATED:
            self.world.become(state)
            self.touched = self.world.now

    @rule()
    @precondition(
        lambda self: self.operation.state is OperationState.NEEDS_ATTENTION and not self.journal.full
    )
    def resumed_by_hand(self) -> None:
        """The operator mended the cause and pressed r."""
        assert self.journal.reopen(self.ident, self.operation.runner, self.world.now)
        self.runner = None

    @invariant()
    def nothing_without_an_intent(self) -> None:
        if hasattr(self, "world"):
            assert self.world.orphans == []

    @invariant()
    def at_most_once(self) -> None:
        """A stop is repeated only if somebody started the instance in between; an AMI and a reboot never are."""
        if hasattr(self, "world"):
            assert self.world.effects.count("CreateImage") <= 1
            assert self.world.effects.count("RebootInstances") <= 1

    @invariant()
    def never_silently_down(self) -> None:
        """Ended well, it runs; unless somebody stopped it so lately that AWS did not show it yet. Else it is still spoken of."""
        if not hasattr(self, "world") or not self.powers:
            return
        one = self.operation
        dead = self.world.state is InstanceState.TERMINATED
        assert one.state is not OperationState.FAILED or dead or not self.world.effects
        assert one.state is not OperationState.ABANDONED
        if one.state is OperationState.SUCCEEDED and one.finished_at is not None:
            unseen = self.touched + timedelta(seconds=self.world.lag + 1) >= one.finished_at
            assert self.world.state is UP or unseen, (self.world.state, one.note)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.journal.close()
            shutil.rmtree(self.folder, ignore_errors=True)


TestHands = Hands.TestCase
TestHands.settings = settings(
    max_examples=int(os.environ.get("EVAC_MODEL_EXAMPLES", "60")), stateful_step_count=40, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
