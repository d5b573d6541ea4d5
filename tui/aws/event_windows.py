"""The event windows of an instance. Shapes: botocore's model, DescribeInstanceEventWindows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tui.aws import describe
from tui.domain.event_windows import DAYS, EventWindow, WindowHours
from tui.domain.sanitize import clean


def windows_of(client: Any, instance_id: str) -> tuple[EventWindow, ...]:
    """Those it is associated with, by its id, a tag or its host: AWS's filter knows all three.

    Raises what botocore raises, and NotAwsError.
    """
    filters = [{"Name": "instance-id", "Values": [instance_id]}]
    pages = describe.pages(client.describe_instance_event_windows, "InstanceEventWindows", Filters=filters)
    return tuple(
        EventWindow(
            clean(item.get("InstanceEventWindowId")),
            clean(item.get("Name")),
            clean(item.get("State")),
            tuple(_ranges(item)),
            clean(item.get("CronExpression")),
        )
        for page in pages
        for item in page
        if item.get("State") not in ("deleting", "deleted")
    )


def _ranges(item: Mapping[str, Any]) -> Iterator[WindowHours]:
    for one in item.get("TimeRanges") or ():
        start, end = str(one.get("StartWeekDay")), str(one.get("EndWeekDay"))
        if start in DAYS and end in DAYS:
            yield WindowHours(
                DAYS.index(start),
                int(one.get("StartHour") or 0),
                DAYS.index(end),
                int(one.get("EndHour") or 0),
            )
