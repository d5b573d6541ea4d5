"""The table of instances, drawn line by line: only the visible rows cost anything, at 10 rows or at 50,000."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.fleet.columns import Scene, cut, fit, pieces
from screens.signs import target_line
from tui.domain.instance import Instance, TargetStatus

Row = Instance | TargetStatus


class FleetTable(ScrollView, can_focus=True):
    """Takes rows and a scene; reports by its own messages. The cursor holds on to its instance, not to a line.

    A row may also be a target's line: a heading, or a failure.
    """

    DEFAULT_CSS = """
    FleetTable { scrollbar-size-vertical: 1; overflow-x: hidden; }
    FleetTable .table--cursor { background: $primary-muted; }
    FleetTable .table--head { color: $secondary; }
    FleetTable .table--target { background: $panel; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--cursor", "table--head", "table--target"}
    BINDINGS: ClassVar[list[BindingType]] = [
        ("up,k", "move(-1)", "up"),
        ("down,j", "move(1)", "down"),
        ("pageup,ctrl+b", "page(-1)", "page up"),
        ("pagedown,ctrl+f", "page(1)", "page down"),
        ("home,g", "end(0)", "top"),
        ("end,G", "end(1)", "bottom"),
    ]

    class Highlighted(Message):
        """The cursor is on another row."""

    class Opened(Message):
        """The row under the cursor was clicked once more."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Row] = ()
        self.cursor = 0
        self.scene: Scene | None = None
        self._touched = False
        self._drawn: dict[int, Strip] = {}

    @property
    def current(self) -> Row | None:
        """What is under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def instance(self) -> Instance | None:
        """The instance under the cursor."""
        return self.current if isinstance(self.current, Instance) else None

    def show(self, rows: Sequence[Row], scene: Scene) -> None:
        """Other rows or another time. The cursor stays on its instance and that on its line of the screen.

        Until somebody moves it, it is on the first row: the worst.
        """
        held, before = _identity(self.current), self.cursor
        self.rows, self.scene = rows, scene
        place = None
        if self._touched and held:
            place = next((index for index, row in enumerate(rows) if _identity(row) == held), None)
        self.cursor = min(before, max(0, len(rows) - 1)) if place is None else place
        if not self._touched:
            self.cursor = 0
        height = len(rows) + 1
        if self.virtual_size.height != height:
            self.virtual_size = Size(self.size.width, height)
        top = self.scroll_offset.y
        if place is not None and top > 0 and place != before:
            self.scroll_to(y=max(0, top + place - before), animate=False)
        self._reveal()
        self.redraw()
        if _identity(self.current) != held:
            self.post_message(self.Highlighted())

    def at_first(self) -> None:
        """Another view or filter: the cursor goes to its first row, and stays first until moved."""
        self._touched, self.cursor = False, 0
        self.scroll_to(y=0, animate=False)

    def redraw(self, scene: Scene | None = None) -> None:
        """Draw only the lines that look different now: over a slow line nothing else is sent."""
        if scene is not None:
            self.scene = scene
        old = self._drawn
        for y in range(self.size.height):
            if y not in old or self._line(y) != old[y]:
                self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self, event: Resize) -> None:
        """The columns follow."""
        self._drawn.clear()
        self.virtual_size = Size(event.size.width, len(self.rows) + 1)
        self._reveal()

    def on_click(self, event: Click) -> None:
        """The row becomes the current one; the current one opens."""
        line = event.y - 1 + self.scroll_offset.y
        if event.y == 0 or not 0 <= line < len(self.rows):
            return
        if line == self.cursor and event.chain > 1:
            self.post_message(self.Opened())
        self._go(line)

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
        self._touched = True
        line = max(0, min(line, len(self.rows) - 1))
        if line != self.cursor and self.rows:
            self.cursor = line
            self._reveal()
            self.redraw()
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
        strip = self._drawn[y] = self._line(y)
        return strip

    def _line(self, y: int) -> Strip:
        width, layout = self.size.width, fit(self.size.width)
        ground = self.rich_style
        if y == 0 or self.scene is None:
            head = "".join(cut(column.title, size) + " " for column, size in layout) if y == 0 else ""
            style = ground + self.get_component_rich_style("table--head", partial=True)
            return Strip([Segment(head, style)]).adjust_cell_length(width, style)
        line = y - 1 + self.scroll_offset.y
        if line >= len(self.rows):
            return Strip.blank(width, ground)
        row, chosen = self.rows[line], line == self.cursor
        pointer = {True: ">", False: "›"}[self.scene.plain] if chosen else " "
        if chosen:
            ground = ground + self.get_component_rich_style("table--cursor", partial=True)
        if isinstance(row, TargetStatus):
            if not chosen:
                ground = ground + self.get_component_rich_style("table--target", partial=True)
            text, look = target_line(row, self.scene.settings, self.scene.now)
            segment = Segment(cut(f"{pointer} {text}", width), ground + Style.parse(look))
            return Strip([segment]).adjust_cell_length(width, ground)
        segments = [Segment(pointer, ground + Style(bold=True))]
        for index, (column, size) in enumerate(layout):
            width_left = size - 1 if index == 0 else size
            for text, look in pieces(column, row, self.scene, width_left):
                segments.append(Segment(text, ground + Style.parse(look) if look else ground))
            segments.append(Segment(" ", ground))
        return Strip(segments).adjust_cell_length(width, ground)


def _identity(row: Row | None) -> str:
    if row is None:
        return ""
    return row.key if isinstance(row, Instance) else f"target {row.target.key}"
