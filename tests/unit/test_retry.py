"""Exponential backoff."""

from __future__ import annotations

import pytest

from tui.domain.retry import RetryPolicy


@pytest.mark.parametrize(
    ("failures", "seconds"), [(-1, 5), (0, 5), (1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (10_000, 300)]
)
def test_it_doubles_from_the_first_interval_to_the_longest(failures: int, seconds: float) -> None:
    assert RetryPolicy(5.0, 300.0).interval(failures) == seconds


def test_the_coefficient_is_the_policys() -> None:
    assert [RetryPolicy(1.0, 100.0, 3.0).interval(times) for times in range(1, 7)] == [1, 3, 9, 27, 81, 100]
