"""Plain words with `*`, found in a line one part after the other: no regular expressions, so nothing can back-track.

`out of memory: kill*process *` finds its parts in that order, whatever stands between; letters' case does not matter. `^` at
the beginning asks that the line begins so.
"""

from __future__ import annotations

from msgspec import Struct

LONGEST_PATTERN = 200


class Pattern(Struct, frozen=True, gc=False):
    """`parts` are lower case; `anchored`: the first one begins the line."""

    parts: tuple[str, ...]
    anchored: bool = False

    @property
    def first_word(self) -> str:
        """The longest part: where it is missing, nothing matches."""
        return max(self.parts, key=len)


def pattern(text: str) -> Pattern:
    """Read one. Raises ValueError where nothing but `*` is left, or it is too long."""
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"longer than {LONGEST_PATTERN} characters")
    anchored = text.startswith("^")
    parts = tuple(part for part in text.removeprefix("^").lower().split("*") if part)
    if not parts or all(not part.strip() for part in parts):
        raise ValueError("no words to look for")
    return Pattern(parts, anchored)


def found_in(one: Pattern, lower: str) -> tuple[int, ...] | None:
    """Where each part ends in a line of lower case; None: it is not there."""
    ends = []
    at = 0
    for number, part in enumerate(one.parts):
        if number == 0 and one.anchored:
            if not lower.startswith(part):
                return None
            start = 0
        else:
            start = lower.find(part, at)
            if start < 0:
                return None
        at = start + len(part)
        ends.append(at)
    return tuple(ends)
