"""The control paths of the embedded AWS, on loopback only.

`/_evac/faults` (GET, POST a list: it replaces the old one), `/_evac/calls` (GET, DELETE), `/_evac/advance` `{"seconds": n}`,
`/_evac/clock` (GET, POST `{"speed": x, "now": iso}`), `/_evac/events` (POST `{"instance": id or name, "code", "in": seconds,
"deadline": seconds, "until": seconds, "description", "dates": {"NotBefore": iso or any text}}` or
`{"instance", "sick": check}`, `{"instance", "well": check}`, `{"instance", "recovery_fails": bool}`: an alarm's recover
does not help, or `{"instance", "private_ip"}`), `/_evac/published` (GET: what alarms sent to SNS topics),
`/_evac/settings` (POST `{"lag": s, "limits": bool, "strict": bool, "sparse": bool, "expired": {key: bool}}`; limits: AWS's own
request buckets; strict: a request whose time is more than 5 minutes off is refused; sparse: pages are cut before they are
filtered, so that some are empty and still have a next one), `/_evac/reset`, `/_evac/script` (GET: the names of the scripted
failures, each with the keys that name it rightly; POST `{"instance", "script": name, "minutes": how long ago, if not as the
script has it}`: the instance fails so; `""` heals it; `"agent": agent, host, custom or absent` alone changes its agent),
`/_evac/state`
(POST `{"account", "region", "instance"}`), `/_evac/watch` (GET; POST `{"account", "region", "kind": classic, scaling or
targets, "key", "needed"}`: from now on it is counted, after everything that happens, how many of that group serve, and how
often too few). What covers an instance, and AWS Health: control_cover.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tui.demo import failing
from tui.demo.control_cover import cover
from tui.demo.failures import FAILURES
from tui.demo.instance import DemoInstance
from tui.demo.watch import Watch
from tui.demo.world import Region, World

if TYPE_CHECKING:
    from tui.demo.gateway import Aws

Doc = dict[str, Any]


def control(aws: Aws, method: str, path: str, data: Any) -> Any:
    """The answer, or None when there is no such path. Raises ValueError, KeyError or TypeError on bad input."""
    clock = aws.world.clock
    match path, method:
        case "faults", "POST":
            aws.faults.replace(data)
            return {}
        case "faults", _:
            return [rule.__dict__ for rule in aws.faults.rules]
        case "calls", "DELETE":
            aws.calls.clear()
            return {}
        case "calls", _:
            return list(aws.calls)
        case "advance", _:
            clock.advance(float(data["seconds"]))
        case "clock", "POST":
            if "speed" in data:
                clock.speed = float(data["speed"])
            if "now" in data:
                now = datetime.fromisoformat(data["now"])
                clock.set(now if now.tzinfo else now.replace(tzinfo=UTC))
        case "clock", _:
            pass
        case "events", "POST":
            return _happen(aws.world, data)
        case "published", _:
            clock.settle()
            return list(aws.world.published)
        case "script", "POST":
            return _script(aws.world, data)
        case "script", _:
            return {one.name: list(one.right) for one in FAILURES.values()}
        case "settings", "POST":
            aws.world.lag = float(data.get("lag", aws.world.lag))
            aws.world.sparse = bool(data.get("sparse", aws.world.sparse))
            aws.limits = bool(data.get("limits", aws.limits))
            aws.strict = bool(data.get("strict", aws.strict))
            aws.memo_seconds = float(data.get("memo", aws.memo_seconds))
            for key, expired in data.get("expired", {}).items():
                aws.world.identities[key].expired = bool(expired)
            aws.world.revision += 1
            return {"lag": aws.world.lag, "limits": aws.limits, "strict": aws.strict}
        case "reset", "POST":
            aws.reset()
            return {}
        case "watch", "POST":
            region = aws.world.region(data["account"], data["region"])
            one = Watch(region, data["kind"], data["key"], int(data["needed"]))
            one.count()
            aws.world.watches.append(one)
            return one.told()
        case "watch", _:
            clock.settle()
            return [one.told() for one in aws.world.watches]
        case "state", _:
            clock.settle()
            instance = aws.world.region(data["account"], data["region"]).instances[data["instance"]]
            return {"instance": instance.doc, "status": instance.status()}
        case _, "POST":
            clock.settle()
            return cover(aws.world, path, data, partial(_where, aws.world))
        case _:
            return None
    clock.settle()
    aws.world.revision += 1
    return {"now": clock.now.isoformat(), "speed": clock.speed}


def find(world: World, name: str) -> DemoInstance:
    """An instance by id or Name tag, wherever it is. Raises KeyError."""
    return _where(world, name)[1]


def _where(world: World, name: str) -> tuple[Region, DemoInstance]:
    for region in world.regions.values():
        for instance in region.instances.values():
            tags = {tag["Key"]: tag["Value"] for tag in instance.doc.get("Tags", [])}
            if name in (instance.id, tags.get("Name")):
                return region, instance
    raise KeyError(f"no instance {name}")


def _script(world: World, data: Doc) -> Doc:
    region, instance = _where(world, data["instance"])
    if data.get("script"):
        failing.begin(region, instance, data["script"], data.get("minutes"))
    elif "script" in data:
        failing.heal(instance)
    instance.agent = data.get("agent", instance.agent)
    return {"instance": instance.id, "sick": sorted(instance.sick)}


def _date(text: str) -> datetime | str:
    """A time parsed from ISO; any other text as it stands, to answer with malformed dates."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if found.tzinfo else text


def _happen(world: World, data: Doc) -> Doc:
    instance, now = find(world, data["instance"]), world.clock.now
    world.revision += 1
    if "recovery_fails" in data:
        instance.recovery_fails = bool(data["recovery_fails"])
    elif "private_ip" in data:
        instance.doc["PrivateIpAddress"] = data["private_ip"]
    elif "sick" in data:
        instance.sick[data["sick"]] = now
    elif "well" in data:
        instance.sick.pop(data["well"], None)
    else:
        event: Doc = {
            "InstanceEventId": world.hex_id("instance-event"),
            "Code": data["code"],
            "Description": data.get("description", "The instance is scheduled for maintenance"),
            "NotBefore": now + timedelta(seconds=data.get("in", 0)),
        }
        for key, name in (("deadline", "NotBeforeDeadline"), ("until", "NotAfter")):
            if key in data:
                event[name] = now + timedelta(seconds=data[key])
        for name, text in data.get("dates", {}).items():
            event[name] = _date(text)
        instance.add_event(event)
    return {"instance": instance.id, "sick": sorted(instance.sick), "events": len(instance.events)}
