"""The list of what can be copied: a name and a line each."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType

from screens.copies.entries import Copyable
from screens.line_table import LineTable
from tui.presentation.width import cut, set_cell_size

NAME_WIDTH = 14
"""Columns of the names."""


class CopiesTable(LineTable[Copyable], inherit_bindings=False):
    """Its cursor says what is shown below; pages are the text's, not the list's."""

    BINDINGS: ClassVar[list[BindingType]] = [("up,k", "move(-1)", "up"), ("down,j", "move(1)", "down")]

    def identity(self, row: Copyable) -> str:
        return row.key or row.name

    def head(self, width: int, style: Style) -> list[Segment]:
        return [Segment(set_cell_size(f"   {'what':<{NAME_WIDTH}} text", width), style)]

    def body(self, row: Copyable, width: int, style: Style, chosen: bool) -> list[Segment]:
        name = f" {'›' if chosen else ' '} {set_cell_size(row.name, NAME_WIDTH)} "
        told = style if row.text else style + Style(dim=True)
        return [
            Segment(name, style + Style(bold=True)),
            Segment(cut(row.line, max(0, width - NAME_WIDTH - 4)), told),
        ]
