"""The only call without a committed intent, and only so: StartInstances, while the journal can't be written.

ExitStandby and RegisterTargets wait. It is sent by the runner whose lease was the last one committed; its own Stop's intent
is committed; AWS shows *stopped* now; at most one a GRACE; and it is written down when it can be.

A journal that can't be written must not keep a stopped instance down. What is risked is a second StartInstances, which
does nothing to an instance that runs already.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.instance import InstanceState
from tui.domain.sanitize import clean
from tui.domain.steps import STEPS
from tui.domain.steps.base import GRACE, Order
from tui.operations.aws_gateway import Gateway, Outcome
from tui.operations.journal import Journal, JournalError
from tui.operations.model import OVER, Operation, StepState
from tui.operations.runner_audit import Auditor
from tui.operations.runner_log import log_line

_TOWARDS = ("stop", "wait-stopped", "start", "wait-running")
"""Steps at which the plan's next change is the start, if the instance is stopped."""


class LeasedRunner(Protocol):
    """What is used of a runner here. `leased`: the last committed lease is its own. `last`: the operation as last read."""

    journal: Journal
    gateway: Gateway
    auditor: Auditor
    name: str
    order: Order
    leased: bool
    last: Operation
    now: Callable[[], datetime]

    @property
    def stopped_it(self) -> bool:
        """The intent of its own Stop is committed, and AWS did not refuse it."""
        ...

    @property
    def took_over(self) -> bool:
        """A runner before it stopped the instance, and is dead: what that one sent without the journal nobody knows."""
        ...


class Sent(Struct, frozen=True):
    """A start that the journal does not know yet. Times are UTC."""

    step: str
    at: datetime
    until: datetime
    outcome: Outcome
    why: str
    launched: datetime | None


class Unjournaled:
    """Starts the stopped instance of one runner while its journal can't be written, and writes that down later."""

    def __init__(self, runner: LeasedRunner) -> None:
        self._runner = runner
        self._sent: list[Sent] = []
        self._latest: datetime | None = None
        self._began = runner.now()

    def start(self, why: JournalError) -> bool:
        """Send StartInstances if all the conditions above hold; whether it was sent."""
        runner = self._runner
        current = self._current()
        if current is None or not runner.leased or not runner.stopped_it or current.step not in _TOWARDS:
            return False
        if any(row.name == "start" and row.state is StepState.SKIPPED for row in current.steps):
            return False
        now, latest = runner.now(), self._latest_start(current)
        if latest is not None and now - latest < GRACE:
            return False
        step = STEPS["start"]
        seen = runner.gateway.look(replace(runner.order, stop_intent_at=latest or now), step)
        if seen.state is not InstanceState.STOPPED:
            return False
        (call,) = step.calls(runner.order)
        rows = {row.name: row.state for row in current.steps}
        name = "start" if rows.get("start") not in OVER else "wait-running"
        at = self._latest = runner.now()
        outcome = runner.gateway.send(call, dry_run=False)
        self._sent.append(Sent(name, at, runner.now(), outcome, str(why.__cause__ or why), seen.launched_at))
        came = "ok" if outcome.ok else outcome.code or "unknown"
        log_line(f"{current.id}: {call.text} was sent without the journal, which can't be written: {came}")
        return True

    def _current(self) -> Operation | None:
        """The operation as far as it can be read; None if it has ended or another runner has its lease."""
        runner = self._runner
        found: Operation | None = runner.last
        with suppress(JournalError):  # if it is not there any more, it was deleted under us
            found = runner.journal.get(runner.last.id) or runner.last
            if found is not runner.last and found.runner != runner.name:
                return None
        return found if found is not None and found.is_open else None

    def _latest_start(self, current: Operation) -> datetime | None:
        """When the last start was sent (UTC), journaled or not, refused ones too; at the latest, if a dead runner sent it."""
        calls = [one for row in current.steps for one in row.calls if one.operation == "StartInstances"]
        known = [one.intent_at for one in calls if not one.dry_run]
        known += [self._latest] if self._latest else []
        known += [self._began] if self._runner.took_over else []
        return max(known, default=None)

    def write_down(self) -> None:
        """Write the sent starts to the journal and the audit log, with their own times. Raises JournalError."""
        runner = self._runner
        while self._sent:
            one = self._sent[0]
            ident, out = runner.last.id, one.outcome
            call = STEPS["start"].calls(runner.order)[0]
            number = runner.journal.intent(
                ident, one.step, call.service, call.operation, one.at, dry_run=False, runner=runner.name,
                launched=one.launched,
            )  # fmt: skip
            if number is not None:
                runner.journal.outcome(
                    number,
                    one.until,
                    ok=out.ok,
                    code=out.code,
                    message=out.message,
                    request_id=out.request_id,
                )
            told = f"started at {one.at:%H:%M:%S} UTC while the journal could not be written ({one.why})"
            runner.journal.add_remark(ident, told, too=True)
            self._sent.pop(0)
            came = "ok" if out.ok else out.code or "unknown"
            runner.auditor.told(
                runner.last, one.step, f"{came}: sent while the journal could not be written", call=call.text,
                request_id=out.request_id, sent_at=one.at.isoformat(), why=clean(one.why, 300),
            )  # fmt: skip
