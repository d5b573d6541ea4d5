"""Completion in real shells: tab is pressed, and the line says what it made of it. Nothing else happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pexpect
import pytest

from tests.e2e.terminal import environ
from tui.domain.instance import Instance, InstanceState, Phase, Target, TargetStatus
from tui.domain.sanitize import clean
from tui.fleet.snapshot import write_snapshot
from tui.paths import default_snapshot_path

NOW = datetime(2026, 11, 30, 3, tzinfo=UTC)
PROMPT = "ready> "
SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], "PS1='rea''dy> '; bind 'set bell-style none'"),
    "zsh": (["-f", "-i"], "autoload -Uz compinit; compinit -D -u; bindkey -e; PS1='rea''dy> '"),
}
"""How each is begun without a user's settings, and given a prompt that its own echo does not hold."""
LINES = (
    ("evac cov", "evac coverage "),
    ("evac do resc", "evac do reschedule "),
    ("evac status --profile sta", "evac status --profile staging "),
    ("evac --region ap-northeast-1", "evac --region ap-northeast-1 "),
    ("evac do reboot i-0a", "evac do reboot i-0a1b2c "),
    ("evac do reboot web", "evac do reboot web"),
)
"""What is typed before tab, and what the line is then: the Name tags begin with web."""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "evac"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m tui "$@"\n')
    program.chmod(0o755)
    (tmp_path / "aws").write_text("[profile staging]\n[profile $(touch owned)]\n")
    made = environ(
        PATH=f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        HOME=str(tmp_path),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        AWS_CONFIG_FILE=str(tmp_path / "aws"),
        AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"),
        TERM="xterm-256color",
    )
    target = Target("prod", "ap-northeast-2")
    ids = ("i-0a1b2c", "i-0f$(touch owned)", "i-0a;touch owned", "-rf")
    rows = [
        Instance(target, clean(one), name=clean("web-1"), state=InstanceState.RUNNING, status_at=NOW)
        for one in ids
    ]
    write_snapshot([TargetStatus(target, Phase.LIVE)], rows, default_snapshot_path(made), NOW)
    return made


def shell_or_skip(shell: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes_what_is_typed(shell: str, env: dict[str, str], tmp_path: Path) -> None:
    arguments, setting = SHELLS[shell]
    with pexpect.spawn(
        shell_or_skip(shell),
        arguments,
        env=env,
        cwd=str(tmp_path),
        timeout=60,
        dimensions=(24, 200),
        encoding="utf-8",
    ) as line:
        line.delaybeforesend = None
        for command in (setting, f'eval "$(evac completion {shell})"'):
            line.send(f"{command}\r")
            line.expect(PROMPT)
        for typed, becomes in LINES:
            # ctrl+a, ctrl+e: the line becomes an argument that is printed, and not run.
            line.send(f"{typed}\t\x01printf '<%s>\\n' '\x05'\r")
            line.expect(rf"<{re.escape(becomes.rstrip())} ?>")  # zsh takes the blank behind a word back
            line.expect(PROMPT)
    assert "owned" not in os.listdir(tmp_path), "what a name says was run"


def test_fish_is_offered_the_same(env: dict[str, str], tmp_path: Path) -> None:
    asked = "; ".join(f"complete -C '{typed}'; echo =" for typed, _ in LINES)
    done = subprocess.run(
        [shell_or_skip("fish"), "--no-config", "-c", f"evac completion fish | source; {asked}"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = [one.strip().split("\t")[0] for one in done.stdout.split("=\n")[:-1]]
    wanted = [becomes.split()[-1] if becomes.endswith(" ") else "" for _, becomes in LINES]
    assert found == wanted
    assert "owned" not in os.listdir(tmp_path)
