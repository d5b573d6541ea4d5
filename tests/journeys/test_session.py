"""A console that is used for hours: it asks, is told no, acts, follows and asks again, and sees what others do meanwhile."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from tests.e2e.terminal import has
from tests.journeys.console_user import Cost, Shift, cost, evac, journal, sent
from tui.demo.environment import Demo
from tui.operations.model import OperationState

ROUNDS = int(os.environ.get("ROUNDS", "2"))
"""How often the story is told; `ROUNDS=20` is a night's worth."""
OPENINGS = int(os.environ.get("OPENINGS", "12"))
"""How often a detail is opened at least; `make soak` says 300, and a third as many helps, lists and questions."""
LEVEL = 8
"""So many openings in a row without growth are needed."""
LONGEST = 8 * OPENINGS
"""After so many without such a row it is said to grow."""
MOST = 120.0
"""MB that a console may hold after that. It begins with some 60."""
NAMES = ("cache-1", "cache-2", "web-3")


def ids(demo: Demo) -> Mapping[str, str]:
    """The sample's instances by their names."""
    return {str(one["name"]): str(one["id"]) for one in demo.control("instances")}


def test_a_console_asks_acts_and_asks_again(env: dict[str, str], demo: Demo) -> None:
    """ask, esc, ask, yes, follow, ask again; beside it a colleague's `evac do` on another instance."""
    before = None
    with Shift(environ=env, size=(80, 24)) as shift:
        shift.begin()
        for number in range(ROUNDS):
            name = NAMES[number % len(NAMES)]
            shift.ask("b", name)
            shift.keys("escape")
            shift.ask("b", name)
            shift.agree(name)
            shift.until(has(rf"(running|succeeded).*{name}"))
            done = evac(env, "do", "reboot", "mail-1", "--profile", "prod", "--confirm", "mail-1", "--wait")
            assert done.returncode == 0, done.stdout + done.stderr
            shift.keys("o")
            shift.until(has(r"succeeded.*mail-1"))
            shift.until(has(rf"succeeded.*{name}"))
            shift.fleet()
            now = cost(shift.pid)
            before = before or now
            assert now.descriptors <= before.descriptors + 2, (before, now)
        shift.keys("q")
        assert shift.ended() == 0
    with journal(env) as book:
        states = [one.state for one in book.list(1000) if one.confirmed_at is not None]
    assert states == [OperationState.SUCCEEDED] * 2 * ROUNDS
    assert sent(demo).count("RebootInstances") == 2 * ROUNDS


def test_what_was_looked_at_does_not_stay_in_memory(env: dict[str, str]) -> None:
    """Details, helps, lists of operations, questions; memory, descriptors and threads stay as they were after the first ones.

    An allocator takes memory in blocks of megabytes, at a moment of its own. So not one difference is judged: what stays in
    memory with each opening leaves no stretch of them without growth, however long one looks.
    """
    with Shift(environ=env) as shift:
        shift.begin()
        shift.find("edge-2")
        shift.until("READ-WRITE")
        costs: list[Cost] = []
        while len(costs) < OPENINGS or (not is_level(costs) and len(costs) < LONGEST):
            look(shift, "enter", "likely")  # the log has been read, and maybe the metrics
            if len(costs) % 3 == 0:
                for key, shown in (("?", "this console"), ("o", "operations"), ("b", "edge-2")):
                    look(shift, key, shown)
            costs.append(cost(shift.pid))
        shift.fleet()
        shift.read(2.0)
        first, last = costs[OPENINGS // 3], cost(shift.pid)
        assert last.memory < MOST, (first, last)
        assert is_level(costs), (
            [round(one.memory, 1) for one in costs],
            f"MB, grew in every {LEVEL} openings",
        )
        assert last.descriptors <= first.descriptors + 2, (first, last)
        assert last.threads <= first.threads + 2, (first, last)
        shift.keys("q")
        assert shift.ended() == 0


def is_level(costs: Sequence[Cost]) -> bool:
    """Whether the latest openings, a third of them with a help, a list and a question, took less than 50 KB each."""
    return len(costs) > LEVEL and costs[-1].memory - costs[-1 - LEVEL].memory < 0.05 * LEVEL


def test_a_detail_that_stays_in_memory_would_be_seen() -> None:
    """The measure itself: a leak of 60 KB an opening has no level stretch, a block taken at once has."""
    leak = [Cost(60 + 0.06 * number, 9, 6) for number in range(LONGEST)]
    assert not any(is_level(leak[:end]) for end in range(1, len(leak) + 1))
    block = [Cost(60 if number < OPENINGS - 2 else 67, 9, 6) for number in range(2 * OPENINGS)]
    assert not is_level(block[:OPENINGS])
    assert is_level(block)


def look(shift: Shift, key: str, shown: str) -> None:
    """Open it, wait until it is there, and back to the fleet with its filter."""
    shift.keys(key)
    shift.until(lambda one: shown in one.text and "/ filter" not in one.screen.display[-1])
    shift.keys("escape")
    shift.until(lambda one: "/ filter" in one.screen.display[-1])
