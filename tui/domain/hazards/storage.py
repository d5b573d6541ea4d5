"""What is on its disks, and whether there is a copy."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.hazards.base import Hazard, HazardView, dont_know
from tui.domain.instance import Image, InstanceState
from tui.domain.severity import Gravity
from tui.domain.time_format import ago, span


def instance_store_root(view: HazardView) -> Iterator[Hazard]:
    """RootDeviceType = `instance-store`: it can't be stopped, and CreateImage does not apply to it."""
    field = "Instance.RootDeviceType"
    if view.instance.root_device == "instance-store":
        what = (
            "CreateImage works for EBS-backed instances only"
            if view.action == "image"
            else "it can't be stopped"
        )
        yield Hazard(
            "instance-store-root",
            Gravity.BLOCK,
            f"the root device is instance store: {what}",
            "launch a replacement from the newest AMI, move the data, then terminate this one",
            field,
        )
    elif view.instance.root_device != "ebs":
        yield Hazard(
            "instance-store-root",
            Gravity.WARN,
            "don't know whether the root device is EBS or instance store (the inventory was not read yet)",
            "press r to refresh",
            field,
            known=False,
        )


def instance_store(view: HazardView) -> Iterator[Hazard]:
    """InstanceTypeInfo.InstanceStorageSupported and InstanceStorageInfo; BlockDeviceMappings list EBS only."""
    field = "InstanceTypeInfo.InstanceStorageSupported, InstanceStorageInfo"
    kind = view.type
    if kind is None or kind.instance_storage is None:
        yield dont_know("instance-store", "whether the type has instance store", view, "type", field)
        return
    if not kind.instance_storage:
        yield Hazard("instance-store", Gravity.OK, "no instance store", field=field)
        return
    size = f"{kind.storage_gb} GB of instance store" if kind.storage_gb else "instance store"
    if view.action == "image":
        yield Hazard("instance-store", Gravity.WARN, f"{size}: its data is not part of an AMI", field=field)
    elif not view.stops:
        yield Hazard("instance-store", Gravity.OK, f"{size}: a reboot keeps its data", field=field)
    elif kind.nvme_storage:
        yield Hazard(
            "instance-store",
            Gravity.DANGER,
            f"{size} (NVMe): the stop erases everything on it",
            "copy what must survive to EBS or S3 first",
            field,
        )
    else:
        yield Hazard(
            "instance-store",
            Gravity.DANGER,
            f"may hold {size}, if it was mapped at launch (the API no longer shows that): the stop would erase it",
            "look on the instance (lsblk), and copy what must survive",
            field,
        )


def image_view(view: HazardView) -> tuple[bool, Image | None, Image | None]:
    """Whether anybody asked, the newest available AMI, and one still pending."""
    facts, instance = view.facts, view.instance
    if facts is not None and facts.images is not None:
        images: tuple[Image, ...] = facts.images
    elif instance.images_at is not None:
        images = () if instance.newest_image is None else (instance.newest_image,)
    else:
        return False, None, None
    ready = [image for image in images if image.state == "available" and image.created is not None]
    newest = max(ready, key=lambda image: image.created or view.now, default=None)
    return True, newest, next((image for image in images if image.state == "pending"), None)


def newest_image(view: HazardView) -> Iterator[Hazard]:
    """DescribeImages(Owners=self): SourceInstanceId, or what Data Lifecycle Manager and AWS Backup write; CreationDate, State."""
    field = "Image.SourceInstanceId, Name, Tags, CreationDate, State"
    asked, newest, pending = image_view(view)
    if not asked:
        yield dont_know("image", "whether there is an AMI of it", view, "images", field)
        return
    if pending is not None:
        yield Hazard("image-pending", Gravity.NOTE, f"AMI {pending.image_id} is still pending", field=field)
    if newest is None or newest.created is None:
        yield Hazard(
            "image",
            Gravity.NOTE if view.action == "image" else Gravity.WARN,
            "no AMI of it was found; Data Lifecycle Manager and AWS Backup were not asked",
            "" if view.action == "image" else "make an AMI first (i)",
            field,
        )
        return
    age = view.now - newest.created
    if age <= view.image_max_age:
        yield Hazard("image", Gravity.OK, f"newest AMI {span(age)} old{_by(newest)}", field=field)
    else:
        yield Hazard(
            "image",
            Gravity.NOTE if view.action == "image" else Gravity.WARN,
            f"its newest AMI was made {ago(newest.created, view.now)}{_by(newest)}",
            "" if view.action == "image" else "make an AMI first (i)",
            field,
        )


def _by(image: Image) -> str:
    return f" (by {image.maker})" if image.maker else ""


def image_reboots(view: HazardView) -> Iterator[Hazard]:
    """CreateImageRequest.NoReboot: false by default, so AWS shuts the instance down, takes snapshots and reboots."""
    field = "CreateImageRequest.NoReboot"
    if view.instance.state is InstanceState.STOPPED:
        yield Hazard("image-reboot", Gravity.OK, "it is stopped: the AMI interrupts nothing", field=field)
    elif view.no_reboot:
        yield Hazard(
            "image-reboot",
            Gravity.WARN,
            "without a reboot the AMI is crash-consistent: AWS gives no guarantee for its file systems",
            "allow the reboot, or freeze the file systems meanwhile",
            field,
        )
    else:
        yield Hazard(
            "image-reboot",
            Gravity.DANGER,
            "CreateImage reboots the instance to get consistent disks",
            "choose 'no reboot' for a crash-consistent AMI without the interruption",
            field,
        )


def needs_image(view: HazardView) -> bool:
    """Whether policy demands an AMI before this stop: the newest is too old, or there is none, or nobody knows."""
    if view.image_required is None or not view.stops or view.instance.state is InstanceState.STOPPING:
        return False
    _, newest, _ = image_view(view)
    return newest is None or newest.created is None or view.now - newest.created > view.image_required


def required_image(view: HazardView) -> Iterator[Hazard]:
    """Image.CreationDate against `actions.require_image` of the configuration or the site policy."""
    if view.image_required is not None and needs_image(view):
        yield Hazard(
            "image-required",
            Gravity.NOTE,
            f"policy: no stop without an AMI younger than {span(view.image_required)}, so one is made first",
            field="Image.CreationDate",
        )


def image_first(view: HazardView) -> Iterator[Hazard]:
    """CreateImageRequest.NoReboot again: an AMI before the stop adds a reboot of its own."""
    if view.options is None or not view.options.image_first:
        return
    if not view.no_reboot and view.running:
        yield Hazard(
            "image-reboot",
            Gravity.WARN,
            "the AMI before the stop reboots it too: two interruptions",
            "choose 'no reboot', if a crash-consistent AMI is enough",
            "CreateImageRequest.NoReboot",
        )
    yield from image_hibernation(view)


def image_hibernation(view: HazardView) -> Iterator[Hazard]:
    """HibernationOptions.Configured: AWS advises against snapshots of such instances (EBS user guide, ebs-creating-snapshot)."""
    if view.instance.hibernation:
        yield Hazard(
            "hibernation",
            Gravity.WARN,
            "it is enabled for hibernation, and AWS advises against snapshots (so AMIs) of such instances",
            field="Instance.HibernationOptions.Configured",
        )
