"""The runner's loop: observe, decide, journal, send, journal. `tui.operations.process` is the process around it.

It has its own session, so a lost terminal does not reach it; killed anywhere, the next runner asks the same questions."""

from __future__ import annotations

import runpy
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.domain.actions import ACTIONS, BACK
from tui.domain.answers import Permission, RefusedBy
from tui.domain.instance import InstanceState
from tui.domain.steps import STEPS
from tui.domain.steps.await_stop import followed
from tui.domain.steps.base import Decision, Done, Moot, Seen, Send, Step, Stuck, Wait
from tui.domain.steps.power import Preflight
from tui.operations.admission import Admission
from tui.operations.aws_gateway import Outcome
from tui.operations.journal import JournalError
from tui.operations.leased_operation import End
from tui.operations.model import DARK_PATIENCE, OVER, CallRecord, Operation, OperationState, StepState, ending

__all__ = ["End", "Runner"]


class Runner(Admission):
    """Drives one operation to its end, or to where a person is needed."""

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

    def _end(self, current: Operation) -> End:
        """Through: succeeded, or given up and taken back as far as it had gone."""
        state, note = ending(current)
        self.journal.set_state(current.id, state, self.now(), self._with_lock_note(note))
        self.auditor.told(current, "end", state.value)
        return End(0 if state is OperationState.SUCCEEDED else 1)

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
            return self._waits(decision, down=down)
        if isinstance(decision, Wait):
            why = f"nothing was sent within {int(DARK_PATIENCE.total_seconds() // 60)} minutes: {decision.reason}"
            return self._stuck(step, Stuck(why, decision.remedy or "order it again", final=True), down)
        if self.keeper is not None and self.keeper.due(decision, self.now()):
            self.keeper.keep(current, decision.call, self.now())
            return 0.0  # and look again: what was seen before must not have become old meanwhile
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
            self._remark_on_output()
        self.auditor.told(
            self._reread(), step.name, "ok" if outcome.ok else outcome.code or "unknown",
            call=call.text, request_id=outcome.request_id, dry_run=dry,
        )  # fmt: skip
        return 0.0

    def _remark_on_output(self) -> None:
        """Why no console output was kept before the call: after it, so that it waited for no more than the keeper."""
        if self.keeper is not None and self.keeper.remark:
            with suppress(JournalError):
                self.journal.add_remark(self.operation.id, self.keeper.remark, too=True)
            self.keeper.remark = ""


def _stop_of(operation: Operation) -> CallRecord | None:
    """Its latest Stop."""
    calls = [call for row in operation.steps if row.name == "stop" for call in row.calls]
    return calls[-1] if calls else None


if __name__ == "__main__":
    # The process's other name: a console that was there before an upgrade starts it so.
    runpy.run_module("tui.operations.process", run_name="__main__")
