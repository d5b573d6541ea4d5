"""The programs of `[campaign] before` and `after`, for the members of one campaign.

`before` is run when everything else speaks for beginning a member, right before its operation is made; `after` when that
operation has ended, however it did, and where none was made after all. Never in between. Best effort: a conductor that is killed
may run one twice, or not at all, and nothing waits for what comes of it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from tui.config.schema import ConfigError, Settings
from tui.domain.instance import Instance, Target
from tui.domain.sanitize import clean
from tui.errors import EvacError
from tui.operations.campaign_context import Context
from tui.operations.journal import JournalError
from tui.operations.model import Operation
from tui.operations.programs import ProgramEnd, Programs

_RENEW = timedelta(seconds=5)
_ADDRESSES = ("{private_ip}", "{public_ip}")


class LeaseLostError(EvacError):
    """The campaign is another conductor's by now."""


class MemberPrograms:
    """Runs them, and keeps the campaign's lease meanwhile. What fails is written to the audit log and to the operation."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._renewed_at: datetime | None = None
        self._outlasting: set[str] = set()

    def before(self, row: Instance, settings: Settings, action: str) -> ProgramEnd:
        """Run what is named for a member that is about to be begun."""
        return self._run("before", settings.campaign.before, row, settings, action)

    def not_begun(self, row: Instance, settings: Settings, action: str) -> None:
        """Take back what `before` did: no operation was made."""
        self._run("after", settings.campaign.after, row, settings, action)

    def concluded(self, operation: Operation) -> None:
        """Its member is through. One that failed while its operation goes on has its turn when that has ended."""
        self._outlasting.add(operation.id)

    def follow(self, operation: Operation) -> None:
        """Run `after` once a concluded member's operation has ended."""
        if operation.is_open or operation.id not in self._outlasting:
            return
        self._outlasting.discard(operation.id)
        try:
            settings = self._context.settings()
        except ConfigError as error:
            self._context.say(f"{operation.id}: after: not run: {error}")
            return
        arguments = settings.campaign.after
        end = self._run("after", arguments, self._row(operation, arguments), settings, operation.action)
        self.remark(operation.id, end)

    def remark(self, operation: str, end: ProgramEnd) -> None:
        """Write to the operation what went wrong, if something did."""
        if not end.ok:
            with suppress(JournalError):
                self._context.journal.add_remark(operation, end.text, too=True)

    def _run(
        self, kind: str, arguments: tuple[str, ...], row: Instance, settings: Settings, action: str
    ) -> ProgramEnd:
        if not arguments:
            return ProgramEnd(ok=True)
        try:
            end = Programs(settings, self._context.environ, self._keep).run(kind, arguments, row)
        except LeaseLostError:
            return ProgramEnd(ok=False, text=clean(f"{kind}: ended, for another conductor has taken over"))
        if end.text:
            self._context.told(kind, end.text, action, row)
        return end

    def _keep(self) -> None:
        """Renew the lease. Raises LeaseLostError."""
        context, now = self._context, self._context.now()
        if self._renewed_at is not None and timedelta() <= now - self._renewed_at < _RENEW:
            return
        with suppress(JournalError):  # it is tried again
            if not context.campaigns.lease(context.ident, context.name, now):
                raise LeaseLostError
            self._renewed_at = now

    def _row(self, operation: Operation, arguments: tuple[str, ...]) -> Instance:
        """Whom it is about; its addresses are looked up if they are asked for."""
        target = Target(operation.profile, operation.region)
        bare = Instance(target, clean(operation.instance_id), account_id=clean(operation.account_id))
        if not any(word in one for one in arguments for word in _ADDRESSES):
            return bare
        return self._context.look(target, operation.instance_id, operation.account_id).instance or bare
