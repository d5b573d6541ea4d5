"""What is due when: pure tables over a clock of our own."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.config.sections import Intervals
from tui.fleet.collector.schedule import (
    AFTER_FAILURE,
    HEALTH_EVERY,
    HOLD,
    JITTER,
    LOGIN_RETRY,
    SLOWEST,
    SLOWEST_PACE,
    Budget,
    Job,
    JobOutcome,
    Schedule,
)

EVERY = Intervals()


class Middle(Random):
    """No jitter: the middle of every range."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def plain() -> Schedule[str]:
    return Schedule(EVERY, Middle())


def steady() -> Schedule[str]:
    """A target past its first round at time 0, idle."""
    schedule = plain()
    schedule.add("a", 0, Job.PROBLEMS)
    for job in (Job.PROBLEMS, Job.STATUS, Job.INVENTORY, Job.IMAGES):
        assert schedule.due(0) == [("a", job)]
        schedule.done("a", job, 0, JobOutcome.WELL)
    return schedule


def test_problems_of_every_target_come_before_any_inventory() -> None:
    schedule = plain()
    for key in "abc":
        schedule.add(key, 0, Job.PROBLEMS)
    assert schedule.due(0) == [("a", Job.PROBLEMS), ("b", Job.PROBLEMS), ("c", Job.PROBLEMS)]
    schedule.done("a", Job.PROBLEMS, 1, JobOutcome.WELL)
    assert schedule.due(1) == [("a", Job.STATUS)]
    schedule.add("d", 1, Job.PROBLEMS)
    schedule.done("a", Job.STATUS, 2, JobOutcome.WELL)
    assert schedule.due(2) == [("d", Job.PROBLEMS)], "a's inventory lets b, c and d go first"
    for key in "bcd":
        schedule.done(key, Job.PROBLEMS, 3, JobOutcome.WELL)
    assert ("a", Job.INVENTORY) in schedule.due(3)


def test_one_that_does_not_answer_holds_an_inventory_for_some_seconds_only() -> None:
    schedule = plain()
    for key in "ab":
        schedule.add(key, 0, Job.PROBLEMS)
    schedule.due(0)
    schedule.done("a", Job.PROBLEMS, 1, JobOutcome.WELL)
    assert schedule.due(1) == [("a", Job.STATUS)], "a poll waits for nobody"
    schedule.done("a", Job.STATUS, 1, JobOutcome.WELL)
    assert schedule.due(1) == []
    assert schedule.wait(1) == HOLD[Job.INVENTORY]
    assert schedule.due(1 + HOLD[Job.INVENTORY]) == [("a", Job.INVENTORY)]


def test_amis_of_one_target_wait_for_the_inventory_of_another() -> None:
    schedule = plain()
    schedule.add("a", 0, Job.INVENTORY)
    schedule.add("b", 0, Job.IMAGES)
    assert schedule.due(0) == [("a", Job.INVENTORY)]
    schedule.done("a", Job.INVENTORY, 2, JobOutcome.WELL)
    assert schedule.due(2) == [("b", Job.IMAGES)]


def test_health_of_an_account_waits_for_all_else_holds_nobody_and_comes_every_quarter_of_an_hour() -> None:
    schedule = steady()
    schedule.add("account", 0, Job.HEALTH)
    schedule.add("b", 0, Job.IMAGES)
    assert schedule.due(0) == [("b", Job.IMAGES)]
    schedule.done("b", Job.IMAGES, 1, JobOutcome.WELL)
    assert schedule.due(1) == [("account", Job.HEALTH)]
    assert schedule.due(15) == [("a", Job.STATUS)], "while it is under way"
    schedule.add("c", 16, Job.PROBLEMS)
    assert schedule.due(16) == [("c", Job.PROBLEMS)]
    schedule.done("account", Job.HEALTH, 20, JobOutcome.WELL)
    assert not schedule.is_asked("c", Job.HEALTH)
    assert ("account", Job.HEALTH) not in schedule.due(20 + HEALTH_EVERY - 1)
    at_once = Schedule[str](EVERY, Middle(), {**HOLD, Job.HEALTH: 0.0})
    at_once.add("a", 0, Job.PROBLEMS)
    at_once.add("account", 0, Job.HEALTH)
    assert len(at_once.due(0)) == 2


def test_one_job_of_a_target_at_a_time() -> None:
    schedule = plain()
    schedule.add("a", 0, Job.PROBLEMS)
    assert len(schedule.due(0)) == 1
    schedule.add("a", 0, Job.STATUS)
    assert schedule.due(100) == []
    assert schedule.wait(100) is None


def test_the_rhythm_is_the_settings_own() -> None:
    schedule = steady()
    assert schedule.wait(0) == EVERY.status
    assert schedule.due(EVERY.status - 0.1) == []
    assert schedule.due(EVERY.status) == [("a", Job.STATUS)]
    schedule.done("a", Job.STATUS, EVERY.status, JobOutcome.WELL)
    assert ("a", Job.STATUS) in schedule.due(EVERY.status * 2)


@given(st.integers())
def test_jitter_spreads_by_a_fifth_and_no_more(seed: int) -> None:
    schedule = Schedule[str](EVERY, Random(seed))
    schedule.add("a", 0, Job.STATUS)
    schedule.due(0)
    schedule.done("a", Job.STATUS, 0, JobOutcome.WELL)
    wait = schedule.wait(0)
    assert wait is not None
    assert EVERY.status * (1 - JITTER) <= wait <= EVERY.status * (1 + JITTER)


def test_failures_back_off_to_a_limit_and_success_forgets_them() -> None:
    schedule, now, pauses = plain(), 0.0, []
    schedule.add("a", 0, Job.PROBLEMS)
    for _ in range(30):
        assert schedule.due(now) == [("a", Job.PROBLEMS)]
        schedule.done("a", Job.PROBLEMS, now, JobOutcome.FAILED)
        pause = schedule.wait(now)
        assert pause is not None
        pauses.append(pause)
        now += pause
    assert pauses[:3] == pytest.approx([EVERY.status / 3 * 2**n for n in range(3)])
    assert pauses[-1] == EVERY.status * AFTER_FAILURE.maximum_interval
    schedule.due(now)
    schedule.done("a", Job.PROBLEMS, now, JobOutcome.WELL)
    schedule.due(now)
    schedule.done("a", Job.STATUS, now, JobOutcome.FAILED)
    assert dict(schedule.due(now + EVERY.status * AFTER_FAILURE.initial_interval + 0.01)) == {"a": Job.STATUS}


def test_what_is_less_urgent_never_holds_up_the_checks() -> None:
    schedule = steady()
    schedule.refresh("a", 0, Job.IMAGES)
    for _ in range(8):
        now = schedule.wait(0) or 0.0
        while ("a", Job.IMAGES) not in (started := schedule.due(now)):
            for key, job in started:
                schedule.done(key, job, now, JobOutcome.WELL)
            now += 0.5
        schedule.done("a", Job.IMAGES, now, JobOutcome.FAILED)
        wait = schedule.wait(now)
        assert wait is not None
        assert wait <= EVERY.status
        schedule.refresh("a", 0, Job.IMAGES)
    assert max(schedule._entries["a"].failures.values()) == 8


def test_a_missing_login_is_asked_for_steadily_and_all_wait_for_it() -> None:
    schedule = steady()
    for _ in range(10):
        schedule.refresh("a", 0, Job.STATUS)
        schedule.due(0)
        schedule.done("a", Job.STATUS, 0, JobOutcome.LOGIN)
        assert schedule.wait(0) == EVERY.status * LOGIN_RETRY


def test_throttled_targets_are_asked_less_often_and_recover_slowly() -> None:
    schedule, now = steady(), 0.0
    for _ in range(6):
        schedule.refresh("a", now, Job.STATUS)
        schedule.due(now)
        schedule.done("a", Job.STATUS, now, JobOutcome.THROTTLED)
    gaps = []
    for _ in range(30):
        schedule.refresh("a", now, Job.STATUS)
        schedule.due(now)
        schedule.done("a", Job.STATUS, now, JobOutcome.WELL)
        gaps.append(schedule._entries["a"].due[Job.STATUS] - now)
    assert gaps[0] == pytest.approx(EVERY.status * SLOWEST * 0.8)
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] == EVERY.status


def test_refresh_is_now_and_a_removed_target_is_never_due() -> None:
    schedule = steady()
    schedule.refresh("a", 1, Job.INVENTORY)
    schedule.refresh("nobody", 1, Job.INVENTORY)
    assert schedule.due(1) == [("a", Job.INVENTORY)]
    schedule.remove("a")
    schedule.done("a", Job.INVENTORY, 2, JobOutcome.WELL)
    assert schedule.due(10_000) == []


def test_the_budget_spends_its_tokens_then_its_refill() -> None:
    budget = Budget(size=5, refill=2, _tokens=5)
    assert [budget.take(100.0) for _ in range(5)] == [0.0] * 5
    assert [budget.take(100.0) for _ in range(3)] == [0.5, 1.0, 1.5]
    assert budget.take(110.0) == 0.0
    assert budget.take(10_000.0) == 0.0
    assert [budget.take(10_000.0) for _ in range(5)] == [0.0] * 4 + [0.5], "full, and no fuller"


def test_the_budget_shrinks_at_once_where_aws_refuses_and_comes_back_slowly() -> None:
    budget = Budget(size=10, refill=4, _tokens=10)
    budget.answered(100.0, True)
    assert budget.take(100.0) == 0.5, "no burst is left, and half the pace"
    for _ in range(9):
        budget.answered(100.0, True)
    assert budget.pace == SLOWEST_PACE
    assert budget.wait(100.0) == pytest.approx(2.0)
    for _ in range(40):
        budget.answered(101.0, False)
    assert budget.pace == 1.0


def test_to_wait_for_the_budget_books_nothing() -> None:
    budget = Budget(size=2, refill=1, _tokens=2)
    assert [budget.wait(5.0) for _ in range(9)] == [0.0] * 9
    assert [budget.take(5.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert budget.wait(5.0) == 1.0
    assert budget.wait(6.0) == 0.0


def test_problems_that_were_a_poll_as_well_put_off_the_next_poll() -> None:
    schedule = plain()
    schedule.add("a", 0, Job.PROBLEMS)
    schedule.due(0)
    schedule.done("a", Job.PROBLEMS, 1, JobOutcome.WELL)
    schedule.polled("a", 1)
    assert schedule.due(1) == [("a", Job.INVENTORY)]


def test_the_budget_is_a_quarter_of_what_aws_documents() -> None:
    budget = Budget()
    waits = [budget.take(100.0) for _ in range(30)]
    assert waits[:25] == [0.0] * 25, "a burst"
    assert waits[25:] == pytest.approx([0.2 * number for number in range(1, 6)]), "then five a second"
