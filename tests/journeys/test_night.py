"""The accelerated shift, reduced: some actions, others beside, faults throughout. In full: `make night`."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.night import Night
from tui.demo.environment import Demo


def test_a_short_night_keeps_every_promise(demo: Demo, tmp_path: Path) -> None:
    told = Night(demo, tmp_path, seed=3).run(actions=5, minutes=10)
    assert told.trouble == []
    assert sum(count for what, count in told.counts.items() if what.endswith(": asked")) > 0
