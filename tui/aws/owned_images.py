"""The AMIs that evac made in an account and region, and who uses those that a retention would remove."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from msgspec.structs import replace

from tui.aws import describe, errors, images, mapping
from tui.aws.error_codes import error_code
from tui.aws.sessions import Sessions
from tui.domain.instance import Target
from tui.domain.old_images import removal_candidates
from tui.domain.owned_images import OwnedImage, OwnedImages
from tui.domain.sanitize import SafeText, clean
from tui.domain.steps.base import OPERATION_TAG

EXPIRES_TAG, SOURCE_TAG = "evac:expires", "evac:source"
REFERENCES_A_CALL = 10
"""AMIs that DescribeImageReferences takes at once (EC2 API reference)."""
MOST_ASKED = 300
"""AMIs of a region of which it is asked whether they are shared, the oldest first: a call each. The others stay *don't know*."""
_USERS = [{"ResourceType": "ec2:Instance"}, {"ResourceType": "ec2:LaunchTemplate"}]
"""What is looked through for an AMI's id. AWS asks with the caller's own permissions, so no more than that."""
_Doc = Mapping[str, Any]


def evacs_images(
    sessions: Sessions,
    target: Target,
    account_id: str,
    keep: int,
    threads: Executor,
    turn: Callable[[], None],
) -> OwnedImages:
    """All of them; who uses one and with whom it is shared is asked only where nothing else would keep it, each in its `turn`.

    Raises what botocore raises, and NotAwsError, for the list itself; what else could not be read is in `unknown`.
    """
    ec2 = sessions.client(target.profile, "ec2", target.region)
    pages = describe.pages(
        ec2.describe_images, "Images", Owners=["self"], IncludeDisabled=True, MaxResults=describe.PAGE
    )
    docs = [item for page in pages for item in page]
    found = [map_owned_image(item) for item in docs if OPERATION_TAG in _tags(item)]
    asked = removal_candidates(found, keep, account_id, datetime.now(UTC))[:MOST_ASKED]
    ids = [str(one.image_id) for one in asked]
    unknown: list[tuple[str, SafeText]] = []
    used = shared = None
    if ids:
        try:
            used = _used(ec2, sessions.client(target.profile, "autoscaling", target.region), ids, threads)
        except Exception as error:
            unknown.append(("used_by", describe.why_unread(sessions, error, target)))
        try:
            shared = dict(zip(ids, threads.map(partial(_shared, ec2, turn), ids), strict=True))
        except Exception as error:
            unknown.append(("shared", describe.why_unread(sessions, error, target)))
    told = {
        one.image_id: replace(
            one,
            used_by=None if used is None else used.get(str(one.image_id), ()),
            shared=None if shared is None else shared.get(str(one.image_id)),
        )
        for one in asked
    }
    return OwnedImages(
        clean(account_id),
        tuple(told.get(one.image_id, one) for one in found),
        len(docs) - len(found),
        tuple(unknown),
    )


def _tags(item: _Doc) -> dict[str, str]:
    return {str(one.get("Key")): str(one.get("Value")) for one in item.get("Tags") or ()}


def map_owned_image(item: _Doc) -> OwnedImage:
    """An `OwnedImage` from an item of DescribeImages; who uses it and with whom it is shared is asked apart."""
    tags, made = _tags(item), mapping.map_image(item)
    expires = tags.get(EXPIRES_TAG)
    return OwnedImage(
        made.image_id,
        made.name,
        clean(images.source(item)[0] or tags.get(SOURCE_TAG, "")),
        clean(item.get("OwnerId")),
        clean(tags.get(OPERATION_TAG)),
        made.state,
        made.created,
        clean(item.get("DeregistrationProtection")),
        item.get("Public"),
        lasts=expires is not None,
        expires=_day(expires),
        snapshots=sum(
            "SnapshotId" in (one.get("Ebs") or {}) for one in item.get("BlockDeviceMappings") or ()
        ),
    )


def _day(text: str | None) -> datetime | None:
    """The moment; of a day, its beginning in UTC. None: none, or none that can be read."""
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _used(ec2: Any, autoscaling: Any, ids: list[str], threads: Executor) -> dict[str, tuple[SafeText, ...]]:
    """What names each of these AMIs: instances, launch templates, launch configurations."""
    found: dict[str, list[SafeText]] = {one: [] for one in ids}
    parts = [ids[at : at + REFERENCES_A_CALL] for at in range(0, len(ids), REFERENCES_A_CALL)]
    for references in threads.map(lambda part: list(_references(ec2, part)), parts):
        for one in references:
            found.setdefault(str(one.get("ImageId")), []).append(clean(one.get("Arn")))
    pages = describe.pages(autoscaling.describe_launch_configurations, "LaunchConfigurations", MaxRecords=100)
    for page in pages:
        for one in page:
            if (image := str(one.get("ImageId"))) in found:
                found[image].append(clean(f"launch configuration {one.get('LaunchConfigurationName')}"))
    return {image: tuple(users) for image, users in found.items()}


def _references(ec2: Any, ids: list[str]) -> Iterator[_Doc]:
    for page in describe.pages(
        ec2.describe_image_references, "ImageReferences", ImageIds=ids, ResourceTypes=_USERS
    ):
        yield from page


def _shared(ec2: Any, turn: Callable[[], None], image_id: str) -> bool | None:
    """Whether others may start it; None: it is gone meanwhile. Raises what botocore raises, and NotAwsError."""
    turn()
    try:
        answer = ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")
    except ClientError as error:
        if error_code(error).startswith("InvalidAMIID"):
            return None
        raise
    return bool(errors.member_of(answer, "LaunchPermissions"))
