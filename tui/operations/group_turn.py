"""An operation's turn in the groups it takes a member of down: waited for, held, and given back.

From the confirmation until its member is healthy again an operation holds its groups, all of them or none, in the journal and,
where there is one, in the lock service that other machines ask too. Nothing that brings an instance back ever waits for this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from tui.config.schema import Settings, keep
from tui.domain.answers import NoteKind, RefusedBy
from tui.domain.groups import Asked, Hold, HoldState, Short, group_key
from tui.domain.steps.base import Decision, Seen, Send, Stuck, Wait
from tui.operations.journal import Journal, JournalError
from tui.operations.model import Operation
from tui.operations.redis_holds import SharedHolds, every
from tui.operations.redis_lock import Away, LockService

ASK_EVERY = 2.0
"""Seconds between two questions whether it is its turn."""
LONG = timedelta(minutes=10)
"""After so long a person is told that something waits."""
TAKING = frozenset({"EnterStandby", "DeregisterTargets", "StopInstances", "RebootInstances", "CreateImage"})
"""Calls that take a member down, or out of service."""
_LET_BE = "it goes on by itself; abandoning it works at once, nothing is down by it"


def known(journal: Journal, settings: Settings, account: str, region: str, now: datetime) -> tuple[Hold, ...]:
    """Which members other operations hold down now, by this journal and the lock service. Raises JournalError.

    A lock service that does not answer is reported before anything is sent, not here.
    """
    found = {(one.operation, one.place): one for one in journal.holds(now)}
    service = LockService.of(settings)
    if service.asked_for and not isinstance(theirs := every(service, account, region), Away):
        found = {(one.operation, one.place): one for one in theirs} | found
    return tuple(found.values())


class GroupTurn:
    """The group holds of one operation, kept by its runner. `waiting`: what it waits for, in words; else empty."""

    def __init__(
        self, operation: Operation, settings: Settings, journal: Journal, runner: str, say: Callable[[str, str], None],
        wall: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._operation, self._journal, self._say, self._settings = operation, journal, say, settings
        self._wall = wall  # leases of others are told by the machine's clock
        self._keep = keep(settings)
        self._lifted = "last-healthy" in operation.kept.options.overrides
        self._groups = operation.kept.order.groups
        service = LockService.of(settings)
        self._shared: SharedHolds | None = None
        if self._groups and service.asked_for:
            self._shared = SharedHolds(
                service, operation.account_id or "unknown", operation.region, operation, runner
            )
        self._held = not self._groups
        self._over = not self._groups
        self._began: datetime | None = None
        self.waiting = ""

    @property
    def due(self) -> bool:
        """Whether its groups have yet to be held."""
        return not self._held and not self._over

    def take(self, seen: Seen, now: datetime, *, down: bool) -> Wait | Stuck | None:
        """Hold all groups; the answer is what stands in the way, or None. `down`: it is down already, so nothing waits."""
        asked, force = self._asked(seen), down or self._lifted
        queue = self._operation.kept.options.if_held == "wait"
        why = self._journal.claim(self._operation, asked, self._keep, self._wall(), force=force, queue=queue)
        if not why and self._shared is not None:
            found = self._shared.claim(asked, self._keep, force=force)
            if isinstance(found, Away):
                if not force and self._settings.lock.unreachable == "refuse":
                    self._journal.back(self._operation.id, HoldState.WAITING)
                    return Wait(
                        "nothing is sent until the lock service answers", ASK_EVERY, attention=True, remedy=found.remedy
                    )  # fmt: skip
            elif found:
                why = found
                self._journal.back(self._operation.id, HoldState.WAITING)
        if not why:
            self._tell("")
            self._held = True
            return None
        held = next((one for one in why if one.by), None)
        if held is not None and not queue:
            self.end()
            why_not, remedy = (
                f"refused: held by {held.by[0].line}",
                "try again when that is over, or let it wait",
            )
            return Stuck(why_not, remedy, refused_by=RefusedBy.GROUP)
        return self._wait(held or why[0], now)

    def guard(self, decision: Decision, seen: Seen, now: datetime) -> Decision:
        """The step's decision, or a wait where it would take the member down while others of the group are going down."""
        if not isinstance(decision, Send) or decision.dry_run or self._over:
            return decision
        call = decision.call
        if call.operation not in TAKING or call.params.get("NoReboot"):
            return decision
        asked = self._asked(seen)
        why = self._journal.go(self._operation, asked, self._keep, self._wall(), force=self._lifted)
        if not why and self._shared is not None:
            found = self._shared.go(asked, self._keep, force=self._lifted)
            if found and not isinstance(found, Away):
                why = found
                self._journal.back(self._operation.id, HoldState.HELD)
        return self._wait(why[0], now) if why else decision

    def over(self) -> None:
        """Release the holds: the member is in service again."""
        if not self._over:
            self._over = True
            self._journal.free(self._operation.id)
            if self._shared is not None:
                self._shared.free()

    def keep(self) -> None:
        """Renew the holds in the lock service, which expire."""
        if self._shared is not None and not self._over:
            self._shared.keep()

    def end(self) -> None:
        """Release the lock service's holds as the runner ends, or they expire. The journal's end with the operation."""
        with suppress(JournalError):
            found = self._journal.get(self._operation.id)
            if found is not None and not found.is_open:
                self._journal.free(self._operation.id)
            if (found is None or not found.must_finish) and self._shared is not None:
                self._shared.free()

    def _asked(self, seen: Seen) -> Sequence[Asked]:
        one = self._operation
        return [
            Asked(group_key(one.account_id, one.region, group), group, seen.group(group))
            for group in self._groups
        ]

    def _wait(self, why: Short, now: datetime) -> Wait:
        self._began = self._began or now
        self._tell(str(why.line))
        long = now - self._began > LONG
        return Wait(str(why.line), ASK_EVERY, attention=long, remedy=_LET_BE, kind=NoteKind.WAITS)

    def _tell(self, line: str) -> None:
        """Write to the audit log when what it waits for changes."""
        if line != self.waiting:
            self._say("turn", line or "its turn")
        if not line:
            self._began = None
        self.waiting = line
