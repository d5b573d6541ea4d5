"""What falls together with an event's new start, in words: the console's question and `evac do reschedule` say the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from tui.domain.new_start import Companion
from tui.domain.time_format import both_zones

MOST_NAMED = 3
"""So many are named, and the others counted."""


def companions_text(found: Sequence[Companion], zone: tzinfo, now: datetime) -> tuple[str, ...]:
    """What falls together, in a line for those of a group with it, and one for the others of the same hour."""
    grouped = [one for one in found if one.group]
    others = [one for one in found if not one.group]
    lines = []
    if grouped:
        named = [
            f"{one.label} of {one.group} ({one.code} {both_zones(one.starts, zone, now) if one.starts else 'at any moment'})"
            for one in grouped[:MOST_NAMED]
        ]
        lines.append(f"less than a day apart: {', '.join(named)}{_more(len(grouped))}")
    if others:
        named = [str(one.label) for one in others[:MOST_NAMED]]
        lines.append(f"in the same hour: {', '.join(named)}{_more(len(others))}")
    return tuple(lines)


def _more(count: int) -> str:
    return f" and {count - MOST_NAMED} more" if count > MOST_NAMED else ""
