"""How incidents read: in the line on top of every screen, in a notification on the desktop, and when they are acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from tui.domain.incidents import AlarmKind, IncidentChange
from tui.domain.sanitize import clean
from tui.domain.time_format import clock_or_date
from tui.domain.triage import Level
from tui.presentation.symbols import LEVELS
from tui.presentation.width import cell_len, cut

_KEY = "   press K"
_WHO = 30
"""Columns of a name."""


def incident_name(change: IncidentChange) -> str:
    """`web-1 failing`: whom it is about, and the kind."""
    return f"{_who(change)} {change.kind.replace('stopped-by-aws', 'stopped by AWS')}"


def incident_line(
    waiting: Sequence[tuple[IncidentChange, datetime | None]],
    now: datetime,
    zone: tzinfo,
    room: int,
    *,
    key: bool = True,
) -> str:
    """What is not acknowledged, in `room` columns: each incident with the time at which it was over, if it is. `key`: it can be
    acknowledged here.

    Those that go on come first, of them the newest: that is what nobody knows yet. Where not all fit, names do without the rest.
    """
    if not waiting:
        return ""
    order = sorted(waiting, key=lambda one: (one[1] is not None, -one[0].at.timestamp(), _rank(one[0])))
    head = f"{LEVELS[Level.FAILING].symbol} {len(order)} not acknowledged: "
    tail = _KEY if key else ""
    room = max(room - cell_len(head) - cell_len(tail), 10)
    told = [f"{incident_name(begun)} {_times(begun.at, over, now, zone)}" for begun, over in order]
    line = "; ".join(told)
    if len(told) == 1 and order[0][0].why:
        line = f"{line}: {clean(order[0][0].why)}"
    elif cell_len(line) > room:
        line = _names([_who(begun) for begun, _ in order], room)
    return head + (line if cell_len(line) <= room else cut(line, room).rstrip()) + tail


def _names(names: Sequence[str], room: int) -> str:
    """As many as fit, each once, and how many there are beside them."""
    once = list(dict.fromkeys(names))
    for shown in range(len(once), 1, -1):
        line = ", ".join(once[:shown]) + (f" and {len(once) - shown} more" if shown < len(once) else "")
        if cell_len(line) <= room:
            return line
    return f"{once[0]} and {len(once) - 1} more" if len(once) > 1 else once[0]


def acknowledged_line(done: Sequence[IncidentChange], left: int) -> str:
    """What a person hears who acknowledges; `left`: incidents that came just now."""
    rest = f"; {left} came just now: K again" if left else ""
    if not done:
        return f"nothing acknowledged{rest}" if left else "nothing is to be acknowledged"
    more = f"; {len(done) - 5} more" if len(done) > 5 else ""
    return f"acknowledged: {'; '.join(map(incident_name, done[:5]))}{more}{rest}"


def incident_notice(begun: Sequence[IncidentChange]) -> str:
    """What began, in one line of the desktop's."""
    if len(begun) == 1:
        return f"{incident_name(begun[0])}: {clean(begun[0].why, 120)}"
    more = f"; {len(begun) - 3} more" if len(begun) > 3 else ""
    return f"{len(begun)} incidents: {'; '.join(map(incident_name, begun[:3]))}{more}"


def _times(at: datetime, over: datetime | None, now: datetime, zone: tzinfo) -> str:
    begun = clock_or_date(at, zone, now)
    return begun if over is None else f"{begun}–{clock_or_date(over, zone, now)}, over"


def _who(change: IncidentChange) -> str:
    """Its name, or what else there is."""
    who = clean(change.name or change.instance_id or change.account_id or change.region or "evac")
    return cut(who, _WHO).rstrip() if cell_len(who) > _WHO else who


def _rank(change: IncidentChange) -> int:
    """What is down or fails comes before what will be."""
    return next((at for at, kind in enumerate(AlarmKind) if change.kind.startswith(kind)), 0)
