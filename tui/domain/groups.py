"""The groups an instance serves in, and whether one more of their members may go down.

Target groups, classic load balancers and Auto Scaling groups alike: who is in service now, how many must be, and which
members other operations hold down or are about to. A whole group is counted, as AWS's health tells it: its weights, its zones
and how much one member can carry are not known here (docs/locks.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from math import ceil

from msgspec import Struct

from tui.domain.sanitize import SafeText, clean

TARGETS, CLASSIC, SCALING = "target group", "classic load balancer", "Auto Scaling group"
Keep = int | str
"""How many must stay in service: so many, or such a share of the members (`50%`, rounded up)."""


class Group(Struct, frozen=True):
    """One group, as it was when the operation was planned: kept in the journal.

    `key` is AWS's handle (an ARN or a name), `member` what the instance is registered as there, `up` whether it was in service,
    `size` how many members it had.
    """

    kind: str
    key: str
    name: str
    member: str
    up: bool = False
    size: int = 0

    @property
    def text(self) -> SafeText:
        """`target group web`."""
        return clean(f"{self.kind} {self.name}")


class GroupSeen(Struct, frozen=True):
    """What AWS says of a group now: `up` are the members in service, `ill` the others with the reason; `least` is MinSize.

    Who is not among `up` counts as down, whatever the reason, and also if nobody knows.
    """

    group: Group
    up: tuple[str, ...] = ()
    ill: tuple[tuple[str, str], ...] = ()
    least: int = 1

    @property
    def members(self) -> frozenset[str]:
        """All members, in service or not."""
        return frozenset(self.up) | {name for name, _ in self.ill}


class HoldState(StrEnum):
    """WAITING for its turn; HELD: it may go down; GOING: it goes, or is, down."""

    WAITING = "waiting"
    HELD = "held"
    GOING = "going"


class Hold(Struct, frozen=True):
    """A member that an operation takes, or is about to take, down. The lower `number` asked first.

    `stands`: who works on it, or what frees it if nobody does.
    """

    operation: str
    place: str
    text: str
    member: str
    label: str
    user: str
    host: str
    since: datetime
    number: int
    state: HoldState
    reserves: bool = False
    stands: str = ""

    @property
    def line(self) -> SafeText:
        """`op-… by kim on bastion-1: search-1 of target group x`, and what frees it if that is a person."""
        stands = f", which {self.stands}" if self.stands else ""
        return clean(
            f"{self.operation} by {self.user} on {self.host}{stands}: {self.label} of {self.text}", 400
        )


class Short(Struct, frozen=True):
    """Why a member may not go down now: `left` would be in service without it, `needed` must be. `by`: whom it waits for."""

    text: str
    left: int
    needed: int
    by: tuple[Hold, ...] = ()
    ill: tuple[tuple[str, str], ...] = ()
    unread: bool = False

    @property
    def line(self) -> SafeText:
        """`waits for op-…`, or what is wrong with the group itself."""
        if self.by:
            more = f" (and {len(self.by) - 1} more)" if len(self.by) > 1 else ""
            return clean(f"waits for {self.by[0].line}{more}", 500)
        return clean(f"waits: {self.cause}", 500)

    @property
    def cause(self) -> str:
        """What is wrong with the group itself."""
        if self.unread:
            return f"{self.text} could not be read, and what is not known counts as down"
        shown = ", ".join(f"{name} {why}" for name, why in self.ill[:3])
        more = f" and {len(self.ill) - 3} more" if len(self.ill) > 3 else ""
        told = f"; not in service: {shown}{more}" if shown else ""
        return f"{shortage_text(self)}{told}"


def shortage_text(short: Short) -> str:
    """`with it down 0 of target group x would be in service, and 1 must be`."""
    return f"with it down {short.left} of {short.text} would be in service, and {short.needed} must be"


class RegisteredGroup(Struct, frozen=True, gc=False):
    """A target group or a classic load balancer: its key (`group_key`), and its members' ids, or addresses."""

    key: str
    members: tuple[str, ...]


class BalancerGroups(Struct, frozen=True, gc=False):
    """Who is registered with which load balancer of an account and region: what no row tells.

    `unknown`: why some of them could not be read; None where all were.
    """

    account_id: str
    region: str
    read_at: datetime
    groups: tuple[RegisteredGroup, ...] = ()
    unknown: SafeText | None = None


def group_key(account: str, region: str, group: Group) -> str:
    """A name for the group that no other has: of one account and region, or its ARN."""
    return f"{account}:{region}:{group.kind}:{group.key}"


def needed(seen: GroupSeen, members: int, keep: Iterable[Keep]) -> int:
    """How many must be in service: one, a group's minimum, and what the settings ask for. `members` with all that are held."""
    asked = [max(1, seen.least)]
    for one in keep:
        asked.append(ceil(members * int(one[:-1]) / 100) if isinstance(one, str) else one)
    return max(asked)


def shortage(
    group: Group, seen: GroupSeen | None, others: Sequence[Hold], keep: Sequence[Keep], *, out: bool = False
) -> Short | None:
    """None if this member of the group may go down now. `others` are the holds of other operations in this group.

    A member that is not in service takes nothing away. `out`: it was, and this very operation has taken it out.
    """
    if seen is None:
        return Short(group.text, 0, 1, unread=True)
    if group.member not in seen.up and not out:
        return None
    held = {one.member for one in others} - {group.member}
    all_others = (seen.members | held) - {group.member}
    left = frozenset(seen.up) - held - {group.member}
    least = needed(seen, max(len(all_others) + 1, group.size), keep)
    if len(left) >= least:
        return None
    back = len(left) + len(held)
    ill = tuple((name, why) for name, why in seen.ill if name != group.member and name not in held)
    return Short(group.text, len(left), least, tuple(others) if back >= least else (), ill)


class Asked(Struct, frozen=True):
    """One group an operation wants a member of down: its `place`, the group as planned, and as it is seen now."""

    place: str
    group: Group
    seen: GroupSeen | None


def lacking(
    asked: Iterable[Asked], holds: Sequence[Hold], mine: Hold, keep: Sequence[Keep], *, going: bool
) -> tuple[Short, ...]:
    """What stands in the way of `mine`: the one rule for the journal and for the lock service.

    First come, first served, by `number`: a later operation never overtakes one that waits, and one that has begun to go down
    waits for none, so no circle of waiting can form. An operation that waits for a group to recover by itself blocks nobody.
    """
    found = []
    for one in asked:
        others = [
            hold
            for hold in holds
            if hold.place == one.place
            and hold.operation != mine.operation
            and (hold.state is HoldState.GOING or (hold.state is HoldState.HELD and not (going and hold.number > mine.number))
                 or (hold.state is HoldState.WAITING and not going and hold.reserves and hold.number < mine.number))
        ]  # fmt: skip
        if (why := shortage(one.group, one.seen, others, keep)) is not None:
            found.append(why)
    return tuple(found)
