"""The list of operations, drawn line by line; the cursor holds on to its operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
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

from screens.signs import drawn, painted
from screens.standing import SIGNS, Standing, label, standing
from tui.domain.text import clean
from tui.domain.when import ago, span
from tui.operations.record import Operation
from tui.settings import Settings


@dataclass(frozen=True, slots=True)
class View:
    """What drawing a line needs besides the operation."""

    now: datetime
    settings: Settings

    @property
    def plain(self) -> bool:
        """ASCII only."""
        return self.settings.ascii


@dataclass(frozen=True, slots=True)
class Column:
    """`least` is the width of the whole list from which it is shown; `share` of what is left it takes."""

    title: str
    width: int
    least: int
    cell: Callable[[Operation, View], tuple[str, str]]
    share: int = 0


def _state(one: Operation, view: View) -> tuple[str, str]:
    sign = SIGNS[standing(one, view.now)]
    return f"{sign.mark(view.plain)} {sign.word}", sign.style


def _where(one: Operation, view: View) -> tuple[str, str]:
    color = painted(view.settings.profile(one.profile).color)
    return f"{view.settings.label(one.profile)} {one.region}", color


def progress(one: Operation) -> str:
    """`3/7 wait-stopped`; of what has succeeded only the count."""
    names, done = [row.name for row in one.steps], sum(row.state == "done" for row in one.steps)
    if done == len(names):
        return f"{done}/{len(names)}"
    return f"{names.index(one.step) + 1}/{len(names)} {one.step}"


def elapsed(one: Operation, now: datetime) -> str:
    """From the confirmation to the end, or until now."""
    return span((one.finished_at or now) - (one.confirmed_at or one.created_at))


def _note(one: Operation, view: View) -> tuple[str, str]:
    stands = standing(one, view.now)
    if stands is Standing.CUT_OFF:
        return "nobody drives it: press r to resume", SIGNS[stands].style
    return drawn(clean(one.note), view.plain), SIGNS[stands].style if one.attention else ""


COLUMNS = (
    Column("", 12, 0, _state),
    Column("action", 10, 0, lambda one, view: (one.action, "")),
    Column("instance", 14, 0, lambda one, view: (label(one), "bold"), share=1),
    Column("id", 19, 130, lambda one, view: (clean(one.instance_id), "dim")),
    Column("where", 22, 110, _where),
    Column("step", 16, 0, lambda one, view: (progress(one), "")),
    Column("took", 6, 0, lambda one, view: (elapsed(one, view.now), "")),
    Column("begun", 9, 96, lambda one, view: (ago(one.confirmed_at or one.created_at, view.now), "dim")),
    Column("note", 10, 0, _note, share=3),
)


def fit(width: int) -> list[tuple[Column, int]]:
    """The columns that are shown at this width, and how wide each is."""
    shown = [column for column in COLUMNS if width >= column.least]
    spare = max(0, width - sum(column.width + 1 for column in shown))
    shares = sum(column.share for column in shown)
    return [(column, column.width + spare * column.share // shares) for column in shown]


class OperationTable(ScrollView, can_focus=True):
    """Takes operations; reports by its own message."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up,k", "move(-1)", "up"),
        ("down,j", "move(1)", "down"),
        ("pageup,ctrl+b", "move(-10)", "page up"),
        ("pagedown,ctrl+f", "move(10)", "page down"),
        ("home,g", "move(-10000)", "top"),
        ("end,G", "move(10000)", "bottom"),
    ]

    class Highlighted(Message):
        """The cursor is on another operation."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        super().__init__()
        self.rows: Sequence[Operation] = ()
        self.held = ""
        self._view = View(now, settings)

    @property
    def cursor(self) -> int:
        """The line of the held operation."""
        return next((line for line, one in enumerate(self.rows) if one.id == self.held), 0)

    @property
    def current(self) -> Operation | None:
        """The operation under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    def show(self, rows: Sequence[Operation], now: datetime) -> None:
        """Other operations or another time; the cursor stays on its operation, or goes to the first."""
        self.rows, self._view = rows, View(now, self._view.settings)
        if rows and all(one.id != self.held for one in rows):
            self.held = rows[0].id
        self.virtual_size = Size(self.size.width, len(rows) + 1)
        self.refresh()

    def hold(self, operation: str) -> None:
        """Put the cursor on this one."""
        self.held = operation
        self._reveal()
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        """The columns follow."""
        self.virtual_size = Size(event.size.width, len(self.rows) + 1)
        self._reveal()

    def action_move(self, by: int) -> None:
        """Up or down."""
        if self.rows:
            line = max(0, min(self.cursor + by, len(self.rows) - 1))
            self.hold(self.rows[line].id)
            self.post_message(self.Highlighted())

    def _reveal(self) -> None:
        top, visible = self.scroll_offset.y, max(1, self.size.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + visible:
            self.scroll_to(y=self.cursor - visible + 1, animate=False)

    def render_line(self, y: int) -> Strip:
        """The titles stay; under them the operations from the scroll offset on."""
        width = self.size.width
        layout = fit(width)
        if y == 0:
            titles = "".join(set_cell_size(column.title, size) + " " for column, size in layout)
            return Strip([Segment(titles, Style(dim=True))]).adjust_cell_length(width)
        line = y - 1 + self.scroll_offset.y
        if line >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        base = Style(reverse=True) if line == self.cursor else Style()
        segments = []
        for column, size in layout:
            text, style = column.cell(self.rows[line], self._view)
            if len(text) > size:
                text = text[: size - 1] + drawn("…", self._view.plain)[:1]
            segments.append(
                Segment(set_cell_size(text, size) + " ", Style.parse(style) + base if style else base)
            )
        return Strip(segments).adjust_cell_length(width, base)
