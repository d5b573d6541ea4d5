"""An accelerated watch, short: every incident of the script once, at its poll. `make night` runs a week of it."""

from __future__ import annotations

from pathlib import Path

from tests.soak.watch_week import watch_week


def test_every_incident_is_told_once_at_its_time_and_none_else(tmp_path: Path) -> None:
    week = watch_week(tmp_path, days=0.6, seed=34)
    assert week.faults == []
    assert week.counts["begun"] >= 20
    assert week.counts["restart"] + week.counts["killed before"] + week.counts["killed after"] >= 3
