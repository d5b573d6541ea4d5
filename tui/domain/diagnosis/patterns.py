"""Plain words with `*`, found in a line one part after the other: no regular expressions, so nothing can back-track.

`out of memory: kill*process *` finds its parts in that order, whatever stands between; letters' case does not matter. `^` at
the beginning asks that the line begins so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

LONGEST_PATTERN = 200
SHORTEST_PART = 4
"""Characters in a row that a pattern must have at least once: fewer are found everywhere, and by these it is looked up."""


class Pattern(Struct, frozen=True, gc=False):
    """`parts` are lower case; `anchored`: the first one begins the line."""

    parts: tuple[str, ...]
    anchored: bool = False


def pattern(text: str, shortest: int = SHORTEST_PART) -> Pattern:
    """Read one. Raises ValueError where it is too long, or no part of it is of `shortest` characters."""
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"expected at most {LONGEST_PATTERN} characters")
    anchored = text.startswith("^")
    parts = tuple(part for part in text.removeprefix("^").lower().split("*") if part)
    if all(len(part.strip()) < shortest for part in parts):
        raise ValueError(f"expected {shortest} characters or more in a row, or it is found everywhere")
    return Pattern(parts, anchored)


def found_in(one: Pattern, lower: str) -> bool:
    """Whether it is in a line of lower case."""
    at = 0
    for number, part in enumerate(one.parts):
        if number == 0 and one.anchored:
            if not lower.startswith(part):
                return False
            at = len(part)
        else:
            start = lower.find(part, at)
            if start < 0:
                return False
            at = start + len(part)
    return True


class PatternIndex:
    """Which of many patterns a line may have: looked up by four of each pattern's characters, in one walk over the line."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        fours = [
            sorted(
                {four for part in one.parts if part.strip() for four in _fours(part) if four.strip() == four}
            )
            for one in patterns
        ]
        common = Counter(four for some in fours for four in some)
        self.places: dict[str, tuple[int, ...]] = {}
        """For four characters, which patterns hold them."""
        for place in sorted(range(len(patterns)), key=lambda n: len(fours[n])):
            rarest = min(fours[place], key=lambda four: (len(self.places.get(four, ())), common[four], four))
            self.places[rarest] = (*self.places.get(rarest, ()), place)

    def candidates(self, lower: str) -> list[int]:
        """The places, in order, of the patterns that may be in a line of lower case."""
        places = self.places
        found = places.keys() & _fours(lower)
        return sorted(place for four in found for place in places[four]) if found else []


def _fours(text: str) -> set[str]:
    return {text[at : at + SHORTEST_PART] for at in range(len(text) - SHORTEST_PART + 1)}
