"""The allow-list. On every session, so on every client made from it, before anything is sent.

`before-call` names service and operation and comes before every request a client makes; `before-sign` follows for every
attempt and for presigned addresses (of which none is made), so that a handler which answers the first itself wins nothing.
Credential providers make their clients from the same session: what they need to log in is in the list.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from tui.domain.alarm_settings import why_not_deleted, why_not_modified, why_not_set
from tui.errors import EvacError

LOOKS: Mapping[str, frozenset[str]] = {
    "ec2": frozenset(
        [
            "DescribeHosts",
            "DescribeImageAttribute",
            "DescribeImageReferences",
            "DescribeImages",
            "DescribeInstanceAttribute",
            "DescribeInstanceEventWindows",
            "DescribeInstanceStatus",
            "DescribeInstanceTypes",
            "DescribeInstances",
            "DescribeRegions",
            "DescribeRouteTables",
            "DescribeSnapshots",
            "DescribeSpotInstanceRequests",
            "DescribeVolumeStatus",
            "DescribeVolumes",
            "GetConsoleOutput",
            "GetConsoleScreenshot",
        ]
    ),
    "autoscaling": frozenset(
        {"DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "DescribeLaunchConfigurations"}
    ),
    "backup": frozenset(
        [
            "DescribeRegionSettings",
            "GetBackupPlan",
            "GetBackupSelection",
            "ListBackupPlans",
            "ListBackupSelections",
            "ListProtectedResources",
            "ListRecoveryPointsByResource",
        ]
    ),
    "cloudtrail": frozenset({"LookupEvents"}),
    "cloudwatch": frozenset(
        {"DescribeAlarms", "GetMetricData", "GetMetricStatistics", "ListMetrics", "ListTagsForResource"}
    ),
    "dlm": frozenset({"GetLifecyclePolicies", "GetLifecyclePolicy"}),
    "elb": frozenset({"DescribeLoadBalancers", "DescribeInstanceHealth"}),
    "elbv2": frozenset({"DescribeTargetGroups", "DescribeTargetHealth"}),
    "health": frozenset({"DescribeAffectedEntities", "DescribeEventDetails", "DescribeEvents"}),
    "iam": frozenset({"ListAccountAliases"}),
    "ssm": frozenset({"DescribeInstanceInformation"}),
    "sts": frozenset({"DecodeAuthorizationMessage", "GetCallerIdentity"}),
}
"""botocore's service name → what evac itself asks, and nothing it might once ask: docs/iam.md is made from it."""

LOGINS: Mapping[str, frozenset[str]] = {
    "sts": frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"}),
    "sso": frozenset({"GetRoleCredentials"}),
    "sso-oidc": frozenset({"CreateToken"}),
    "signin": frozenset({"CreateOAuth2Token"}),
}
"""How botocore obtains and renews credentials."""

PREFIXES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}
"""botocore's name of a service → IAM's, where they differ."""
_CHANGING = {"GetConsoleScreenshot": "WakeUp"}
"""Parameters that make a change of a read: WakeUp presses a key in the guest (EC2 API, GetConsoleScreenshot)."""

READS: Mapping[str, frozenset[str]] = {
    service: LOOKS.get(service, frozenset()) | LOGINS.get(service, frozenset())
    for service in (*LOOKS, *LOGINS)
}


@cache
def writes() -> frozenset[str]:
    """What the actions' steps declare, and nothing else, however the program errs. Who only reads never loads them."""
    from tui.domain.steps import sendable

    return frozenset(f"{service}:{operation}" for service, operation in sendable())


class CallNotAllowedError(EvacError):
    """Something tried to send what this session may not. `why`: of a call that it may make, but not with these parameters."""

    def __init__(self, service: str, operation: str, why: str = "") -> None:
        self.service, self.operation = service, operation
        rest = f", {why}" if why else " is not among the calls this process may make"
        super().__init__(f"refused: {service}:{operation}{rest}")


class GuardedError(CallNotAllowedError):
    """A rule of the settings or the site policy forbids it, though its profile's name alone would not."""

    def __init__(self, why: str) -> None:
        EvacError.__init__(self, why)


class NotDemoError(EvacError):
    """A demonstration tried to leave this machine."""


def allowed(service: str, operation: str, granted: Collection[str] = ()) -> bool:
    """Whether the call may be sent. `granted` holds `service:operation` of the declared mutating calls."""
    return operation in READS.get(service, ()) or f"{service}:{operation}" in granted


def install_allowlist(events: Any, *, mutating: bool = False, topics: Collection[str] = ()) -> None:
    """Put the guard on a session's event system, ahead of every other handler. `topics`: what an alarm may tell (whole ARNs).

    A request refused raises CallNotAllowedError out of the client's method.
    """
    granted = writes() if mutating else frozenset[str]()

    def check(model: Any, params: Any = None, **_: Any) -> None:
        service, operation = model.service_model.service_name, model.name
        sent = params.get("body") if isinstance(params, dict) else None
        if not allowed(service, operation, granted) or _changes(operation, sent):
            raise CallNotAllowedError(service, operation)
        if why := why_not_so(operation, sent, topics):
            raise CallNotAllowedError(service, operation, why)

    def check_signature(request: Any, operation_name: str, event_name: str, **told: Any) -> None:
        # The event carries the service's id (`before-sign.auto-scaling.X`), not botocore's name of it.
        known = {name for names in READS.values() for name in names} | {
            one.partition(":")[2] for one in granted
        }
        # An address signed in advance can be used by whoever sees it, later and elsewhere: evac has no use for one.
        presigned = str(told.get("signature_version", "")).endswith(("-query", "-presign-post"))
        if presigned or operation_name not in known or _changes(operation_name, request.data):
            raise CallNotAllowedError(event_name.split(".")[1], operation_name)
        if why := _another(operation_name, request) or why_not_so(operation_name, request.data, topics):
            raise CallNotAllowedError(event_name.split(".")[1], operation_name, why)

    events.register_first("before-call", check, unique_id="evac-read-only")
    events.register_first("before-sign", check_signature, unique_id="evac-read-only-signature")


def _changes(operation: str, body: Any) -> bool:
    """Whether this read, as it would be sent, has the parameter that makes a change of it; a body that is no table may."""
    if (name := _CHANGING.get(operation)) is None:
        return False
    return not isinstance(body, Mapping) or str(body.get(name, "false")).lower() != "false"


def why_not_so(operation: str, body: Any, topics: Collection[str]) -> str:
    """Why the call may not be sent with these parameters, as they would be sent; empty: it may.

    A body that can't be read is no proof that it may. Which calls are looked at: those that could do more than evac is for.
    """
    rule = _PARAMETERS.get(operation)
    if rule is None:
        return ""
    params = _params(body)
    return "its parameters can't be read" if params is None else rule(params, topics)


def _alarm_set(params: Mapping[str, Any], topics: Collection[str]) -> str:
    from tui.domain.steps.base import OPERATION_TAG  # who only reads never loads it

    tags = params.get("Tags", [])
    ours = isinstance(tags, list) and all(
        isinstance(one, dict) and set(one) == {"Key", "Value"} and one["Key"] == OPERATION_TAG for one in tags
    )
    if not ours or len(tags) > 1:
        return "an alarm is tagged with its operation alone"
    return why_not_set({key: value for key, value in params.items() if key != "Tags"}, topics)


_PARAMETERS: Mapping[str, Callable[[Mapping[str, Any], Collection[str]], str]] = {
    "DeleteAlarms": lambda params, topics: why_not_deleted(params),
    "ModifyInstanceMaintenanceOptions": lambda params, topics: why_not_modified(params),
    "PutMetricAlarm": _alarm_set,
}
"""The calls that could do more than evac is for, and why they may not be sent with some parameters."""


def _params(body: Any) -> Mapping[str, Any] | None:
    """A form's fields, or a JSON object's members; None where it is neither."""
    if isinstance(body, Mapping):
        return {key: value for key, value in body.items() if key not in ("Action", "Version")}
    try:
        found = json.loads(body)
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _another(operation: str, request: Any) -> str:
    """Why the request is another than it is called, if it is: the service goes by the form's Action or the header's target."""
    body = request.data
    action = body.get("Action", operation) if isinstance(body, Mapping) else operation
    target = request.headers.get("X-Amz-Target", operation)
    target = target.decode("latin-1") if isinstance(target, bytes) else str(target)
    same = action == operation and target.rpartition(".")[2] == operation
    return "" if same else "the request is of another call than it is named for"


def install_demo(events: Any) -> None:
    """Refuse every host but this machine: a demonstration must not reach AWS even when a setting is lost."""

    def check(request: Any, **_: Any) -> None:
        host = urlsplit(request.url).hostname or ""
        try:
            local = ipaddress.ip_address(host).is_loopback
        except ValueError:
            local = host == "localhost"
        if not local:
            raise NotDemoError(f"refused: the demonstration tried to reach {host}")

    events.register_first("before-send", check, unique_id="evac-demo")
