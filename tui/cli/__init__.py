"""The evac command: exit codes, the options every command shares, and its commands, imported only when called."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from tui.cli import output
from tui.cli.shared import FAILED, INTERRUPTED, USAGE, WELL, RefusedError, Shared, opened, shared_options
from tui.crash import Crashed
from tui.settings import ConfigError

COMMANDS = {
    "events": "tui.cli.read",
    "status": "tui.cli.read",
    "explain": "tui.cli.explain",
    "do": "tui.cli.act",
    "ops": "tui.cli.ops",
    "doctor": "tui.cli.care",
    "config": "tui.cli.configure",
    "demo": "tui.cli.demo",
}
"""Each command and the module that holds it as NAME_command."""


class LazyGroup(click.Group):
    """Imports a command's module when that command is called, so that `evac` itself starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of COMMANDS: reading first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None, which click turns into a usage error."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), f"{cmd_name}_command")
        return command


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    output.line(f"evac {output.version()}")
    ctx.exit()


@click.group(
    cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
@shared_options
@click.pass_context
def evac(ctx: click.Context, shared: Shared) -> None:
    """Keep EC2 instances alive: see what is broken, what AWS will do and when, and act with a guard.

    Without a command the console opens; it needs a terminal. The commands below do not.
    """
    ctx.obj = shared
    if ctx.invoked_subcommand is not None:
        gc.enable()
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        output.say(
            "evac: the console needs a terminal, and this is none; "
            "without one use: evac status, evac events, evac explain, evac do, evac ops, evac doctor"
        )
        ctx.exit(USAGE)
    with opened(shared) as session:
        link = import_module("tui.fleet.link").Link(session.settings, session.environ)
        link.begin()  # the collector loads beside the console
        ctx.exit(import_module("tui.app").run_console(session.settings, session.environ, link))


def main(arguments: Sequence[str] | None = None) -> None:
    """The `evac` script. Ends the process with one of the documented exit codes; a failure is one line on stderr."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """The same, as a function: the exit code."""
    try:
        result: Any = evac.main(arguments, prog_name="evac", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except SystemExit:
        # click's own answer to a reader of our output (head, say) that has gone while we wrote: nothing is wrong.
        return WELL
    except click.ClickException as error:
        usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx else ""
        if usage:
            output.say(usage)
        output.say(f"evac: {error.format_message()}")
        return error.exit_code
    except RefusedError as error:
        output.say(f"evac: {error}")
        return error.code
    except ConfigError as error:
        output.say(f"evac: {error}")
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        output.say("evac: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The same, noticed at the end: Python must not complain while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("EVAC_DEBUG"):
            raise
        fault = error if isinstance(error, Crashed) else Crashed(error, os.environ)
        output.say(f"evac: {fault}")
        return FAILED
    return result if isinstance(result, int) else 0
