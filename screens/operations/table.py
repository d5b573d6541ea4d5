"""The list of operations, drawn line by line; the cursor holds on to its operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style

from screens.line_table import LineTable
from screens.operation_status import SIGNS
from screens.theme import painted
from tui.config.schema import Settings
from tui.domain.sanitize import clean
from tui.domain.time_format import ago, span
from tui.operations.model import Operation
from tui.operations.operation_text import progress
from tui.operations.status import status_of
from tui.presentation.width import cut, middle


class OperationsContext(Struct, frozen=True):
    """What drawing a line needs besides the operation."""

    now: datetime
    settings: Settings


class OperationColumn(Struct, frozen=True):
    """`least` is the width of the whole list from which it is shown; `share` of what is left it takes; `both_ends`: names
    differ at either end, so what is too long loses its middle."""

    title: str
    width: int
    least: int
    cell: Callable[[Operation, OperationsContext], tuple[str, str]]
    share: int = 0
    both_ends: bool = False


def _state(one: Operation, view: OperationsContext) -> tuple[str, str]:
    sign = SIGNS[status_of(one, view.now).standing]
    return sign.named, sign.style


def _where(one: Operation, view: OperationsContext) -> tuple[str, str]:
    color = painted(view.settings.profile(one.profile).color)
    return f"{view.settings.label(one.profile)} {one.region}", color


def _note(one: Operation, view: OperationsContext) -> tuple[str, str]:
    status = status_of(one, view.now)
    style = SIGNS[status.standing].style
    if status.cut_off:
        return "nobody drives it: press r to resume", style
    return clean(one.note), style if one.attention else ""


OPERATION_COLUMNS = (
    OperationColumn("", 12, 0, _state),
    OperationColumn("action", 10, 0, lambda one, view: (one.action, "")),
    OperationColumn("instance", 14, 0, lambda one, view: (one.label, "bold"), share=1, both_ends=True),
    OperationColumn("id", 19, 130, lambda one, view: (clean(one.instance_id), "dim")),
    OperationColumn("where", 22, 110, _where, both_ends=True),
    OperationColumn("step", 16, 0, lambda one, view: (progress(one), "")),
    OperationColumn("took", 6, 0, lambda one, view: (span(status_of(one, view.now).elapsed), "")),
    OperationColumn(
        "begun", 9, 96, lambda one, view: (ago(one.confirmed_at or one.created_at, view.now), "dim")
    ),
    OperationColumn("note", 10, 0, _note, share=3),
)


def fit_operation_columns(width: int) -> list[tuple[OperationColumn, int]]:
    """The columns that are shown at this width, and how wide each is."""
    shown = [column for column in OPERATION_COLUMNS if width >= column.least]
    spare = max(0, width - sum(column.width + 1 for column in shown))
    shares = sum(column.share for column in shown)
    return [(column, column.width + spare * column.share // shares) for column in shown]


class OperationTable(LineTable[Operation]):
    """Takes operations and a time."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        super().__init__()
        self._view = OperationsContext(now, settings)

    def show(self, rows: Sequence[Operation], now: datetime, nothing: str = "") -> None:
        """Other operations or another time; without operations, what is to be said of that."""
        self._view = OperationsContext(now, self._view.settings)
        self.put(rows, nothing)

    def identity(self, row: Operation) -> str:
        """The operation's id."""
        return row.id

    def head(self, width: int, style: Style) -> list[Segment]:
        """The columns' titles."""
        titles = "".join(cut(column.title, size) + " " for column, size in fit_operation_columns(width - 1))
        return [Segment(f" {titles}", style)]

    def body(self, row: Operation, width: int, style: Style, chosen: bool) -> list[Segment]:
        """Its cells."""
        pointer = "›" if chosen else " "
        segments = [Segment(pointer, style + Style(bold=True))]
        for column, size in fit_operation_columns(width - 1):
            text, look = column.cell(row, self._view)
            text = middle(text, size) if column.both_ends else text
            segments.append(Segment(cut(text, size), style + Style.parse(look) if look else style))
            segments.append(Segment(" ", style))
        return segments
