"""CreateImage and the snapshots under it (user guide, creating-an-ami-ebs; botocore model, CreateImageRequest)."""

from __future__ import annotations

import re
from typing import Any

from tui.demo.box import Box
from tui.demo.ec2_read import find
from tui.demo.request import Request
from tui.demo.world import AwsError

Doc = dict[str, Any]
IMAGE_SECONDS = 90.0


def CreateImage(request: Request, params: Doc) -> Doc:
    """Shuts down and reboots the instance unless NoReboot; the name is unique in account and Region."""
    box, name = find(request, params["InstanceId"]), params["Name"]
    if not re.fullmatch(r"[A-Za-z0-9 ()\[\]./\-'@_]{3,128}", name):
        text = "AMI names must be between 3 and 128 characters long, of letters, digits, spaces and ( ) [ ] . / - ' @ _"
        raise AwsError("InvalidAMIName.Malformed", text)
    for image in request.region.images.values():
        if image["Name"] == name:
            text = f"AMI name {name} is already in use by AMI {image['ImageId']}"
            raise AwsError("InvalidAMIName.Duplicate", text)
    if box.doc.get("RootDeviceType") == "instance-store":
        raise AwsError("InvalidParameterValue", f"Instance {box.id} does not have an EBS root device")
    if box.state not in ("running", "stopped"):
        raise AwsError("IncorrectState", f"Instance {box.id} is not 'running' or 'stopped'")
    document = _image(request, box, params)
    request.region.images[document["ImageId"]] = document
    if not params.get("NoReboot", False) and box.state == "running":
        box.reboot()

    def finish() -> None:
        document["State"] = "failed" if box.images_fail else "available"
        if box.images_fail:
            document["StateReason"] = {"Code": "Client.InternalError", "Message": "A snapshot failed"}
        request.world.revision += 1

    request.world.clock.later(IMAGE_SECONDS, finish)
    return {"ImageId": document["ImageId"]}


def _tags(params: Doc, kind: str) -> list[Doc]:
    specs = [spec for spec in params.get("TagSpecifications", []) if spec.get("ResourceType") == kind]
    return [tag for spec in specs for tag in spec["Tags"]]


def _image(request: Request, box: Box, params: Doc) -> Doc:
    """Every snapshot gets the same tags."""
    mappings = []
    for mapping in box.doc.get("BlockDeviceMappings", []):
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
        "SourceInstanceId": box.id,
        "Description": params.get("Description", ""),
        "Public": False,
        "ImageType": "machine",
        "RootDeviceType": "ebs",
        "Architecture": box.doc.get("Architecture", "x86_64"),
        "BlockDeviceMappings": mappings,
        "Tags": _tags(params, "image"),
    }
