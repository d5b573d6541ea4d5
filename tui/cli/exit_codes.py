"""How a run ends: an exit code, and of a failure one line on stderr."""

from __future__ import annotations

import os
from collections.abc import Callable

from tui.cli import output, streams
from tui.cli.session import FAILED, INTERRUPTED, USAGE, WELL, RefusedError
from tui.config.schema import ConfigError
from tui.crash_report import Crashed


def exit_code_of(work: Callable[[], object]) -> int:
    """The exit code of work that returns one, or nothing. Whatever it raises is told, and answered with its code."""
    streams.prepare()
    return streams.verdict(_outcome(work))


def _outcome(work: Callable[[], object]) -> int:
    try:
        result = work()
    except RefusedError as error:
        output.say(f"evac: {error}")
        return error.code
    except ConfigError as error:
        output.say(f"evac: {error}")
        return USAGE
    except KeyboardInterrupt:
        output.say("evac: interrupted")
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and streams.is_ours(error):
            return WELL  # what click writes by itself: help, and the like
        if os.environ.get("EVAC_DEBUG"):
            raise
        fault = error if isinstance(error, Crashed) else Crashed(error, os.environ)
        output.say(f"evac: {fault}")
        return FAILED
    return result if isinstance(result, int) else WELL
