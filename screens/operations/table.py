"""The list of operations, drawn line by line; the cursor holds on to its operation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from rich.segment import Segment
from rich.style import Style

from screens.columns import Column, Piece, chosen, titles, widened
from screens.line_table import LineTable
from screens.operation_status import SIGNS, in_order
from screens.theme import painted
from tui.config.schema import Settings
from tui.domain.actions import ACTIONS
from tui.domain.campaign.model import Campaign, CampaignState, MemberState
from tui.domain.sanitize import clean
from tui.domain.time_format import ago, span
from tui.operations.model import Operation
from tui.operations.operation_text import progress
from tui.operations.status import Standing, status_of
from tui.presentation.campaign_text import action_title, campaign_sign, campaign_told, needs_somebody
from tui.presentation.instance_text import short_target
from tui.presentation.width import cell_len, cut, middle


class OperationsContext(Struct, frozen=True):
    """What drawing a line needs besides the operation."""

    now: datetime
    settings: Settings


def _state(one: Operation, view: OperationsContext, size: int) -> Piece:
    sign = SIGNS[status_of(one, view.now).standing]
    return sign.named, sign.style


def _where(one: Operation, view: OperationsContext, size: int) -> Piece:
    color = painted(view.settings.profile(one.profile).color)
    return short_target(view.settings, one.profile, one.region, size), color


def _note(one: Operation, view: OperationsContext, size: int) -> Piece:
    status = status_of(one, view.now)
    style = SIGNS[status.standing].style
    if status.cut_off:
        return "nobody drives it: press r to resume", style
    return clean(one.note), style if one.attention else ""


_ACTION = "action"
_LONGEST = max(map(len, ACTIONS))
OPERATION_COLUMNS: tuple[Column[Operation, OperationsContext], ...] = (
    Column("", 11, 0, _state),
    Column(_ACTION, 6, 0, lambda one, view, size: (one.action, "")),
    Column("instance", 14, 0, lambda one, view, size: (middle(one.label, size), "bold"), grow=12),
    Column("id", 19, 5, lambda one, view, size: (clean(one.instance_id), "dim")),
    Column("where", 12, 1, _where, grow=10),
    Column("step", 16, 0, lambda one, view, size: (progress(one), "")),
    Column("took", 5, 2, lambda one, view, size: (span(status_of(one, view.now).elapsed), "")),
    Column("begun", 9, 4, lambda one, view, size: (ago(one.confirmed_at or one.created_at, view.now), "dim")),
    Column("note", 20, 3, _note, grow=200),
)


Listed = Operation | Campaign
"""What the list holds."""


def listed_in_order(
    operations: Sequence[Operation], campaigns: Sequence[Campaign], now: datetime
) -> list[Listed]:
    """What needs a person, what runs, the rest; of each the campaigns first, and the newest first."""
    found: list[tuple[int, Listed]] = []
    for campaign in sorted(campaigns, key=lambda one: one.id, reverse=True):
        runs = campaign.state is CampaignState.RUNNING or campaign.of(MemberState.GOING)
        found.append((0 if needs_somebody(campaign) else 1 if runs else 2, campaign))
    rank = {Standing.CUT_OFF: 0, Standing.NEEDS_YOU: 0, Standing.RUNNING: 1, Standing.PLANNED: 1}
    found += [(rank.get(status_of(one, now).standing, 2), one) for one in in_order(operations, now)]
    first = [pair for pair in found if pair[0] < 2]
    rest = [pair for pair in found if pair[0] == 2]
    first.sort(key=lambda pair: pair[0])
    rest.sort(key=lambda pair: _begun(pair[1]), reverse=True)
    return [one for _, one in (*first, *rest)]


def _begun(one: Listed) -> datetime:
    return one.confirmed_at or one.created_at


class OperationTable(LineTable[Listed]):
    """Takes operations, campaigns and a time. The names of their actions are read whole: some differ at their ends alone."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        super().__init__()
        self._view = OperationsContext(now, settings)
        self._columns = OPERATION_COLUMNS

    def show(self, rows: Sequence[Listed], now: datetime, nothing: str = "") -> None:
        """Other operations or another time; without operations, what is to be said of that."""
        self._view = OperationsContext(now, self._view.settings)
        longest = min(
            _LONGEST, max((cell_len(one.action) for one in rows if isinstance(one, Operation)), default=0)
        )
        self._columns = tuple(
            replace(one, width=max(one.width, longest)) if one.title == _ACTION else one
            for one in OPERATION_COLUMNS
        )
        self.put(rows, nothing)

    def identity(self, row: Listed) -> str:
        return row.id

    def head(self, width: int, style: Style) -> list[Segment]:
        return [Segment(f" {titles(self._shown(width))}", style)]

    def body(self, row: Listed, width: int, style: Style, chosen: bool) -> list[Segment]:
        pointer = "›" if chosen else " "
        segments = [Segment(pointer, style + Style(bold=True))]
        if isinstance(row, Campaign):
            sign = campaign_sign(row)
            segments.append(Segment(cut(sign.named, 11) + " ", style + Style.parse(sign.style)))
            told = f"campaign {action_title(row.action)}: {campaign_told(row)}  {ago(_begun(row), self._view.now)}"
            segments.append(Segment(cut(told, max(1, width - 13)), style + Style(bold=True)))
            return segments
        for column, size in self._shown(width):
            for text, look in column.pieces(row, self._view, size):
                segments.append(Segment(text, style + Style.parse(look) if look else style))
            segments.append(Segment(" ", style))
        return segments

    def _shown(self, width: int) -> list[tuple[Column[Operation, OperationsContext], int]]:
        return widened(chosen(self._columns, width - 1), width - 1)
