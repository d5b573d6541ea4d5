"""The script that makes the README's pictures still can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_picture_of_the_readme_is_made(tmp_path: Path) -> None:
    command = [sys.executable, "-P", str(ROOT / "docs" / "shots.py"), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    kept = {one.name for one in (ROOT / "docs" / "shots").glob("*.svg")}
    assert kept
    assert {one.name for one in tmp_path.glob("*.svg")} == kept
