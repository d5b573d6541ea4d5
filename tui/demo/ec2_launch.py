"""Launching and addresses: what the contract suite uses to fill an empty region, here and in moto alike."""

from __future__ import annotations

from typing import Any

from tui.demo.ec2_read import find
from tui.demo.instance import CODES, PENDING
from tui.demo.request import Request
from tui.demo.sample import Builder
from tui.demo.world import AwsError

Doc = dict[str, Any]


def RunInstances(request: Request, params: Doc) -> Doc:
    """Minimal: type, tags, protections. The same ClientToken answers the same instances (developer guide, idempotency)."""
    token, launched = params.get("ClientToken"), request.region.launched
    if token in launched:
        instances = [request.region.instances[one] for one in launched[token]]
    else:
        instances = [_launch(request, params) for _ in range(params["MaxCount"])]
        if token:
            launched[token] = [instance.id for instance in instances]
    shown = [{k: v for k, v in instance.doc.items() if not k.startswith("_")} for instance in instances]
    owner = request.identity.account
    return {
        "ReservationId": "r-" + instances[0].id[2:],
        "OwnerId": owner,
        "Groups": [],
        "Instances": shown,
    }


def _launch(request: Request, params: Doc) -> Any:
    tags = {
        tag["Key"]: tag.get("Value", "")
        for spec in params.get("TagSpecifications", [])
        if spec.get("ResourceType") == "instance"
        for tag in spec["Tags"]
    }
    builder = Builder(request.world, request.identity.account, request.region.name)
    zone = params.get("Placement", {}).get("AvailabilityZone", request.region.name + "a")[-1]
    instance = builder.instance("", params.get("InstanceType", "m5.large"), zone, ip="auto", tags=tags)
    for key, name in (
        ("DisableApiStop", "disableApiStop"),
        ("DisableApiTermination", "disableApiTermination"),
    ):
        instance.attributes[name] = params.get(key, False)
    instance.shutdown_behavior = params.get("InstanceInitiatedShutdownBehavior", "stop")
    instance.doc["LaunchTime"] = request.world.clock.now.replace(microsecond=0)
    instance.doc["State"] = {"Code": CODES["pending"], "Name": "pending"}
    instance.ran.clear()
    request.world.clock.later(PENDING, lambda: instance._running() if instance.state == "pending" else None)
    return instance


def AllocateAddress(request: Request, params: Doc) -> Doc:
    """An Elastic IP of the account."""
    allocation = request.world.hex_id("eipalloc")
    address = f"198.51.100.{len(request.region.addresses) % 250 + 4}"
    doc = {"AllocationId": allocation, "PublicIp": address, "Domain": "vpc"}
    request.region.addresses[allocation] = doc
    return dict(doc)


def AssociateAddress(request: Request, params: Doc) -> Doc:
    """Takes the place of an auto-assigned address; IpOwnerId becomes the account (CLI example, describe-network-interfaces)."""
    instance = find(request, params["InstanceId"])
    doc = request.region.addresses.get(params.get("AllocationId", ""))
    if doc is None:
        raise AwsError("InvalidAllocationID.NotFound", "The allocation ID does not exist")
    interface = instance.doc["NetworkInterfaces"][0]
    name = f"ec2-{doc['PublicIp'].replace('.', '-')}.{request.region.name}.compute.amazonaws.com"
    association = {
        "PublicIp": doc["PublicIp"],
        "IpOwnerId": request.identity.account,
        "PublicDnsName": name,
    }
    interface["Association"] = interface["PrivateIpAddresses"][0]["Association"] = association
    instance.doc["PublicIpAddress"], instance.doc["PublicDnsName"] = doc["PublicIp"], name
    doc["InstanceId"], doc["AssociationId"] = instance.id, request.world.hex_id("eipassoc")
    doc["NetworkInterfaceId"] = interface["NetworkInterfaceId"]
    return {"AssociationId": doc["AssociationId"]}


def TerminateInstances(request: Request, params: Doc) -> Doc:
    """evac never sends this; the contract suite needs a terminated instance."""
    instances = [find(request, one) for one in params["InstanceIds"]]
    for instance in instances:
        if instance.attributes["disableApiTermination"]:
            text = f"The instance '{instance.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute."
            raise AwsError("OperationNotPermitted", text)
    changes = []
    for instance in instances:
        before = instance.doc["State"]
        instance.terminate("User initiated")
        changes.append(
            {"InstanceId": instance.id, "CurrentState": instance.doc["State"], "PreviousState": before}
        )
    return {"TerminatingInstances": changes}
