"""An embedded AWS for a whole file, and an environment of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.terminal import environ
from tui.demo.environment import Demo, start


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
