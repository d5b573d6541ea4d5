"""Each story has an embedded AWS and a home of its own: what one breaks no other finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.terminal import environ
from tests.journeys.console_user import left_over
from tui.demo.environment import Demo, start


@pytest.fixture
def demo() -> Iterator[Demo]:
    running = start("--speed", "60")
    yield running
    running.stop()


@pytest.fixture
def env(demo: Demo, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Leads to the demo, with a journal and a cache of its own. What a story leaves running is ended after it."""
    own = {
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    yield {**demo.apply(environ()), **own}
    for process in left_over(tmp_path):
        process.kill()
