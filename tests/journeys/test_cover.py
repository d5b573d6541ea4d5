"""A junior, who may look and not act, reads what is not covered, why, and hands it over as a file. Nothing at AWS changes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.e2e.terminal import has
from tests.journeys.console_user import Shift, evac, sent, told_at
from tui.demo.environment import Demo

READ = r"\d+ not covered"
"""All that can be read is."""


@pytest.mark.parametrize("size", told_at((80, 24)), ids=lambda size: "x".join(map(str, size)))
def test_a_junior_reads_what_is_not_covered_and_hands_it_over(
    env: dict[str, str], demo: Demo, tmp_path: Path, size: tuple[int, int]
) -> None:
    folder = tmp_path / "ticket"
    folder.mkdir()
    with Shift("--read-only", environ=env, size=size, cwd=str(folder)) as shift:
        shift.begin()
        assert not has(READ)(shift)
        shift.keys("5")
        shift.until(has(READ))
        shift.until(has(r"› ✖ batch-1 .*✖ store type"))  # nobody acts, and nothing to come back from
        shift.until(has(r"data lost +✖ nobody: no AMI"))

        shift.keys("A")
        shift.until(has("Alarm: read-only"))

        shift.keys("enter")
        shift.until(has(r"if the host dies \(system check\)"))
        shift.until(has(r"automatic recovery +✖ does not act: its type has instance store"))
        shift.keys("escape")
        shift.until(has(r"› ✖ batch-1 "))

        shift.keys("x")
        shift.until(has(r"wrote \d+ instances"))
    (path,) = folder.glob("evac-cover-*.csv")
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert rows[0]["name"] == "batch-1"
    assert {row["host_dies"] for row in rows} >= {"nobody", "partly", "covered"}
    gaps = {"nobody", "partly", "unknown"}
    assert all(gaps & {row["host_dies"], row["system_hangs"], row["data_lost"]} for row in rows)

    told = evac(env, "coverage", "--csv", "--read-only")
    assert told.returncode == 7
    same = list(csv.DictReader(io.StringIO(told.stdout)))
    assert set(same[0]) == set(rows[0])
    assert {row["instance_id"] for row in rows} <= {row["instance_id"] for row in same}
    assert sent(demo) == []
