"""The scope of a run: which profiles and regions options, config and policy leave in. The snapshot is narrowed to it.

The collector alone knows which profiles and regions there are; what it reads, it says (`Delta.profiles`, `Delta.regions`).
Within a run the console may show less (`Scope`): all the rest is read on, so that to widen shows at once what is true then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tui.config.schema import Settings
from tui.domain.instance import EVERYWHERE, Instance, Target, TargetStatus
from tui.domain.sanitize import EMPTY, SafeText, clean

Reads = Callable[[str, str], bool]
"""Whether a profile (its name as drawn) is read in a region."""


class Scope(Struct, frozen=True):
    """What of all that is read is shown, listed and counted: each set that is not empty is all there is of its kind.

    `words`: what the header calls it. The empty scope leaves nothing out.
    """

    accounts: frozenset[str] = frozenset()
    profiles: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    words: SafeText = EMPTY

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not (self.accounts or self.profiles or self.regions)

    def has(self, account_id: str, profiles: Iterable[str], region: str) -> bool:
        """Whether that account in that region, reached by these profiles (their names as drawn), is in it.

        What failed before its regions were known may be in any of them.
        """
        return (
            (not self.accounts or account_id in self.accounts)
            and (not self.profiles or not self.profiles.isdisjoint(profiles))
            and (not self.regions or region in self.regions or region == EVERYWHERE)
        )

    def has_target(self, status: TargetStatus) -> bool:
        """Whether that target is in it."""
        target = status.target
        return self.has(status.account_id, (*status.profiles, clean(target.profile)), target.region)

    def has_row(self, row: Instance) -> bool:
        """Whether that instance is in it."""
        return self.has(row.account_id, (*row.profiles, clean(row.target.profile)), row.target.region)


WHOLE = Scope()


def reading_also(settings: Settings, profile: str) -> Settings:
    """The settings of a run that reads this profile too, as if it had been asked for at the start."""
    if settings.only_profiles:
        named = tuple(dict.fromkeys((*settings.only_profiles, profile)))
        return replace(settings, only_profiles=named)
    own = settings.profiles.get(profile)
    if own is None or not own.hidden:
        return settings  # it stands in the files, and is read as all of them
    return replace(settings, profiles=settings.profiles | {profile: replace(own, hidden=False)})


def reading_through(settings: Settings, profiles: Iterable[str]) -> Settings:
    """The settings of a run that reads an account through these of its profiles first; none: as the files have them."""
    return replace(settings, read_through=tuple(profiles))


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
