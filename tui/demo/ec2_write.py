"""EC2's calls that change something, over the world.

Sources: user guide, Stop_Start, ec2-stop-protection, creating-an-ami-ebs, reschedule-event; developer guide, errors-overview.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tui.demo.box import Box
from tui.demo.ec2_read import find
from tui.demo.request import Request
from tui.demo.world import AwsError, World

Doc = dict[str, Any]


def _change(box: Box, before: Doc) -> Doc:
    return {"InstanceId": box.id, "CurrentState": box.doc["State"], "PreviousState": before}


def _managed(box: Box) -> None:
    operator = box.doc.get("Operator", {})
    if operator.get("Managed"):
        who = operator.get("Principal", "a service")
        raise AwsError(
            "OperationNotPermitted", f"The instance {box.id} is managed by {who} and can't be modified", 403
        )


def StopInstances(request: Request, params: Doc) -> Doc:
    """All or none: one that can't be stopped refuses the call."""
    boxes = [find(request, one) for one in params["InstanceIds"]]
    for box in boxes:
        _managed(box)
        if box.doc.get("RootDeviceType") == "instance-store":
            raise AwsError(
                "UnsupportedOperation", f"The instance '{box.id}' does not have an 'ebs' root device type"
            )
        if box.attributes["disableApiStop"]:
            raise AwsError(
                "OperationNotPermitted",
                f"The instance '{box.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.",
            )
        if box.doc.get("_one_time_spot"):
            raise AwsError(
                "UnsupportedOperation", f"You can't stop the Spot Instance '{box.id}' of a one-time request"
            )
        if box.state in ("terminated", "shutting-down"):
            raise AwsError(
                "IncorrectInstanceState",
                f"The instance '{box.id}' is not in a state from which it can be stopped",
            )
    answer = []
    for box in boxes:
        before = box.doc["State"]
        box.stop(force=params.get("Force", False))
        answer.append(_change(box, before))
    return {"StoppingInstances": answer}


def StartInstances(request: Request, params: Doc) -> Doc:
    """From stopped only; a running one is a no-op (unsourced)."""
    boxes = [find(request, one) for one in params["InstanceIds"]]
    for box in boxes:
        _managed(box)
        if box.state not in ("stopped", "running", "pending"):
            raise AwsError(
                "IncorrectInstanceState",
                f"The instance '{box.id}' is not in a state from which it can be started.",
            )
        host = request.region.hosts.get(box.doc["Placement"].get("HostId", ""), {})
        if host.get("State") == "permanent-failure" and box.doc["Placement"].get("Affinity") == "host":
            raise AwsError(
                "InsufficientCapacityOnHost",
                f"The Dedicated Host {host['HostId']} has no capacity for it",
                400,
            )
    answer = []
    for box in boxes:
        before = box.doc["State"]
        box.start()
        answer.append(_change(box, before))
    return {"StartingInstances": answer}


def bounce(world: World, ids: Sequence[str], code: str, message: str) -> None:
    """The next start of these is accepted, and falls back to stopped with this StateReason."""
    for region in world.regions.values():
        for one in ids:
            if one in region.boxes:
                region.boxes[one].bounce = (code, message or code)


def RebootInstances(request: Request, params: Doc) -> Doc:
    """Queued: the answer is empty. Ids of terminated instances are ignored (botocore model, RebootInstances)."""
    boxes = [find(request, one) for one in params["InstanceIds"]]
    for box in boxes:
        _managed(box)
        if box.state in ("stopped", "stopping"):
            raise AwsError("IncorrectInstanceState", f"The instance '{box.id}' is not in the 'running' state")
    for box in boxes:
        if box.state == "running":
            box.reboot()
    return {}


def CreateTags(request: Request, params: Doc) -> Doc:
    """On instances, images and snapshots."""
    for one in params["Resources"]:
        region = request.region
        holder = region.images.get(one) or region.snapshots.get(one) or find(request, one).doc
        new = {tag["Key"]: tag.get("Value", "") for tag in params["Tags"]}
        kept = [tag for tag in holder.get("Tags", []) if tag["Key"] not in new]
        holder["Tags"] = kept + [{"Key": key, "Value": value} for key, value in new.items()]
    return {}


def ModifyInstanceEventStartTime(request: Request, params: Doc) -> Doc:
    """Within the deadline, 60 minutes ahead, not within 5 of the start (user guide, reschedule-event)."""
    box, now = find(request, params["InstanceId"]), request.world.clock.now
    event = next((e for e in box.events if e["InstanceEventId"] == params["InstanceEventId"]), None)
    if event is None or event["Description"].startswith("["):
        raise AwsError(
            "InvalidInstanceEventIDNotFound", f"The event '{params['InstanceEventId']}' does not exist"
        )
    if "NotBeforeDeadline" not in event or event["NotBefore"] <= now + timedelta(minutes=5):
        raise AwsError("InstanceEventStartTimeCannotChange", "The start time of this event can't be changed")
    when = params["NotBefore"]
    if when < now + timedelta(minutes=60) or when > event["NotBeforeDeadline"]:
        raise AwsError(
            "InvalidInstanceEventStartTime", "The start must be 60 minutes ahead and not after the deadline"
        )
    box.events.remove(event)
    moved = {**event, "NotBefore": when}
    box.add_event(moved)
    return {"Event": moved}


def ModifyInstanceMaintenanceOptions(request: Request, params: Doc) -> Doc:
    """AutoRecovery and RebootMigration."""
    box = find(request, params["InstanceId"])
    options = box.doc.setdefault(
        "MaintenanceOptions", {"AutoRecovery": "default", "RebootMigration": "default"}
    )
    options.update({key: params[key] for key in ("AutoRecovery", "RebootMigration") if key in params})
    return {"InstanceId": box.id, **options}


def ModifyInstanceAttribute(request: Request, params: Doc) -> Doc:
    """Stop and termination protection."""
    box = find(request, params["InstanceId"])
    for name in box.attributes:
        wanted = params.get(name[0].upper() + name[1:])
        if wanted is not None:
            box.attributes[name] = wanted["Value"]
    return {}
