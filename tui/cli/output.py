"""The only place that prints. Results go to stdout, narration to stderr, so that a pipe carries results alone.

Text from AWS was cleaned when it entered the domain; what comes from elsewhere (arguments, errors) is cleaned here.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from tui.cli import streams
from tui.domain.sanitize import SafeText, clean
from tui.presentation.json_text import json_document, scrub
from tui.presentation.width import cell_len, middle, set_cell_size

_T = TypeVar("_T")
_R = TypeVar("_R")


def version() -> str:
    """The version of the installed distribution; a checkout that is not installed says so."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("evac")
    except PackageNotFoundError:
        return "(not installed: run from a checkout)"


def line(text: object, *, flush: bool = False) -> None:
    """Print a line of the result to stdout. `flush`: a reader follows while the command goes on."""
    streams.put(streams.drawn(clean(text, limit=100_000)) + "\n", flush=flush)


def raw(text: str) -> None:
    """Print a whole document (config, calendar, CSV) to stdout as it is."""
    streams.put(text, flush=True, document=True)


def say(text: str) -> None:
    """Print narration to stderr: what is being done, what went wrong. Usage texts may have several lines."""
    for part in text.splitlines() or [""]:
        streams.narrate(streams.drawn(clean(part, limit=4096)) + "\n")


def ask(question: str) -> str | None:
    """Ask on stderr and read the answer from stdin; None at its end or when nobody can be asked."""
    if not streams.is_terminal(sys.stdin):
        return None
    streams.narrate(f"{clean(question)} ")
    answer = sys.stdin.readline()
    return answer.strip() if answer else None


def json(value: Any) -> None:
    """Print a JSON document, indented, every text in it cleaned."""
    streams.put(_escaped(json_document(value)))


def json_line(value: Any) -> None:
    """Print a JSON object on a line and flush it: a reader follows while the command goes on."""
    streams.put(_escaped(msgspec.json.encode(scrub(value)).decode()) + "\n", flush=True)


def _escaped(text: str) -> str:
    """JSON in ASCII where stdout is not UTF-8: nothing is lost, and whoever reads it need not know what it is instead."""
    if text.isascii() or streams.is_utf8(sys.stdout):
        return text
    from json import dumps

    return "".join(char if char.isascii() else dumps(char)[1:-1] for char in text)


def each(things: Iterable[_T], make: Callable[[_T], _R], name: Callable[[_T], str]) -> tuple[list[_R], int]:
    """`make(item)` for each item, and how many of them failed: those are named on stderr and left out."""
    made: list[_R] = []
    failed = 0
    for one in things:
        try:
            made.append(make(one))
        except Exception as error:
            failed += 1
            say(f"evac: {name(one)} is left out: it could not be shown ({type(error).__name__}: {error})")
    return made, failed


def columns(most: int) -> int:
    """The width for running text: the terminal's, at most so many columns; that many where it goes to a file."""
    if not streams.is_terminal(sys.stdout) and "COLUMNS" not in os.environ:
        return most
    return max(20, min(most, shutil.get_terminal_size((most, 24)).columns))


NAME_COLUMNS = frozenset({"NAME", "INSTANCE", "TARGET", "WHERE"})
"""Columns whose texts are others' choice: one of them may not make every line as long as itself."""
MAX_CELL = 48
"""Columns they have at most; what is longer loses its middle. JSON and CSV have it whole."""


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as their widest cell, two spaces between; headers in bold on a terminal unless NO_COLOR is set."""
    cells = [[clean("" if cell is None else cell) for cell in row] for row in rows]
    headers = [clean(head) for head in headers]
    named = [at for at, head in enumerate(headers) if head in NAME_COLUMNS]
    for row in cells:
        for at in named:
            row[at] = SafeText(middle(row[at], MAX_CELL))
    widths = [max([cell_len(head), *(cell_len(row[at]) for row in cells)]) for at, head in enumerate(headers)]
    bold = (
        streams.is_terminal(sys.stdout)
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
    head = _row(headers, widths)
    streams.put(f"\x1b[1m{head}\x1b[0m\n" if bold else f"{head}\n")
    for row in cells:
        streams.put(_row(row, widths) + "\n")


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """As `tui.presentation.spreadsheet` writes it; to a file that begins here with the mark a spreadsheet wants."""
    from tui.presentation import spreadsheet

    raw(spreadsheet.written(headers, rows, mark=_begins_a_file()))


def _begins_a_file() -> bool:
    """Whether stdout is a file and nothing is in it yet: a pipe's reader and a terminal would take the mark for text."""
    try:
        found = os.fstat(sys.stdout.fileno())
        begun = os.lseek(sys.stdout.fileno(), 0, os.SEEK_CUR) or (
            found.st_size and _appends(sys.stdout.fileno())
        )
    except (OSError, ValueError, AttributeError):  # none, closed, or no descriptor of the system's
        return False
    return stat.S_ISREG(found.st_mode) and not begun


def _appends(handle: int) -> bool:
    import fcntl

    return bool(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_APPEND)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = map(set_cell_size, cells, widths)
    return streams.drawn("  ".join(padded).rstrip())
