"""Load balancers' target groups: registering, health, draining.

Sources: elbv2 model (TargetHealth: states and reasons; DeregisterTargets and RegisterTargets answer nothing, and succeed for a
target that is gone or there already), load balancing guide (deregistration delay, 300 s by default: `draining`, then gone).
Unsourced, built as commonly seen: how long `initial` lasts, that a target which runs again is `initial` once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.demo.request import Request
from tui.demo.world import AwsError, Region, World

if TYPE_CHECKING:
    from tui.demo.instance import DemoInstance

Doc = dict[str, Any]
DRAINING, INITIAL = 300.0, 30.0
"""AWS's seconds: the default deregistration delay, and the first health checks."""


@dataclass
class Registered:
    """A target as its group has it. `serial` grows with each change, so that an older one's end does not hit it."""

    health: str
    port: int = 80
    serial: int = 0


def register(world: World, region: Region, arn: str, target: str, port: int = 80) -> None:
    """`initial`, then healthy; one that is there and not on its way out stays as it is."""
    held = region.targets.setdefault(arn, {})
    old = held.get(target)
    if old is not None and old.health != "draining":
        return
    new = held[target] = Registered("initial", port, old.serial + 1 if old else 0)
    _later(world, new, INITIAL, "healthy")
    world.revision += 1


def deregister(world: World, region: Region, arn: str, target: str) -> None:
    """`draining` for the deregistration delay, then gone."""
    held: dict[str, Registered] = region.targets.get(arn, {})
    one = held.get(target)
    if one is None or one.health == "draining":
        return
    one.health, one.serial = "draining", one.serial + 1
    serial = one.serial

    def out() -> None:
        if (now := held.get(target)) is not None and now is one and now.serial == serial:
            del held[target]
        world.revision += 1

    world.clock.later(DRAINING, out)
    world.revision += 1


def runs_again(world: World, region: Region, instance: DemoInstance) -> None:
    """The instance runs again: its targets become `initial`, then healthy."""
    for held in region.targets.values():
        one = held.get(instance.id)
        if one is not None and one.health == "healthy":
            one.health, one.serial = "initial", one.serial + 1
            _later(world, one, INITIAL, "healthy")


def _later(world: World, one: Registered, seconds: float, health: str) -> None:
    serial = one.serial

    def become() -> None:
        if one.serial == serial:
            one.health = health
        world.revision += 1

    world.clock.later(seconds, become)


def _targets(request: Request, arn: str) -> dict[str, Registered]:
    if arn not in request.region.target_groups:
        raise AwsError("TargetGroupNotFound", "One or more target groups not found")
    return request.region.targets.setdefault(arn, {})


def DescribeTargetGroups(request: Request, params: Doc) -> Doc:
    """The target groups of the region."""
    return {"TargetGroups": list(request.region.target_groups.values())}


def DescribeTargetHealth(request: Request, params: Doc) -> Doc:
    """A stopped target is `unused`, and so is one asked for that is not registered (elbv2 model, TargetHealth).

    Of one that is registered by its address only the health checks tell, minutes later; here they never do.
    """
    held = _targets(request, params["TargetGroupArn"])
    asked = [one["Id"] for one in params.get("Targets") or ()] or list(held)
    rows = []
    for target in asked:
        instance, one = request.region.instances.get(target), held.get(target)
        state: Doc = {"State": "unused", "Reason": "Target.NotRegistered"}
        if one is not None:
            by_address = request.region.target_groups[params["TargetGroupArn"]].get("TargetType") == "ip"
            down = not by_address and (instance is None or instance.state != "running")
            state = {"State": "unused", "Reason": "Target.InvalidState"} if down else {"State": one.health}
            if instance is not None and instance.rebooting and one.health == "healthy":
                state = {"State": "unhealthy", "Reason": "Target.Timeout"}
        port = 80 if one is None else one.port
        rows.append({"Target": {"Id": target, "Port": port}, "TargetHealth": state})
    return {"TargetHealthDescriptions": rows}


def DeregisterTargets(request: Request, params: Doc) -> Doc:
    """The targets leave the group after the deregistration delay."""
    _targets(request, params["TargetGroupArn"])
    for target in params["Targets"]:
        deregister(request.world, request.region, params["TargetGroupArn"], target["Id"])
    return {}


def RegisterTargets(request: Request, params: Doc) -> Doc:
    """The targets join the group. A target must run (elbv2 model, InvalidTargetException)."""
    _targets(request, params["TargetGroupArn"])
    for target in params["Targets"]:
        instance = request.region.instances.get(target["Id"])
        by_address = request.region.target_groups[params["TargetGroupArn"]].get("TargetType") == "ip"
        if not by_address and (instance is None or instance.state != "running"):
            raise AwsError(
                "InvalidTarget",
                f"The following targets are not in a running state and cannot be registered: '{target['Id']}'",
            )
        register(
            request.world, request.region, params["TargetGroupArn"], target["Id"], target.get("Port", 80)
        )
    return {}


def CreateTargetGroup(request: Request, params: Doc) -> Doc:
    """Minimal: what the contract suite needs."""
    name, region = params["Name"], request.region
    arn = f"arn:aws:elasticloadbalancing:{region.name}:{region.account}:targetgroup/{name}/0123456789abcdef"
    region.target_groups[arn] = {
        "TargetGroupArn": arn, "TargetGroupName": name, "TargetType": params.get("TargetType", "instance"),
        "Protocol": params.get("Protocol", "HTTP"), "Port": params.get("Port", 80), "VpcId": params.get("VpcId", ""),
    }  # fmt: skip
    region.targets.setdefault(arn, {})
    return {"TargetGroups": [region.target_groups[arn]]}
