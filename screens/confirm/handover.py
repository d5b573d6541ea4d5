"""Where a plan is handed in: it is kept in the journal, hands ask AWS for permission, and it is confirmed or withdrawn."""

from __future__ import annotations

from asyncio import to_thread
from contextlib import closing, suppress

from msgspec.structs import replace

from tui.domain.facts import Facts
from tui.domain.groups import Hold
from tui.domain.instance import Instance
from tui.domain.plan import Draft, GuardKind
from tui.domain.sanitize import clean
from tui.operations import audit_log
from tui.operations.conflicts import checked
from tui.operations.group_turn import known
from tui.operations.identity import this_requester
from tui.operations.journal import Journal, JournalError
from tui.operations.model import Operation, OperationState
from tui.operations.recovery import started
from tui.operations.spawn import LaunchError, ReadOnlyError
from tui.services import Services


class Desk:
    """One plan at a time. `trouble`: why nothing can be handed in; nothing was sent then."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.draft: Draft | None = None
        self.operation = ""
        self.trouble = ""

    def checked(self, draft: Draft) -> Draft:
        """The same draft, blocked if another operation on that instance is in its way: whose, since when, from where."""
        journal = self.services.journal
        if journal is None:
            return draft
        services, remedy = self.services, "see it with o, and resume or abandon it there"
        try:
            return checked(draft, journal.unfinished(), services.zone, services.now(), remedy)
        except JournalError:
            return draft  # handing it in fails in the same way, and says so

    async def with_holds(self, instance: Instance, facts: Facts | None) -> Facts | None:
        """The facts with what other operations hold down. Asked in a thread: a lock service may be slow to answer."""
        if facts is None or self.services.journal is None:
            return facts
        path, settings, now = self.services.journal.path, self.services.settings, self.services.now()
        account, region = str(instance.account_id), instance.target.region

        def look() -> tuple[Hold, ...]:
            with closing(Journal(path)) as journal:
                return known(journal, settings, account, region, now)

        try:
            return replace(facts, holds=await to_thread(look))
        except JournalError:
            return facts  # handing it in fails in the same way, and says so

    def hand_in(self, draft: Draft) -> None:
        """Journal it, and have hands ask for permission. In read-only mode, or if it is blocked, neither."""
        self.withdraw("the choices changed")
        self.draft, self.trouble = draft, ""
        if draft.guard.kind is GuardKind.BLOCKED or self.services.settings.profile_read_only(
            draft.target.profile, draft.account_id
        ):
            return
        journal = self.services.journal
        if journal is None:
            self.trouble = self.services.journal_trouble
            return
        try:
            self.operation = journal.create(draft, self.services.now())
            process = self.services.launch(self.operation, draft.target.profile)
            started(journal, self.operation, process, self.services.now())
        except (JournalError, LaunchError, ReadOnlyError, OSError) as error:
            self.withdraw("the runner could not be started")
            self.trouble = clean(error)

    def look(self) -> Operation | None:
        """How far it is."""
        journal = self.services.journal
        if journal is None or not self.operation:
            return None
        try:
            return journal.get(self.operation)
        except JournalError as error:
            self.trouble = str(error)
            return None

    def confirm(self) -> str:
        """The operator said yes: the operation's id. Empty if it no longer waits for that; then nothing is sent."""
        journal, operation = self.services.journal, self.operation
        if journal is None or not operation:
            return ""
        try:
            if not journal.confirm(operation, self.services.now()):
                found = journal.get(operation)
                lost = found is not None and found.state is OperationState.FAILED
                self.trouble = found.note if found is not None and lost else ""
                return ""
        except JournalError as error:
            self.trouble = str(error)
            return ""
        self.draft, self.operation = None, ""
        return operation

    def withdraw(self, why: str) -> None:
        """Nothing comes of it."""
        journal, operation = self.services.journal, self.operation
        self.operation = ""
        if journal is not None and operation:
            with suppress(JournalError):  # it ends by itself: nobody confirms it
                journal.abandon(operation, why, self.services.now())

    def refuse(self, why: str) -> None:
        """Withdraw, and say in the audit log that it was refused; a plan that was confirmed is left alone."""
        draft, operation = self.draft, self.operation
        self.withdraw(why)
        self.draft = None
        journal = self.services.journal
        if draft is None or journal is None:
            return
        who = audit_log.about(draft, this_requester(), operation=operation)
        with suppress(OSError):  # nothing was done: a full disk must not keep the screen open
            audit_log.append(
                audit_log.path_beside(journal.path),
                self.services.now(),
                **who,
                step="confirm",
                result=f"refused: {why}",
            )
