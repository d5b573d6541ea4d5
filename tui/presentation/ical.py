"""Scheduled events as an iCalendar file, for the calendar the team already looks at.

evac keeps no memory of what it exported. So an entry's identity follows from AWS's own (`_identities`), its SEQUENCE and
LAST-MODIFIED from the time of the export: a later file replaces an earlier one wherever both are imported. What will not
happen any more is told as CANCELLED where that is known: by AWS's own word, or by the console's last snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from tui.domain.events import EventCode, EventState, ScheduledEvent
from tui.domain.instance import Instance, Target
from tui.domain.time_format import later

Pair = tuple[Instance, ScheduledEvent]
REMINDERS = (timedelta(hours=24), timedelta(hours=2))
"""Before the start: those that are still ahead."""
URGENT = (timedelta(minutes=15), timedelta(minutes=5), timedelta())
"""Where none of these is, the first of these that is."""
_SHORTEST = timedelta(minutes=30)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_MOST = 2**31 - 1


def calendar(pairs: Iterable[Pair], now: datetime, dropped: Iterable[Pair] = ()) -> tuple[str, int]:
    """The file (RFC 5545) and how many events were left out because AWS announced no start for them.

    `dropped`: what was announced before, and AWS lists no more.
    """
    book = Calendar()
    book.add("prodid", "-//evac//scheduled events//EN")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    listed, gone = list(pairs), list(dropped)
    no_more = {id(event) for _, event in gone}
    left_out = 0
    for (instance, event), identity in _identities([*listed, *gone]):
        if event.not_before is None:
            left_out += 1
            continue
        off = id(event) in no_more or will_not_happen(event, now)
        book.add_component(_entry(instance, event, event.not_before, identity, now, cancelled=off))
    return book.to_ical().decode("utf-8"), left_out


def will_not_happen(event: ScheduledEvent, now: datetime) -> bool:
    """Whether the event will not take place: AWS cancelled it, or it is completed before its time."""
    over = event.state(now)
    ahead = event.not_before is not None and event.not_before > now
    return over is EventState.CANCELED or (over is EventState.COMPLETED and ahead)


def dropped(
    kept: Iterable[Instance], rows: Sequence[Instance], answered: Mapping[Target, bool], now: datetime
) -> Iterator[Pair]:
    """Of the events that a snapshot knows (`kept`): those still ahead that AWS lists no more.

    Only of targets that answered, and only of codes that were asked for: what was not read may still come.
    """
    known = {(row.instance_id, _name(event)) for row in rows for event in row.events}
    for row in kept:
        if not answered.get(row.target, False):
            continue
        for event in row.events:
            ahead = event.not_before is not None and event.not_before > now
            asked = event.code is not EventCode.UNKNOWN and event.is_open(now)
            if ahead and asked and (row.instance_id, _name(event)) not in known:
                yield row, event


def _name(event: ScheduledEvent) -> str:
    return str(event.event_id or event.code_text)


def _identities(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, str]]:
    """Each with what stays the same when its start is moved: AWS's id of it; where there is none its code, and of several the
    first, second … by their starts.
    """
    anonymous: dict[tuple[str, str], list[ScheduledEvent]] = {}
    for instance, event in pairs:
        if not event.event_id:
            anonymous.setdefault((str(instance.instance_id), str(event.code_text)), []).append(event)
    for found in anonymous.values():
        found.sort(key=lambda one: (one.not_before is None, one.not_before or _EPOCH))
    for instance, event in pairs:
        name = _name(event)
        if not event.event_id:
            place = anonymous[str(instance.instance_id), str(event.code_text)].index(event)
            name += f"-{place + 1}" * bool(place)
        yield (instance, event), f"{name}.{instance.instance_id}.{instance.target.region}@evac"


def _entry(
    instance: Instance,
    event: ScheduledEvent,
    start: datetime,
    identity: str,
    now: datetime,
    *,
    cancelled: bool,
) -> Event:
    entry = Event()
    entry.add("uid", identity)
    entry.add("dtstamp", now)
    entry.add("last-modified", now)
    entry.add("sequence", max(0, min(int((now - _EPOCH).total_seconds()), _MOST)))
    entry.add("dtstart", start)
    end = event.not_after if event.not_after and event.not_after > start else later(start, _SHORTEST)
    entry.add("dtend", end)
    off = "cancelled: " * cancelled
    entry.add("summary", f"{off}{event.code_text}: {instance.label} ({instance.target.key})")
    lines = [
        f"{instance.instance_id} in account {instance.account_id or 'unknown'}, {instance.target.region}",
        str(event.description),
    ]
    if event.deadline:
        lines.append(f"can be moved until {event.deadline:%Y-%m-%d %H:%M} UTC")
    entry.add("description", "\n".join(line for line in lines if line))
    entry.add("location", f"{instance.zone or instance.target.region}")
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if event.state(now) is EventState.PENDING and not cancelled:
        for before in _ahead(start, now):
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", f"{event.code_text}: {instance.label}")
            alarm.add("trigger", -before)
            entry.add_component(alarm)
    return entry


def _ahead(start: datetime, now: datetime) -> tuple[timedelta, ...]:
    """Reminders that will still ring: an urgent event has one too."""
    left = start - now
    found = tuple(before for before in REMINDERS if before < left)
    return found or tuple(before for before in URGENT if before < left)[:1]
