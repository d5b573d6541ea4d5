"""Every command with every flag, as the parser itself knows them, against an embedded AWS that writes down what it hears: in
read-only mode nothing is changed, and otherwise nothing that no confirmed operation accounts for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.soak.storm import changes, environment, unconfirmed
from tui.cli import main
from tui.demo.environment import Demo, start
from tui.domain.actions import ACTIONS, OVERRIDES

INSTANCE = "cache-1"
VALUES = {
    "confirm": [INSTANCE, "y", ""],
    "image_name": ["a name"],
    "event_id": ["instance-event-0"],
    "not_before": ["72h"],
    "timeout": ["5"],
    "wanted": ["check:impaired", "no:such:field"],
    "limit": ["3"],
    "overrides": list(OVERRIDES),
    "count": ["2"],
    "minutes": ["5"],
    "older_than": ["1d"],
    "at_once": ["2"],
    "max_failures": ["2"],
    "hours": ["Sat,Sun 00:00-06:00 Asia/Seoul"],
    "accept": ["public-ip"],
    "jitter": ["0s"],
    "since_word": ["12h"],
    "keep": ["2"],
    "tagged": ["backup=nightly"],
    "profiles": ["prod"],
    "regions": ["ap-northeast-2"],
    "config_path": ["config.toml"],
    "path": ["/dev/null", "config.toml"],
}
SHARED = {"config_path", "profiles", "regions"}
SKIPPED = {"demo", "read_only", "help", "version"}
"""Read-only is on everywhere or nowhere; --demo would be another AWS, whose calls nobody hears here."""
FULL = "EVAC_SOAK" in os.environ
"""`make soak`: `evac do` with each flag too, some seconds each."""
READING = {("do",), ("status",), ("events",), ("doctor",), ("backup",), ("coverage",), ("diagnose",)}
"""Commands that read the whole fleet each time: some seconds."""
FOREGROUND = {("demo", "serve"), ("watch",)}
"""Goes on until it is interrupted. That `watch` changes nothing has tests of its own."""


@pytest.fixture
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
    return [[name, value] for value in VALUES[str(option.name)]]


def commands(
    group: click.Group = main.evac, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All that can be called, with its words."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if (*before, name) in FOREGROUND:
            continue
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))


def arguments(words: tuple[str, ...], operation: str) -> list[list[str]]:
    """What must stand behind it."""
    if words == ("do",):
        return [[action, INSTANCE] for action in ACTIONS if action != "undo"]  # which `evac ops undo` plans
    return {
        ("explain",): [["system-reboot"]],
        ("diagnose",): [["--log", "/dev/null"], [INSTANCE]],
        ("backup",): [["--filter", INSTANCE]],
        ("ops", "show"): [[operation]],
        ("ops", "resume"): [[operation]],
        ("ops", "abandon"): [[operation]],
        ("config", "set"): [["read_only", "false"]],
        ("completion",): [["bash"]],
    }.get(words, [[]])


def matrix(operation: str, *, full: bool, read_only: bool) -> list[list[str]]:
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
                chosen = [together]
                if words == ("do",):
                    told = tail[0] in ("stop-start", "recover-alarm", "start")  # of each kind one
                    chosen = (
                        [["--confirm", INSTANCE]] * told if read_only else [[]] * (tail[0] == "stop-start")
                    )
            first = ["--read-only"] if read_only else []
            lines += [[*first, *words, *tail, *extra, *given] for given in chosen]
    return lines


def planned(environ: dict[str, str]) -> str:
    """An operation somebody confirmed who could; its runner never came."""
    from datetime import UTC, datetime

    from tests.screens.fake_services import named, sample_store
    from tui.domain.actions import ActionOptions
    from tui.domain.plan import draft
    from tui.domain.policy import Policy
    from tui.operations.journal import Journal
    from tui.paths import default_journal_path

    now, row = datetime.now(UTC), named(sample_store(), INSTANCE)
    journal = Journal(default_journal_path(environ))
    name = journal.create(draft("reboot", row, None, ActionOptions(), Policy(), now), now)
    assert journal.confirm(name, now)
    journal.close()
    return name


def run(lines: list[list[str]], wrong: Callable[[list[str]], None]) -> dict[int, int]:
    """How often each exit code came. `wrong` looks after each line whether something was sent that should not have been."""
    codes: dict[int, int] = {}
    for line in lines:
        try:
            code = main.run(line)
        except SystemExit as end:
            code = int(end.code or 0)
        codes[code] = codes.get(code, 0) + 1
        print(f"{code}: {' '.join(line)}")
        wrong(line)
    return codes


@pytest.mark.parametrize("path", [" ".join(words) for words, _ in commands()])
def test_every_option_is_given_a_value_that_it_takes(path: str) -> None:
    """A new option that takes a value fails here until VALUES has one."""
    command = dict(commands())[tuple(path.split())]
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in SKIPPED:
            assert flags(option)


def test_no_command_with_any_flag_sends_a_change(
    env: dict[str, str], demo: Demo, capfd: pytest.CaptureFixture[str]
) -> None:
    def wrong(line: list[str]) -> None:
        assert changes(demo) == [], line

    Path("config.toml").write_text("")
    lines = matrix(planned(env), full=FULL, read_only=True)
    codes = run(lines, wrong)
    said: Any = capfd.readouterr()
    assert not re.search(r"Traceback|internal error", said.out + said.err)
    assert codes.get(4, 0) >= 5  # refused: read-only
    assert demo.control("calls")
    assert not (Path(env["XDG_STATE_HOME"]) / "evac" / "runner.log").exists()
    with capfd.disabled():
        print(f"\n{len(lines)} command lines, exit codes {dict(sorted(codes.items()))}: 0 changes")


def test_no_command_sends_a_change_that_nobody_confirmed(
    env: dict[str, str], demo: Demo, capfd: pytest.CaptureFixture[str]
) -> None:
    journal = Path(env["XDG_STATE_HOME"]) / "evac" / "journal.sqlite3"
    total = 0

    def wrong(line: list[str]) -> None:
        nonlocal total
        missing, total = unconfirmed(demo, journal)
        assert missing == [], line

    Path("config.toml").write_text("")
    lines = matrix(planned(env), full=FULL, read_only=False)
    codes = run(lines, wrong)
    said: Any = capfd.readouterr()
    assert not re.search(r"Traceback|internal error", said.out + said.err)
    with capfd.disabled():
        print(
            f"\n{len(lines)} command lines, exit codes {dict(sorted(codes.items()))}: {total} changes, 0 unconfirmed"
        )
