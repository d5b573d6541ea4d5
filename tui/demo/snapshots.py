"""EBS snapshots: those under an AMI, and those that were made of a volume alone.

Sources: ec2 model (Snapshot, DescribeSnapshotsRequest: MaxResults 5 to 1,000, not with ids; filters).
Unsourced: how long one takes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tui.demo import filters
from tui.demo.request import Request
from tui.demo.world import AwsError, Region

Doc = dict[str, Any]
SNAPSHOT_SECONDS = 60.0
_FILTERS: dict[str, filters.Getter] = {
    "snapshot-id": filters.at("SnapshotId"),
    "volume-id": filters.at("VolumeId"),
    "volume-size": filters.at("VolumeSize"),
    "status": filters.at("State"),
    "progress": filters.at("Progress"),
    "start-time": filters.at("StartTime"),
    "owner-id": filters.at("OwnerId"),
    "description": filters.at("Description"),
    "encrypted": filters.at("Encrypted"),
    "storage-tier": filters.at("StorageTier"),
    "tag-key": filters.at("Tags", "Key"),
}


def snapshot(region: Region, name: str, volume: str, at: datetime, **more: Any) -> Doc:
    """Keep a snapshot of the volume, begun at this time (UTC), completed unless `more` says otherwise; its document."""
    held = region.volumes.get(volume, {})
    doc: Doc = {
        "SnapshotId": name, "VolumeId": volume, "StartTime": at.replace(microsecond=0), "State": "completed",
        "Progress": "100%", "OwnerId": region.account, "Description": "", "VolumeSize": held.get("Size", 100),
        "Encrypted": held.get("Encrypted", True), "StorageTier": "standard", "Tags": [], **more,
    }  # fmt: skip
    if doc["State"] == "completed":
        doc["CompletionTime"] = doc["StartTime"]
    region.snapshots[name] = doc
    return doc


def DescribeSnapshots(request: Request, params: Doc) -> Doc:
    """The account's own; public ones are not here."""
    held, ids = request.region.snapshots, params.get("SnapshotIds")
    if ids and params.get("MaxResults"):
        text = "The parameter snapshotSet cannot be used with the parameter maxResults"
        raise AwsError("InvalidParameterCombination", text)
    if params.get("MaxResults") is not None and not 5 <= params["MaxResults"] <= 1000:
        raise AwsError("InvalidParameterValue", "MaxResults must be between 5 and 1000")
    for one in ids or []:
        if one not in held:
            raise AwsError("InvalidSnapshot.NotFound", f"The snapshot '{one}' does not exist.")
    owners = {request.identity.account if one == "self" else one for one in params.get("OwnerIds", [])}
    test = filters.keep(_FILTERS, params.get("Filters"))
    docs = [
        doc
        for name, doc in held.items()
        if (not ids or name in ids) and (not owners or doc["OwnerId"] in owners) and test(doc)
    ]
    docs, token = filters.page(docs, params)
    return {"Snapshots": docs, "NextToken": token}


def CreateSnapshot(request: Request, params: Doc) -> Doc:
    """Minimal: what the contract suite needs. Pending first."""
    world, volume = request.world, params["VolumeId"]
    if volume not in request.region.volumes:
        raise AwsError("InvalidVolume.NotFound", f"The volume '{volume}' does not exist.")
    more = {"State": "pending", "Progress": "0%", "Description": params.get("Description", "")}
    doc = snapshot(request.region, world.hex_id("snap"), volume, world.clock.now, **more)

    def finish() -> None:
        doc.update(State="completed", Progress="100%", CompletionTime=world.clock.now)
        world.revision += 1

    answer = dict(doc)
    world.clock.later(SNAPSHOT_SECONDS, finish)
    return answer
