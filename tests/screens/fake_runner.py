"""Hands that stand in for a runner: they answer the dry run at once, and can play an operation as far as a test wants."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.screens.fake_services import NOW, Launches, StandIn, named, plain_facts, sample_store, services
from tui.domain.answers import NoteKind, Permission, RefusedBy
from tui.domain.facts import Facts, GroupMembership, TargetGroup
from tui.domain.instance import InstanceState, TypeFacts
from tui.domain.sanitize import clean
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState, StepState
from tui.services import Services

ELSEWHERE = "bastion-2.example:812:abc123"
"""A runner on another host: known by its silence only."""


class Hands(Launches):
    """`says`: yes, no, silent (the dry run failed otherwise), or nothing (no answer comes)."""

    def __init__(self, journal: Journal, says: str = "yes") -> None:
        super().__init__()
        self.journal, self.says = journal, says

    def __call__(self, operation: str, profile: str) -> int:
        self.preflight(operation)
        return super().__call__(operation, profile)

    def preflight(self, operation: str) -> None:
        journal = self.journal
        journal.lease(operation, ELSEWHERE, NOW)
        journal.begin_step(operation, "preflight", NOW)
        if self.says == "nothing":
            return
        held = journal.get(operation)
        assert held is not None
        names = [one.split(" ")[0] for one in held.kept.texts]
        name = next(one for one in names if not one.endswith(("Standby", "Targets")))  # those know no dry run
        call = journal.intent(operation, "preflight", "ec2", name, NOW, dry_run=True, runner=ELSEWHERE)
        assert call is not None
        code = {"yes": "DryRunOperation", "no": "UnauthorizedOperation"}.get(self.says, "RequestExpired")
        journal.outcome(call, NOW, ok=False, code=code, message="Request has expired.", request_id="req-dry")
        if self.says == "no":
            why = f"AWS does not permit {name} to these credentials"
            journal.end_step(operation, "preflight", StepState.STUCK, why, NOW)
            journal.set_permission(operation, Permission.NO, why, RefusedBy.AWS)
            remedy = f"use a profile that allows ec2:{name}"
            journal.set_state(operation, OperationState.FAILED, NOW, why, remedy)
            return
        journal.end_step(operation, "preflight", StepState.DONE, "", NOW)
        journal.set_permission(operation, Permission.YES if self.says == "yes" else Permission.UNKNOWN)


def facts_of(name: str) -> Facts:
    """What a close look says of the sample's instances."""
    more: dict[str, Any] = {}
    if name.startswith("web-"):
        group = GroupMembership(clean("web-prod"), clean("InService"), clean("HEALTHY"), 6, 8, False, 8)
        more["membership"] = (group,)
        more["target_groups"] = (
            TargetGroup(clean("web"), clean("arn"), clean("healthy"), 8, 8, 80, clean("i-web")),
        )
    if name.startswith("payments-db"):
        more["target_groups"] = (
            TargetGroup(clean("pay-db"), clean("arn"), clean("healthy"), 3, 3, 80, clean("i-db")),
        )
    if name == "report-1":
        more["target_groups"] = (
            TargetGroup(clean("report"), clean("arn"), clean("healthy"), 1, 1, 80, clean("i-r")),
        )
    if name.startswith("batch-"):
        more["type"] = TypeFacts(True, 1900, True, clean("nitro"), False, True)
    if name == "vault-1":
        more["stop_protection"] = more["termination_protection"] = True
        more["shutdown_behavior"] = clean("terminate")
    return plain_facts(**more)


def acting(folder: Path, name: str, says: str = "yes", **changes: Any) -> tuple[Services, Hands, str]:
    """Services whose hands answer so, and the key of the instance of that name."""
    store = sample_store()
    given = services(folder, store, link=StandIn(store, facts_of(name)), **changes)
    assert given.journal is not None
    hands = Hands(given.journal, says)
    return replace(given, launch=hands), hands, named(store, name).key


class Play:
    """An operation in the journal, played step by step; each step takes `pace`."""

    def __init__(
        self,
        given: Services,
        name: str,
        action: str = "stop-start",
        at: timedelta = timedelta(0),
        facts: Facts | None = None,
        **options: Any,
    ) -> None:
        from tui.domain.actions import ActionOptions
        from tui.domain.plan import draft
        from tui.domain.policy import Policy

        assert given.journal is not None
        self.journal = Journal(
            given.journal.path
        )  # as another process: the console sees that something changed
        self.now = NOW - at
        row = named(given.store, name)
        plan = draft(
            action,
            replace(row, state=InstanceState.RUNNING),
            facts or plain_facts(),
            ActionOptions(**options),
            Policy(),
            self.now,
        )
        self.id = self.journal.create(plan, self.now)
        self.journal.lease(self.id, ELSEWHERE, self.now)
        Hands(self.journal).preflight(self.id)
        self.journal.confirm(self.id, self.now)
        self.journal.set_state(self.id, OperationState.RUNNING, self.now)
        self.steps = [one.name for one in plan.steps[1:]]

    def read(self) -> Operation:
        held = self.journal.get(self.id)
        assert held is not None
        return held

    def done(self, *names: str, pace: timedelta = timedelta(seconds=30)) -> Play:
        """These steps, one after the other."""
        for name in names:
            self.begin(name)
            self.now += pace
            self.journal.end_step(self.id, name, StepState.DONE, "", self.now)
        return self

    def begin(self, name: str) -> Play:
        """It is at this one."""
        self.journal.begin_step(self.id, name, self.now)
        sends = {
            "stop": "StopInstances",
            "start": "StartInstances",
            "reboot": "RebootInstances",
            "image": "CreateImage",
            "enter-standby": "EnterStandby",
            "exit-standby": "ExitStandby",
            "set-alarm": "PutMetricAlarm",
            "set-recovery": "ModifyInstanceMaintenanceOptions",
        }
        if name in sends:
            service = {"set-alarm": "cloudwatch"}.get(name, "autoscaling" if "standby" in name else "ec2")
            call = self.journal.intent(
                self.id, name, service, sends[name], self.now, dry_run=False, runner=ELSEWHERE
            )
            assert call is not None
            self.journal.outcome(call, self.now, ok=True, code="", message="", request_id=f"req-{name}")
        return self

    def say(
        self, note: str, *, attention: bool = False, down: bool = False, kind: NoteKind = NoteKind.PLAIN
    ) -> Play:
        self.journal.set_progress(self.id, note, attention=attention, down=down, kind=kind)
        return self

    def driven(self, at: timedelta = timedelta(0)) -> Play:
        """Somebody drives it, or did until then."""
        self.journal.lease(self.id, ELSEWHERE, NOW - at)
        return self

    def end(self, state: OperationState = OperationState.SUCCEEDED, note: str = "", remedy: str = "") -> Play:
        self.journal.set_state(self.id, state, self.now, note, remedy)
        self.journal.release(self.id, ELSEWHERE)
        return self
