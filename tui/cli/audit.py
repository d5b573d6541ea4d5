"""`evac ops audit`: the audit log's last lines, and whether any line was changed or removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tui.cli import output
from tui.cli.options import json_option, shared_options
from tui.cli.session import FAILED, WELL, RefusedError, Shared, open_session
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.operations import audit_log
from tui.paths import default_journal_path


@click.command("audit")
@click.option(
    "--verify", "verifying", is_flag=True, help="Check the chain: 0 intact, 1 broken, with the line."
)
@click.option(
    "--last",
    "count",
    type=click.IntRange(1),
    metavar="N",
    default=20,
    show_default=True,
    help="How many lines to list.",
)
@json_option("The records as they are, one a line.")
@shared_options
def audit_command(shared: Shared, verifying: bool, count: int, as_json: bool) -> int:
    """The audit log: what was about to be done, its outcome, what was refused or cancelled."""
    with open_session(shared) as session:
        path = audit_log.path_beside(default_journal_path(session.environ))
        try:
            if verifying:
                return _verify(audit_log.check(path), str(path), as_json)
            records = audit_log.tail(path, count)
        except OSError as error:
            raise RefusedError(
                f"the audit log can't be read ({error}): put its own file there again, or mend its permissions",
                FAILED,
            ) from None
    if as_json:
        for record in records:
            output.json_line(record)
    elif records:
        output.table(("TIME", "WHO", "OPERATION", "INSTANCE", "STEP", "RESULT", "CALL"), map(_row, records))
    else:
        output.say("the audit log is empty")
    return WELL


def _verify(verdict: audit_log.Verdict, path: str, as_json: bool) -> int:
    if as_json:
        output.json(
            {
                "path": path,
                "intact": not verdict.broken_at,
                "lines": verdict.lines,
                "broken_at": verdict.broken_at or None,
                "why": verdict.why,
                "remarks": list(verdict.remarks),
            }
        )
    elif verdict.broken_at:
        output.line(f"BROKEN at line {verdict.broken_at} of {verdict.lines}: {verdict.why}; {path}")
    else:
        output.line(f"intact: {counted(verdict.lines, 'line')}; {path}")
    if not as_json:
        for remark in verdict.remarks:
            output.say(remark)
    return FAILED if verdict.broken_at else WELL


def _row(record: dict[str, Any]) -> tuple[str, ...]:
    """Everything in it may have been written by anybody: cleaned before it is drawn."""
    try:
        when = f"{datetime.fromisoformat(str(record.get('time'))):%Y-%m-%d %H:%M:%SZ}"
    except ValueError:
        when = str(record.get("time", ""))
    who = f"{record.get('user', '')}@{record.get('host', '')}"
    told = (
        when,
        who,
        *(str(record.get(key, "")) for key in ("operation", "instance", "step", "result", "call")),
    )
    return tuple(clean(one, 60) for one in told)
