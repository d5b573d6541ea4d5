"""What the runner does when something goes wrong that no step knows of: a full disk, another's hung write, a fault of ours.

Before anything was sent it is the end, and said. Once something was sent it is tried again, for as long as it takes: nothing
of this may leave an instance down, and nothing that is done here may end the runner.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from tui.domain.sanitize import clean
from tui.operations.journal import Journal, JournalError
from tui.operations.model import Operation, OperationState
from tui.operations.runner_log import log_line, traceback_text, what

MEND = 5.0
"""Seconds until it is tried again."""


class FaultyRunner(Protocol):
    """What is used of a runner. `begun`: it sent something that changes something."""

    journal: Journal
    operation: Operation
    name: str
    begun: bool
    now: Callable[[], datetime]
    wall: Callable[[], datetime]
    sleep: Callable[[float], None]

    def run(self) -> int:
        """To the end; the exit code."""
        ...

    def in_need(self, error: JournalError) -> None:
        """What may be done while the journal can't be written."""
        ...


def to_the_end(runner: FaultyRunner) -> int:
    """Its exit code. Raises what went wrong while nothing had been sent."""
    told = ""
    while True:
        try:
            return runner.run()
        except Exception as error:
            if not runner.begun:
                raise
            if (line := what(error)) != told:
                told = line
                log_line(f"{runner.operation.id}: {line}; trying again")
                if not isinstance(error, JournalError):
                    log_line(traceback_text())
            with suppress(Exception):
                _stumbled(runner, error)
            if isinstance(error, JournalError):
                _anyhow(runner, error)
        with suppress(Exception):
            runner.sleep(MEND)


def _anyhow(runner: FaultyRunner, error: JournalError) -> None:
    """Whatever goes wrong here too is said, and tried again."""
    try:
        runner.in_need(error)
    except Exception as other:
        log_line(f"{runner.operation.id}: {what(other)}")


def _stumbled(runner: FaultyRunner, error: Exception) -> None:
    """Say so, as long as the operation is ours: it goes on, and a person should look."""
    journal, ident = runner.journal, runner.operation.id
    current = journal.get(ident)
    if current is None or not journal.lease(ident, runner.name, runner.wall()):
        return
    why = f"trying again after {what(error)}"
    remedy = f"see {journal.path.with_name('runner.log')}"
    journal.set_progress(ident, why, attention=True, down=current.instance_down, remedy=remedy)


def broken(journal: Journal, operation: Operation, error: Exception, now: datetime) -> int:
    """Nothing was sent (a profile that is gone, say), so nothing needs anybody: it has failed. The exit code."""
    log_line(f"{operation.id}\n{traceback_text()}")
    why = clean(f"the runner ended: {what(error)}: nothing was sent")
    remedy = f"see {journal.path.with_name('runner.log')}, then order it again"
    journal.set_state(operation.id, OperationState.FAILED, now, why, remedy)
    return 2
