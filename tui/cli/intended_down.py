"""`evac ops meant`: a server that AWS stopped is meant to be down; until it runs again it counts as trouble no more."""

from __future__ import annotations

import click

from tui.cli import output
from tui.cli.fleet_reader import find_instance
from tui.cli.follow import now, open_journal
from tui.cli.options import json_option, shared_options, timeout_option
from tui.cli.session import (
    FAILED,
    GUARD,
    PARTIAL,
    READ_ONLY,
    USAGE,
    WELL,
    RefusedError,
    Shared,
    open_session,
)
from tui.cli.shell_words import shell_ids
from tui.operations import intended_down


@click.command("meant")
@click.argument("instance", metavar="INSTANCE_ID|NAME", shell_complete=shell_ids)
@click.option("--undo", is_flag=True, help="Take it back: it is trouble again.")
@json_option()
@timeout_option()
@shared_options
def meant_command(shared: Shared, instance: str, undo: bool, as_json: bool, timeout: float) -> int:
    """A server that AWS stopped is meant to be down: no trouble until it runs again. Seen by all on this journal."""
    with open_session(shared) as session:
        if session.settings.read_only:
            raise RefusedError(f"{intended_down.READ_ONLY}; nothing was noted", READ_ONLY)
        found = find_instance(session, instance, timeout)
        row = found.instance
        if row is None:
            raise RefusedError(found.why, PARTIAL if found.unread else USAGE)
        why = intended_down.why_not_intendable(row, session.settings, now())
        if why is not None:
            code = (
                READ_ONLY if session.settings.profile_read_only(row.target.profile, row.account_id) else GUARD
            )
            raise RefusedError(f"{row.label}: {why}; nothing was noted", code)
        with open_journal(session) as journal:
            try:
                if undo:
                    intended_down.take_back(journal, row, now())
                else:
                    intended_down.mark_intended(journal, row, now())
            except OSError as error:
                raise RefusedError(
                    f"the audit log can't be written ({error}): nothing was noted; free the disk or mend its permissions",
                    FAILED,
                ) from None
        if as_json:
            output.json({"instance_id": row.instance_id, "name": row.name, "meant": not undo})
        else:
            told = "is trouble again" if undo else "is meant to be down, until it runs again"
            output.line(f"{row.label} {told}")
    return WELL
