"""A fresh look at one instance: the instance, its status, and the facts that are too dear for the list.

Each fact is asked for by itself; one that is denied or throttled is *don't know*, with its reason, and spoils no other.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from msgspec.structs import replace

from tui.aws import describe, errors, group_health, images, mapping
from tui.aws.error_codes import error_code
from tui.aws.route_tables import routes
from tui.aws.sessions import Sessions
from tui.domain.console_output import console_lines
from tui.domain.facts import ClassicBalancer, Facts, GroupMembership, TargetGroup, VolumeHealth
from tui.domain.instance import Instance, Target, TypeFacts
from tui.domain.sanitize import SafeText, clean

MOST_GROUPS = 100
"""Target groups asked for their health, a call each; a region with more is not searched."""


def inspect_instance(sessions: Sessions, target: Target, instance_id: str, now: datetime) -> Instance | None:
    """The instance as it is, status included; None if AWS no longer has it. Raises what botocore raises."""
    client = sessions.client(target.profile, "ec2", target.region)
    try:
        answer = client.describe_instances(InstanceIds=[instance_id])
        if "Reservations" not in answer:
            raise errors.NotAws("no Reservations in it")
        items = [item for one in answer["Reservations"] for item in one.get("Instances", ())]
        status = client.describe_instance_status(InstanceIds=[instance_id], IncludeAllInstances=True)
    except ClientError as error:
        if error_code(error).startswith("InvalidInstanceID"):
            return None
        raise
    if "InstanceStatuses" not in status:
        raise errors.NotAws("no InstanceStatuses in it")
    rows = [mapping.map_instance(item, target.region, now) for item in items]
    row = next((row for row in rows if row.instance_id == instance_id), None)
    if row is None:
        return None
    row = replace(row, target=target)
    for one in map(mapping.status, status["InstanceStatuses"]):
        if one.instance_id == instance_id:
            return replace(row, checks=one.checks, events=one.events, status_at=now)
    return row


def closely(
    sessions: Sessions,
    target: Target,
    instance_id: str,
    threads: Executor,
    account_id: str | None = None,
    console: bool = False,
) -> tuple[Instance | None, Facts | None]:
    """The instance and its facts. Raises OtherAccount where the credentials are no longer that account's."""
    now = datetime.now(UTC)
    row = inspect_instance(sessions, target, instance_id, now)
    found = describe.account(sessions, target.profile)
    if account_id is not None and found != account_id:
        raise errors.OtherAccount(target.profile, found, account_id)
    if row is None:
        return None, None
    row = replace(row, account_id=found, profiles=(clean(target.profile),))
    return row, facts(sessions, row, now, threads, console=console)


def facts(
    sessions: Sessions, row: Instance, now: datetime, threads: Executor, *, console: bool = False
) -> Facts:
    """All facts, asked for side by side. Never raises for AWS: see `Facts.unknown`."""
    profile, region, instance_id = row.target.profile, row.target.region, str(row.instance_id)
    ec2 = sessions.client(profile, "ec2", region)
    questions: dict[str, Callable[[], Any]] = {
        "type": lambda: _type(ec2, str(row.instance_type)),
        "stop_protection": lambda: _flag(ec2, instance_id, "disableApiStop", "DisableApiStop"),
        "termination_protection": lambda: _flag(
            ec2, instance_id, "disableApiTermination", "DisableApiTermination"
        ),
        "shutdown_behavior": lambda: _shutdown(ec2, instance_id),
        "membership": lambda: _membership(sessions, row),
        "target_groups": lambda: _target_groups(sessions, row),
        "classic_balancers": lambda: _classic(sessions, row),
        "images": lambda: images.of(ec2, instance_id),
        "volumes": lambda: _volumes(ec2, row),
        "routes": lambda: routes(ec2, row),
    }
    if row.spot_request:
        questions["spot_type"] = lambda: _spot(ec2, str(row.spot_request))
    if row.host_id:
        questions["host_state"] = lambda: _host(ec2, str(row.host_id))
    if console:
        questions["console"] = lambda: _console(ec2, instance_id)
    asked = {name: threads.submit(question) for name, question in questions.items()}
    values: dict[str, Any] = {}
    unknown: list[tuple[str, SafeText]] = []
    for name, answer in asked.items():
        try:
            values[name] = answer.result()
        except Exception as error:
            unknown.append((name, clean(describe.trouble_of(sessions, error, profile, region).line)))
    if "console" in values:
        values["console"], values["console_at"], values["console_latest"] = values["console"]
    return Facts(now, **values, unknown=tuple(unknown))


def _type(ec2: Any, name: str) -> TypeFacts | None:
    return describe.types(ec2, [name]).get(name)


def _attribute(ec2: Any, instance_id: str, name: str, member: str) -> Any:
    answer = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=name)
    if member not in answer:
        raise errors.NotAws(f"no {member} in it")
    return answer[member].get("Value")


def _flag(ec2: Any, instance_id: str, name: str, member: str) -> bool | None:
    value = _attribute(ec2, instance_id, name, member)
    return value if isinstance(value, bool) else None


def _shutdown(ec2: Any, instance_id: str) -> SafeText:
    name = "instanceInitiatedShutdownBehavior"
    return clean(_attribute(ec2, instance_id, name, "InstanceInitiatedShutdownBehavior"))


def _membership(sessions: Sessions, row: Instance) -> tuple[GroupMembership, ...]:
    client = sessions.client(row.target.profile, "autoscaling", row.target.region)
    answer = client.describe_auto_scaling_instances(InstanceIds=[str(row.instance_id)])
    if "AutoScalingInstances" not in answer:
        raise errors.NotAws("no AutoScalingInstances in it")
    found = []
    for item in answer["AutoScalingInstances"]:
        name = item.get("AutoScalingGroupName", "")
        groups = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name]).get("AutoScalingGroups")
        group = groups[0] if groups else {}
        up, ill = group_health.scaling(group.get("Instances") or ())
        suspended = [one.get("ProcessName") for one in group.get("SuspendedProcesses") or ()]
        found.append(
            GroupMembership(
                clean(name),
                clean(item.get("LifecycleState")),
                clean(item.get("HealthStatus")),
                group.get("MinSize"),
                group.get("DesiredCapacity"),
                "ReplaceUnhealthy" in suspended if group else None,
                len(up) if group else None,
                up if group else None,
                ill,
                sum(why in ("Standby", "EnteringStandby") for _, why in ill),
            )
        )
    return tuple(found)


def _target_groups(sessions: Sessions, row: Instance) -> tuple[TargetGroup, ...]:
    client = sessions.client(row.target.profile, "elbv2", row.target.region)
    groups: list[Any] = []
    for page in client.get_paginator("describe_target_groups").paginate():
        if "TargetGroups" not in page:
            raise errors.NotAws("no TargetGroups in it")
        groups += [
            one
            for one in page["TargetGroups"]
            if not row.vpc_id or one.get("VpcId", row.vpc_id) == row.vpc_id
        ]
    if len(groups) > MOST_GROUPS:
        raise errors.NotAws(f"{len(groups)} target groups, more than evac searches")
    mine = {str(row.instance_id), str(row.private_ip)}
    found = []
    for group in groups:
        members = client.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        health = members.get("TargetHealthDescriptions")
        if health is None:
            raise errors.NotAws("no TargetHealthDescriptions in it")
        states = [
            (one["Target"].get("Id"), one["Target"].get("Port"), one["TargetHealth"].get("State"))
            for one in health
        ]
        up, ill = group_health.targets(health)
        for identity, port, state in states:
            if identity in mine:
                found.append(
                    TargetGroup(
                        clean(group.get("TargetGroupName")),
                        clean(group["TargetGroupArn"]),
                        clean(state),
                        sum(one[2] == "healthy" for one in states),
                        len(states),
                        port,
                        clean(identity),
                        up,
                        ill,
                    )
                )
    return tuple(found)


def _classic(sessions: Sessions, row: Instance) -> tuple[ClassicBalancer, ...]:
    """Those that have this instance registered: their list names all members (elb model), so only those are asked more."""
    client = sessions.client(row.target.profile, "elb", row.target.region)
    mine: list[str] = []
    for page in client.get_paginator("describe_load_balancers").paginate():
        if "LoadBalancerDescriptions" not in page:
            raise errors.NotAws("no LoadBalancerDescriptions in it")
        for one in page["LoadBalancerDescriptions"]:
            members = {member.get("InstanceId") for member in one.get("Instances") or ()}
            mine += [one["LoadBalancerName"]] if str(row.instance_id) in members else []
    found = []
    for name in mine:
        states = client.describe_instance_health(LoadBalancerName=name).get("InstanceStates")
        if states is None:
            raise errors.NotAws("no InstanceStates in it")
        state = next((one.get("State") for one in states if one.get("InstanceId") == row.instance_id), "")
        up, ill = group_health.classic(states)
        found.append(ClassicBalancer(clean(name), clean(state), len(up), len(states), up, ill))
    return tuple(found)


def _volumes(ec2: Any, row: Instance) -> tuple[VolumeHealth, ...]:
    ids = [str(volume.volume_id) for volume in row.volumes]
    if not ids:
        return ()  # an empty list would ask for every volume of the region
    found = []
    for page in describe.pages(ec2.describe_volume_status, "VolumeStatuses", VolumeIds=ids):
        for item in page:
            status = item.get("VolumeStatus") or {}
            details = {one.get("Name"): one.get("Status") for one in status.get("Details") or ()}
            found.append(
                VolumeHealth(
                    clean(item.get("VolumeId")),
                    clean(status.get("Status")),
                    clean(details.get("io-enabled")),
                    clean(details.get("io-performance")),
                )
            )
    return tuple(found)


def _spot(ec2: Any, request_id: str) -> SafeText | None:
    answer = ec2.describe_spot_instance_requests(SpotInstanceRequestIds=[request_id])
    return next((clean(one.get("Type")) for one in answer.get("SpotInstanceRequests") or ()), None)


def _host(ec2: Any, host_id: str) -> SafeText | None:
    answer = ec2.describe_hosts(HostIds=[host_id])
    return next((clean(one.get("State")) for one in answer.get("Hosts") or ()), None)


def _console(ec2: Any, instance_id: str) -> tuple[tuple[SafeText, ...], datetime | None, bool]:
    """Lines, when AWS took them, and whether that is the newest output there is: where the hypervisor cannot give that, it is
    what was kept (botocore model, GetConsoleOutputRequest.Latest: Nitro only).
    """
    latest = True
    try:
        answer = ec2.get_console_output(InstanceId=instance_id, Latest=True)
    except ClientError as error:
        if error_code(error) != "UnsupportedOperation":
            raise
        answer, latest = ec2.get_console_output(InstanceId=instance_id), False
    output = answer.get("Output")
    return console_lines(output) if output else (), mapping.utc_time(answer.get("Timestamp")), latest
