"""`--help`: what holds for every command is told once, on evac's own page, and the others say where."""

from __future__ import annotations

import click
import pytest

from tests.contracts.test_docs import EVERY
from tui.cli.main import evac

SHARED = ("--demo", "--config", "--profile", "--region", "--read-only")


def page(path: str) -> str:
    context, *rest = None, *path.split()
    command: click.Command = evac
    for name in rest:
        if context is not None:
            assert isinstance(command, click.Group)
            found = command.get_command(context, name)
            assert found is not None, path
            command = found
        context = click.Context(command, parent=context, info_name=name)
    assert context is not None
    return command.get_help(context)


def test_the_first_page_tells_what_every_command_takes() -> None:
    told = page("evac")
    assert all(f"  {option}" in told for option in SHARED)
    assert "Every command takes these options too" in " ".join(told.split())


@pytest.mark.parametrize("path", EVERY)
def test_every_other_page_tells_its_own_and_points_there(path: str) -> None:
    told = page(path)
    listed = [line.split()[0] for line in told.splitlines() if line.startswith("  --")]
    assert not set(listed) & set(SHARED)
    assert told.rstrip().endswith("evac --help")
    assert told.startswith(f"Usage: {path}")
