"""Readers that remember: the same answers as without, and no more memory than said."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tui.aws import parse_memo
from tui.aws.parse_memo import Pieces, remembering


class Counted:
    """Reads up to the first `/a>`, one that is inside another `a` not counted; and counts."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, pieces: Pieces, place: int) -> tuple[Any, int]:
        self.calls += 1
        begun, depth = place, 1
        while depth:
            piece = pieces[place]
            place += 1
            depth += {"a>": 1, "/a>": -1}.get(piece.rstrip(), 0)
        return tuple(pieces[begun:place]), place


def test_the_same_text_is_read_once() -> None:
    plain = Counted()
    read = remembering(plain)
    pieces = ["a>", "b>1", "/b>", "/a>"] * 3
    found = [read(pieces, place) for place in (1, 5, 9)]
    assert plain.calls == 1
    assert {id(value) for value, _ in found} == {id(found[0][0])}
    assert [stop for _, stop in found] == [4, 8, 12]


TEXTS = st.lists(st.sampled_from(["a>", "/a>", "/a>\n ", "b>1", "b>2", "/b>"]), max_size=8)


@given(st.lists(TEXTS, max_size=12))
def test_it_answers_as_the_reader_itself_would(elements: list[list[str]]) -> None:
    """Elements in elements of the same name, other line ends, in any order."""
    read = remembering(Counted())
    for inner in elements:
        pieces = [*inner, "/a>", "/a>", "/a>", *["/a>"] * inner.count("a>")]
        assert read(pieces, 0) == Counted()(pieces, 0)


def test_what_never_says_the_same_is_soon_read_without_looking() -> None:
    plain = Counted()
    read = remembering(plain)
    for number in range(5 * parse_memo.MAX_MEMO_ENTRIES):
        read([f"b>{number}", "/b>", "/a>"], 0)
    assert plain.calls == 5 * parse_memo.MAX_MEMO_ENTRIES
    before = plain.calls
    for _ in range(2):
        read(["b>0", "/b>", "/a>"], 0)
    assert plain.calls == before + 2, "nothing is kept of it"


def test_what_is_kept_has_a_limit() -> None:
    plain = Counted()
    read = remembering(plain)
    often = ["b>often", "/b>", "/a>"]
    for number in range(3 * parse_memo.MAX_MEMO_ENTRIES):
        read([f"b>{number}", "/b>", "/a>"], 0)
        for _ in range(3):
            read(often, 0)
    kept = read.__closure__
    assert kept is not None
    sizes = [len(cell.cell_contents) for cell in kept if isinstance(cell.cell_contents, dict)]
    assert sizes
    assert max(sizes) <= parse_memo.MAX_MEMO_ENTRIES


def test_a_page_is_not_kept() -> None:
    """A list of a thousand instances is megabytes of text, and never comes twice."""
    read = remembering(Counted())
    for _ in range(3):
        read([*(f"b>{number}" for number in range(parse_memo.MAX_MEMO_LENGTH)), "/a>"], 0)
    cells = [cell.cell_contents for cell in read.__closure__ or ()]
    kept = [text for cell in cells if isinstance(cell, dict) for text in cell]
    assert kept == []
    assert max(len(cell) for cell in cells if isinstance(cell, list)) <= parse_memo.MAX_MEMO_LENGTH
