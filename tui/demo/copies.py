"""Copies of an instance by each maker, with the signs that tell whose they are.

Sources: ec2 model (Image.SourceInstanceId: of CreateImage only), EBS user guide (2023), ami-policy (tags of Data Lifecycle
Manager; `instance-id` is its default variable tag), backup model; seen in public files: the name and tag of AWS Backup's AMIs.
Unsourced: the names of Data Lifecycle Manager's AMIs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tui.demo import copy_plans, snapshots
from tui.demo.instance import DemoInstance
from tui.demo.metric_values import hash_of
from tui.demo.world import Region

Doc = dict[str, Any]
MAKERS = ("create-image", "dlm", "backup")


def add_copy(
    region: Region, instance: DemoInstance, maker: str, at: datetime, volumes: int | None = None, **more: Any
) -> Doc:
    """Keep an AMI of it made then (UTC) by `create-image`, `dlm` or `backup`; its document. `more`: fields of ec2's Image.

    The snapshots of so many of its volumes (None: all) are there too, and of AWS Backup the recovery point.
    """
    mark = hash_of(f"{instance.id}{maker}{at.isoformat()}")
    name, tags = _name(instance, at, more), []
    doc: Doc = {"ImageId": f"ami-0{mark:016x}"}
    if maker == "dlm":
        policy = next(iter(region.lifecycle_policies), "policy-0a1b2c3d4e5f60718")
        name = f"{policy}_{instance.id}_{at:%Y%m%d%H%M}"
        tags = _tags({"instance-id": instance.id, "dlm:managed": "true", "aws:dlm:lifecycle-policy-id": policy,
                      "aws:dlm:lifecycle-schedule-name": "Schedule 1"})  # fmt: skip
    elif maker == "backup":
        name = f"AwsBackup_{instance.id}_{mark:016x}"[:47] + "-4e5f-6071"
        tags = _tags({"aws:backup:source-resource": f"instance/{instance.id}"})
    else:
        doc["SourceInstanceId"] = instance.id
    doc |= {
        "Name": name, "State": "available", "CreationDate": f"{at:%Y-%m-%dT%H:%M:%S}.000Z", "OwnerId": region.account,
        "Public": False, "ImageType": "machine", "RootDeviceType": "ebs", "Tags": tags,
        "Architecture": instance.doc.get("Architecture", "x86_64"), "BlockDeviceMappings": [], **more,
    }  # fmt: skip
    if doc["State"] in ("available", "pending"):
        _snapshots(region, instance, doc, at, volumes)
    region.images[doc["ImageId"]] = doc
    if maker == "backup":
        add_point(region, instance, doc, at)
    return doc


def _name(instance: DemoInstance, at: datetime, more: Doc) -> str:
    told = next((tag["Value"] for tag in instance.doc.get("Tags", []) if tag["Key"] == "Name"), "")
    return str(more.get("Name") or f"{told or instance.id} {at:%Y-%m-%d %H%M}")


def _tags(values: dict[str, str]) -> list[Doc]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def _snapshots(region: Region, instance: DemoInstance, image: Doc, at: datetime, volumes: int | None) -> None:
    state = "completed" if image["State"] == "available" else "pending"
    for mapping in instance.doc.get("BlockDeviceMappings", [])[:volumes]:
        volume = mapping["Ebs"]["VolumeId"]
        name = f"snap-0{hash_of(image['ImageId'] + volume):016x}"
        text = f"Created by CreateImage({instance.id}) for {image['ImageId']}"
        snapshots.snapshot(region, name, volume, at, State=state, Description=text)
        ebs = {"SnapshotId": name, "DeleteOnTermination": mapping["Ebs"]["DeleteOnTermination"]}
        image["BlockDeviceMappings"].append({"DeviceName": mapping["DeviceName"], "Ebs": ebs})


def add_point(
    region: Region, instance: DemoInstance, image: Doc, at: datetime, status: str = "COMPLETED"
) -> None:
    """Keep AWS Backup's recovery point of the instance, which is an AMI (it need not be there any more)."""
    resource = f"arn:aws:ec2:{region.name}:{region.account}:instance/{instance.id}"
    point = {
        "RecoveryPointArn": f"arn:aws:ec2:{region.name}::image/{image['ImageId']}", "CreationDate": at, "Status": status,
    }  # fmt: skip
    copy_plans.add_recovery_point(region, resource, _name(instance, at, {}), point)


def add_snapshot(region: Region, instance: DemoInstance, at: datetime, **more: Any) -> list[Doc]:
    """Keep a snapshot of each of its volumes, made then by somebody and of no AMI; the documents."""
    made = []
    for mapping in instance.doc.get("BlockDeviceMappings", []):
        volume = mapping["Ebs"]["VolumeId"]
        name = f"snap-0{hash_of(f'{volume}{at.isoformat()}'):016x}"
        made.append(snapshots.snapshot(region, name, volume, at, **more))
    return made
