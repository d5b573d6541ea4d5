"""What exists: accounts, who may ask, regions, and everything in them, kept in boto3's own shapes."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tui.demo.clock import Clock
from tui.demo.instance import DemoInstance

Doc = dict[str, Any]


DENIALS = 1000
"""Encoded messages that can still be decoded."""


class AwsError(Exception):
    """An error as AWS answers it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


@dataclass
class Identity:
    """An access key's identity. `allow` and `deny` are globs over `service:Operation`, deny is the stronger.

    `denied_regions` answer as a disabled region does.
    """

    account: str
    arn: str
    allow: tuple[str, ...] = ("*",)
    expired: bool = False
    denied_regions: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def may(self, service: str, operation: str) -> bool:
        """Whether a policy of this identity allows the call."""
        name = f"{service}:{operation}"
        if any(fnmatchcase(name, pattern) for pattern in self.deny):
            return False
        return any(fnmatchcase(name, pattern) for pattern in self.allow)


@dataclass
class Region:
    """One region of one account."""

    account: str
    name: str
    instances: dict[str, DemoInstance] = field(default_factory=dict)
    images: dict[str, Doc] = field(default_factory=dict)
    snapshots: dict[str, Doc] = field(default_factory=dict)
    addresses: dict[str, Doc] = field(default_factory=dict)
    hosts: dict[str, Doc] = field(default_factory=dict)
    spot_requests: dict[str, Doc] = field(default_factory=dict)
    volumes: dict[str, Doc] = field(default_factory=dict)
    volume_health: dict[str, Doc] = field(default_factory=dict)
    groups: dict[str, Doc] = field(default_factory=dict)
    target_groups: dict[str, Doc] = field(default_factory=dict)
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    classic: dict[str, Doc] = field(default_factory=dict)
    route_tables: dict[str, Doc] = field(default_factory=dict)
    alarms: dict[str, Doc] = field(default_factory=dict)
    alarms_on: dict[str, set[str]] = field(default_factory=dict)  # instance id -> names of the alarms on it
    composite_alarms: dict[str, Doc] = field(default_factory=dict)
    lifecycle_policies: dict[str, Doc] = field(default_factory=dict)
    backup_plans: dict[str, Doc] = field(default_factory=dict)
    recovery_points: dict[str, list[Doc]] = field(default_factory=dict)  # by the resource's ARN
    event_windows: dict[str, Doc] = field(default_factory=dict)
    launch_templates: dict[str, str] = field(default_factory=dict)  # id -> the AMI's
    launch_configurations: dict[str, str] = field(default_factory=dict)  # name -> the AMI's id
    backup_types: dict[str, bool] = field(default_factory=lambda: {"EBS": True, "EC2": True, "RDS": True})
    alarm_history: deque[Doc] = field(default_factory=lambda: deque(maxlen=5000))
    another: Any = None  # makes an instance like a given one, pending; set by whoever builds instances here
    trail: deque[Doc] = field(default_factory=lambda: deque(maxlen=5000))  # CloudTrail's events, as they came
    launched: dict[str, list[str]] = field(default_factory=dict)  # ClientToken -> instance ids


@dataclass
class Account:
    """One account. `health` is whether it has a support plan with AWS Health's API."""

    number: str
    alias: str = ""
    health: bool = False
    health_events: list[Doc] = field(default_factory=list)


REGIONS = {
    "us-east-1": "opt-in-not-required", "us-east-2": "opt-in-not-required", "us-west-2": "opt-in-not-required",
    "eu-west-1": "opt-in-not-required", "eu-central-1": "opt-in-not-required", "ap-northeast-1": "opt-in-not-required",
    "ap-northeast-2": "opt-in-not-required", "ap-southeast-1": "opt-in-not-required", "me-south-1": "not-opted-in",
    "ap-east-1": "not-opted-in",
}  # fmt: skip


class World:
    """Everything there is. For `lag` seconds describes answer from before a change (developer guide, eventual-consistency)."""

    def __init__(self, clock: Clock, seed: int = 7, lag: float = 0.0) -> None:
        self.clock = clock
        self.lag = lag
        self.sparse = False
        self.health_region = "us-east-1"  # where AWS Health is active: what a request to it is signed for
        self.random = random.Random(seed)
        self.accounts: dict[str, Account] = {}
        self.identities: dict[str, Identity] = {}
        self.regions: dict[tuple[str, str], Region] = {}
        self.denials: dict[str, Doc] = {}
        self.published: deque[Doc] = deque(maxlen=5000)  # what alarms sent to topics
        self.revision = 0
        self.watches: list[Any] = []
        clock.told = self.watched

    def watched(self) -> None:
        """Count every watched group again: something has changed."""
        for one in self.watches:
            one.count()

    def region(self, account: str, name: str) -> Region:
        """A region of an account, made at first touch."""
        return self.regions.setdefault((account, name), Region(account, name))

    def hex_id(self, prefix: str) -> str:
        """A new id, such as `i-0…`."""
        return f"{prefix}-0{self.random.getrandbits(64):016x}"

    def identity(self, access_key: str, service: str = "ec2") -> Identity:
        """The identity of an access key. An unknown one is AuthFailure to EC2, and InvalidClientTokenId to the other services.

        Without a key: nobody, who may only ask STS for credentials (AssumeRoleWithWebIdentity is not signed).
        """
        if not access_key:
            return NOBODY
        known = self.identities.get(access_key)
        if known is None and service != "ec2":
            raise AwsError(
                "InvalidClientTokenId", "The security token included in the request is invalid.", 403
            )
        if known is None:
            raise AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
        return known

    def deny(self, identity: Identity, service: str, operation: str) -> str:
        """The message of a denial, encoded as AWS's is: only DecodeAuthorizationMessage tells what it says."""
        token = f"demo{uuid.uuid4().hex}"
        if len(self.denials) >= DENIALS:
            self.denials.clear()
        context = {"principal": {"arn": identity.arn}, "action": f"{service}:{operation}", "resource": "*"}
        self.denials[token] = {"allowed": False, "explicitDeny": False, "context": context}
        return f"You are not authorized to perform this operation. Encoded authorization failure message: {token}"

    def assume(self, role_arn: str, session: str) -> tuple[str, Identity]:
        """Temporary credentials of a role in the account its ARN names.

        The key follows from the ARN, so that what a client kept from an earlier demonstration still opens this one: the
        AWS CLI keeps such keys in ~/.aws/cli/cache for an hour.
        """
        account = role_arn.split(":")[4]
        if account not in self.accounts:
            raise AwsError(
                "AccessDenied", f"not authorized to perform: sts:AssumeRole on resource: {role_arn}", 403
            )
        key = f"ASIA{hashlib.sha256(role_arn.encode()).hexdigest()[:16].upper()}"
        role = role_arn.rsplit("/", 1)[-1]
        allow = ("*",) if "read" not in role.lower() else READ_ONLY
        identity = Identity(account, f"arn:aws:sts::{account}:assumed-role/{role}/{session}", allow)
        self.identities[key] = identity
        return key, identity


NOBODY = Identity("", "", ("sts:AssumeRoleWithWebIdentity",))
READ_ONLY = ("*:Describe*", "*:Get*", "*:List*", "cloudtrail:Lookup*", "sts:*")
