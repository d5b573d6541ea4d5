"""What falls together with an event's new start, in words: the console's question and `evac do reschedule` say the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from tui.domain.campaign.hours import Hours
from tui.domain.events import ScheduledEvent
from tui.domain.new_start import Companion, fall_together, next_hour
from tui.domain.time_format import both_zones

MOST_NAMED = 3
"""So many are named, and the others counted."""


def start_told(
    event: ScheduledEvent,
    start: datetime,
    others: Sequence[Companion],
    hours: Hours,
    zone: tzinfo,
    now: datetime,
) -> tuple[str, ...]:
    """What falls together with that start: a line for those of a group with it, with the next hour of maintenance in which none
    of them does, and a line for all else of the same hour. Without a line nothing does."""
    found = fall_together(others, start)
    grouped, rest = [one for one in found if one.group], [one for one in found if not one.group]
    lines = []
    if grouped:
        named = [
            f"{one.label} of {one.group} ({one.code} {_when(one, zone, now)})" for one in grouped[:MOST_NAMED]
        ]
        free = _free(event, others, hours, now)
        instead = (
            f"; the next hour of maintenance without that is {both_zones(free, zone, now)}" if free else ""
        )
        lines.append(f"less than a day apart: {', '.join(named)}{_more(len(grouped))}{instead}")
    if rest:
        named = [str(one.label) for one in rest[:MOST_NAMED]]
        lines.append(f"in the same hour: {', '.join(named)}{_more(len(rest))}")
    return tuple(lines)


def _free(event: ScheduledEvent, others: Sequence[Companion], hours: Hours, now: datetime) -> datetime | None:
    grouped = [one for one in others if one.group]
    return next_hour(event, hours, now, lambda at: not fall_together(grouped, at)) if hours.windows else None


def _when(one: Companion, zone: tzinfo, now: datetime) -> str:
    return both_zones(one.starts, zone, now) if one.starts is not None else "at any moment"


def _more(count: int) -> str:
    return f" and {count - MOST_NAMED} more" if count > MOST_NAMED else ""
