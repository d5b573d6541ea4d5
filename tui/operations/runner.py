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
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from tui.aws.observe import Observer
from tui.aws.sessions import Sessions
from tui.aws.writes import send
from tui.domain.actions import ACTIONS
from tui.domain.instance import InstanceState
from tui.domain.steps import STEPS, Decision, Done, Order, Preflight, Seen, Send, Step, Stuck, Wait
from tui.domain.text import clean
from tui.operations import audit
from tui.operations.journal import Journal, JournalError, default_path
from tui.operations.keeper import Keeper
from tui.operations.record import PATIENCE, Operation, OperationState
from tui.settings import ConfigError, Settings, decode

TICK = 1.0


def _now() -> datetime:
    return datetime.now(UTC)


class Runner:
    """Drives one operation while its lease is ours."""

    def __init__(
        self, journal: Journal, operation: Operation, settings: Settings, sleep: Callable[[float], None]
    ) -> None:
        self.journal, self.operation, self.settings, self.sleep = journal, operation, settings, sleep
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.order: Order = operation.kept.order
        self.keeper = Keeper(operation, settings, self.name, self._audit)
        self._sessions = Sessions(settings)
        self._connect()

    def _connect(self) -> None:
        profile, region = self.operation.profile, self.operation.region
        self._client = self._sessions.client(profile, "ec2", region, mutating=True)
        self._observer = Observer(self._sessions, profile, region)

    def _look(self, order: Order, step: Step) -> Seen:
        """What AWS shows now. If it shows nothing, the next look is with credentials read anew, as after a login elsewhere."""
        if step.name == "preflight":
            return Seen()
        seen = self._observer.look(order, images=step.name == "image")
        if seen.state is InstanceState.UNKNOWN:
            self._sessions.drop(self.operation.profile)
            try:
                self._connect()
            except (
                Exception
            ) as error:  # the files may be half-written; the old clients stay, and we come again
                sys.stderr.write(f"{self.operation.id}: {type(error).__name__}: {error}\n")
        return seen

    def run(self) -> int:
        """To the end, or to where a person is needed."""
        ident, journal = self.operation.id, self.journal
        if not journal.lease(ident, self.name, _now()):
            return 0
        asked = ACTIONS[self.operation.action].calls(self.order, self.operation.kept.options)
        try:
            for name in self.operation.kept.steps:
                step: Step = Preflight(asked) if name == "preflight" else STEPS[name]
                ended = self._step(step)
                if ended is not None:
                    return ended
                if name == "preflight" and not self._confirmed():
                    return 0
            note = self._noted(next((row.note for row in reversed(self._reread().steps) if row.note), ""))
            journal.set_state(ident, OperationState.SUCCEEDED, _now(), note)
            self._audit("end", "succeeded")
            return 0
        finally:
            self.keeper.end()
            journal.release(ident, self.name)

    def _reread(self) -> Operation:
        found = self.journal.get(self.operation.id)
        assert found is not None
        return found

    def _confirmed(self) -> bool:
        """Wait for the operator's yes."""
        while True:
            now, current = _now(), self._reread()
            if current.confirmed_at is not None and current.is_open:
                return self._go_on(current)
            if not current.is_open:
                return False
            if now - current.created_at > PATIENCE:
                self.journal.abandon(current.id, "not confirmed within 10 minutes", now)
                return False
            self.journal.lease(current.id, self.name, now)
            self.sleep(0.2)

    def _go_on(self, current: Operation) -> bool:
        """Write down that it is under way. What cannot be audited is not done: but what was begun is finished."""
        again = current.state is not OperationState.PLANNED
        try:
            self._audit(
                "resume" if again else "confirm", "resumed" if again else "confirmed", strict=not again
            )
        except OSError as error:
            why = f"the audit log can't be written ({error}): nothing was sent"
            self.journal.set_state(
                current.id, OperationState.FAILED, _now(), why, "free the disk, or mend its permissions"
            )
            return False
        if (refused := self.keeper.begin(down=current.may_be_down)) is not None:
            state = OperationState.NEEDS_ATTENTION if again else OperationState.FAILED
            self.journal.set_state(current.id, state, _now(), refused.why, refused.remedy)
            self._audit("lock", f"refused: {refused.why}")
            return False
        self.journal.set_state(current.id, OperationState.RUNNING, _now())
        return True

    def _down(self, seen: Seen) -> bool:
        """Whether the instance is down by this operation; while nobody can tell, as it was."""
        if seen.state is InstanceState.UNKNOWN:
            return self._reread().instance_down
        return seen.state is InstanceState.STOPPED and self.order.action in ("stop-start", "start")

    def _step(self, step: Step) -> int | None:
        """Ask one step until it is done; None to go on, else the exit code."""
        ident, journal = self.operation.id, self.journal
        if any(row.name == step.name and row.state == "done" for row in self._reread().steps):
            return None
        began = journal.begin_step(ident, step.name, _now())
        self.keeper.step = step.name
        if step.name == "preflight" and (refused := self.keeper.preflight()) is not None:
            return self._stuck(step, refused, down=False)
        while True:
            if not journal.lease(ident, self.name, _now()):
                return 0
            order = replace(self.order, stop_intent_at=self._stop_intent())
            seen = self._look(order, step)
            now = _now()  # looking may have taken long, and the lease may be another's by now
            if not journal.lease(ident, self.name, now):
                return 0
            down = self._down(seen)
            decision: Decision = step.decide(order, seen, journal.said(ident, step.name, began), now)
            decision = self._guarded(decision, down=down)
            if isinstance(decision, Done):
                if step.name == "preflight":
                    journal.permit(ident, "yes" if decision.note == "AWS says yes" else "unknown")
                journal.end_step(ident, step.name, "done", decision.note, _now())
                journal.say(ident, self._noted(decision.note), attention=False, down=down)
                return None
            if isinstance(decision, Stuck):
                return self._stuck(step, decision, down)
            if isinstance(decision, Wait):
                self.keeper.keep()
                journal.say(ident, self._noted(decision.reason), attention=decision.attention, down=down)
                self._pause(decision.seconds)
                continue
            if not self._send(step, decision):
                return 0

    def _guarded(self, decision: Decision, *, down: bool) -> Decision:
        """What another machine's lock leaves of it."""
        mutates = isinstance(decision, Send) and not decision.dry_run
        return self.keeper.guard(decision, down=down or (mutates and self._reread().may_be_down))

    def _noted(self, note: str) -> str:
        """The note, and whether this goes on without its lock."""
        return "; ".join(part for part in (note, self.keeper.trouble) if part)

    def _stuck(self, step: Step, decision: Stuck, down: bool) -> int:
        ident, journal = self.operation.id, self.journal
        if step.name == "preflight":
            journal.permit(ident, f"no: {decision.why}")
        journal.end_step(ident, step.name, "stuck", decision.why, _now())
        journal.say(ident, decision.why, attention=True, down=down)
        if step.name == "preflight":
            journal.set_state(ident, OperationState.FAILED, _now(), decision.why, decision.remedy)
        else:
            journal.set_state(ident, OperationState.NEEDS_ATTENTION, _now(), decision.why, decision.remedy)
        self._audit(step.name, f"stuck: {decision.why}")
        return 1

    def _stop_intent(self) -> datetime | None:
        calls = [call for row in self._reread().steps if row.name == "stop" for call in row.calls]
        return calls[-1].intent_at if calls else None

    def _send(self, step: Step, decision: Send) -> bool:
        """Intent, call, outcome; False if the operation is another runner's now, and nothing was sent."""
        call, journal = decision.call, self.journal
        number = journal.intent(
            self.operation.id, step.name, call.service, call.operation, _now(), dry_run=decision.dry_run,
            runner=self.name,
        )  # fmt: skip
        if number is None:
            return False
        outcome = send(self._client, call, dry_run=decision.dry_run)
        journal.outcome(
            number,
            _now(),
            ok=outcome.ok,
            code=outcome.code,
            message=outcome.message,
            request_id=outcome.request_id,
        )
        if not decision.dry_run:
            self.keeper.sent(call, outcome.ok)
        result = "ok" if outcome.ok else outcome.code or "unknown"
        self._audit(
            step.name, result, call=call.text, request_id=outcome.request_id, dry_run=decision.dry_run
        )
        return True

    def _audit(self, step: str, result: str, *, strict: bool = False, **more: object) -> None:
        """A line in the audit log. Once something was sent a full disk must not stop the start: it is said in the log."""
        one = self.operation
        fields = audit.about(
            operation=one.id, user=one.user, host=one.host, profile=one.profile, account=one.account_id,
            region=one.region, instance=one.instance_id, action=one.action,
        )  # fmt: skip
        try:
            audit.append(
                audit.path_beside(self.journal.path), _now(), **fields, step=step, result=result, **more
            )
        except OSError as error:
            if strict:
                raise
            sys.stderr.write(f"{one.id}: the audit log can't be written: {error}\n")

    def _pause(self, seconds: float) -> None:
        """Sleep, and keep the lease meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.sleep(min(left, TICK))
            if self.journal.lease(self.operation.id, self.name, _now()):
                self.keeper.keep()


def main(arguments: list[str] | None = None) -> int:
    """Read the settings, refuse or run."""
    parser = argparse.ArgumentParser(prog="python -P -m tui.operations.runner")
    parser.add_argument("--operation", required=True)
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        settings = decode(os.environ.pop("EVAC_SETTINGS", "{}"))
        journal = Journal(default_path(os.environ))
    except (ConfigError, JournalError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    operation = journal.get(args.operation)
    if operation is None:
        sys.stderr.write(f"no operation {args.operation} in {journal.path}: see `evac ops list`\n")
        return 2
    if settings.profile_read_only(operation.profile):
        why = f"read-only: no changes through profile {operation.profile}"
        journal.abandon(operation.id, why, _now())
        sys.stderr.write(f"{why}; see `evac config show`\n")
        return 4
    try:
        return Runner(journal, operation, settings, time.sleep).run()
    except JournalError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Exception as error:
        return _broken(journal, operation, error)


def _broken(journal: Journal, operation: Operation, error: Exception) -> int:
    """What nobody foresaw (a profile that is gone, a fault of ours): a person must know, and no loop of restarts follows."""
    sys.stderr.write(f"{operation.id}\n{traceback.format_exc()}")
    why = clean(f"the runner ended: {type(error).__name__}: {error}")
    current = journal.get(operation.id) or operation
    confirmed = current.confirmed_at is not None
    state = OperationState.NEEDS_ATTENTION if confirmed else OperationState.FAILED
    journal.set_state(
        operation.id, state, _now(), why, f"see {journal.path.with_name('runner.log')}, then resume"
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
