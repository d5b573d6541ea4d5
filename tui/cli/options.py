"""The options every command takes, as click asks for them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tui.cli.session import Shared
from tui.cli.shell_words import shell_profiles, shell_regions
from tui.domain.campaign.model import MAX_AT_ONCE

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _listed(values: tuple[str, ...]) -> tuple[str, ...]:
    """`--profile a,b --profile c` as (a, b, c), each once."""
    return tuple(dict.fromkeys(part.strip() for value in values for part in value.split(",") if part.strip()))


class _GlobalOption(click.Option):
    """One that every command takes. It is told once, by `evac --help`; the other pages point there (`point_to_globals`)."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Its line on evac's own page, None on a command's."""
        return super().get_help_record(ctx) if ctx.parent is None else None


def point_to_globals(command: click.Command) -> click.Command:
    """The same command, whose page and those below it end with where the options of every command are told."""
    command.epilog = "Options of every command (--demo, --profile, --region, …): evac --help"
    if isinstance(command, click.Group):
        for one in command.commands.values():
            point_to_globals(one)
    return command


_OPTIONS = (
    click.option(
        "--demo",
        cls=_GlobalOption,
        is_flag=True,
        help="Use the embedded AWS and its sample fleet: no account, no network.",
    ),
    click.option(
        "--config",
        "config_path",
        cls=_GlobalOption,
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="This config file instead of the default one.",
    ),
    click.option(
        "--profile",
        "profiles",
        cls=_GlobalOption,
        multiple=True,
        metavar="A,B",
        shell_complete=shell_profiles,
        help="Only these AWS profiles; repeatable.",
    ),
    click.option(
        "--region",
        "regions",
        cls=_GlobalOption,
        multiple=True,
        metavar="R,S",
        shell_complete=shell_regions,
        help="Only these regions; repeatable.",
    ),
    click.option("--read-only", cls=_GlobalOption, is_flag=True, help="Change nothing, whatever is asked."),
)


def shared_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options; it receives them as one argument, `shared`."""

    @functools.wraps(function)
    def wrapper(*args: Any, demo: bool, config_path: Path | None, read_only: bool, **rest: Any) -> Any:
        given = Shared(
            demo, config_path, _listed(rest.pop("profiles")), _listed(rest.pop("regions")), read_only
        )
        context = click.get_current_context()
        outer = context.parent.find_object(Shared) if context.parent else None
        return function(*args, shared=given.under(outer), **rest)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper


def json_option(help: str = "As JSON.") -> Callable[[_Command], _Command]:
    """`--json`, which may also stand before a command of a group: `evac ops --json locks`."""
    return click.option("--json", "as_json", is_flag=True, help=help, callback=_asked_here_or_above)


def _asked_here_or_above(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    return value or bool(ctx.parent and ctx.parent.params.get("as_json"))


def timeout_option(
    help: str = "Seconds to look for it.", default: float = 60.0, most: float = 3600
) -> Callable[[_Command], _Command]:
    """The option `--timeout SECONDS`: how long a command waits for AWS before it says what is missing."""
    kind = click.FloatRange(1, most)
    return click.option(
        "--timeout", type=kind, metavar="SECONDS", default=default, show_default=True, help=help
    )


_RULES = (
    click.option(
        "--at-once", type=click.IntRange(1, MAX_AT_ONCE), metavar="N",
        help="Of a campaign so many are under way at a time, the first alone.",
    ),
    click.option(
        "--max-failures", type=click.IntRange(min=1), metavar="N", help="After so many failed ones no new one is begun."
    ),
    click.option(
        "--hours", metavar="WHEN", help='When members are begun: "Sat,Sun 00:00-06:00 Asia/Seoul", several with ;.'
    ),
)  # fmt: skip


def rules_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what can be said of a campaign's rules; it receives them as one argument, `rules`, None where not said."""

    @functools.wraps(function)
    def wrapper(*args: Any, **rest: Any) -> Any:
        rules = {name: rest.pop(name) for name in ("at_once", "max_failures", "hours")}
        return function(*args, rules=rules, **rest)

    for option in reversed(_RULES):
        wrapper = option(wrapper)
    return wrapper


accept_option = click.option(
    "--accept", multiple=True, metavar="CODE",
    help="Of a campaign, take those with this danger along (its code as the plan has it). Repeat it for each.",
)  # fmt: skip
