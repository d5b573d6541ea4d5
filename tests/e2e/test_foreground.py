"""The terminal given to a program and taken back, as a shell does it: in a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal, environ, has

APP = str(Path(__file__).with_name("lending_app.py"))
Lending = Callable[..., Terminal]


@pytest.fixture
def lending(tmp_path: Path) -> Lending:
    """The small console in a terminal, with these lines of sh as its program."""

    def make(lines: str, **more: str) -> Terminal:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)
        root = str(Path(__file__).parents[2])
        within = (sys.executable, APP, str(path), "--")
        return Terminal(environ=environ(PYTHONPATH=root, HOME=str(tmp_path), **more), within=within)

    return make


def runs(process: int) -> bool:
    """Whether it is there, and has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def begun(terminal: Terminal) -> None:
    terminal.until("counted")
    terminal.keys("C")


def test_somebody_is_called_while_the_program_has_the_terminal(lending: Lending) -> None:
    with lending("stty tostop; printf 'here I am\\n'; read line; echo \"got $line\"", CALLS="1") as terminal:
        begun(terminal)
        terminal.until("here I am")
        terminal.until(lambda one: b"\a\x1b]9;evac: web failing\a" in one.raw)
        terminal.keys("go\r")
        terminal.until("came back with 0")
        assert terminal.raw.count(b"\x1b]9;") == 1


def test_the_console_goes_on_counting_and_draws_nothing_meanwhile(lending: Lending) -> None:
    with lending("printf 'here I am\\n'; read line; echo \"got $line\"") as terminal:
        begun(terminal)
        terminal.until("here I am")
        size = len(terminal.raw)
        terminal.read(0.6)
        assert bytes(terminal.raw[size:]) == b""
        terminal.keys("qC\r")
        terminal.until("came back with 0, counted on meanwhile")
        assert b"got qC" in terminal.raw
        terminal.keys("q")
        assert terminal.ended() == 0


def test_ctrl_c_is_for_the_program_alone(lending: Lending) -> None:
    with lending("echo ready; sleep 600") as terminal:
        begun(terminal)
        terminal.until("ready")
        terminal.keys("\x03")
        terminal.until("came back with 130")


def test_ctrl_z_brings_the_console_back_and_the_key_the_program(lending: Lending) -> None:
    with lending('echo ready; read line; echo "got $line"; read line') as terminal:
        begun(terminal)
        terminal.until("ready")
        terminal.keys("\x1a")
        terminal.until("program is stopped (ctrl+z): C brings it back")
        terminal.keys("C")
        terminal.until(lambda one: "counted" not in one.text)
        terminal.keys("more\r")
        terminal.until("got more")
        terminal.keys("\r")
        terminal.until("came back with 0")


def test_raw_mode_the_other_screen_and_the_mouse_do_not_stay(lending: Lending) -> None:
    with lending(
        "stty raw -echo; printf '\\033[?1049h\\033[?1000h\\033[31mleft like that'; exec true"
    ) as terminal:
        begun(terminal)
        terminal.until("came back with 0")
        before = len(terminal.raw)
        terminal.keys("q")
        assert terminal.ended() == 0
        assert b"\x1b[?1049l" in terminal.raw[before:]


def test_what_a_failed_program_wrote_stays_until_it_was_read(lending: Lending) -> None:
    with lending("echo no such plugin; exit 255") as terminal:
        begun(terminal)
        terminal.until("press enter to go back")
        assert "no such plugin" in terminal.text
        terminal.keys("sy", "up")  # meant for the program
        terminal.read(0.3)
        assert "press enter" in terminal.text
        terminal.keys("enter")
        terminal.until("came back with 255")


def test_a_terminal_that_is_resized_meanwhile(lending: Lending) -> None:
    with lending("echo ready; read line") as terminal:
        begun(terminal)
        terminal.until("ready")
        terminal.process.setwinsize(30, 100)
        terminal.screen.resize(30, 100)
        terminal.keys("\r")
        terminal.until("100x30")


@pytest.mark.parametrize("stopped", [False, True], ids=["at work", "stopped"])
def test_a_terminal_that_is_closed_meanwhile_ends_both(lending: Lending, stopped: bool) -> None:
    with lending("trap '' INT; echo $$ ready; sleep 600") as terminal:
        begun(terminal)
        terminal.until(has(r"\d+ ready"))
        program = int(re.findall(r"(\d+) ready", terminal.text)[0])
        if stopped:
            terminal.keys("\x1a")
            terminal.until("is stopped")
        terminal.hang_up()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (runs(program) or runs(terminal.pid)):
            time.sleep(0.1)
        assert not runs(program)
        assert not runs(terminal.pid)


def test_told_to_end_meanwhile_it_ends_and_the_program_is_told(lending: Lending) -> None:
    with lending("trap 'echo told; exit' HUP; echo ready; while :; do sleep 0.1; done") as terminal:
        begun(terminal)
        terminal.until("ready")
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.ended()
        assert b"told" in terminal.raw


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    within = (sys.executable, APP, "no-such-program", "--")
    with Terminal(environ=environ(PYTHONPATH=root, HOME=str(tmp_path)), within=within) as terminal:
        begun(terminal)
        terminal.until("not run: no-such-program: there is no such program")
        terminal.keys("q")
        assert terminal.ended() == 0
