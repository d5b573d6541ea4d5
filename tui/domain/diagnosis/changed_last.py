"""What CloudTrail's changes say of a failure: a smaller type, who told it to go down, what was done just before. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tui.domain.diagnosis.evidence import Change
from tui.domain.sanitize import SafeText
from tui.domain.time_format import ago, span, to_utc

RECENT = timedelta(hours=24)
"""A change of type this long before a failure may be its cause."""
JUST_BEFORE = timedelta(hours=2)
_ABOUT = timedelta(minutes=20)
_TYPE = re.compile(r"\b([a-z][a-z0-9-]{0,20})\.(nano|micro|small|medium|large|(\d{0,2})xlarge)(?![\w-])")
_SIZES = {"nano": 0.5, "micro": 1.0, "small": 2.0, "medium": 4.0, "large": 8.0}
_PER_CPU = {"c": 0.5, "m": 1.0, "t": 1.0, "r": 2.0, "x": 4.0, "z": 2.0}
_DOWN = frozenset({"StopInstances", "RebootInstances", "TerminateInstances", "CreateImage"})
_TRIVIAL = frozenset({"CreateTags", "DeleteTags", "MonitorInstances", "UnmonitorInstances"})


class TypeChange(Struct, frozen=True):
    """A change of type. `share`: how much of the memory it had is left, about; None: not comparable."""

    change: Change
    old: str
    new: str
    share: float | None


def who(change: Change) -> str:
    """Who made the change: CloudTrail's user such as `kim`, or `somebody` where it names none."""
    return str(change.user) or "somebody"


def made(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Those that AWS did not refuse, the newest first."""
    return tuple(
        sorted((one for one in changes if not one.error), key=lambda one: to_utc(one.at), reverse=True)
    )


def type_change(changes: Sequence[Change], until: datetime) -> TypeChange | None:
    """The last change of type before a moment, if it was recent. The type before it: as the change says, or an earlier one."""
    earlier = [one for one in made(changes) if to_utc(one.at) <= until]
    for number, one in enumerate(earlier):
        if one.event != "ModifyInstanceAttribute" or not (types := _types(one.what)):
            continue
        before = types[:-1] or [kind for other in earlier[number + 1 :] for kind in _types(other.what)[-1:]]
        if until - to_utc(one.at) > RECENT or not before or before[0] == types[-1]:
            return None
        return TypeChange(one, before[0], types[-1], _share(before[0], types[-1]))
    return None


def _types(what: SafeText) -> list[str]:
    return [one[0] for one in _TYPE.finditer(what)]


def _share(old: str, new: str) -> float | None:
    """By the sizes' names: each has twice the memory of the one below; C, M and R families differ by two."""
    (family, size), (other, smaller) = ((one.split(".", 1)[0], _gigabytes(one)) for one in (old, new))
    if size is None or smaller is None:
        return None
    if family == other:
        return smaller / size
    factors = _PER_CPU.get(family[:1]), _PER_CPU.get(other[:1])
    return None if factors[0] is None or factors[1] is None else smaller * factors[1] / (size * factors[0])


def _gigabytes(kind: str) -> float | None:
    found = _TYPE.fullmatch(kind)
    if found is None:
        return None
    return _SIZES.get(found[2]) or 16.0 * int(found[3] or 1)


def taken_down(changes: Sequence[Change], *moments: datetime | None) -> Change | None:
    """The call that took it down about one of those moments: a stop, a reboot, an image made with one."""
    for one in made(changes):
        if one.event in _DOWN and any(
            at is not None and abs(at - to_utc(one.at)) <= _ABOUT for at in moments
        ):
            return one
    return None


def just_before(changes: Sequence[Change], moment: datetime) -> Iterator[Change]:
    """What changed it within the hours before, the latest first; tags and the like left out."""
    for one in made(changes):
        if one.event not in _TRIVIAL and timedelta() <= moment - to_utc(one.at) <= JUST_BEFORE:
            yield one


def told(change: Change, now: datetime) -> str:
    """`kim: ModifyInstanceAttribute, instanceType m6i.large, 2h ago`."""
    what = f", {change.what}" if change.what else ""
    by = f" (evac, operation {change.operation})" if change.operation else ""
    return f"{who(change)}: {change.event}{what}{by}, {ago(to_utc(change.at), now)}"


def how_long_before(change: Change, moment: datetime) -> str:
    """How long before that moment the change was made, in words: `12m`."""
    return span(moment - to_utc(change.at))
