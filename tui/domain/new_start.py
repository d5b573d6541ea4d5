"""The new start of an event that is moved: what to propose, and what else would fall together with it. Times are UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


def next_hour(
    hours: Hours, earliest: datetime, latest: datetime, other_than: datetime | None = None
) -> datetime | None:
    """The first hour of these hours, counted from the beginning of each window, within the bounds; None: there is none in the
    two weeks that are looked at. `other_than`: not this one."""
    found = (
        begin + number * HOUR
        for begin, end in hours.openings(earliest)
        for number in range(int((end - begin) / HOUR) + 1)
        if begin + number * HOUR < end
    )
    return min((one for one in found if earliest <= one <= latest and one != other_than), default=None)


class NewStart(Struct, frozen=True):
    """A proposal, and why it is that."""

    at: datetime
    why: SafeText


def proposed_start(event: ScheduledEvent, hours: Hours, now: datetime) -> NewStart:
    """For an event that can be moved: the next hour of the maintenance hours; without any the last full hour that AWS takes, or
    the deadline itself: as late as may be, and a person may say earlier."""
    assert event.deadline is not None
    earliest = later(now, RESCHEDULE_LEAD + SLACK)
    if hours.windows:
        found = next_hour(hours, earliest, event.deadline, event.not_before)
        if found is not None:
            return NewStart(found, clean(f"the next hour of maintenance ({hours.text})"))
    why = "as late as AWS lets it be"
    if hours.windows:
        why = f"{why}: no other hour of maintenance ({hours.text}) lies before the deadline"
    hour = event.deadline.replace(minute=0, second=0, microsecond=0)
    latest = hour if hour >= earliest else event.deadline.replace(second=0, microsecond=0)
    return NewStart(latest, clean(why))


class Companion(Struct, frozen=True):
    """Another instance's event that falls together with a new start. `group`: of which both are members; empty: of none."""

    label: SafeText
    code: SafeText
    starts: datetime | None
    group: SafeText


def fall_together(
    row: Instance,
    start: datetime,
    rows: Iterable[Instance],
    keys_of: Callable[[Instance], Iterable[str]],
    now: datetime,
) -> tuple[Companion, ...]:
    """What others are announced to do less than a day from `start` where they are of a group with this instance, or in the same
    hour; those of a group first.

    `keys_of`: the groups of an instance, as far as they are known (`tui.domain.known_groups`).
    """
    mine, found = set(keys_of(row)), list[Companion]()
    for one in rows:
        events = (
            [] if one.key == row.key else [each for each in one.open_events(now) if not each.is_past(now)]
        )
        if not events:
            continue
        shared = mine.intersection(keys_of(one))
        group = key_text(min(shared)) if shared else clean("")
        for event in events:
            begin = begins(event, now)
            if abs(begin - start) < TOGETHER_WITHIN if shared else start <= begin < later(start, HOUR):
                found.append(Companion(one.label, event.code_text, event.not_before, group))
    return tuple(sorted(found, key=lambda one: (not one.group, one.starts or now, one.label)))


def movable(instance: Instance, now: datetime) -> tuple[ScheduledEvent, ...]:
    """The open events that AWS lets be moved, the earliest first."""
    return tuple(one for one in instance.open_events(now) if one.why_not_reschedule(now) is None)
