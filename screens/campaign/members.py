"""The members of a campaign, drawn line by line: what failed comes first; the cursor holds on to its member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style

from screens.columns import Column, Piece, chosen, titles, widened
from screens.line_table import LineTable
from screens.theme import painted
from tui.config.schema import Settings
from tui.domain.campaign.model import Member, MemberState
from tui.domain.time_format import coarse_span
from tui.presentation.campaign_text import MEMBER_SIGNS
from tui.presentation.instance_text import short_target
from tui.presentation.symbols import NO_VALUE
from tui.presentation.width import middle


class MembersContext(Struct, frozen=True):
    """What drawing a line needs besides the member. `notes`: what there is to say of each, by its key.

    `late`: keys of those that can't be kept. `planned`: nobody has confirmed it yet.
    """

    now: datetime
    settings: Settings
    notes: Mapping[str, str] = {}
    late: frozenset[str] = frozenset()
    planned: bool = False


def _state(one: Member, view: MembersContext, size: int) -> Piece:
    sign = MEMBER_SIGNS[one.state]
    if view.planned and one.state is MemberState.WAITS:
        return (f"{sign.symbol} goes", sign.style) if one.looked_at else (f"{sign.symbol} goes?", "dim")
    return sign.named, sign.style


def _where(one: Member, view: MembersContext, size: int) -> Piece:
    color = painted(view.settings.profile(one.profile).color)
    return short_target(view.settings, one.profile, one.region, size), color


def _due(one: Member, view: MembersContext, size: int) -> Piece:
    """How long until AWS acts."""
    if one.deadline is None:
        return NO_VALUE, "dim"
    past = one.deadline <= view.now
    text = "past" if past else coarse_span(one.deadline - view.now)
    return text, "bold red" if past or one.key in view.late else ""


def _note(one: Member, view: MembersContext, size: int) -> Piece:
    style = "" if one.state is MemberState.LEFT_OUT else MEMBER_SIGNS[one.state].style
    return view.notes.get(one.key, one.why), style.replace("bold ", "")


MEMBER_COLUMNS: tuple[Column[Member, MembersContext], ...] = (
    Column("", 11, 0, _state),
    Column("instance", 14, 0, lambda one, view, size: (middle(one.label, size), "bold"), grow=12),
    Column("id", 19, 5, lambda one, view, size: (one.instance_id, "dim")),
    Column("where", 12, 1, _where, grow=10),
    Column("type", 11, 4, lambda one, view, size: (one.instance_type, "")),
    Column("due in", 6, 2, _due),
    Column("note", 26, 0, _note, grow=200),
)


class MemberTable(LineTable[Member]):
    """Takes members and what there is to say of them."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        super().__init__()
        self._view = MembersContext(now, settings)

    def show(self, rows: Sequence[Member], view: MembersContext, nothing: str = "") -> None:
        """Other members or another time; without any, what is to be said of that."""
        self._view = view
        self.put(rows, nothing)

    def identity(self, row: Member) -> str:
        return row.key

    def head(self, width: int, style: Style) -> list[Segment]:
        return [Segment(f" {titles(_shown(width))}", style)]

    def body(self, row: Member, width: int, style: Style, chosen: bool) -> list[Segment]:
        segments = [Segment("›" if chosen else " ", style + Style(bold=True))]
        for column, size in _shown(width):
            for text, look in column.pieces(row, self._view, size):
                segments.append(Segment(text, style + Style.parse(look) if look else style))
            segments.append(Segment(" ", style))
        return segments


def _shown(width: int) -> list[tuple[Column[Member, MembersContext], int]]:
    return widened(chosen(MEMBER_COLUMNS, width - 1), width - 1)
