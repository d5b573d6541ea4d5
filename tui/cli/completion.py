"""`evac completion`: the script that has a shell ask evac what could come next."""

from __future__ import annotations

import click

from tui.cli import output
from tui.cli.options import shared_options
from tui.cli.session import Shared

VARIABLE = "_EVAC_COMPLETE"
"""By which a shell asks: click's name, of the program's."""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="bash|zsh|fish")
@shared_options
@click.pass_context
def completion_command(
    ctx: click.Context,
    shared: Shared,  # noqa: ARG001 - click gives it by its name
    shell: str,
) -> None:
    """Print the script that completes commands, options, profiles, regions and instance ids in a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None, shell
    script = kind(ctx.find_root().command, {}, "evac", VARIABLE).source()
    if (
        shell == "fish"
    ):  # what stands behind a comma belongs to the word: `--profile a,b`, and a help's sentence
        script = script.replace('string split ","', 'string split -m 1 ","')
    output.raw(script)
