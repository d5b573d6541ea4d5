"""The stable shapes of instances and events: what a script may rely on. Fields are added, never renamed or removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from tui.domain.activity import NO_ACTIVITY, Meant, Own, Work
from tui.domain.down_by_aws import Down, why_down
from tui.domain.events import ScheduledEvent
from tui.domain.health import HealthEvent
from tui.domain.health_notices import HealthNotice, health_notices_of
from tui.domain.inbox import FallsTogether, decide_by
from tui.domain.instance import CheckName, Instance
from tui.domain.time_format import iso_utc as when_stamp
from tui.domain.triage import urgency

EVENT_COLUMNS = (
    "profile", "account_id", "region", "instance_id", "name", "state",
    "code", "event_id", "event_state", "not_before", "not_after", "not_before_deadline", "description",
    "decide_by", "together",
)  # fmt: skip


STATUS_COLUMNS = (
    "profile", "account_id", "region", "zone", "instance_id", "name", "instance_type", "state",
    *(f"check_{name}" for name in CheckName),
    "next_event", "not_before", "not_before_deadline", "private_ip", "public_ip", "read_at",
)  # fmt: skip


def status_row(row: Instance, now: datetime) -> tuple[object, ...]:
    """The cells of an instance, in the order of STATUS_COLUMNS."""
    event = next(iter(row.open_events(now)), None)
    return (
        row.target.profile, row.account_id, row.target.region, row.zone, row.instance_id, row.name, row.instance_type,
        row.state.value, *(row.checks.get(name).status.value for name in CheckName),
        event.code_text if event else None, event.not_before if event else None, event.deadline if event else None,
        row.private_ip, row.public_ip, row.status_at,
    )  # fmt: skip


def iso_or_none(when: datetime | None) -> str | None:
    """The time in UTC, ISO 8601 with a Z, to the second; None for None."""
    return when_stamp(when) if when else None


def event_object(
    event: ScheduledEvent, now: datetime, instance: Instance | None = None, falls: FallsTogether | None = None
) -> dict[str, Any]:
    """One event; `code` and `description` in AWS's own words. `decide_by`: until when something can still be decided, null where
    AWS announced no start. `together`: `together_texts` of its instance."""
    return {
        "code": event.code_text,
        "id": event.event_id,
        "description": event.description,
        "not_before": iso_or_none(event.not_before),
        "not_after": iso_or_none(event.not_after),
        "not_before_deadline": iso_or_none(event.deadline),
        "state": event.state(now).value,
        "decide_by": iso_or_none(decide_by(event, now)),
        "together": None if instance is None else together_texts(instance, event, falls),
    }


def together_texts(
    instance: Instance, event: ScheduledEvent, falls: FallsTogether | None
) -> list[str] | None:
    """Of which groups how many members have events that fall together with this one; None: not known, or not asked."""
    found = None if falls is None else falls.of(instance, event)
    return None if found is None else [str(one.text) for one in found]


def instance_object(
    instance: Instance,
    now: datetime,
    hazards: Iterable[Any] = (),
    *,
    open_only: bool = False,
    own: Own = NO_ACTIVITY,
    health: Sequence[HealthEvent] = (),
    falls: FallsTogether | None = None,
) -> dict[str, Any]:
    """One instance. Checks are AWS's words, `not-reported`, or `unknown`; a time that is not known is null.

    `operation` is evac's own unfinished one, `meant` who said that it is meant to be down; null: none.
    `health`: what AWS Health says of its region (`TargetStatus.health`).
    """
    events = instance.open_events(now) if open_only else instance.events
    return {
        "profile": instance.target.profile,
        "profiles": list(instance.profiles or (instance.target.profile,)),
        "account_id": instance.account_id,
        "region": instance.target.region,
        "zone": instance.zone,
        "instance_id": instance.instance_id,
        "name": instance.name,
        "state": instance.state.value,
        "state_reason": instance.state_reason,
        "down": down_object(why_down(instance, now)),
        "meant": meant_object(own.meant(instance)),
        "level": urgency(instance, now, own).level.name.lower(),
        "operation": work_object(own.work(instance)),
        "instance_type": instance.instance_type,
        "private_ip": instance.private_ip,
        "public_ip": instance.public_ip,
        "checks": {name.value: instance.checks.get(name).status.value for name in CheckName},
        "impaired_since": {
            name.value: iso_or_none(instance.checks.get(name).since) for name in instance.checks.impaired()
        },
        "events": [event_object(event, now, instance, falls) for event in events],
        "health": [health_object(told) for told in health_notices_of(instance, health, now)],
        "hazards": [hazard_object(hazard) for hazard in hazards],
        "status_at": iso_or_none(instance.status_at),
    }


def health_object(told: HealthNotice) -> dict[str, Any]:
    """What AWS Health tells, in evac's words (`text`) and AWS's. `entity` empty: of a zone, or of the whole region.

    What a scheduled event of the instance shows already is not told again.
    """
    event = told.event
    return {
        "text": told.text,
        "mark": told.mark.value,
        "code": event.code,
        "category": event.category,
        "service": event.service,
        "status": event.status,
        "region": event.region,
        "zone": event.zone,
        "entity": event.entity,
        "entity_status": event.entity_status,
        "start": iso_or_none(event.starts_at),
        "end": iso_or_none(event.ends_at),
        "updated": iso_or_none(event.updated_at),
        "arn": event.arn,
    }


def hazard_object(hazard: Any) -> dict[str, Any]:
    """One hazard: its code, gravity, consequence, remedy, and the API field it follows from."""
    return {
        "code": str(hazard.code),
        "gravity": hazard.gravity.name.lower(),
        "text": hazard.text,
        "remedy": hazard.remedy,
        "field": hazard.field,
    }


def event_row(
    instance: Instance, event: ScheduledEvent, now: datetime, falls: FallsTogether | None = None
) -> tuple[object, ...]:
    """The cells of an event, in the order of EVENT_COLUMNS."""
    together = together_texts(instance, event, falls)
    return (
        instance.target.profile, instance.account_id, instance.target.region, instance.instance_id,
        instance.name, instance.state.value, event.code_text, event.event_id, event.state(now).value,
        iso_or_none(event.not_before), iso_or_none(event.not_after), iso_or_none(event.deadline), event.description,
        iso_or_none(decide_by(event, now)), "unknown" if together is None else "; ".join(together),
    )  # fmt: skip


def down_object(found: Down | None) -> dict[str, Any] | None:
    """Why an instance is down unintentionally: `cause` is aws (stopped it) or start (a start fell back); `code` is AWS's own."""
    if found is None:
        return None
    return {
        "cause": found.cause.value,
        "code": found.code,
        "since": iso_or_none(found.since),
        "text": found.line,
    }


def meant_object(mark: Meant | None) -> dict[str, Any] | None:
    """Who marked it as meant to be down, and when."""
    return None if mark is None else {"user": mark.user, "host": mark.host, "at": iso_or_none(mark.at)}


def work_object(work: Work | None) -> dict[str, Any] | None:
    """The unfinished operation on an instance; `since` is its confirmation."""
    if work is None:
        return None
    return {
        "id": work.id,
        "action": work.action,
        "state": work.state,
        "step": work.step,
        "user": work.user,
        "host": work.host,
        "since": iso_or_none(work.since),
        "instance_down": work.instance_down,
    }
