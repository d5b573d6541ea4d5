"""Scheduled events, as DescribeInstanceStatus announces them.

Source: botocore model, InstanceStatusEvent and EventCode; user guide, viewing_scheduled_events.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tui.domain.sanitize import EMPTY, SafeText


class EventCode(StrEnum):
    """The codes AWS documents. `UNKNOWN` stands for any other: it is shown verbatim, and no advice is given."""

    INSTANCE_STOP = "instance-stop"
    INSTANCE_RETIREMENT = "instance-retirement"
    INSTANCE_REBOOT = "instance-reboot"
    SYSTEM_REBOOT = "system-reboot"
    SYSTEM_MAINTENANCE = "system-maintenance"
    UNKNOWN = "unknown"


KNOWN_CODES = tuple(code for code in EventCode if code is not EventCode.UNKNOWN)


class EventState(StrEnum):
    """The API has no such field: it follows from the description's prefix and from NotBefore."""

    PENDING = "pending"
    STARTED = "started"
    COMPLETED = "completed"
    CANCELED = "canceled"


RESCHEDULE_LEAD = timedelta(minutes=60)
"""A new start lies at least this far ahead (user guide, reschedule-event)."""
RESCHEDULE_CLOSED = timedelta(minutes=5)
"""An event that starts within this time can no longer be moved (user guide, reschedule-event)."""


OUTLASTED = timedelta(hours=24)
"""So long after its window an event is past, whatever its text says: AWS takes up to an hour to change that."""
_PASSING = (EventCode.INSTANCE_REBOOT, EventCode.SYSTEM_REBOOT, EventCode.SYSTEM_MAINTENANCE)
"""Events that are over when their window is. After a stop or a retirement the instance still has to be started."""


class ScheduledEvent(Struct, frozen=True, gc=False):
    """One announced event. Every field but the code may be missing; times are UTC."""

    code_text: SafeText
    event_id: SafeText = EMPTY
    description: SafeText = EMPTY
    not_before: datetime | None = None
    not_after: datetime | None = None
    deadline: datetime | None = None

    @property
    def code(self) -> EventCode:
        """The documented code, or UNKNOWN; `code_text` keeps AWS's own word."""
        try:
            return EventCode(self.code_text)
        except ValueError:
            return EventCode.UNKNOWN

    def state(self, now: datetime) -> EventState:
        """Over if the description says so by its prefix; else started once NotBefore has passed; else pending.

        An event in the past without a prefix is under way, or its text is stale (AWS takes up to an hour to change it).
        """
        prefix = self.description.lstrip().lower()
        if prefix.startswith("[completed]"):
            return EventState.COMPLETED
        if prefix.startswith(("[canceled]", "[cancelled]")):
            return EventState.CANCELED
        if self.not_before is not None and self.not_before <= now:
            return EventState.STARTED
        return EventState.PENDING

    def is_open(self, now: datetime) -> bool:
        """Whether it still concerns the operator: pending or started, and not a reboot or maintenance long past."""
        if self.state(now) not in (EventState.PENDING, EventState.STARTED):
            return False
        return not (self.is_past(now) and self.code in _PASSING)

    def is_past(self, now: datetime) -> bool:
        """Whether its window ended more than OUTLASTED ago."""
        end = self.not_after if self.not_after is not None else self.not_before
        return end is not None and now - end > OUTLASTED

    def why_not_reschedule(self, now: datetime) -> str | None:
        """None if AWS lets it be moved, else the reason in a sentence. Source: user guide, reschedule-event."""
        if not self.is_open(now):
            return "the event is over"
        if self.deadline is None:
            return "AWS set no deadline for this event, and only an event with a deadline can be moved"
        if self.not_before is None:
            return "AWS announced no start for this event"
        if self.not_before <= now:
            return "the event has started"
        if self.not_before - now < RESCHEDULE_CLOSED:
            return "the event starts within 5 minutes; AWS no longer moves it"
        if self.deadline < now + RESCHEDULE_LEAD:
            return (
                "the deadline is less than 60 minutes away, and a new start must be at least 60 minutes ahead"
            )
        return None
