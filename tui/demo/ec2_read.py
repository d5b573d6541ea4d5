"""EC2's Describe and Get calls over the world. Each: (request, params) -> the answer in boto3's shape."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from tui.demo import filters
from tui.demo.instance import DemoInstance
from tui.demo.instance_types import type_info
from tui.demo.request import Request
from tui.demo.screenshot import ROWS, screenshot
from tui.demo.world import REGIONS, AwsError

Doc = dict[str, Any]
CONSOLE_BYTES = 65_536
"""What is kept of a console's output (user guide, instance-console)."""


def find(request: Request, instance_id: str) -> DemoInstance:
    """The instance. Raises InvalidInstanceID.Malformed or .NotFound."""
    if not re.fullmatch(r"i-[0-9a-f]{8,17}", instance_id):
        raise AwsError("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')
    instance = request.region.instances.get(instance_id)
    if instance is None:
        raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
    return instance


def _boxes(request: Request, params: Doc) -> list[DemoInstance]:
    ids = params.get("InstanceIds")
    if ids and params.get("MaxResults"):
        raise AwsError(
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        )
    return [find(request, one) for one in ids] if ids else list(request.region.instances.values())


def _filtered(
    request: Request, docs: list[Doc], test: Callable[[Doc], bool], params: Doc
) -> tuple[list[Doc], str | None]:
    """One page of what passes the filters. A page may be empty and have a next one (developer guide, ec2-api-pagination)."""
    if request.world.sparse:
        docs, token = filters.page(docs, params)
        return [doc for doc in docs if test(doc)], token
    return filters.page([doc for doc in docs if test(doc)], params)


def DescribeInstances(request: Request, params: Doc) -> Doc:
    """Pages count instances; one reservation each. Managed and hidden ones are left out unless asked for by id."""
    test = filters.keep(filters.INSTANCES, params.get("Filters"))
    found = [instance.shown()[0] for instance in _boxes(request, params)]
    docs, token = _filtered(request, found, test, params)
    owner = request.identity.account
    reservations = [
        {
            "ReservationId": "r-" + doc["InstanceId"][2:],
            "OwnerId": owner,
            "Groups": [],
            "Instances": [filters.public(doc)],
        }
        for doc in docs
    ]
    return {"Reservations": reservations, "NextToken": token}


def DescribeInstanceStatus(request: Request, params: Doc) -> Doc:
    """Running instances only, unless IncludeAllInstances (botocore model, DescribeInstanceStatusRequest)."""
    test = filters.keep(filters.STATUSES, params.get("Filters"))
    everything = params.get("IncludeAllInstances", False)
    found = [instance.shown()[1] for instance in _boxes(request, params)]
    docs, token = _filtered(
        request,
        found,
        lambda doc: (everything or doc["InstanceState"]["Name"] == "running") and test(doc),
        params,
    )
    return {"InstanceStatuses": docs, "NextToken": token}


def DescribeRegions(request: Request, params: Doc) -> Doc:
    """Enabled ones; AllRegions shows the others too."""
    names = [n for n in REGIONS if params.get("AllRegions") or REGIONS[n] != "not-opted-in"]
    names = [n for n in names if n in params.get("RegionNames", names)]
    return {
        "Regions": [
            {"RegionName": n, "Endpoint": f"ec2.{n}.amazonaws.com", "OptInStatus": REGIONS[n]}
            for n in names
            if n not in request.identity.denied_regions or params.get("AllRegions")
        ]
    }


def DescribeInstanceTypes(request: Request, params: Doc) -> Doc:
    """The types asked for."""
    names = params.get("InstanceTypes") or sorted(
        {b.doc["InstanceType"] for b in request.region.instances.values()}
    )
    test = filters.keep(filters.TYPES, params.get("Filters"))
    infos = [info for info in map(type_info, names) if test(info)]
    infos, token = filters.page(infos, params, 100)
    return {"InstanceTypes": infos, "NextToken": token}


def DescribeInstanceAttribute(request: Request, params: Doc) -> Doc:
    """One attribute per call."""
    instance, name = find(request, params["InstanceId"]), params["Attribute"]
    answer: Doc = {"InstanceId": instance.id}
    if name in instance.attributes:
        answer[name[0].upper() + name[1:]] = {"Value": instance.attributes[name]}
    elif name == "instanceInitiatedShutdownBehavior":
        answer["InstanceInitiatedShutdownBehavior"] = {"Value": instance.shutdown_behavior}
    elif name == "userData":
        answer["UserData"] = {}
    else:
        raise AwsError("InvalidParameterValue", f"Value ({name}) for parameter attribute is invalid")
    return answer


def DescribeImages(request: Request, params: Doc) -> Doc:
    """The account's own."""
    test = filters.keep(filters.IMAGES, params.get("Filters"))
    ids = params.get("ImageIds")
    for one in ids or []:
        if one not in request.region.images:
            raise AwsError("InvalidAMIID.NotFound", f"The image id '[{one}]' does not exist")
    docs = [d for d in request.region.images.values() if (not ids or d["ImageId"] in ids) and test(d)]
    docs, token = filters.page([filters.public(doc) for doc in docs], params)
    return {"Images": docs, "NextToken": token}


def DescribeVolumes(request: Request, params: Doc) -> Doc:
    """The EBS volumes."""
    test = filters.keep(filters.VOLUMES, params.get("Filters"))
    ids = params.get("VolumeIds")
    docs = [d for d in request.region.volumes.values() if (not ids or d["VolumeId"] in ids) and test(d)]
    docs, token = filters.page(docs, params)
    return {"Volumes": docs, "NextToken": token}


def DescribeVolumeStatus(request: Request, params: Doc) -> Doc:
    """`ok` unless the sample says otherwise."""
    docs = []
    for volume in request.region.volumes.values():
        if params.get("VolumeIds") and volume["VolumeId"] not in params["VolumeIds"]:
            continue
        well: Doc = {
            "Status": "ok",
            "Details": [
                {"Name": "io-enabled", "Status": "passed"},
                {"Name": "io-performance", "Status": "not-applicable"},
            ],
        }
        status = request.region.volume_health.get(volume["VolumeId"], well)
        zone = volume.get("AvailabilityZone", "")
        docs.append({"VolumeId": volume["VolumeId"], "AvailabilityZone": zone, "VolumeStatus": status})
    docs, token = filters.page(docs, params)
    return {"VolumeStatuses": docs, "NextToken": token}


def DescribeAddresses(request: Request, params: Doc) -> Doc:
    """Elastic IPs."""
    test = filters.keep(filters.ADDRESSES, params.get("Filters"))
    return {"Addresses": [doc for doc in request.region.addresses.values() if test(doc)]}


def DescribeHosts(request: Request, params: Doc) -> Doc:
    """Dedicated Hosts."""
    ids = params.get("HostIds")
    return {"Hosts": [doc for doc in request.region.hosts.values() if not ids or doc["HostId"] in ids]}


def DescribeRouteTables(request: Request, params: Doc) -> Doc:
    """Each with its routes and the subnets it is associated with."""
    test = filters.keep(filters.ROUTE_TABLES, params.get("Filters"))
    ids = params.get("RouteTableIds")
    held = request.region.route_tables
    for one in ids or []:
        if one not in held:
            raise AwsError("InvalidRouteTableID.NotFound", f"The routeTable ID '{one}' does not exist")
    docs = [doc for name, doc in held.items() if (not ids or name in ids) and test(doc)]
    docs, token = filters.page(docs, params, 100)
    return {"RouteTables": docs, "NextToken": token}


def DescribeSpotInstanceRequests(request: Request, params: Doc) -> Doc:
    """Spot requests."""
    ids = params.get("SpotInstanceRequestIds")
    docs = request.region.spot_requests.values()
    return {"SpotInstanceRequests": [d for d in docs if not ids or d["SpotInstanceRequestId"] in ids]}


def DescribeTags(request: Request, params: Doc) -> Doc:
    """The tags of instances, images and snapshots."""
    table = {"resource-id": filters.at("ResourceId"), "key": filters.at("Key"), "value": filters.at("Value"),
             "resource-type": filters.at("ResourceType")}  # fmt: skip
    test = filters.keep(table, params.get("Filters"))
    docs = [
        {"ResourceId": instance.id, "ResourceType": "instance", **tag}
        for instance in request.region.instances.values()
        for tag in instance.doc.get("Tags", [])
    ]
    for kind, holders in (("image", request.region.images), ("snapshot", request.region.snapshots)):
        for name, holder in holders.items():
            docs += [{"ResourceId": name, "ResourceType": kind, **tag} for tag in holder.get("Tags", [])]
    docs, token = filters.page([doc for doc in docs if test(doc)], params)
    return {"Tags": docs, "NextToken": token}


def GetConsoleOutput(request: Request, params: Doc) -> Doc:
    """The newest 64 KB of the guest's text. `Latest` is of Nitro only (botocore model, GetConsoleOutputRequest).

    Without it: what was kept when the instance last started, stopped or rebooted, and of when (user guide, instance-console).
    """
    instance = find(request, params["InstanceId"])
    if params.get("Latest") and not instance.nitro:
        raise AwsError(
            "UnsupportedOperation", "This instance type does not support retrieving the latest console logs"
        )
    text, at = instance.console_output(latest=bool(params.get("Latest")))
    # The model calls the output a string; on the wire it is base64, and botocore decodes it.
    raw = text.encode("utf-8", "surrogateescape")[-CONSOLE_BYTES:]
    return {"InstanceId": instance.id, "Timestamp": at, "Output": base64.b64encode(raw).decode()}


def GetConsoleScreenshot(request: Request, params: Doc) -> Doc:
    """Its screen as a JPEG in base64; not of a metal or Graviton type (user guide, troubleshoot-unreachable-instance)."""
    instance = find(request, params["InstanceId"])
    if instance.state != "running":
        raise AwsError(
            "IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'running' state"
        )
    if instance.doc["InstanceType"].endswith(".metal") or instance.doc.get("Architecture") == "arm64":
        raise AwsError("UnsupportedOperation", "This instance type does not support console screenshots")
    lines = instance.console_output(latest=True)[0].splitlines()[-ROWS:]
    return {"InstanceId": instance.id, "ImageData": base64.b64encode(screenshot(lines)).decode()}
