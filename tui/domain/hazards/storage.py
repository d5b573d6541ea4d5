"""What is on its disks."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.hazards.base import Hazard, HazardView, block, danger, dont_know, hazard, not_known, ok, warn


@hazard("instance-store-root", "stop", "image", field="Instance.RootDeviceType")
def instance_store_root(view: HazardView) -> Iterator[Hazard]:
    """RootDeviceType = `instance-store`: it can't be stopped, and CreateImage does not apply to it."""
    if view.instance.root_device == "instance-store":
        what = (
            "CreateImage works for EBS-backed instances only" if view.action.images else "it can't be stopped"
        )
        yield block(
            f"the root device is instance store: {what}",
            "launch a replacement from the newest AMI, move the data, then terminate this one",
        )
    elif view.instance.root_device != "ebs":
        yield not_known(
            "whether the root device is EBS or instance store (the inventory was not read yet)",
            "press r to refresh",
        )


@hazard(
    "instance-store",
    "stop",
    "reboot",
    "image",
    field="InstanceTypeInfo.InstanceStorageSupported, InstanceStorageInfo",
)
def instance_store(view: HazardView) -> Iterator[Hazard]:
    """InstanceTypeInfo.InstanceStorageSupported and InstanceStorageInfo; BlockDeviceMappings list EBS only."""
    kind = view.type
    if kind is None or kind.instance_storage is None:
        yield dont_know("whether the type has instance store", view, "type")
        return
    if not kind.instance_storage:
        yield ok("no instance store")
        return
    size = f"{kind.storage_gb} GB of instance store" if kind.storage_gb else "instance store"
    if view.action.images:
        yield warn(f"{size}: its data is not part of an AMI")
    elif not view.stops:
        yield ok(f"{size}: a reboot keeps its data")
    elif kind.nvme_storage:
        yield danger(
            f"{size} (NVMe): the stop erases everything on it", "copy what must survive to EBS or S3 first"
        )
    else:
        yield danger(
            f"may hold {size}, if it was mapped at launch (the API no longer shows that): the stop would erase it",
            "look on the instance (lsblk), and copy what must survive",
        )
