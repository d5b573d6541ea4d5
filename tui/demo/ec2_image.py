"""CreateImage and the snapshots under it (user guide, creating-an-ami-ebs; botocore model, CreateImageRequest)."""

from __future__ import annotations

import re
from typing import Any

from tui.demo.ec2_read import find
from tui.demo.instance import DemoInstance
from tui.demo.request import Request
from tui.demo.world import AwsError

Doc = dict[str, Any]
IMAGE_SECONDS = 90.0


def CreateImage(request: Request, params: Doc) -> Doc:
    """Shuts down and reboots the instance unless NoReboot; the name is unique in account and Region."""
    instance, name = find(request, params["InstanceId"]), params["Name"]
    if not re.fullmatch(r"[A-Za-z0-9 ()\[\]./\-'@_]{3,128}", name):
        text = "AMI names must be between 3 and 128 characters long, of letters, digits, spaces and ( ) [ ] . / - ' @ _"
        raise AwsError("InvalidAMIName.Malformed", text)
    for image in request.region.images.values():
        if image["Name"] == name:
            text = f"AMI name {name} is already in use by AMI {image['ImageId']}"
            raise AwsError("InvalidAMIName.Duplicate", text)
    if instance.doc.get("RootDeviceType") == "instance-store":
        raise AwsError("InvalidParameterValue", f"Instance {instance.id} does not have an EBS root device")
    if instance.state not in ("running", "stopped"):
        raise AwsError("IncorrectState", f"Instance {instance.id} is not 'running' or 'stopped'")
    document = _image(request, instance, params)
    request.region.images[document["ImageId"]] = document
    if not params.get("NoReboot", False) and instance.state == "running":
        instance.reboot()

    def finish() -> None:
        document["State"] = "failed" if instance.images_fail else "available"
        if instance.images_fail:
            document["StateReason"] = {"Code": "Client.InternalError", "Message": "A snapshot failed"}
        request.world.revision += 1

    request.world.clock.later(IMAGE_SECONDS, finish)
    return {"ImageId": document["ImageId"]}


def _tags(params: Doc, kind: str) -> list[Doc]:
    specs = [spec for spec in params.get("TagSpecifications", []) if spec.get("ResourceType") == kind]
    return [tag for spec in specs for tag in spec["Tags"]]


def _image(request: Request, instance: DemoInstance, params: Doc) -> Doc:
    """The image's document, with its snapshots; each gets the image's tags."""
    mappings = []
    for mapping in instance.doc.get("BlockDeviceMappings", []):
        snapshot = request.world.hex_id("snap")
        request.region.snapshots[snapshot] = {"SnapshotId": snapshot, "Tags": _tags(params, "snapshot")}
        ebs = {"SnapshotId": snapshot, "DeleteOnTermination": mapping["Ebs"]["DeleteOnTermination"]}
        mappings.append({"DeviceName": mapping["DeviceName"], "Ebs": ebs})
    return {
        "ImageId": request.world.hex_id("ami"),
        "Name": params["Name"],
        "State": "pending",
        "OwnerId": request.identity.account,
        "CreationDate": request.world.clock.now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SourceInstanceId": instance.id,
        "Description": params.get("Description", ""),
        "Public": False,
        "ImageType": "machine",
        "RootDeviceType": "ebs",
        "Architecture": instance.doc.get("Architecture", "x86_64"),
        "BlockDeviceMappings": mappings,
        "Tags": _tags(params, "image"),
    }
