"""The newest snapshot of each volume. Shapes: botocore's model, ec2 2016-11-15."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from tui.aws import describe, mapping
from tui.domain.sanitize import clean


def newest_snapshots(client: Any, volumes: Sequence[str], turn: Callable[[], None]) -> dict[str, datetime]:
    """StartTime (UTC) of each volume's newest completed snapshot: what it holds is from then.

    `turn` waits until a page more may be asked for. Raises what botocore raises, and NotAwsError.
    """
    found: dict[str, datetime] = {}

    def call(**params: Any) -> Any:
        turn()
        return client.describe_snapshots(**params)

    for at in range(0, len(volumes), describe.IDS_A_CALL):
        filters = [
            {"Name": "volume-id", "Values": list(volumes[at : at + describe.IDS_A_CALL])},
            {"Name": "status", "Values": ["completed"]},
        ]
        for page in describe.pages(
            call, "Snapshots", OwnerIds=["self"], Filters=filters, MaxResults=describe.PAGE
        ):
            for item in page:
                volume, made = str(clean(item.get("VolumeId"))), mapping.utc_time(item.get("StartTime"))
                if item.get("State") == "completed" and made is not None:
                    found[volume] = max(made, found.get(volume, made))
    return found
