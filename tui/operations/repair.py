"""A journal that cannot be read any more: set aside as it is, and what can still be read of it put into a new one.

evac never does this by itself: operations that were running may be in what is lost, so a person asks (`evac ops repair`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from tui.domain.sanitize import clean
from tui.operations.campaign_journal import CampaignJournal
from tui.operations.database import insert, is_damage
from tui.operations.journal import Journal, JournalError
from tui.operations.journal_file import connect_damaged, swap

_ENDS = ("damaged.sqlite3", "new.sqlite3")
_TABLES = {"operation": "id", "step": "operation", "call": "operation", "hold": "operation"}
"""Each with the column that says which operation a row belongs to; what others refer to stands first."""
_MEANT = "meant"
"""Of no operation: servers that are meant to be down."""
_CAMPAIGNS = {"campaign": "id", "member": "campaign"}
"""Of no operation either; each with the column that says which campaign a row belongs to."""
_OWNER = _TABLES | _CAMPAIGNS


class Repaired(Struct, frozen=True):
    """Where the old one is now, how many operations were found in it, and how many of them are in the new one."""

    aside: Path
    found: int
    kept: int


def damage(path: Path) -> str:
    """Why the journal can't be used; empty if it can, or if there is none.

    Raises JournalError for what is not damage: a full disk, a lock, no permission, a newer evac's journal.
    """
    if not path.exists():
        return ""
    try:
        with closing(Journal(path)) as journal:
            for operation in journal.list(1_000_000):
                journal.get(operation.id)
            journal.unfinished()
            journal.intended_down()
            CampaignJournal(journal).list(1_000_000)
            return journal.check()
    except JournalError as error:
        if error.__cause__ is None or not is_damage(error.__cause__):
            raise
        return clean(error.__cause__, 120)


def repair(path: Path, now: datetime) -> Repaired:
    """Set the journal aside and put what can be read of it into a new one. Raises OSError, JournalError."""
    aside, fresh = (path.with_name(f"{path.stem}-{now:%Y%m%dT%H%M%SZ}.{end}") for end in _ENDS)
    found = kept = 0
    try:
        with closing(Journal(fresh)) as journal:
            rows = {table: list(_rows(path, table)) for table in _TABLES}
            for name in dict.fromkeys(str(row["id"]) for row in rows["operation"]):
                found += 1
                kept += _take_over(journal, name, rows, _TABLES, journal.get)
            for row in _rows(path, _MEANT):
                _mean(journal, row)
            parts = {table: list(_rows(path, table)) for table in _CAMPAIGNS}
            for name in dict.fromkeys(str(row["id"]) for row in parts["campaign"]):
                _take_over(journal, name, parts, _CAMPAIGNS, CampaignJournal(journal).get)
        swap(path, fresh, aside)
    finally:
        fresh.unlink(missing_ok=True)
    return Repaired(aside, found, kept)


def _take_over(
    journal: Journal,
    name: str,
    rows: dict[str, list[dict[str, Any]]],
    tables: Mapping[str, str],
    read: Callable[[str], object],
) -> bool:
    """Copy one operation (or campaign) with what belongs to it if the new journal can read it back; otherwise none of it."""
    try:
        with journal._write() as database:
            for table, column in tables.items():
                for row in rows[table]:
                    if str(row[column]) == name:
                        _insert(database, table, row)
        if read(name) is not None:
            return True
    except (JournalError, sqlite3.Error):
        pass
    with journal._write() as database:
        for table, column in reversed(list(tables.items())):
            database.execute(f"DELETE FROM {table} WHERE {column}=?", (name,))  # noqa: S608 - our own names
    return False


def _mean(journal: Journal, row: dict[str, Any]) -> None:
    """Copy one *meant to be down* mark if the new journal can read it back; else that instance is a problem again."""
    with suppress(JournalError, sqlite3.Error), journal._write() as database:
        _insert(database, _MEANT, row)
    try:
        journal.intended_down()
    except JournalError:
        with journal._write() as database:
            keys = (row["region"], row["instance_id"])
            database.execute(f"DELETE FROM {_MEANT} WHERE region=? AND instance_id=?", keys)  # noqa: S608 - our own names


def _insert(database: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    known: Sequence[str] = [one[1] for one in database.execute(f"PRAGMA table_info({table})")]
    names = [name for name in row if name in known]
    insert(database, table, {name: row[name] for name in names})


def _rows(path: Path, table: str) -> Iterator[dict[str, Any]]:
    """Row for row until one cannot be read; then from the other end, so that one bad page costs as little as may be."""
    seen: set[int] = set()
    for order in ("ASC", "DESC"):
        with suppress(sqlite3.Error, UnicodeDecodeError), closing(connect_damaged(path)) as database:
            query = f"SELECT rowid AS number, * FROM {table} ORDER BY rowid {order}"  # noqa: S608 - our own names
            for row in database.execute(query):
                if row["number"] not in seen and _OWNER.get(table, "region") in row.keys():  # noqa: SIM118 - as below
                    seen.add(row["number"])
                    yield {name: row[name] for name in row.keys() if name != "number"}  # noqa: SIM118 - a Row is no dict
