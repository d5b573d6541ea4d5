"""A metric over time in a line of text, or in several: eighth blocks on the time's own grid, and a dot where there is no point.

A hole stays a hole: nothing is joined across it, and what was not measured is never drawn as zero. Zero itself is a blank.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

_GAP = "·"
"""No point here."""
_BLOCKS = " ▁▂▃▄▅▆▇█"
_PLAIN = " .:-=o*#@"
"""Without `+`, which is the mark of what is well."""
_PLAIN_GAP = "?"
_LEVELS = len(_BLOCKS) - 1

Points = Iterable[tuple[datetime, float]]
Cells = Sequence[float | None]


class Grid(Struct, frozen=True):
    """`width` cells, which share the time from `span` ago until `now`."""

    now: datetime
    span: timedelta
    width: int

    @property
    def begin(self) -> datetime:
        """Where the first cell begins."""
        return self.now - self.span

    def place(self, moment: datetime) -> float:
        """How many cells lie before that moment; less than 0 or more than `width`: it is not on the grid."""
        return (moment - self.begin) / self.span * self.width

    def cell(self, moment: datetime) -> int | None:
        """The cell that holds it. This very moment is the last one's."""
        if moment == self.now and self.width:
            return self.width - 1
        at = math.floor(self.place(moment))
        return at if 0 <= at < self.width else None

    def laid(
        self, points: Points, period: int, worst: Callable[[float, float], float] = max
    ) -> list[float | None]:
        """The value of each cell. A point stands for `period` seconds from its time on; of several, the `worst` (max or min)."""
        cells: list[float | None] = [None] * self.width
        begin, share = (
            self.begin,
            self.width / self.span.total_seconds(),
        )  # floats: there are thousands of points
        each = period * share
        for moment, value in points:
            if not math.isfinite(value):
                continue
            at = (moment - begin).total_seconds() * share
            # The cells whose middle it covers; a point between two middles has the cell that its own middle is in.
            first, end = math.ceil(at - 0.5), math.ceil(at + each - 0.5)
            if end <= first:
                first = math.floor(at + each / 2)
                end = first + 1
            for cell in range(max(0, first), min(end, self.width)):
                before = cells[cell]
                cells[cell] = value if before is None else worst(before, value)
        return cells


def top_of(unit: str, cells: Cells) -> float:
    """The value that fills a cell: 100 for percent, else the greatest there is."""
    if unit == "Percent":
        return 100.0
    return max((one for one in cells if one is not None), default=0.0)


def blocks(cells: Cells, top: float, lines: int = 1, *, plain: bool = False) -> tuple[str, ...]:
    """So many lines of as many characters as there are cells, the uppermost first. `plain`: in ASCII.

    What is more than nothing has at least the lowest block. A gap is on the lowest line.
    """
    ramp, gap = (_PLAIN, _PLAIN_GAP) if plain else (_BLOCKS, _GAP)
    levels = [None if one is None else _level(one, top, lines * _LEVELS) for one in cells]
    return tuple(
        "".join(
            (ramp[0] if line else gap)
            if level is None
            else ramp[min(max(level - line * _LEVELS, 0), _LEVELS)]
            for level in levels
        )
        for line in reversed(range(lines))
    )


def _level(value: float, top: float, full: int) -> int:
    if value <= 0 or top <= 0:
        return 0
    return full if value >= top else max(1, round(value / top * full))


def signs(cells: Cells, well: str, ill: str, *, plain: bool = False) -> str:
    """For what is so or not: the sign of 0, that of all else, and the gap."""
    gap = _PLAIN_GAP if plain else _GAP
    return "".join(gap if one is None else ill if one else well for one in cells)
