"""Which instances a timer copies, under which names, and which not at the same time.

There is one lock that every timer of every machine shares, with Redis or without: AWS takes the name of an AMI once in an
account and region (EC2 API, CreateImage: InvalidAMIName.Duplicate), and CreateImage has no ClientToken. So the name says which
copy is meant, not when or by whom: the instance, and the AMI that this one follows. Who asks second is refused by AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tui.domain import out_of_service
from tui.domain.actions.base import GONE
from tui.domain.facts import Facts
from tui.domain.instance import Image, Instance
from tui.domain.steps.base import IMAGE_LIMIT
from tui.domain.time_format import span

_EARLY, _SHARE = timedelta(hours=3), 8
_NEVER = datetime.min.replace(tzinfo=UTC)


class Copying(StrEnum):
    """Whether it is to be copied now. PENDING: it is being copied. UNREAD: nobody knows, so it is not."""

    DUE = "due"
    FRESH = "fresh"
    PENDING = "pending"
    UNREAD = "unread"
    GONE = "gone"


class Need(Struct, frozen=True):
    """What an instance needs, and why, in words. `newest`: its newest available AMI. `name`: of the one to be made, if due."""

    copying: Copying
    why: str
    newest: Image | None = None
    name: str = ""


def limit_of(older_than: timedelta) -> timedelta:
    """The age from which it is due: an eighth less, three hours at most.

    A timer never rings at quite the same moment. Without it a nightly copy "older than a day" would be made every other night.
    """
    return older_than - min(older_than / _SHARE, _EARLY)


def listed(instance: Instance, now: datetime, older_than: timedelta) -> Need:
    """As far as the list tells, which knows the newest AMI alone."""
    if instance.state in GONE:
        return Need(Copying.GONE, f"it is {instance.state}")
    if instance.images_at is None:
        return Need(Copying.UNREAD, "its AMIs could not be read")
    known = () if instance.newest_image is None else (instance.newest_image,)
    return _need(instance, known, now, older_than)


def looked_at(instance: Instance, facts: Facts | None, now: datetime, older_than: timedelta) -> Need:
    """After a close look, which knows every AMI of it, and those that failed."""
    if instance.state in GONE:
        return Need(Copying.GONE, f"it is {instance.state}")
    if facts is None or facts.images is None:
        why = "" if facts is None else next((str(why) for part, why in facts.unknown if part == "images"), "")
        return Need(Copying.UNREAD, "its AMIs could not be read" + (f": {why}" if why else ""))
    # What a service made may be found in the region's list alone: one instance's are asked for by the usual signs.
    listed_too = instance.newest_image
    known = {one.image_id for one in facts.images}
    more = () if listed_too is None or listed_too.image_id in known else (listed_too,)
    return _need(instance, (*facts.images, *more), now, older_than)


def _need(instance: Instance, images: Sequence[Image], now: datetime, older_than: timedelta) -> Need:
    ready = [one for one in images if one.state == "available" and one.created is not None]
    newest = max(ready, key=lambda one: (one.created or _NEVER, str(one.image_id)), default=None)
    if newest is not None and newest.created is not None and now - newest.created < limit_of(older_than):
        return Need(
            Copying.FRESH, f"its newest AMI is {span(max(now - newest.created, timedelta()))} old", newest
        )
    for one in images:
        if one.state == "pending" and (one.created is None or now - one.created < IMAGE_LIMIT):
            return Need(Copying.PENDING, f"{one.image_id} is being made", newest)
    if newest is None or newest.created is None:
        why = "no AMI of it was found"
    else:
        why = f"its newest AMI is {span(now - newest.created)} old"
    return Need(Copying.DUE, why, newest, _free_name(str(instance.instance_id), newest, images))


def backup_name(instance_id: str, follows: str) -> str:
    """The AMI's name. `follows`: the id of the AMI before it, empty for the first."""
    return f"{instance_id} after {follows or 'none'} evac"


def second_name(name: str) -> str:
    """Where AWS has an AMI of that name, and shows none: as it may be with one in the Recycle Bin. The same on every machine."""
    return f"{name.removesuffix(' evac')} 2 evac"


def _free_name(instance_id: str, newest: Image | None, images: Sequence[Image]) -> str:
    """Behind the newest AMI that is there; and behind each that has that name and came to nothing, which keeps it."""
    taken = {str(one.name): str(one.image_id) for one in images}
    name = backup_name(instance_id, "" if newest is None else str(newest.image_id))
    for _ in images:
        if name not in taken:
            break
        name = backup_name(instance_id, taken[name])
    return name


def neediest_first(needs: Iterable[tuple[Instance, Need]]) -> list[tuple[Instance, Need]]:
    """Those without any copy, then the oldest copies. The same order on every machine, and from night to night."""

    def rank(one: tuple[Instance, Need]) -> tuple[datetime, str]:
        row, need = one
        made = None if need.newest is None else need.newest.created
        return made or _NEVER, row.key

    return sorted(needs, key=rank)


def groups_of(instance: Instance, facts: Facts | None) -> frozenset[str] | None:
    """The groups it serves in, each by a name that no other has; None: not known."""
    read = facts is not None and None not in (facts.target_groups, facts.classic_balancers, facts.membership)
    if not read:
        return None
    place = f"{instance.account_id}:{instance.target.region}"
    seen = out_of_service.groups(facts, str(instance.instance_id))
    scaling = {f"{place}:scaling:{one.group}" for one in (facts.membership if facts else None) or ()}
    return frozenset(f"{place}:{one.group.kind}:{one.group.key}" for one in seen) | scaling


def together(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """Whether both may be copied at the same time: in no group together. What is not known might be."""
    return one is not None and other is not None and not one & other


def beside(instance: Instance, facts: Facts | None, addresses: Mapping[str, str]) -> tuple[str, ...]:
    """The ids of those that serve in a group with it. `addresses`: private address → id, for groups of addresses."""
    own = str(instance.instance_id)
    members = {member for one in out_of_service.groups(facts, own) for member in one.members}
    ids = {addresses.get(one, one) for one in members}
    return tuple(sorted(one for one in ids if one.startswith("i-") and one != own))
