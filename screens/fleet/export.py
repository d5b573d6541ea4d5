"""The list as a CSV file in the current folder: a new file each time, none is ever overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tui.domain.instance import CheckName, Instance
from tui.paths import write_new
from tui.presentation.spreadsheet import written

if TYPE_CHECKING:  # loaded when somebody asks
    from tui.domain.cover.standing import Covers

CSV_COLUMNS = (
    "profile", "account_id", "region", "zone", "instance_id", "name", "instance_type", "state",
    *(f"check_{name}" for name in CheckName),
    "next_event", "not_before", "not_before_deadline", "private_ip", "public_ip", "read_at",
)  # fmt: skip


def export_csv(
    rows: Iterable[Instance], now: datetime, folder: Path | None = None, covers: Covers | None = None
) -> Path:
    """The path of the new file, mode 0600. Raises OSError. `covers`: it is about their cover, in other columns."""
    stamp, kind = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}", ""
    if covers is None:
        text = written(CSV_COLUMNS, (_cells(row, now) for row in rows), mark=True)
    else:
        from tui.presentation.cover_text import COVER_CSV, cover_row

        text = written(COVER_CSV, (cover_row(row, covers.of(row, now)) for row in rows), mark=True)
        kind = "cover-"
    return write_new(folder or Path.cwd(), f"evac-{kind}{stamp}", ".csv", text.encode())


def _cells(row: Instance, now: datetime) -> Sequence[object]:
    event = next(iter(row.open_events(now)), None)
    return (
        row.target.profile, row.account_id, row.target.region, row.zone, row.instance_id, row.name, row.instance_type,
        row.state.value, *(row.checks.get(name).status.value for name in CheckName),
        event.code_text if event else None, event.not_before if event else None, event.deadline if event else None,
        row.private_ip, row.public_ip, row.status_at,
    )  # fmt: skip
