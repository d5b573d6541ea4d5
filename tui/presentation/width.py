"""Columns of a terminal: how many a text takes, and how it is brought to a size. All measuring is Rich's, as Textual's is."""

from __future__ import annotations

from collections.abc import Iterable

ELLIPSIS = "…"
"""Where something was left out."""


def cell_len(text: str) -> int:
    """Columns: wide characters and emoji sequences take two, combining marks none."""
    if text.isascii():
        return len(text)
    from rich import cells  # most of what the command line prints needs no table of Unicode

    return cells.cell_len(text)


def set_cell_size(text: str, size: int) -> str:
    """Exactly so many columns: padded with blanks, or cropped."""
    if text.isascii():
        return text[:size].ljust(size)
    from rich import cells

    return cells.set_cell_size(text, size)


def cut(text: str, size: int) -> str:
    """Exactly `size` columns: padded, or shortened with an ellipsis."""
    if cell_len(text) > size:
        text = set_cell_size(text, max(0, size - 1)).rstrip() + ELLIPSIS
    return set_cell_size(text, size)


def middle(text: str, size: int) -> str:
    """At most `size` columns: what is too long loses its middle, since names differ at their ends."""
    if cell_len(text) <= size:
        return text
    room = max(0, size - 1)
    head = set_cell_size(text, room - room // 2).rstrip()
    return f"{head}{ELLIPSIS}{_last(text, room // 2)}" if size > 1 else set_cell_size(text, size)


def _last(text: str, size: int) -> str:
    """As much of its end as fits, beginning with a character of its own: no blank, and no mark without its letter."""
    if text.isascii():
        return text[len(text) - size :].lstrip()
    start = next(at for at in range(len(text) + 1) if cell_len(text[at:]) <= size)
    while start < len(text) and not cell_len(text[start]):
        start += 1
    return text[start:].lstrip()


def common_start(names: Iterable[str]) -> str:
    """What all of several names begin with, up to a separator: it tells none from another. Empty: nothing."""
    every = sorted(set(names))
    if len(every) < 2:
        return ""
    first, last = every[0], every[-1]
    length = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    end = max((first.rfind(char, 0, length) for char in "-_./: "), default=-1) + 1
    return first[:end] if end >= 3 else ""
