"""Operations and campaigns that go no further by themselves: read, never taken up. For whoever may only look."""

from __future__ import annotations

from datetime import datetime, timedelta

from tui.domain.incidents import OperationInNeed
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.journal import LEASE, Journal
from tui.operations.model import Operation
from tui.operations.status import conductor_of, needs_conductor, status_of

LOOKED_AFTER_WITHIN = timedelta(seconds=30)
"""A console that is open takes up what was cut off within seconds: nobody is called for that."""


def operations_in_need(journal: Journal, now: datetime) -> tuple[OperationInNeed, ...]:
    """Those that were cut off or ask for somebody, the oldest first; without a journal's file none. Raises JournalError."""
    if not journal.path.exists():
        return ()
    found = []
    for one in journal.unfinished():
        stands = status_of(one, now)
        if stands.needs_person and not (stands.cut_off and _may_be_taken_up(one, now)):
            why = clean(f"{one.title}: {stands.headline}; evac ops show {one.id}", 300)
            place = (
                clean(one.instance_id),
                clean(one.account_id),
                clean(one.region),
                clean(one.instance_name),
            )
            found.append(OperationInNeed(one.id, why, *place))
    for campaign in CampaignJournal(journal).unfinished():
        if needs_conductor(campaign) and not conductor_of(campaign, now):
            members = counted(len(campaign.members), "member")
            why = clean(
                f"campaign {campaign.id} ({campaign.action}, {members}) was cut off: NOBODY conducts it", 300
            )
            found.append(OperationInNeed(campaign.id, why))
    return tuple(found)


def _may_be_taken_up(one: Operation, now: datetime) -> bool:
    """Whether it was cut off only just now: its runner, which renews its lease all the time, was last alive then."""
    alive = one.lease_until - LEASE if one.lease_until is not None else one.confirmed_at
    return alive is not None and timedelta() <= now - alive < LOOKED_AFTER_WITHIN
