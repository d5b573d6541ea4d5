"""What AWS Health says: issues of a zone or service, recoveries that AWS made, notices about one instance or volume.

Health is a bonus: DescribeInstanceStatus is the source of scheduled events. Without a support plan it answers nothing.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tui.domain.sanitize import EMPTY, SafeText


class HealthEvent(Struct, frozen=True, gc=False):
    """One event, for one entity. Source: health DescribeEvents and DescribeAffectedEntities. Times are UTC.

    `code` is eventTypeCode, `category` issue, scheduledChange, accountNotification or investigation, `status` open, upcoming
    or closed. `entity`: the instance's or volume's id, empty for what is of a whole zone or region.
    """

    arn: SafeText
    code: SafeText
    service: SafeText = EMPTY
    category: SafeText = EMPTY
    status: SafeText = EMPTY
    region: SafeText = EMPTY
    zone: SafeText = EMPTY
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    updated_at: datetime | None = None
    entity: SafeText = EMPTY
    entity_status: SafeText = EMPTY


class HealthReport(Struct, frozen=True, gc=False):
    """What Health says of one instance when somebody asks: `events` of it, of what was named with it, and of its region.

    `texts`: AWS's own text of an event, by its ARN. `no_plan`: the account has no support plan for it, which is no failure.
    Source: health DescribeEventDetails.
    """

    events: tuple[HealthEvent, ...] = ()
    texts: tuple[tuple[SafeText, SafeText], ...] = ()
    no_plan: bool = False

    def text_of(self, event: HealthEvent) -> SafeText:
        """AWS's text of that event; empty if there is none."""
        return next((text for arn, text in self.texts if arn == event.arn), EMPTY)
