"""The evac command: its commands, each imported only when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from tui import garbage_pace
from tui.cli import output
from tui.cli.console import open_console
from tui.cli.exit_codes import exit_code_of
from tui.cli.options import point_to_globals, shared_options
from tui.cli.session import WELL, Shared
from tui.cli.shell_words import shell_views

COMMANDS = {
    "events": "tui.cli.status",
    "status": "tui.cli.status",
    "explain": "tui.cli.explain",
    "diagnose": "tui.cli.diagnose",
    "coverage": "tui.cli.coverage",
    "handover": "tui.cli.handover",
    "watch": "tui.cli.watch",
    "do": "tui.cli.do",
    "backup": "tui.cli.backup",
    "ops": "tui.cli.ops",
    "doctor": "tui.cli.doctor",
    "config": "tui.cli.config",
    "demo": "tui.cli.demo",
    "completion": "tui.cli.completion",
}
"""Each command and the module that holds it as NAME_command."""


class LazyGroup(click.Group):
    """Imports a command's module when that command is called, so that `evac` itself starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of COMMANDS: reading first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, or None, which click turns into a usage error."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), f"{cmd_name}_command")
        return point_to_globals(command)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Options, or the commands by their names alone: their help would import all of them at each press of tab."""
        if incomplete[:1] == "-":
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(name) for name in COMMANDS if name.startswith(incomplete)]


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
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
@click.option(
    "--view",
    default="",
    metavar="NAME",
    help="Open the console in this view: evac's or your own.",
    shell_complete=shell_views,
)
@click.option(
    "--filter", "wanted", default="", metavar="TERMS", help="Open the console with this filter, as after `/`."
)
@shared_options
@click.pass_context
def evac(ctx: click.Context, shared: Shared, view: str, wanted: str) -> None:
    """Keep EC2 instances alive: see what is broken, what AWS will do and when, and act with a guard.

    Without a command the console opens; it needs a terminal. The commands below do not. Every command takes these options too,
    before its name or behind it.
    """
    ctx.obj = shared
    if ctx.invoked_subcommand is not None:
        if view or wanted:
            given = "--view" if view else "--filter"
            raise click.UsageError(
                f"{given} before a command: it is the console's; --filter stands behind one"
            )
        garbage_pace.begin_work()
        return
    ctx.exit(open_console(shared, view, wanted))


def main(arguments: Sequence[str] | None = None) -> None:
    """The `evac` script. Ends the process with one of the documented exit codes; a failure is one line on stderr."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; answers the exit code."""
    return exit_code_of(lambda: _asked(arguments))


def _asked(arguments: Sequence[str] | None) -> object:
    try:
        return evac.main(arguments, prog_name="evac", standalone_mode=False)
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
    except click.Abort:
        raise KeyboardInterrupt from None
