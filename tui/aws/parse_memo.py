"""Memoised readers: a fleet's answers repeat small elements (a check that is ok, a tag, a block of options), and an element
whose text was parsed before is not parsed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Pieces = list[str]
PieceReader = Callable[[Pieces, int], tuple[Any, int]]
"""From the place after a start tag: the value, and the place after its end tag."""
MAX_MEMO_ENTRIES = 4096
"""Texts an element may have before all of them are forgotten."""
MAX_MEMO_LENGTH = 400
"""Pieces of an element that is looked up; a longer one hardly comes twice."""
_START, _FULL, _MISS = 1000, 2000, 2


def remembering(read: PieceReader) -> PieceReader:
    """A memoised reader, for an element whose value depends only on the text up to its end tag.

    A reader takes (pieces, place) and answers the value and the place after its end tag. Values are shared and must not be
    changed. An element that hardly ever repeats (an instance, an interface) is read without a look-up after some hundreds.
    """
    kept: dict[str, Any] = {}
    end, credit = "", _START
    # The one before: it is compared without being joined, hashed and looked up.
    last, length, said = [""], 1, None

    def again(pieces: Pieces, place: int) -> tuple[Any, int]:
        nonlocal end, credit, last, length, said
        if credit < 0:
            return read(pieces, place)
        if pieces[place : place + length] == last:
            return said, place + length
        try:
            # A shorter element would end with this piece as well; with another one of the same name inside, the text up
            # to that one's end tag is none that was kept.
            stop = pieces.index(end, place, place + MAX_MEMO_LENGTH) + 1
            value = kept["<".join(pieces[place:stop])]
        except (ValueError, KeyError):
            credit -= _MISS
        else:
            if credit < _FULL:
                credit += 1
            last, length, said = pieces[place:stop], stop - place, value
            return value, stop
        value, stop = read(pieces, place)
        end = pieces[stop - 1]
        if len(kept) >= MAX_MEMO_ENTRIES:
            kept.clear()
        if credit < 0:
            kept.clear()
        elif stop - place <= MAX_MEMO_LENGTH:
            last, length, said = pieces[place:stop], stop - place, value
            kept["<".join(last)] = value
        return value, stop

    return again
