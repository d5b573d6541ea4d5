"""Scheduled events as an iCalendar file, for the calendar the team already looks at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event

from tui.domain.events import EventState, ScheduledEvent
from tui.domain.instance import Instance
from tui.domain.when import later

REMINDER = timedelta(hours=24)
_SHORTEST = timedelta(minutes=30)


def calendar(pairs: Iterable[tuple[Instance, ScheduledEvent]], now: datetime) -> tuple[str, int]:
    """The file (RFC 5545) and how many events were left out because AWS announced no start for them.

    The UID is the same at every export, so that a second import moves an event instead of doubling it.
    """
    book = Calendar()
    book.add("prodid", "-//evac//scheduled events//EN")
    book.add("version", "2.0")
    left_out = 0
    for instance, event in pairs:
        if event.not_before is None:
            left_out += 1
            continue
        book.add_component(_entry(instance, event, event.not_before, now))
    return book.to_ical().decode("utf-8"), left_out


def _entry(instance: Instance, event: ScheduledEvent, start: datetime, now: datetime) -> Event:
    entry = Event()
    identity = event.event_id or f"{event.code_text}-{start:%Y%m%dT%H%M%SZ}"
    entry.add("uid", f"{identity}.{instance.instance_id}.{instance.target.region}@evac")
    entry.add("dtstamp", now)
    entry.add("dtstart", start)
    end = event.not_after if event.not_after and event.not_after > start else later(start, _SHORTEST)
    entry.add("dtend", end)
    entry.add("summary", f"{event.code_text}: {instance.label} ({instance.target.key})")
    lines = [
        f"{instance.instance_id} in account {instance.account_id or 'unknown'}, {instance.target.region}",
        str(event.description),
    ]
    if event.deadline:
        lines.append(f"can be moved until {event.deadline:%Y-%m-%d %H:%M} UTC")
    entry.add("description", "\n".join(line for line in lines if line))
    entry.add("location", f"{instance.zone or instance.target.region}")
    over = event.state(now)
    entry.add("status", "CANCELLED" if over is EventState.CANCELED else "CONFIRMED")
    if over is EventState.PENDING:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", f"{event.code_text}: {instance.label}")
        alarm.add("trigger", -REMINDER)
        entry.add_component(alarm)
    return entry
