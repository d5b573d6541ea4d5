"""`--filter`: the console's filter language on the command line."""

from __future__ import annotations

from datetime import timedelta

import click

from tui.domain import query

filter_option = click.option(
    "--filter",
    "wanted",
    default="",
    metavar="TERMS",
    help="Only what matches, in the console's filter language.",
)


def parsed_filter(text: str, max_age: timedelta = query.COPY_MAX_AGE) -> query.Query:
    """What --filter asks for. Raises UsageError, naming what is wrong in it. `max_age`: an older copy counts as none."""
    parsed = query.parse_query(text, max_age)
    if isinstance(parsed, query.QueryError):
        raise click.UsageError(f"--filter: {text[parsed.start : parsed.end]!r}: {parsed.message}")
    return parsed
