"""A start that AWS accepts and that falls back to stopped: what its StateReason means, and what a person can do.

Sources: botocore model, StateReason (the codes and their meaning); user guide, troubleshooting-launch; re:Post,
kms-iam-ec2-permission (the encrypted volume: whoever calls StartInstances needs kms:CreateGrant on the volume's key).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tui.domain.retry import RetryPolicy
from tui.domain.steps.base import GRACE, Order, Seen, StepHistory, started_since

AFTER_FAILED_START = RetryPolicy(GRACE.total_seconds(), 300.0)
LOUD = 2
"""So many bounces, and a person is told: the first may be an accident of AWS's."""


class Why(NamedTuple):
    """What the code means, and what helps."""

    words: str
    helps: str


_WHY = {
    "Client.InternalError": Why(
        "most often an encrypted volume whose KMS key these credentials may not use",
        "allow kms:CreateGrant on the key of its volumes to these credentials (CloudTrail names the denied call), and see that"
        " the key is enabled; or let somebody start it who may",
    ),
    "Client.VolumeLimitExceeded": Why(
        "the account's limit of EBS volumes or storage is exceeded",
        "delete volumes or raise the quota",
    ),
    "Client.InvalidSnapshot.NotFound": Why(
        "a snapshot that its volumes need is not there",
        "restore the snapshot, or bring the server back from its newest AMI",
    ),
    "Client.UserInitiatedShutdown": Why(
        "somebody, or a program such as a scheduler, stopped it again",
        "CloudTrail's StopInstances tells who; to leave it stopped, abandon this operation",
    ),
    "Client.UserInitiatedHibernate": Why(
        "somebody hibernated it again",
        "CloudTrail's StopInstances tells who; to leave it stopped, abandon this operation",
    ),
    "Client.InstanceInitiatedShutdown": Why(
        "its own system shuts it down while it boots",
        "read its console output (tab console); repair its disk on another instance",
    ),
    "Server.InsufficientInstanceCapacity": Why(
        "AWS has no room for it in its zone",
        "a Capacity Reservation in its zone, or another type",
    ),
    "Server.InternalError": Why(
        "an error within AWS",
        "if its volumes are encrypted allow kms:CreateGrant on their key; if it stays, open a case with AWS Support",
    ),
    "Server.ScheduledStop": Why(
        "AWS stops it: its host is to be retired",
        "read its events; if it stays, bring the server back from its newest AMI",
    ),
    "Server.SpotInstanceShutdown": Why(
        "AWS takes the Spot capacity back",
        "wait for Spot capacity",
    ),
}  # fmt: skip
_KINDS = {
    "KMS": Why(
        "the KMS key of a volume can't be used",
        "see that the key is enabled, and allow kms:CreateGrant on it to these credentials",
    ),
    "LIMITEXCEEDED": Why(
        "a quota of the account is exceeded", "raise the quota, or stop or delete what is not needed"
    ),
    "CAPACITY": Why(
        "AWS has no room for it in its zone", "a Capacity Reservation in its zone, or another type"
    ),
    "VOLUME": Why(
        "a volume it needs can't be used", "see which of its volumes is gone or in error, and replace it"
    ),
    "SNAPSHOT": Why(
        "a snapshot that its volumes need can't be used",
        "restore the snapshot, or bring the server back from its newest AMI",
    ),
}
"""Of codes that AWS's model does not list, by what is in them (upper case)."""
_UNKNOWN = Why("", "look at it in the AWS console, and at CloudTrail")
_ON_PURPOSE = ("Client.UserInitiatedShutdown", "Client.UserInitiatedHibernate", "")


def bounces(said: StepHistory) -> int:
    """How often it fell back, if it is stopped now and AWS had the time to show it: after the first start and each of these."""
    return 1 + sum(1 for one in said.attempts if one.ok is not False)


def failure_reason(seen: Seen, order: Order) -> Why:
    """Of the code AWS gives. If it was never started since, the code is still the one of the stop before."""
    if (
        not started_since(seen, order.stop_launched_at or order.launched_at)
        and seen.reason_code in _ON_PURPOSE
    ):
        return Why("and no sign of the start since", _UNKNOWN.helps)
    code = str(seen.reason_code)
    return _WHY.get(code) or next((told for part, told in _KINDS.items() if part in code.upper()), _UNKNOWN)


def failed_start_text(seen: Seen, order: Order) -> str:
    """AWS's reason, code and message, and what it means."""
    code, message = str(seen.reason_code), str(seen.reason)
    named = message if message.startswith(code) else f"{code}: {message}".strip(": ")
    return "; ".join(
        part for part in (named or "AWS gives no reason", failure_reason(seen, order).words) if part
    )


def failed_start_remedy(seen: Seen, order: Order) -> str:
    """What to do while it is tried on."""
    return f"{failure_reason(seen, order).helps}; meanwhile evac goes on starting it, ever slower"


def pause(said: StepHistory, now: datetime) -> float:
    """Seconds until it is started once more, from the latest start: two graces, four, at most five minutes."""
    last = said.latest
    since = (now - (last.intent_at if last else said.began_at)).total_seconds()
    return AFTER_FAILED_START.interval(bounces(said)) - since
