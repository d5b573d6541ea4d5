"""The scope of a run: which profiles and regions options, config and policy leave in. The snapshot is narrowed to it.

The collector alone knows which profiles and regions there are; what it reads, it says (`Delta.profiles`, `Delta.regions`).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from tui.config.schema import Settings
from tui.domain.instance import EVERYWHERE, Target, TargetStatus
from tui.domain.sanitize import clean

Reads = Callable[[str, str], bool]
"""Whether a profile (its name as drawn) is read in a region."""


def key(settings: Settings) -> str:
    """A hash of what these settings leave out; empty where they leave nothing out. Equal keys: equal scopes."""
    narrowed = (
        sorted(settings.only_profiles),
        sorted(settings.only_regions),
        sorted(settings.regions),
        sorted(settings.allowed_regions),
        sorted(settings.hidden_profiles),
        sorted((name, sorted(one.regions)) for name, one in settings.profiles.items() if one.regions),
        sorted(name for name, one in settings.profiles.items() if one.hidden),
    )
    if not any(narrowed):
        return ""
    import hashlib  # most starts leave nothing out

    return hashlib.sha256(msgspec.json.encode(narrowed)).hexdigest()[:12]


def reads(settings: Settings) -> Reads:
    """The test (profile, region) -> read in this scope?"""
    only = set(map(clean, settings.only_profiles))
    own = {clean(name): one.regions for name, one in settings.profiles.items() if one.regions}

    def read(profile: str, region: str) -> bool:
        if (only and profile not in only) or (not only and settings.profile_unlisted(profile)):
            return False
        if settings.profile_hidden(profile):
            return False
        named = settings.only_regions or own.get(clean(profile)) or settings.regions
        fixed = [one for one in named if settings.region_allowed(one)]
        return region == EVERYWHERE or (region in fixed if fixed else settings.region_allowed(region))

    return read


def within(status: TargetStatus, read: Reads) -> TargetStatus | None:
    """The target in this scope: under another profile of its account where its own is not read; None: not read."""
    target = status.target
    names = tuple(name for name in status.profiles or (clean(target.profile),) if read(name, target.region))
    if not names:
        return None
    own = target.profile if clean(target.profile) in names else names[0]
    return replace(status, target=Target(own, target.region), profiles=names)
