"""CreateImage and the snapshots under it, and when an image is deprecated.

Sources: user guide, creating-an-ami-ebs and ami-deprecate; botocore model, CreateImageRequest, EnableImageDeprecationRequest.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tui.demo import snapshots
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
        for mapping in document["BlockDeviceMappings"]:
            done = request.region.snapshots.get(mapping["Ebs"]["SnapshotId"])
            if done is not None and not instance.images_fail:
                done |= {"State": "completed", "Progress": "100%", "CompletionTime": request.world.clock.now}
            elif done is not None:
                done["State"] = "error"
        request.world.revision += 1

    request.world.clock.later(IMAGE_SECONDS, finish)
    return {"ImageId": document["ImageId"]}


def EnableImageDeprecation(request: Request, params: Doc) -> Doc:
    """From that time on, to the minute; in the future and within ten years. It can be set anew."""
    image, now = request.region.images.get(params["ImageId"]), request.world.clock.now
    if image is None:
        raise AwsError("InvalidAMIID.NotFound", f"The image id '[{params['ImageId']}]' does not exist")
    if image["OwnerId"] != request.identity.account:
        raise AwsError("AuthFailure", f"Not authorized for image:{params['ImageId']}", 403)
    at = params["DeprecateAt"]
    if not now < at <= now + timedelta(days=3653):
        raise AwsError("InvalidParameterValue", "DeprecateAt must be in the future and within 10 years")
    at = (at + timedelta(seconds=30)).replace(second=0, microsecond=0)
    image["DeprecationTime"] = f"{at:%Y-%m-%dT%H:%M:%S.000Z}"
    return {"Return": True}


def _tags(params: Doc, kind: str) -> list[Doc]:
    specs = [spec for spec in params.get("TagSpecifications", []) if spec.get("ResourceType") == kind]
    return [tag for spec in specs for tag in spec["Tags"]]


def _image(request: Request, instance: DemoInstance, params: Doc) -> Doc:
    """The image's document, with its snapshots; each gets the image's tags."""
    mappings = []
    for mapping in instance.doc.get("BlockDeviceMappings", []):
        snapshot = request.world.hex_id("snap")
        volume, tags = mapping["Ebs"]["VolumeId"], _tags(params, "snapshot")
        text = f"Created by CreateImage({instance.id})"
        more = {"State": "pending", "Progress": "0%", "Description": text, "Tags": tags}
        snapshots.snapshot(request.region, snapshot, volume, request.world.clock.now, **more)
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
