"""One operation as one runner has it: its lease, its journal, its locks, and the pause between two looks."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from tui.config.schema import Settings, keep
from tui.domain.answers import RefusedBy
from tui.domain.steps import calls_of
from tui.domain.steps.base import Order, Wait
from tui.operations.aws_gateway import Gateway
from tui.operations.group_turn import GroupTurn
from tui.operations.instance_lock import InstanceLockGuard
from tui.operations.journal import Journal, JournalError
from tui.operations.journal_lost import put_back
from tui.operations.model import Operation, OperationState
from tui.operations.output_keeper import OutputKeeper
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


class LeasedOperation:
    """One operation while its lease is ours.

    `now` answers in UTC and does not leap (how long ago was that?); `wall` is the machine's clock, which others read too.
    `leased`: the lease that was committed last is ours. `last`: the operation as it was read last. `begun`: something was
    sent that changes something, or must be finished without a person.
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
        keeper: OutputKeeper | None = None,
    ) -> None:
        self.journal, self.operation, self.gateway = journal, operation, gateway
        self.now, self.wall, self.sleep = now, wall or now, sleep
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.order: Order = replace(
            operation.kept.order,
            start_retry_for=settings.actions.start_retry_for,
            reboot_settle=settings.actions.reboot_settle,
            keep=keep(settings),
            lifted="last-healthy" in operation.kept.options.overrides,
        )
        self.ownself, self.keeper = ownself or Ownself(), keeper
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

    @property
    def stopped_it(self) -> bool:
        """Whether the intent of its own Stop is committed, and AWS did not refuse it."""
        return self._stopped or "StopInstances" in self.last.sent

    @property
    def took_over(self) -> bool:
        """Whether another runner, which is dead, stopped the instance."""
        return self.stopped_it and not self._stopped

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

    def in_need(self, error: JournalError) -> None:
        """While the journal can't be written: the one call that does not wait for it."""
        for lock in (self.instance_lock, self.turns):
            with suppress(Exception):
                lock.keep()
        self._unjournaled.start(error)

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

    def _with_lock_note(self, note: str) -> str:
        """The note, and whether this goes on without its lock."""
        return "; ".join(part for part in (note, self.instance_lock.trouble) if part)

    def _waits(self, wait: Wait, *, down: bool) -> float:
        """Write down what is waited for; answers the seconds until it is asked again."""
        note = self._with_lock_note(wait.reason)
        self.journal.set_progress(
            self.operation.id, note, attention=wait.attention, down=down, remedy=wait.remedy, kind=wait.kind
        )
        return wait.seconds

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
