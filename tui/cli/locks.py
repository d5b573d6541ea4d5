"""`evac ops locks`: who is at which instance, by the lock all machines share and by this journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from tui.cli import output
from tui.cli.follow import now, open_journal
from tui.cli.options import json_option, shared_options
from tui.cli.session import PARTIAL, WELL, Shared, open_session
from tui.config.schema import Settings
from tui.domain.groups import Hold
from tui.domain.time_format import both_zones
from tui.operations.identity import address_of_client
from tui.operations.model import Operation
from tui.operations.redis_holds import all_groups as held_groups
from tui.operations.redis_lock import Away, LockService, Refused
from tui.presentation.instance_objects import iso_or_none


@click.command("locks")
@json_option()
@shared_options
def locks_command(shared: Shared, as_json: bool) -> int:
    """Who is at which instance now, and who holds which group: locks of all machines, unfinished operations of this journal."""
    with open_session(shared) as session:
        with open_journal(session) as journal:
            found = [_of_journal(one) for one in journal.unfinished()]
            held = {(one.operation, one.place): one for one in journal.holds(now())}
        service = LockService.of(session.settings)
        every = service.every() if service.asked_for else []
        if isinstance(every, Away):
            output.say(f"evac: {every.why}; {every.remedy}")
        else:
            found += [_of_service(str(name), lock) for name, lock in every]
            groups = held_groups(service) if service.asked_for else []
            if isinstance(groups, Away):
                output.say(f"evac: {groups.why}; {groups.remedy}")
            else:
                held = {(one.operation, one.place): one for one in groups} | held
        found += [_of_group(one) for one in held.values()]
        if as_json:
            output.json([{**one, "since": iso_or_none(one["since"])} for one in found])
        elif found:
            output.table(_HEADERS, [_row(one, session.settings) for one in found])
        else:
            output.say("nobody is at any instance, as far as is known")
        return PARTIAL if isinstance(every, Away) else WELL


_HEADERS = ("INSTANCE", "REGION", "WHO", "FROM", "SINCE", "ACTION", "STEP", "OPERATION", "BY", "ENDS")


def _of_journal(one: Operation) -> dict[str, Any]:
    return {
        "source": "journal", "account_id": one.account_id, "region": one.region, "instance_id": one.instance_id,
        "operation": one.id, "action": one.action, "step": one.step, "user": one.user, "host": one.host,
        "client": address_of_client(one.ssh_client), "since": one.confirmed_at, "ends_in": None,
    }  # fmt: skip


def _of_service(name: str, held: Refused) -> dict[str, Any]:
    account, region, instance = [*name.split(":", 2), "", ""][:3]
    names = ("operation", "action", "step", "user", "host", "client", "since")
    return {
        "source": "lock", "account_id": account, "region": region, "instance_id": instance,
        **{name: getattr(held.by, name, None) for name in names},
        "ends_in": None if held.left is None else held.left.total_seconds(),
    }  # fmt: skip


def _of_group(hold: Hold) -> dict[str, Any]:
    """A member of a group that an operation holds: `step` is how far, waiting for its turn, held or going."""
    account, region, *_ = [*hold.place.split(":"), "", ""]
    return {
        "source": "group", "account_id": account, "region": region, "instance_id": hold.member,
        "operation": hold.operation, "action": None, "step": hold.state, "user": hold.user, "host": hold.host,
        "client": None, "since": hold.since, "ends_in": None, "group": hold.text,
    }  # fmt: skip


def _row(one: dict[str, Any], settings: Settings) -> Sequence[str]:
    since = one["since"]
    ends = "" if one["ends_in"] is None else f"in {int(one['ends_in']) + 1}s unless renewed"
    if one["source"] == "lock" and not ends:
        ends = "never"
    who = f"{one['user']}@{one['host']}" if one["user"] is not None else "can't be read"
    when = both_zones(since, settings.zone(), now()) if since else ""
    words = (
        one["instance_id"],
        one["region"],
        who,
        one["client"],
        when,
        one["action"],
        one["step"],
        one["operation"],
    )
    return [*(str(word or "") for word in words), one.get("group") or one["source"], ends]
