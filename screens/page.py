"""A page of text as data: headings and labelled paragraphs, wrapped under themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.presentation.width import cell_len

_LABEL = 32
"""A longer label is cut: the paragraph beside it needs the room."""


class Row(Struct, frozen=True):
    """One paragraph. `label` stands left of it, `note` dim behind it; a `head` is a heading; `single` never wraps.

    `drawn`: instead of `text`, where its parts have styles of their own.
    """

    text: str = ""
    label: str = ""
    style: str = ""
    label_style: str = "dim"
    note: str = ""
    head: bool = False
    single: bool = False
    drawn: Text | None = None


Rows = Sequence[Row]
BLANK = Row()


def head(text: str, note: str = "") -> Row:
    """A heading."""
    return Row(text, style="bold underline", note=note, head=True)


def draw(rows: Rows) -> RenderableType:
    """The rows as one renderable; the labels under one heading are as wide as the widest of them."""
    sections: list[list[Row]] = [[]]
    for row in rows:
        if row.head:
            sections.append([])
        sections[-1].append(row)
    return Group(*(part for section in sections for part in _section(section)))


def _section(rows: Rows) -> Iterator[RenderableType]:
    width = min(_LABEL, max((cell_len(row.label) for row in rows if not row.head), default=0))
    for loose, group in groupby(rows, key=lambda row: row.head or row == BLANK):
        if loose:
            yield from (_text(row) for row in group)
        else:
            yield _grid(group, width)


def _grid(rows: Iterable[Row], width: int) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0), expand=True)
    if width:
        grid.add_column(width=width, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    for row in rows:
        label = [Text(row.label, row.label_style, overflow="ellipsis", no_wrap=True)] if width else []
        grid.add_row(*label, _text(row))
    return grid


def _text(row: Row) -> Text:
    body = Text(no_wrap=row.single or None, overflow="ellipsis" if row.single else "fold")
    body.append(row.text, row.style)
    if row.drawn is not None:
        body.append_text(row.drawn)
    if row.note:
        body.append("  " + row.note, "dim")
    return body


class Sheet(Static):
    """Shows rows; redraws only when they differ: to lay a page out costs more than to compare it."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.rows = list[Row]()

    def show(self, rows: Rows) -> None:
        if list(rows) != self.rows:
            self.rows = list(rows)
            self.update(draw(self.rows))


class Page(VerticalScroll, can_focus=False):
    """A sheet that scrolls. Its screen owns the keys."""

    DEFAULT_CSS = "Page { padding: 0 1; scrollbar-size-vertical: 1; } Page > Sheet { height: auto; }"

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sheet = Sheet()

    @property
    def rows(self) -> list[Row]:
        return self._sheet.rows

    def compose(self) -> ComposeResult:
        yield self._sheet

    def show(self, rows: Rows) -> None:
        self._sheet.show(rows)

    def move(self, lines: int) -> None:
        """Scroll by so many lines: down, or up if negative."""
        self.scroll_relative(y=lines, animate=False)

    def turn(self, pages: int) -> None:
        """Scroll by a page less a line, so that the eye finds its place."""
        self.move(pages * max(1, self.size.height - 1))

    def top(self) -> None:
        self.scroll_home(animate=False)

    def bottom(self) -> None:
        self.scroll_end(animate=False)

    def reveal(self, line: int) -> None:
        """Scroll so that this line is seen."""
        if line < self.scroll_offset.y:
            self.scroll_to(y=line, animate=False)
        elif line >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=line - self.size.height + 1, animate=False)
