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
    loaded = loaded_after("from tui.cli.main import run; run(['config', 'path'])")
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


@pytest.mark.parametrize(
    "typed", ["evac ", "evac do reboot i", "evac --profile ", "evac --region ", "evac coverage -"]
)
def test_what_a_shell_asks_loads_nothing_that_reads_or_draws_and_starts_nothing(typed: str) -> None:
    words = typed.split(" ")
    asked = {"_EVAC_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    told = f"import os; os.environ.update({asked!r})"
    started = "import subprocess; subprocess.Popen.__init__ = None"
    loaded = loaded_after(f"{started}; {told}; from tui.cli.main import run; run([])")
    assert not loaded & {"textual", "rich", "boto3", "botocore", "aiocache", "icalendar", "redis"}


FIRST_FRAME = """
import asyncio, os
from tui.app import EvacApp, open_services
from tui.config.schema import Settings
async def first_frame():
    services, found = open_services(Settings(), os.environ)
    app = EvacApp(services, found, opens_journal=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "evac" in str(app.screen.query_one("#header").render())
        assert app.services.link is not None and app.services.link.pid is not None
asyncio.run(first_frame())
"""


def test_the_console_has_no_aws_library_after_its_first_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The static contracts cannot tell a late import from an early one, nor see what a library loads."""
    for name in (
        "HOME",
        "XDG_STATE_HOME",
        "XDG_CACHE_HOME",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
    ):
        monkeypatch.setenv(name, str(tmp_path / name))
    loaded = loaded_after(FIRST_FRAME)
    assert "textual" in loaded
    assert not loaded & {"boto3", "botocore", "aiocache", "icalendar", "click", "tomli_w", "urllib3", "redis"}
