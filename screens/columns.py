"""Columns of a list: how wide each is, which give way where there is no room, and a cell brought to its width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from tui.presentation.width import cell_len, cut

_Row = TypeVar("_Row")
_Context = TypeVar("_Context")
FIXED = 2
"""Columns that stay while the others are moved sideways."""
Piece = tuple[str, str]
"""A text and its Rich style."""


class Column(Struct, Generic[_Row, _Context], frozen=True):
    """`priority` 0 stays longest; `grow`: so much more it takes where there is room. `short`: the title where that has none.

    `cell` says what stands there, given how many columns it has: a piece, or several.
    """

    title: str
    width: int
    priority: int
    cell: Callable[[_Row, _Context, int], Piece | tuple[Piece, ...]]
    grow: int = 0
    short: str = ""

    def titled(self, size: int) -> str:
        """Its title, exactly `size` columns wide."""
        return cut(self.title if cell_len(self.title) <= size else self.short or self.title, size)

    def pieces(self, row: _Row, context: _Context, size: int) -> list[Piece]:
        """The cell, exactly `size` columns wide."""
        said = self.cell(row, context, size)
        parts: list[Piece] = [said] if isinstance(said[0], str) else list(said)
        found, left = [], size
        for index, (text, style) in enumerate(parts):
            if left > 0:
                whole = cut(text, left) if index == len(parts) - 1 or cell_len(text) > left else text
                found.append((whole, style))
                left -= cell_len(whole)
        return found


AnyColumn = TypeVar("AnyColumn", bound=Column)  # type: ignore[type-arg] # of whichever list


def chosen(
    columns: Sequence[AnyColumn], width: int, shift: int = 0, *, refill: bool = False
) -> list[AnyColumn]:
    """Those there is room for. `shift` 0: the least important go first; else so many are left out behind the fixed ones, and
    as many as fit follow. `refill`: where a wide one went after narrower ones, those that fit in its place come back.
    """
    found = list(columns)
    if shift:
        del found[FIXED : FIXED + shift]
    while sum(column.width + 1 for column in found) > width and len(found) > FIXED:
        worst = max(column.priority for column in found)
        if shift:
            found.pop()
        elif worst == 0:
            break
        else:
            found.remove(next(column for column in reversed(found) if column.priority == worst))
    if refill and not shift:
        for column in sorted(columns, key=lambda one: one.priority):
            if column not in found and sum(one.width + 1 for one in (*found, column)) <= width:
                found = [one for one in columns if one in found or one is column]
    return found


def widened(columns: Sequence[AnyColumn], width: int) -> list[tuple[AnyColumn, int]]:
    """Each with its width: what is left over goes to those that grow, the first of them first."""
    spare = max(0, width - sum(column.width + 1 for column in columns))
    found = []
    for column in columns:
        more = min(spare, column.grow)
        spare -= more
        found.append((column, column.width + more))
    return found


def titles(columns: Sequence[tuple[AnyColumn, int]]) -> str:
    """The line above."""
    return "".join(column.titled(size) + " " for column, size in columns)
