"""Auto Scaling groups: membership, standby, and the replacing of members that are not running.

Sources: Auto Scaling guide, as-enter-exit-standby (standby takes the member out of the group's target groups and, if so asked,
lowers the desired capacity; not below the minimum; it is entered when their draining is over, and leaving it raises the
desired capacity again),
ec2-auto-scaling-health-checks (a member that is not running is unhealthy at once and is replaced, though not in standby),
as-suspend-resume-processes. Unsourced, built as commonly seen: how long each lasts, and the words of the errors.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from tui.demo import balancing
from tui.demo.box import PENDING, Box
from tui.demo.request import Request
from tui.demo.world import AwsError, Region, World

Doc = dict[str, Any]
NOTICE, LEAVE, RETURN = 40.0, 10.0, 20.0
"""AWS's seconds: until the group acts on a member that is down, and how long entering and leaving standby lasts."""


def join(world: World, region: Region, box: Box, name: str) -> None:
    """Make it a member in service, watched from now on."""
    box.doc["_group"] = name
    box.doc["_lifecycle"] = "InService"
    box.doc["Tags"].append({"Key": "aws:autoscaling:groupName", "Value": name})
    box.watchers.append(lambda state: _changed(world, region, box, state))


def _suspended(group: Doc, *names: str) -> bool:
    return any(name in group.get("_suspended", ()) for name in names)


def _changed(world: World, region: Region, box: Box, state: str) -> None:
    if state == "stopping":
        world.clock.later(NOTICE, lambda: _notice(world, region, box))


def _notice(world: World, region: Region, box: Box) -> None:
    """Down while in service: terminated and replaced. What is on standby, or was there when it happened, is left alone."""
    group = region.groups.get(box.doc.get("_group", ""))
    down = box.state in ("stopping", "stopped", "pending")
    if group is None or not down or box.doc.get("_lifecycle") != "InService":
        return
    if _suspended(group, "HealthCheck", "ReplaceUnhealthy", "Terminate"):
        return
    box.doc["_lifecycle"] = "Terminating"
    for arn in group.get("TargetGroupARNs", ()):
        balancing.deregister(world, region, arn, box.id)
    box.terminate(f"User initiated ({world.clock.now:%Y-%m-%d %H:%M:%S} GMT)")
    if not _suspended(group, "Launch"):
        launch(world, region, box)


def launch(world: World, region: Region, like: Box) -> Box:
    """Another member like this one, in service once it runs."""
    name = like.doc["_group"]
    new: Box = region.another(like)
    join(world, region, new, name)
    new.doc["_lifecycle"] = "Pending"

    def up() -> None:
        if new.state == "pending":
            new._running()
            _serve(world, region, new)

    world.clock.later(PENDING, up)
    world.revision += 1
    return new


def _serve(world: World, region: Region, box: Box) -> None:
    box.doc["_lifecycle"] = "InService"
    for arn in region.groups.get(box.doc["_group"], {}).get("TargetGroupARNs", ()):
        balancing.register(world, region, arn, box.id)
    world.revision += 1


def _group(request: Request, name: str) -> Doc:
    group = request.region.groups.get(name)
    if group is None:
        raise AwsError("ValidationError", f"AutoScalingGroup name not found - null: {name}")
    return group


def _members(request: Request, params: Doc, wanted: str) -> list[Box]:
    name, boxes = params["AutoScalingGroupName"], []
    for one in params.get("InstanceIds", []):
        box = request.region.boxes.get(one)
        if box is None or box.doc.get("_group") != name or box.state == "terminated":
            raise AwsError("ValidationError", f"The instance {one} is not part of Auto Scaling group {name}.")
        if box.doc["_lifecycle"] != wanted:
            raise AwsError("ValidationError", f"The instance {one} is not in {wanted}.")
        boxes.append(box)
    return boxes


def _instance(box: Box) -> Doc:
    healthy = box.state in ("running", "pending") or box.doc["_lifecycle"] != "InService"
    return {
        "InstanceId": box.id,
        "AvailabilityZone": box.doc["Placement"]["AvailabilityZone"],
        "LifecycleState": box.doc["_lifecycle"],
        "HealthStatus": "Healthy" if healthy else "Unhealthy",
        "ProtectedFromScaleIn": False,
        "InstanceType": box.doc["InstanceType"],
    }


def DescribeAutoScalingInstances(request: Request, params: Doc) -> Doc:
    """Unknown ids are left out."""
    ids = params.get("InstanceIds")
    rows = []
    for box in request.region.boxes.values():
        name = box.doc.get("_group")
        if name and (not ids or box.id in ids) and box.state != "terminated":
            one = _instance(box)
            rows.append({**one, "AutoScalingGroupName": name, "HealthStatus": one["HealthStatus"].upper()})
    return {"AutoScalingInstances": rows}


def DescribeAutoScalingGroups(request: Request, params: Doc) -> Doc:
    """Groups and their members."""
    rows = []
    for name in params.get("AutoScalingGroupNames") or list(request.region.groups):
        held = request.region.groups.get(name)
        if held is None:
            continue
        group = {key: value for key, value in held.items() if not key.startswith("_")}
        group["SuspendedProcesses"] = [
            {"ProcessName": one, "SuspensionReason": "User suspended"} for one in held.get("_suspended", ())
        ]
        group["Instances"] = [
            _instance(box)
            for box in request.region.boxes.values()
            if box.doc.get("_group") == name and box.state != "terminated"
        ]
        rows.append(group)
    return {"AutoScalingGroups": rows}


def EnterStandby(request: Request, params: Doc) -> Doc:
    """From service, not below the minimum; without the decrement the group launches a substitute."""
    group, boxes = (
        _group(request, params["AutoScalingGroupName"]),
        _members(request, params, "InService"),
    )
    fewer = bool(params["ShouldDecrementDesiredCapacity"])
    if fewer and group["DesiredCapacity"] - len(boxes) < group["MinSize"]:
        raise AwsError(
            "ValidationError",
            f"AutoScalingGroup {group['AutoScalingGroupName']} has min-size={group['MinSize']}, "
            f"max-size={group['MaxSize']}, and desired-size={group['DesiredCapacity']}. To place into standby "
            f"{len(boxes)} instance, please update the AutoScalingGroup sizes appropriately.",
        )
    for box in boxes:
        box.doc["_lifecycle"] = "EnteringStandby"
        for arn in group.get("TargetGroupARNs", ()):
            balancing.deregister(request.world, request.region, arn, box.id)
        leave = balancing.DRAINING if group.get("TargetGroupARNs") else LEAVE
        request.world.clock.later(leave, partial(_left, request.world, box))
        if fewer:
            group["DesiredCapacity"] -= 1
        else:
            launch(request.world, request.region, box)
    return {"Activities": []}


def _left(world: World, box: Box) -> None:
    if box.doc["_lifecycle"] == "EnteringStandby":
        box.doc["_lifecycle"] = "Standby"
    world.revision += 1


def ExitStandby(request: Request, params: Doc) -> Doc:
    """`Pending`, then back in service; the desired capacity grows by as many, not beyond the maximum."""
    group, boxes = (
        _group(request, params["AutoScalingGroupName"]),
        _members(request, params, "Standby"),
    )
    if group["DesiredCapacity"] + len(boxes) > group["MaxSize"]:
        raise AwsError(
            "ValidationError", f"max-size={group['MaxSize']} does not allow {len(boxes)} more in service"
        )
    world, region = request.world, request.region
    for box in boxes:
        box.doc["_lifecycle"] = "Pending"
        group["DesiredCapacity"] += 1
        world.clock.later(RETURN, partial(_returned, world, region, box))
    return {"Activities": []}


def _returned(world: World, region: Region, box: Box) -> None:
    """In service; one that does not run is found out and replaced."""
    if box.doc["_lifecycle"] != "Pending":
        return
    if box.state == "running":
        _serve(world, region, box)
    else:
        box.doc["_lifecycle"] = "InService"
        _notice(world, region, box)


def SuspendProcesses(request: Request, params: Doc) -> Doc:
    """Of a group."""
    group = _group(request, params["AutoScalingGroupName"])
    group["_suspended"] = sorted({*group.get("_suspended", ()), *params.get("ScalingProcesses", [])})
    return {}


def ResumeProcesses(request: Request, params: Doc) -> Doc:
    """Of a group."""
    group = _group(request, params["AutoScalingGroupName"])
    group["_suspended"] = sorted(set(group.get("_suspended", ())) - set(params.get("ScalingProcesses", [])))
    return {}


def CreateAutoScalingGroup(request: Request, params: Doc) -> Doc:
    """Minimal and empty, as wide as it is told: what the contract suite needs."""
    request.region.groups[params["AutoScalingGroupName"]] = {
        "AutoScalingGroupName": params["AutoScalingGroupName"], "MinSize": params["MinSize"],
        "MaxSize": params["MaxSize"], "DesiredCapacity": params.get("DesiredCapacity", params["MinSize"]),
        "DefaultCooldown": 300, "AvailabilityZones": params.get("AvailabilityZones", []), "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 300, "CreatedTime": request.world.clock.now,
        "TargetGroupARNs": params.get("TargetGroupARNs", []),
    }  # fmt: skip
    return {}


def AttachInstances(request: Request, params: Doc) -> Doc:
    """Running instances become members, and the desired capacity grows (autoscaling model, AttachInstances)."""
    group = _group(request, params["AutoScalingGroupName"])
    for one in params.get("InstanceIds", []):
        box = request.region.boxes[one]
        join(request.world, request.region, box, group["AutoScalingGroupName"])
        group["DesiredCapacity"] += 1
        _serve(request.world, request.region, box)
    return {}
