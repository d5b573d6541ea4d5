"""The table's columns: what each says of an instance, how wide it is, and which give way first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from screens.columns import FIXED, Column, Piece, chosen, widened
from screens.theme import painted
from tui.config.schema import Settings
from tui.domain.activity import Work
from tui.domain.down_by_aws import STOP_EVENTS, why_down
from tui.domain.instance import Instance, PublicAddress, TargetStatus
from tui.domain.listing import Ranker, Stale
from tui.domain.time_format import ago, countdown
from tui.domain.triage import Level
from tui.presentation.instance_text import checks_cell, short_place
from tui.presentation.links import link_style
from tui.presentation.symbols import LEVELS, NO_VALUE, WORKING
from tui.presentation.width import cell_len, middle

if TYPE_CHECKING:  # the first frame lists no events
    from tui.domain.inbox import FallsTogether


class RowContext(Struct, frozen=True):
    """What drawing a row needs besides the row. `here`: the id of the instance this console runs on.

    `start` is what all targets' names begin with, `wide` the columns they need; where that is more than usual, `full` holds the
    columns that have something to tell, and the others leave it room. `by_event`: each row is an instance with one of its events.
    `columns`: those of a view of its own, in place of the usual ones. `links`: the terminal shows links. `falls`: in the view of
    events, what falls together.
    """

    now: datetime
    settings: Settings
    marked: frozenset[str] = frozenset()
    stale: Stale = field(default_factory=dict)
    ranker: Ranker = field(default_factory=Ranker)
    here: str = ""
    start: str = ""
    wide: int = 0
    full: frozenset[str] = frozenset()
    zone: tzinfo = UTC
    by_event: bool = False
    columns: Sequence[FleetColumn] = ()
    links: bool = False
    falls: FallsTogether | None = None

    def work(self, row: Instance) -> Work | None:
        """The operation of evac's whose doing is to be seen of it."""
        work = self.ranker.own.work(row)
        return work if work is not None and work.explains(row) else None


FleetColumn = Column[Instance, RowContext]
DrawCell = Callable[[Instance, RowContext, int], Piece | tuple[Piece, ...]]


def _sign(row: Instance, scene: RowContext, size: int) -> Piece:
    work = scene.work(row)
    sign = LEVELS[scene.ranker.level(row, scene.now, scene.stale)]
    if work is not None and not work.attention:
        sign = WORKING
    return " +"[row.key in scene.marked] + sign.symbol, sign.style


_HERE = (" (this machine)", " here")


def _name(row: Instance, scene: RowContext, size: int) -> Piece | tuple[Piece, ...]:
    """Its name; of the machine this console runs on never without saying so."""
    name = str(row.label)
    if not scene.here or row.instance_id != scene.here:
        return middle(name, size), "bold"
    mark = next((one for one in _HERE if cell_len(name) + cell_len(one) <= size), _HERE[-1])
    room = max(1, size - cell_len(mark))
    return (middle(name, room), "bold"), (mark, "bold cyan")


def _target(row: Instance, scene: RowContext, size: int) -> tuple[Piece, ...]:
    """Profile and region. The place is always whole, in AWS's own short form (`apne2a`) where the long one does not fit; then the
    name gives way: what all of them begin with first, then its middle.
    """
    count = len(row.profiles) - 1
    others = f"+{count}" if count > 0 else ""
    name, place = scene.settings.label(row.target.profile), row.zone or row.target.region
    short, rest = short_place(place), name.removeprefix(scene.start) or name
    style = painted(scene.settings.profile(row.target.profile).color)
    forms = (
        ((rest, place), (rest, short))
        if scene.wide > TARGET
        else ((name, place), (name, short), (rest, short))
    )
    for whole, where in forms:  # all of them with what they have in common, or all without
        if cell_len(f"{whole}{others} {where}") <= size:
            return (whole + others, style), (f" {where}", "")
    room = max(1, size - 1 - cell_len(short) - len(others))
    return (middle(rest, room) + others, style), (f" {short}", "")


def target_width(targets: Iterable[TargetStatus], settings: Settings, start: str) -> int:
    """Columns in which every target of these is told without leaving anything out; between the usual width and WIDEST."""
    widest = TARGET
    for one in targets:
        others = f"+{len(one.profiles) - 1}" if len(one.profiles) > 1 else ""
        name = settings.label(one.target.profile)
        name = name.removeprefix(start) or name
        widest = max(
            widest, cell_len(f"{name}{others} {short_place(one.target.region)}") + 1
        )  # and the zone's letter
    return min(widest, WIDEST)


def _state(row: Instance, scene: RowContext, size: int) -> Piece:
    return str(row.state), "" if row.state == "running" else "yellow"


def _checks(row: Instance, scene: RowContext, size: int) -> Piece:
    """The checks; unknown where they were read too long ago."""
    if (work := scene.work(row)) is not None:
        mark = LEVELS[Level.DUE] if work.attention else WORKING
        return f"{mark.symbol} {'needs you' if work.attention else work.cell}", mark.style
    text, style = checks_cell(row, scene.now)
    if scene.ranker.own.meant(row) is not None and why_down(row, scene.now) is not None:
        return f"{NO_VALUE} down, meant", "dim"
    if row.target not in scene.stale:
        return text, style
    since = scene.stale[row.target]
    if since is None:
        return "? not read yet", "magenta"
    was = "ok" if text == LEVELS[Level.CALM].symbol else text.removeprefix("? ")
    return f"? {was} {ago(since, scene.now)}", "magenta"


def _event(row: Instance, scene: RowContext, size: int) -> Piece:
    events = row.open_events(scene.now) if row.events else ()
    if (work := scene.work(row)) is not None:
        return f"{work.who(scene.now)}: {'o' if work.attention else 'wait'}", WORKING.style
    found = why_down(row, scene.now)
    if found is not None and not any(event.not_before and event.not_before > scene.now for event in events):
        word = "stopping" if found.stopping else "stopped"
        age = f" {ago(found.since, scene.now)}" if found.since and found.since <= scene.now else ""
        return word + age, "dim" if scene.ranker.own.meant(row) is not None else "bold red"
    if not events:
        return (NO_VALUE if row.status_at else "?"), "dim"
    first = events[0]
    more = f" +{len(events) - 1}" if len(events) > 1 else ""
    if first.not_before is None:
        return f"{first.code_text}{more}", "bold yellow"
    style = LEVELS[scene.ranker.level(row, scene.now, scene.stale)].style
    work = scene.ranker.own.work(row)
    if work is not None and work.waiting and first.code in STOP_EVENTS:
        return f"stop {countdown(first.not_before, scene.now)}, then start", style
    code = first.code_text.removeprefix("instance-") if len(first.code_text) > 16 else first.code_text
    return f"{code} {countdown(first.not_before, scene.now)}{more}", style


def _address(row: Instance, scene: RowContext, size: int) -> Piece:
    if row.inventory_at is None:
        return "?", "magenta"
    word = {PublicAddress.AUTO: " auto", PublicAddress.ELASTIC: " EIP"}.get(row.public_kind, "")
    return (f"{row.public_ip}{word}" if row.public_ip else str(row.private_ip) or NO_VALUE), ""


def _image(row: Instance, scene: RowContext, size: int) -> Piece:
    if row.images_at is None:
        return "?", "magenta"
    if row.newest_image is None or row.newest_image.created is None:
        return "none", "yellow"
    return ago(row.newest_image.created, scene.now).removesuffix(" ago"), ""


def _plain(name: str) -> DrawCell:
    return lambda row, scene, size: (str(getattr(row, name)) or "?", "")


def _id(row: Instance, scene: RowContext, size: int) -> Piece:
    """Its id, which leads to its page in AWS's console."""
    return str(row.instance_id) or "?", link_style(row) if scene.links else ""


TARGET, WIDEST = 14, 28
"""Columns of a target's name and place, usually and at most."""
SPARED = {"next event": 10, "state": 0}
"""Columns that may have nothing to tell, and what they keep then."""
COLUMNS: tuple[FleetColumn, ...] = (
    Column("", 3, 0, _sign),
    Column("name", 16, 0, _name, grow=14),
    Column("id", 19, 6, _id),
    Column("target", TARGET, 2, _target, grow=11),
    Column("type", 11, 7, _plain("instance_type")),
    Column("state", 8, 4, _state),
    Column("checks", 14, 1, _checks),
    Column("next event", 25, 1, _event),
    Column("address", 20, 5, _address),
    Column("AMI", 5, 8, _image),
)


def fit_fleet_columns(
    width: int, shift: int = 0, scene: RowContext | None = None
) -> list[tuple[FleetColumn, int]]:
    """The columns that fit, with their widths; the name takes what is left.

    `shift` 0: the least important go first. Otherwise so many are left out at the left, and as many as fit shown behind.
    A target's name that needs more gets it before less important columns have any, and from those with nothing to tell.
    """
    for enough in (True, False):
        named = scene is not None and bool(scene.columns)
        found = chosen(_columns(scene, enough), width, shift, refill=named)
        target = next((column for column in found if column.title == "target"), None)
        if target is not None or shift:
            break
    if scene is not None and target is not None:
        spare = max(0, width - sum(column.width + 1 for column in found))
        first = min(spare, max(0, scene.wide - target.width))
        roomy = replace(target, width=target.width + first, grow=max(0, target.grow - first))
        found = [roomy if column is target else column for column in found]
    return widened(found, width)


def _columns(scene: RowContext | None, enough: bool = True) -> Sequence[FleetColumn]:
    """All columns. Long names of targets get `enough` room before less important columns have any; without `enough` only the
    room of columns that have nothing to tell.
    """
    every = tuple(scene.columns) if scene is not None and scene.columns else COLUMNS
    if scene is None or scene.wide <= TARGET:
        return every
    found, freed = [], 0
    for column in every:
        kept = (
            column.width
            if column.title in scene.full or scene.columns
            else SPARED.get(column.title, column.width)
        )
        freed += column.width - kept if kept else 0
        if kept:
            found.append(replace(column, width=kept) if kept != column.width else column)
    more = scene.wide - TARGET if enough else min(freed, scene.wide - TARGET)
    return [
        replace(one, width=TARGET + more, grow=max(0, one.grow - more)) if one.title == "target" else one
        for one in found
    ]


def farthest(width: int, scene: RowContext | None = None) -> int:
    """The shift at which the last column is shown; 0 where all fit."""
    every = _columns(scene)
    if len(fit_fleet_columns(width, 0, scene)) == len(every):
        return 0
    shifts = range(1, len(every) - FIXED)
    return next(
        (shift for shift in shifts if fit_fleet_columns(width, shift, scene)[-1][0] is every[-1]), shifts[-1]
    )
