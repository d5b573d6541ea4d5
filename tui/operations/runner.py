"""The hands' process: observe, decide, journal, send, journal. `python -P -m tui.operations.runner --operation ID`.

It has its own session, so a lost terminal does not reach it; killed anywhere, the next runner asks the same questions.
Exit codes: 0 the operation ended or is another runner's, 1 it failed or needs a person, 2 it can't be run, 4 read-only.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tui.config import from_environment
from tui.domain.actions import ACTIONS
from tui.domain.instance import InstanceState
from tui.domain.steps import (
    BACK,
    STEPS,
    Decision,
    Done,
    Members,
    Order,
    Preflight,
    Seen,
    Send,
    Step,
    Stuck,
    Wait,
)
from tui.operations import rehearsal
from tui.operations.auditor import Auditor
from tui.operations.gateway import AwsGateway, Gateway, Outcome
from tui.operations.journal import Journal, JournalError, default_path
from tui.operations.keeper import Keeper
from tui.operations.record import OVER, PATIENCE, Operation, OperationState, ending
from tui.operations.turns import Turns
from tui.operations.unforeseen import broken, to_the_end
from tui.settings import ConfigError, Settings, keep, start_retry_for

TICK = 1.0
"""Seconds between two renewals of the lease, at most."""


def _now() -> datetime:
    return datetime.now(UTC)


class End(Struct, frozen=True):
    """The runner is through; its exit code."""

    code: int


class Runner:
    """Drives one operation while its lease is ours. `now` answers in UTC."""

    def __init__(
        self,
        journal: Journal,
        operation: Operation,
        settings: Settings,
        gateway: Gateway,
        *,
        now: Callable[[], datetime] = _now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.journal, self.operation, self.gateway = journal, operation, gateway
        self.now, self.sleep = now, sleep
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.order: Order = replace(
            operation.kept.order,
            start_retry_for=start_retry_for(settings),
            reboot_settle=timedelta(seconds=settings.actions.reboot_settle),
            keep=keep(settings),
            lifted="last-healthy" in operation.kept.options.overrides,
        )
        self.auditor = Auditor(journal, operation.id, now)
        self.keeper = Keeper(
            operation, settings, self.name, lambda step, said: self.auditor.told(self._reread(), step, said)
        )
        self.turns = Turns(
            operation, settings, journal, self.name, lambda step, said: self.auditor.told(self._reread(), step, said)
        )  # fmt: skip
        self._asked = ACTIONS[operation.action].calls(self.order, operation.kept.options)
        self._under_way = False
        self.begun = bool(operation.sent)

    def run(self) -> int:
        """To the end, or to where a person is needed."""
        try:
            while not isinstance(turn := self.turn(), End):
                self._pause(turn)
            return turn.code
        finally:
            self.journal.release(self.operation.id, self.name)

    def turn(self) -> float | End:
        """One look and one decision: how many seconds until the next, or the end."""
        if not self.journal.lease(self.operation.id, self.name, self.now()):
            return End(0)
        current = self._reread()
        name = next((row.name for row in current.steps if row.state not in OVER), None)
        if name != "preflight" and not self._under_way:
            return self._confirmed(current)
        if name is None:
            return self._end(current)
        if name == "preflight" and (refused := self._introduce(current)) is not None:
            return refused
        if name != "preflight" and (turn := self._in_turn(current)) is not None:
            return turn
        return self._ask(Preflight(self._asked) if name == "preflight" else STEPS[name], current)

    def _reread(self) -> Operation:
        found = self.journal.get(self.operation.id)
        assert found is not None
        return found

    def _end(self, current: Operation) -> End:
        """Through: succeeded, or given up and taken back as far as it had gone."""
        state, note = ending(current)
        self.journal.set_state(current.id, state, self.now(), self._noted(note))
        self.auditor.told(current, "end", state.value)
        return End(0 if state is OperationState.SUCCEEDED else 1)

    def _confirmed(self, current: Operation) -> float | End:
        """Wait for the operator's yes, then write down that it is under way."""
        if current.confirmed_at is not None:
            return self._go_on(current)
        if self.now() - current.created_at > PATIENCE:
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
        refused = self.keeper.begin(down=current.must_go_on)
        if isinstance(refused, Stuck):
            return self._locked(current, refused)
        if isinstance(refused, Wait):
            self.journal.say(current.id, refused.reason, attention=False, down=False, remedy=refused.remedy)
            return refused.seconds
        turn = self._in_turn(current)
        if isinstance(turn, End):
            return turn
        self.journal.set_state(current.id, OperationState.RUNNING, self.now(), self.turns.waiting)
        self._under_way = True
        return turn or 0.0

    def _in_turn(self, current: Operation) -> float | End | None:
        """Hold the groups a member of which goes down: None once they are held; else how long until that is asked again."""
        if not self.turns.due or current.taken_back:
            return None
        seen = self.gateway.look(self.order, Members())
        now = self.now()
        if not self.journal.lease(current.id, self.name, now):
            return End(0)
        found = self.turns.take(seen, now, down=current.went_down or bool(current.owes))
        if isinstance(found, Stuck):
            return self._locked(current, found)
        if found is None:
            return None
        self.journal.say(
            current.id, self._noted(found.reason), attention=found.attention, down=False, remedy=found.remedy
        )
        return found.seconds

    def _locked(self, current: Operation, refused: Stuck) -> End:
        """Somebody else is at the instance, or nobody knows: nothing is begun, nor gone on with."""
        state = OperationState.NEEDS_ATTENTION if current.sent else OperationState.FAILED
        self.journal.set_state(current.id, state, self.now(), refused.why, refused.remedy)
        self.auditor.told(current, "lock", f"refused: {refused.why}")
        return End(1)

    def _noted(self, note: str) -> str:
        """The note, and whether this goes on without its lock."""
        return "; ".join(part for part in (note, self.keeper.trouble) if part)

    def _unaudited(self, current: Operation, error: OSError) -> End:
        """Nothing was sent that must be undone, and nothing more is."""
        state = OperationState.NEEDS_ATTENTION if current.sent else OperationState.FAILED
        more = " more" * bool(current.sent)
        why = f"the audit log can't be written ({error}): nothing{more} was sent"
        remedy = "free the disk, or mend its permissions" + ("; then resume" if current.sent else "")
        self.journal.set_state(current.id, state, self.now(), why, remedy)
        return End(1)

    def _down(self, seen: Seen) -> bool:
        """Whether the instance is down by this operation; while nobody can tell, as it was."""
        if seen.state is InstanceState.UNKNOWN:
            return self._reread().instance_down
        return seen.state is InstanceState.STOPPED and self.order.action in ("stop-start", "start")

    def _ask(self, step: Step, current: Operation) -> float | End:
        """Look, ask the step, and do what it says."""
        ident, journal = current.id, self.journal
        began = self._begin(step, current)
        self.keeper.step = step.name
        if step.name == "preflight" and (refused := self.keeper.preflight()) is not None:
            return self._stuck(step, refused, down=False)
        order = replace(self.order, stop_intent_at=_stop_intent(current), out=bool(current.owes))
        said = journal.said(ident, step.name, began)
        sent = (
            said.latest is not None and said.latest.ok is not False
        )  # whom else it would leave is asked before
        seen = self.gateway.look(replace(order, groups=()) if sent else order, step)
        now = self.now()  # looking may have taken long, and the lease may be another's by now
        if not journal.lease(ident, self.name, now):
            return End(0)
        decision: Decision = step.decide(order, seen, said, now)
        down = self._down(seen)
        decision = self.keeper.guard(
            decision, down=down or current.may_be_down or step.name in current.returns
        )
        decision = self.turns.guard(decision, seen, now)
        if isinstance(decision, Done):
            if step.name == "wait-healthy":
                self.turns.over()
            if step.name == "preflight":
                journal.permit(ident, "yes" if decision.note == "AWS says yes" else "unknown")
            journal.end_step(ident, step.name, "done", decision.note, now)
            journal.say(ident, self._noted(decision.note), attention=False, down=down)
            return 0.0
        if isinstance(decision, Stuck):
            if self._takes_back(step, decision, seen):
                return 0.0
            return self._stuck(step, decision, down)
        if isinstance(decision, Wait):
            journal.say(
                ident,
                self._noted(decision.reason),
                attention=decision.attention,
                down=down,
                remedy=decision.remedy,
            )
            return decision.seconds
        return self._send(step, decision)

    def _begin(self, step: Step, current: Operation) -> datetime:
        row = next(row for row in current.steps if row.name == step.name)
        if row.state == "running" and row.began_at is not None:
            return row.began_at
        return self.journal.begin_step(current.id, step.name, self.now())

    def _introduce(self, current: Operation) -> End | None:
        """Once: whom AWS sees in the credentials. Another account than the one planned for is the end."""
        if current.caller:
            return None
        account, arn = self.gateway.caller()
        self.journal.called_by(current.id, arn or "unknown")
        if not account or not current.account_id or account == current.account_id:
            return None
        why = f"profile {current.profile} is now of account {account}, not {current.account_id}: nothing was sent"
        self.journal.set_state(
            current.id, OperationState.FAILED, self.now(), why, "look again, and plan anew"
        )
        return End(1)

    def _takes_back(self, step: Step, decision: Stuck, seen: Seen) -> bool:
        """Out of service, and refused before it went down: it is returned to service, and the operation has failed."""
        current = self._reread()
        running = seen.state is InstanceState.RUNNING
        if decision.final or not running or current.went_down or step.name in current.returns:
            return False
        if not self.journal.take_back(current.id, decision.why, self.now()):
            return False
        self.auditor.told(current, step.name, f"stuck, so taken back: {decision.why}")
        return True

    def _stuck(self, step: Step, decision: Stuck, down: bool) -> End:
        ident, journal = self.operation.id, self.journal
        if step.name == "preflight":
            journal.permit(ident, f"no: {decision.why}")
        journal.end_step(ident, step.name, "stuck", decision.why, self.now())
        journal.say(ident, decision.why, attention=True, down=down)
        ended = step.name == "preflight" or decision.final
        state = OperationState.FAILED if ended else OperationState.NEEDS_ATTENTION
        remedy = decision.remedy
        if not ended and self._reread().owes and step.name not in BACK.values():
            remedy += "; it is out of service until then, and abandoning the operation returns it"
        journal.set_state(ident, state, self.now(), decision.why, remedy)
        self.auditor.told(self._reread(), step.name, f"stuck: {decision.why}")
        return End(1)

    def _send(self, step: Step, decision: Send) -> float | End:
        """What is about to be done, the intent, the call, the outcome. Not sent if the operation is another runner's now."""
        call, journal = decision.call, self.journal
        current, dry = self._reread(), decision.dry_run
        try:
            self.auditor.write(current, step.name, "about to send", call=call.text, dry_run=dry)
        except OSError as error:
            return self._unaudited(current, error)
        number = journal.intent(
            current.id, step.name, call.service, call.operation, self.now(), dry_run=dry, runner=self.name
        )
        if number is None:
            if self._reread().taken_back:
                return 0.0  # the step was taken out of the plan at this moment
            self.auditor.told(current, step.name, "not sent: another runner's, or ended", call=call.text)
            return End(0)
        self.begun = self.begun or not dry
        outcome: Outcome = self.gateway.send(call, dry_run=dry)
        journal.outcome(
            number, self.now(), ok=outcome.ok, code=outcome.code, message=outcome.message,
            request_id=outcome.request_id,
        )  # fmt: skip
        if not dry:
            self.keeper.sent(call, outcome.ok)
        self.auditor.told(
            self._reread(), step.name, "ok" if outcome.ok else outcome.code or "unknown",
            call=call.text, request_id=outcome.request_id, dry_run=dry,
        )  # fmt: skip
        return 0.0

    def _pause(self, seconds: float) -> None:
        """Sleep, and keep the lease meanwhile."""
        while seconds > 0:
            part = min(seconds, TICK)
            self.sleep(part)
            seconds -= part
            if self.journal.lease(self.operation.id, self.name, self.now()):
                self.keeper.keep()
                self.turns.keep()


def _stop_intent(operation: Operation) -> datetime | None:
    calls = [call for row in operation.steps if row.name == "stop" for call in row.calls]
    return calls[-1].intent_at if calls else None


def main(arguments: list[str] | None = None) -> int:
    """Read the settings, refuse or run."""
    parser = argparse.ArgumentParser(prog="python -P -m tui.operations.runner")
    parser.add_argument("--operation", required=True)
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        settings = from_environment(os.environ)
        os.environ.pop("EVAC_SETTINGS", None)
        journal = Journal(default_path(os.environ))
    except (ConfigError, JournalError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    rehearsal.ends_with_it(os.environ, journal.path)
    operation = journal.get(args.operation)
    if operation is None:
        sys.stderr.write(f"no operation {args.operation} in {journal.path}: see `evac ops list`\n")
        return 2
    if why := settings.why_refused(operation.profile, operation.action, operation.kept.codes):
        return _refused(journal, operation, why)
    try:
        runner = Runner(journal, operation, settings, AwsGateway(settings, operation))
        try:
            return to_the_end(runner)
        finally:
            runner.keeper.end()
            runner.turns.end()
    except JournalError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Exception as error:
        return broken(journal, operation, error, _now())


def _refused(journal: Journal, operation: Operation, why: str) -> int:
    """The settings, or the policy of today, forbid it. What was begun is not called off: somebody who may must finish it."""
    sys.stderr.write(f"{why}; see `evac config show`\n")
    if any(call.ok is not False and not call.dry_run for step in operation.steps for call in step.calls):
        remedy = "resume it where changes are allowed"
        journal.set_state(operation.id, OperationState.NEEDS_ATTENTION, _now(), why, remedy)
    else:
        journal.abandon(operation.id, why, _now())
    return 4


if __name__ == "__main__":
    sys.exit(main())
