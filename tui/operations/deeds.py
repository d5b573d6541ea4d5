"""What was done by whom, for a handover: the journal's operations and campaigns, and what the audit log alone has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tui.domain.activity import Own
from tui.domain.campaign.model import Campaign, CampaignState
from tui.domain.deed import Deed
from tui.domain.sanitize import clean
from tui.domain.time_format import to_utc
from tui.operations import audit_log
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.journal import Journal
from tui.operations.model import Operation
from tui.operations.operation_text import progress
from tui.operations.status import Standing, status_of
from tui.presentation.campaign_text import action_title, campaign_told, needs_somebody

_PERSON = {
    "resume": "resume",
    "abandon": "give up",
    "undo": "undo",
    "pause": "pause",
    "rules": "change the rules of",
    "leave-out": "leave members out of",
    "give-up": "give up",
    "repair": "mend the journal",
    "meant": "meant to be down",
}
"""Steps of audit lines that are of a person, and no operation's: all else the journal tells better."""


def deed_of(one: Operation, now: datetime) -> Deed:
    """Of an operation that was confirmed."""
    stands = status_of(one, now)
    told = stands.headline or one.note
    return Deed(
        at=one.confirmed_at or one.created_at,
        what=one.title,
        user=one.user,
        host=one.host,
        outcome=f"{stands.standing}, {progress(one)}" if one.is_open else str(stands.standing),
        told=told,
        remedy=one.remedy or (f"evac ops resume {one.id}" if stands.cut_off else ""),
        ended_at=one.finished_at,
        is_open=one.is_open,
        needs_person=stands.needs_person,
        ident=one.id,
        instance_id=one.instance_id,
        region=one.region,
        account_id=one.account_id,
    )


def deed_of_campaign(one: Campaign) -> Deed:
    """Of a campaign that was confirmed: in one sentence what its operations tell one by one."""
    is_open = one.state is not CampaignState.ENDED
    return Deed(
        at=one.confirmed_at or one.created_at,
        what=f"Campaign: {action_title(one.action)}",
        user=one.user,
        host=one.host,
        outcome="given up" if one.given_up else one.state.value,
        told=campaign_told(one),
        ended_at=one.ended_at,
        is_open=is_open,
        needs_person=needs_somebody(one),
        ident=one.id,
    )


def deeds_audited_since(journal: Path, since: datetime) -> Iterator[Deed]:
    """What the audit log beside this journal tells that is no operation: what was refused, marked, resumed, given up.

    Anybody may have written its lines: they are cleaned. Raises OSError.
    """
    for record in audit_log.records_since(audit_log.path_beside(journal), since):
        step, result = str(record.get("step", "")), str(record.get("result", ""))
        is_refusal = result.startswith("refused") and step in ("plan", "confirm", *_PERSON)
        resumed_by_itself = step == "resume" and result != "ordered"
        if not is_refusal and (step not in _PERSON or resumed_by_itself):
            continue
        try:
            at = to_utc(datetime.fromisoformat(str(record.get("time"))))
        except ValueError:
            continue
        about = str(record.get("instance") or record.get("campaign") or "")
        verb = _PERSON.get(step) or str(record.get("action", ""))
        yield Deed(
            at=at,
            what=clean(f"{verb} {about}".strip()),
            user=clean(record.get("user")),
            host=clean(record.get("host")),
            outcome=clean(result),
            ident=clean(record.get("operation") or record.get("campaign") or ""),
            instance_id=clean(record.get("instance")),
            account_id=clean(record.get("account")),
        )


def deeds_elsewhere(own: Own, now: datetime) -> Iterator[Deed]:
    """What runs on other machines now, as far as the locks tell: their journals are theirs."""
    for key, work in own.works.items():
        if not work.here:
            region, _, instance_id = key.partition("/")
            yield Deed(
                at=work.since,
                what=clean(f"{action_title(work.action)} {instance_id}"),
                user=work.user,
                host=work.host,
                outcome=f"{work.state}, {work.step}" if work.step else work.state,
                told=work.line(now),
                is_open=True,
                needs_person=work.attention,
                ident=work.id,
                instance_id=instance_id,
                region=region,
            )


def deeds_since(journal: Journal, since: datetime, now: datetime) -> list[Deed]:
    """All that was ordered or ended since then, and what has not ended. Raises JournalError.

    What a campaign did is told of the campaign; of its operations those alone that failed or that nobody may overlook.
    """
    campaigns = CampaignJournal(journal).since(since)
    told = {one.id for one in campaigns}
    found = [deed_of_campaign(one) for one in campaigns]
    found += [
        deed_of(one, now) for one in journal.since(since) if one.campaign not in told or _sticks_out(one, now)
    ]
    return sorted(found, key=lambda one: one.at)


def _sticks_out(one: Operation, now: datetime) -> bool:
    stands = status_of(one, now)
    return stands.alarming or stands.standing is Standing.FAILED
