"""How a run ends: an exit code, and of a failure one line on stderr."""

from __future__ import annotations

import os
from collections.abc import Callable

from tui.cli import output, streams
from tui.cli.session import FAILED, INTERRUPTED, WELL
from tui.crash_report import CrashError
from tui.errors import EvacError


def exit_code_of(work: Callable[[], object]) -> int:
    """The exit code of work that returns one, or nothing. Whatever it raises is told, and answered with its code."""
    streams.prepare()
    return streams.verdict(_outcome(work))


def _outcome(work: Callable[[], object]) -> int:
    try:
        result = work()
    except EvacError as error:
        output.say(f"evac: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        output.say("evac: interrupted")
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and streams.is_ours(error):
            return WELL  # what click writes by itself: help, and the like
        if os.environ.get("EVAC_DEBUG"):
            raise
        output.say(f"evac: {CrashError(error, os.environ)}")
        return FAILED
    return result if isinstance(result, int) else WELL
