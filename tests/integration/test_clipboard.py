"""What is said of a copied text is what is known: tmux answers, a terminal does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.screens import fake_services
from tests.screens.fleet_pilot import said, shown
from tui import clipboard
from tui.cli import doctor_setup, doctor_terminal

TMUX = shutil.which("tmux")
real = pytest.mark.skipif(TMUX is None, reason="tmux is not installed")


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment inside a tmux of this test's own, with tmux's defaults."""
    assert TMUX is not None
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    socket = tmp_path / "tmux"
    start = [TMUX, "-S", str(socket), "-f", "/dev/null"]
    subprocess.run([*start, "new-session", "-d", "-x", "80", "-y", "24", "sleep 600"], env=env, check=True)
    pid = subprocess.run(
        [*start, "display-message", "-p", "#{pid}"], env=env, capture_output=True, text=True, check=True
    )
    yield {**env, "TMUX": f"{socket},{pid.stdout.strip()},0", "TERM": "tmux-256color"}
    subprocess.run([*start, "kill-server"], env=env, check=False)


def buffer(env: dict[str, str]) -> str:
    assert TMUX is not None
    return subprocess.run([TMUX, "show-buffer"], env=env, capture_output=True, text=True, check=False).stdout


@real
def test_tmux_has_what_was_copied(tmux: dict[str, str]) -> None:
    text = "i-0123456789abcdef0\n-w; kill-server\n$(touch x) 한국"
    kept = clipboard.to_tmux(text, tmux)
    assert kept.well, kept
    assert "tmux has it" in kept.said
    assert buffer(tmux) == text
    (check,) = doctor_terminal.terminal_clipboard(tmux)
    assert check.mark == doctor_setup.WELL
    assert "set-clipboard external" in check.said


@real
async def test_the_console_copies_inside_tmux_and_says_so(tmux: dict[str, str], tmp_path: Path) -> None:
    services = fake_services.services(tmp_path, environ={**tmux, "XDG_STATE_HOME": str(tmp_path)})
    async with shown(services) as pilot:
        await pilot.press("y")
        deadline = time.monotonic() + 60
        while not any("tmux has it" in line for line in said(pilot)):
            assert time.monotonic() < deadline, said(pilot)
            await pilot.pause(0.1)
        assert buffer(tmux).startswith("i-0f2a74de452e6b438")


@real
def test_a_tmux_that_died_is_not_said_to_have_copied(tmux: dict[str, str]) -> None:
    assert TMUX is not None
    subprocess.run([TMUX, "kill-server"], env=tmux, check=True)
    kept = clipboard.to_tmux("x", tmux)
    assert not kept.well
    assert kept.said.startswith("NOT copied: tmux: ")
    (check,) = doctor_terminal.terminal_clipboard(tmux)
    assert check.mark == doctor_setup.DOUBT


def stand_in(folder: Path, script: str) -> dict[str, str]:
    path = folder / "bin" / "tmux"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:/usr/bin:/bin", "TMUX": "/nowhere,1,0"}


def test_an_old_tmux_keeps_it_to_itself(tmp_path: Path) -> None:
    env = stand_in(tmp_path, f'[ "$2" = -w ] && exit 1; cat > {tmp_path}/taken')
    kept = clipboard.to_tmux("i-1", env)
    assert kept.well
    assert "to tmux alone" in kept.said
    assert (tmp_path / "taken").read_text() == "i-1"


def test_a_tmux_that_hangs_or_is_not_there_holds_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipboard, "TMUX_WITHIN", 0.2)
    kept = clipboard.to_tmux("i-1", stand_in(tmp_path, "exec sleep 60"))
    assert (kept.well, "no answer" in kept.said) == (False, True)
    kept = clipboard.to_tmux("i-1", {"PATH": str(tmp_path), "TMUX": "/nowhere,1,0"})
    assert (kept.well, "no tmux command" in kept.said) == (False, True)


@pytest.mark.parametrize(
    ("environ", "part"),
    [
        ({"TERM": "xterm-256color"}, "not every terminal takes it"),
        ({"TERM": "tmux-256color", "SSH_TTY": "/dev/pts/1"}, "tmux keeps it unless set-clipboard is on"),
        ({"TERM": "screen-256color"}, "tmux keeps it unless set-clipboard is on"),
    ],
)
async def test_without_an_answer_it_is_only_said_to_be_sent(
    tmp_path: Path, environ: dict[str, str], part: str
) -> None:
    services = fake_services.services(tmp_path, environ={**environ, "XDG_STATE_HOME": str(tmp_path)})
    async with shown(services) as pilot:
        await pilot.press("y")
        await pilot.pause()
        (line,) = said(pilot)
        assert ": sent" in line
        assert "copied" not in line
        assert part in line
        assert pilot.app.clipboard.startswith("i-")
    (check,) = doctor_terminal.terminal_clipboard(environ)
    assert (check.mark == doctor_setup.WELL) is (environ["TERM"] == "xterm-256color")


@pytest.mark.parametrize(
    ("environ", "writes", "mark", "part"),
    [
        ({"LC_ALL": "C.UTF-8"}, "utf-8", doctor_setup.WELL, "UTF-8 (LC_ALL=C.UTF-8)"),
        ({}, "utf-8", doctor_setup.WELL, "no locale set"),
        (
            {"LANG": "ko_KR.EUC-KR"},
            "euc_kr",
            doctor_setup.DOUBT,
            "commands write euc_kr, not UTF-8 (LANG=ko_KR.EUC-KR)",
        ),
        ({"LC_ALL": "C"}, "utf-8", doctor_setup.DOUBT, "ASCII signs here (LC_ALL=C)"),
        (
            {"LC_ALL": "de_DE.UTF-8", "TERM": "linux"},
            "utf-8",
            doctor_setup.DOUBT,
            "ASCII signs here (TERM=linux)",
        ),
        ({"LC_ALL": "\x1b[2J"}, None, doctor_setup.DOUBT, "an unknown encoding"),
    ],
)
def test_doctor_knows_encodings(environ: dict[str, str], writes: str | None, mark: str, part: str) -> None:
    check = doctor_terminal.encoding(environ, writes)
    assert check.mark == mark
    assert part in check.said
    assert "\x1b" not in check.said
