"""The list of logins with what is under them, drawn line by line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style

from screens.columns import Column, Piece, chosen, titles, widened
from screens.line_table import LineTable
from screens.profiles.lines import account_cell, levels_pieces, sign, state, title
from screens.theme import painted
from tui.config.schema import Settings
from tui.domain.instance import EVERYWHERE
from tui.domain.login_lines import BY_REGION, LineKind, ScopeLine
from tui.domain.sanitize import clean
from tui.fleet.scope import Scope
from tui.presentation.width import middle

Shown = tuple[int, ScopeLine]
"""A line, and how deep it stands."""


class LoginContext(Struct, frozen=True):
    """What drawing a line needs besides the line."""

    now: datetime
    settings: Settings
    opened: frozenset[str]
    scope: Scope


def _name(row: Shown, view: LoginContext, size: int) -> tuple[Piece, ...]:
    depth, line = row
    fold = " " if not line.children else "▾" if line.key in view.opened else "▸"
    symbol, style = sign(line)
    start = f"{'  ' * depth}{fold} "
    color = painted(view.settings.profile(line.profiles[0]).color) if line.profiles else ""
    bold = "bold " if line.kind is LineKind.LOGIN else ""
    room = size - len(start) - 2
    return (
        (start, "dim"),
        (f"{symbol} ", style),
        (middle(str(title(line, view.settings)), room), f"{bold}{color}"),
    )


def _count(row: Shown, view: LoginContext, size: int) -> Piece:
    count = row[1].reading.count
    return ("" if count is None else str(count)).rjust(size), ""


def _targets(row: Shown, view: LoginContext, size: int) -> Piece:
    return str(row[1].reading.targets or "").rjust(size), ""


def _state(row: Shown, view: LoginContext, size: int) -> tuple[Piece, ...]:
    return (*levels_pieces(row[1]), state(row[1], view.now))


LOGIN_COLUMNS: tuple[Column[Shown, LoginContext], ...] = (
    Column("login, account, region", 24, 0, _name, grow=14),
    Column("account", 14, 1, lambda row, view, size: (account_cell(row[1]), "dim")),
    Column("targets", 7, 3, _targets),
    Column("inst", 5, 2, _count),
    Column("", 28, 0, _state, grow=200),
)


class LoginTable(LineTable[Shown]):
    """Takes lines with their depth."""

    def __init__(self, view: LoginContext) -> None:
        super().__init__()
        self._view = view

    def show(self, rows: Sequence[Shown], view: LoginContext, nothing: str = "") -> None:
        """Other lines, or another time; without lines, the sentence in their place."""
        self._view = view
        self.put(rows, nothing)

    def identity(self, row: Shown) -> str:
        return row[1].key

    def head(self, width: int, style: Style) -> list[Segment]:
        return [Segment(f" {titles(self._shown(width))}", style)]

    def body(self, row: Shown, width: int, style: Style, chosen: bool) -> list[Segment]:
        segments = [Segment("›" if chosen else " ", style + Style(bold=True))]
        scope = self._view.scope
        in_scope = scope.is_whole or row[1].key.startswith(BY_REGION) or _is_shown(row[1], scope)
        for column, size in self._shown(width):
            for text, look in column.pieces(row, self._view, size):
                plain = Style.parse(look) if look else Style.null()
                segments.append(Segment(text, style + (plain if in_scope else Style(dim=True))))
            segments.append(Segment(" ", style))
        return segments

    def _shown(self, width: int) -> list[tuple[Column[Shown, LoginContext], int]]:
        return widened(chosen(LOGIN_COLUMNS, width - 1), width - 1)


def _is_shown(line: ScopeLine, scope: Scope) -> bool:
    """Whether any of it is in scope."""
    if line.children:
        return any(_is_shown(one, scope) for one in line.children)
    return scope.has(line.account_id, map(clean, line.profiles), line.region or EVERYWHERE)
