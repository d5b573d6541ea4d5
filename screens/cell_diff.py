"""Cell-level diff between what Textual draws and what the terminal shows: only cells that differ are written.

Textual sends each changed widget's part of a line whole, a frame around it included. This keeps what the terminal shows, and
lays itself between Textual's own update and the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from screens.textual_compat import ReplacedUpdate, drawn_lines, drawn_parts, is_partial, is_whole

GAP = 12
"""Cells between two changes that are sent along: to move the cursor and set the colours costs more."""
KEPT_CODES = 2048
"""Styles whose codes are kept."""
ScreenCell = tuple[str, str, str]
"""The codes before it, the character with its marks (empty: the right half of a wide one), the codes after it."""


class TerminalContents:
    """What the terminal shows. Another size, another program in between: `forget`."""

    def __init__(self) -> None:
        self._lines: dict[int, list[ScreenCell]] = {}
        self._codes: dict[tuple[Style, ColorSystem], tuple[str, str]] = {}

    def forget(self) -> None:
        """Forget what the terminal shows: the next update is written whole."""
        self._lines.clear()

    def thrifty(self, update: RenderableType | None) -> RenderableType | None:
        """An update that writes only the cells of `update` that differ."""
        if is_partial(update):
            return ReplacedUpdate(update, lambda console: self._changed(update, console))
        if is_whole(update):
            return ReplacedUpdate(update, lambda console: self._noted(update, console))
        if update is not None:
            self.forget()
        return update

    def _changed(self, update: Any, console: Console) -> str:
        return "".join(self.changes(y, x, self.cells(part, console)) for y, x, part in drawn_parts(update))

    def _noted(self, update: Any, console: Console) -> str:
        """Write all of it, and remember what the terminal shows then."""
        self._lines = {
            y: self.cells((segment for strip in strips for segment in strip), console)
            for y, strips in drawn_lines(update)
        }
        rendered: str = update.render_segments(console)
        return rendered

    def cells(self, segments: Iterable[Segment], console: Console) -> list[ScreenCell]:
        """A cell for each column; the right half of a wide character has an empty text."""
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
        colors = COLOR_SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
        codes = self._codes.get((style, colors))
        if codes is None:
            if len(self._codes) >= KEPT_CODES:  # a link makes a style for each instance
                self._codes.clear()
            plain = style.update_link(None) if style.link else style
            before, _, after = Strip.render_style(plain, "\0", color_system=colors).partition("\0")
            if style.link:  # without Rich's random id: the cells of one link are sent together
                before, after = f"\x1b]8;;{style.link}\x1b\\{before}", f"{after}\x1b]8;;\x1b\\"
            codes = self._codes[style, colors] = (before, after)
        return codes

    def changes(self, y: int, x: int, new: list[ScreenCell]) -> str:
        """The escape codes that change that part of a line; it is remembered as shown."""
        line = self._lines.get(y)
        if line is None or len(line) < x + len(new):
            self._lines.pop(y, None)
            return _move(x, y) + _written(new)
        old = line[x : x + len(new)]
        line[x : x + len(new)] = new
        return "".join(_move(x + left, y) + _written(new[left:right]) for left, right in _runs(old, new))


def _runs(old: list[ScreenCell], new: list[ScreenCell]) -> list[tuple[int, int]]:
    """The column ranges that differ; the halves of a wide character always together."""
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
