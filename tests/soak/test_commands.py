"""Every command with every flag, in read-only mode, against an embedded AWS that writes down what it hears."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from storm import changes, environment

import tui.cli
from tui.demo.environment import Demo, start

INSTANCE = "cache-1"
VALUES = {
    "confirm": [INSTANCE, "y", ""],
    "image_name": ["a name"],
    "event_id": ["instance-event-0"],
    "not_before": ["72h"],
    "timeout": ["5"],
    "filter": ["check:impaired"],
    "limit": ["3"],
    "overrides": ["last-healthy"],
}
SKIPPED = {"demo", "config_path", "profiles", "regions", "read_only", "help", "version"}
"""The shared options: read-only is on everywhere, and the rest would choose another AWS."""
FULL = "EVAC_SOAK" in os.environ
"""`make soak`: `evac do` with each flag too, some seconds each."""
READING = {("do",), ("status",), ("events",), ("doctor",)}
"""Commands that read the whole fleet each time: some seconds."""
FOREGROUND = ("demo",)
"""Only serves an embedded AWS, until it is interrupted."""


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    running = start("--speed", "60")
    yield running
    running.stop()


@pytest.fixture
def env(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """This process's environment leads to the demo."""
    made = environment(demo, tmp_path)
    made["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return made


def flags(option: click.Option) -> list[list[str]]:
    """Each way to give it."""
    name = max(option.opts, key=len)
    if option.is_flag:
        return [[one] for one in (*option.opts, *option.secondary_opts)]
    if isinstance(option.type, click.Choice):
        return [[name, str(one)] for one in option.type.choices]
    return [[name, value] for value in VALUES.get(str(option.name), ["1"])]


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All that can be called, with its words."""
    context = click.Context(tui.cli.evac)
    for name in tui.cli.evac.list_commands(context):
        command = tui.cli.evac.get_command(context, name)
        assert command is not None
        if name in FOREGROUND:
            continue
        yield (name,), command
        if isinstance(command, click.Group):
            for sub, inner in command.commands.items():
                yield (name, sub), inner


def arguments(words: tuple[str, ...], operation: str) -> list[list[str]]:
    """What must stand behind it."""
    if words == ("do",):
        return [[action, INSTANCE] for action in ("stop-start", "start", "reboot", "image", "reschedule")]
    return {
        ("explain",): [["system-reboot"]],
        ("ops", "show"): [[operation]],
        ("ops", "resume"): [[operation]],
        ("ops", "abandon"): [[operation]],
        ("config", "set"): [["read_only", "false"]],
    }.get(words, [[]])


def matrix(operation: str, *, full: bool) -> list[list[str]]:
    """Every command alone, with each flag, and with all of its plain flags at once."""
    lines = []
    for words, command in commands():
        options = [one for one in command.params if isinstance(one, click.Option) and one.name not in SKIPPED]
        single = [given for option in options for given in flags(option)]
        together = [flag for option in options if option.is_flag for flag in flags(option)[0]]
        for tail in arguments(words, operation):
            extra = ["--at", "72h"] if tail[:1] == ["reschedule"] else []
            chosen = [[], *single, together]
            if not full and words in READING:
                chosen = [["--confirm", INSTANCE]] if words == ("do",) else [together]
            lines += [["--read-only", *words, *tail, *extra, *given] for given in chosen]
    return lines


def planned(environ: dict[str, str]) -> str:
    """An operation somebody confirmed who could; its runner never came."""
    from datetime import UTC, datetime

    from stage import named, sample_store

    from tui.domain.actions import ActionOptions
    from tui.domain.plan import draft
    from tui.domain.policy import Policy
    from tui.operations.journal import Journal, default_path

    now, row = datetime.now(UTC), named(sample_store(), INSTANCE)
    journal = Journal(default_path(environ))
    name = journal.create(draft("reboot", row, None, ActionOptions(), Policy(), now), now)
    assert journal.confirm(name, now)
    journal.close()
    return name


def run(lines: list[list[str]], demo: Demo) -> dict[int, int]:
    """How often each exit code came. A change on the wire, or a traceback, is an error that names the line."""
    codes: dict[int, int] = {}
    for line in lines:
        try:
            code = tui.cli.run(line)
        except SystemExit as end:
            code = int(end.code or 0)
        codes[code] = codes.get(code, 0) + 1
        assert changes(demo) == [], line
    return codes


def test_no_command_with_any_flag_sends_a_change(
    env: dict[str, str], demo: Demo, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = matrix(planned(env), full=FULL)
    codes = run(lines, demo)
    said: Any = capfd.readouterr()
    assert not re.search(r"Traceback|internal error", said.out + said.err)
    assert codes.get(4, 0) >= 5  # refused: read-only
    assert demo.control("calls")
    assert not (Path(env["XDG_STATE_HOME"]) / "evac" / "runner.log").exists()
    with capfd.disabled():
        print(f"\n{len(lines)} command lines, exit codes {dict(sorted(codes.items()))}: 0 changes")
