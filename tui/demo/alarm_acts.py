"""What an alarm does when it goes off: EC2's four actions and a message to a topic. Any other action is only remembered.

Sources: user guide, UsingAlarmActions (recover keeps id and addresses, loses memory; at most three a day; not for members of an
Auto Scaling group nor on Dedicated Hosts), AWS Health's codes of recoveries. Unsourced: that recover does nothing where the
system check passes, that reboot does nothing while the instance is being moved, and how long a recovery takes.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tui.demo import cloudtrail, health
from tui.demo.instance import DemoInstance
from tui.demo.instance_types import type_info
from tui.demo.world import Identity, Region, World

Doc = dict[str, Any]
_EC2_ACTION = re.compile(
    r"arn:aws[\w-]*:automate:[\w-]+:ec2:(?P<new>stop|terminate|reboot|recover)"
    r"|arn:aws[\w-]*:swf:[\w-]+:\d+:action/actions/AWS_EC2\.InstanceId\.(?P<old>Stop|Terminate|Reboot|Recover)/1\.0"
)
_A_DAY = 3
_CALLS = {"reboot": "RebootInstances", "stop": "StopInstances", "terminate": "TerminateInstances"}


def ec2_action(arn: str) -> str:
    """`stop`, `terminate`, `reboot` or `recover`; empty for every other action."""
    found = _EC2_ACTION.fullmatch(arn)
    return (found["new"] or found["old"].lower()) if found else ""


def act(world: World, region: Region, alarm: Doc, arn: str) -> str:
    """Do it; what is to stand in the alarm's history, as CloudWatch words it."""
    verb = ec2_action(arn)
    if ":sns:" in arn:
        world.published.append(
            {"topic": arn, "alarm": alarm["AlarmName"], "state": alarm["StateValue"], "at": world.clock.now.isoformat()}
        )  # fmt: skip
    if not verb:
        return f"Successfully executed action {arn}"
    names = {one["Name"]: one["Value"] for one in alarm.get("Dimensions", [])}
    instance = region.instances.get(names.get("InstanceId", ""))
    why = "the instance does not exist" if instance is None else _run(world, region, instance, verb)
    return f"Failed to execute action {arn}: {why}" if why else f"Successfully executed action {arn}"


def _run(world: World, region: Region, instance: DemoInstance, verb: str) -> str:
    """Why it could not be done; empty when it was."""
    if instance.state != "running":
        return f"the instance is {instance.state}"
    if verb == "recover":
        return _recover(world, region, instance)
    if verb == "reboot":
        if instance.rebooting:
            return "the instance is rebooting"
        instance.reboot()
    elif verb == "stop":
        instance.stop()
    else:
        instance.terminate("Server.AlarmAction: terminated by an alarm")
    role = f"arn:aws:sts::{region.account}:assumed-role/AWSServiceRoleForCloudWatchEvents/AlarmActions"
    call = {"event": _CALLS[verb], "params": {"instancesSet": {"items": [{"instanceId": instance.id}]}},
            "agent": "events.amazonaws.com", "ip": "events.amazonaws.com"}  # fmt: skip
    cloudtrail.record(region, world.clock.now, Identity(region.account, role), call)
    return ""


def _recover(world: World, region: Region, instance: DemoInstance) -> str:
    if "system" not in instance.sick or instance.rebooting:
        return "the system status check passes" if not instance.rebooting else "the instance is being moved"
    now = world.clock.now
    instance.recoveries = [at for at in instance.recoveries if now - at < timedelta(days=1)]
    why = _unable(instance)
    if len(instance.recoveries) >= _A_DAY:
        why = f"it was recovered {_A_DAY} times in a day"
    account = world.accounts[region.account]
    told: Doc = {"region": region.name, "statusCode": "closed", "startTime": now.replace(microsecond=0)}
    if why:
        code = "AWS_EC2_INSTANCE_AUTO_RECOVERY_FAILURE"
        health.announce(
            world, account, code, [instance.id], text=f"Recovery of {instance.id} failed: {why}.", **told
        )
        return why
    instance.recoveries.append(now)

    def recovered() -> None:
        text = f"{instance.id} was recovered: it runs on other hardware now."
        code = "AWS_EC2_INSTANCE_AUTO_RECOVERY_SUCCESS"
        health.announce(world, account, code, [instance.id], text=text, **told)

    instance.recover(recovered)
    return ""


def _unable(instance: DemoInstance) -> str:
    """Why AWS cannot recover it; empty when it can."""
    if instance.recovery_fails:
        return "there is no capacity for it"
    if not type_info(instance.doc["InstanceType"])["AutoRecoverySupported"]:
        return f"{instance.doc['InstanceType']} does not support it"
    if instance.doc.get("_group"):
        return "it is a member of an Auto Scaling group"
    return "it is on a Dedicated Host" if instance.doc["Placement"].get("Tenancy") == "host" else ""
