"""The new start of an event that is moved: what to propose, and what else would fall together with it. Times are UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from tui.domain.campaign.hours import Hours
from tui.domain.campaign.keys import key_text
from tui.domain.events import RESCHEDULE_LEAD, ScheduledEvent
from tui.domain.inbox import TOGETHER_WITHIN, begins
from tui.domain.instance import Instance
from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import later

SLACK = timedelta(minutes=5)
"""Beyond AWS's hour: until the answer is given and sent."""
HOUR = timedelta(hours=1)


def hours_between(hours: Hours, earliest: datetime, latest: datetime) -> Iterator[datetime]:
    """The hours in which something may begin, counted from the beginning of each window, the first first; two weeks of them."""
    found = {
        begin + number * HOUR
        for begin, end in hours.openings(earliest)
        for number in range(int((end - begin) / HOUR) + 1)
        if begin + number * HOUR < end
    }
    yield from sorted(one for one in found if earliest <= one <= latest)


def next_hour(
    event: ScheduledEvent,
    hours: Hours,
    now: datetime,
    fits: Callable[[datetime], bool] = lambda at: True,
) -> datetime | None:
    """The next hour of these to which AWS moves the event, and where it is not yet; None: there is none. `fits`: is it wanted."""
    assert event.deadline is not None
    ahead = hours_between(hours, later(now, RESCHEDULE_LEAD + SLACK), event.deadline)
    return next((one for one in ahead if one != event.not_before and fits(one)), None)


class NewStart(Struct, frozen=True):
    """A proposal, and why it is that."""

    at: datetime
    why: SafeText


def proposed_start(event: ScheduledEvent, hours: Hours, now: datetime) -> NewStart:
    """For an event that can be moved: the next hour of the maintenance hours; without any the last full hour that AWS takes, or
    the deadline itself: as late as may be, and a person may say earlier."""
    assert event.deadline is not None
    if hours.windows and (found := next_hour(event, hours, now)) is not None:
        return NewStart(found, clean(f"the next hour of maintenance ({hours.text})"))
    why = "as late as AWS lets it be"
    if hours.windows:
        why = f"{why}: no other hour of maintenance ({hours.text}) lies before the deadline"
    hour, earliest = (
        event.deadline.replace(minute=0, second=0, microsecond=0),
        later(now, RESCHEDULE_LEAD + SLACK),
    )
    latest = hour if hour >= earliest else event.deadline.replace(second=0, microsecond=0)
    return NewStart(latest, clean(why))


class Companion(Struct, frozen=True):
    """Another instance's event. `begins`: when it takes that down, now where it is under way or AWS did not say (`starts` None).

    `group`: of which both are members; empty: of none.
    """

    label: SafeText
    code: SafeText
    starts: datetime | None
    begins: datetime
    group: SafeText


def others_announced(
    row: Instance, rows: Iterable[Instance], keys_of: Callable[[Instance], Iterable[str]], now: datetime
) -> tuple[Companion, ...]:
    """The events of all others, those of a group with this instance first.

    `keys_of`: the groups of an instance, as far as they are known (`tui.domain.known_groups`).
    """
    mine, found = set(keys_of(row)), list[Companion]()
    for one in rows:
        if not one.events or one.key == row.key:
            continue
        shared: set[str] | None = None
        for event in one.open_events(now):
            if event.is_past(now):
                continue
            shared = mine.intersection(keys_of(one)) if shared is None else shared
            group = key_text(min(shared)) if shared else clean("")
            found.append(Companion(one.label, event.code_text, event.not_before, begins(event, now), group))
    return tuple(sorted(found, key=lambda one: (not one.group, one.begins, one.label)))


def fall_together(others: Iterable[Companion], start: datetime) -> tuple[Companion, ...]:
    """Those that fall together with that start: of a group with it less than a day apart, of all else in the same hour."""
    return tuple(
        one
        for one in others
        if (
            abs(one.begins - start) < TOGETHER_WITHIN
            if one.group
            else start <= one.begins < later(start, HOUR)
        )
    )


def movable(instance: Instance, now: datetime, event_id: str = "") -> tuple[ScheduledEvent, ...]:
    """The open events that AWS lets be moved, the earliest first. `event_id`: the one that is meant comes first, and where that
    can't be moved there is none: nobody asked for another."""
    found = [one for one in instance.open_events(now) if one.why_not_reschedule(now) is None]
    if event_id and all(one.event_id != event_id for one in found):
        return ()
    return tuple(sorted(found, key=lambda one: bool(event_id) and one.event_id != event_id))
