"""An operation whose journal was deleted or replaced by an older one meanwhile: written again from the runner's memory.

Somebody frees a disk with `rm -rf`, or restores a home. What has an instance down must go on, and be seen.
"""

from __future__ import annotations

import msgspec

from tui.operations.database import to_text
from tui.operations.journal import Journal
from tui.operations.model import Operation

_TOLD = "its journal was deleted or replaced while it ran: it was written down anew"


def put_back(journal: Journal, one: Operation) -> None:
    """Write the operation as the runner last read it into the journal. Raises JournalError."""
    values = {
        "id": one.id, "action": one.action, "title": one.title, "state": one.state.value, "profile": one.profile,
        "account_id": one.account_id, "region": one.region, "instance_id": one.instance_id,
        "instance_name": one.instance_name, "user": one.user, "host": one.host, "created_at": to_text(one.created_at),
        "confirmed_at": to_text(one.confirmed_at), "finished_at": to_text(one.finished_at), "note": one.note,
        "remedy": one.remedy, "attention": int(one.attention), "permission": one.permission.value,
        "permission_reason": one.permission_reason,
        "instance_down": int(one.instance_down), "runner": one.runner, "kept": msgspec.json.encode(one.kept).decode(),
        "ssh_client": one.ssh_client, "caller": one.caller, "remark": one.remark or _TOLD, "refused_by": one.refused_by or "",
        "given_up": int(one.given_up), "note_kind": one.note_kind.value,
    }  # fmt: skip
    names = ",".join(values)
    marks = ",".join("?" * len(values))
    with journal._write() as db:
        db.execute(f"INSERT OR IGNORE INTO operation ({names}) VALUES ({marks})", [*values.values()])  # noqa: S608 - our own names
        for position, row in enumerate(one.steps):
            db.execute(
                "INSERT OR IGNORE INTO step (operation, position, name, state, note, began_at, ended_at)"
                " VALUES (?,?,?,?,?,?,?)",
                (
                    one.id,
                    position,
                    row.name,
                    row.state.value,
                    row.note,
                    to_text(row.began_at),
                    to_text(row.ended_at),
                ),
            )
            for call in row.calls:
                db.execute(
                    "INSERT INTO call (operation, step, service, name, intent_at, outcome_at, ok, code, message, request_id,"
                    " dry_run, launched_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                    (
                        one.id, call.step, call.service, call.operation, to_text(call.intent_at),
                        to_text(call.outcome_at), None if call.ok is None else int(call.ok), call.code, call.message,
                        call.request_id, int(call.dry_run), to_text(call.launched_at),
                    ),
                )  # fmt: skip
