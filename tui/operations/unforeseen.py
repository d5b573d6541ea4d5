"""What the runner does when something goes wrong that no step knows of: a full disk, another's hung write, a fault of ours.

Before anything was sent it is the end, and said. Once something was sent it is tried again, for as long as it takes: nothing
of this may leave an instance down.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from tui.domain.text import clean
from tui.operations.journal import Journal, JournalError
from tui.operations.record import Operation, OperationState

MEND = 5.0
"""Seconds until it is tried again."""


class Hands(Protocol):
    """What is used of a runner. `begun`: it sent something that changes something."""

    journal: Journal
    operation: Operation
    name: str
    begun: bool
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    def run(self) -> int:
        """To the end; the exit code."""
        ...


def to_the_end(runner: Hands) -> int:
    """Its exit code. Raises what went wrong while nothing had been sent."""
    told = ""
    while True:
        try:
            return runner.run()
        except Exception as error:
            if not runner.begun:
                raise
            if str(error) != told:
                told = str(error)
                trace = "" if isinstance(error, JournalError) else traceback.format_exc()
                sys.stderr.write(f"{runner.operation.id}: {told}; trying again\n{trace}")
            with suppress(JournalError):
                _stumbled(runner, error)
            runner.sleep(MEND)


def _stumbled(runner: Hands, error: Exception) -> None:
    """Say so, as long as the operation is ours: it goes on, and a person should look."""
    journal, ident = runner.journal, runner.operation.id
    current = journal.get(ident)
    if current is None or not journal.lease(ident, runner.name, runner.now()):
        return
    why = f"trying again after {type(error).__name__}: {error}"
    remedy = f"see {journal.path.with_name('runner.log')}"
    journal.say(ident, why, attention=True, down=current.instance_down, remedy=remedy)


def broken(journal: Journal, operation: Operation, error: Exception, now: datetime) -> int:
    """Nothing was sent (a profile that is gone, say): a person must know, and no loop of restarts follows. The exit code."""
    sys.stderr.write(f"{operation.id}\n{traceback.format_exc()}")
    why = clean(f"the runner ended: {type(error).__name__}: {error}")
    current = journal.get(operation.id) or operation
    confirmed = current.confirmed_at is not None
    state = OperationState.NEEDS_ATTENTION if confirmed else OperationState.FAILED
    journal.set_state(
        operation.id, state, now, why, f"see {journal.path.with_name('runner.log')}, then resume"
    )
    return 2
