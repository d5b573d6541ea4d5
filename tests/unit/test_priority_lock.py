"""Who works next: the most urgent of those that wait, then who came first."""

from __future__ import annotations

import threading
import time

import pytest

from tui.aws.priority_lock import PriorityLock, Rank

PATIENCE = 60.0


def waiting(turns: PriorityLock, count: int) -> None:
    until = time.monotonic() + PATIENCE
    while len(turns._waiting) < count:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_the_most_urgent_goes_first_and_equals_as_they_came() -> None:
    turns, done, threads = PriorityLock(), list[str](), list[threading.Thread]()

    def work(rank: Rank, name: str) -> None:
        with turns.take(rank):
            done.append(name)

    asked = [(Rank.INVENTORY, "page"), (Rank.LOGIN, "one"), (Rank.STATUS, "trouble"), (Rank.LOGIN, "two")]
    with turns.take(Rank.INVENTORY):
        for number, (rank, name) in enumerate(asked, 1):
            threads.append(threading.Thread(target=work, args=(rank, name)))
            threads[-1].start()
            waiting(turns, number)
        assert done == []
    for thread in threads:
        thread.join(PATIENCE)
    assert done == ["trouble", "one", "two", "page"]


def test_work_that_fails_gives_its_turn_on() -> None:
    turns = PriorityLock()
    with pytest.raises(ZeroDivisionError), turns.take(Rank.STATUS):
        _ = 1 / 0
    with turns.take(Rank.STATUS):
        pass


def test_no_two_work_at_once() -> None:
    turns, at_work, most = PriorityLock(), 0, list[int]()

    def work() -> None:
        nonlocal at_work
        for _ in range(50):
            with turns.take(Rank.STATUS):
                at_work += 1
                most.append(at_work)
                time.sleep(0)
                at_work -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(most) == 400
    assert set(most) == {1}
