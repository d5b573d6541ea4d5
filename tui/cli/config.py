"""`evac config`: write the commented example, say where the file is, show what is in force and why, set a value."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click
import msgspec

from tui.cli import output
from tui.cli.options import json_option, shared_options
from tui.cli.session import Shared, open_session
from tui.config import edit, loader
from tui.config.schema import file_values
from tui.paths import default_config_path


@click.group("config", invoke_without_command=True)
@shared_options
@click.pass_context
def config_command(ctx: click.Context, shared: Shared) -> None:
    """Write, find, show or change the configuration; alone it shows it."""
    ctx.obj = shared
    if ctx.invoked_subcommand is None:
        _show(shared, as_json=False)


@config_command.command("init")
@shared_options
def init(shared: Shared) -> None:
    """Write the commented example to the config file; an existing one is left alone."""
    path = _path(shared)
    edit.write_example(path)
    output.line(path)
    output.say("written, with every value as a comment: remove the # where you want something else")


@config_command.command("path")
@shared_options
def path(shared: Shared) -> None:
    """Print where the config file is looked for."""
    output.line(_path(shared))


@config_command.command("show")
@json_option("As JSON: key to value and source.")
@shared_options
def show(shared: Shared, as_json: bool) -> None:
    """Print every value in force and where it came from."""
    _show(shared, as_json)


@config_command.command("set")
@click.argument("key")
@click.argument("value")
@shared_options
def set_value(shared: Shared, key: str, value: str) -> None:
    """Set KEY (such as intervals.status) to VALUE (as TOML; a bare word is a text), keeping all others."""
    path = _path(shared)
    copy = edit.update(path, key, edit.parse_value(value))
    output.say(f"{key} is set in {path}")
    if copy:
        output.say(f"TOML writers keep no comments: the file as it was, with them, is {copy}")


def _path(shared: Shared) -> Path:
    return shared.config or default_config_path(os.environ)


def _show(shared: Shared, as_json: bool) -> None:
    with open_session(shared) as session:
        values = dict(loader.flatten(file_values(session.settings)))
        for key in ("cache.url", "lock.url"):  # it may hold a password
            values[key] = re.sub(r"//[^/@]*@", "//***@", values[key])
        sources = session.loaded.sources
        if as_json:
            output.json(
                {key: {"value": value, "source": _source(key, sources)} for key, value in values.items()}
            )
            return
        output.say(
            f"config file: {session.loaded.path}{'' if session.loaded.path.exists() else ' (not there)'}"
        )
        output.say(f"site policy: {session.loaded.policy_path or 'none'}")
        output.table(
            ("KEY", "VALUE", "FROM"),
            [(key, _shown(value), _source(key, sources)) for key, value in values.items()],
        )


def _source(key: str, sources: dict[str, str]) -> str:
    """The key's own source, or its table's; what nobody set is a default."""
    while key not in sources and "." in key:
        key = key.rpartition(".")[0]
    return sources.get(key, "default")


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode()
