"""What the journal says of instances now: operations that are not finished, and what a person said is meant to be down.

Cheap to ask at every tick: it is read again only when somebody, here or in another process, has written the journal.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from tui.domain.actions import ACTIONS
from tui.domain.activity import NO_ACTIVITY, Own, Work
from tui.domain.sanitize import clean

if TYPE_CHECKING:  # the first frame is drawn before the journal is opened
    from tui.config.schema import Settings
    from tui.domain.campaign.model import Campaign
    from tui.operations.journal import Journal
    from tui.operations.model import Operation
    from tui.operations.redis_lock import Refused


def work_of(operation: Operation) -> Work:
    """What the screens show of an unfinished operation."""
    from tui.operations.model import OperationState

    return Work(
        id=operation.id,
        action=operation.action,
        state=operation.state.value,
        step=operation.step,
        user=clean(operation.user),
        host=clean(operation.host),
        since=operation.confirmed_at or operation.created_at,
        instance_down=operation.may_be_down,
        attention=operation.attention or operation.state is OperationState.NEEDS_ATTENTION,
        waiting=operation.waiting,
        here=operation.host == socket.gethostname(),
    )


def _matters(action: str) -> int:
    """How much it matters to the instance's state: what powers it first, what touches its event alone last."""
    one = ACTIONS.get(action)
    if one is None or not one.exclusive:
        return 3
    return 2 if not one.powers else int(one.awaits_stop)


def works_of(operations: Iterable[Operation], elsewhere: Iterable[tuple[str, Work]] = ()) -> dict[str, Work]:
    """Unfinished operations by the instance's key (`region/id`); of several at one instance, the one that drives its state."""
    found = [(f"{one.region}/{one.instance_id}", work_of(one)) for one in operations]
    known = {work.id for _, work in found}
    found += [(key, work) for key, work in elsewhere if work.id not in known]
    found.sort(key=lambda pair: (not pair[1].attention, _matters(pair[1].action), pair[1].since))
    works: dict[str, Work] = {}
    for key, work in found:
        works.setdefault(key, work)
    return works


def works_elsewhere(locks: Iterable[tuple[str, Refused]]) -> list[tuple[str, Work]]:
    """Operations known only by their lock (named `account:region:instance`), by the instance's key (`region/id`)."""
    found = []
    for name, held in locks:
        _, _, rest = name.partition(":")
        region, _, instance = rest.partition(":")
        by = held.by
        if by is None or not instance.startswith("i-"):
            continue
        work = Work(
            by.operation, clean(by.action), "running", clean(by.step), clean(by.user), clean(by.host), by.since,
            here=by.host == socket.gethostname(),
        )  # fmt: skip
        found.append((f"{region}/{instance}", work))
    return found


class Elsewhere:
    """Asks the lock service what operations of other machines hold. `look` blocks: call it in a thread."""

    def __init__(self, settings: Settings) -> None:
        from tui.operations.redis_lock import LockService

        self._service = LockService.of(settings)

    def look(self) -> Sequence[tuple[str, Work]]:
        """Empty while the service does not answer: whether those operations still run is then unknown."""
        from tui.operations.redis_lock import Away

        every = self._service.every()
        return () if isinstance(every, Away) else works_elsewhere((str(name), held) for name, held in every)


class Watch:
    """What one console knows of operations. `elsewhere`: those of other machines; the app sets it from the lock service."""

    def __init__(self) -> None:
        self.elsewhere: Sequence[tuple[str, Work]] = ()
        self._own = NO_ACTIVITY
        self._seen: tuple[object, ...] = ()
        self._campaigns: Sequence[Campaign] = ()
        self._campaigns_seen: tuple[object, ...] = ()

    def campaigns(self, journal: Journal | None) -> Sequence[Campaign]:
        """Those that were confirmed and are not over. The same object while nobody wrote the journal or it can't be read."""
        if journal is None:
            return self._campaigns
        from tui.operations.campaign_journal import CampaignJournal
        from tui.operations.database import JournalError

        with suppress(JournalError):
            seen = (journal, journal.revision())
            if seen != self._campaigns_seen:
                self._campaigns = CampaignJournal(journal).unfinished()
                self._campaigns_seen = seen
        return self._campaigns

    def look(self, journal: Journal | None) -> Own:
        """Read the journal again if it was written since. The same object while nothing changed or it can't be read."""
        if journal is None:
            return self._own
        from tui.operations.database import JournalError

        try:
            seen = (journal, journal.revision(), self.elsewhere)
            if seen == self._seen:
                return self._own
            works = works_of(journal.unfinished(), self.elsewhere)
            own = Own(works, journal.intended_down(), journal.ended())
        except JournalError:
            return self._own
        self._seen = seen
        if own != self._own:
            self._own = own
        return self._own
