"""What is listed, as files and the command line have it: one home for the console's `x` and for --json, --csv and --ics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from tui.config.schema import Settings, policy
from tui.domain.actions import ActionOptions
from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.hazards import Gravity, Hazard, hazards
from tui.domain.health import HealthEvent
from tui.domain.inbox import FallsTogether
from tui.domain.instance import Instance, Target
from tui.domain.this_machine import NOWHERE, Here
from tui.presentation.ical import Pair, calendar, dropped, will_not_happen
from tui.presentation.instance_objects import instance_object


class Telling(Struct, frozen=True):
    """What is needed to tell of a row beside it. `places`: what AWS Health says of each target (`TargetStatus.health`).

    `falls`: what falls together, where events are told.
    """

    settings: Settings
    now: datetime
    here: Here = NOWHERE
    own: Own = NO_ACTIVITY
    places: Mapping[Target, Sequence[HealthEvent]] = {}
    falls: FallsTogether | None = None

    def instance(self, row: Instance, *, open_only: bool) -> dict[str, Any]:
        """One instance as JSON has it; `open_only`: without the events that are over."""
        return instance_object(
            row,
            self.now,
            listed_hazards(self.settings, row, self.now, self.here),
            open_only=open_only,
            own=self.own,
            health=self.places.get(row.target, ()),
            falls=self.falls,
        )


def listed_hazards(settings: Settings, row: Instance, now: datetime, here: Here) -> list[Hazard]:
    """What a stop/start would meet, as far as the list tells: reassurances and what only a close look tells stay out."""
    rules = policy(settings, row.target.profile, row.account_id)
    return [
        hazard
        for hazard in hazards(row, None, "stop-start", now, ActionOptions(), rules, here)
        if hazard.known and hazard.gravity is not Gravity.OK
    ]


def events_calendar(
    pairs: Iterable[Pair],
    chosen: Iterable[Instance],
    kept: Iterable[Instance],
    rows: Sequence[Instance],
    answered: Mapping[Target, bool],
    now: datetime,
) -> tuple[str, int]:
    """The calendar of these events, and how many of them have no start and are not in it.

    What is called off leaves a calendar only if the file says so: of the instances `chosen` what AWS cancelled, and of those that
    were `kept` (the last snapshot's) what `rows` have no more, where their target has `answered`.
    """
    listed = list(pairs)
    known = {id(event) for _, event in listed}
    listed += [
        (row, event)
        for row in chosen
        for event in row.events
        if will_not_happen(event, now) and id(event) not in known
    ]
    return calendar(listed, now, dropped(kept, rows, answered, now))
