"""Control paths for what covers an instance: `/_evac/alarm`, `copy`, `policy`, `plan`, `window` and `health`, all POST.

`alarm` `{"instance": id or name, "name", "kind": recover or reboot, "state", "minutes": since when, "tags": {}, "settings":
{fields of PutMetricAlarm, to change or with null to leave out}}`: there from now on, whatever CloudWatch would say. Its state
follows when the instance changes, but it does nothing: PutMetricAlarm makes one that acts.
`copy` `{"instance", "by": create-image, dlm, backup, point (a recovery point alone) or snapshot, "hours": how old, "status" of a
recovery point, "image": {fields of the image or snapshot}}`. `policy` `{"account", "region", "details": PolicyDetails, "policy":
{more fields}}`. `plan` `{"account", "region", "name", "rules", "selections"}` as AWS Backup has them. `window` `{"account",
"region", "name", "target", "window": {TimeRanges or CronExpression}}`. `health` `{"account", "code", "region", "entities",
"minutes": how long ago it began (negative: in the future), "event": {more fields}}`, or `{"account", "plan": bool}`,
`{"account", "forget": true}` (all events) or `{"active": region}`. `image-user` `{"account", "region", "kind": template or
configuration, "name", "image"}`: what launches from an AMI. `opted-in` `{"account", "region", "types": {type: bool}}`: AWS
Backup's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tui.demo import alarm_evaluation, alarm_states, copies, copy_plans, event_windows, health
from tui.demo.alarm_settings import settings
from tui.demo.instance import DemoInstance
from tui.demo.world import Region, World

if TYPE_CHECKING:
    from collections.abc import Callable

Doc = dict[str, Any]


def cover(world: World, path: str, data: Doc, where: Callable[[str], tuple[Region, DemoInstance]]) -> Any:
    """The answer, or None when there is no such path. Raises ValueError, KeyError or TypeError on bad input."""
    if path not in _PATHS:
        return None
    world.revision += 1
    if "instance" in data:
        region, instance = where(data["instance"])
        return _PATHS[path](world, region, instance, data)
    return _PATHS[path](world, world.region(data.get("account", ""), data.get("region", "")), None, data)


def _alarm(world: World, region: Region, instance: DemoInstance | None, data: Doc) -> Any:
    if instance is None:
        raise KeyError("instance")
    wanted = {**settings(instance, region.name, data.get("kind", "recover")), **data.get("settings", {})}
    wanted["AlarmName"] = data.get("name", wanted["AlarmName"])
    wanted["Tags"] = [{"Key": key, "Value": value} for key, value in data.get("tags", {}).items()]
    since = world.clock.now - timedelta(minutes=float(data.get("minutes", 0)))
    doc = alarm_states.put(world, region, wanted)
    alarm_states.settled(doc, str(data.get("state", "OK")), since)
    alarm_evaluation.wake_with(world, region, instance)
    return {"name": doc["AlarmName"], "arn": doc["AlarmArn"], "state": doc["StateValue"]}


def _copy(world: World, region: Region, instance: DemoInstance | None, data: Doc) -> Any:
    if instance is None:
        raise KeyError("instance")
    at = world.clock.now - timedelta(hours=float(data.get("hours", 1)))
    match data.get("by", "create-image"):
        case "snapshot":
            found = copies.add_snapshot(region, instance, at, **data.get("image", {}))
            return {"snapshots": [one["SnapshotId"] for one in found]}
        case "point":
            image = {"ImageId": "ami-00000000000000000", **data.get("image", {})}
            copies.add_point(region, instance, image, at, data.get("status", "COMPLETED"))
            return {"image": image["ImageId"]}
        case maker if maker in copies.MAKERS:
            return {"image": copies.add_copy(region, instance, maker, at, **data.get("image", {}))["ImageId"]}
        case other:
            raise ValueError(f"no maker {other}")


def _policy(world: World, region: Region, instance: DemoInstance | None, data: Doc) -> Any:
    return {
        "policy": copy_plans.add_policy(world, region, data["details"], **data.get("policy", {}))["PolicyId"]
    }


def _plan(world: World, region: Region, instance: DemoInstance | None, data: Doc) -> Any:
    plan = copy_plans.add_backup_plan(
        world, region, data["name"], data.get("rules", []), data.get("selections", [])
    )
    return {"plan": plan["BackupPlanId"]}


def _window(world: World, region: Region, instance: DemoInstance | None, data: Doc) -> Any:
    window = event_windows.add_window(region, data["name"], data.get("target", {}), **data.get("window", {}))
    return {"window": window["InstanceEventWindowId"]}


def _health(world: World, region: Region, instance: DemoInstance | None, data: Doc) -> Any:
    if "active" in data:
        world.health_region = str(data["active"])
    if "plan" in data:
        world.accounts[data["account"]].health = bool(data["plan"])
    if data.get("forget"):
        world.accounts[data["account"]].health_events.clear()
    if "code" not in data:
        return {"active": world.health_region}
    number = region.account if instance is not None else data["account"]
    entities = data.get("entities", [instance.id] if instance is not None else [])
    begins = world.clock.now.replace(microsecond=0) - timedelta(minutes=float(data.get("minutes", 0)))
    more = {"startTime": begins, "lastUpdatedTime": min(begins, world.clock.now), **data.get("event", {})}
    event = health.announce(world, world.accounts[number], data["code"], entities, region.name, **more)
    return {"arn": event["arn"]}


def _image_user(world: World, region: Region, instance: DemoInstance | None, data: Doc) -> Any:
    held = region.launch_templates if data["kind"] == "template" else region.launch_configurations
    held[data["name"]] = data["image"]
    return {"name": data["name"]}


def _opted_in(world: World, region: Region, instance: DemoInstance | None, data: Doc) -> Any:
    region.backup_types = data["types"]
    return data


_PATHS = {
    "image-user": _image_user,
    "opted-in": _opted_in,
    "alarm": _alarm,
    "copy": _copy,
    "policy": _policy,
    "plan": _plan,
    "window": _window,
    "health": _health,
}
