"""The new start that `evac do reschedule` proposes where none is given, and what falls together with the one that is meant."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tui.cli import output
from tui.cli.follow import now
from tui.cli.session import USAGE, RefusedError, Session
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.campaign.hours import read_hours
from tui.domain.facts import Facts
from tui.domain.instance import Instance
from tui.domain.known_groups import groups_beside
from tui.domain.new_start import movable, next_hour, others_announced, proposed_start
from tui.domain.plan import Draft
from tui.domain.time_format import both_zones
from tui.presentation.companions import start_told

NEXT = "next"
"""What --at takes instead of a time: the next hour of `[maintenance] hours`."""


def with_start(
    session: Session,
    instance: Instance,
    facts: Facts | None,
    rows: Sequence[Instance],
    options: ActionOptions,
    *,
    only_next: bool = False,
) -> ActionOptions:
    """The options with a new start and its event, said with its reason, and with what falls together with it. The same where no
    event of the instance can be moved: the plan says why. `rows`: what was read beside it, all that have events among them.

    `only_next`: raises RefusedError where there is no such hour of maintenance.
    """
    at, zone, hours = now(), session.settings.zone(), read_hours(session.settings.maintenance.hours)
    event = next(iter(movable(instance, at, options.event_id)), None)
    if event is None:
        return options
    start = options.not_before
    if only_next and (not hours.windows or next_hour(event, hours, at) is None):
        why = "none lies before the deadline" if hours.windows else "they are not set"
        raise RefusedError(
            f"--at {NEXT} takes the next hour of [maintenance] hours, and {why}; write a time", USAGE
        )
    if start is None:
        proposed = proposed_start(event, hours, at)
        start = proposed.at
        output.say(f"proposed: {both_zones(start, zone, at)}, {proposed.why}; --at WHEN takes another")
    others = others_announced(
        instance, rows, groups_beside(instance, facts, session.settings.campaign.together), at
    )
    for line in start_told(event, start, others, hours, zone, at):
        output.say(line)
    return replace(options, event_id=str(event.event_id), not_before=start)


def as_proposed(plan: Draft, options: ActionOptions) -> ActionOptions:
    """The options with the event and the new start that the plan has: what was proposed is what is planned anew, too."""
    if not ACTIONS[plan.action].moves_event:
        return options
    return replace(options, event_id=plan.options.event_id, not_before=plan.options.not_before)
