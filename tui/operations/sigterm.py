"""A runner told to end (SIGTERM: its machine is being shut down, say) with an instance stopped tries once to start it.

One try within two seconds and never a promise: while the instance still stops, AWS takes no start. What is sent is journaled
as always, so whoever resumes the operation knows of it.
"""

from __future__ import annotations

import signal
from contextlib import suppress

from tui.operations.journal import JournalError
from tui.operations.model import OVER
from tui.operations.runner import Runner
from tui.operations.runner_log import log_line, what

START_WITHIN = 2.0
"""Seconds after which the process ends wherever it is: who ends it waits not much longer."""
ENDED = 128 + signal.SIGTERM
_ON_THE_WAY_UP = ("wait-stopped", "start", "wait-running")
_TURNS = 4


class ToldToEnd(BaseException):
    """Raised for SIGTERM. Not an Exception, so that the runner's retries after errors do not swallow it."""


def listen() -> None:
    """Have the first SIGTERM raise ToldToEnd in the main thread; later ones are ignored."""
    signal.signal(signal.SIGTERM, _told)


def _told(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise ToldToEnd


def last_try(runner: Runner) -> int:
    """Run the loop without waiting until the start is sent, or the time is over; the exit code."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, START_WITHIN)
    try:
        if _at(runner) not in _ON_THE_WAY_UP:
            return ENDED
        before = _starts(runner)
        for _ in range(_TURNS):
            if _at(runner) not in _ON_THE_WAY_UP or runner.tick() != 0.0 or _starts(runner) > before:
                break
    except JournalError as error:  # a full disk, say: the one call that may be made without it
        with suppress(Exception):
            runner.in_need(error)
    except Exception as error:  # one try: whoever resumes it makes the next
        log_line(f"{runner.operation.id}: told to end, and not started: {what(error)}")
    with suppress(Exception):
        runner.journal.release(runner.operation.id, runner.name)
    return ENDED


def _at(runner: Runner) -> str:
    """The current step; empty where the operation did not stop the instance, or has seen it run since."""
    found = runner.journal.get(runner.operation.id)
    if found is None or not found.is_open or not found.may_be_down:
        return ""
    return next((row.name for row in found.steps if row.state not in OVER), "")


def _starts(runner: Runner) -> int:
    found = runner.journal.get(runner.operation.id)
    rows = () if found is None else found.steps
    return sum(one.operation == "StartInstances" and not one.dry_run for row in rows for one in row.calls)
