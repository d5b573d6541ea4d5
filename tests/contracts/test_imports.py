"""What the static contracts cannot see: what a library loads, and when."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def loaded_after(statement: str) -> set[str]:
    """Top-level modules in a fresh interpreter after a statement."""
    code = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("package", ["tui", "screens"])
def test_the_doors_load_nothing(package: str) -> None:
    before = loaded_after("pass")
    assert loaded_after(f"import {package}") - before <= {package}


def test_the_command_line_loads_neither_textual_nor_aws_nor_the_demonstration() -> None:
    loaded = loaded_after("import tui.cli; tui.cli.run(['config', 'path'])")
    assert not loaded & {
        "textual",
        "rich",
        "boto3",
        "botocore",
        "aiocache",
        "icalendar",
        "asyncio",
        "sqlite3",
    }
