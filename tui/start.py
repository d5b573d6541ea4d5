"""Where the `evac` script and `python -m tui` begin."""

from __future__ import annotations

import gc


def main() -> None:
    """Load, and do what is asked; ends the process with its exit code."""
    gc.disable()  # until the first frame is there, or a command begins: loading makes much, and none of it is garbage
    from tui.cli import main as go

    go()
