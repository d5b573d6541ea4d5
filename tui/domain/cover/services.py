"""Services, by a tag: one that stands on one instance or in one zone is a gap, however well its members are covered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from tui.domain.cover.answers import VERDICT_RANK, Cover, CoverAnswer, ServiceCover
from tui.domain.cover.remembered import remembered_cover
from tui.domain.cover.verdict import gravest_first
from tui.domain.instance import Instance, InstanceState
from tui.domain.sanitize import SafeText

_SERVING = (InstanceState.RUNNING, InstanceState.PENDING, InstanceState.UNKNOWN)


def services_of(
    instances: Iterable[Instance], tag: str, now: datetime, max_age: timedelta
) -> list[ServiceCover]:
    """Those that stand on one instance or in one zone, the gravest first. `tag`: `tag:service`, or the key alone.

    Instances that are stopped or gone serve nobody. Two accounts with the same value are two services.
    """
    key = tag.removeprefix("tag:")
    found: dict[tuple[str, SafeText], list[Instance]] = {}
    for row in instances if key else ():
        name = row.tag(key)
        if name and name.strip() and row.state in _SERVING:
            found.setdefault((row.account_id or row.target.profile, name), []).append(row)
    services = [
        one for (_, name), rows in found.items() if (one := _thin(name, rows, now, max_age)) is not None
    ]
    return sorted(
        services,
        key=lambda one: (len(one.members) > 1, gravest_first(one.cover), one.name.lower(), one.members),
    )


def _thin(name: SafeText, rows: list[Instance], now: datetime, max_age: timedelta) -> ServiceCover | None:
    zones = tuple(sorted({row.zone for row in rows}))
    if len(rows) == 1:
        why = f"stands on one instance: {rows[0].label}"
    elif len(zones) == 1 and zones[0]:
        why = f"stands in one zone: {zones[0]}, {len(rows)} instances"
    else:
        return None
    answers = [(row, remembered_cover(row, now, max_age).answers) for row in rows]
    gravest = [_gravest([(row, three[number]) for row, three in answers]) for number in range(3)]
    members = tuple(sorted(row.key for row in rows))
    return ServiceCover(
        name, rows[0].account_id, rows[0].target.profile, members, zones, Cover(*gravest), why
    )


def _gravest(answers: list[tuple[Instance, CoverAnswer]]) -> CoverAnswer:
    row, worst = min(answers, key=lambda one: VERDICT_RANK[one[1].verdict])
    why = f"{row.label}: {worst.why}" if len(answers) > 1 else worst.why
    return CoverAnswer(worst.verdict, worst.by, why, worst.word)
