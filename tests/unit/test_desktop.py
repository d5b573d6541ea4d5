"""Desktop notifications by the terminal: who gets which bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.cli.doctor_terminal import desktop_notices
from tui.config.schema import Settings
from tui.config.sections import CallSettings
from tui.desktop import DesktopRoute, find_route, notice_bytes


@pytest.mark.parametrize(
    "environ",
    [
        {"TERM": "xterm-kitty"},
        {"TERM": "xterm-ghostty"},
        {"TERM": "foot-extra"},
        {"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"},
        {"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"},
        {"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"},
    ],
)
def test_a_terminal_that_is_known_to_understand_gets_it(environ: dict[str, str]) -> None:
    assert find_route("auto", environ) == DesktopRoute()
    assert find_route("off", environ).why_not


@pytest.mark.parametrize("term", ["linux", "xterm-256color", "vt100", "screen", "tmux-256color", "dumb", ""])
def test_any_other_gets_none_unless_it_is_asked_for(term: str) -> None:
    environ = {"TERM": term}
    assert 'desktop = "on"' in find_route("auto", environ).why_not
    assert find_route("on", environ) == DesktopRoute(wrapped=term.startswith("tmux"))


@pytest.mark.parametrize(
    ("kind", "name", "passes", "asked", "wrapped", "why"),
    [
        ("iTerm2 3.5.0", "xterm-256color", "1", "auto", True, ""),
        ("", "xterm-kitty", "all", "auto", True, ""),
        ("WezTerm 20240203", "xterm-256color", "", "auto", True, ""),  # before 3.3 it always passed
        ("ghostty 1.0", "xterm-ghostty", "0", "auto", False, "allow-passthrough on"),
        ("", "xterm-256color", "1", "auto", False, 'desktop = "on"'),
        ("", "xterm-256color", "on", "on", True, ""),
        ("", "xterm-256color", "off", "on", False, "allow-passthrough on"),
    ],
)
def test_in_tmux_it_is_the_terminal_behind_that_counts(
    tmux: Callable[[str], dict[str, str]],
    kind: str,
    name: str,
    passes: str,
    asked: str,
    wrapped: bool,
    why: str,
) -> None:
    found = find_route(asked, tmux(f"printf '%s\\n' '{kind}' '{name}' '{passes}'"))
    assert found.wrapped == wrapped
    assert why in f"{found.why_not}: {found.remedy}"
    assert bool(why) == bool(found.why_not)


@pytest.mark.parametrize("lines", ["exit 1", "printf '\\377'", "rm -f /dev/null/x"])
def test_a_tmux_that_tells_nothing_is_not_known_to_pass_it_on(
    tmux: Callable[[str], dict[str, str]], lines: str
) -> None:
    assert find_route("auto", tmux(lines)).why_not
    assert find_route("on", tmux(lines)).wrapped
    assert find_route("on", {"TMUX": "/x", "PATH": "/nowhere"}).wrapped


def test_no_stranger_s_text_ends_the_sequence_or_begins_another() -> None:
    hostile = "4;web\x1b\\\x07\x1b[2J\x9c\x9d52;c;aGk=\x07\u202ex\nrm -rf"
    plain = notice_bytes(hostile, DesktopRoute())
    assert plain.startswith("\x1b]9;evac: 4;web")
    assert plain.endswith("rm -rf\a")
    assert plain.count("\x1b") == plain.count("\a") == 1
    assert plain[2:-1].isprintable()
    assert len(notice_bytes("x" * 9999, DesktopRoute())) < 220
    wrapped = notice_bytes(hostile, DesktopRoute(wrapped=True))
    assert wrapped == "\x1bPtmux;\x1b" + plain + "\x1b\\"


@pytest.mark.parametrize(
    ("on", "term", "told"),
    [
        ((), "xterm-kitty", ""),
        (("failing",), "xterm-kitty", "notifications by OSC 9"),
        (("failing",), "xterm", 'not known to show any; alarm.desktop = "on"'),
    ],
)
def test_the_doctor_says_whether_notifications_arrive(on: tuple[str, ...], term: str, told: str) -> None:
    lines = list(desktop_notices(Settings(alarm=CallSettings(on=on)), {"TERM": term}))
    assert len(lines) == bool(told)
    assert told in "".join(one.said for one in lines)


@pytest.fixture
def tmux(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """The environment in a tmux whose command is these lines of sh."""

    def make(lines: str) -> dict[str, str]:
        program = tmp_path / "tmux"
        program.write_text(f"#!/bin/sh\n{lines}\n")
        program.chmod(0o755)
        return {"TMUX": "/tmp/tmux-1000/default,1,0", "TMUX_PANE": "%0", "PATH": f"{tmp_path}:{os.defpath}"}

    return make
