"""What a retention would remove: only evac's own, and nothing about which there is a doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tui.domain.instance import Target
from tui.domain.old_images import judged_images, removal_candidates, removal_command
from tui.domain.owned_images import OwnedImage
from tui.domain.sanitize import clean

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
OURS = "111122223333"
BOX = clean("i-0123456789abcdef0")


def image(days: int, **changes: Any) -> OwnedImage:
    """An AMI that evac made so many days ago, in nobody's use."""
    made = OwnedImage(
        clean(f"ami-{days:017x}"),
        clean(f"db-1 2026-{days} evac"),
        BOX,
        clean(OURS),
        clean("op-1"),
        clean("available"),
        NOW - timedelta(days=days),
        public=False,
        shared=False,
        used_by=(),
    )
    return replace(made, **changes)


NEWER = (image(1), image(2), image(3))
"""Three that a retention of three keeps."""
CASES: tuple[tuple[str, OwnedImage, str], ...] = (
    ("beyond the newest", image(40), ""),
    ("past its day", image(40, lasts=True, expires=NOW - timedelta(days=1)), ""),
    ("before its day", image(40, lasts=True, expires=NOW + timedelta(days=3)), "it expires in 3d"),
    ("a day that can't be read", image(40, lasts=True), "evac:expires cannot be read"),
    ("pending", image(40, state=clean("pending")), "it is pending"),
    ("failed", image(40, state=clean("failed")), "it is failed"),
    ("disabled", image(40, state=clean("disabled")), "it is disabled"),
    ("no state", image(40, state=clean("")), "an unknown state"),
    ("of no instance", image(40, instance_id=clean("")), "does not say"),
    (
        "in use",
        image(40, used_by=(clean("arn:aws:ec2:x:instance/i-1"),)),
        "in use by arn:aws:ec2:x:instance/i-1",
    ),
    ("in use twice", image(40, used_by=(clean("a"), clean("b"))), "in use by a and 1 more"),
    ("use unread", image(40, used_by=None), "in use is not known"),
    ("shared", image(40, shared=True), "it is shared"),
    ("sharing unread", image(40, shared=None), "shared is not known"),
    ("public", image(40, public=True), "it is public"),
    ("protected", image(40, protection=clean("enabled-with-cooldown")), "deregistration protection"),
    ("not protected", image(40, protection=clean("disabled")), ""),
    ("a name of somebody's own", image(40, name=clean("golden-2026")), "somebody chose its name"),
    ("no date", image(40, created=None), "is not known"),
)


@pytest.mark.parametrize(("case", "old", "why"), CASES, ids=[one[0] for one in CASES])
def test_an_image_goes_only_where_nothing_keeps_it(case: str, old: OwnedImage, why: str) -> None:
    found = next(one for one in judged_images((*NEWER, old), 3, OURS, NOW) if one.image == old)
    assert found.removable is (why == ""), found
    assert why in found.why


@pytest.mark.parametrize("other", [image(40, operation=clean("")), image(40, owner=clean("999999999999"))])
def test_others_images_are_not_even_listed(other: OwnedImage) -> None:
    assert other not in [one.image for one in judged_images((*NEWER, other), 3, OURS, NOW)]


@pytest.mark.parametrize(("keep", "gone"), [(0, 4), (1, 4), (2, 3), (3, 2), (5, 0), (9, 0)])
def test_a_retention_keeps_so_many_and_never_less_than_the_newest(keep: int, gone: int) -> None:
    images = [image(days) for days in (1, 5, 9, 20, 40)]
    found = judged_images(images, keep, OURS, NOW)
    assert [one.removable for one in found] == [True] * gone + [False] * (5 - gone)


def test_only_good_ones_count_as_kept() -> None:
    images = (image(9), image(20), image(40, state=clean("failed")), image(60))
    found = {one.image.image_id: one.removable for one in judged_images(images, 2, OURS, NOW)}
    assert found[image(60).image_id] is False  # a failed one lies after it


@pytest.mark.parametrize("state", ["pending", "failed", "error"])
def test_nothing_goes_while_a_newer_one_is_not_available(state: str) -> None:
    images = (image(0, state=clean(state)), *NEWER, image(40))
    found = judged_images(images, 3, OURS, NOW)
    assert not any(one.removable for one in found)
    assert f"of later is {state}" in found[0].why


def test_each_instance_is_counted_by_itself() -> None:
    other = clean("i-0fedcba9876543210")
    images = (*NEWER, image(40, instance_id=other))
    assert not any(one.removable for one in judged_images(images, 3, OURS, NOW))
    assert judged_images((*images, image(50)), 3, OURS, NOW)[0].removable


def test_what_must_still_be_asked_is_asked_only_of_candidates() -> None:
    unread = [replace(one, used_by=None, shared=None) for one in (*NEWER, image(40), image(50, public=True))]
    assert [str(one.image_id) for one in removal_candidates(unread, 3, OURS, NOW)] == [
        str(image(40).image_id)
    ]
    assert not any(one.removable for one in judged_images(unread, 3, OURS, NOW))


def test_the_command_is_one_a_shell_takes_as_it_is_meant() -> None:
    made = removal_command(image(40), Target("prod; rm -rf", "eu-west-1"))
    assert made == (
        "aws ec2 deregister-image --image-id ami-00000000000000028 --delete-associated-snapshots "
        "--region eu-west-1 --profile 'prod; rm -rf'"
    )
