"""`evac events` and `evac status`: one read of every target, then out."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import click

from tui.cli import output
from tui.cli.activity import own
from tui.cli.empty_list import say_nothing_listed, say_unread
from tui.cli.filtering import filter_option, parsed_filter
from tui.cli.fleet_reader import Fleet, read_fleet
from tui.cli.options import json_option, shared_options, timeout_option
from tui.cli.session import Session, Shared, open_session
from tui.cli.this_machine import here_among
from tui.config.schema import Settings, policy
from tui.domain import query, time_format
from tui.domain.actions import ActionOptions
from tui.domain.activity import NO_ACTIVITY, Own
from tui.domain.events import ScheduledEvent
from tui.domain.hazards import Gravity, Hazard, hazards
from tui.domain.health_notices import issue_notice, open_issues
from tui.domain.instance import Instance
from tui.domain.this_machine import Here
from tui.domain.triage import Level, urgency
from tui.fleet import snapshot
from tui.paths import default_snapshot_path
from tui.presentation import instance_objects
from tui.presentation.instance_text import checks_text

TIMEOUT = timeout_option("Seconds after which a target that has not answered counts as unread.")


@click.command("events")
@click.option("--json", "form", flag_value="json", help="Instances with their events, as JSON.")
@click.option("--csv", "form", flag_value="csv", help="A line an event, as CSV.")
@click.option("--ics", "form", flag_value="ics", help="As an iCalendar file.")
@click.option("--all", "every", is_flag=True, help="Completed and canceled events as well.")
@filter_option
@TIMEOUT
@shared_options
def events_command(shared: Shared, form: str | None, every: bool, wanted: str, timeout: float) -> int:
    """Scheduled events of all targets, most urgent first."""
    parsed_filter(wanted)
    with open_session(shared) as session:
        chosen = parsed_filter(wanted, session.settings.actions.image_max_age)
        fleet = read_fleet(session, problems_only=True, timeout=timeout, cover=chosen.cover)
        now, zone = datetime.now(UTC), session.settings.zone()
        places = {one.target: one.health for one in fleet.targets}
        here = here_among(session, fleet.rows)
        rows = [
            row for row in _ordered(fleet, chosen, now) if (row.events if every else row.open_events(now))
        ]
        # What AWS should have done days ago stands behind what it does today, and what is over behind both.
        rows.sort(key=lambda row: next((int(one.is_past(now)) for one in row.open_events(now)), 2))
        if not rows and (form is None or chosen.tests):
            say_nothing_listed("no scheduled events", session, fleet, chosen, timeout, now, full=False)
    pairs = [
        (row, event) for row in rows for event in (_all_events(row, now) if every else row.open_events(now))
    ]
    left_out = 0
    if form == "json":
        told, left_out = output.each(
            rows,
            lambda row: instance_objects.instance_object(
                row,
                now,
                listed_hazards(session.settings, row, now, here),
                open_only=not every,
                health=places.get(row.target, ()),
            ),
            _name,
        )
        output.json(told)
    elif form == "csv":
        lines, left_out = output.each(
            pairs, lambda pair: instance_objects.event_row(*pair, now), _name_of_pair
        )
        output.write_csv(instance_objects.EVENT_COLUMNS, lines)
    elif form == "ics":
        from tui.presentation.ical import calendar, dropped, will_not_happen

        if not every:  # what is called off leaves a calendar only if the file says so
            chosen_rows = _ordered(fleet, chosen, now)
            pairs += [(row, one) for row in chosen_rows for one in row.events if will_not_happen(one, now)]
        known = [row for row in _known_before(session) if chosen.matches(row, now)]
        answered = {one.target: one.trouble is None and not one.partial for one in fleet.targets}
        text, unannounced = calendar(pairs, now, dropped(known, fleet.rows, answered, now))
        output.raw(text)
        if unannounced:
            output.say(f"evac: {unannounced} without an announced start: not in the calendar")
    elif pairs:
        lines, left_out = output.each(pairs, lambda pair: _event_line(*pair, zone, now), _name_of_pair)
        output.table(("EVENT", "STATE", "STARTS", "NAME", "INSTANCE", "TARGET", "MOVABLE UNTIL"), lines)
    return say_unread(session, fleet, left_out)


def _event_line(row: Instance, event: ScheduledEvent, zone: tzinfo, now: datetime) -> tuple[str, ...]:
    return (
        event.code_text,
        event.state(now).value,
        _when(event.not_before, zone, now),
        row.name,
        row.instance_id,
        row.target.key,
        time_format.both_zones(event.deadline, zone, now) if event.deadline else "",
    )


def _name(row: Instance) -> str:
    return f"{row.label} ({row.instance_id})"


def _name_of_pair(pair: tuple[Instance, ScheduledEvent]) -> str:
    return f"{_name(pair[0])}, {pair[1].code_text}"


@click.command("status")
@json_option()
@click.option(
    "--problems",
    is_flag=True,
    help="Only instances with a failing check, an open event, or that AWS stopped.",
)
@filter_option
@TIMEOUT
@shared_options
def status_command(shared: Shared, as_json: bool, problems: bool, wanted: str, timeout: float) -> int:
    """Instances with their checks, most urgent first."""
    parsed_filter(wanted)
    with open_session(shared) as session:
        chosen = parsed_filter(wanted, session.settings.actions.image_max_age)
        fleet = read_fleet(session, problems_only=problems, timeout=timeout, cover=chosen.cover)
        now, ours = datetime.now(UTC), own(session)
        places = {one.target: one.health for one in fleet.targets}
        here = here_among(session, fleet.rows)
        rows = _ordered(fleet, chosen, now, ours)
        if problems:
            rows = [row for row in rows if urgency(row, now, ours).level <= Level.SCHEDULED]
        if not rows and (not as_json or chosen.tests):
            what = "no problems" if problems else "no instances"
            say_nothing_listed(what, session, fleet, chosen, timeout, now, full=not problems)
    left_out = 0
    if as_json:
        told, left_out = output.each(
            rows,
            lambda row: instance_objects.instance_object(
                row,
                now,
                listed_hazards(session.settings, row, now, here),
                own=ours,
                health=places.get(row.target, ()),
            ),
            _name,
        )
        output.json(told)
    elif rows:
        lines, left_out = output.each(rows, lambda row: _status_line(row, now, ours), _name)
        output.table(("", "NAME", "INSTANCE", "TARGET", "STATE", "CHECKS", "NEXT EVENT", "ADDRESS"), lines)
    for issue in open_issues(places.values()):
        output.say(f"evac: {issue_notice(issue, now, session.settings.zone()).text}")
    return say_unread(session, fleet, left_out)


def _status_line(row: Instance, now: datetime, ours: Own) -> tuple[str, ...]:
    return (
        urgency(row, now, ours).level.name.lower(),
        row.name,
        row.instance_id,
        row.target.key,
        row.state.value,
        checks_text(row, now, ours),
        _next_event(row, now),
        row.public_ip or row.private_ip,
    )


def _all_events(row: Instance, now: datetime) -> tuple[ScheduledEvent, ...]:
    """Open ones first, then those that are over."""
    still = row.open_events(now)
    return (*still, *(event for event in row.events if event not in still))


def _known_before(session: Session) -> list[Instance]:
    """What the console's last snapshot knows to be in trouble: every event is. None where it can't be read."""
    try:
        kept = snapshot.load_snapshot(default_snapshot_path(session.environ))
    except snapshot.SnapshotError:
        return []
    return [] if kept is None else [row for delta in kept.deltas for row in delta.upserts]


def _ordered(fleet: Fleet, chosen: query.Query, now: datetime, own: Own = NO_ACTIVITY) -> list[Instance]:
    rows = [row for row in fleet.rows if chosen.matches(row, now)]
    return sorted(rows, key=lambda row: urgency(row, now, own))


def listed_hazards(settings: Settings, row: Instance, now: datetime, here: Here) -> list[Hazard]:
    """What a stop/start would meet, as far as the list tells: reassurances and what only a close look tells stay out."""
    rules = policy(settings, row.target.profile, row.account_id)
    return [
        hazard
        for hazard in hazards(row, None, "stop-start", now, ActionOptions(), rules, here)
        if hazard.known and hazard.gravity is not Gravity.OK
    ]


def _when(start: datetime | None, zone: tzinfo, now: datetime) -> str:
    return (
        f"{time_format.countdown(start, now)} · {time_format.both_zones(start, zone, now)}"
        if start
        else "not announced"
    )


def _next_event(row: Instance, now: datetime) -> str:
    upcoming = row.open_events(now)
    if not upcoming:
        return ""
    start = upcoming[0].not_before
    return (
        f"{upcoming[0].code_text} {time_format.countdown(start, now) if start else '(start not announced)'}"
    )
