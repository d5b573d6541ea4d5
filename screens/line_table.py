"""A list drawn line by line: only the visible lines cost anything, and only what reads differently is sent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.content import Content
from textual.events import Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.render_errors import STYLE, UNSHOWN, report_error
from tui.presentation.width import cell_len, set_cell_size

_R = TypeVar("_R")
MOVES = (
    ("up,k", "move(-1)", "up"),
    ("down,j", "move(1)", "down"),
    ("pageup,ctrl+b", "page(-1)", "page up"),
    ("pagedown,ctrl+f", "page(1)", "page down"),
    ("home,g", "end(0)", "top"),
    ("end,G", "end(1)", "bottom"),
)
"""Keys, action, words."""


class LineTable(ScrollView, Generic[_R], can_focus=True):
    """Rows with a cursor that holds on to its row's identity, not to a line. A subclass says how a row is drawn."""

    DEFAULT_CSS = """
    LineTable { scrollbar-size-vertical: 1; overflow-x: hidden; }
    LineTable .table--cursor { background: $primary-muted; }
    LineTable .table--head { color: $secondary; }
    LineTable .table--target { background: $panel; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--cursor", "table--head", "table--target"}
    BINDINGS: ClassVar[list[BindingType]] = list(MOVES)

    class Highlighted(Message):
        """The cursor is on another row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[_R] = ()
        self.cursor = 0
        self._touched = False
        self.nothing = ""
        self._drawn: dict[int, list[Segment]] = {}

    # what a subclass says

    def identity(self, row: _R) -> str:
        """The row's identity: the cursor stays on it when rows move."""
        raise NotImplementedError

    def head(self, width: int, style: Style) -> list[Segment]:
        """The line of column titles, `width` cells wide."""
        raise NotImplementedError

    def body(self, row: _R, width: int, style: Style, chosen: bool) -> list[Segment]:
        """The line of one row."""
        raise NotImplementedError

    def rests(self, row: _R) -> bool:
        """Whether the cursor may stand on this row: on a heading, say, it does not."""
        return True

    # what it does

    @property
    def current(self) -> _R | None:
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def put(self, rows: Sequence[_R], nothing: str = "") -> None:
        """Show other rows; without any, the sentence in their place.

        The cursor stays on its row, and that on its line of the screen; until moved it is on the first.
        """
        held, before = self._held(), self.cursor
        self.rows, self.nothing = rows, nothing
        place = None
        if self._touched and held and before < len(rows) and self.identity(rows[before]) == held:
            place = before  # nearly always
        elif self._touched and held:
            place = next((line for line, row in enumerate(rows) if self.identity(row) == held), None)
        self.cursor = min(before, max(0, len(rows) - 1)) if place is None else place
        self.cursor = self._resting(self.cursor if self._touched else 0, 1)
        if self.virtual_size.height != len(rows) + 1:
            self.virtual_size = Size(self.size.width, len(rows) + 1)
        top = self.scroll_offset.y
        if place is not None and top > 0 and place != before:
            self.scroll_to(y=max(0, top + place - before), animate=False)
        self._reveal()
        self.redraw()
        if self._held() != held:
            self.post_message(self.Highlighted())

    def hold(self, identity: str) -> bool:
        """Put the cursor on that row; False if it is not there."""
        for line, row in enumerate(self.rows):
            if self.identity(row) == identity:
                self._touched, self.cursor = True, line
                self._reveal()
                self.redraw()
                return True
        return False

    def at_first(self) -> None:
        """The cursor goes to the first row, and stays first until moved."""
        self._touched, self.cursor = False, 0
        self.scroll_to(y=0, animate=False)

    def redraw(self) -> None:
        """Redraw the visible lines, and refresh only the parts that differ."""
        for y in range(self.size.height):
            old, new = self._drawn.get(y), self._segments(y)
            if old == new:
                continue
            left, right = (0, self.size.width) if old is None else _difference(old, new, self.size.width)
            self.refresh(Region(left, y, right - left, 1))

    def on_resize(self, event: Resize) -> None:
        self._drawn.clear()
        self.virtual_size = Size(event.size.width, len(self.rows) + 1)
        self._reveal()

    def line_at(self, y: int) -> int | None:
        """The row drawn at that line of the widget."""
        line = y - 1 + self.scroll_offset.y
        return line if y > 0 and 0 <= line < len(self.rows) else None

    def action_move(self, by: int) -> None:
        self.go(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.go(self.cursor + by * max(1, self.size.height - 2))

    def action_end(self, last: int) -> None:
        self.go(len(self.rows) - 1 if last else 0)

    def go(self, line: int) -> None:
        """Put the cursor on that line, or the nearest there is."""
        self._touched = True
        line = self._resting(max(0, min(line, len(self.rows) - 1)), -1 if line < self.cursor else 1)
        if line != self.cursor and self.rows:
            self.cursor = line
            self._reveal()
            self.redraw()
            self.post_message(self.Highlighted())

    def _resting(self, line: int, by: int) -> int:
        """The nearest line on which the cursor may stand: in that direction, else in the other; this one where there is none."""
        if not self.rows or self.rests(self.rows[line]):
            return line
        on, back = range(line, len(self.rows)), range(line, -1, -1)
        return next(
            (at for at in chain(*((on, back) if by > 0 else (back, on))) if self.rests(self.rows[at])), line
        )

    def _held(self) -> str:
        row = self.current
        return "" if row is None else self.identity(row)

    def _reveal(self) -> None:
        top, visible = self.scroll_offset.y, max(1, self.size.height - 1)
        first = self.cursor
        while 0 < first <= len(self.rows) and not self.rests(self.rows[first - 1]):
            first -= 1  # with the headings above it
        if first < top:
            self.scroll_to(y=first, animate=False)
        elif self.cursor >= top + visible:
            self.scroll_to(y=self.cursor - visible + 1, animate=False)

    def render_line(self, y: int) -> Strip:
        """The head stays; under it the rows from the scroll offset on."""
        segments = self._drawn[y] = self._segments(y)
        ground = segments[-1].style if segments else None
        strip = Strip(segments).adjust_cell_length(self.size.width, ground or self.rich_style)
        return strip.simplify()  # each change of style costs some forty bytes on the wire

    def _segments(self, y: int) -> list[Segment]:
        width, ground = self.size.width, self.rich_style
        if not self.rows and self.nothing:
            return self._sentence(y, width, ground)
        if y == 0:
            return self.head(width, ground + self.get_component_rich_style("table--head", partial=True))
        line = self.line_at(y)
        if line is None:
            return [Segment(" " * width, ground)]
        chosen = line == self.cursor
        if chosen:
            ground = ground + self.get_component_rich_style("table--cursor", partial=True)
        row = self.rows[line]
        try:
            return self.body(row, width, ground, chosen)
        except Exception as error:
            name = self.identity(row)
            report_error(self, name, error)
            text = set_cell_size(f"  {UNSHOWN}: {name}", width)
            return [Segment(text, ground + Style.parse(STYLE))]

    def _sentence(self, y: int, width: int, ground: Style) -> list[Segment]:
        """The sentence shown in place of rows, a line below the top."""
        lines = Content(self.nothing).wrap(max(2, width - 4))
        text = f"  {lines[y - 1].plain}" if 0 < y <= len(lines) else ""
        return [Segment(text + " " * max(0, width - cell_len(text)), ground)]


def _difference(old: list[Segment], new: list[Segment], width: int) -> tuple[int, int]:
    """The first and the end column between which two drawings of a line differ."""
    left = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        left += one.cell_length
    right = 0
    for one, other in zip(reversed(old), reversed(new), strict=False):
        if one != other:
            break
        right += one.cell_length
    return left, max(left, width - right)
