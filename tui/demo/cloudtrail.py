"""CloudTrail: who changed what, from the calls this AWS was sent and from what the sample's failures say happened.

Sources: cloudtrail model (LookupEvents: one attribute, 50 a page, 90 days, newest first, 2 a second), CloudTrail guide,
cloudtrail-event-reference-record-contents and cloudtrail-event-reference-user-identity; "about five minutes" until a call can be
looked up: cloudtrail guide, how-cloudtrail-works. Only EC2's calls are kept here, reads with an instance's id among them.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.demo.request import READS, Request
from tui.demo.world import AwsError, Identity, Region

Doc = dict[str, Any]
DELAY = 300.0
"""AWS's seconds until an event can be looked up."""
_KEPT, _PAGE = timedelta(days=90), 50
_TYPES = {
    "i": "Instance",
    "vol": "Volume",
    "sg": "SecurityGroup",
    "eni": "NetworkInterface",
    "ami": "Ami",
    "snap": "Snapshot",
}
_ID = re.compile(r"(i|vol|sg|eni|ami|snap)-[0-9a-f]{8,17}")
_LISTS = {"instanceIds": ("instancesSet", "instanceId"), "resources": ("resourcesSet", "resourceId")}


def record(region: Region, at: datetime, identity: Identity, call: Mapping[str, Any]) -> None:
    """Keep an event. `call`: event, params (as CloudTrail writes them), and if there are any key, agent, ip, error, message."""
    names = list(dict.fromkeys(_names(call["params"])))
    read = call["event"].startswith(READS)
    if read and not names:
        return
    region.trail.append(_event(region, at, identity, call, names, read=read))


def of_call(params: Mapping[str, Any]) -> Doc:
    """A request's parameters as CloudTrail writes them: lower camel case, EC2's lists as sets of items."""
    found: Doc = {}
    for name, value in params.items():
        key = name[:1].lower() + name[1:]
        if key in _LISTS and isinstance(value, list):
            key, item = _LISTS[key]
            found[key] = {"items": [{item: one} for one in value]}
        elif isinstance(value, Mapping):
            found[key] = of_call(value)
        elif isinstance(value, list):
            found[key] = {"items": [of_call(one) if isinstance(one, Mapping) else one for one in value]}
        elif isinstance(value, datetime):
            found[key] = f"{value:%b %d, %Y %I:%M:%S %p}"
        else:
            found[key] = value
    return found


def _names(params: Any) -> Iterator[str]:
    if isinstance(params, Mapping):
        for value in params.values():
            yield from _names(value)
    elif isinstance(params, list):
        for value in params:
            yield from _names(value)
    elif isinstance(params, str) and _ID.fullmatch(params):
        yield params


def _event(
    region: Region, at: datetime, identity: Identity, call: Mapping[str, Any], names: list[str], *, read: bool
) -> Doc:
    user, key = identity.arn.rsplit("/", 1)[-1], call.get("key", "")
    event_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{at}{call['event']}{names}{key}{len(region.trail)}"))
    at = at.replace(microsecond=0)
    told: Doc = {
        "eventVersion": "1.10", "userIdentity": _identity(identity, user, key), "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "ec2.amazonaws.com", "eventName": call["event"], "awsRegion": region.name,
        "sourceIPAddress": call.get("ip", "192.0.2.44"), "userAgent": call.get("agent", ""),
        "requestParameters": call["params"], "responseElements": None, "requestID": event_id, "eventID": event_id,
        "readOnly": read, "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": region.account,
        "eventCategory": "Management",
    }  # fmt: skip
    if call.get("error"):
        told["errorCode"], told["errorMessage"] = call["error"], call.get("message", "")
    resources = [
        {"ResourceType": f"AWS::EC2::{_TYPES[one.split('-')[0]]}", "ResourceName": one} for one in names
    ]
    return {
        "EventId": event_id, "EventName": call["event"], "ReadOnly": str(read).lower(), "AccessKeyId": key, "EventTime": at,
        "EventSource": "ec2.amazonaws.com", "Username": user, "Resources": resources, "CloudTrailEvent": json.dumps(told),
    }  # fmt: skip


def _identity(identity: Identity, user: str, key: str) -> Doc:
    doc: Doc = {"type": "IAMUser", "principalId": "AIDADEMO", "arn": identity.arn, "accountId": identity.account,
                "accessKeyId": key, "userName": user}  # fmt: skip
    if ":assumed-role/" in identity.arn:
        role = identity.arn.split("/")[1]
        issuer = {"type": "Role", "principalId": "AROADEMO", "accountId": identity.account, "userName": role,
                  "arn": f"arn:aws:iam::{identity.account}:role/{role}"}  # fmt: skip
        doc |= {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}}
        del doc["userName"]
    return doc


def _launches(request: Request, name: str) -> list[Doc]:
    """That the sample's instance was launched: nobody saw the call, it is older than this AWS."""
    instance = request.region.instances.get(name)
    if instance is None or instance.ran.first is None:
        return []
    first = instance.ran.first.astimezone(UTC)
    who = Identity(request.region.account, f"arn:aws:iam::{request.region.account}:user/ci")
    kind = instance.doc["InstanceType"]
    call = {
        "event": "RunInstances",
        "params": {"instanceType": kind, "imageId": instance.doc["ImageId"]},
        "agent": "terraform",
    }
    return [_event(request.region, first, who, call, [name], read=False)]


def LookupEvents(request: Request, params: Doc) -> Doc:
    """Those of one attribute, newest first."""
    wanted = params.get("LookupAttributes", [])
    now, most = request.world.clock.now, params.get("MaxResults", _PAGE)
    if len(wanted) > 1:
        raise AwsError("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    if not 1 <= most <= _PAGE:
        raise AwsError("InvalidMaxResultsException", "MaxResults must be between 1 and 50.")
    start, end = params.get("StartTime", now - _KEPT), params.get("EndTime", now)
    if start > end:
        raise AwsError("InvalidTimeRangeException", "StartTime is after EndTime.")
    events = list(reversed(request.region.trail))  # of one second the latest first
    key, value = (wanted[0]["AttributeKey"], wanted[0]["AttributeValue"]) if wanted else ("", "")
    if key == "ResourceName":
        events += _launches(request, value)
    limit = min(end, now - timedelta(seconds=DELAY / request.world.clock.speed))
    since = max(start, now - _KEPT)
    events = [one for one in events if since <= one["EventTime"] <= limit and _fits(one, key, value)]
    events.sort(key=lambda one: one["EventTime"], reverse=True)
    at = _offset(params)
    answer: Doc = {"Events": events[at : at + most]}
    if len(events) > at + most:
        answer["NextToken"] = f"e{at + most}"
    return answer


def _offset(params: Doc) -> int:
    token = params.get("NextToken") or "e0"
    if not re.fullmatch(r"e\d+", token):
        raise AwsError("InvalidNextTokenException", "The token is not valid.")
    return int(token[1:])


def _fits(event: Doc, key: str, value: str) -> bool:
    match key:
        case "":
            return True
        case "ResourceName" | "ResourceType":
            return any(one[key] == value for one in event["Resources"])
        case "EventId" | "EventName" | "ReadOnly" | "Username" | "EventSource" | "AccessKeyId":
            return bool(event[key] == value)
    raise AwsError("InvalidLookupAttributesException", f"{key} is not a lookup attribute.")
