"""Which of evac's AMIs a retention would remove. evac removes none: somebody reads the list, and runs the commands.

An AMI stays wherever there is a doubt about it. Sources: EC2 user guide, ami-deregister, ami-deregistration-protection,
sharing-amis, ec2-ami-references.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.instance import Target
from tui.domain.owned_images import OwnedImage
from tui.domain.plurals import counted
from tui.domain.server_plans import place_options
from tui.domain.time_format import ago, countdown

NAME_END = " evac"
"""What the names of evac's own AMIs end with."""


class JudgedImage(Struct, frozen=True, gc=False):
    """Whether a retention would remove it, and why it would or would not, in one line."""

    image: OwnedImage
    removable: bool
    why: str


def is_evacs(image: OwnedImage, account_id: str) -> bool:
    """Whether evac made it, in that account: its tag says so. Under which name is another question."""
    return bool(image.operation) and image.owner == account_id


def judged_images(
    images: Iterable[OwnedImage], keep: int, account_id: str, now: datetime
) -> list[JudgedImage]:
    """Each of evac's own AMIs, the oldest first, with at least the newest of each instance kept. Others' are left out."""
    groups: defaultdict[str, list[OwnedImage]] = defaultdict(list)
    for image in images:
        groups[str(image.instance_id)].append(image)
    result: list[JudgedImage] = []
    for instance_id, group in groups.items():
        group.sort(key=_made, reverse=True)
        seen, unsettled = 0, ""
        for image in group:
            good = image.state == "available" and image.created is not None
            if is_evacs(image, account_id):
                why = _kept(image, instance_id, seen, max(1, keep), unsettled, now)
                told = (
                    why
                    or f"older than the {counted(max(1, keep), 'newest one', 'newest ones')} of {instance_id}"
                )
                result.append(JudgedImage(image, not why, told))
                seen += good
            if not good:
                unsettled = (
                    unsettled or f"{image.image_id} of later is {image.state or 'in an unknown state'}"
                )
    return sorted(result, key=lambda one: _made(one.image))


def removal_candidates(
    images: Iterable[OwnedImage], keep: int, account_id: str, now: datetime
) -> list[OwnedImage]:
    """Those that nothing but the yet unread `used_by` and `shared` could keep: of these alone that is asked."""
    sure = [_as_if_read(one) for one in images]
    return [one.image for one in judged_images(sure, keep, account_id, now) if one.removable]


def _as_if_read(image: OwnedImage) -> OwnedImage:
    return replace(image, used_by=image.used_by or (), shared=bool(image.shared))


def _made(image: OwnedImage) -> tuple[datetime, str]:
    return image.created or datetime.max.replace(tzinfo=UTC), str(image.image_id)


def _kept(image: OwnedImage, instance_id: str, newer: int, keep: int, unsettled: str, now: datetime) -> str:
    """Why it stays; empty: nothing keeps it."""
    rules: Sequence[Callable[[], str]] = (
        lambda: "" if str(image.name).endswith(NAME_END) else "somebody chose its name",
        lambda: "" if image.state == "available" else f"it is {image.state or 'in an unknown state'}",
        lambda: "" if image.created else "when it was made is not known",
        lambda: "" if instance_id else "of which instance it is, it does not say",
        lambda: unsettled,
        lambda: "" if newer >= keep else _newest(newer, keep),
        lambda: _until(image, now),
        lambda: (
            "" if image.protection in ("", "disabled") else f"deregistration protection: {image.protection}"
        ),
        lambda: "it is public" if image.public else "",
        lambda: {None: "whether it is shared is not known", True: "it is shared"}.get(image.shared, ""),
        lambda: _use(image),
    )
    return next((why for rule in rules if (why := rule())), "")


def _newest(newer: int, keep: int) -> str:
    return "the newest one of its instance" if not newer else f"one of the {keep} newest of its instance"


def _until(image: OwnedImage, now: datetime) -> str:
    if not image.lasts:
        return ""
    if image.expires is None:
        return "its tag evac:expires cannot be read"
    return f"it expires {countdown(image.expires, now)}" if image.expires > now else ""


def _use(image: OwnedImage) -> str:
    if image.used_by is None:
        return "whether it is in use is not known"
    more = f" and {len(image.used_by) - 1} more" if len(image.used_by) > 1 else ""
    return f"in use by {image.used_by[0]}{more}" if image.used_by else ""


def age_of(image: OwnedImage, now: datetime) -> str:
    """`40d ago`, or that nobody knows."""
    return ago(image.created, now) if image.created else "not known"


def removal_command(image: OwnedImage, target: Target) -> str:
    """What somebody who has read the list would run: the AMI goes, and its snapshots, but for those that others hold.

    Source: EC2 API reference, DeregisterImage, DeleteAssociatedSnapshots.
    """
    words = ("aws", "ec2", "deregister-image", "--image-id", image.image_id, "--delete-associated-snapshots")
    return shlex.join((*words, *place_options(target)))
