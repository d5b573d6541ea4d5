"""What must hold after a trial, whatever died in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.chaos.trials import ALARMS, Result
from tui.domain.plan import Draft
from tui.operations import audit_log
from tui.operations.model import Operation, OperationState
from tui.paths import default_journal_path

MUTATING = (
    "StopInstances",
    "StartInstances",
    "RebootInstances",
    "CreateImage",
    "ModifyInstanceEventStartTime",
    "EnterStandby",
    "ExitStandby",
    "DeregisterTargets",
    "RegisterTargets",
    "PutMetricAlarm",
    "DeleteAlarms",
    "ModifyInstanceMaintenanceOptions",
)


def judge(stage: Any, plan: Draft, operations: Sequence[Operation], result: Result) -> None:
    """What must hold, whatever died."""
    stage.demo.control("faults", [])
    stage.demo.control("settings", {"strict": False, "limits": False})
    stage.clock.advance(600)
    wrong, kind = result.wrong, result.trial.kind
    calls = [
        one for one in stage.demo.control("calls") if one["operation"] in MUTATING and not one["dry_run"]
    ]
    done = Counter(one["operation"] for one in calls if one["effect"])
    state = stage.state()["instance"]["State"]["Name"]
    images = stage.client.describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": [plan.order.image_name or "none"]}]
    )["Images"]
    result.second_stops = max(0, done["StopInstances"] - 1)
    result.second_images = max(0, len(images) - 1, done["CreateImage"] - 1)
    result.second_reboots = max(0, done["RebootInstances"] - 1)
    _intents(calls, operations, result)
    if audit_log.check(audit_log.path_beside(default_journal_path(os.environ))).broken_at:
        wrong.append("the audit log is broken")
    for name in ("second_stops", "second_images", "second_reboots", "without_intent"):
        if getattr(result, name):
            wrong.append(name)
    if not operations:  # the console died before it had written the plan down
        result.state = "none"
        if calls:
            wrong.append("something was sent without a journal")
        return
    one = operations[0]
    result.state, result.note = one.state.value, one.note
    result.in_need = int("while the journal could not be written" in one.remark)
    result.starts = done["StartInstances"]
    began = "stopped" if kind == "start" else "running"
    if one.confirmed_at is None and (done or state != began or one.state is not OperationState.ABANDONED):
        wrong.append(f"not confirmed, and {dict(done)}, {state}, {one.state}")
    if one.confirmed_at is not None:
        _ended(kind, one, state, done, images, result)
        wrong += stage.alarms.wrong(plan, one.state)
        if kind in ALARMS and result.trial.sweep and one.state is not OperationState.SUCCEEDED:
            wrong.append(f"nothing was in its way but deaths, and it is {one.state}")
        after = stage.service()
        if after != stage.served:
            result.out_of_service = 1
            wrong.append(f"in service before: {stage.served}, and after: {after}")


def _intents(calls: Sequence[dict[str, Any]], operations: Sequence[Operation], result: Result) -> None:
    """Each call that reached AWS has an intent of its own in the journal, of the operation its user agent names."""
    written = Counter(
        (one.id, call.operation)
        for one in operations
        for row in one.steps
        for call in row.calls
        if not call.dry_run
    )
    names = [one["user_agent"].partition(" op/")[2].partition(" ")[0] for one in calls]
    result.sent = [
        f"{one['operation']} {name} {one['result']}" for name, one in zip(names, calls, strict=True)
    ]
    sent = Counter((name, one["operation"]) for name, one in zip(names, calls, strict=True))
    for key, count in sent.items():
        more = max(0, count - written[key])
        if result.trial.plight == "full disk" and key[1] == "StartInstances":
            result.bare_starts += (
                more  # the one call without an intent, not written down since by one that was killed
            )
        else:
            result.without_intent += more


def _ended(
    kind: str, one: Operation, state: str, done: Counter[str], images: Sequence[Any], result: Result
) -> None:
    """Of an operation that was confirmed."""
    wrong = result.wrong
    if one.state is OperationState.FAILED and not any(done.values()) and state == "running":
        return  # a clean end: nothing was sent
    if one.state not in (OperationState.SUCCEEDED, OperationState.NEEDS_ATTENTION):
        wrong.append(f"confirmed, and {one.state}: {one.note}")
    if state != "running":
        result.left_stopped = 1
        wrong.append(f"left {state}")
    if one.state is OperationState.NEEDS_ATTENTION:
        known = ("nobody can know", "AWS refused")
        if not any(word in one.note for word in known):
            wrong.append(f"needs attention for no good reason: {one.note}")
        return
    wanted = {
        "stop-start": {"StopInstances": 1, "StartInstances": 1},
        "image-first": {"CreateImage": 1, "StopInstances": 1, "StartInstances": 1},
        "start": {"StartInstances": 1}, "reboot": {"RebootInstances": 1}, "image": {"CreateImage": 1}, "reschedule": {},
        "standby": {"EnterStandby": 1, "StopInstances": 1, "StartInstances": 1, "ExitStandby": 1},
        "drain": {"DeregisterTargets": 1, "StopInstances": 1, "StartInstances": 1, "RegisterTargets": 1},
        "recover-alarm": {"PutMetricAlarm": 1}, "undo-new": {"DeleteAlarms": 1}, "undo-over": {"PutMetricAlarm": 1},
        "auto-recovery": {"ModifyInstanceMaintenanceOptions": 1},
    }[kind]  # fmt: skip
    for name, count in wanted.items():
        if done[name] < count:
            wrong.append(f"succeeded without {name}")
    if wanted.get("CreateImage") and [image["State"] for image in images] != ["available"]:
        wrong.append(f"succeeded, and the AMIs are {images}")
    if kind == "reschedule" and not done["ModifyInstanceEventStartTime"]:
        wrong.append("succeeded, and the event was not moved")
