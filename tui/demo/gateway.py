"""Handles one call under one lock: authenticate, authorize, answer; and keeps the record of calls."""

from __future__ import annotations

import inspect
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from types import ModuleType
from typing import Any

from tui.demo import (
    alarms,
    balancing,
    classic,
    cloudtrail,
    cloudwatch,
    copy_plans,
    ec2_image,
    ec2_launch,
    ec2_read,
    ec2_write,
    event_windows,
    groups,
    health,
    image_use,
    protocol,
    rest_json,
    services,
    snapshots,
    ssm,
)
from tui.demo.faults import Buckets, Faults
from tui.demo.request import READS, Request
from tui.demo.world import AwsError, World

Doc = dict[str, Any]
Operation = Callable[[Request, Doc], Doc]


def _operations(*modules: ModuleType) -> dict[str, Operation]:
    return {
        name: function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name[0].isupper() and function.__module__ == module.__name__
    }


OPERATIONS = _operations(
    ec2_read, ec2_write, ec2_image, ec2_launch, snapshots, event_windows, balancing, classic, groups, alarms, cloudwatch,
    cloudtrail, health, copy_plans, image_use, services, ssm,
)  # fmt: skip


class Aws:
    """The world behind one lock, and the record of calls."""

    def __init__(self, build: Callable[[], World]) -> None:
        self._build = build
        self.world, self.faults, self.buckets = build(), Faults(), Buckets()
        self.limits, self.strict = False, False
        self.memo_seconds = 1.0
        self.calls: deque[Doc] = deque(maxlen=20_000)
        self.lock = threading.RLock()
        self._memo: dict[tuple[str, ...], bytes] = {}
        self._memo_at = (-1, 0)

    def reset(self) -> None:
        """Reset: the fleet as at the start, no faults, no calls."""
        self.world, self.faults, self.buckets = self._build(), Faults(), Buckets()
        self.strict = False
        self.calls.clear()
        self._memo.clear()

    def serve(self, op: Any, params: Doc, request: Request, dry: bool) -> bytes:
        """The answer's body. Raises AwsError."""
        world, identity = self.world, request.identity
        if identity.expired:
            code = "RequestExpired" if request.service == "ec2" else "ExpiredToken"
            raise AwsError(
                code,
                "Request has expired." if code == "RequestExpired" else "The security token is expired",
                400,
            )
        if request.region.name in identity.denied_regions:
            if request.service == "ec2":
                raise AwsError(
                    "AuthFailure", "AWS was not able to validate the provided access credentials", 401
                )
            if request.service not in ("sts", "health"):
                raise AwsError(
                    "InvalidClientTokenId", "The security token included in the request is invalid.", 403
                )
        if request.operation != "GetCallerIdentity" and not identity.may(request.service, request.operation):
            if request.service == "ec2":
                message = world.deny(identity, request.service, request.operation)
                raise AwsError("UnauthorizedOperation", message, 403)
            action = f"{request.service}:{request.operation}"
            text = f"User: {identity.arn} is not authorized to perform: {action}"
            if request.service in ("cloudtrail", "health", "dlm", "backup", "ssm"):
                raise AwsError(
                    "AccessDeniedException", text, 400 if request.service in ("cloudtrail", "ssm") else 403
                )
            raise AwsError("AccessDenied", text, 403)
        now = world.clock.now.timestamp()
        if self.limits and not self.buckets.take(
            identity.account, request.region.name, request.operation, now, len(params.get("InstanceIds", "1"))
        ):
            if request.json:
                raise AwsError("ThrottlingException", "Rate exceeded")
            raise AwsError("RequestLimitExceeded", "Request limit exceeded.", 503)
        run = OPERATIONS.get(request.operation)
        if run is None:
            raise AwsError(
                "InvalidAction", f"The action {request.operation} is not served by the embedded AWS"
            )
        if dry:
            raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        memo_key = self._memo_key(request, params)
        if memo_key in self._memo:
            return self._memo[memo_key]
        answer = run(request, params)
        world.watched()
        request_id = str(uuid.uuid4())
        if request.json:
            rest = op.service_model.protocol == "rest-json"
            return rest_json.write(op, answer) if rest else protocol.write_json(answer)
        body = protocol.write_xml(op, answer, request_id)
        if request.operation.startswith("Describe") and not world.lag:
            self._memo[memo_key] = body
        return body

    def trail(self, record: Doc, params: Doc) -> None:
        """Keep a call of EC2 for CloudTrail, one that was refused too: its code has a prefix there (`Client.`, `Server.`)."""
        identity = self.world.identities.get(record["key"])
        if identity is None:
            return
        error = "" if record["result"] == "ok" else record["result"]
        side = "Server" if error.startswith(("Insufficient", "Internal", "Unavailable")) else "Client"
        call = {
            "event": record["operation"], "params": cloudtrail.of_call(params), "key": record["key"],
            "agent": record["user_agent"], "error": error and f"{side}.{error}", "message": error,
        }  # fmt: skip
        region = self.world.region(identity.account, record["region"])
        cloudtrail.record(region, self.world.clock.now, identity, call)

    def _memo_key(self, request: Request, params: Doc) -> tuple[str, ...]:
        """Describes are kept until anything changes; what depends on the time alone lives `memo_seconds`."""
        stamp = (self.world.revision, int(time.monotonic() / self.memo_seconds))
        if stamp != self._memo_at:
            self._memo.clear()
            self._memo_at = stamp
        if not request.operation.startswith(READS):
            self.world.revision += 1
        return (
            request.identity.account,
            request.key,
            request.region.name,
            request.service,
            request.operation,
            repr(params),
        )
