"""A process of evac's own starts behind whoever types: importing botocore takes a core for half a second, and a campaign
starts several at once.

Linux shares the cores among sessions first (sched(7), "The autogroup feature"), so that nice(2) would change nothing between a
runner and a console. Unlike nice(2) this can be taken back by the process itself. Where there are no autogroups nothing happens.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

_BEHIND = "10"
_AGAIN = 0.1
"""Seconds: the kernel takes ten changes a second of all processes, and refuses more."""


def start_behind(pid: int) -> None:
    """Let the session that this process leads come after others where the cores are short."""
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(_BEHIND)


def come_forward(tries: int = 10) -> None:
    """Give the session of this process its full share: from here on a server may wait for it."""
    for _ in range(tries):
        try:
            Path("/proc/self/autogroup").write_text("0")
        except BlockingIOError:
            time.sleep(_AGAIN)
        except OSError:
            return
        else:
            return
