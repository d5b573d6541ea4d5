"""When AWS Backup last saved each instance. Shapes: botocore's model, backup 2018-11-15.

ListProtectedResources tells the time of the last recovery point whatever became of it. An EC2 recovery point is an AMI: where the
last one is the newest AMI that is there, it was made; of the others the recovery points are asked for, a call each.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tui.aws import describe, mapping
from tui.domain.instance import Image
from tui.domain.sanitize import clean

RESOURCES_A_PAGE = 1000
"""The most that ListProtectedResources and ListRecoveryPointsByResource give at once."""
MOST_ASKED = 30
"""Instances whose recovery points are asked for in one read of a region."""
_THERE = ("COMPLETED", "AVAILABLE")


def last_backups(client: Any, images: Mapping[str, Image], since: datetime) -> dict[str, datetime | None]:
    """When (UTC) the last recovery point was made of each instance that has one; None: which of them is there is not known.

    `images`: the newest AMI of each. What was begun before `since` is too old for anything, and not looked into. Raises what
    botocore raises, and NotAwsError.
    """
    found: dict[str, datetime | None] = {}
    doubted: list[tuple[datetime, str, str]] = []
    for page in describe.pages(client.list_protected_resources, "Results", MaxResults=RESOURCES_A_PAGE):
        for item in page:
            arn, at = str(item.get("ResourceArn")), mapping.utc_time(item.get("LastBackupTime"))
            instance_id = str(clean(arn.partition(":instance/")[2]))
            if item.get("ResourceType") != "EC2" or not instance_id or at is None:
                continue
            if at < since or _is_there(images.get(instance_id), str(item.get("LastRecoveryPointArn"))):
                found[instance_id] = at
            else:
                doubted.append((at, instance_id, arn))
    doubted.sort(reverse=True)
    found.update({instance_id: None for _, instance_id, _ in doubted[MOST_ASKED:]})
    for _, instance_id, arn in doubted[:MOST_ASKED]:
        if (made := _last_made(client, arn)) is not None:
            found[instance_id] = made
    return found


def _is_there(image: Image | None, arn: str) -> bool:
    return image is not None and image.state == "available" and arn.endswith(f":image/{image.image_id}")


def _last_made(client: Any, arn: str) -> datetime | None:
    """When its last recovery point that is there was made."""
    call = client.list_recovery_points_by_resource
    pages = describe.pages(call, "RecoveryPoints", ResourceArn=arn, MaxResults=RESOURCES_A_PAGE)
    points = [one for page in pages for one in page if one.get("Status") in _THERE]
    times = [at for one in points if (at := mapping.utc_time(one.get("CreationDate"))) is not None]
    return max(times, default=None)
