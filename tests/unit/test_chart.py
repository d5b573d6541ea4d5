"""A metric as text: on the grid of time, holes left open, zero told from nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.presentation.chart import Grid, blocks, signs, top_of

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
HOUR = Grid(NOW, timedelta(hours=1), 12)
"""A cell for five minutes."""


def minutes_ago(*pairs: tuple[float, float]) -> list[tuple[datetime, float]]:
    return [(NOW - timedelta(minutes=ago), value) for ago, value in pairs]


def test_a_point_is_drawn_where_its_time_is() -> None:
    cells = HOUR.laid(minutes_ago((60, 1), (30, 2), (5, 3)), 300)
    assert cells == [1, None, None, None, None, None, 2, None, None, None, None, 3]


def test_a_point_fills_the_time_it_stands_for() -> None:
    """Basic monitoring gives one for five minutes: between two of them is no hole."""
    narrow = Grid(NOW, timedelta(hours=1), 60)
    assert None not in narrow.laid(minutes_ago(*((5 * n, 7) for n in range(1, 13))), 300)
    assert narrow.laid(minutes_ago((10, 7)), 300) == [None] * 50 + [7] * 5 + [None] * 5


def test_a_missing_period_is_a_hole() -> None:
    cells = HOUR.laid(minutes_ago(*((5 * n, 50) for n in range(1, 13) if n not in (3, 4))), 300)
    assert blocks(cells, 100) == ("▄" * 8 + "··" + "▄" * 2,)
    assert blocks([60.0, 99.0], 100, plain=True) == ("o@",), "no level is drawn as the mark of what is well"
    assert blocks(cells, 100, plain=True) == ("=" * 8 + "??" + "=" * 2,)


def test_of_several_points_a_cell_shows_the_worst() -> None:
    every = minutes_ago(*((n, 99 if n == 7 else 10) for n in range(1, 61)))
    assert HOUR.laid(every, 60)[-2] == 99
    assert HOUR.laid([(at, 100 - value) for at, value in every], 60, min)[-2] == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_no_point(value: float) -> None:
    assert HOUR.laid(minutes_ago((30, value)), 300) == [None] * 12


def test_points_outside_are_left_out() -> None:
    assert HOUR.laid(minutes_ago((90, 1), (61, 2), (-1, 3)), 60) == [None] * 12


def test_zero_is_neither_a_hole_nor_a_little() -> None:
    assert blocks([0, None, 0.01, 100], 100) == (" ·▁█",)
    assert blocks([0, None, 0.01, 100], 100, plain=True) == (" ?.@",)


def test_nothing_at_all_is_all_holes() -> None:
    assert blocks(HOUR.laid([], 300), 0) == ("·" * 12,)
    assert top_of("Bytes", [None]) == 0


def test_percent_is_drawn_against_a_hundred_and_all_else_against_its_own_greatest() -> None:
    assert top_of("Percent", [3, None]) == 100
    assert top_of("Bytes", [3, None, 12]) == 12
    assert blocks([50], top_of("Percent", [50])) == ("▄",)
    assert blocks([50, 25], top_of("Bytes", [50, 25])) == ("█▄",)


def test_zoomed_it_has_so_many_lines_and_gaps_on_the_lowest() -> None:
    assert blocks([100, 50, None, 0, 1], 100, 2) == ("█    ", "██· ▁")
    assert blocks([100, 75, 25], 100, 2, plain=True) == ("@= ", "@@=")


def test_more_than_the_scale_holds_is_cut() -> None:
    assert blocks([250, -3], 100) == ("█ ",)


def test_checks_are_signs() -> None:
    assert signs([0, 1, None, 0.5], "✔", "✖") == "✔✖·✖"
    assert signs([None], "✔", "✖", plain=True) == "?"


def test_moments_are_found_on_the_grid() -> None:
    assert HOUR.cell(NOW) == 11
    assert HOUR.cell(NOW - timedelta(minutes=60)) == 0
    assert HOUR.cell(NOW - timedelta(minutes=61)) is None
    assert HOUR.cell(NOW + timedelta(seconds=1)) is None


@given(
    st.lists(st.tuples(st.floats(-10, 70), st.floats(allow_nan=True, allow_infinity=True)), max_size=40),
    st.integers(0, 200),
    st.sampled_from([60, 300, 900, 3600]),
    st.integers(1, 6),
)
def test_any_points_make_lines_of_that_width(
    pairs: list[tuple[float, float]], width: int, period: int, lines: int
) -> None:
    cells = Grid(NOW, timedelta(hours=1), width).laid(minutes_ago(*pairs), period)
    drawn = blocks(cells, top_of("Count", cells), lines)
    assert [len(line) for line in drawn] == [width] * lines
    assert blocks(cells, 1e-300, lines, plain=True)[0].isascii()
    for one, character in zip(cells, drawn[-1], strict=True):
        assert (one is None) == (character == "·")
