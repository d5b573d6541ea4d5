"""Where the `evac` script and `python -m tui` begin."""

from __future__ import annotations

import atexit
import gc
import os
import sys


def main() -> None:
    """Load, and do what is asked; ends the process with its exit code."""
    gc.disable()  # until the first frame is there, or a command begins: loading makes much, and none of it is garbage
    atexit.register(gc.freeze)  # nor is it looked for at the end
    if sys.argv[1:] or "_EVAC_COMPLETE" in os.environ:  # click's name for what a shell asks it
        from tui.cli.main import main as command

        command()
    else:
        from tui.cli.console import main as console

        console()
