"""The list as a file in the current folder, as the command line has it: a new file each time, none is ever overwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui.domain.instance import Instance
from tui.paths import write_new
from tui.presentation.instance_objects import EVENT_COLUMNS, STATUS_COLUMNS, event_row, status_row
from tui.presentation.spreadsheet import written

if TYPE_CHECKING:  # loaded when somebody asks
    from tui.domain.cover.answers import ServiceCover
    from tui.domain.cover.standing import Covers
    from tui.presentation.ical import Pair
    from tui.presentation.listing_export import Telling

_One = TypeVar("_One")
_Told = TypeVar("_Told")


class EventForm(StrEnum):
    """As what events are written: what `evac events` has an option for, and the end of the file's name."""

    CSV = "csv"
    JSON = "json"
    ICS = "ics"


def export_csv(
    rows: Iterable[Instance], now: datetime, folder: Path | None = None, *, tags: Sequence[str] = ()
) -> Path:
    """Instances as `evac status --csv` has them. The path of the new file, mode 0600. Raises OSError.

    `tags`: keys of tags with a column behind the others each.
    """
    titles = (*STATUS_COLUMNS, *_tag_titles(tags))
    cells = ((*status_row(row, now), *(row.tag_like(key) for key in tags)) for row in rows)
    text = written(titles, cells, mark=True)
    return write_new(folder or Path.cwd(), f"evac-{_stamp(now)}", ".csv", text.encode())


def export_events(
    form: EventForm,
    pairs: Sequence[Pair],
    telling: Telling,
    calendar: Callable[[Sequence[Pair]], tuple[str, int]],
    folder: Path | None = None,
    *,
    tags: Sequence[str] = (),
) -> tuple[Path, int]:
    """Events as `evac events` has them in that form, in the order given, and how many could not be told and are left out.

    An instance of `pairs` has all its events. `calendar` makes an iCalendar file of them. `tags` as above. Raises OSError.
    """
    now = telling.now
    if form is EventForm.JSON:
        from tui.presentation.json_text import json_document

        rows = {row.key: row for row, _ in pairs}.values()
        told, left_out = _each(rows, lambda row: telling.instance(row, open_only=True))
        text = json_document(told)
    elif form is EventForm.CSV:
        lines, left_out = _each(
            pairs,
            lambda pair: (
                *event_row(pair[0], pair[1], now, telling.falls),
                *(pair[0].tag_like(key) for key in tags),
            ),
        )
        text = written((*EVENT_COLUMNS, *_tag_titles(tags)), lines, mark=True)
    else:
        text, left_out = calendar(pairs)
    path = write_new(folder or Path.cwd(), f"evac-events-{_stamp(now)}", f".{form}", text.encode())
    return path, left_out


def _tag_titles(tags: Sequence[str]) -> Iterable[str]:
    return (f"tag.{key}" for key in tags)


def _each(things: Iterable[_One], tell: Callable[[_One], _Told]) -> tuple[list[_Told], int]:
    """What is told of each, and of how many nothing can be: one that is odd must not cost the others their lines."""
    told, failed = list[_Told](), 0
    for one in things:
        try:
            told.append(tell(one))
        except Exception:
            failed += 1
    return told, failed


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
