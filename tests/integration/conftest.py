"""An embedded AWS for the tests of the eyes: started once, as at the start for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tui.demo.environment import Demo, start


@pytest.fixture(scope="module")
def started() -> Iterator[Demo]:
    demo = start("--speed", "60")
    yield demo
    demo.stop()


@pytest.fixture
def demo(started: Demo) -> Demo:
    """The sample fleet as at the start, without faults, nothing asked yet."""
    started.control("reset", method="POST")
    started.control("settings", {"lag": 0, "limits": False, "sparse": False})
    return started
