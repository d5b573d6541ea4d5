"""Whole screens look as they did: one or two of each, key line included, as pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_whole_screens_are_drawn_as_they_were(tmp_path: Path) -> None:
    command = [sys.executable, "-P", str(HERE / "whole_screens.py"), str(tmp_path)]
    done = subprocess.run(
        command, cwd=HERE.parents[1], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    kept = {one.name: one.read_bytes() for one in (HERE / "whole").glob("*.svg")}
    made = {one.name: one.read_bytes() for one in tmp_path.glob("*.svg")}
    assert kept
    assert made.keys() == kept.keys()
    stale = [name for name in kept if made[name] != kept[name]]
    assert not stale, "look at them, and take them: make snapshots"
