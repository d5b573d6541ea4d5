"""`evac demo serve`: the embedded AWS alone, for any AWS client."""

from __future__ import annotations

import shlex
import signal
import threading
from types import FrameType

import click

from tui.cli import output
from tui.cli.options import json_option, shared_options
from tui.cli.session import FAILED, Shared


@click.group("demo")
@shared_options
@click.pass_context
def demo_command(ctx: click.Context, shared: Shared) -> None:
    """The embedded AWS: a sample fleet on this machine, reachable from this machine only."""
    ctx.obj = shared


@demo_command.command("serve")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=0,
    show_default=True,
    help="0: any that is free.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000),
    metavar="N",
    default=4.0,
    show_default=True,
    help="How fast instances stop and start.",
)
@click.option(
    "--scale",
    type=click.IntRange(0, 100_000),
    metavar="N",
    default=0,
    help="A generated fleet of this many instances instead of the sample.",
)
@json_option("The environment as one JSON object instead of shell lines.")
@shared_options
@click.pass_context
def serve(
    ctx: click.Context,
    shared: Shared,  # noqa: ARG001 - click gives it by its name
    port: int,
    speed: float,
    scale: int,
    as_json: bool,
) -> None:
    """Serve until interrupted; print the environment that points any AWS client, evac too, at it."""
    from tui.demo import environment

    stop = threading.Event()

    def leave(_signum: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    try:
        demo = environment.start("--port", str(port), "--speed", str(speed), "--scale", str(scale))
    except RuntimeError as error:
        output.say(f"evac: {error}; is port {port} taken? --port 0 takes a free one")
        ctx.exit(FAILED)
    try:
        if as_json:
            output.json_line(
                {
                    "url": demo.url,
                    "environment": demo.environment,
                    "unset": demo.unset,
                    "profiles": demo.profiles,
                }
            )
        else:
            output.raw(f"unset {' '.join(demo.unset)}\n")
            output.raw(
                "".join(f"export {name}={shlex.quote(value)}\n" for name, value in demo.environment.items())
            )
        output.say(
            f"serving {', '.join(demo.profiles)} at {demo.url}; paste the lines above into another shell"
        )
        while not stop.wait(0.5):
            if demo.process.poll() is not None:
                output.say("evac: the embedded AWS has ended by itself")
                ctx.exit(FAILED)
    finally:
        demo.stop()
