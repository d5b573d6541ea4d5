"""The allow-list. On every session, so on every client made from it, before anything is sent.

`before-call` names service and operation and comes before every request a client makes; `before-sign` follows for every
attempt and for presigned addresses (of which none is made), so that a handler which answers the first itself wins nothing.
Credential providers make their clients from the same session: what they need to log in is in the list.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from tui.errors import EvacError

LOOKS: Mapping[str, frozenset[str]] = {
    "ec2": frozenset(
        [
            "DescribeHosts",
            "DescribeImages",
            "DescribeInstanceAttribute",
            "DescribeInstanceStatus",
            "DescribeInstanceTypes",
            "DescribeInstances",
            "DescribeRegions",
            "DescribeRouteTables",
            "DescribeSnapshots",
            "DescribeSpotInstanceRequests",
            "DescribeVolumeStatus",
            "GetConsoleOutput",
            "GetConsoleScreenshot",
        ]
    ),
    "autoscaling": frozenset({"DescribeAutoScalingInstances", "DescribeAutoScalingGroups"}),
    "backup": frozenset({"ListProtectedResources"}),
    "cloudtrail": frozenset({"LookupEvents"}),
    "cloudwatch": frozenset(
        {"DescribeAlarms", "GetMetricData", "GetMetricStatistics", "ListMetrics", "ListTagsForResource"}
    ),
    "elb": frozenset({"DescribeLoadBalancers", "DescribeInstanceHealth"}),
    "elbv2": frozenset({"DescribeTargetGroups", "DescribeTargetHealth"}),
    "health": frozenset({"DescribeAffectedEntities", "DescribeEventDetails", "DescribeEvents"}),
    "iam": frozenset({"ListAccountAliases"}),
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
    """Something tried to send what this session may not."""

    def __init__(self, service: str, operation: str) -> None:
        self.service, self.operation = service, operation
        super().__init__(f"refused: {service}:{operation} is not among the calls this process may make")


class GuardedError(CallNotAllowedError):
    """A rule of the settings or the site policy forbids it, though its profile's name alone would not."""

    def __init__(self, why: str) -> None:
        EvacError.__init__(self, why)


class NotDemoError(EvacError):
    """A demonstration tried to leave this machine."""


def allowed(service: str, operation: str, granted: Collection[str] = ()) -> bool:
    """Whether the call may be sent. `granted` holds `service:operation` of the declared mutating calls."""
    return operation in READS.get(service, ()) or f"{service}:{operation}" in granted


def install_allowlist(events: Any, *, mutating: bool = False) -> None:
    """Put the guard on a session's event system, ahead of every other handler.

    A request refused raises CallNotAllowedError out of the client's method.
    """
    granted = writes() if mutating else frozenset[str]()

    def check(model: Any, params: Any = None, **_: Any) -> None:
        service, operation = model.service_model.service_name, model.name
        sent = params.get("body") if isinstance(params, dict) else None
        if not allowed(service, operation, granted) or _changes(operation, sent):
            raise CallNotAllowedError(service, operation)

    def check_signature(request: Any, operation_name: str, event_name: str, **told: Any) -> None:
        # The event carries the service's id (`before-sign.auto-scaling.X`), not botocore's name of it.
        known = {name for names in READS.values() for name in names} | {
            one.partition(":")[2] for one in granted
        }
        # An address signed in advance can be used by whoever sees it, later and elsewhere: evac has no use for one.
        presigned = str(told.get("signature_version", "")).endswith(("-query", "-presign-post"))
        if presigned or operation_name not in known or _changes(operation_name, request.data):
            raise CallNotAllowedError(event_name.split(".")[1], operation_name)

    events.register_first("before-call", check, unique_id="evac-read-only")
    events.register_first("before-sign", check_signature, unique_id="evac-read-only-signature")


def _changes(operation: str, body: Any) -> bool:
    """Whether this read, as it would be sent, has the parameter that makes a change of it; a body that is no table may."""
    if (name := _CHANGING.get(operation)) is None:
        return False
    return not isinstance(body, Mapping) or str(body.get(name, "false")).lower() != "false"


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
