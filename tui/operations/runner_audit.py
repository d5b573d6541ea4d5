"""The runner's pen for the audit log: before each call, after it, and at the end.

Until something was sent that must be undone, what can't be audited is not done. From then on nothing may stand between a
stopped instance and its start: the log's trouble is said in the runners' log and in the journal, and the work goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from tui.domain.sanitize import clean
from tui.operations import audit_log
from tui.operations.identity import Requester
from tui.operations.journal import Journal, JournalError
from tui.operations.model import Operation
from tui.operations.runner_log import log_line

NOTHING_TO_UNDO = frozenset({"CreateImage"})
"""Calls after which the instance is as it was, sooner or later by itself."""


class Auditor:
    """Writes what one runner does."""

    def __init__(self, journal: Journal, operation: str, now: Callable[[], datetime]) -> None:
        self._journal, self._operation, self._now = journal, operation, now
        self._owed, self._remarked = "", False

    def may_refuse(self, operation: Operation) -> bool:
        """Whether nothing was sent yet that must be undone."""
        return operation.sent <= NOTHING_TO_UNDO

    def write(self, operation: Operation, step: str, result: str, **more: object) -> None:
        """A line. Raises OSError where it can't be written and the work may still be refused."""
        one = operation
        fields = audit_log.about(one, Requester(clean(one.user), clean(one.host), one.ssh_client, one.caller))
        try:
            audit_log.append(
                audit_log.path_beside(self._journal.path),
                self._now(),
                **fields,
                step=step,
                result=result,
                **more,
            )
        except OSError as error:
            log_line(f"{one.id}: the audit log can't be written: {error}")
            if self.may_refuse(one):
                raise
            missing = f"not all of it is in the audit log: at {step} it could not be written ({error})"
            self._remark(missing)

    def told(self, operation: Operation, step: str, result: str, **more: object) -> None:
        """A line about what has happened already: there is nothing left to refuse."""
        try:
            self.write(operation, step, result, **more)
        except OSError as error:
            self._remark(f"not all of it is in the audit log: {step}, {error}")

    def _remark(self, text: str) -> None:
        """In the journal, as soon as that can be written: on a full disk it can't be either."""
        self._owed = self._owed or text
        self.settle()

    def settle(self) -> None:
        """Write down what could not be before."""
        with suppress(JournalError):
            if self._owed:
                self._journal.add_remark(self._operation, self._owed, too=not self._remarked)
                self._owed, self._remarked = "", True
