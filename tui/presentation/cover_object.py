"""The shapes of cover, as `evac coverage` and the console's export write it. Fields are added, never renamed or removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui.domain.cover.alarm_dangers import alarm_dangers
from tui.domain.cover.answers import Cover, CoverAnswer, ServiceCover
from tui.domain.instance import Instance
from tui.domain.time_format import iso_utc

ANSWERS = ("host_dies", "system_hangs", "data_lost")
"""The names of the three answers, in their order."""
COVERAGE_COLUMNS = (
    "kind", "profile", "account_id", "region", "zone", "instance_id", "name", "state", "instance_type", "service",
    *(f"{name}{part}" for name in ANSWERS for part in ("", "_by", "_why")),
    "why", "dangers", "read_at",
)  # fmt: skip


def answer_object(answer: CoverAnswer) -> dict[str, Any]:
    """One answer: `verdict` covered, partly, nobody, unknown or not-needed; `by` whom; `why` in a line."""
    return {"verdict": answer.verdict.value, "by": list(answer.by), "why": answer.why}


def cover_object(row: Instance, cover: Cover, service: str | None) -> dict[str, Any]:
    """An instance with its three answers. `service`: the configured tag's value; null: none. `dangers`: alarms that may stop or
    terminate it, a line each."""
    return {
        "kind": "instance",
        "profile": row.target.profile,
        "profiles": list(row.profiles or (row.target.profile,)),
        "account_id": row.account_id,
        "region": row.target.region,
        "zone": row.zone,
        "instance_id": row.instance_id,
        "name": row.name,
        "state": row.state.value,
        "instance_type": row.instance_type,
        "service": service,
        **_answers(cover),
        "dangers": [one.text for one in alarm_dangers(row)],
        "read_at": iso_utc(row.cover.read_at) if row.cover else None,
    }


def service_object(service: ServiceCover) -> dict[str, Any]:
    """A service that stands on one instance or in one zone; its answers are the gravest of its members."""
    regions = {key.partition("/")[0] for key in service.members}
    return {
        "kind": "service",
        "profile": service.profile,
        "account_id": service.account_id,
        "region": regions.pop() if len(regions) == 1 else "",
        "zone": service.zones[0] if len(service.zones) == 1 else "",
        "instance_id": _ids(service)[0] if len(service.members) == 1 else "",
        "service": service.name,
        "members": _ids(service),
        "zones": list(service.zones),
        "why": service.why,
        **_answers(service.cover),
    }


def cover_cells(told: dict[str, Any]) -> tuple[object, ...]:
    """The cells of one of these objects, in the order of COVERAGE_COLUMNS."""
    flat = {**told, "dangers": "; ".join(told.get("dangers", ()))}
    for name in ANSWERS:
        answer = told[name]
        flat |= {
            name: answer["verdict"],
            f"{name}_by": "; ".join(answer["by"]),
            f"{name}_why": answer["why"],
        }
    if told["kind"] == "service":
        flat["name"] = told["service"]
    return tuple(flat.get(column) for column in COVERAGE_COLUMNS)


def _answers(cover: Cover) -> dict[str, Any]:
    return {name: answer_object(one) for name, one in zip(ANSWERS, cover.answers, strict=True)}


def _ids(service: ServiceCover) -> Sequence[str]:
    return [key.partition("/")[2] for key in service.members]
