"""What a person may do with operations: each act writes journal and audit log and starts what it needs, whoever asks.

Console and command line call nothing else to act, so that neither grows rules or audit lines of its own. `confirmed`,
`resumed` and all that is sent are audited by the runner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tui.config.schema import Settings
from tui.domain.actions import ActionOptions, unasked
from tui.domain.answers import Permission
from tui.domain.aws_codes import PERMITTED
from tui.domain.plan import Draft
from tui.domain.sanitize import clean
from tui.domain.steps import without_dry_run
from tui.errors import EvacError
from tui.operations import audit_log, recovery
from tui.operations.identity import this_requester
from tui.operations.journal import Journal, JournalError
from tui.operations.model import Operation, OperationState
from tui.operations.spawn import LaunchError, ReadOnlyError
from tui.operations.status import driver
from tui.operations.undo import NotUndoableError, undo_options

SLOW_START = timedelta(seconds=20)
"""A runner that has not taken its plan after so long has probably not started."""


class UnauditedError(EvacError):
    """The audit log can't be written, so the act was not done."""


class Answered(StrEnum):
    """How far the question to AWS is. SILENT: it is over, and nobody knows the answer. OVER: the plan is, so ask anew."""

    ASKING = "asking"
    YES = "yes"
    SILENT = "silent"
    NO = "no"
    OVER = "over"


class DryRunAnswer(Struct, frozen=True):
    """What came of the dry run, in words. `slow`: no runner has taken the plan for so long that it has probably not started."""

    answered: Answered
    text: str
    remedy: str = ""
    slow: bool = False

    @property
    def may_confirm(self) -> bool:
        """Whether the question may be put."""
        return self.answered in (Answered.YES, Answered.SILENT)


def dry_run_answer(operation: Operation, now: datetime) -> DryRunAnswer:
    """From the journal, where the runner writes it. A runner that died before it asked, or since, is noticed here."""
    if operation.permission is Permission.NO:
        return DryRunAnswer(Answered.NO, operation.refusal, operation.remedy)
    if not operation.is_open:
        return DryRunAnswer(
            Answered.OVER, operation.note or f"the plan is {operation.state.value}", operation.remedy
        )
    if (operation.permission_asked or operation.runner) and not driver(operation, now):
        return DryRunAnswer(Answered.OVER, "the runner that would do it is gone, and nothing was sent")
    kept = operation.kept
    silent = without_dry_run(operation.action, kept.order, kept.options)
    if operation.permission_asked and silent and not operation.steps[0].calls:
        return DryRunAnswer(Answered.SILENT, f"permission: AWS can't be asked for {', '.join(silent)}")
    more = unasked(silent)
    if operation.permission is Permission.YES:
        return DryRunAnswer(Answered.YES, f"permission: AWS says yes (dry run){more}")
    if operation.permission_asked:
        odd = next((one for one in operation.steps[0].calls if one.code != PERMITTED), None)
        why = clean(f": {odd.operation}: {odd.code or 'no answer'} {odd.message}", 200) if odd else ""
        return DryRunAnswer(Answered.SILENT, f"permission: AWS did not say{why.rstrip()}{more}")
    if now - operation.created_at > SLOW_START and not operation.runner:
        late = "the runner has not started: see runner.log beside the journal"
        return DryRunAnswer(Answered.ASKING, late, slow=True)
    return DryRunAnswer(Answered.ASKING, "permission: asking AWS (dry run)")


def blocked_line(draft: Draft) -> str:
    """Why it can't be confirmed at all, of a draft whose guard blocks."""
    return "blocked: " + "; ".join(draft.guard.unblock)


class OperationsService:
    """Of one journal. `launch(operation, profile)` starts a runner and answers with its process id; `now` is UTC.

    Every method raises JournalError where the journal can't be used.
    """

    def __init__(
        self,
        journal: Journal,
        settings: Settings,
        environ: Mapping[str, str],
        launch: Callable[[str, str], int],
        now: Callable[[], datetime],
    ) -> None:
        self.journal = journal
        self._settings, self._environ, self._launch, self._now = settings, environ, launch, now

    def propose(self, draft: Draft) -> str:
        """Journal the plan and have a runner ask AWS for permission; the operation's id.

        Raises UnauditedError, LaunchError, ReadOnlyError: then nothing comes of it, which is journaled too.
        """
        operation = self.journal.create(draft, self._now())
        try:
            self._audit(draft, "plan", "planned", operation)
            process = self._launch(operation, draft.target.profile)
        except (UnauditedError, LaunchError, ReadOnlyError, OSError, KeyboardInterrupt) as error:
            with suppress(UnauditedError, JournalError):
                self.withdraw(draft, operation, clean(error) or "cancelled")
            raise
        recovery.started(self.journal, operation, process, self._now())
        return operation

    def refuse(self, draft: Draft, why: str) -> None:
        """A guard refused the draft before it was proposed. Raises UnauditedError."""
        self._audit(draft, "plan", f"refused: {why}")

    def confirm(self, draft: Draft, operation: str) -> str:
        """The person said yes: empty if it goes on; else why it no longer waits for that, and nothing is sent.

        The runner writes the yes to the audit log before it sends anything.
        """
        if self.journal.confirm(operation, self._now()):
            return ""
        found = self.journal.get(operation)
        if found is not None and found.state is OperationState.FAILED:
            why = found.note
        else:
            note = found.note if found is not None else ""
            why = f"it was given up meanwhile ({note})" if note else "it no longer waits for a confirmation"
        with suppress(UnauditedError):  # nothing is sent either way
            self._audit(draft, "confirm", f"refused: {why}", operation)
        return why

    def withdraw(self, draft: Draft, operation: str, why: str) -> None:
        """Nobody said yes. What has ended by itself is left as it ended. Raises UnauditedError, after it was withdrawn."""
        if self.journal.abandon(operation, why, self._now()):
            self._audit(draft, "confirm", f"refused: {why}", operation)

    def resume(self, operation: Operation) -> str | None:
        """Start a runner for what nobody drives: None if one was started, else why not."""
        why = recovery.resume(self.journal, operation, self._settings, self._environ, self._now())
        if why is None:
            # Nothing may stand between a stopped instance and its start, so it goes on whether or not this can be written.
            with suppress(UnauditedError):
                self._audit(operation, "resume", "ordered")
        return why

    def abandon(self, operation: Operation) -> tuple[bool, str]:
        """Give it up: whether that was possible, and what to tell of it. Raises UnauditedError, before anything is done."""
        self._audit(operation, "abandon", "abandoned")
        done, told = recovery.give_up(self.journal, operation, self._settings, self._environ, self._now())
        if not done:
            with suppress(UnauditedError):
                self._audit(operation, "abandon", f"refused: {told}")
        return done, told

    def undo(self, operation: Operation) -> ActionOptions:
        """What puts back what it set: the options of the action `undo` on its instance, to be planned, asked and proposed as
        every other.

        Raises NotUndoableError, and UnauditedError.
        """
        try:
            return undo_options(operation)
        except NotUndoableError as error:
            self._audit(operation, "undo", f"refused: {error}")
            raise

    def keep(self, operation: Operation) -> None:
        """It was asked whether to abandon it, and the answer was no. Raises UnauditedError."""
        self._audit(operation, "abandon", "refused: not confirmed")

    def _audit(self, subject: Draft | Operation, step: str, result: str, operation: str = "") -> None:
        path = audit_log.path_beside(self.journal.path)
        fields = audit_log.about(subject, this_requester(), operation=operation)
        try:
            audit_log.append(path, self._now(), **fields, step=step, result=result)
        except OSError as error:
            raise UnauditedError(
                f"the audit log can't be written ({error}), {path}: nothing was sent",
                "free the disk or mend its permissions",
            ) from None
