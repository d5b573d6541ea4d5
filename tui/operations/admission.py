"""Whether an operation may go on: the person's yes, the audit log, the instance's lock, its turn in its groups, the account."""

from __future__ import annotations

from tui.domain.answers import NoteKind, RefusedBy
from tui.domain.steps.base import Stuck, Wait
from tui.domain.steps.membership import Members
from tui.operations.leased_operation import End, LeasedOperation
from tui.operations.model import DARK_PATIENCE, Operation, OperationState


class Admission(LeasedOperation):
    """What is asked before a step is. Raises JournalError."""

    def _confirmed(self, current: Operation) -> float | End:
        """Wait for the operator's yes, then write down that it is under way."""
        if current.confirmed_at is not None:
            return self._go_on(current)
        if self.now() - current.created_at > DARK_PATIENCE:
            self.journal.abandon(current.id, "not confirmed within 10 minutes", self.now())
            return End(0)
        return 0.2

    def _go_on(self, current: Operation) -> float | End:
        """What cannot be audited is not done: but what was begun is finished."""
        word = ("confirm", "confirmed") if current.state is OperationState.PLANNED else ("resume", "resumed")
        try:
            lifted = ", ".join(current.kept.options.overrides)
            self.auditor.write(current, word[0], word[1] + (f", overriding {lifted}" if lifted else ""))
        except OSError as error:
            return self._unaudited(current, error)
        refused = self.instance_lock.begin(down=current.must_finish)
        if isinstance(refused, Stuck):
            return self._locked(current, refused)
        if isinstance(refused, Wait):
            self.journal.set_progress(
                current.id, refused.reason, attention=False, down=False, remedy=refused.remedy
            )
            return refused.seconds
        turn = self._in_turn(current)
        if isinstance(turn, End):
            return turn
        waits = NoteKind.WAITS if self.turns.waiting else NoteKind.PLAIN
        self.journal.set_state(current.id, OperationState.RUNNING, self.now(), self.turns.waiting, kind=waits)
        self._under_way = True
        # What is to be there in days gives up for no error of today.
        self.begun = self.begun or current.ordered_ahead
        return turn or 0.0

    def _in_turn(self, current: Operation) -> float | End | None:
        """Hold the groups a member of which goes down: None once they are held; else how long until that is asked again."""
        if not self.turns.due or current.rolling_back:
            return None
        seen = self.gateway.look(self.order, Members())
        now = self.now()
        if not self._lease():
            return End(0)
        found = self.turns.take(seen, now, down=current.interrupted or bool(current.pending_rollback))
        if isinstance(found, Stuck):
            return self._locked(current, found)
        if found is None:
            return None
        return self._waits(found, down=False)

    def _locked(self, current: Operation, refused: Stuck) -> End:
        """The lock is held or can't be asked: failed where nothing was sent, else it needs attention."""
        state = OperationState.NEEDS_ATTENTION if current.sent else OperationState.FAILED
        by = None if current.sent else refused.refused_by
        self.journal.set_state(current.id, state, self.now(), refused.why, refused.remedy, refused_by=by)
        self.auditor.told(current, "lock", f"refused: {refused.why}")
        return End(1)

    def _check_caller(self, current: Operation) -> End | None:
        """Once: whom AWS sees in the credentials. Another account than the one planned for is the end."""
        if current.caller:
            return None
        account, arn = self.gateway.caller()
        self.journal.set_caller(current.id, arn or "unknown")
        if not account or not current.account_id or account == current.account_id:
            return None
        why = f"profile {current.profile} is now of account {account}, not {current.account_id}: nothing was sent"
        self.journal.set_state(
            current.id,
            OperationState.FAILED,
            self.now(),
            why,
            "look again, and plan anew",
            refused_by=RefusedBy.ACCOUNT,
        )
        return End(1)
