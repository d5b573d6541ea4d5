"""One operation as plain text, to paste into an incident channel: what came of it, each step and its time, each call.

The console copies it, `evac ops show` prints it. Pure: all it knows is the journal's record.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from tui.domain.aws_codes import PERMITTED
from tui.domain.sanitize import clean
from tui.domain.time_format import both_zones, span
from tui.operations.model import CallRecord, Operation, StepRow, StepState
from tui.operations.status import InstanceDown, status_of
from tui.presentation.accounts import account_number


def call_outcome(call: CallRecord) -> str:
    """What came of a call, and its request id."""
    if call.ok is None:
        told = "no answer yet" if call.outcome_at is None else "the answer was lost"
    elif call.dry_run and call.code == PERMITTED:
        told = "permitted"
    else:
        told = "accepted" if call.ok else f"{call.code}: {call.message}"
    request = f" ({call.request_id})" if call.request_id else ""
    dry = " dry run" if call.dry_run else ""
    return clean(f"{call.operation}{dry}: {told}{request}", 300)


def took(row: StepRow, now: datetime, *, alive: bool = True) -> str:
    """How long a step took, or has been taking; empty for one that has not begun."""
    if row.began_at is None:
        return ""
    return span((row.ended_at or (now if alive else row.began_at)) - row.began_at)


def progress(one: Operation) -> str:
    """`3/7 wait-stopped`; of what has succeeded only the count."""
    names, done = [row.name for row in one.steps], sum(row.state is StepState.DONE for row in one.steps)
    if done == len(names):
        return f"{done}/{len(names)}"
    return f"{names.index(one.step) + 1}/{len(names)} {one.step}"


def operation_summary(one: Operation, label: str, zone: tzinfo, now: datetime) -> Iterator[str]:
    """A line a fact: how it stands, where, who, what came of it, its steps and calls. `label` is what the profile is called."""
    stands = status_of(one, now)
    word = f"{stands.standing}, {progress(one)}" if one.is_open else str(stands.standing)
    yield clean(f"{one.title} ({one.instance_id}): {word}, {span(stands.elapsed)}", 300)
    said = stands.headline if stands.needs_person or stands.down is not InstanceDown.NO else ""
    if said:
        yield f"  {said}"
    yield clean(f"  where: {label}, {account_number(one.account_id) or 'account unknown'}, {one.region}")
    yield clean(f"  by: {one.user}@{one.host}, {both_zones(one.confirmed_at or one.created_at, zone, now)}")
    if one.finished_at is not None:
        yield f"  ended: {both_zones(one.finished_at, zone, now)}"
    if one.note and not (said and stands.tells_note):
        # An end says several things (addresses, events, health): each on a line of its own, for the eye alone.
        yield from (f"  {part}" for part in dict.fromkeys(one.note.split("; ")))
    if one.remedy:
        yield f"  to do: {one.remedy}"
    if one.remark:
        yield f"  note: {one.remark}"
    if one.kept.options.overrides:
        yield f"  overridden: {', '.join(one.kept.options.overrides)}"
    for row in one.steps:
        yield f"  {_step(row, now)}"
        for call in row.calls:
            yield f"    {call.intent_at:%Y-%m-%dT%H:%M:%SZ} {call_outcome(call)}"
    yield f"  evac operation {one.id}"


def _step(row: StepRow, now: datetime) -> str:
    parts = [row.state, took(row, now), row.note]
    return f"{row.name}: {', '.join(part for part in parts if part)}"
