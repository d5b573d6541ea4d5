"""Where a question hands its plan in: to be proposed, confirmed or withdrawn. One at a time."""

from __future__ import annotations

from asyncio import to_thread
from contextlib import closing, suppress

from msgspec.structs import replace

from tui.domain.facts import Facts
from tui.domain.groups import Hold
from tui.domain.instance import Instance
from tui.domain.plan import Draft, GuardKind
from tui.domain.sanitize import clean
from tui.operations.conflicts import checked
from tui.operations.group_turn import known
from tui.operations.journal import Journal, JournalError
from tui.operations.service import DryRunAnswer, UnauditedError, blocked_line, dry_run_answer
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
        """Propose it, so that AWS is asked for permission. What is blocked is refused."""
        self.withdraw("the choices changed")
        self.draft, self.trouble = draft, ""
        operations = self.services.operations
        if operations is None:
            self.trouble = self.services.journal_trouble
            return
        try:
            if draft.guard.kind is GuardKind.BLOCKED:
                operations.refuse(draft, blocked_line(draft))
            else:
                self.operation = operations.propose(draft)
        except ReadOnlyError:
            return  # its screen says so
        except (JournalError, LaunchError, UnauditedError, OSError) as error:
            self.trouble = clean(error)

    def answer(self) -> DryRunAnswer | None:
        """What AWS said so far; None if nothing is handed in, or (`trouble`) that can't be read."""
        journal = self.services.journal
        if journal is None or not self.operation:
            return None
        try:
            found = journal.get(self.operation)
        except JournalError as error:
            self.trouble = str(error)
            return None
        return None if found is None else dry_run_answer(found, self.services.now())

    def confirm(self) -> str:
        """The operator said yes: the operation's id. Empty if it no longer waits for that; then nothing is sent."""
        operations, draft, operation = self.services.operations, self.draft, self.operation
        if operations is None or draft is None or not operation:
            return ""
        try:
            self.trouble = operations.confirm(draft, operation)
        except JournalError as error:
            self.trouble = str(error)
        if self.trouble:
            return ""
        self.draft, self.operation = None, ""
        return operation

    def withdraw(self, why: str) -> None:
        """Nothing comes of what was handed in; what was confirmed is left alone."""
        operations, draft, operation = self.services.operations, self.draft, self.operation
        self.operation = ""
        if operations is None or draft is None or not operation:
            return
        # It ends by itself, for nobody confirms it; and a full disk must not keep the screen open.
        with suppress(JournalError, UnauditedError):
            operations.withdraw(draft, operation, why)
