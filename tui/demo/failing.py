"""Makes an instance fail in one of the scripted ways: its document, checks, metrics, console and CloudTrail at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tui.demo import cloudtrail
from tui.demo.console import Console, facts_of
from tui.demo.failure import Failure, Play
from tui.demo.failures import FAILURES
from tui.demo.history import Spans
from tui.demo.instance import CODES, DemoInstance
from tui.demo.instance_types import STORE_GB, is_xen
from tui.demo.world import Identity, Region

Doc = dict[str, Any]
_STOP = timedelta(minutes=6)
"""How long it was down before a start that a failure is told with."""
_STALLED: Doc = {
    "Status": "impaired",
    "Details": [{"Name": "io-enabled", "Status": "failed"}, {"Name": "io-performance", "Status": "stalled"}],
}


def begin(region: Region, instance: DemoInstance, name: str, minutes: float | None = None) -> Play:
    """It has failed so for so many minutes (else as long as the failure says). Raises KeyError on an unknown name."""
    failure, now = FAILURES[name], instance.world.clock.now
    since = (now - timedelta(minutes=failure.minutes if minutes is None else minutes)).replace(microsecond=0)
    for play in instance.plays:
        play.end(since)
    _become(region, instance, failure)
    booted = _restart(instance, failure, since)
    play = Play(failure, since)
    instance.plays.append(play)
    instance.agent, instance.stubborn = failure.agent, failure.stubborn
    instance.console = ""
    instance.serial = Console(failure.log, booted, since, facts=facts_of(instance.doc))
    _fail(region, instance, play, now)
    names = _names(instance, failure)
    for change in failure.changed:
        who = Identity(region.account, f"arn:aws:iam::{region.account}:user/{change.user}")
        call = {
            "event": change.event,
            "params": _named(change.params, names),
            "agent": change.agent,
            "error": change.error,
        }
        cloudtrail.record(region, since - timedelta(minutes=change.minutes), who, call)
    instance.world.revision += 1
    instance.sick.changed()
    return play


def heal(instance: DemoInstance) -> None:
    """End every scripted failure of the instance: its checks pass, its metrics are well again."""
    for check in list(instance.sick):
        instance.sick.pop(check)
    for play in instance.plays:
        play.end(instance.world.clock.now)
    instance.stubborn, instance.application, instance.performance = False, None, None
    instance.world.revision += 1


def _become(region: Region, instance: DemoInstance, failure: Failure) -> None:
    doc, document = instance.doc, dict(failure.document)
    if failure.kind:
        doc["InstanceType"] = failure.kind
        doc["_xen"], doc["_store_gb"] = is_xen(failure.kind), STORE_GB.get(failure.kind)
    volume_type = document.pop("_volume", "")
    doc.update(document)
    if volume_type:
        for mapping in doc["BlockDeviceMappings"]:
            region.volumes[mapping["Ebs"]["VolumeId"]]["VolumeType"] = volume_type


def _restart(instance: DemoInstance, failure: Failure, since: datetime) -> datetime:
    """When it last booted."""
    booted: datetime = min(instance.doc["LaunchTime"], since)
    if failure.rebooted is not None:
        return since - timedelta(minutes=failure.rebooted)
    if failure.restarted is not None:
        booted = since - timedelta(minutes=failure.restarted)
        first = min(instance.doc["LaunchTime"], booted - 2 * _STOP)
        instance.ran.clear()
        instance.ran.add(first, booted - _STOP)
        instance.ran.open(booted)
        instance.doc["LaunchTime"] = booted
    return booted


def _fail(region: Region, instance: DemoInstance, play: Play, now: datetime) -> None:
    failure, since = play.failure, play.since
    for begin_, end in failure.spells:
        spans = instance.sick.past.setdefault(failure.check or "", Spans())
        spans.add(now - timedelta(minutes=begin_), now - timedelta(minutes=end))
    impaired = {"Status": "impaired", "ImpairedSince": since}
    if failure.check == "performance":
        instance.performance = {**impaired, "Remediation": "Move to a larger type"}
    elif failure.check == "application":
        instance.application = impaired
    elif failure.check is not None:
        instance.sick[failure.check] = since
    for check in failure.also:
        instance.sick[check] = since
    if "attached_ebs" in (failure.check, *failure.also):
        names = [one["Ebs"]["VolumeId"] for one in instance.doc["BlockDeviceMappings"]]
        ill = [names[number] for number in failure.volumes]
        region.volume_health.update(dict.fromkeys(ill, _STALLED))

        def well() -> None:
            for name in ill:
                region.volume_health.pop(name, None)

        play.over = well
    if failure.stopped:
        instance.ran.close(since)
        text = "Client.UserInitiatedShutdown: User initiated shutdown"
        instance.doc["State"] = {"Code": CODES["stopped"], "Name": "stopped"}
        instance.doc["StateReason"] = {"Code": "Client.UserInitiatedShutdown", "Message": text}
        instance.doc["StateTransitionReason"] = f"User initiated ({since:%Y-%m-%d %H:%M:%S} GMT)"


def _names(instance: DemoInstance, failure: Failure) -> dict[str, str]:
    """What stands in a change's parameters for the instance, the volume that fails and its first security group."""
    volumes = [one["Ebs"]["VolumeId"] for one in instance.doc["BlockDeviceMappings"]]
    ill = (failure.volumes or (0,))[0]
    return {
        "{instance}": instance.id,
        "{volume}": volumes[ill] if ill < len(volumes) else "",
        "{group}": instance.doc["SecurityGroups"][0]["GroupId"],
    }


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _named(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value
