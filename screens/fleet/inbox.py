"""What the inbox draws beside its rows: the names of the days between them, and the strip of two weeks above."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

from rich.text import Text

from screens.fleet.columns import RowContext
from tui.domain.campaign.hours import Hours
from tui.domain.inbox import InboxDay, Strip, When
from tui.domain.plurals import counted
from tui.domain.time_format import to_zone
from tui.domain.triage import DUE_WITHIN, Level
from tui.presentation.symbols import LEVELS

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOW, _PAST = "now", "long past"
CELL, WIDEST_CELL = 5, 10
"""Columns of a day in the strip, at least and at most."""


def day_line(row: InboxDay, scene: RowContext) -> tuple[str, str]:
    """The line above a day's events, and its style."""
    told = counted(row.count, "event")
    if row.when is When.NOW:
        return f"{_NOW} · {told} · under way, or may begin at any moment", "bold"
    if row.when is When.PAST or row.day is None:
        return f"{_PAST} · {told} · by its times AWS did it days ago, and lists it still", "dim"
    return f"{_day_name(row.day, scene.now, scene.zone)} · {told}", "bold"


def _day_name(day: date, now: datetime, zone: tzinfo) -> str:
    """`today, Mon 30 Nov`, `Thu 10 Dec`, and with its year where that is another."""
    today = to_zone(now, zone).date()
    near = {today: "today, ", today + timedelta(days=1): "tomorrow, "}.get(day, "")
    year = f" {day.year:04}" if day.year != today.year else ""
    return f"{near}{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{year}"


def strip_text(
    strip: Strip, chosen: InboxDay | None, now: datetime, zone: tzinfo, hours: Hours, width: int
) -> Text:
    """Two lines: the days, and under each how many events must be decided on it. `chosen`: the cursor's day.

    A day with hours of maintenance is underlined. What does not fit at the right is counted in the last cell.
    """
    size = max(CELL, min(WIDEST_CELL, width // (len(strip.days) + 2)))
    shown = strip.days[: max(1, width // size - 2)]
    after = strip.after + sum(count for _, count in strip.days[len(shown) :])
    above, below = Text(no_wrap=True), Text(no_wrap=True)
    soon = to_zone(now + DUE_WITHIN, zone).date()
    due, planned = LEVELS[Level.DUE].style, LEVELS[Level.SCHEDULED].style
    open_days = {to_zone(begin, zone).date() for begin, _ in hours.openings(now)}
    cells = [
        (_NOW, strip.now, due, chosen is not None and chosen.when is When.NOW, False),
        *(
            (
                _short(day, size),
                count,
                due if day <= soon else planned,
                chosen is not None and chosen.day == day,
                day in open_days,
            )
            for day, count in shown
        ),
        (
            f">{len(shown)}d",
            after,
            planned,
            chosen is not None and chosen.day is not None and chosen.day > shown[-1][0],
            False,
        ),
    ]
    for name, count, style, here, maintained in cells:
        look = "bold reverse" if here else ""
        above.append(" ").append(name, f"{look or 'dim'}{' underline' * maintained}").append(
            " " * max(0, size - 1 - len(name))
        )
        number = str(count) if count else "·"
        below.append(" ").append(number.center(len(name)), (style if count else "dim") if not here else look)
        below.append(" " * max(0, size - 1 - len(name)))
    return above.append("\n").append_text(below)


def _short(day: date, size: int) -> str:
    """`Mo30`, `Mon 30` where there is room: as wide for each day."""
    name = _DAYS[day.weekday()]
    return f"{name} {day.day:>2}" if size > 7 else f"{name[:2]}{day.day:>2}"
