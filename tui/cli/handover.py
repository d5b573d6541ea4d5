"""`evac handover`: what a colleague must know of a shift: what began, ended, was done by whom, waits, and is due."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, tzinfo
from typing import Any

import click

from tui.cli import output
from tui.cli.activity import own
from tui.cli.fleet_reader import read_fleet
from tui.cli.options import json_option, shared_options, timeout_option
from tui.cli.session import PARTIAL, WELL, Shared, open_session
from tui.domain.deed import Deed
from tui.domain.handover import NO_ACCOUNT, Account, Due, Happening, ShiftHandover, shift_handover
from tui.domain.time_format import iso_utc, parse_duration, parse_moment
from tui.operations.database import JournalError
from tui.operations.deeds import deeds_audited_since, deeds_elsewhere, deeds_since
from tui.operations.journal import Journal
from tui.paths import default_journal_path, state_folder
from tui.presentation.handover_text import shift_handover_text
from tui.presentation.instance_objects import event_object, iso_or_none
from tui.watch.state_file import read_watched


@click.command("handover")
@click.option(
    "--since",
    "since_word",
    metavar="12h",
    default="12h",
    show_default=True,
    help="How far back: a duration, or a time such as 2026-11-24T06:00:00Z.",
)
@json_option()
@timeout_option("Seconds after which a target that has not answered counts as unread.")
@shared_options
def handover_command(shared: Shared, since_word: str, as_json: bool, timeout: float) -> int:
    """What a colleague must know of a shift, as Markdown: what waits, is due, began and ended, and what was done by whom."""
    shift_begin(since_word, datetime.now(UTC))  # what is typed wrong is said before anything is read
    with open_session(shared) as session:
        fleet = read_fleet(session, problems_only=True, timeout=timeout)
        now, zone = datetime.now(UTC), session.settings.zone()
        since = shift_begin(since_word, now, zone)
        ours, account = own(session), watched_account(session.environ)
        deeds, troubles = deeds_here(session.environ, since, now)
        deeds += deeds_elsewhere(ours, now)
        told = shift_handover(
            fleet.rows, fleet.targets, deeds, since, now, own=ours, account=account, unread=troubles
        )
    if as_json:
        output.json(shift_object(told))
    else:
        output.raw(shift_handover_text(told, zone))
    return WELL if fleet.complete and not troubles else PARTIAL


def shift_begin(word: str, now: datetime, zone: tzinfo = UTC) -> datetime:
    """From when on. Raises click's usage error for what is no time, or not before now."""
    try:
        since = now - parse_duration(word)
    except OverflowError:
        raise click.UsageError(f"--since {word}: that is too far back") from None
    except ValueError:
        try:
            since = parse_moment(word, now, zone)
        except ValueError:
            raise click.UsageError(
                f"--since {word}: write a duration such as 12h, or a time such as 2026-11-24T06:00:00Z"
            ) from None
    if since >= now:
        raise click.UsageError(f"--since {word}: it has to be before now")
    return since


def deeds_here(environ: Mapping[str, str], since: datetime, now: datetime) -> tuple[list[Deed], list[str]]:
    """This machine's, and why some of them are not told."""
    path = default_journal_path(environ)
    found: list[Deed] = []
    troubles: list[str] = []
    try:
        found += deeds_audited_since(path, since)
    except OSError as error:
        troubles.append(f"what was refused or marked: the audit log can't be read: {error}")
    if path.exists():
        try:
            with closing(Journal(path, standing=False)) as journal:
                found += deeds_since(journal, since, now)
        except JournalError as error:
            troubles.append(f"what was done, and what waits: {error}")
    return found, troubles


def watched_account(environ: Mapping[str, str]) -> Account:
    """What watchers on this machine, of any scope, have kept."""
    states = read_watched(state_folder(environ))
    if not states:
        return NO_ACCOUNT
    past = {(one.incident, one.state): one for state in states for one in state.past}
    begins = [state.began_at for state in states if state.began_at is not None]
    ends = [state.kept_at for state in states if state.kept_at is not None]
    first = min([*begins, *(one.at for one in past.values())], default=None)
    return Account(tuple(past.values()), first, max(ends, default=None))


def shift_object(told: ShiftHandover) -> dict[str, Any]:
    """The same as the text, field by field. Fields are added, never renamed."""
    return {
        "since": iso_utc(told.since),
        "until": iso_utc(told.now),
        "waits": [deed_object(one) for one in told.waits],
        "due": [_due_object(one, told.now) for one in told.due],
        "due_later": told.later,
        "began": [_happening_object(one) for one in told.began],
        "ended": [_happening_object(one) for one in told.ended],
        "standing": [_happening_object(one) for one in told.standing],
        "done": [deed_object(one) for one in told.done],
        "unread": list(told.unread),
        "watched_from": iso_or_none(told.account.first),
        "watched_until": iso_or_none(told.account.last),
        "targets": told.targets,
    }


def deed_object(one: Deed) -> dict[str, Any]:
    """What a person had done; `id` of the operation or campaign, null of what is neither."""
    return {
        "at": iso_utc(one.at),
        "what": one.what,
        "user": one.user,
        "host": one.host,
        "outcome": one.outcome,
        "told": one.told,
        "remedy": one.remedy,
        "ended_at": iso_or_none(one.ended_at),
        "open": one.is_open,
        "needs_person": one.needs_person,
        "id": one.ident or None,
        "instance_id": one.instance_id or None,
        "account_id": one.account_id or None,
        "region": one.region or None,
    }


def _happening_object(one: Happening) -> dict[str, Any]:
    return {
        "at": iso_or_none(one.at),
        "kind": one.kind,
        "what": one.what,
        "name": one.name or None,
        "instance_id": one.instance_id or None,
        "account_id": one.account_id or None,
        "place": one.place or None,
    }


def _due_object(one: Due, now: datetime) -> dict[str, Any]:
    row = one.instance
    return {
        "by": iso_utc(one.by),
        "name": row.name,
        "instance_id": row.instance_id,
        "account_id": row.account_id,
        "place": row.target.key,
        "event": event_object(one.event, now),
    }
