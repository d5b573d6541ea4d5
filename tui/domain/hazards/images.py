"""Whether there is a copy of its disks, and what making one costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tui.domain.cover.answers import CoverVerdict
from tui.domain.cover.copies import backup_line
from tui.domain.facts import Facts
from tui.domain.hazards.base import Hazard, HazardView, danger, dont_know, hazard, note, ok, warn
from tui.domain.instance import Image, Instance, InstanceState
from tui.domain.severity import Gravity
from tui.domain.time_format import ago, span


def image_view(
    facts: Facts | None, instance: Instance, now: datetime
) -> tuple[bool, Image | None, Image | None]:
    """Whether anybody asked, the newest available AMI, and one still pending.

    A service's AMI may be found in the region's list alone: an instance's are asked for by the usual signs.
    """
    listed = () if instance.newest_image is None else (instance.newest_image,)
    if facts is not None and facts.images is not None:
        known = {one.image_id for one in facts.images}
        others = (one for one in listed if one.maker and one.image_id not in known)
        images: tuple[Image, ...] = (*facts.images, *others)
    elif instance.images_at is not None:
        images = listed
    else:
        return False, None, None
    ready = [image for image in images if image.state == "available" and image.created is not None]
    newest = max(ready, key=lambda image: image.created or now, default=None)
    return True, newest, next((image for image in images if image.state == "pending"), None)


@hazard("image", "stop", "reboot", "image", field="Image.SourceInstanceId, Name, Tags, CreationDate, State")
def newest_image(view: HazardView) -> Iterator[Hazard]:
    """DescribeImages(Owners=self): SourceInstanceId, or what Data Lifecycle Manager and AWS Backup write; CreationDate, State.

    Where its cover was read, also AWS Backup's last recovery point that is there.
    """
    asked, newest, _ = image_view(view.facts, view.instance, view.now)
    if not asked:
        yield dont_know("whether there is an AMI of it", view, "images")
        return
    age = None if newest is None or newest.created is None else view.now - newest.created
    if newest is not None and age is not None and age <= view.policy.image_max_age:
        yield ok(f"newest AMI {span(age)} old{_by(newest)}")
        return
    backup = backup_line(view.instance, view.now, view.policy.image_max_age)
    if backup.verdict is CoverVerdict.COVERED:
        yield ok(f"AWS Backup's {backup.text}")
        return
    told = "no AMI of it was found"
    if newest is not None and newest.created is not None:
        told = f"its newest AMI was made {ago(newest.created, view.now)}{_by(newest)}"
    if view.instance.cover is not None:
        told += f"; AWS Backup: {backup.text}"
    elif age is None:
        told += "; Data Lifecycle Manager and AWS Backup were not asked"
    gravity = Gravity.NOTE if view.action.images else Gravity.WARN
    yield Hazard(gravity, told, "" if view.action.images else "make an AMI first (i)")


@hazard("image-pending", "stop", "reboot", "image", field="Image.State")
def pending_image(view: HazardView) -> Iterator[Hazard]:
    """An AMI of it is still being made, so that it can't be come back to yet."""
    _, _, pending = image_view(view.facts, view.instance, view.now)
    if pending is not None:
        yield note(f"AMI {pending.image_id} is still pending")


def _by(image: Image) -> str:
    return f" (by {image.maker})" if image.maker else ""


@hazard("image-reboot", "stop", "image", field="CreateImageRequest.NoReboot")
def image_reboots(view: HazardView) -> Iterator[Hazard]:
    """CreateImageRequest.NoReboot: false by default, so AWS shuts the instance down, takes snapshots and reboots."""
    if view.action.stops:
        if view.options.image_first and not view.options.no_reboot and view.running:
            text = "the AMI before the stop reboots it too: two interruptions"
            yield warn(text, "choose 'no reboot', if a crash-consistent AMI is enough")
        return
    if view.instance.state is InstanceState.STOPPED:
        yield ok("it is stopped: the AMI interrupts nothing")
    elif view.options.no_reboot:
        yield warn(
            "without a reboot the AMI is crash-consistent: AWS gives no guarantee for its file systems",
            "allow the reboot, or freeze the file systems meanwhile",
        )
    else:
        yield danger(
            "CreateImage reboots the instance to get consistent disks",
            "choose 'no reboot' for a crash-consistent AMI without the interruption",
        )


def needs_image(view: HazardView) -> bool:
    """Whether policy demands an AMI before this stop: the newest is too old, or there is none, or nobody knows."""
    if view.policy.require_image is None or not view.stops or view.instance.state is InstanceState.STOPPING:
        return False
    _, newest, _ = image_view(view.facts, view.instance, view.now)
    return newest is None or newest.created is None or view.now - newest.created > view.policy.require_image


@hazard("image-required", "stop", field="Image.CreationDate")
def required_image(view: HazardView) -> Iterator[Hazard]:
    """Image.CreationDate against `actions.require_image` of the configuration or the site policy."""
    if view.policy.require_image is not None and needs_image(view):
        yield note(
            f"policy: no stop without an AMI younger than {span(view.policy.require_image)}, so one is made first"
        )


@hazard("hibernation", "stop", "image", field="Instance.HibernationOptions.Configured")
def image_hibernation(view: HazardView) -> Iterator[Hazard]:
    """HibernationOptions.Configured: AWS advises against snapshots of such instances (EBS user guide, ebs-creating-snapshot)."""
    made = view.action.images or view.options.image_first
    if made and view.instance.hibernation:
        yield warn(
            "it is enabled for hibernation, and AWS advises against snapshots (so AMIs) of such instances"
        )
