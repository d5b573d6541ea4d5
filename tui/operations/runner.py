"""The hands' loop: observe, decide, journal, send, journal. `tui.operations.process` is the process around it.

It has its own session, so a lost terminal does not reach it; killed anywhere, the next runner asks the same questions."""

from __future__ import annotations

import os
import runpy
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tui.config.schema import Settings, keep, start_retry_for
from tui.domain.actions import ACTIONS, BACK
from tui.domain.answers import NoteKind, Permission, RefusedBy
from tui.domain.instance import InstanceState
from tui.domain.steps import (
    STEPS,
    Decision,
    Done,
    Members,
    Moot,
    Order,
    Preflight,
    Seen,
    Send,
    Step,
    Stuck,
    Wait,
    calls_of,
)
from tui.domain.steps.await_stop import followed
from tui.operations.aws_gateway import Gateway, Outcome
from tui.operations.group_turn import GroupTurn
from tui.operations.instance_lock import InstanceLockGuard
from tui.operations.journal import Journal, JournalError
from tui.operations.journal_lost import put_back
from tui.operations.model import DARK_PATIENCE, OVER, CallRecord, Operation, OperationState, StepState, ending
from tui.operations.runner_audit import Auditor
from tui.operations.self_guard import Ownself
from tui.operations.unjournaled_start import Unjournaled

TICK, SELDOM = 1.0, 8.0
"""Seconds between two renewals of the lease, at most; and where the next look is farther off than the second. A lease
lasts 20."""


def _now() -> datetime:
    return datetime.now(UTC)


class End(Struct, frozen=True):
    """The runner is through; its exit code."""

    code: int


class Runner:
    """Drives one operation while its lease is ours.

    `now` answers in UTC and does not leap (how long ago was that?); `wall` is the machine's clock, which others read too.
    `leased`: the lease that was committed last is ours. `last`: the operation as it was read last.
    """

    def __init__(
        self,
        journal: Journal,
        operation: Operation,
        settings: Settings,
        gateway: Gateway,
        *,
        now: Callable[[], datetime] = _now,
        sleep: Callable[[float], None] = time.sleep,
        wall: Callable[[], datetime] | None = None,
        ownself: Ownself | None = None,
    ) -> None:
        self.journal, self.operation, self.gateway = journal, operation, gateway
        self.now, self.wall, self.sleep = now, wall or now, sleep
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.order: Order = replace(
            operation.kept.order,
            start_retry_for=start_retry_for(settings),
            reboot_settle=timedelta(seconds=settings.actions.reboot_settle),
            keep=keep(settings),
            lifted="last-healthy" in operation.kept.options.overrides,
        )
        self.ownself = ownself or Ownself()
        self.auditor = Auditor(journal, operation.id, self.wall)
        self.instance_lock = InstanceLockGuard(
            operation, settings, self.name, lambda step, said: self.auditor.told(self._reread(), step, said)
        )
        self.turns = GroupTurn(
            operation, settings, journal, self.name, lambda step, said: self.auditor.told(self._reread(), step, said),
            self.wall,
        )  # fmt: skip
        self._asked = calls_of(operation.action, self.order, operation.kept.options)
        self._under_way = False
        self.begun = bool(operation.sent) or operation.ordered_ahead
        self.leased, self.last, self._stopped = False, operation, False
        self._unjournaled = Unjournaled(self)

    def run(self) -> int:
        """To the end, or to where a person is needed."""
        while not isinstance(turn := self.tick(), End):
            self._pause(turn)
        with suppress(JournalError):  # it lapses by itself
            self.journal.release(self.operation.id, self.name)
        return turn.code

    def tick(self) -> float | End:
        """One look and one decision: how many seconds until the next, or the end."""
        if not self._lease():
            return End(0)
        self._unjournaled.write_down()
        self.auditor.settle()
        current = self._reread()
        name = next((row.name for row in current.steps if row.state not in OVER), None)
        if not self._under_way and (own := self.ownself.refuses(current)) is not None:
            return self._not_from_here(current, name, own)
        if name != "preflight" and not self._under_way:
            return self._confirmed(current)
        if name is None:
            return self._end(current)
        if name == "preflight" and (refused := self._check_caller(current)) is not None:
            return refused
        if name != "preflight" and (turn := self._in_turn(current)) is not None:
            return turn
        return self._ask(Preflight(self._asked) if name == "preflight" else STEPS[name], current)

    def _reread(self) -> Operation:
        found = self.journal.get(self.operation.id)
        assert found is not None
        self.last = found
        return found

    def _lease(self) -> bool:
        """Take it or keep it. If that can't be written, what was committed last stands."""
        got = self.journal.lease(self.operation.id, self.name, self.wall())
        if not got and self.begun and self.journal.get(self.operation.id) is None:
            put_back(self.journal, self.last)
            got = self.journal.lease(self.operation.id, self.name, self.wall())
        self.leased = got
        return got

    @property
    def stopped_it(self) -> bool:
        """Whether the intent of its own Stop is committed, and AWS did not refuse it."""
        return self._stopped or "StopInstances" in self.last.sent

    def in_need(self, error: JournalError) -> None:
        """While the journal can't be written: the one call that does not wait for it."""
        for lock in (self.instance_lock, self.turns):
            with suppress(Exception):
                lock.keep()
        self._unjournaled.start(error)

    def _end(self, current: Operation) -> End:
        """Through: succeeded, or given up and taken back as far as it had gone."""
        state, note = ending(current)
        self.journal.set_state(current.id, state, self.now(), self._with_lock_note(note))
        self.auditor.told(current, "end", state.value)
        return End(0 if state is OperationState.SUCCEEDED else 1)

    def _confirmed(self, current: Operation) -> float | End:
        """Wait for the operator's yes, then write down that it is under way."""
        if current.confirmed_at is not None:
            return self._go_on(current)
        if self.now() - current.created_at > DARK_PATIENCE:
            self.journal.abandon(current.id, "not confirmed within 10 minutes", self.now())
            return End(0)
        return 0.2

    def _go_on(self, current: Operation) -> float | End:
        """What cannot be audited is not done: but what was begun is finished."""
        word = ("confirm", "confirmed") if current.state is OperationState.PLANNED else ("resume", "resumed")
        try:
            lifted = ", ".join(current.kept.options.overrides)
            self.auditor.write(current, word[0], word[1] + (f", overriding {lifted}" if lifted else ""))
        except OSError as error:
            return self._unaudited(current, error)
        refused = self.instance_lock.begin(down=current.must_finish)
        if isinstance(refused, Stuck):
            return self._locked(current, refused)
        if isinstance(refused, Wait):
            self.journal.set_progress(
                current.id, refused.reason, attention=False, down=False, remedy=refused.remedy
            )
            return refused.seconds
        turn = self._in_turn(current)
        if isinstance(turn, End):
            return turn
        waits = NoteKind.WAITS if self.turns.waiting else NoteKind.PLAIN
        self.journal.set_state(current.id, OperationState.RUNNING, self.now(), self.turns.waiting, kind=waits)
        self._under_way = True
        # What is to be there in days gives up for no error of today.
        self.begun = self.begun or current.ordered_ahead
        return turn or 0.0

    def _in_turn(self, current: Operation) -> float | End | None:
        """Hold the groups a member of which goes down: None once they are held; else how long until that is asked again."""
        if not self.turns.due or current.rolling_back:
            return None
        seen = self.gateway.look(self.order, Members())
        now = self.now()
        if not self._lease():
            return End(0)
        found = self.turns.take(seen, now, down=current.interrupted or bool(current.pending_rollback))
        if isinstance(found, Stuck):
            return self._locked(current, found)
        if found is None:
            return None
        self.journal.set_progress(
            current.id,
            self._with_lock_note(found.reason),
            attention=found.attention,
            down=False,
            remedy=found.remedy,
            kind=found.kind,
        )
        return found.seconds

    def _not_from_here(self, current: Operation, name: str | None, refused: Stuck) -> End:
        """It would end these very hands: an older console, or another machine, could not know that."""
        if name == "preflight":
            self._begin(Preflight(()), current)
            return self._stuck(Preflight(()), refused, down=False)
        self.journal.set_state(
            current.id,
            OperationState.FAILED,
            self.now(),
            refused.why,
            refused.remedy,
            refused_by=RefusedBy.SELF,
        )
        self.auditor.told(current, "confirm", f"refused: {refused.why}")
        return End(1)

    def _locked(self, current: Operation, refused: Stuck) -> End:
        """Somebody else is at the instance, or nobody knows: nothing is begun, nor gone on with."""
        state = OperationState.NEEDS_ATTENTION if current.sent else OperationState.FAILED
        by = None if current.sent else refused.refused_by
        self.journal.set_state(current.id, state, self.now(), refused.why, refused.remedy, refused_by=by)
        self.auditor.told(current, "lock", f"refused: {refused.why}")
        return End(1)

    def _with_lock_note(self, note: str) -> str:
        """The note, and whether this goes on without its lock."""
        return "; ".join(part for part in (note, self.instance_lock.trouble) if part)

    def _unaudited(self, current: Operation, error: OSError) -> float | End:
        """Nothing was sent that must be undone, and nothing more is. What was ordered ahead is tried until it can be."""
        if current.ordered_ahead and self._under_way:
            why = f"the audit log can't be written ({error}): nothing is sent until it can"
            down = self._reread().instance_down
            self.journal.set_progress(
                current.id, why, attention=True, down=down, remedy="free the disk, or mend its permissions"
            )
            return 5.0
        state = OperationState.NEEDS_ATTENTION if current.sent else OperationState.FAILED
        more = " more" * bool(current.sent)
        why = f"the audit log can't be written ({error}): nothing{more} was sent"
        remedy = "free the disk, or mend its permissions" + ("; then resume" if current.sent else "")
        by = None if current.sent else RefusedBy.AUDIT
        self.journal.set_state(current.id, state, self.now(), why, remedy, refused_by=by)
        return End(1)

    def _down(self, seen: Seen, current: Operation) -> bool:
        """Whether the instance is down by this operation; while nobody can tell, as it was."""
        if seen.state is InstanceState.UNKNOWN:
            return self._reread().instance_down
        by_this = ACTIONS[self.order.action].starts
        return seen.state is InstanceState.STOPPED and by_this and not current.waiting

    def _ask(self, step: Step, current: Operation) -> float | End:
        """Look, ask the step, and do what it says."""
        ident, journal = current.id, self.journal
        began = self._begin(step, current)
        self.instance_lock.step = step.name
        if step.name == "preflight" and (refused := self.instance_lock.preflight()) is not None:
            return self._stuck(step, refused, down=False)
        order, stop = replace(self.order, out=bool(current.pending_rollback)), _stop_of(current)
        if stop is not None:
            order = replace(order, stop_intent_at=stop.intent_at, stop_launched_at=stop.launched_at)
        said = journal.step_history(ident, step.name, began)
        # Once it was sent, or may have been, whom else it would leave is not asked any more.
        sent = said.latest is not None and said.latest.ok is not False
        seen = self.gateway.look(replace(order, groups=()) if sent else order, step)
        now = self.now()  # looking may have taken long, and the lease may be another's by now
        if not self._lease():
            return End(0)
        decision: Decision = step.decide(order, seen, said, now)
        down = self._down(seen, current)
        if current.waiting:
            self.order = followed(self.order, seen)
        decision = self.ownself.guard(decision, current)
        decision = self.instance_lock.guard(
            decision, down=down or current.may_be_down or step.name in current.rollback_steps
        )
        decision = decision if sent else self.turns.guard(decision, seen, now)
        if isinstance(decision, Done):
            if step.name == "wait-healthy":
                self.turns.over()
            if step.name == "preflight":
                journal.set_permission(ident, decision.permission or Permission.UNKNOWN)
            journal.end_step(ident, step.name, StepState.DONE, decision.note, now)
            journal.set_progress(ident, self._with_lock_note(decision.note), attention=False, down=down)
            return 0.0
        if isinstance(decision, Moot):
            return self._moot(step, decision)
        if isinstance(decision, Stuck):
            if self._roll_back(step, decision, seen):
                return 0.0
            return self._stuck(step, decision, down)
        if isinstance(decision, Wait) and not self._late(step, current, seen, now - began):
            journal.set_progress(
                ident,
                self._with_lock_note(decision.reason),
                attention=decision.attention,
                down=down,
                remedy=decision.remedy,
                kind=decision.kind,
            )
            return decision.seconds
        if isinstance(decision, Wait):
            why = f"nothing was sent within {int(DARK_PATIENCE.total_seconds() // 60)} minutes: {decision.reason}"
            return self._stuck(step, Stuck(why, decision.remedy or "order it again", final=True), down)
        return self._send(step, decision, seen)

    def _late(self, step: Step, current: Operation, seen: Seen, waited: timedelta) -> bool:
        """Whether nothing was sent, and could not even be looked at for so long that it must not begin by surprise."""
        dark = seen.state is InstanceState.UNKNOWN and step.name not in ("preflight", "start", "wait-running")
        return dark and waited > DARK_PATIENCE and not (current.sent or current.ordered_ahead)

    def _moot(self, step: Step, decision: Moot) -> End:
        """Nothing is left to do, and nobody is needed."""
        self.journal.end_step(self.operation.id, step.name, StepState.DONE, decision.why, self.now())
        self.journal.abandon(self.operation.id, decision.why, self.now())
        self.auditor.told(self._reread(), "end", f"abandoned: {decision.why}")
        return End(0)

    def _begin(self, step: Step, current: Operation) -> datetime:
        row = next(row for row in current.steps if row.name == step.name)
        if row.state is StepState.RUNNING and row.began_at is not None:
            return row.began_at
        return self.journal.begin_step(current.id, step.name, self.now())

    def _check_caller(self, current: Operation) -> End | None:
        """Once: whom AWS sees in the credentials. Another account than the one planned for is the end."""
        if current.caller:
            return None
        account, arn = self.gateway.caller()
        self.journal.set_caller(current.id, arn or "unknown")
        if not account or not current.account_id or account == current.account_id:
            return None
        why = f"profile {current.profile} is now of account {account}, not {current.account_id}: nothing was sent"
        self.journal.set_state(
            current.id,
            OperationState.FAILED,
            self.now(),
            why,
            "look again, and plan anew",
            refused_by=RefusedBy.ACCOUNT,
        )
        return End(1)

    def _roll_back(self, step: Step, decision: Stuck, seen: Seen) -> bool:
        """Out of service, and refused before it went down: it is returned to service, and the operation has failed."""
        current = self._reread()
        running = seen.state is InstanceState.RUNNING
        if decision.final or not running or current.interrupted or step.name in current.rollback_steps:
            return False
        if not self.journal.begin_rollback(current.id, decision.why, self.now()):
            return False
        self.auditor.told(current, step.name, f"stuck, so taken back: {decision.why}")
        return True

    def _stuck(self, step: Step, decision: Stuck, down: bool) -> End:
        ident, journal = self.operation.id, self.journal
        if step.name == "preflight":
            journal.set_permission(ident, Permission.NO, decision.why, decision.refused_by)
        journal.end_step(ident, step.name, StepState.STUCK, decision.why, self.now())
        unchanged = decision.refused_by is RefusedBy.AWS and not self._reread().sent
        ended = step.name == "preflight" or decision.final or unchanged
        journal.set_progress(ident, decision.why, attention=not ended, down=down, kind=decision.kind)
        state = OperationState.FAILED if ended else OperationState.NEEDS_ATTENTION
        remedy = decision.remedy
        if unchanged and step.name != "preflight":
            remedy = "nothing was changed: mend the cause, and order it again"
        if not ended and self._reread().pending_rollback and step.name not in BACK.values():
            remedy += "; it is out of service until then, and abandoning the operation returns it"
        by = decision.refused_by if state is OperationState.FAILED else None
        journal.set_state(ident, state, self.now(), decision.why, remedy, refused_by=by, kind=decision.kind)
        how = "refused by AWS" if unchanged and step.name != "preflight" else "stuck"
        self.auditor.told(self._reread(), step.name, f"{how}: {decision.why}")
        return End(1)

    def _send(self, step: Step, decision: Send, seen: Seen) -> float | End:
        """What is about to be done, the intent, the call, the outcome. Not sent if the operation is another runner's now."""
        call, journal = decision.call, self.journal
        current, dry = self._reread(), decision.dry_run
        try:
            self.auditor.write(current, step.name, "about to send", call=call.text, dry_run=dry)
        except OSError as error:
            return self._unaudited(current, error)
        number = journal.intent(
            current.id, step.name, call.service, call.operation, self.now(), dry_run=dry, runner=self.name,
            launched=seen.launched_at,
        )  # fmt: skip
        if number is None:
            if self._reread().rolling_back:
                return 0.0  # the step was taken out of the plan at this moment
            self.auditor.told(current, step.name, "not sent: another runner's, or ended", call=call.text)
            return End(0)
        self.begun = self.begun or not dry
        stops = call.operation == "StopInstances" and not dry
        self._stopped = self._stopped or stops
        outcome: Outcome = self.gateway.send(call, dry_run=dry)
        if stops and outcome.ok is False:
            self._stopped = False
        journal.outcome(
            number, self.now(), ok=outcome.ok, code=outcome.code, message=outcome.message,
            request_id=outcome.request_id,
        )  # fmt: skip
        if not dry:
            self.instance_lock.sent(call, outcome.ok)
        self.auditor.told(
            self._reread(), step.name, "ok" if outcome.ok else outcome.code or "unknown",
            call=call.text, request_id=outcome.request_id, dry_run=dry,
        )  # fmt: skip
        return 0.0

    def _pause(self, seconds: float) -> None:
        """Sleep, and keep the lease meanwhile; no longer than it is kept: the operation may be over, or another's.

        Who waits for days writes it no oftener than it must.
        """
        tick = TICK if seconds < SELDOM else SELDOM
        while seconds > 0:
            part = min(seconds, tick)
            self.sleep(part)
            seconds -= part
            if not self._lease():
                return
            self.instance_lock.keep()
            self.turns.keep()


def _stop_of(operation: Operation) -> CallRecord | None:
    """Its latest Stop."""
    calls = [call for row in operation.steps if row.name == "stop" for call in row.calls]
    return calls[-1] if calls else None


if __name__ == "__main__":
    # The process's other name: a console that was there before an upgrade starts it so.
    runpy.run_module("tui.operations.process", run_name="__main__")
