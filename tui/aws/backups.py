"""When AWS Backup last saved each instance. Shapes: botocore's model, backup 2018-11-15."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tui.aws import describe, mapping
from tui.domain.sanitize import clean

RESOURCES_A_PAGE = 1000
"""The most that ListProtectedResources gives at once."""


def last_backups(client: Any) -> dict[str, datetime]:
    """LastBackupTime (UTC) of each instance. Raises what botocore raises, and NotAwsError.

    ListProtectedResources counts a recovery point whatever its status.
    """
    found: dict[str, datetime] = {}
    for page in describe.pages(client.list_protected_resources, "Results", MaxResults=RESOURCES_A_PAGE):
        for item in page:
            _, _, instance_id = str(item.get("ResourceArn")).partition(":instance/")
            at = mapping.utc_time(item.get("LastBackupTime"))
            if item.get("ResourceType") == "EC2" and instance_id and at is not None:
                found[str(clean(instance_id))] = at
    return found
