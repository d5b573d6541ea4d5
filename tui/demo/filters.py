"""Filters of the Describe calls: different filters AND, values of one OR, `*` and `?` wildcards (user guide, Using_Filtering)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from tui.demo.world import AwsError

Doc = dict[str, Any]
Getter = Callable[[Doc], Iterable[Any]]


def at(*path: str) -> Getter:
    """The values at a path of keys; a list on the way fans out."""

    def get(doc: Any) -> list[Any]:
        found = [doc]
        for key in path:
            step: list[Any] = []
            for one in found:
                value = one.get(key) if isinstance(one, dict) else None
                step.extend(value if isinstance(value, list) else [] if value is None else [value])
            found = step
        return found

    return get


def _wire(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return str(value)


INSTANCES: dict[str, Getter] = {
    "instance-id": at("InstanceId"),
    "instance-state-name": at("State", "Name"),
    "instance-state-code": at("State", "Code"),
    "state-reason-code": at("StateReason", "Code"),
    "instance-type": at("InstanceType"),
    "instance-lifecycle": at("InstanceLifecycle"),
    "availability-zone": at("Placement", "AvailabilityZone"),
    "tenancy": at("Placement", "Tenancy"),
    "host-id": at("Placement", "HostId"),
    "placement-group-name": at("Placement", "GroupName"),
    "root-device-type": at("RootDeviceType"),
    "private-ip-address": at("PrivateIpAddress"),
    "network-interface.addresses.private-ip-address": at(
        "NetworkInterfaces", "PrivateIpAddresses", "PrivateIpAddress"
    ),
    "ip-address": at("PublicIpAddress"),
    "image-id": at("ImageId"),
    "vpc-id": at("VpcId"),
    "subnet-id": at("SubnetId"),
    "tag-key": at("Tags", "Key"),
    "iam-instance-profile.arn": at("IamInstanceProfile", "Arn"),
}
STATUSES: dict[str, Getter] = {
    "availability-zone": at("AvailabilityZone"),
    "event.code": at("Events", "Code"),
    "event.description": at("Events", "Description"),
    "event.instance-event-id": at("Events", "InstanceEventId"),
    "event.not-before": at("Events", "NotBefore"),
    "event.not-after": at("Events", "NotAfter"),
    "event.not-before-deadline": at("Events", "NotBeforeDeadline"),
    "instance-state-code": at("InstanceState", "Code"),
    "instance-state-name": at("InstanceState", "Name"),
    "system-status.status": at("SystemStatus", "Status"),
    "system-status.reachability": at("SystemStatus", "Details", "Status"),
    "instance-status.status": at("InstanceStatus", "Status"),
    "instance-status.reachability": at("InstanceStatus", "Details", "Status"),
    "attached-ebs-status.status": at("AttachedEbsStatus", "Status"),
    "application-status.status": at("ApplicationStatus", "Status"),
    "operator.managed": at("Operator", "Managed"),
    "operator.principal": at("Operator", "Principal"),
}
IMAGES: dict[str, Getter] = {
    "source-instance-id": at("SourceInstanceId"),
    "name": at("Name"),
    "state": at("State"),
    "image-id": at("ImageId"),
    "tag-key": at("Tags", "Key"),
}
VOLUMES: dict[str, Getter] = {
    "volume-id": at("VolumeId"),
    "status": at("State"),
    "attachment.instance-id": at("Attachments", "InstanceId"),
}
ADDRESSES: dict[str, Getter] = {
    "instance-id": at("InstanceId"),
    "public-ip": at("PublicIp"),
    "allocation-id": at("AllocationId"),
}
ROUTE_TABLES: dict[str, Getter] = {
    "route-table-id": at("RouteTableId"),
    "vpc-id": at("VpcId"),
    "association.subnet-id": at("Associations", "SubnetId"),
    "association.main": at("Associations", "Main"),
    "route.instance-id": at("Routes", "InstanceId"),
}
TYPES: dict[str, Getter] = {
    "instance-type": at("InstanceType"),
    "auto-recovery-supported": at("AutoRecoverySupported"),
    "reboot-migration-support": at("RebootMigrationSupport"),
}


def _tagged(key: str) -> Getter:
    return lambda doc: [tag["Value"] for tag in doc.get("Tags", []) if tag["Key"] == key]


def keep(table: dict[str, Getter], filters: list[Doc] | None) -> Callable[[Doc], bool]:
    """A predicate. Raises InvalidParameterValue on a filter the call does not have."""
    tests: list[tuple[Getter, set[str], list[str]]] = []
    for one in filters or []:
        name = one.get("Name", "")
        getter = _tagged(name[4:]) if name.startswith("tag:") else table.get(name)
        if getter is None:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
        values = one.get("Values", [])
        tests.append((getter, set(values), [value for value in values if set("*?[") & set(value)]))

    def test(doc: Doc) -> bool:
        return all(
            any(
                (text := _wire(value)) in exact or any(fnmatchcase(text, pattern) for pattern in patterns)
                for value in getter(doc)
            )
            for getter, exact, patterns in tests
        )

    return test


def public(doc: Doc) -> Doc:
    """Without what only the embedded AWS knows of it: the keys that begin with `_`."""
    return {key: value for key, value in doc.items() if not key.startswith("_")}


def page(items: list[Any], params: Doc, most: int = 1000) -> tuple[list[Any], str | None]:
    """One page and the token of the next. Raises InvalidNextToken."""
    size = params.get("MaxResults")
    token = params.get("NextToken")
    try:
        start = int(base64.urlsafe_b64decode(token.encode())) if token else 0
    except ValueError:
        raise AwsError("InvalidNextToken", "The specified token is not valid") from None
    if not size and not token:
        return items, None
    end = start + min(size or most, most)
    more = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None
    return items[start:end], more
