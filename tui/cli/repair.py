"""`evac ops repair`: a journal that is damaged is set aside, and what can be read of it goes on in a new one."""

from __future__ import annotations

import click

from tui.cli import output
from tui.cli.follow import now
from tui.cli.options import json_option, shared_options
from tui.cli.session import FAILED, READ_ONLY, WELL, RefusedError, Shared, open_session
from tui.domain.plurals import part_of
from tui.operations import audit_log
from tui.operations.identity import this_requester
from tui.operations.repair import damage, repair
from tui.paths import default_journal_path


@click.command("repair")
@json_option()
@shared_options
def repair_command(shared: Shared, as_json: bool) -> int:
    """Set a damaged journal aside, and keep what can be read of it. One that can be used is left alone."""
    with open_session(shared) as session:
        path = default_journal_path(session.environ)
        try:
            why = damage(path)
            if why and session.settings.read_only:
                raise RefusedError("read-only: nothing is repaired", READ_ONLY)
            made = repair(path, now()) if why else None
        except OSError as error:
            raise RefusedError(str(error), FAILED) from None
        if made is not None:
            fields = audit_log.about(None, this_requester(), action="repair")
            result = f"damaged ({why}): set aside as {made.aside}, {part_of(made.kept, made.found, 'operation')} kept"
            audit_log.append(audit_log.path_beside(path), now(), **fields, step="repair", result=result)
        if as_json:
            aside, kept, found = (str(made.aside), made.kept, made.found) if made else (None, None, None)
            output.json({"journal": str(path), "why": why, "aside": aside, "kept": kept, "found": found})
        elif made is None:
            output.line(f"nothing to repair: {path} can be used")
        else:
            output.line(f"{path} was damaged ({why}): set aside as {made.aside}")
            goes = "goes" if made.kept == made.found == 1 else "go"
            output.line(f"{part_of(made.kept, made.found, 'operation')} found in it {goes} on in a new one")
            output.say(
                "! what could not be read may have left an instance stopped: evac status --filter state:stopped"
            )
    return WELL
