"""Which causes of incidents a picture of the fleet shows, and which of those known before it shows to be gone. Pure.

Of an instance whose target was not read lately nothing is known, nor of what a check says that has no data yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from tui.domain.down_by_aws import STOPPED, why_down
from tui.domain.events import ScheduledEvent
from tui.domain.incidents import (
    AlarmKind,
    AlarmRule,
    Incident,
    Incidents,
    Judged,
    OperationInNeed,
    Picture,
    Symptom,
)
from tui.domain.instance import CheckName, CheckStatus, Instance, InstanceState, Phase, Target, TargetStatus
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.time_format import iso_utc
from tui.domain.unread_causes import is_fresh, judge_unread

_SAYS_NOTHING = (CheckStatus.UNKNOWN, CheckStatus.INITIALIZING, CheckStatus.INSUFFICIENT_DATA)
_ENDED = (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN)
_BETWEEN = (InstanceState.PENDING, InstanceState.STOPPING, InstanceState.UNKNOWN)
_Targets = Mapping[Target, TargetStatus]


def judge(known: Incidents, picture: Picture, rules: Sequence[AlarmRule], now: datetime) -> Judged:
    """The causes that are there, and since which reading open ones are gone. A kind without a rule is wanted no more: gone."""
    targets = {one.target: one for one in picture.targets}
    by_kind = {kind: [rule for rule in rules if rule.kind is kind] for kind in AlarmKind}
    there = list(_of_rows(picture, targets, by_kind, now))
    there += [_of_operation(one) for one in picture.operations or () if by_kind[AlarmKind.OPERATION]]
    found, gone, unread = judge_unread(known, picture, by_kind[AlarmKind.UNREAD], now)
    there += found
    keys = {one.key for one in there}
    wanted = {rule.text for rule in rules}
    still = [one for key, one in known.open.items() if key not in keys]
    for one in still:
        if one.symptom.rule not in wanted or (
            one.symptom.kind is AlarmKind.OPERATION and picture.operations is not None
        ):
            gone[one.symptom.key] = now
    gone |= _gone_of_rows([one for one in still if one.symptom.rule in wanted], picture, targets, now)
    return Judged(there, gone, unread)


def judge_soundly(
    known: Incidents, picture: Picture, rules: Sequence[AlarmRule], now: datetime
) -> tuple[Judged, str]:
    """The same, where a row that can't be judged, by a fault of ours, costs no other its alarm; and that fault in words."""
    try:
        return judge(known, picture, rules, now), ""
    except Exception as error:
        rows = [row for row in picture.rows if _can_judge(replace(picture, rows=(row,)), rules, now)]
        if len(rows) == len(picture.rows):
            raise
        odd = counted(len(picture.rows) - len(rows), "instance")
        # Of those nothing is known; that they are missing in the rows must not say that they are no more.
        judged = judge(known, replace(picture, rows=rows), rules, now)
        missing = {row.key for row in picture.rows} - {row.key for row in rows}
        gone = {key: at for key, at in judged.gone.items() if not any(one in key for one in missing)}
        return replace(judged, gone=gone), f"{odd} can't be judged: {type(error).__name__}: {error}"


def _can_judge(picture: Picture, rules: Sequence[AlarmRule], now: datetime) -> bool:
    try:
        judge(Incidents(), picture, rules, now)
    except Exception:
        return False
    return True


def _of_rows(
    picture: Picture, targets: _Targets, by_kind: Mapping[AlarmKind, list[AlarmRule]], now: datetime
) -> Iterator[Symptom]:
    stopped, failing = bool(by_kind[AlarmKind.STOPPED_BY_AWS]), bool(by_kind[AlarmKind.FAILING])
    due = by_kind[AlarmKind.DUE]
    for row in picture.rows:  # tens of thousands, of which nearly all are well
        if due and row.events:
            for rule, event in _due(row, due, now):
                if _is_known(row, targets, picture, now):
                    key = f"{rule.text}/{row.key}/{_event_key(event)}"
                    yield _symptom(row, key, rule.kind, rule.text, _due_words(event))
        if row.state in STOPPED:
            if stopped and _is_known(row, targets, picture, now):
                down = why_down(row, now)
                if down is not None and picture.own.meant(row) is None:
                    since = f" at {iso_utc(down.since)}" if down.since is not None else ""
                    kind = AlarmKind.STOPPED_BY_AWS
                    yield _symptom(row, f"{kind}/{row.key}", kind, kind, f"{down.line}{since}")
        elif (
            failing
            and (checks := row.checks.impaired())
            and row.state not in _ENDED
            and _is_known(row, targets, picture, now)
            and not _is_ours(row, picture)
        ):
            kind = AlarmKind.FAILING
            yield _symptom(row, f"{kind}/{row.key}", kind, kind, _failing_words(row, checks), checks)


def _symptom(
    row: Instance, key: str, kind: AlarmKind, rule: str, why: str, members: tuple[str, ...] = ()
) -> Symptom:
    place = (row.instance_id, row.account_id, clean(row.target.region), row.name)
    return Symptom(key, rule, kind, clean(why, 300), *place, row.target.profile, tuple(map(str, members)))


def _of_operation(one: OperationInNeed) -> Symptom:
    kind = AlarmKind.OPERATION
    return Symptom(
        f"{kind}/{one.id}", kind, kind, one.why, one.instance_id, one.account_id, one.region, one.name
    )


def _is_known(row: Instance, targets: _Targets, picture: Picture, now: datetime) -> bool:
    """Whether the row was read in this run, and lately. Trouble is read first: a target may have no more than that yet.

    Who it is must have been read too, if that can be: it comes within seconds, and whoever is called wants the name.
    """
    status = targets.get(row.target)
    if status is not None and not (row.inventory_at or status.inventory_at or status.partial):
        return False
    if status is None or is_fresh(status, picture.fresh_for, now):
        return status is not None
    begun = status.status_at is None and status.phase in (Phase.READING, Phase.FAILED)
    return begun and row.status_at is not None and now - row.status_at <= picture.fresh_for


def _is_ours(row: Instance, picture: Picture) -> bool:
    """Whether an operation of evac explains that a check fails. If it goes no further, that is an incident of its own."""
    work = picture.own.work(row)
    return work is not None and work.explains(row)


def _due(
    row: Instance, rules: Sequence[AlarmRule], now: datetime
) -> Iterator[tuple[AlarmRule, ScheduledEvent]]:
    for event in row.open_events(now):
        if event.not_before is None or event.is_past(now):
            continue
        yield from ((rule, event) for rule in rules if event.not_before - now < rule.within)


def _event_key(event: ScheduledEvent) -> str:
    return event.event_id or f"{event.code_text} {event.not_before}"


def _due_words(event: ScheduledEvent) -> str:
    return f"{event.code_text} from {iso_utc(event.not_before)}" if event.not_before else event.code_text


def _failing_words(row: Instance, checks: Sequence[CheckName]) -> str:
    since = min((at for name in checks if (at := row.checks.get(name).since) is not None), default=None)
    told = f"{' and '.join(checks)} check{'s fail' if len(checks) > 1 else ' fails'}"
    return f"{told} since {iso_utc(since)}" if since is not None else told


def _gone_of_rows(
    still: Sequence[Incident], picture: Picture, targets: _Targets, now: datetime
) -> dict[str, datetime]:
    """Of open incidents of instances whose cause is not seen, those whose cause is known to be gone, and by which reading."""
    asked = [one for one in still if one.symptom.instance_id and one.symptom.kind is not AlarmKind.OPERATION]
    if not asked:
        return {}
    ids = {one.symptom.instance_id for one in asked}
    rows = {(row.target.region, row.instance_id): row for row in picture.rows if row.instance_id in ids}
    found: dict[str, datetime] = {}
    for one in asked:
        row = rows.get((one.symptom.region, one.symptom.instance_id))
        if row is None:
            at = _missing_at(one.symptom, targets, picture, now)
        else:
            status = targets.get(row.target)
            fresh = status is not None and is_fresh(status, picture.fresh_for, now)
            at = status.status_at if fresh and status and _is_well(one.symptom, row, picture) else None
        if at is not None:
            found[one.symptom.key] = at
    return found


def _missing_at(symptom: Symptom, targets: _Targets, picture: Picture, now: datetime) -> datetime | None:
    """When a target that would have the instance was read whole without it."""
    for status in targets.values():
        ours = (
            symptom.account_id == status.account_id
            if symptom.account_id
            else symptom.profile == status.target.profile
        )
        if ours and status.target.region == symptom.region and is_fresh(status, picture.fresh_for, now):
            return status.status_at if status.inventory_at is not None else None
    return None


def _is_well(symptom: Symptom, row: Instance, picture: Picture) -> bool:
    """Whether what is not seen to be ill is known to be well."""
    if row.state in _ENDED:
        return True
    if row.state is InstanceState.UNKNOWN:
        return False
    if symptom.kind is AlarmKind.DUE:
        return True
    if symptom.kind is AlarmKind.STOPPED_BY_AWS:
        said = bool(row.reason_code or row.state_reason) or picture.own.meant(row) is not None
        return row.state not in _BETWEEN and (row.state is not InstanceState.STOPPED or said)
    if row.state in _BETWEEN or _is_ours(row, picture):
        return False
    failed = [CheckName(name) for name in symptom.members]
    return all(row.checks.get(name).status not in _SAYS_NOTHING for name in failed)
