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
from tui.domain.steps import GRACE, STEPS, Order
from tui.operations.aws_gateway import Gateway, Outcome
from tui.operations.journal import Journal, JournalError
from tui.operations.model import OVER, Operation
from tui.operations.runner_audit import Auditor
from tui.operations.runner_log import log_line

_TOWARDS = ("stop", "wait-stopped", "start", "wait-running")
"""Steps at which the plan's next change is the start, if the instance is stopped."""


class LeasedRunner(Protocol):
    """What is used of a runner. `leased`: the lease that was committed last is its own. `last`: the operation as last read.

    `stopped_it`: the intent of its own Stop is committed, and AWS did not refuse it.
    """

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
        """See above."""
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
    """Of one runner."""

    def __init__(self, hands: LeasedRunner) -> None:
        self._hands = hands
        self._sent: list[Sent] = []
        self._latest: datetime | None = None

    def start(self, why: JournalError) -> bool:
        """Start it if it must be and may be; whether it was sent."""
        hands = self._hands
        current = self._current()
        if current is None or not hands.leased or not hands.stopped_it or current.step not in _TOWARDS:
            return False
        if any(row.name == "start" and row.state == "skipped" for row in current.steps):
            return False
        now, latest = hands.now(), self._latest_start(current)
        if latest is not None and now - latest < GRACE:
            return False
        step = STEPS["start"]
        seen = hands.gateway.look(replace(hands.order, stop_intent_at=latest or now), step)
        if seen.state is not InstanceState.STOPPED:
            return False
        (call,) = step.calls(hands.order)
        rows = {row.name: row.state for row in current.steps}
        name = "start" if rows.get("start") not in OVER else "wait-running"
        at = self._latest = hands.now()
        outcome = hands.gateway.send(call, dry_run=False)
        self._sent.append(Sent(name, at, hands.now(), outcome, str(why.__cause__ or why), seen.launched_at))
        came = "ok" if outcome.ok else outcome.code or "unknown"
        log_line(f"{current.id}: {call.text} was sent without the journal, which can't be written: {came}")
        return True

    def _current(self) -> Operation | None:
        """The operation, if it is open and nobody else's, as far as it can be read."""
        hands = self._hands
        found: Operation | None = hands.last
        with suppress(JournalError):  # if it is not there any more, it was deleted under us
            found = hands.journal.get(hands.last.id) or hands.last
            if found is not hands.last and found.runner != hands.name:
                return None
        return found if found is not None and found.is_open else None

    def _latest_start(self, current: Operation) -> datetime | None:
        """Of those with an intent, refused ones too, and of those without."""
        calls = [one for row in current.steps for one in row.calls if one.operation == "StartInstances"]
        known = [one.intent_at for one in calls if not one.dry_run]
        return max([*known, *([self._latest] if self._latest else [])], default=None)

    def write_down(self) -> None:
        """In the journal and the audit log, with their own times, now that it can be. Raises JournalError."""
        hands = self._hands
        while self._sent:
            one = self._sent[0]
            ident, out = hands.last.id, one.outcome
            call = STEPS["start"].calls(hands.order)[0]
            number = hands.journal.intent(
                ident, one.step, call.service, call.operation, one.at, dry_run=False, runner=hands.name,
                launched=one.launched,
            )  # fmt: skip
            if number is not None:
                hands.journal.outcome(
                    number,
                    one.until,
                    ok=out.ok,
                    code=out.code,
                    message=out.message,
                    request_id=out.request_id,
                )
            told = f"started at {one.at:%H:%M:%S} UTC while the journal could not be written ({one.why})"
            hands.journal.add_remark(ident, told, too=True)
            self._sent.pop(0)
            came = "ok" if out.ok else out.code or "unknown"
            hands.auditor.told(
                hands.last, one.step, f"{came}: sent while the journal could not be written", call=call.text,
                request_id=out.request_id, sent_at=one.at.isoformat(), why=clean(one.why, 300),
            )  # fmt: skip
