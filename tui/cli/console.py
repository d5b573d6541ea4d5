"""`evac` without a command: the console. It does without click, which costs a tenth of the first frame."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from tui.cli import output, streams
from tui.cli.exit_codes import exit_code_of
from tui.cli.session import USAGE, RefusedError, Shared, open_session
from tui.config.schema import Settings


def main() -> None:
    """The `evac` script when nothing is asked of it. Ends the process with one of the documented exit codes."""
    sys.exit(exit_code_of(lambda: open_console(Shared())))


def open_console(shared: Shared, view: str = "", wanted: str = "") -> int:
    """Its exit code, once it was closed. It needs a terminal. `view`, `wanted`: the view it opens in, and the filter. Raises
    RefusedError where one is none.
    """
    if (
        not (streams.is_terminal(sys.stdin) and streams.is_terminal(sys.stdout))
        or os.environ.get("TERM") == "dumb"
    ):
        output.say(
            "evac: the console needs a terminal, and this is none; "
            "without one use: evac status, evac events, evac explain, evac do, evac ops, evac doctor"
        )
        return USAGE
    with open_session(shared) as session:
        if view or wanted:
            _check_opening(session.settings, view, wanted)
        link = import_module("tui.fleet.collector_client").Link(session.settings, session.environ)
        link.begin()  # the collector loads beside the console
        code: int = import_module("tui.app").run_console(
            session.settings, session.environ, link, view=view, wanted=wanted, config_path=session.loaded.path
        )
        return code


def _check_opening(settings: Settings, view: str, wanted: str) -> None:
    """Before anything is started. Raises RefusedError."""
    from tui.config.views import why_no_view
    from tui.domain.query import QueryError, parse_query

    if view and (why := why_no_view(view, settings.views)):
        raise RefusedError(f"--view: {why}", USAGE)
    if isinstance(read := parse_query(wanted), QueryError):
        raise RefusedError(f"--filter: {wanted[read.start : read.end]!r}: {read.message}", USAGE)
