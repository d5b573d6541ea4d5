"""The other services evac reads: sts, iam's alias, autoscaling, elbv2, cloudwatch and health. A few lines an operation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tui.demo.request import Request
from tui.demo.world import AwsError

Doc = dict[str, Any]


def GetCallerIdentity(request: Request, params: Doc) -> Doc:
    """Needs no permission."""
    return {"Account": request.identity.account, "Arn": request.identity.arn, "UserId": request.key}


def AssumeRole(request: Request, params: Doc) -> Doc:
    """Temporary keys in the account of the role."""
    key, identity = request.world.assume(params["RoleArn"], params["RoleSessionName"])
    expires = request.world.clock.now + timedelta(hours=1)
    credentials = {
        "AccessKeyId": key,
        "SecretAccessKey": "demo",
        "SessionToken": "demo",
        "Expiration": expires,
    }
    user = {"AssumedRoleId": f"AROADEMO:{params['RoleSessionName']}", "Arn": identity.arn}
    return {"Credentials": credentials, "AssumedRoleUser": user}


def ListAccountAliases(request: Request, params: Doc) -> Doc:
    """The account's alias."""
    alias = request.world.accounts[request.identity.account].alias
    return {"AccountAliases": [alias] if alias else [], "IsTruncated": False}


def _group(request: Request, name: str) -> Doc:
    group = request.region.groups.get(name)
    if group is None:
        raise AwsError("ValidationError", f"AutoScalingGroup name not found - null: {name}")
    return group


def DescribeAutoScalingInstances(request: Request, params: Doc) -> Doc:
    """Unknown ids are left out."""
    ids = params.get("InstanceIds")
    rows = []
    for box in request.region.boxes.values():
        name = box.doc.get("_group")
        if name and (not ids or box.id in ids) and box.state != "terminated":
            rows.append(
                {
                    "InstanceId": box.id,
                    "AutoScalingGroupName": name,
                    "AvailabilityZone": box.doc["Placement"]["AvailabilityZone"],
                    "LifecycleState": box.doc.get("_lifecycle", "InService"),
                    "HealthStatus": "HEALTHY" if box.state == "running" else "UNHEALTHY",
                    "ProtectedFromScaleIn": False,
                    "InstanceType": box.doc["InstanceType"],
                }
            )
    return {"AutoScalingInstances": rows}


def DescribeAutoScalingGroups(request: Request, params: Doc) -> Doc:
    """Groups and their members."""
    names = params.get("AutoScalingGroupNames") or list(request.region.groups)
    rows = []
    for name in names:
        if name not in request.region.groups:
            continue
        group = {key: value for key, value in request.region.groups[name].items() if not key.startswith("_")}
        suspended = request.region.groups[name].get("_suspended", ())
        group["SuspendedProcesses"] = [
            {"ProcessName": one, "SuspensionReason": "User suspended"} for one in suspended
        ]
        group["Instances"] = [
            {
                "InstanceId": box.id,
                "AvailabilityZone": box.doc["Placement"]["AvailabilityZone"],
                "LifecycleState": box.doc.get("_lifecycle", "InService"),
                "HealthStatus": "Healthy" if box.state == "running" else "Unhealthy",
                "ProtectedFromScaleIn": False,
            }
            for box in request.region.boxes.values()
            if box.doc.get("_group") == name and box.state != "terminated"
        ]
        rows.append(group)
    return {"AutoScalingGroups": rows}


def _standby(request: Request, params: Doc, state: str, change: int) -> Doc:
    group = _group(request, params["AutoScalingGroupName"])
    if (
        change < 0
        and params.get("ShouldDecrementDesiredCapacity")
        and group["DesiredCapacity"] + change < group["MinSize"]
    ):
        raise AwsError(
            "ValidationError",
            f"AutoScalingGroup {group['AutoScalingGroupName']} has min-size={group['MinSize']}; standby would go below it",
        )
    for one in params.get("InstanceIds", []):
        request.region.boxes[one].doc["_lifecycle"] = state
        if change > 0 or params.get("ShouldDecrementDesiredCapacity"):
            group["DesiredCapacity"] += change
    return {"Activities": []}


def EnterStandby(request: Request, params: Doc) -> Doc:
    """Fails below the minimum size (Auto Scaling guide, as-enter-exit-standby)."""
    return _standby(request, params, "Standby", -1)


def ExitStandby(request: Request, params: Doc) -> Doc:
    """Back in service."""
    return _standby(request, params, "InService", 1)


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


def DescribeTargetGroups(request: Request, params: Doc) -> Doc:
    """All of the region."""
    return {"TargetGroups": list(request.region.target_groups.values())}


def DescribeTargetHealth(request: Request, params: Doc) -> Doc:
    """A stopped target is `unused` (elbv2 model, TargetHealth)."""
    arn = params["TargetGroupArn"]
    if arn not in request.region.target_groups:
        raise AwsError("TargetGroupNotFound", "One or more target groups not found")
    rows = []
    for target, health in request.region.targets.get(arn, {}).items():
        box = request.region.boxes.get(target)
        down = box is None or box.state != "running"
        state: Doc = {"State": "unused", "Reason": "Target.InvalidState"} if down else {"State": health}
        rows.append({"Target": {"Id": target, "Port": 80}, "TargetHealth": state})
    return {"TargetHealthDescriptions": rows}


def DeregisterTargets(request: Request, params: Doc) -> Doc:
    """Out of the group."""
    for target in params["Targets"]:
        request.region.targets.get(params["TargetGroupArn"], {}).pop(target["Id"], None)
    return {}


def RegisterTargets(request: Request, params: Doc) -> Doc:
    """Into the group."""
    for target in params["Targets"]:
        request.region.targets.setdefault(params["TargetGroupArn"], {})[target["Id"]] = "healthy"
    return {}


def DescribeAlarms(request: Request, params: Doc) -> Doc:
    """Those put here."""
    return {"MetricAlarms": list(request.region.alarms.values()), "CompositeAlarms": []}


def PutMetricAlarm(request: Request, params: Doc) -> Doc:
    """Overwrites one of the same name whole (cloudwatch model, PutMetricAlarm)."""
    request.region.alarms[params["AlarmName"]] = {**params, "StateValue": "INSUFFICIENT_DATA"}
    return {}


def ListMetrics(request: Request, params: Doc) -> Doc:
    """None."""
    return {"Metrics": []}


def _health(request: Request) -> None:
    if not request.world.accounts[request.identity.account].health:
        raise AwsError("SubscriptionRequiredException", "", 400)


def DescribeEvents(request: Request, params: Doc) -> Doc:
    """Needs a support plan, else SubscriptionRequiredException (health model)."""
    _health(request)
    return {"events": []}


def DescribeAffectedEntities(request: Request, params: Doc) -> Doc:
    """As DescribeEvents."""
    _health(request)
    return {"entities": []}
