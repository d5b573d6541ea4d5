"""How a run ends: an exit code, and of a failure one line on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from tui.cli import output
from tui.cli.shared import FAILED, INTERRUPTED, USAGE, WELL, RefusedError
from tui.crash import Crashed
from tui.settings import ConfigError


def outcome(work: Callable[[], object]) -> int:
    """The exit code of work that returns one, or nothing. Whatever it raises is told, and answered with its code."""
    try:
        result = work()
        sys.stdout.flush()
    except RefusedError as error:
        output.say(f"evac: {error}")
        return error.code
    except ConfigError as error:
        output.say(f"evac: {error}")
        return USAGE
    except KeyboardInterrupt:
        output.say("evac: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # A reader of our output (head, say) has gone, noticed at the end: Python must not complain while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WELL
    except Exception as error:
        if os.environ.get("EVAC_DEBUG"):
            raise
        fault = error if isinstance(error, Crashed) else Crashed(error, os.environ)
        output.say(f"evac: {fault}")
        return FAILED
    return result if isinstance(result, int) else WELL
