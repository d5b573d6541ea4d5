"""Waiting, for days if need be, until AWS has stopped an instance: what `start-after-stop` does before it starts it.

It sends nothing and alarms nobody while AWS has still to come. Whom a stop is by is read from AWS's reason; what a person
stopped is left to that person.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from tui.domain.answers import NoteKind
from tui.domain.down_by_aws import STOP_EVENTS, code_of, start_failed
from tui.domain.events import EventState, ScheduledEvent
from tui.domain.instance import InstanceState
from tui.domain.steps.base import UNREAD, Decision, Done, Moot, Order, Seen, StepHistory, Wait, gone
from tui.domain.time_format import both_zones

RARELY, OFTEN = 60.0, 5.0
"""Seconds between two looks: long before the announced time, and around it."""
NEAR = timedelta(minutes=5)
"""So long before it is looked often."""
ALARM = timedelta(hours=1)
"""So long before it a person should know that AWS shows nothing (a login that has expired, say)."""
LATE = timedelta(minutes=30)
"""So long after its time an event that is over, or listed no more, may still be followed by its stop: texts and lists lag."""


def until_aws_stops_it(order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
    """What to do while it waits."""
    if (lost := gone(seen, order)) is not None:
        return lost
    event = _event(order, seen)
    start = event.not_before if event is not None and event.not_before is not None else order.not_before
    pause = _pause(start, now)
    if seen.state is InstanceState.UNKNOWN:
        late = start is not None and now >= start - ALARM
        return Wait(
            "its state could not be read; it still waits for AWS to stop it",
            pause,
            attention=late,
            remedy=UNREAD * late,
        )
    over = event is None or not event.is_open(now)
    if seen.events is None:  # not read: it may be as open as before
        over = False
    if seen.state in (InstanceState.STOPPED, InstanceState.STOPPING):
        return _stopped(seen, over, start, now)
    if event is not None and event.state(now) is EventState.CANCELED:
        return Moot("AWS has canceled the event: there is nothing to start")
    if not over:
        when = (
            "at a time it did not announce" if start is None else f"not before {both_zones(start, UTC, now)}"
        )
        return Wait(f"waits for AWS to stop it, {when}", pause, kind=NoteKind.WAITS)
    if (
        seen.launched_at is not None
        and order.launched_at is not None
        and seen.launched_at > order.launched_at
    ):
        return Done("it was stopped and started since it was ordered")
    if now < (start or said.began_at) + LATE:
        told = "lists the event no more" if event is None else "calls the event completed"
        return Wait(f"AWS {told}, and it still runs: looking whether its stop comes yet", pause)
    return Moot("the event is over, and AWS did not stop it: there is nothing to start")


def followed(order: Order, seen: Seen) -> Order:
    """The same, with the event's start as it is listed now: AWS, or somebody, may have moved it."""
    event = _event(order, seen)
    if event is None or event.not_before is None:
        return order
    return replace(order, not_before=event.not_before)


def _event(order: Order, seen: Seen) -> ScheduledEvent | None:
    """The one that was waited for, wherever it was moved to; without an id, the first of its kind."""
    found = [one for one in seen.events or () if one.code in STOP_EVENTS]
    if order.event_id:
        return next((one for one in found if one.event_id == order.event_id), None)
    return found[0] if found else None


def _pause(start: datetime | None, now: datetime) -> float:
    if start is None:
        return RARELY
    left = (start - NEAR - now).total_seconds()
    # For ever after an event that lags, often would be too often.
    return OFTEN if -LATE.total_seconds() < left <= 0 else max(OFTEN, min(RARELY, abs(left)))


def _stopped(seen: Seen, over: bool, start: datetime | None, now: datetime) -> Decision:
    code = code_of(seen.reason_code, seen.reason)
    by_aws = code.startswith("Server.") or start_failed(code)
    if not code:  # AWS gives no reason: its time has come, or it has not
        by_aws = over or (start is not None and start <= now)
    if seen.state is InstanceState.STOPPING:
        return Wait("AWS is stopping it" if by_aws else "somebody is stopping it", OFTEN)
    if by_aws:
        return Done(f"AWS stopped it ({code})" if code else "AWS stopped it")
    if over:
        return Moot(f"somebody stopped it, not AWS ({code}), and the event is over: it is left stopped")
    return Wait(f"somebody stopped it, not AWS ({code or 'no reason given'}): it is left so", OFTEN)
