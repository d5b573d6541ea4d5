"""The columns of the inbox: by when it must be decided, when it starts, until when it can be moved, what, whose, where, and what
falls together with it."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from screens.columns import Column, Piece
from screens.fleet.columns import COLUMNS, FleetColumn, RowContext
from tui.domain.inbox import When, day_of, decide_by, when_of
from tui.domain.instance import Instance
from tui.domain.time_format import ago, bare_clock, short_date, span, to_zone
from tui.domain.triage import Level
from tui.presentation.symbols import LEVELS, NO_VALUE
from tui.presentation.width import cell_len


def _style(row: Instance, scene: RowContext) -> str:
    return LEVELS[scene.ranker.level(row, scene.now, scene.stale)].style


def _decide(row: Instance, scene: RowContext, size: int) -> Piece:
    """How long there is to decide; `now` where it is under way, or may begin at any moment."""
    event = row.events[0]
    when, until = when_of(event, scene.now), decide_by(event, scene.now)
    if when is When.PAST and until is not None:
        return ago(until, scene.now), "dim"
    if when is not When.AHEAD or until is None:
        return "now", _style(row, scene)
    return f"in {span(until - scene.now)}", _style(row, scene)


def _starts(row: Instance, scene: RowContext, size: int) -> Piece:
    event = row.events[0]
    if event.not_before is None:
        return ("not told", "yellow") if size >= 8 else ("?", "yellow")
    if when_of(event, scene.now) is When.NOW:
        since = ago(event.not_before, scene.now)
        return since if cell_len(since) <= size else since.removesuffix(" ago"), "yellow"
    return _date(event.not_before, row, scene, size), ""


def _until(row: Instance, scene: RowContext, size: int) -> Piece:
    """Up to when it can be moved; dim where AWS no longer does."""
    event = row.events[0]
    if event.deadline is None:
        return NO_VALUE, "dim"
    look = "dim" if event.why_not_reschedule(scene.now) else ""
    return _date(event.deadline, row, scene, size), look


def _date(when: datetime, row: Instance, scene: RowContext, size: int) -> str:
    """In the operator's zone, which the clock above names. Where there is little room the hour alone if the day stands above,
    else the day.
    """
    short = short_date(when, scene.zone, scene.now)
    if cell_len(short) <= size:
        return short
    _, day = day_of(row.events[0], scene.now, scene.zone)
    same = day == to_zone(when, scene.zone).date()
    return bare_clock(when, scene.zone) if same else short.rpartition(" ")[0]


def _code(row: Instance, scene: RowContext, size: int) -> Piece:
    """AWS's own word; without its first part where it does not fit."""
    code = row.events[0].code_text
    short = code if cell_len(code) <= size else code.removeprefix("instance-").removeprefix("system-")
    return short, _style(row, scene)


def _together(row: Instance, scene: RowContext, size: int) -> Piece:
    """The gravest of the groups of which others' events fall together with it; `?` where their members are not read."""
    if scene.falls is None:  # in a view of one's own that lists no events
        return NO_VALUE, "dim"
    found = scene.falls.of(row, row.events[0])
    if not found:
        return ("?", LEVELS[Level.UNKNOWN].style) if found is None else ("", "")
    more = f" +{len(found) - 1}" if len(found) > 1 else ""
    sign = LEVELS[Level.FAILING if found[0].is_all else Level.DUE]
    told = f"{found[0].text}{more}"
    return told if cell_len(told) <= size else f"{found[0].short}{more}", sign.style


_NAMED = {column.title: column for column in COLUMNS}
INBOX_COLUMNS: tuple[FleetColumn, ...] = (
    COLUMNS[0],
    Column("decide", 8, 0, _decide, grow=2),
    Column("starts", 6, 1, _starts, grow=6),
    Column("movable until", 7, 2, _until, grow=6, short="until"),
    Column("event", 13, 0, _code, grow=6),
    replace(_NAMED["name"], width=12, grow=8),
    replace(_NAMED["target"], width=12, priority=1, grow=10),
    Column("together", 11, 1, _together, grow=24),
    replace(_NAMED["id"], priority=6),
)
