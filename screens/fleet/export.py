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
    from tui.domain.cover.answers import ServiceCover
    from tui.domain.cover.standing import Covers

CSV_COLUMNS = (
    "profile", "account_id", "region", "zone", "instance_id", "name", "instance_type", "state",
    *(f"check_{name}" for name in CheckName),
    "next_event", "not_before", "not_before_deadline", "private_ip", "public_ip", "read_at",
)  # fmt: skip


def export_csv(
    rows: Iterable[Instance], now: datetime, folder: Path | None = None, *, tags: Sequence[str] = ()
) -> Path:
    """The path of the new file, mode 0600. `tags`: keys of tags with a column behind the others each. Raises OSError."""
    titles = (*CSV_COLUMNS, *(f"tag.{key}" for key in tags))
    cells = ((*_cells(row, now), *(row.tag_like(key) for key in tags)) for row in rows)
    text = written(titles, cells, mark=True)
    return write_new(folder or Path.cwd(), f"evac-{_stamp(now)}", ".csv", text.encode())


def export_cover(
    rows: Iterable[Instance | ServiceCover],
    covers: Covers,
    tag: str,
    now: datetime,
    folder: Path | None = None,
    *,
    tags: Sequence[str] = (),
) -> Path:
    """The same of their cover, as `evac coverage --csv` has it. `tag`: of the instances' services. Raises OSError."""
    from tui.presentation.cover_object import COVERAGE_COLUMNS, cover_cells, cover_object, service_object

    key = tag.removeprefix("tag:")

    def cells(row: Instance | ServiceCover) -> Sequence[object]:
        if not isinstance(row, Instance):
            return (*cover_cells(service_object(row)), *("" for _ in tags))
        told = cover_object(row, covers.of(row, now), row.tag(key) if key else None)
        return (*cover_cells(told), *(row.tag_like(one) for one in tags))

    titles = (*COVERAGE_COLUMNS, *(f"tag.{one}" for one in tags))
    text = written(titles, map(cells, rows), mark=True)
    return write_new(folder or Path.cwd(), f"evac-cover-{_stamp(now)}", ".csv", text.encode())


def _stamp(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _cells(row: Instance, now: datetime) -> Sequence[object]:
    event = next(iter(row.open_events(now)), None)
    return (
        row.target.profile, row.account_id, row.target.region, row.zone, row.instance_id, row.name, row.instance_type,
        row.state.value, *(row.checks.get(name).status.value for name in CheckName),
        event.code_text if event else None, event.not_before if event else None, event.deadline if event else None,
        row.private_ip, row.public_ip, row.status_at,
    )  # fmt: skip
