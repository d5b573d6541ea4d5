"""A notification on the operator's desktop, asked of the terminal (OSC 9), which answers nothing.

iTerm2's sequence, `OSC 9 ; text BEL`, is understood by the terminals of KNOWN (iTerm2's documentation, escape codes; kitty's,
desktop-notifications; ghostty's, vt/osc/9; foot-ctlseqs(7); WezTerm's, escape-sequences). ConEmu takes a text that begins with a
number and a semicolon for something else, so ours begins with a word. tmux hands it on in its passthrough sequence alone, and
from 3.3 on only where `allow-passthrough` says so (tmux(1)); what terminal stands behind it tmux knows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

from msgspec import Struct

from tui.clipboard import TMUX_WITHIN, behind_tmux, in_tmux
from tui.domain.sanitize import clean

KNOWN = ("iterm", "wezterm", "kitty", "xterm-kitty", "ghostty", "xterm-ghostty", "foot", "warp")
"""How their names begin, in TERM, TERM_PROGRAM, LC_TERMINAL (which SSH hands on) or tmux's client_termtype, in small letters."""
_TOLD_BY = ("TERM_PROGRAM", "LC_TERMINAL", "TERM")
_SHOWN = 200
"""Characters of a notification."""
_HEAD = "evac: "
_ASK = "#{client_termtype}\n#{client_termname}\n#{allow-passthrough}"


class DesktopRoute(Struct, frozen=True):
    """How a notification gets to the terminal. `why_not`: why none is, empty: one is. `remedy`: if tmux is why."""

    wrapped: bool = False
    why_not: str = ""
    remedy: str = ""


def find_route(asked: str, environ: Mapping[str, str]) -> DesktopRoute:
    """Of the setting `alarm.desktop`. May take TMUX_WITHIN seconds: not for a thread that draws."""
    if asked == "off":
        return DesktopRoute(why_not="off")
    if in_tmux(environ):
        return _through_tmux(asked, environ)
    if asked == "on":
        return DesktopRoute(wrapped=behind_tmux(environ) and environ.get("TERM", "").startswith("tmux"))
    if any(_is_known(environ.get(name, "")) for name in _TOLD_BY):
        return DesktopRoute()
    return DesktopRoute(
        why_not='this terminal is not known to show any; alarm.desktop = "on" sends them anyway'
    )


def notice_bytes(text: str, route: DesktopRoute) -> str:
    """What to write to the terminal; nothing of it but the cleaned text is drawn anywhere."""
    notice = f"\x1b]9;{_HEAD}{clean(text, _SHOWN)}\a"
    if not route.wrapped:
        return notice
    doubled = notice.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def _is_known(name: str) -> bool:
    return name.lower().startswith(KNOWN)


def _through_tmux(asked: str, environ: Mapping[str, str]) -> DesktopRoute:
    kind, name, passes = _asked_tmux(environ)
    if passes in ("0", "off"):
        return DesktopRoute(why_not="tmux keeps them", remedy="set -g allow-passthrough on")
    if asked == "on" or _is_known(kind) or _is_known(name):
        return DesktopRoute(wrapped=True)
    return DesktopRoute(
        why_not='the terminal behind tmux is not known to show any; alarm.desktop = "on" sends them anyway'
    )


def _asked_tmux(environ: Mapping[str, str]) -> tuple[str, str, str]:
    """Kind and name of the terminal behind tmux, and whether it passes on: empty where nobody tells."""
    program = shutil.which("tmux", path=environ.get("PATH", os.defpath))
    if program is None:
        return "", "", ""
    pane = environ.get("TMUX_PANE", "")
    command = [program, "display-message", "-p", *(["-t", pane] if pane else []), _ASK]
    try:
        done = subprocess.run(  # noqa: S603 - a list of ours
            command, env=dict(environ), capture_output=True, timeout=TMUX_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", "", ""
    kind, name, passes = (*done.stdout.decode("utf-8", "replace").split("\n"), "", "", "")[:3]
    return kind.strip(), name.strip(), passes.strip()
