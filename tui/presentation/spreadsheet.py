"""Rows for a spreadsheet: one writer for the console's export and the command line's --csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from tui.domain.sanitize import csv_cell
from tui.domain.time_format import iso_utc

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""At the beginning of a file: without it Excel reads UTF-8 as the machine's own encoding, and Korean names as nonsense."""


def written(headers: Sequence[str], rows: Iterable[Sequence[object]], *, mark: bool) -> str:
    """RFC 4180, times as `2026-11-24T03:00:00Z`, and cells a spreadsheet would run as a formula made harmless."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([csv_cell(head) for head in headers])
    writer.writerows([csv_cell(_told(value)) for value in row] for row in rows)
    return BYTE_ORDER_MARK * mark + buffer.getvalue()


def _told(value: object) -> object:
    return iso_utc(value) if isinstance(value, datetime) else value
