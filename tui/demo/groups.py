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
from tui.demo.instance import PENDING, DemoInstance
from tui.demo.request import Request
from tui.demo.world import AwsError, Region, World

Doc = dict[str, Any]
NOTICE, LEAVE, RETURN = 40.0, 10.0, 20.0
"""AWS's seconds: until the group acts on a member that is down, and how long entering and leaving standby lasts."""


def join(world: World, region: Region, instance: DemoInstance, name: str) -> None:
    """Make the instance a member in service; from now on its state is watched."""
    instance.doc["_group"] = name
    instance.doc["_lifecycle"] = "InService"
    instance.doc["Tags"].append({"Key": "aws:autoscaling:groupName", "Value": name})
    instance.watchers.append(lambda state: _changed(world, region, instance, state))


def _suspended(group: Doc, *names: str) -> bool:
    return any(name in group.get("_suspended", ()) for name in names)


def _changed(world: World, region: Region, instance: DemoInstance, state: str) -> None:
    if state == "stopping":
        world.clock.later(NOTICE, lambda: _notice(world, region, instance))


def _notice(world: World, region: Region, instance: DemoInstance) -> None:
    """A member in service that goes down is terminated and replaced; one in standby is left alone."""
    group = region.groups.get(instance.doc.get("_group", ""))
    down = instance.state in ("stopping", "stopped", "pending")
    if group is None or not down or instance.doc.get("_lifecycle") != "InService":
        return
    if _suspended(group, "HealthCheck", "ReplaceUnhealthy", "Terminate"):
        return
    instance.doc["_lifecycle"] = "Terminating"
    for arn in group.get("TargetGroupARNs", ()):
        balancing.deregister(world, region, arn, instance.id)
    instance.terminate(f"User initiated ({world.clock.now:%Y-%m-%d %H:%M:%S} GMT)")
    if not _suspended(group, "Launch"):
        launch(world, region, instance)


def launch(world: World, region: Region, like: DemoInstance) -> DemoInstance:
    """Launch another member like this one, in service once it runs."""
    name = like.doc["_group"]
    new: DemoInstance = region.another(like)
    join(world, region, new, name)
    new.doc["_lifecycle"] = "Pending"

    def up() -> None:
        if new.state == "pending":
            new._running()
            _serve(world, region, new)

    world.clock.later(PENDING, up)
    world.revision += 1
    return new


def _serve(world: World, region: Region, instance: DemoInstance) -> None:
    instance.doc["_lifecycle"] = "InService"
    for arn in region.groups.get(instance.doc["_group"], {}).get("TargetGroupARNs", ()):
        balancing.register(world, region, arn, instance.id)
    world.revision += 1


def _group(request: Request, name: str) -> Doc:
    group = request.region.groups.get(name)
    if group is None:
        raise AwsError("ValidationError", f"AutoScalingGroup name not found - null: {name}")
    return group


def _members(request: Request, params: Doc, wanted: str) -> list[DemoInstance]:
    name, instances = params["AutoScalingGroupName"], []
    for one in params.get("InstanceIds", []):
        instance = request.region.instances.get(one)
        if instance is None or instance.doc.get("_group") != name or instance.state == "terminated":
            raise AwsError("ValidationError", f"The instance {one} is not part of Auto Scaling group {name}.")
        if instance.doc["_lifecycle"] != wanted:
            raise AwsError("ValidationError", f"The instance {one} is not in {wanted}.")
        instances.append(instance)
    return instances


def _instance(instance: DemoInstance) -> Doc:
    healthy = instance.state in ("running", "pending") or instance.doc["_lifecycle"] != "InService"
    return {
        "InstanceId": instance.id,
        "AvailabilityZone": instance.doc["Placement"]["AvailabilityZone"],
        "LifecycleState": instance.doc["_lifecycle"],
        "HealthStatus": "Healthy" if healthy else "Unhealthy",
        "ProtectedFromScaleIn": False,
        "InstanceType": instance.doc["InstanceType"],
    }


def DescribeAutoScalingInstances(request: Request, params: Doc) -> Doc:
    """Unknown ids are left out."""
    ids = params.get("InstanceIds")
    rows = []
    for instance in request.region.instances.values():
        name = instance.doc.get("_group")
        if name and (not ids or instance.id in ids) and instance.state != "terminated":
            one = _instance(instance)
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
            _instance(instance)
            for instance in request.region.instances.values()
            if instance.doc.get("_group") == name and instance.state != "terminated"
        ]
        rows.append(group)
    return {"AutoScalingGroups": rows}


def EnterStandby(request: Request, params: Doc) -> Doc:
    """From service, not below the minimum; without the decrement the group launches a substitute."""
    group, instances = (
        _group(request, params["AutoScalingGroupName"]),
        _members(request, params, "InService"),
    )
    fewer = bool(params["ShouldDecrementDesiredCapacity"])
    if fewer and group["DesiredCapacity"] - len(instances) < group["MinSize"]:
        raise AwsError(
            "ValidationError",
            f"AutoScalingGroup {group['AutoScalingGroupName']} has min-size={group['MinSize']}, "
            f"max-size={group['MaxSize']}, and desired-size={group['DesiredCapacity']}. To place into standby "
            f"{len(instances)} instance, please update the AutoScalingGroup sizes appropriately.",
        )
    for instance in instances:
        instance.doc["_lifecycle"] = "EnteringStandby"
        for arn in group.get("TargetGroupARNs", ()):
            balancing.deregister(request.world, request.region, arn, instance.id)
        leave = balancing.DRAINING if group.get("TargetGroupARNs") else LEAVE
        request.world.clock.later(leave, partial(_left, request.world, instance))
        if fewer:
            group["DesiredCapacity"] -= 1
        else:
            launch(request.world, request.region, instance)
    return {"Activities": []}


def _left(world: World, instance: DemoInstance) -> None:
    if instance.doc["_lifecycle"] == "EnteringStandby":
        instance.doc["_lifecycle"] = "Standby"
    world.revision += 1


def ExitStandby(request: Request, params: Doc) -> Doc:
    """`Pending`, then back in service; the desired capacity grows by as many, not beyond the maximum."""
    group, instances = (
        _group(request, params["AutoScalingGroupName"]),
        _members(request, params, "Standby"),
    )
    if group["DesiredCapacity"] + len(instances) > group["MaxSize"]:
        raise AwsError(
            "ValidationError", f"max-size={group['MaxSize']} does not allow {len(instances)} more in service"
        )
    world, region = request.world, request.region
    for instance in instances:
        instance.doc["_lifecycle"] = "Pending"
        group["DesiredCapacity"] += 1
        world.clock.later(RETURN, partial(_returned, world, region, instance))
    return {"Activities": []}


def _returned(world: World, region: Region, instance: DemoInstance) -> None:
    """Back in service; a member that does not run is replaced."""
    if instance.doc["_lifecycle"] != "Pending":
        return
    if instance.state == "running":
        _serve(world, region, instance)
    else:
        instance.doc["_lifecycle"] = "InService"
        _notice(world, region, instance)


def SuspendProcesses(request: Request, params: Doc) -> Doc:
    """Suspend processes of a group, such as ReplaceUnhealthy."""
    group = _group(request, params["AutoScalingGroupName"])
    group["_suspended"] = sorted({*group.get("_suspended", ()), *params.get("ScalingProcesses", [])})
    return {}


def ResumeProcesses(request: Request, params: Doc) -> Doc:
    """Resume processes of a group."""
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
        instance = request.region.instances[one]
        join(request.world, request.region, instance, group["AutoScalingGroupName"])
        group["DesiredCapacity"] += 1
        _serve(request.world, request.region, instance)
    return {}
