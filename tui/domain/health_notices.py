"""What AWS Health adds to an instance: what no scheduled event shows already, recoveries AWS made, trouble of a zone. Pure.

Codes are matched by a part: AWS publishes no closed list of them, and a new one is told by its own words. Sources: Health
user guide, automating-instance-actions; EC2 user guide, verify-if-automatic-recovery-occurred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.events import EventCode, ScheduledEvent
from tui.domain.health import HealthEvent
from tui.domain.instance import Instance
from tui.domain.sanitize import EMPTY
from tui.domain.severity import Mark
from tui.domain.time_format import ago, clock_or_date, to_utc

TOLD_FOR = timedelta(days=3)
"""So long a recovery is told of: it explains a reboot that somebody still asks about."""
MOVED_APART = timedelta(hours=24)
"""Both services tell the same event's start; so far the two may differ and still be one."""
_SAME_START = timedelta(hours=1)
"""The same where only the time says that it is one event, for its code says nothing."""
SOURCE = "AWS Health"

_STOPS = frozenset({EventCode.INSTANCE_STOP, EventCode.INSTANCE_RETIREMENT})
_REBOOTS = frozenset({EventCode.INSTANCE_REBOOT, EventCode.SYSTEM_REBOOT})
_MAINTENANCE = _REBOOTS | {EventCode.SYSTEM_MAINTENANCE}
_FAMILIES: tuple[tuple[str, frozenset[EventCode], str], ...] = (
    ("RETIREMENT", _STOPS, "AWS retires it"),
    ("TERMINATION_SCHEDULED", _STOPS, "AWS terminates it"),
    ("STOP_SCHEDULED", _STOPS, "AWS stops it"),
    ("REBOOT", _REBOOTS, "AWS reboots it"),
    ("NETWORK_MAINTENANCE", frozenset({EventCode.SYSTEM_MAINTENANCE}), "AWS works on its network"),
    ("POWER_MAINTENANCE", _MAINTENANCE, "AWS works on its power"),
    ("MAINTENANCE", _MAINTENANCE, "AWS works on its host"),
)
"""A part of Health's code → the codes DescribeInstanceStatus has for the same, and what it means. The first that fits counts."""
_ISSUES: tuple[tuple[str, str, Mark], ...] = (
    ("VOLUME_LOST", "AWS lost {what} with its data: restore it from a snapshot", Mark.FAILING),
    ("DRIVE_PERFORMANCE_DEGRADED", "a disk of its instance store is degraded", Mark.THREATENED),
    ("EBS_VOLUME_PERFORMANCE", "{what} is slower than it should be", Mark.THREATENED),
    ("VOLUME_DEGRADED", "{what} is degraded", Mark.THREATENED),
)
RECOVERY_CODES = tuple(
    f"AWS_EC2_{kind}_AUTO_RECOVERY_{end}"
    for kind in ("SIMPLIFIED", "INSTANCE")
    for end in ("SUCCESS", "FAILURE")
)
_OF_A_PLACE = ("_OPERATIONAL_ISSUE", "_API_ISSUE")
_OVER = frozenset({"RESOLVED", "UNIMPAIRED"})
"""Statuses of an entity that the event concerns no longer (health model, entityStatusCode)."""
_TROUBLE = frozenset({"issue", "investigation"})


class Recovery(Struct, frozen=True):
    """A move to another host that AWS tried. `by`: its automatic recovery, or an alarm's. `done`: it worked."""

    at: datetime | None
    done: bool
    by: str


class HealthNotice(Struct, frozen=True):
    """One of Health's events as it is told: how grave, in which words."""

    event: HealthEvent
    mark: Mark
    text: str


def recovery_of(event: HealthEvent) -> Recovery | None:
    """The move to another host it tells of; None if it tells of something else."""
    if event.code not in RECOVERY_CODES:
        return None
    by = "automatic recovery" if "_SIMPLIFIED_" in event.code else "recover alarm"
    at = event.starts_at or event.updated_at
    return Recovery(None if at is None else to_utc(at), event.code.endswith("_SUCCESS"), by)


def recoveries_of(instance: Instance, now: datetime) -> tuple[Recovery, ...]:
    """Those of the last days, the latest first."""
    found = (recovery_of(event) for event in instance.health)
    kept = [one for one in found if one is not None and one.at is not None and now - one.at <= TOLD_FOR]
    return tuple(sorted(kept, key=lambda one: one.at or now, reverse=True))


def entities_of(instance: Instance) -> tuple[str, ...]:
    """What events of it may name: itself, its volumes, its Dedicated Host."""
    volumes = (str(one.volume_id) for one in instance.volumes)
    return tuple(filter(None, (str(instance.instance_id), *volumes, str(instance.host_id))))


def by_entity(events: Iterable[HealthEvent]) -> dict[str, tuple[HealthEvent, ...]]:
    """Events by the resource each is of."""
    found: dict[str, list[HealthEvent]] = {}
    for one in events:
        if one.entity:
            found.setdefault(str(one.entity), []).append(one)
    return {name: tuple(some) for name, some in found.items()}


def of_place(events: Iterable[HealthEvent]) -> tuple[HealthEvent, ...]:
    """Those of a whole region or zone, each once: AWS's own open trouble that is not of single resources alone."""
    found = (one for one in events if is_issue(one) and (not one.entity or one.code.endswith(_OF_A_PLACE)))
    return tuple({str(one.arn): replace(one, entity=EMPTY, entity_status=EMPTY) for one in found}.values())


def is_issue(event: HealthEvent) -> bool:
    """Whether AWS itself has trouble now, rather than announcing something."""
    return event.category in _TROUBLE and event.status == "open" and recovery_of(event) is None


def issues_of(instance: Instance, of_target: Sequence[HealthEvent]) -> tuple[HealthEvent, ...]:
    """AWS's own open trouble in the instance's zone, then in its whole region. Of another zone: not its own."""
    own = {one.arn for one in instance.health}  # told of it already
    here = [
        one for one in of_target if is_issue(one) and one.zone in ("", instance.zone) and one.arn not in own
    ]
    return tuple(sorted(here, key=lambda one: (not one.zone, _when(one))))


def notices(instance: Instance, now: datetime, zone: tzinfo = UTC) -> tuple[HealthNotice, ...]:
    """What Health says of the instance and its volumes and no scheduled event shows: the gravest first."""
    once: dict[tuple[str, str, datetime | None], HealthNotice] = {}
    for event in instance.health:
        if _is_told(instance, event, now):
            mark, text = _said(event, now, zone)
            once.setdefault(
                (str(event.code), str(event.entity), event.starts_at), HealthNotice(event, mark, text)
            )
    order = (Mark.FAILING, Mark.THREATENED, Mark.NONE)
    return tuple(
        sorted(once.values(), key=lambda one: (order.index(one.mark), -_when(one.event).timestamp()))
    )


def health_notices_of(
    instance: Instance, of_target: Sequence[HealthEvent], now: datetime, zone: tzinfo = UTC
) -> tuple[HealthNotice, ...]:
    """All that Health has to tell beside an instance: of itself, then the trouble of its zone and region."""
    return (
        *notices(instance, now, zone),
        *(issue_notice(one, now, zone) for one in issues_of(instance, of_target)),
    )


def issue_notice(event: HealthEvent, now: datetime, zone: tzinfo = UTC) -> HealthNotice:
    """AWS's own trouble in a zone or region: what it is with, where, since when."""
    what = "EC2's API" if event.code.endswith("_API_ISSUE") else _service(event)
    where = str(event.zone or event.region)
    since = "" if event.starts_at is None else f" since {_clock(event.starts_at, now, zone)}"
    own = "" if event.code.endswith(_OF_A_PLACE) else f" ({_plain(event)})"
    mark = Mark.NONE if what == "EC2's API" else Mark.THREATENED
    return HealthNotice(event, mark, f"AWS has trouble with {what} in {where}{since}{own}")


def trouble_text(issues: Sequence[HealthEvent], now: datetime, zone: tzinfo = UTC) -> str:
    """AWS's own trouble, where it may be why machines fail, in a line: the first of it, and how many more there are."""
    told = [one for one in (issue_notice(each, now, zone) for each in issues) if one.mark is Mark.THREATENED]
    more = f", and {len(told) - 1} more" if len(told) > 1 else ""
    return f"not you: {told[0].text}{more}" if told else ""


def same_event(event: HealthEvent, scheduled: ScheduledEvent) -> bool:
    """Whether both tell of one event: by the family of the code and the start. A start may have been moved until the deadline."""
    if event.category in _TROUBLE:
        return False
    family, start = _family(event), scheduled.not_before
    if family is None or scheduled.code is EventCode.UNKNOWN:
        return None not in (event.starts_at, start) and _apart(event.starts_at, start) <= _SAME_START
    if scheduled.code not in family[0]:
        return False
    if event.starts_at is None or start is None or _apart(event.starts_at, start) <= MOVED_APART:
        return True
    return scheduled.deadline is not None and to_utc(event.starts_at) <= to_utc(scheduled.deadline)


def of_scheduled(instance: Instance, now: datetime) -> tuple[tuple[ScheduledEvent, HealthEvent], ...]:
    """The open scheduled events that Health tells of too, each with its event there: it has AWS's longer text."""
    pairs = (
        (one, next((e for e in instance.health if same_event(e, one)), None))
        for one in instance.open_events(now)
    )
    return tuple((one, event) for one, event in pairs if event is not None)


def _is_told(instance: Instance, event: HealthEvent, now: datetime) -> bool:
    recovery = recovery_of(event)
    if recovery is not None:
        return recovery.at is not None and now - recovery.at <= TOLD_FOR
    if event.status == "closed" or event.entity_status in _OVER:
        return False
    shown = (*instance.events, *((instance.last_stop,) if instance.last_stop is not None else ()))
    return not any(same_event(event, one) for one in shown)


def _said(event: HealthEvent, now: datetime, zone: tzinfo) -> tuple[Mark, str]:
    if (recovery := recovery_of(event)) is not None:
        return (Mark.NONE if recovery.done else Mark.FAILING), recovery_words(recovery, now, zone)
    what = str(event.entity) if event.entity.startswith("vol-") else "a volume"
    for part, words, mark in _ISSUES:
        if part in event.code:
            return mark, words.format(what=what)
    if is_issue(event):
        since = "" if event.starts_at is None else f" since {_clock(event.starts_at, now, zone)}"
        return (
            Mark.THREATENED,
            f"AWS has trouble with {event.entity or _service(event)}{since}: {_plain(event)}",
        )
    family = _family(event)
    words = _plain(event) if family is None else family[1]
    start = "" if event.starts_at is None else f", {_clock(event.starts_at, now, zone)}"
    mark = Mark.THREATENED if family is not None or event.category == "scheduledChange" else Mark.NONE
    return mark, f"{words}{start}: {SOURCE} announces it"


def recovery_words(recovery: Recovery, now: datetime, zone: tzinfo = UTC) -> str:
    """`it rebooted at 03:06 because AWS moved it to another host (automatic recovery), 2h ago`."""
    at = "" if recovery.at is None else f" at {_clock(recovery.at, now, zone)}"
    long_ago = "" if recovery.at is None else f", {ago(recovery.at, now)}"
    if recovery.done:
        return f"it rebooted{at} because AWS moved it to another host ({recovery.by}){long_ago}"
    return f"AWS tried{at} to move it to another host and failed ({recovery.by}){long_ago}"


def _family(event: HealthEvent) -> tuple[frozenset[EventCode], str] | None:
    return next(((codes, words) for part, codes, words in _FAMILIES if part in event.code), None)


def _plain(event: HealthEvent) -> str:
    """`AWS_EC2_SOMETHING_NEW` → `something new`."""
    begin = f"AWS_{event.service}_"
    text = str(event.code).removeprefix(begin if event.code.startswith(begin) else "AWS_")
    return text.replace("_", " ").lower() or "no code"


def _service(event: HealthEvent) -> str:
    return "several services" if event.service == "MULTIPLE_SERVICES" else str(event.service or "a service")


def _clock(moment: datetime, now: datetime, zone: tzinfo) -> str:
    return clock_or_date(to_utc(moment), zone, now)


def _apart(one: datetime | None, other: datetime | None) -> timedelta:
    assert one is not None
    assert other is not None
    return abs(to_utc(one) - to_utc(other))


def _when(event: HealthEvent) -> datetime:
    return to_utc(event.starts_at or event.updated_at or datetime(1970, 1, 1, tzinfo=UTC))


def open_issues(of_targets: Iterable[Sequence[HealthEvent]]) -> tuple[HealthEvent, ...]:
    """AWS's own open trouble over all targets, each once, the latest first."""
    return tuple(sorted(of_place(one for events in of_targets for one in events), key=_when, reverse=True))
