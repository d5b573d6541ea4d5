"""The README's pictures are what the screens look like: whole screens, one or two of each, key line included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_pictures_of_the_readme_are_what_is_drawn(tmp_path: Path) -> None:
    command = [sys.executable, "-P", str(ROOT / "docs" / "shots.py"), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    kept = {one.name: one.read_bytes() for one in (ROOT / "docs" / "shots").glob("*.svg")}
    made = {one.name: one.read_bytes() for one in tmp_path.glob("*.svg")}
    assert kept
    assert made.keys() == kept.keys()
    stale = [name for name in kept if made[name] != kept[name]]
    assert not stale, "look at them, and take them: make shots"
