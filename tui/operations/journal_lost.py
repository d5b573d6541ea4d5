"""An operation whose journal was deleted or replaced by an older one meanwhile: written again from the runner's memory.

Somebody frees a disk with `rm -rf`, or restores a home. What has an instance down must go on, and be seen.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tui.operations.database import insert, to_text
from tui.operations.journal import Journal
from tui.operations.model import Operation

_TOLD = "its journal was deleted or replaced while it ran: it was written down anew"


def put_back(journal: Journal, one: Operation) -> None:
    """Write the operation as the runner last read it into the journal. Raises JournalError."""
    values = _columns(one)
    del values["steps"], values["lease_until"]  # a runner takes the lease anew
    values["kept"] = msgspec.json.encode(one.kept).decode()
    values["remark"], values["refused_by"] = one.remark or _TOLD, one.refused_by or ""
    with journal._write() as db:
        insert(db, "operation", values, "OR IGNORE")
        for position, step in enumerate(one.steps):
            values = _columns(step)
            del values["calls"]
            insert(db, "step", {**values, "operation": one.id, "position": position}, "OR IGNORE")
            for call in step.calls:
                insert(db, "call", {**_columns(call), "operation": one.id, "name": call.operation})


def _columns(one: msgspec.Struct) -> dict[str, Any]:
    """Its fields by name, as SQLite keeps them."""
    values: dict[str, Any] = msgspec.to_builtins(one, builtin_types=(datetime,))
    return {name: to_text(value) if isinstance(value, datetime) else value for name, value in values.items()}
