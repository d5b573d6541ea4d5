"""Why targets are not read, by cause: a login that has expired is one, whatever number of targets it keeps from being read.

A target that is part of an incident stays part of it while it is kept from being read by the same kind of thing: an outage
that is over in one Region after the other stays one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from tui.domain.incidents import AlarmKind, AlarmRule, Incident, Incidents, Picture, Symptom
from tui.domain.instance import EVERYWHERE, Phase, TargetStatus, TroubleKind
from tui.domain.plurals import counted
from tui.domain.sanitize import EMPTY, SafeText, clean
from tui.domain.time_format import span

_LOGIN, _OUTAGE, _SILENT = "login", "outage", "silent"
_FAMILIES = {
    TroubleKind.CREDENTIALS: _LOGIN,
    TroubleKind.CONFIG: _LOGIN,
    TroubleKind.NETWORK: _OUTAGE,
}
"""What keeps from reading: the others are families of their own."""


def is_fresh(status: TargetStatus, fresh_for: timedelta, now: datetime) -> bool:
    """Whether all that is said of the target's instances is known to be so, now."""
    at = status.status_at
    return status.phase is Phase.LIVE and status.trouble is None and at is not None and now - at <= fresh_for


def judge_unread(
    known: Incidents, picture: Picture, rules: Sequence[AlarmRule], now: datetime
) -> tuple[list[Symptom], dict[str, datetime], dict[str, datetime]]:
    """The causes that are there; of open ones that are gone the time of the reading; since when which targets are not read."""
    ill = {str(one.target.key): one for one in picture.targets if not is_fresh(one, picture.fresh_for, now)}
    since = {key: _since(known.unread.get(key), one, now) for key, one in ill.items()}
    if not picture.targets:  # nothing was told yet: what was unread before is so still
        since = {key: min(at, now) for key, at in known.unread.items()}
    there: list[Symptom] = []
    gone: dict[str, datetime] = {}
    causes = _causes(picture, ill)
    for rule in rules:
        open_now = [one for one in known.open.values() if one.symptom.rule == rule.text]
        late = {key for key in ill if now - since[key] >= rule.within}
        there += _symptoms(rule, open_now, ill, late, causes, picture)
        keys = {one.key for one in there}
        for one in open_now:
            if one.symptom.key not in keys and (at := _well_at(one, picture, ill)) is not None:
                gone[one.symptom.key] = at
    return there, gone, since


def _since(before: datetime | None, status: TargetStatus, now: datetime) -> datetime:
    if before is None:
        # LIVE: it was read in this run. What an earlier one has left is of no account: nobody tried meanwhile.
        before = status.status_at if status.phase is Phase.LIVE and status.status_at else now
    return min(before, now)  # the clock may have been set back


def _causes(picture: Picture, ill: Mapping[str, TargetStatus]) -> dict[str, tuple[str, str]]:
    """Of each target that is not read its cause: what kind of thing, and of what."""
    told = {key: one for key, one in ill.items() if one.trouble is not None}
    outage = [one for one in told.values() if one.trouble and _family(one) == _OUTAGE]
    others = len(picture.targets) - len(told)  # read, or nothing is known of them yet
    everywhere = not others and len({one.target.region for one in outage}) > 1
    return {key: (_family(one), _detail(one, everywhere)) for key, one in ill.items()}


def _family(status: TargetStatus) -> str:
    return (
        _SILENT if status.trouble is None else _FAMILIES.get(status.trouble.kind, status.trouble.kind.value)
    )


def _detail(status: TargetStatus, everywhere: bool) -> str:
    trouble = status.trouble
    if trouble is None:
        return ""
    if trouble.of:
        return str(trouble.of)
    if trouble.kind is TroubleKind.NETWORK:
        if everywhere:
            return EVERYWHERE
        return status.target.profile if status.target.region == EVERYWHERE else status.target.region
    if trouble.kind is TroubleKind.THROTTLED:  # an account's budget in a Region
        return f"{status.account_id or status.target.profile}/{status.target.region}"
    return status.target.profile


def _symptoms(
    rule: AlarmRule,
    open_now: Iterable[Incident],
    ill: Mapping[str, TargetStatus],
    late: Collection[str],
    causes: Mapping[str, tuple[str, str]],
    picture: Picture,
) -> list[Symptom]:
    owner = {
        (member, _family_of(one.symptom.key, rule)): one.symptom.key
        for one in open_now
        for member in one.symptom.members
    }
    keys: dict[str, list[str]] = {}
    for key in ill:  # who fails for the same cause belongs to it, also if not for so long yet
        if key not in late and ill[key].trouble is None:
            continue
        family, detail = causes[key]
        keys.setdefault(owner.get((key, family)) or f"{rule.text}/{family}/{detail}", []).append(key)
    return [
        _symptom(name, rule, [ill[key] for key in group], picture)
        for name, group in keys.items()
        if any(key in late for key in group)
    ]


def _family_of(key: str, rule: AlarmRule) -> str:
    return key.removeprefix(f"{rule.text}/").partition("/")[0]


def _symptom(name: str, rule: AlarmRule, group: Sequence[TargetStatus], picture: Picture) -> Symptom:
    first = group[0]
    trouble = first.trouble
    limit = span(rule.within)
    if trouble is None:
        why = f"no answer for {limit}" + (f": {picture.reader}" if picture.reader else "")
    else:
        why = f"not read for {limit}: {trouble.bare}"
    what = first.target.key if len(group) == 1 else counted(len(group), "target")
    return Symptom(
        name,
        rule.text,
        AlarmKind.UNREAD,
        clean(f"{what}: {why}", 300),
        account_id=_one(one.account_id for one in group),
        region=_one("" if one.target.region == EVERYWHERE else one.target.region for one in group),
        name=_one(one.target.profile for one in group),
        profile=first.target.profile,
        members=tuple(str(one.target.key) for one in group),
    )


def _one(texts: Iterable[str]) -> SafeText:
    """The one they have in common, else the empty text."""
    found = set(texts)
    return clean(found.pop()) if len(found) == 1 else EMPTY


def _well_at(one: Incident, picture: Picture, ill: Mapping[str, TargetStatus]) -> datetime | None:
    """The reading by which every target of the incident is read again, None: not known. A target that is listed no more is no
    longer to be read, once it is known which are."""
    listed = {str(status.target.key): status for status in picture.targets}
    members = [listed[name] for name in one.symptom.members if name in listed]
    if any(str(status.target.key) in ill for status in members):
        return None
    if len(members) < len(one.symptom.members) and not _is_settled(picture):
        return None
    times = [status.status_at for status in members or picture.targets if status.status_at is not None]
    return min(times, default=None)


def _is_settled(picture: Picture) -> bool:
    """Whether it is known which targets there are."""
    return bool(picture.targets) and not any(
        status.phase is Phase.WAITING or status.target.region == EVERYWHERE for status in picture.targets
    )
