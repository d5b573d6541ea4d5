"""The table of instances: the columns that fit, and a target's or a service's line where that is the news."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from screens.columns import Piece, titles
from screens.fleet.columns import (
    FleetColumn,
    RowContext,
    farthest,
    fit_fleet_columns,
)
from screens.line_table import MOVES, LineTable
from screens.render_errors import STYLE, UNSHOWN, report_error
from tui.domain.instance import Instance, TargetStatus
from tui.presentation.instance_text import target_line
from tui.presentation.width import cut, set_cell_size

if TYPE_CHECKING:  # the first frame lists no services and no days
    from tui.domain.cover.answers import ServiceCover
    from tui.domain.inbox import InboxDay

FleetRow: TypeAlias = "Instance | TargetStatus | ServiceCover | InboxDay"


class FleetTable(LineTable[FleetRow]):
    """Takes rows and a scene. A row may also be a target's line (a heading, or a failure), or a service's."""

    # Priority, as the screen's verbs have it: a verb must never overtake a move, and be about the row left behind.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, action, words, show=False, priority=True)
        for keys, action, words in (
            *MOVES,
            ("left,h", "sideways(-1)", "columns to the left"),
            ("right,l", "sideways(1)", "columns to the right"),
        )
    ]

    class Opened(Message):
        """The row under the cursor was clicked twice."""

    def __init__(self) -> None:
        super().__init__()
        self.scene: RowContext | None = None
        self.shift = 0
        self._fitted: tuple[object, list[tuple[FleetColumn, int]], int] = (None, [], 0)

    @property
    def instance(self) -> Instance | None:
        return self.current if isinstance(self.current, Instance) else None

    def show(self, rows: Sequence[FleetRow], scene: RowContext, nothing: str = "") -> None:
        """Show other rows at another time; without rows, the sentence in their place."""
        self.scene = scene
        self.put(rows, nothing)

    def later(self, scene: RowContext) -> None:
        """Redraw the same rows for a later time."""
        self.scene = scene
        self.redraw()

    def on_click(self, event: Click) -> None:
        """The row becomes the current one; a double click opens it."""
        inside = event.get_content_offset(self)
        line = None if inside is None else self.line_at(inside.y)
        if line is None:
            return
        if line == self.cursor and event.chain > 1:
            self.post_message(self.Opened())
        self.go(line)

    def action_sideways(self, by: int) -> None:
        """Shift to the columns that do not fit; the name stays."""
        self._columns(self.size.width)
        self.shift = max(0, min(self.shift + by, self._fitted[2]))
        self.redraw()

    def _columns(self, width: int) -> list[tuple[FleetColumn, int]]:
        """Those that fit, and how far they can be moved: once for all rows, since it is asked for each."""
        scene = self.scene
        rest = None if scene is None else (scene.columns, scene.by_event, scene.wide, scene.full)
        if self._fitted[0] != (width, self.shift, rest):
            most = farthest(width, scene)
            self.shift = min(self.shift, most)  # it may be wider now
            fitted = fit_fleet_columns(width, self.shift, scene)
            self._fitted = ((width, self.shift, rest), fitted, most)
        return self._fitted[1]

    def identity(self, row: FleetRow) -> str:
        """The instance's key, with the event's id where a row is an event; or the target's, the service's, or the day's."""
        if isinstance(row, TargetStatus):
            return f"target {row.target.key}"
        if isinstance(row, Instance):
            by_event = self.scene is not None and self.scene.by_event and row.events
            return row.event_key(row.events[0]) if by_event else row.key
        return row.key

    def rests(self, row: FleetRow) -> bool:
        """Not on the days of the inbox."""
        return isinstance(row, Instance | TargetStatus) or self.scene is None or not self.scene.by_event

    def head(self, width: int, style: Style) -> list[Segment]:
        """The columns' titles, and at the edges whether there are more."""
        shown = self._columns(width)
        text = set_cell_size(titles(shown), width)
        if self.shift:
            text = "←" + text[1:]
        if self.shift < self._fitted[2]:
            edge = self.scrollable_size.width - 1  # beside the scroll bar
            text = set_cell_size(text, edge) + "→"
        return [Segment(text, style)]

    def body(self, row: FleetRow, width: int, style: Style, chosen: bool) -> list[Segment]:
        """An instance's cells, or a target or a service in one line; the cursor has a sign of its own besides its colour."""
        scene = self.scene
        if scene is None:
            return [Segment(" " * width, style)]
        pointer = "›" if chosen else " "
        if not isinstance(row, Instance):
            if not chosen:
                style = style + self.get_component_rich_style("table--target", partial=True)
            text, look = _line(row, scene)
            room = min(width, self.scrollable_size.width)  # beside the scroll bar
            return [Segment(cut(f"{pointer} {text}", room) + " " * (width - room), style + Style.parse(look))]
        segments = [Segment(pointer, style + Style(bold=True))]
        for index, (column, size) in enumerate(self._columns(width)):
            for text, look in self._cell(column, row, size - 1 if index == 0 else size):
                segments.append(Segment(text, style + Style.parse(look) if look else style))
            segments.append(Segment(" ", style))
        return segments

    def _cell(self, column: FleetColumn, row: Instance, size: int) -> list[Piece]:
        """Draw one cell; an error in it is drawn in its place, and the rest of the row stays."""
        assert self.scene is not None
        try:
            return column.pieces(row, self.scene, size)
        except Exception as error:
            report_error(self, f"{row.instance_id}, {column.title}", error)
            return [(cut(UNSHOWN, size), STYLE)]


def _line(row: TargetStatus | ServiceCover | InboxDay, scene: RowContext) -> tuple[str, str]:
    """What is no instance in one line, and its style."""
    if isinstance(row, TargetStatus):
        return target_line(row, scene.settings, scene.now)
    from tui.domain.inbox import InboxDay

    if isinstance(row, InboxDay):
        from screens.fleet.inbox import day_line

        return day_line(row, scene)
    from tui.presentation.cover_text import service_line

    return service_line(row, scene.settings)
