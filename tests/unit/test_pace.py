"""How fast members are begun: no start that falls due is refused by AWS's buckets, and none waits for evac."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.demo.faults import Buckets
from tui.domain.campaign.pace import START_CALLS, next_begin

NOW = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def test_four_are_on_their_way_to_a_start_at_a_time_and_the_next_goes_once_one_was_started() -> None:
    assert [next_begin([], owed, NOW) for owed in range(4)] == [NOW] * 4
    assert next_begin([], 4, NOW) is None
    assert next_begin([], 50, NOW) is None


def test_after_a_burst_of_calls_a_token_comes_back_in_half_a_second() -> None:
    burst = [at(-0.001)] * 5
    assert next_begin(burst, 0, at(0)) == at(0.999)
    assert next_begin([at(0)] * 3, 1, at(0)) == at(0.5)
    assert next_begin([at(0)] * 5, 0, at(1)) == at(1)
    assert next_begin([at(0)] * 5, 3, at(2.5)) == at(2.5)  # full again: nothing is left of the burst


def test_what_is_not_full_is_not_counted_beyond_full() -> None:
    """An hour of quiet before a burst saves nothing for after it."""
    assert START_CALLS.tokens([at(-3600), *[at(-1)] * 5], NOW) == 2.0
    assert START_CALLS.tokens([NOW] * 7, NOW) == -2.0
    assert START_CALLS.tokens([at(5)], NOW) == 5.0  # not taken yet


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0.3, 9), st.floats(0, 0.3)), max_size=60))
def test_no_call_is_ever_refused_for_its_pace(world: list[tuple[float, float, float]]) -> None:
    """Members ask to be begun at random times, are down for a random while, and each of AWS's answers takes its time."""
    bucket, now = Buckets(), 0.0
    calls: list[tuple[float, float]] = []  # when it is sent, when its answer comes
    for gap, down, answer in world:
        now += gap
        while True:
            free = next_begin(
                [at(end) for _, end in calls if end <= now], sum(end > now for _, end in calls), at(now)
            )
            if free is not None and free <= at(now):
                break
            ends = [end for _, end in calls if end > now]
            now = min(ends) if free is None else (free - NOW).total_seconds()
        calls += [(now, now + answer), (now + down, now + down + answer)]
    for sent, _ in sorted(calls):
        assert bucket.take("1", "r", "StartInstances", sent)
