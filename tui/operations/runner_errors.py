"""The runner's policy for errors no step handles: a full disk, another process's hung write, a bug in evac.

Before the first mutating call the error ends the operation as failed. After it the runner logs the error and retries without
end, since giving up would leave an instance down; nothing done here may end the runner.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from tui.domain.sanitize import clean
from tui.operations.journal import Journal, JournalError
from tui.operations.model import Operation, OperationState
from tui.operations.runner import Runner
from tui.operations.runner_log import log_line, traceback_text, what

MEND = 5.0
"""Seconds until it is tried again."""


def to_the_end(runner: Runner) -> int:
    """Run to the end; the exit code. Raises what went wrong while nothing had been sent."""
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


def _anyhow(runner: Runner, error: JournalError) -> None:
    """Handle an error; an error in handling it is logged, and never raised."""
    try:
        runner.in_need(error)
    except Exception as other:
        log_line(f"{runner.operation.id}: {what(other)}")


def _stumbled(runner: Runner, error: Exception) -> None:
    """Record the error as the operation's note with attention, while its lease is this runner's."""
    journal, ident = runner.journal, runner.operation.id
    current = journal.get(ident)
    if current is None or not journal.lease(ident, runner.name, runner.wall()):
        return
    why = f"trying again after {what(error)}"
    remedy = f"see {journal.path.with_name('runner.log')}"
    journal.set_progress(ident, why, attention=True, down=current.instance_down, remedy=remedy)


def broken(journal: Journal, operation: Operation, error: Exception, now: datetime) -> int:
    """Nothing was sent (a profile is gone, say): end the operation as failed. Answers the exit code."""
    log_line(f"{operation.id}\n{traceback_text()}")
    why = clean(f"the runner ended: {what(error)}: nothing was sent")
    remedy = f"see {journal.path.with_name('runner.log')}, then order it again"
    journal.set_state(operation.id, OperationState.FAILED, now, why, remedy)
    return 2
