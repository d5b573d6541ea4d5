"""The console as a person meets it: in a real pseudo-terminal, at both sizes, on the embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal, environ, has

from tui.demo.environment import Demo, start

SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    running = start("--speed", "60")
    yield running
    running.stop()


@pytest.fixture
def env(demo: Demo, tmp_path: Path) -> dict[str, str]:
    """Leads to the demo, with a journal and a cache of this test's own."""
    own = {
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    return {**demo.apply(environ()), **own}


@SIZES
def test_it_opens_on_the_worst_and_is_left_with_q(env: dict[str, str], size: tuple[int, int]) -> None:
    with Terminal(environ=env, size=size) as terminal:
        terminal.until("payments-db-1")
        terminal.until("s stop/start: moves it off the failing host")
        terminal.until(has("READ-WRITE"))
        terminal.keys("q")
        assert terminal.ended() == 0
        assert b"\x1b[?1049l" in terminal.raw  # the shell's own screen is back


@SIZES
def test_a_filter_then_a_detail_and_back(env: dict[str, str], size: tuple[int, int]) -> None:
    with Terminal(environ=env, size=size) as terminal:
        terminal.until("payments-db-1")
        terminal.keys("/", "batch-14")
        terminal.until(lambda one: "payments-db-1" not in one.text and "batch-14" in one.text)
        terminal.keys("enter", "enter")
        terminal.until("attached-EBS")
        terminal.keys("escape")
        terminal.until("/ batch-14")
        terminal.keys("escape")
        terminal.until("payments-db-1")
        terminal.keys("q")
        assert terminal.ended() == 0


def test_the_next_start_shows_the_last_state_at_once(env: dict[str, str]) -> None:
    with Terminal(environ=env) as terminal:
        terminal.until("payments-db-1")
        terminal.until("unread")
        terminal.keys("q")
        assert terminal.ended() == 0
    with Terminal(environ={**env, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}) as terminal:
        terminal.until("payments-db-1")
        terminal.until(has(r"\? .*(ago|just now)"))
        terminal.keys("q")
        assert terminal.ended() == 0


def test_demo_starts_its_own_aws_and_says_so(tmp_path: Path) -> None:
    with Terminal("--demo", environ=environ(HOME=str(tmp_path)), size=(160, 50)) as terminal:
        terminal.until("payments-db-1")
        terminal.until("DEMO READ-WRITE")
        terminal.keys("q")
        assert terminal.ended() == 0
    assert list(tmp_path.iterdir()) == []  # nothing of a demonstration stays
