"""The logins of a fleet as lines, trouble first: what each reads, and under it its accounts, profiles and regions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tui.domain.instance import EVERYWHERE, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.listing import Stale, failures
from tui.domain.logins import ProfileLogin
from tui.domain.sanitize import clean
from tui.domain.triage import Level

Levels = Mapping[Target, Mapping[Level, int]]
"""How many instances of each target stand at which level."""

BY_REGION = "*"
"""What the keys of the lines begin with that are about a region of all accounts."""


class LineKind(StrEnum):
    """What a line stands for. REGIONS holds a line a region, of all accounts together."""

    LOGIN = "login"
    ACCOUNT = "account"
    PROFILE = "profile"
    REGION = "region"
    REGIONS = "regions"


class LineReading(Struct, frozen=True):
    """How the reading of some targets goes. `unread`: those not to be believed now. `count`: instances as last read, None: of no
    target yet. `failures`: one a reason. `read_at` (UTC): of what was read, the oldest.
    """

    targets: int = 0
    unread: int = 0
    count: int | None = None
    levels: Mapping[Level, int] = {}
    failures: tuple[TargetStatus, ...] = ()
    partial: tuple[Trouble, ...] = ()
    read_at: datetime | None = None


class ScopeLine(Struct, frozen=True):
    """One line. `profiles` are the names in the AWS files of what it stands for, `logins` what renews them.

    `is_read`: False where no profile of it is read in this run. Of one account `account_id` is its number, empty while unknown.
    """

    key: str
    kind: LineKind
    profiles: tuple[str, ...]
    logins: tuple[ProfileLogin, ...] = ()
    account_id: str = ""
    account_alias: str = ""
    accounts: int = 0
    region: str = ""
    reading: LineReading = LineReading()
    is_read: bool = True
    children: tuple[ScopeLine, ...] = ()

    @property
    def rank(self) -> int:
        """Trouble first: what is not read for a reason, or not yet; what is read in part; what fails, is due; the rest; what
        nobody asked for."""
        reading = self.reading
        if not self.is_read:
            return 6
        if reading.failures:
            return 0
        if reading.unread or not reading.targets:
            return 1
        if reading.partial:
            return 2
        return next(
            (rank for rank, level in ((3, Level.FAILING), (4, Level.DUE)) if reading.levels.get(level)), 5
        )


def login_lines(
    logins: Sequence[ProfileLogin], targets: Sequence[TargetStatus], old: Stale, levels: Levels
) -> list[ScopeLine]:
    """A line a login, its accounts under it. A profile that is read and whose login nobody has told yet is a login of its own.

    An account that several logins lead to stands under each; what fails stands under the login it is the failure of.
    """
    known = {str(clean(one.profile)): one for one in logins}
    groups: dict[str, dict[str, None]] = {}
    for one in logins:
        groups.setdefault(one.key, {})[one.profile] = None
    for status in targets:
        if status.target.profile != EVERYWHERE and clean(status.target.profile) not in known:
            groups.setdefault(f"profile {status.target.profile}", {})[status.target.profile] = None
    told = _Told(old, levels)
    by_name: dict[str, dict[Target, TargetStatus]] = {}
    for status in targets:
        for name in _names(status):
            by_name.setdefault(name, {})[status.target] = status
    lines = []
    for key, names in groups.items():
        profiles: dict[str, str] = {str(clean(name)): name for name in names}
        of = [known[name] for name in profiles if name in known]
        found = list(
            {target: one for name in profiles for target, one in by_name.get(name, {}).items()}.values()
        )
        lines.append(_login(key, profiles, tuple(of), found, told))
    lines.sort(key=lambda line: (line.rank, line.profiles[0].lower()))
    regions = _by_region(targets, told)
    return [*lines, *([regions] if len(regions.children) > 1 else [])]


def _names(status: TargetStatus) -> set[str]:
    return {*map(str, status.profiles), str(clean(status.target.profile))}


class _Told:
    """Sums over targets."""

    def __init__(self, old: Stale, levels: Levels) -> None:
        self._old, self._levels = old, levels

    def of(self, targets: Iterable[TargetStatus], profiles: Iterable[str] = ()) -> LineReading:
        """How the reading of these goes; failures and parts only of these profiles, if any are given."""
        names = [*map(clean, profiles)]
        levels: Counter[Level] = Counter()
        known: list[int] = []
        bad: list[TargetStatus] = []
        partial: list[Trouble] = []
        places = 0
        unread = 0
        times = []
        for one in targets:
            times += [] if one.status_at is None else [one.status_at]
            places += one.target.region != EVERYWHERE
            unread += one.target in self._old
            levels.update(self._levels.get(one.target, {}))
            known += [] if one.count is None else [one.count]
            if one.trouble is not None and (not names or clean(one.target.profile) in names):
                bad.append(one)
            for trouble in one.partial:
                mine = not names or _is_of(trouble, names)
                if mine and names and trouble.kind is TroubleKind.CREDENTIALS:
                    # another profile reads it meanwhile
                    bad.append(TargetStatus(one.target, one.phase, one.profiles, trouble=trouble))
                elif mine:
                    partial.append(trouble)
        count = sum(known) if known else None
        parts = tuple(dict.fromkeys(partial))
        return LineReading(
            places, unread, count, levels, tuple(failures(bad)), parts, min(times, default=None)
        )


def _is_of(trouble: Trouble, profiles: Iterable[str]) -> bool:
    where = str(trouble.where)
    return any(where == name or where.startswith(f"{name}/") for name in profiles)


def _login(
    key: str,
    profiles: Mapping[str, str],
    logins: tuple[ProfileLogin, ...],
    targets: Sequence[TargetStatus],
    told: _Told,
) -> ScopeLine:
    accounts: dict[str, list[TargetStatus]] = {}
    for one in targets:
        accounts.setdefault(str(one.account_id) or f"?{one.target.profile}", []).append(one)
    read = {name for one in targets for name in _names(one)}
    missing = [name for shown, name in profiles.items() if shown not in read]
    below = [_account(key, found, profiles, logins, told) for found in accounts.values()]
    below.sort(key=lambda line: (line.rank, line.profiles[0].lower()))
    hints = {one.profile: one.account_id for one in logins}
    below += [
        ScopeLine(
            f"{key}\n{name}",
            LineKind.PROFILE,
            (name,),
            tuple(one for one in logins if one.profile == name),
            account_id=hints.get(name, ""),
            is_read=False,
        )
        for name in missing
    ]
    only = below[0] if len(below) == 1 else None
    return ScopeLine(
        key,
        LineKind.LOGIN,
        tuple(profiles.values()),
        logins,
        account_id=only.account_id if only else "",
        account_alias=only.account_alias if only else "",
        accounts=len({line.account_id or hints.get(line.profiles[0]) or line.key for line in below}),
        is_read=bool(targets),
        children=only.children if only else tuple(below),
        reading=told.of(targets, profiles.values()),
    )


def _account(
    above: str,
    targets: Sequence[TargetStatus],
    profiles: Mapping[str, str],
    logins: tuple[ProfileLogin, ...],
    told: _Told,
) -> ScopeLine:
    first = targets[0]
    every = {name for one in targets for name in _names(one)}
    own = tuple(name for shown, name in profiles.items() if shown in every)
    key = f"{above}\n{first.account_id or first.target.profile}"
    below = [
        ScopeLine(
            f"{key}\nprofile {name}",
            LineKind.PROFILE,
            (name,),
            _only(logins, (name,)),
            str(first.account_id),
            reading=told.of([one for one in targets if clean(name) in _names(one)], (name,)),
        )
        for name in own
        if len(own) > 1
    ]
    below += [
        ScopeLine(
            f"{key}\n{one.target.region}",
            LineKind.REGION,
            own,
            _only(logins, own),
            str(first.account_id),
            region=one.target.region,
            reading=told.of([one]),
        )
        for one in targets
        if one.target.region != EVERYWHERE
    ]
    below.sort(key=lambda line: (line.kind is LineKind.REGION, line.rank))
    return ScopeLine(
        key,
        LineKind.ACCOUNT,
        own,
        _only(logins, own),
        str(first.account_id),
        str(first.account_alias),
        accounts=1,
        children=tuple(below),
        reading=told.of(targets, own),
    )


def _only(logins: Iterable[ProfileLogin], names: Sequence[str]) -> tuple[ProfileLogin, ...]:
    return tuple(one for one in logins if one.profile in names)


def _by_region(targets: Sequence[TargetStatus], told: _Told) -> ScopeLine:
    regions: dict[str, list[TargetStatus]] = {}
    for one in targets:
        if one.target.region != EVERYWHERE:
            regions.setdefault(one.target.region, []).append(one)
    below = [
        ScopeLine(
            f"{BY_REGION}\n{name}",
            LineKind.REGION,
            (),
            region=name,
            accounts=len({one.account_id or one.target.profile for one in found}),
            reading=told.of(found),
        )
        for name, found in sorted(regions.items())
    ]
    below.sort(key=lambda line: line.rank)
    return ScopeLine(
        BY_REGION,
        LineKind.REGIONS,
        (),
        children=tuple(below),
        reading=told.of(one for found in regions.values() for one in found),
    )


def unfolded(
    lines: Iterable[ScopeLine], opened: frozenset[str], depth: int = 0
) -> list[tuple[int, ScopeLine]]:
    """The lines to show, each with its depth: below a line what is under it, where it is opened."""
    found: list[tuple[int, ScopeLine]] = []
    for line in lines:
        found.append((depth, line))
        if line.key in opened:
            found += unfolded(line.children, opened, depth + 1)
    return found
