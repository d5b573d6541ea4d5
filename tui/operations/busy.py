"""Whether an operation that has not ended stands in the way of another on the same instance."""

from __future__ import annotations

from collections.abc import Iterable

from tui.operations.record import Operation

_POWER = frozenset({"stop-start", "start", "reboot"})


def in_the_way(
    unfinished: Iterable[Operation], action: str, region: str, instance_id: str
) -> Operation | None:
    """The one that takes the instance down or brings it back while this would too, or would image it; None if there is none.

    An AMI in the making is in nobody's way: AWS may take hours for it. Moving an event never is.
    """
    if action == "reschedule":
        return None
    return next(
        (
            one
            for one in unfinished
            if one.action in _POWER and one.region == region and one.instance_id == instance_id
        ),
        None,
    )
