"""A system log as the lines of a screen: folded to its width, with rules between boots. Nothing is cut off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from tui.domain.diagnosis.evidence import SystemLog

_LEAST = 8
"""Columns of text on the narrowest screen."""


class LogRow(NamedTuple):
    """A part of a line, by its characters. `start` -1: the rule above the first line of a boot, `end` that boot."""

    line: int
    start: int
    end: int


class LogLayout:
    """All rows of a log in that many columns, and the row at which each line begins."""

    def __init__(self, log: SystemLog, width: int) -> None:
        self.log, self.width = log, max(_LEAST, width)
        self.rows: list[LogRow] = []
        self.first: list[int] = []
        several = len(set(log.boots)) > 1
        before: int | None = None
        for number, (text, boot) in enumerate(zip(log.lines, log.boots, strict=True)):
            if several and boot != before:
                self.rows.append(LogRow(number, -1, boot))
                before = boot
            self.first.append(len(self.rows))
            at = 0
            for size in _sizes(text, self.width):
                self.rows.append(LogRow(number, at, at + size))
                at += size

    def line_at(self, row: int) -> int:
        """The line that a row belongs to; beyond the end, the last one."""
        return self.rows[max(0, min(row, len(self.rows) - 1))].line if self.rows else 0


def _sizes(text: str, width: int) -> Sequence[int]:
    """Characters in each row: as many as fit."""
    if len(text) <= width and text.isascii():
        return (len(text),)
    if text.isascii():
        return [min(width, len(text) - at) for at in range(0, len(text), width)]
    sizes = [len(part) for part in chop_cells(text, width)] or [0]
    return sizes if sum(sizes) == len(text) else _one_by_one(text, width)


def _one_by_one(text: str, width: int) -> Sequence[int]:
    """Likewise, where Rich drops what stands on nothing: a skin tone without a face before it."""
    sizes, begun = list[int](), 0
    for at in range(1, len(text)):
        if cell_len(text[begun : at + 1]) > width:
            sizes.append(at - begun)
            begun = at
    return [*sizes, len(text) - begun]


def finder(words: str) -> re.Pattern[str]:
    """Finds these very words, in any case."""
    return re.compile(re.escape(words), re.IGNORECASE)


def lines_with(log: SystemLog, words: str) -> list[int]:
    """The lines that have them, from the oldest on; none for nothing."""
    if not words:
        return []
    search = finder(words).search
    return [number for number, text in enumerate(log.lines) if search(text)]


def rule(boot: int) -> str:
    """What a rule says of the boot below it."""
    return {0: "the last boot", 1: "the boot before it"}.get(boot, f"{boot} boots before the last")


def same_place(old: SystemLog, new: SystemLog, line: int) -> int:
    """Where the line of an older output is in a newer one: AWS keeps the newest 64 KB, so what is above it may be gone."""
    if line >= len(old.lines):
        return len(new.lines) - 1
    told = old.lines[line : line + 3]
    moved = range(min(line, len(new.lines) - 1), -1, -1)
    return next((at for at in moved if new.lines[at : at + 3] == told), min(line, len(new.lines) - 1))
