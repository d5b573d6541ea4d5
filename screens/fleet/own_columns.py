"""The columns that the configuration names, tags among them, as the table draws them."""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace

from screens.columns import Column, Piece
from screens.fleet.columns import COLUMNS, DrawCell, FleetColumn, RowContext
from screens.fleet.inbox_columns import INBOX_COLUMNS
from tui.config.views import COVER_NAMES, is_tag
from tui.domain.instance import Instance
from tui.domain.sanitize import clean
from tui.domain.time_format import countdown, span
from tui.presentation.accounts import account_number
from tui.presentation.symbols import LEVELS, NO_VALUE

TAG, TAG_GROWS = 12, 20
"""Columns of a tag's value, and so many more where there is room."""
_TAG_PRIORITY = 3
"""Checks, event and target stay longer than tags; all else gives way before them."""


def _account(row: Instance, scene: RowContext, size: int) -> Piece:
    return account_number(row.account_id) or "?", ""


def _tag(key: str) -> DrawCell:
    def cell(row: Instance, scene: RowContext, size: int) -> Piece:
        value = row.tag_like(key)
        if value is None:
            return ("?", "magenta") if row.inventory_at is None else (NO_VALUE, "dim")
        return (value, "") if value else ("(empty)", "dim")

    return cell


def _of_event(cell: DrawCell) -> DrawCell:
    """What only an event has, also of rows without one."""

    def told(row: Instance, scene: RowContext, size: int) -> Piece | tuple[Piece, ...]:
        events = row.open_events(scene.now) if row.events else ()
        if not events:
            return (NO_VALUE if row.status_at else "?"), "dim"
        return cell(replace(row, events=events[:1]), scene, size)

    return told


def _left(row: Instance, scene: RowContext, size: int) -> Piece:
    start = row.events[0].not_before
    if start is None:
        return NO_VALUE, "dim"
    left = span(start - scene.now) if start > scene.now else countdown(start, scene.now)
    return left, LEVELS[scene.ranker.level(row, scene.now, scene.stale)].style


_USUAL = {column.title: column for column in (*INBOX_COLUMNS, *COLUMNS)}
OWN_COLUMNS: dict[str, FleetColumn] = {
    "name": _USUAL["name"],
    "id": _USUAL["id"],
    "target": _USUAL["target"],
    "account": Column("account", 14, 6, _account),
    "type": _USUAL["type"],
    "state": _USUAL["state"],
    "checks": _USUAL["checks"],
    "event": _USUAL["next event"],
    "left": Column("left", 7, 2, _of_event(_left)),
    "decide": replace(_USUAL["decide"], priority=2, cell=_of_event(_USUAL["decide"].cell)),
    "starts": replace(_USUAL["starts"], width=12, priority=2, cell=_of_event(_USUAL["starts"].cell)),
    "move-by": replace(
        _USUAL["movable until"], width=12, priority=2, cell=_of_event(_USUAL["movable until"].cell)
    ),
    "together": replace(_USUAL["together"], priority=2, cell=_of_event(_USUAL["together"].cell)),
    "address": _USUAL["address"],
    "ami": _USUAL["AMI"],
}
"""By the name that stands in the configuration; `tui.config.views` says what each shows. Those of cover are beside them."""


def column_of(name: str) -> FleetColumn | None:
    """The column of that name, a tag's too; None: there is none."""
    if name in COVER_NAMES:
        from screens.fleet.cover_columns import COVER_COLUMNS  # loaded when somebody asks

        return next(column for column in COVER_COLUMNS if column.title == name.replace("-", " "))
    if not is_tag(name):
        return OWN_COLUMNS.get(name)
    key = name.removeprefix("tag.")
    title = clean(name if key in _USUAL else key, 60)
    return Column(title, TAG, _TAG_PRIORITY, _tag(key), grow=TAG_GROWS)


@cache
def own_columns(names: tuple[str, ...], *, of_cover: bool = False) -> tuple[FleetColumn, ...]:
    """What `names` stand for, behind the sign and the name; those that are no column's are left out. None known: none.

    `of_cover`: the sign is that of the cover, by which such a list is ordered.
    Where there is no room tags give way before checks, event and target, what else was named before tags; of equals the last.
    """
    found = [column for name in dict.fromkeys(names) if (column := column_of(name)) is not None]
    if not found:
        return ()
    sign = COLUMNS[0]
    if of_cover:
        from screens.fleet.cover_columns import COVER_COLUMNS

        sign = COVER_COLUMNS[0]
    return (sign, _USUAL["name"], *(column for column in found if column is not _USUAL["name"]))
