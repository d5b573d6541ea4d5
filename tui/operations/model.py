"""What the journal tells: an operation, its steps, their calls. And how a draft is kept in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec import Struct

from tui.domain.actions import ACTIONS, BACK, ActionOptions
from tui.domain.answers import DOWN_WORD, NoteKind, Permission, RefusedBy
from tui.domain.sanitize import SafeText, clean
from tui.domain.steps.base import Attempt, Order

ABANDONED = "abandoned by the operator"
"""Why steps were left out, if a person gave the operation up."""


class OperationState(StrEnum):
    """The state of an operation, as stored."""

    PLANNED = "planned"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NEEDS_ATTENTION = "needs-attention"
    ABANDONED = "abandoned"


class StepState(StrEnum):
    """Where a step stands. STUCK: a person is needed. SKIPPED: left out, because the operation is being rolled back."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STUCK = "stuck"
    SKIPPED = "skipped"


OVER = frozenset({StepState.DONE, StepState.SKIPPED})
"""States of a step with which the runner is through."""
OPEN = (OperationState.PLANNED, OperationState.RUNNING, OperationState.NEEDS_ATTENTION)
"""States that are not the end: needs-attention can be resumed."""
DARK_PATIENCE = timedelta(minutes=10)
"""How long a planned operation waits for its confirmation."""


class CallRecord(Attempt, frozen=True, kw_only=True):
    """A call as the whole journal tells it: of which step, to which service, and AWS's id of it. Times are UTC."""

    step: str
    service: str
    request_id: str = ""


class StepRow(msgspec.Struct, frozen=True):
    """One step, with its calls, the oldest first. Times are UTC."""

    name: str
    state: StepState
    note: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    calls: tuple[CallRecord, ...] = ()


class StoredDraft(msgspec.Struct, frozen=True):
    """What of a draft is kept: all that the runner needs. `codes`: of the hazards that a site policy could block."""

    order: Order
    options: ActionOptions
    steps: tuple[str, ...]
    texts: tuple[str, ...]
    hazards: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class Operation(Struct, frozen=True):
    """One operation as the journal has it. Times are UTC.

    `permission`: AWS's answer to the dry run, and `permission_reason` why not. `refused_by`: who said no before anything was
    changed, to the question or to the first call; None: nobody did. `ssh_client`: address and port of the terminal it was
    ordered from. `caller`: the ARN AWS calls its credentials by. `given_up`: a person abandoned it while its instance was out
    of service, and all that is left is the way back. `campaign`: of which it is a part; empty: of none.
    """

    id: str
    action: str
    title: str
    state: OperationState
    profile: str
    account_id: str
    region: str
    instance_id: str
    instance_name: str
    user: str
    host: str
    created_at: datetime
    confirmed_at: datetime | None
    finished_at: datetime | None
    note: str
    remedy: str
    attention: bool
    permission: Permission
    instance_down: bool
    runner: str
    lease_until: datetime | None
    kept: StoredDraft
    steps: tuple[StepRow, ...]
    ssh_client: str = ""
    caller: str = ""
    remark: str = ""
    permission_reason: str = ""
    refused_by: RefusedBy | None = None
    given_up: bool = False
    note_kind: NoteKind = NoteKind.PLAIN
    campaign: str = ""

    @property
    def refused(self) -> bool:
        """Whether it was confirmed, and AWS said no to its first call: nothing was changed."""
        return self.refused_by is RefusedBy.AWS and self.permission is not Permission.NO

    @property
    def short_note(self) -> str:
        """Its note where it has been said already that the instance is down."""
        return self.note[len(DOWN_WORD) :] if self.note_kind is NoteKind.DOWN else self.note

    @property
    def sent(self) -> frozenset[str]:
        """The API calls it sent, or may have sent, that change something."""
        calls = [one for row in self.steps for one in row.calls]
        return frozenset(one.operation for one in calls if not one.dry_run and one.ok is not False)

    @property
    def step(self) -> str:
        """The step it is at, or the last."""
        for states in ((StepState.RUNNING, StepState.STUCK), (StepState.WAITING,)):
            for row in self.steps:
                if row.state in states:
                    return row.name
        return self.steps[-1].name if self.steps else ""

    @property
    def is_open(self) -> bool:
        """Whether something may still happen."""
        return self.state in OPEN

    @property
    def label(self) -> SafeText:
        """The instance's name, or its id."""
        return clean(self.instance_name or self.instance_id)

    @property
    def _awaits_stop(self) -> bool:
        return self.action in ACTIONS and ACTIONS[self.action].awaits_stop

    @property
    def waiting(self) -> bool:
        """Whether it waits, with nothing sent, until AWS has stopped the instance."""
        return self._awaits_stop and self.is_open and self.step in ("preflight", "wait-stopped")

    @property
    def ordered_ahead(self) -> bool:
        """Whether it was ordered for a time to come: then no error of today (a login, a disk) is a reason to give it up."""
        return self._awaits_stop and self.is_open and self.confirmed_at is not None

    @property
    def may_be_down(self) -> bool:
        """Whether it stopped the instance (or may have: an answer was lost) and has not seen it run since."""
        if self.instance_down:
            return True
        return "StopInstances" in self.sent and not any(
            row.name == "wait-running" and row.state is StepState.DONE for row in self.steps
        )

    @property
    def must_finish(self) -> bool:
        """Whether something is to be brought back, whatever else has become of it."""
        return self.may_be_down or bool(self.pending_rollback) or self.rolling_back

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped or rebooted by this, or may have been."""
        return bool(self.sent & {"StopInstances", "RebootInstances"})

    @property
    def pending_rollback(self) -> tuple[str, ...]:
        """The steps that return the instance to service, if it was (or may have been) taken out and is not back yet."""
        rows = {row.name: row for row in self.steps}
        return tuple(
            back
            for out, back in BACK.items()
            if out in rows
            and back in rows
            and rows[back].state not in OVER
            and any(one.ok is not False for one in rows[out].calls)
        )

    @property
    def rollback_steps(self) -> frozenset[str]:
        """The steps that belong to the way back into service."""
        return frozenset({*BACK.values(), "wait-healthy"})

    @property
    def skippable(self) -> tuple[StepRow, ...]:
        """What is left out when it is taken back."""
        return tuple(
            row for row in self.steps if row.state not in OVER and row.name not in self.rollback_steps
        )

    @property
    def rolling_back(self) -> bool:
        """Whether it was given up, and only the way back into service is left."""
        return any(row.state is StepState.SKIPPED for row in self.steps)

    @property
    def refusal(self) -> str:
        """Why the question is not put: what AWS does not permit, or who holds the instance's lock. Empty if neither."""
        if self.permission is not Permission.NO:
            return ""
        by_aws = self.refused_by in (RefusedBy.AWS, None)
        return f"permission denied: {self.permission_reason}" if by_aws else self.permission_reason

    @property
    def permission_text(self) -> str:
        """`yes`, `unknown`, or `no: …` with the reason, as `--json` and the audit log have it."""
        return f"no: {self.permission_reason}" if self.permission is Permission.NO else self.permission.value

    @property
    def permission_asked(self) -> bool:
        """Whether the dry run is over, whatever AWS said."""
        return any(
            row.name == "preflight" and row.state in (StepState.DONE, StepState.STUCK) for row in self.steps
        )


def ending(operation: Operation) -> tuple[OperationState, str]:
    """How it ends once every step is over, and what there is to say: the steps' notes, each once.

    Not how it was out of service: it is back, and a lowered capacity would read as if it stayed so.
    """
    silent = {"preflight", *BACK}
    told = [row.note for row in operation.steps if row.note and row.name not in silent]
    note = "; ".join(dict.fromkeys(told))
    if not operation.rolling_back:
        return OperationState.SUCCEEDED, note
    if operation.given_up:
        return OperationState.ABANDONED, note
    return OperationState.FAILED, note
