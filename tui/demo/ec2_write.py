"""EC2's calls that change something, over the world.

Sources: user guide, Stop_Start, ec2-stop-protection, creating-an-ami-ebs, reschedule-event; developer guide, errors-overview.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tui.demo.ec2_read import find
from tui.demo.instance import DemoInstance
from tui.demo.request import Request
from tui.demo.world import AwsError, World

Doc = dict[str, Any]


def _change(instance: DemoInstance, before: Doc) -> Doc:
    return {"InstanceId": instance.id, "CurrentState": instance.doc["State"], "PreviousState": before}


def _managed(instance: DemoInstance) -> None:
    operator = instance.doc.get("Operator", {})
    if operator.get("Managed"):
        who = operator.get("Principal", "a service")
        raise AwsError(
            "OperationNotPermitted",
            f"The instance {instance.id} is managed by {who} and can't be modified",
            403,
        )


def StopInstances(request: Request, params: Doc) -> Doc:
    """All or none: one that can't be stopped refuses the call."""
    instances = [find(request, one) for one in params["InstanceIds"]]
    for instance in instances:
        _managed(instance)
        if instance.doc.get("RootDeviceType") == "instance-store":
            raise AwsError(
                "UnsupportedOperation",
                f"The instance '{instance.id}' does not have an 'ebs' root device type",
            )
        if instance.attributes["disableApiStop"]:
            raise AwsError(
                "OperationNotPermitted",
                f"The instance '{instance.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.",
            )
        if instance.doc.get("_one_time_spot"):
            raise AwsError(
                "UnsupportedOperation",
                f"You can't stop the Spot Instance '{instance.id}' of a one-time request",
            )
        if instance.state in ("terminated", "shutting-down"):
            raise AwsError(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be stopped",
            )
    answer = []
    for instance in instances:
        before = instance.doc["State"]
        instance.stop(force=params.get("Force", False))
        answer.append(_change(instance, before))
    return {"StoppingInstances": answer}


def StartInstances(request: Request, params: Doc) -> Doc:
    """From stopped only; a running one is a no-op (unsourced)."""
    instances = [find(request, one) for one in params["InstanceIds"]]
    for instance in instances:
        _managed(instance)
        if instance.state not in ("stopped", "running", "pending"):
            raise AwsError(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be started.",
            )
        host = request.region.hosts.get(instance.doc["Placement"].get("HostId", ""), {})
        if host.get("State") == "permanent-failure" and instance.doc["Placement"].get("Affinity") == "host":
            raise AwsError(
                "InsufficientCapacityOnHost",
                f"The Dedicated Host {host['HostId']} has no capacity for it",
                400,
            )
    answer = []
    for instance in instances:
        before = instance.doc["State"]
        instance.start()
        answer.append(_change(instance, before))
    return {"StartingInstances": answer}


def bounce(world: World, ids: Sequence[str], code: str, message: str) -> None:
    """Make the next start of these instances fall back to stopped with this StateReason."""
    for region in world.regions.values():
        for one in ids:
            if one in region.instances:
                region.instances[one].bounce = (code, message or code)


def RebootInstances(request: Request, params: Doc) -> Doc:
    """Queued: the answer is empty. Ids of terminated instances are ignored (botocore model, RebootInstances)."""
    instances = [find(request, one) for one in params["InstanceIds"]]
    for instance in instances:
        _managed(instance)
        if instance.state in ("stopped", "stopping"):
            raise AwsError(
                "IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'running' state"
            )
    for instance in instances:
        if instance.state == "running":
            instance.reboot()
    return {}


def CreateTags(request: Request, params: Doc) -> Doc:
    """Tag instances, images and snapshots."""
    for one in params["Resources"]:
        region = request.region
        holder = region.images.get(one) or region.snapshots.get(one) or find(request, one).doc
        new = {tag["Key"]: tag.get("Value", "") for tag in params["Tags"]}
        kept = [tag for tag in holder.get("Tags", []) if tag["Key"] not in new]
        holder["Tags"] = kept + [{"Key": key, "Value": value} for key, value in new.items()]
    return {}


def ModifyInstanceEventStartTime(request: Request, params: Doc) -> Doc:
    """Within the deadline, 60 minutes ahead, not within 5 of the start (user guide, reschedule-event)."""
    instance, now = find(request, params["InstanceId"]), request.world.clock.now
    event = next((e for e in instance.events if e["InstanceEventId"] == params["InstanceEventId"]), None)
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
    instance.events.remove(event)
    moved = {**event, "NotBefore": when}
    instance.add_event(moved)
    return {"Event": moved}


def ModifyInstanceMaintenanceOptions(request: Request, params: Doc) -> Doc:
    """Set AutoRecovery and RebootMigration."""
    instance = find(request, params["InstanceId"])
    options = instance.doc.setdefault(
        "MaintenanceOptions", {"AutoRecovery": "default", "RebootMigration": "default"}
    )
    options.update({key: params[key] for key in ("AutoRecovery", "RebootMigration") if key in params})
    return {"InstanceId": instance.id, **options}


def ModifyInstanceAttribute(request: Request, params: Doc) -> Doc:
    """Set stop or termination protection."""
    instance = find(request, params["InstanceId"])
    for name in instance.attributes:
        wanted = params.get(name[0].upper() + name[1:])
        if wanted is not None:
            instance.attributes[name] = wanted["Value"]
    return {}
