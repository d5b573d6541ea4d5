"""The table of instances, drawn line by line: only the visible rows cost anything, at 10 rows or at 50,000."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.fleet.columns import Scene, fit
from tui.domain.instance import Instance


class FleetTable(ScrollView, can_focus=True):
    """Takes rows and a scene; reports by its own message. The cursor holds on to its instance, not to a line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up,k", "move(-1)", "up"),
        ("down,j", "move(1)", "down"),
        ("pageup,ctrl+b", "page(-1)", "page up"),
        ("pagedown,ctrl+f", "page(1)", "page down"),
        ("home,g", "end(0)", "top"),
        ("end,G", "end(1)", "bottom"),
    ]

    class Highlighted(Message):
        """The cursor is on another instance."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Instance] = ()
        self.cursor = 0
        self.scene: Scene | None = None
        self.show_vertical_scrollbar = True

    @property
    def current(self) -> Instance | None:
        """The instance under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def show(self, rows: Sequence[Instance], scene: Scene) -> None:
        """Other rows or another time; the cursor stays on its instance while that is there."""
        held = self.current.key if self.current else None
        self.rows, self.scene = rows, scene
        place = next((index for index, row in enumerate(rows) if row.key == held), None)
        self.cursor = place if place is not None else min(self.cursor, max(0, len(rows) - 1))
        self.virtual_size = Size(self.size.width, len(rows) + 1)
        if place is not None:
            self._reveal()
        self.refresh()
        if (self.current.key if self.current else None) != held:
            self.post_message(self.Highlighted())

    def on_resize(self, event: Resize) -> None:
        """The columns follow."""
        self.virtual_size = Size(event.size.width, len(self.rows) + 1)

    def action_move(self, by: int) -> None:
        """Up or down."""
        self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        """A page."""
        self._go(self.cursor + by * max(1, self.size.height - 2))

    def action_end(self, last: int) -> None:
        """To the first or the last."""
        self._go(len(self.rows) - 1 if last else 0)

    def _go(self, line: int) -> None:
        line = max(0, min(line, len(self.rows) - 1))
        if line != self.cursor and self.rows:
            self.cursor = line
            self._reveal()
            self.refresh()
            self.post_message(self.Highlighted())

    def _reveal(self) -> None:
        top = self.scroll_offset.y
        visible = max(1, self.size.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + visible:
            self.scroll_to(y=self.cursor - visible + 1, animate=False)

    def render_line(self, y: int) -> Strip:
        """The header stays; under it the rows from the scroll offset on."""
        width = self.size.width
        layout = fit(width)
        if y == 0 or self.scene is None:
            text = (
                "".join(set_cell_size(column.title, size) + " " for column, size in layout) if y == 0 else ""
            )
            return Strip([Segment(text, Style(dim=True))]).adjust_cell_length(width)
        line = y - 1 + self.scroll_offset.y
        if line >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        row = self.rows[line]
        base = Style(reverse=True) if line == self.cursor else Style()
        segments = []
        for column, size in layout:
            text, style = column.cell(row, self.scene)
            if len(text) > size:
                text = text[: size - 1] + "…"
            segments.append(
                Segment(set_cell_size(text, size) + " ", Style.parse(style) + base if style else base)
            )
        return Strip(segments).adjust_cell_length(width, base)
