"""Two people before one balancer, in the same minute: the second is told, waits or goes away, and somebody always serves."""

from __future__ import annotations

import os
import re
import signal
import time
from datetime import UTC, datetime

import pytest

from tests.chaos.trial_processes import ACCOUNT, REGION
from tests.e2e.terminal import has
from tests.journeys.console_user import ASKED, SETTLED, SIZES, Shift, awaited, evac, journal, sent
from tests.nightly import at_night
from tui.demo.environment import Demo
from tui.operations.model import Operation, OperationState

TRIALS = int(os.environ.get("CONSOLE_TRIALS", "1"))
"""`make chaos` says 20."""


def watch(demo: Demo) -> None:
    asked = {"account": ACCOUNT, "region": REGION, "kind": "classic", "key": "search", "needed": 1}
    demo.control("watch", asked)


def of(name: str, *states: OperationState) -> object:
    return lambda one: one.instance_name == name and one.state in states


@at_night
@pytest.mark.parametrize("trial", range(TRIALS))
def test_two_consoles_and_a_command_before_one_balancer(demo: Demo, env: dict[str, str], trial: int) -> None:
    """In every second trial the first one's runner is killed while its instance is down."""
    watch(demo)
    sizes = (SIZES[trial % 3], SIZES[(trial + 1) % 3])
    with Shift(environ=env, size=sizes[0]) as kim, Shift(environ=env, size=sizes[1]) as lee:
        for one in (kim, lee):
            one.begin()
        demo.control("clock", {"speed": 2})
        kim.ask("s", "search-1")
        lee.ask("s", "search-2")  # both questions stand before either is answered
        kim.agree("search-1")
        first = awaited(env, lambda one: one.step == "wait-stopped", kim.read)
        lee.agree("search-2")
        if not _answered(
            lee
        ):  # it was read again, and says whom it would wait for: what was typed stays, enter answers
            lee.until(has(r"waits for op-"))
            lee.until(has(ASKED))
            time.sleep(SETTLED)
            lee.keys("enter")
        waits = awaited(env, lambda one: one.note.startswith("waits for"), lee.read)
        assert waits.note.startswith(f"waits for {first.id} by ")
        assert waits.note.endswith(": search-1 of classic load balancer search")
        lee.until(has(r"waits for o"))
        refused = evac(env, "do", "reboot", "search-2", "--confirm", "search-2", "--if-held", "refuse")
        assert refused.returncode == 5, refused.stderr
        assert sent(demo, waits.instance_id) == []
        if trial % 2:
            with journal(env) as book:
                down = book.get(first.id)
            assert down is not None
            os.kill(int(down.runner.split(":")[1]), signal.SIGKILL)
        demo.control("clock", {"speed": 60})
        for name in ("search-1", "search-2"):
            awaited(env, of(name, OperationState.SUCCEEDED), kim.read)  # type: ignore[arg-type] # one predicate for both
        lee.until(has(r"succeeded.*search-2|search-2.*succeeded"))
    (told,) = demo.control("watch")
    assert (told["low"], len(told["now"])) == (0, 2), told
    assert told["fewest"] == 1
    with journal(env) as book:
        assert list(book.holds(datetime.now(UTC))) == []


def _answered(console: Shift) -> bool:
    """Whether the answer was taken, and not the question put again because something had changed meanwhile."""
    console.until(
        lambda one: "operations" in one.screen.display[0] or re.search(r"changed|new:", one.text) is not None
    )
    return re.search(r"changed|new:", console.text) is None


def test_a_wait_is_given_up_at_once_and_a_command_that_waits_says_so(demo: Demo, env: dict[str, str]) -> None:
    watch(demo)
    demo.control("clock", {"speed": 1})
    with Shift(environ=env) as kim:
        kim.begin()
        kim.ask("s", "search-1")
        kim.agree("search-1")
        first = awaited(env, lambda one: one.step == "wait-stopped", kim.read)
        done = evac(env, "do", "reboot", "search-2", "--confirm", "search-2")
        assert done.returncode == 0, done.stderr
        assert f"it waits for {first.id} by " in done.stdout
        waits = awaited(env, lambda one: one.note.startswith("waits for"), kim.read)
        told = evac(env, "ops", "show", waits.id)
        assert f"waits for {first.id} by " in told.stdout
        given_up = evac(env, "ops", "abandon", waits.id, "--confirm", "search-2")
        assert given_up.returncode == 0, given_up.stderr

        def over(one: Operation) -> bool:
            return one.id == waits.id and one.state is OperationState.ABANDONED and not one.lease_until

        awaited(env, over, kim.read)
        assert sent(demo) == ["StopInstances"]
        demo.control("clock", {"speed": 60})
        awaited(env, of("search-1", OperationState.SUCCEEDED), kim.read)  # type: ignore[arg-type] # as above
    (watched,) = demo.control("watch")
    assert watched["low"] == 0
