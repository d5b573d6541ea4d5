"""The instance lock of one operation: when it is taken, what may be sent without it, when it is released.

Nothing begins unless the lock is held. An operation that has its instance down goes on towards running even if the lock is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from tui.config.schema import Settings
from tui.domain.actions import ACTIONS
from tui.domain.answers import RefusedBy
from tui.domain.steps.base import Call, Decision, Send, Stuck, Wait
from tui.operations.identity import address_of_client
from tui.operations.model import Operation
from tui.operations.redis_lock import Away, Held, Holder, Lock, LockService, Refused, Young

RESTORING = frozenset({"StartInstances", "ExitStandby", "ResumeProcesses", "RegisterTargets"})
"""Calls in the safe direction: one that was begun sends them without its lock too."""
_REST = 10.0
"""Seconds after which a lock service that did not answer is asked again; an operation does not wait for it in between."""


class InstanceLockGuard:
    """Keeps the lock of one operation for its runner. `trouble`: what the operator should know of it now; else empty."""

    def __init__(
        self, operation: Operation, settings: Settings, runner: str, say: Callable[[str, str], None]
    ) -> None:
        self._operation, self._settings, self._say = operation, settings, say
        service = LockService.of(settings)
        self._lock: Lock | None = None
        if service.asked_for and ACTIONS[operation.action].exclusive:
            account = operation.account_id or "unknown"
            mine = Holder(
                operation.id, operation.action, "", operation.user[:256], operation.host[:256],
                address_of_client(operation.ssh_client), runner,
                operation.confirmed_at or datetime.now(UTC),
            )  # fmt: skip
            self._lock = service.lock(account, operation.region, operation.instance_id, mine)
        self._held, self._lost = False, False
        self._last: Held | Refused | Away | None = None
        self._next = 0.0
        self.step, self.trouble = "", ""

    # before the question

    def preflight(self) -> Stuck | None:
        """Who has the lock, asked before the dry run and without taking it: an open question locks nothing."""
        if self._lock is None or ACTIONS[self._operation.action].awaits_stop:
            return None
        found = self._lock.holder()
        if isinstance(found, Refused):
            return self._theirs(found)
        return self._refusal(found) if found is not None else None

    # after the yes

    def begin(self, *, down: bool) -> Stuck | Wait | None:
        """Take the lock; the answer is why nothing may begin. None: go on, as also where this operation has the instance down.

        A lock service that restarted empty is waited for.
        """
        if self._lock is None or (self._operation.waiting and not down):
            return None  # what only waits for AWS holds nobody up: the lock is taken before its start is sent
        got = self._ask()
        if isinstance(got, Held) or down:
            return None
        if isinstance(got, Young) and self._refusal(got) is not None:
            self._next = 0.0
            return Wait(str(got.why), min(2.0, got.left.total_seconds() + 0.1), remedy="it goes on by itself")
        return self._theirs(got) if isinstance(got, Refused) else self._refusal(got)

    def guard(self, decision: Decision, *, down: bool) -> Decision:
        """The step's decision, or a wait or a stop where it would change something while the lock is not held."""
        if self._lock is None or not isinstance(decision, Send) or decision.dry_run:
            return decision
        got = self._ask(now=not down)
        if isinstance(got, Held) or down or decision.call.operation in RESTORING:
            return decision
        if isinstance(got, Refused):
            remedy = "see what they did to the instance, then press r on this operation to resume"
            why = f"the lock of this operation was lost: {self._line(got)}"
            return Stuck(why, remedy, refused_by=RefusedBy.LOCK)
        if self._settings.lock.unreachable == "proceed":
            return decision
        remedy = (
            "bring the lock service back (evac ops locks tells whether it answers), or abandon this operation"
        )
        return Wait("nothing is sent until the lock service answers", 2.0, attention=True, remedy=remedy)

    def sent(self, call: Call, ok: bool | None) -> None:
        """Release early for an AMI: once AWS has accepted CreateImage, nothing more is sent."""
        if ok and call.operation == ACTIONS[self._operation.action].released_by:
            self.end()

    def keep(self) -> None:
        """Renew the lock when it is due."""
        if self._lock is not None and self._last is not None:
            self._ask(now=False)

    def end(self) -> None:
        """Release the lock."""
        if self._lock is not None and self._held and not self._lost:
            self._lock.release()
        self._lock = None

    def _ask(self, *, now: bool = True) -> Held | Refused | Away:
        """Take or renew the lock, or repeat the last answer until that is due (`now`: at once). A lost lock stays lost."""
        assert self._lock is not None
        if self._last is not None and (self._lost or (not now and time.monotonic() < self._next)):
            return self._last
        got = self._lock.renew(self.step) if self._held else self._lock.take(self.step)
        if isinstance(got, Held):
            self._held = True
        self._lost = isinstance(got, Refused)
        pause = _REST if isinstance(got, Away) else self._settings.lock.ttl / 4
        self._next = time.monotonic() + pause
        self._tell(got)
        return got

    def _tell(self, got: Held | Refused | Away) -> None:
        """Write trouble with the lock to the audit log when it changes, and to the operation's note while it lasts."""
        changed = type(got) is not type(self._last)
        self._last = got
        if isinstance(got, Held):
            self.trouble = ""
        else:
            why = self._line(got) if isinstance(got, Refused) else got.why
            self.trouble = f"without its lock: {why}"
        if changed:
            self._say("lock", f"held, number {got.token}" if isinstance(got, Held) else self.trouble)

    def _line(self, found: Refused) -> str:
        if found.by is None and found.left is not None and not found.left:
            return "it ended, and somebody had it since"
        return found.line(self._settings.zone(), datetime.now(UTC))

    def _theirs(self, found: Refused) -> Stuck:
        return Stuck(
            self._line(found), "ask them, or wait for its end: evac ops locks", refused_by=RefusedBy.LOCK
        )

    def _refusal(self, away: Away) -> Stuck | None:
        """Why nothing begins while the lock service can't be asked. A plain start is safe, and is not refused for that."""
        action = ACTIONS[self._operation.action]
        if (action.only_starts and not action.awaits_stop) or self._settings.lock.unreachable == "proceed":
            return None
        return Stuck(str(away.why), away.remedy, refused_by=RefusedBy.LOCK)
