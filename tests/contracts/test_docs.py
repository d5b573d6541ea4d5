"""The documents say what the program does: every command, option and key stands in them, and nothing else."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tui.cli import main as cli
from tui.config import loader

ROOT = Path(__file__).parents[2]
COMMANDS = (ROOT / "docs/commands.md").read_text()
CONFIG = (ROOT / "docs/config.md").read_text()


def walk(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from walk(command, f"{path} {name}")


EVERY = dict(walk(cli.evac, "evac"))


@pytest.mark.parametrize("path", EVERY)
def test_every_command_and_option_has_help(path: str) -> None:
    command = EVERY[path]
    assert (command.help or "").strip().endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name}"


@pytest.mark.parametrize("path", EVERY)
def test_no_help_names_a_type_of_the_parser_s(path: str) -> None:
    """What is to be written there, not what Python makes of it."""
    told = EVERY[path].get_help(click.Context(EVERY[path], info_name=path))
    assert not re.search(r"\b(RANGE|INTEGER|FLOAT|TEXT|BOOLEAN|PATH)\b", told), told


@pytest.mark.parametrize("path", EVERY)
def test_every_command_takes_the_shared_options(path: str) -> None:
    options = {option for parameter in EVERY[path].params for option in parameter.opts}
    assert {"--demo", "--config", "--profile", "--region", "--read-only"} <= options


@pytest.mark.parametrize("path", EVERY)
def test_every_command_is_documented_with_its_options(path: str) -> None:
    _, top, *rest = path.split()
    match = re.search(rf"^## `evac {top}`.*?(?=^## |\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
    assert match, f"docs/commands.md has no section for evac {top}"
    if rest:
        assert f"`{rest[0]}" in match[0]
    for parameter in EVERY[path].params:
        if isinstance(parameter, click.Option):
            documented = [option for option in parameter.opts if f"`{option}" in COMMANDS]
            assert documented, f"{path} {parameter.opts} is not in docs/commands.md"


def test_only_commands_that_exist_are_documented() -> None:
    assert set(re.findall(r"^## `evac (\w+)`", COMMANDS, re.MULTILINE)) == set(cli.COMMANDS)


def test_every_exit_code_is_documented() -> None:
    from tui.cli import session

    codes = {session.WELL, session.FAILED, session.USAGE, session.PARTIAL, session.READ_ONLY, session.GUARD}
    codes |= {session.FOUND, session.UNCOVERED}
    assert {int(code) for code in re.findall(r"^\| (\d) \|", COMMANDS, re.MULTILINE)} == codes


def test_every_key_is_documented_with_its_default() -> None:
    values = tomllib.loads((ROOT / "config.example.toml").read_text())
    keys = {
        key.replace("profiles.example.", "profiles.NAME."): value for key, value in loader.flatten(values)
    }
    rows = dict(re.findall(r"^\| `([\w.]+)` \| `(.*?)` \|", CONFIG, re.MULTILINE))
    assert {key: tomllib.loads(f"v = {value}")["v"] for key, value in rows.items()} == keys


def test_links_between_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_every_promise_names_tests_that_are_there() -> None:
    page = (ROOT / "docs/reliability.md").read_text()
    rows = [row for row in page.splitlines() if row.startswith("| ") and "`tests/" in row]
    assert len(rows) >= 30
    for name in re.findall(r"`(tests/[\w/.]+)`", page):
        assert (ROOT / name).exists(), name
    for anchor in re.findall(r"\]\(#([\w-]+)\)", page):
        assert re.search(rf"^#+ {anchor.replace('-', ' ')}$", page, re.MULTILINE | re.IGNORECASE), anchor


@pytest.mark.parametrize(
    "page",
    [*(one.name for one in ROOT.glob("*.md")), *(f"docs/{one.name}" for one in (ROOT / "docs").glob("*.md"))],
)
def test_every_link_to_a_file_leads_there(page: str) -> None:
    for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", (ROOT / page).read_text()):
        assert (ROOT / page).parent.joinpath(link).exists(), f"{page}: {link}"


def test_the_changelog_has_this_version_with_its_date() -> None:
    page = (ROOT / "CHANGELOG.md").read_text()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", page, re.MULTILINE)
    kinds = set(re.findall(r"^### (.+)$", page, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/reliability.md"])
def test_every_chore_that_is_named_is_one(page: str) -> None:
    chores = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", (ROOT / page).read_text())) <= chores


@pytest.mark.parametrize(
    "page",
    [
        *sorted(one.name for one in ROOT.glob("README*.md")),
        *(f"docs/{one.name}" for one in (ROOT / "docs").glob("*.md")),
    ],
)
def test_every_command_that_is_named_is_one(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    fenced = "\n".join(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    named = re.findall(r"`evac(?: --[\w-]+)* ([a-z]+)", text) + re.findall(
        r"^evac ([a-z]+)", fenced, re.MULTILINE
    )
    assert set(named) <= set(cli.COMMANDS), page
