"""What falls together, for `evac events`: who is behind the load balancers is asked of those who have just read the events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui.cli import output
from tui.cli.session import Session
from tui.domain.groups import BalancerGroups
from tui.domain.inbox import FallsTogether, falls_together, places_in_doubt
from tui.domain.instance import Instance
from tui.fleet.protocol import ReadKind, ReadRequest
from tui.fleet.reading import FleetReading


def read_falls(
    session: Session, asked: FleetReading, rows: Sequence[Instance], now: datetime
) -> FallsTogether:
    """Of all these rows, whichever are printed. What could not be read is said, and stays unknown."""
    places = places_in_doubt(rows, now)
    requests = [ReadRequest(0, ReadKind.GROUPS, target) for target in places.values()]
    read: dict[tuple[str, str], BalancerGroups] = {}
    for (place, target), answer in zip(places.items(), asked.ask(*requests), strict=True):
        why = answer.trouble.bare if answer.trouble else "no answer"
        if answer.groups is not None:
            read[place], why = answer.groups, str(answer.groups.unknown or "")
        if why:
            output.say(f"evac: {target.key}: who else is behind its load balancers is not known: {why}")
    return falls_together(rows, session.settings.campaign.together, read, now)
