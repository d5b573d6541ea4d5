"""Of what is drawn anew only the cells that look different are sent: over a slow line nothing else should be.

Textual sends each changed widget's part of a line whole, a frame around it included. This keeps what the terminal shows, and
lays itself between Textual's own update and the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

GAP = 12
"""Cells between two changes that are sent along: to move the cursor and set the colours costs more."""
ScreenCell = tuple[str, str, str]
"""The codes before it, the character with its marks (empty: the right half of a wide one), the codes after it."""


class TerminalContents:
    """What the terminal shows. Another size, another program in between: `forget`."""

    def __init__(self) -> None:
        self._lines: dict[int, list[ScreenCell]] = {}
        self._codes: dict[tuple[Style, ColorSystem], tuple[str, str]] = {}

    def forget(self) -> None:
        """Nothing is known any more: what comes next is sent whole."""
        self._lines.clear()

    def thrifty(self, update: RenderableType | None) -> RenderableType | None:
        """The same update, which sends less when it is written."""
        if isinstance(update, ChopsUpdate):
            return _Thrifty(self, update)
        if isinstance(update, LayoutUpdate):
            return _Noted(self, update)
        if update is not None:
            self.forget()
        return update

    def note(self, update: LayoutUpdate, console: Console) -> None:
        """All of it was sent."""
        self._lines = {
            y: self.cells((segment for strip in line for segment in strip), console)
            for y, line in enumerate(update.strips, update.region.y)
            if update.region.x == 0
        }

    def cells(self, segments: Iterable[Segment], console: Console) -> list[ScreenCell]:
        """One for each column."""
        found: list[ScreenCell] = []
        for segment in segments:
            before, after = self._around(segment.style, console)
            if segment.text.isascii():
                found += [(before, char, after) for char in segment.text]
                continue
            for char in segment.text:
                width = get_character_cell_size(char)
                if width == 0 and found:
                    first, kept, last = found[-1]
                    found[-1] = (first, kept + char, last)
                elif width:
                    found += [(before, char, after), (before, "", after)][:width]
        return found

    def _around(self, style: Style | None, console: Console) -> tuple[str, str]:
        if style is None:
            return "", ""
        colors = console._color_system or ColorSystem.TRUECOLOR
        codes = self._codes.get((style, colors))
        if codes is None:
            before, _, after = Strip.render_style(style, "\0", color_system=colors).partition("\0")
            codes = self._codes[style, colors] = (before, after)
        return codes

    def changes(self, y: int, x: int, new: list[ScreenCell]) -> str:
        """The codes that make that part of a line look so. From now on it does."""
        line = self._lines.get(y)
        if line is None or len(line) < x + len(new):
            self._lines.pop(y, None)
            return _move(x, y) + _written(new)
        old = line[x : x + len(new)]
        line[x : x + len(new)] = new
        return "".join(_move(x + left, y) + _written(new[left:right]) for left, right in _runs(old, new))


class _Thrifty(CompositorUpdate):
    def __init__(self, shown: TerminalContents, update: ChopsUpdate) -> None:
        self._shown, self._update = shown, update

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """As ChopsUpdate's, which crops only at the right."""
        found: list[str] = []
        for y, left, right in self._update.spans:
            for end, (x, strip) in zip(
                self._update.chop_ends[y], self._update.chops[y].items(), strict=False
            ):
                first, last = max(x, left), min(end, right)
                if strip is not None and first < last:
                    part = strip.crop(first - x, last - x)
                    found.append(self._shown.changes(y, first, self._shown.cells(part, console)))
        return "".join(found)


class _Noted(CompositorUpdate):
    def __init__(self, shown: TerminalContents, update: LayoutUpdate) -> None:
        self._shown, self._update = shown, update

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """As LayoutUpdate's."""
        self._shown.note(self._update, console)
        return self._update.render_segments(console)


def _runs(old: list[ScreenCell], new: list[ScreenCell]) -> list[tuple[int, int]]:
    """Where they differ: from which column to which. The halves of a wide character differ together, or are drawn by its left."""
    runs: list[tuple[int, int]] = []
    for at, (one, other) in enumerate(zip(old, new, strict=True)):
        if one == other:
            continue
        if runs and at - runs[-1][1] <= GAP:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def _move(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"


def _written(cells: list[ScreenCell]) -> str:
    return "".join(
        before + "".join(char for _, char, _ in run) + after
        for (before, after), run in groupby(cells, lambda cell: (cell[0], cell[2]))
    )
