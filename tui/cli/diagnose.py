"""`evac diagnose --log FILE`: what a system log says of why a machine fails, without AWS."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import click

from tui.cli import output
from tui.cli.options import shared_options
from tui.cli.session import FOUND, USAGE, WELL, RefusedError, Shared
from tui.domain.diagnosis.findings import Finding, LogDiagnosis
from tui.domain.diagnosis.log_findings import diagnose_log
from tui.domain.plurals import counted
from tui.domain.sanitize import clean

MAX_LOG = 32 * 1024 * 1024
"""Bytes of a file that are read, its last ones: a console's log has 64 KB, a day of journald's some megabytes."""
_WORDS = {3: "likely", 2: "perhaps", 1: "a hint"}


@click.command("diagnose")
@click.option(
    "--log", "path", metavar="FILE", required=True, help="A system log from anywhere; - is standard input."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@shared_options
def diagnose_command(shared: Shared, path: str, as_json: bool) -> int:
    """Why a machine fails, as far as its system log says. Ends with 6 if something was found."""
    text, skipped = _read(path)
    found = diagnose_log(text)
    if as_json:
        output.json(
            {
                "log": clean(path),
                "lines": found.lines,
                "boots": found.boots,
                "came_up": found.came_up,
                "findings": [_object(one, skipped) for one in found.findings],
            }
        )
    else:
        _print(found, skipped)
    return FOUND if found.findings else WELL


def _read(path: str) -> tuple[str, int]:
    """The log's text, whatever its bytes, and how many lines of it were left out before that."""
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise RefusedError(
            clean(f"{path}: {why}: name a log that can be read, or - for standard input"), USAGE
        ) from None
    kept = data[-MAX_LOG:]
    return kept.decode("utf-8", "replace"), data[: len(data) - len(kept)].count(b"\n")


def _object(one: Finding, skipped: int) -> dict[str, object]:
    return {
        "key": one.key,
        "severity": one.severity,
        "line": one.line + skipped,
        "text": one.text,
        "words": one.words,
        "remedy": one.remedy,
        "boot": one.boot,
        "times": one.times,
        "source": one.source,
    }


def _print(found: LogDiagnosis, skipped: int) -> None:
    many = f"{counted(found.lines, 'line')}, {counted(found.boots, 'boot')}"
    if skipped:
        output.say(f"only its last {counted(found.lines, 'line')} were read")
    if not found.findings:
        output.say(f"nothing known in {many}: that is no proof of health")
        return
    for one in found.findings:
        when = "" if one.boot == 0 else f", {counted(one.boot, 'boot')} earlier: not what fails now"
        again = f", {one.times} times, the last" if one.times > 1 else ""
        output.line(f"{one.key}  {_WORDS[one.severity]}  (line {one.line + skipped}{again}{when})")
        _wrapped(one.text, "    | ")
        _wrapped(one.words, "    ")
        _wrapped(f"do: {one.remedy}", "    ")
        _wrapped(f"[{one.source}]", "    ")
    if found.came_up:
        output.say("its last boot came up: if a check still fails, look at the network")


def _wrapped(text: str, indent: str) -> None:
    for part in textwrap.wrap(text, output.columns(100), initial_indent=indent, subsequent_indent=indent):
        output.line(part)
