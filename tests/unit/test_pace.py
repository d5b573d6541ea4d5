"""How fast members are begun: no start that falls due is refused by AWS's buckets, and none waits for evac."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.demo.faults import Buckets
from tui.domain.campaign.pace import INSTANCES_STARTED, START_CALLS, TokenBucket, next_begin

NOW = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)


def ago(*seconds: float) -> list[datetime]:
    """Times before NOW."""
    return [NOW - timedelta(seconds=one) for one in seconds]


def test_five_are_begun_at_once_and_the_sixth_once_somebody_was_started() -> None:
    assert [next_begin([], kept, NOW) for kept in range(5)] == [NOW] * 5
    assert next_begin([], 5, NOW) is None
    assert next_begin([], 50, NOW) is None


def test_after_a_burst_of_starts_a_token_comes_back_in_half_a_second() -> None:
    assert next_begin(ago(0, 0, 0, 0, 0), 0, NOW) == NOW + timedelta(seconds=0.5)
    assert next_begin(ago(0, 0, 0), 2, NOW) == NOW + timedelta(seconds=0.5)
    assert next_begin(ago(3, 3, 3, 3, 3), 0, NOW) == NOW
    assert next_begin(ago(2.6, 2.5, 2.5, 2.5, 2.5), 4, NOW) == NOW  # full again: nothing is left of the burst


def test_what_is_not_full_is_not_counted_beyond_full() -> None:
    """An hour of quiet before a burst saves nothing for after it."""
    assert START_CALLS.tokens([*ago(3600), *ago(1, 1, 1, 1, 1)], NOW) == 2.0
    assert START_CALLS.tokens(ago(-5), NOW) == 5.0  # not taken yet


def test_the_bucket_of_instances_holds_a_thousand() -> None:
    spent = ago(*[number / 1000 for number in range(1000)])
    assert INSTANCES_STARTED.free_at(spent, 0, NOW + timedelta(seconds=1)) is not None
    assert TokenBucket(2, 1.0).free_at(ago(0, 0, 0), 0, NOW) == NOW + timedelta(seconds=2)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0, 9), st.floats(0, 0.4)), max_size=60))
def test_no_start_is_ever_refused_for_its_pace(world: list[tuple[float, float, float]]) -> None:
    """Members ask to be begun at random times, are stopped for a random while, and AWS's answer takes its time."""
    bucket, at = Buckets(), 0.0
    under_way: list[tuple[float, float]] = []  # when its start is sent, when the answer comes
    for gap, down, answer in world:
        at += gap
        while True:
            moment = NOW + timedelta(seconds=at)
            answered = [NOW + timedelta(seconds=done) for _, done in under_way if done <= at]
            free = next_begin(answered, sum(done > at for _, done in under_way), moment)
            if free is not None and free <= moment:
                break
            at = (
                min([done for _, done in under_way if done > at], default=at)
                if free is None
                else (free - NOW).total_seconds()
            )
        under_way.append((at + down, at + down + answer))
    for sent, _ in sorted(under_way):
        assert bucket.take("1", "r", "StartInstances", sent)
