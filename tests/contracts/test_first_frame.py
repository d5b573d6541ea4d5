"""What is imported before the first frame, and what a screen without news costs: things that do not depend on the clock."""

from __future__ import annotations

import subprocess
import sys

ALLOWED = {"msgspec", "platformdirs", "rich", "screens", "textual", "tui", "typing_extensions"}
"""Packages besides the standard library that the first frame may need. boto3 and its kin cost as much as all of these."""
AFTER = (
    "screens.detail.screen",
    "screens.confirm.screen",
    "screens.operations.screen",
    "screens.help",
    "screens.palette",
    "screens.fleet.filter_bar",
    "tui.cli.main",
    "tui.fleet.collector",
    "tui.aws",
    "tui.demo",
)
PROGRAM = """
import sys
before = set(sys.modules)
import tui.start, tui.cli.console, tui.app
print(*sorted(set(sys.modules) - before))
"""


def test_nothing_is_imported_that_the_first_frame_does_not_need() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    packages = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    assert {name for name in packages if not name.startswith("_")} <= ALLOWED
    assert [name for name in modules if name in AFTER] == []
