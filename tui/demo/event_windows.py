"""Event windows: when AWS may run scheduled events of an instance. They move nothing here that is scheduled already, as in AWS.

Sources: ec2 model (DescribeInstanceEventWindowsRequest: filters, 20 to 500 a page), user guide, event-windows; that `instance-id`
also answers windows that match by a tag or a host: the AWS CLI's example of the call.
"""

from __future__ import annotations

from typing import Any

from tui.demo import filters
from tui.demo.metric_values import hash_of
from tui.demo.request import Request
from tui.demo.world import AwsError, Region

Doc = dict[str, Any]
_FILTERS: dict[str, filters.Getter] = {
    "dedicated-host-id": filters.at("AssociationTarget", "DedicatedHostIds"),
    "event-window-name": filters.at("Name"),
    "instance-id": filters.at("_instances"),
    "instance-tag-key": filters.at("AssociationTarget", "Tags", "Key"),
    "instance-tag-value": filters.at("AssociationTarget", "Tags", "Value"),
    "tag-key": filters.at("Tags", "Key"),
    "tag-value": filters.at("Tags", "Value"),
}


def add_window(region: Region, name: str, target: Doc, **more: Any) -> Doc:
    """Keep a window: `target` is its AssociationTarget, `more` has TimeRanges or CronExpression. The document."""
    ident = f"iew-0{hash_of(f'{region.account}{region.name}{name}'):016x}"
    doc: Doc = {
        "InstanceEventWindowId": ident,
        "Name": name,
        "State": "active",
        "AssociationTarget": target,
        "Tags": [],
        **more,
    }
    region.event_windows[ident] = doc
    return doc


def _concerned(region: Region, window: Doc) -> list[str]:
    """The instances that it is associated with, by id, by a tag or by their host."""
    target = window["AssociationTarget"]
    tags = {(one["Key"], one.get("Value", "")) for one in target.get("Tags", [])}
    hosts = set(target.get("DedicatedHostIds", []))
    found = list(target.get("InstanceIds", []))
    for instance in region.instances.values():
        own = {(one["Key"], one["Value"]) for one in instance.doc.get("Tags", [])}
        if own & tags or instance.doc["Placement"].get("HostId") in hosts:
            found.append(instance.id)
    return found


def DescribeInstanceEventWindows(request: Request, params: Doc) -> Doc:
    """The windows of the Region with what they are associated with."""
    ids, size = params.get("InstanceEventWindowIds"), params.get("MaxResults")
    if ids and size:
        text = "The parameter InstanceEventWindowIds cannot be used with the parameter MaxResults"
        raise AwsError("InvalidParameterCombination", text)
    if size is not None and not 20 <= size <= 500:
        raise AwsError("InvalidParameterValue", "MaxResults must be between 20 and 500")
    held = request.region.event_windows
    for one in ids or []:
        if one not in held:
            raise AwsError(
                "InvalidInstanceEventWindowId.NotFound", f"The event window '{one}' does not exist"
            )
    test = filters.keep(_FILTERS, params.get("Filters"))
    docs = [
        {**doc, "_instances": _concerned(request.region, doc)}
        for name, doc in held.items()
        if not ids or name in ids
    ]
    docs, token = filters.page([filters.public(doc) for doc in docs if test(doc)], params, 500)
    return {"InstanceEventWindows": docs, "NextToken": token}
