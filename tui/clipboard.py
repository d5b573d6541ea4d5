"""Where a copied text goes, and what is known of its arrival.

Outside of tmux the terminal is asked (OSC 52), and answers nothing. tmux with `set-clipboard external`, its default, drops that
request of a program (tmux(1), set-clipboard); `load-buffer -w` (tmux 3.2) puts the text in its buffer and asks the terminal
itself. Over SSH out of a tmux there is no way to reach it: its name in TERM is all that tells.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping

from msgspec import Struct

TMUX_WITHIN = 2.0
"""Seconds for tmux to take it."""


class CopyResult(Struct, frozen=True):
    """`well`: somebody has said that he has it. `said` goes behind the name of what was copied."""

    well: bool
    said: str


def in_tmux(environ: Mapping[str, str]) -> bool:
    """Whether this very process runs in a tmux that it can talk to."""
    return bool(environ.get("TMUX"))


def behind_tmux(environ: Mapping[str, str]) -> bool:
    """Whether a tmux (or screen) seems to stand between here and the terminal, out of reach."""
    return not in_tmux(environ) and environ.get("TERM", "").startswith(("tmux", "screen"))


def sent(environ: Mapping[str, str]) -> CopyResult:
    """After OSC 52: nobody answers it."""
    if behind_tmux(environ):
        return CopyResult(False, "sent; tmux keeps it unless set-clipboard is on, screen always")
    return CopyResult(False, "sent to your terminal's clipboard (OSC 52; not every terminal takes it)")


def to_tmux(text: str, environ: Mapping[str, str]) -> CopyResult:
    """Into tmux's buffer, and by tmux to the terminal's clipboard. May take TMUX_WITHIN seconds: not for a thread that draws."""
    program = shutil.which("tmux", path=environ.get("PATH"))
    if program is None:
        return CopyResult(
            False, "sent, but tmux keeps it unless set-clipboard is on: no tmux command is found here"
        )
    told = _load([program, "load-buffer", "-w", "-"], text, environ)
    if told is None:
        return CopyResult(
            True, "copied: tmux has it (prefix ] pastes it) and sent it to your terminal's clipboard"
        )
    if _load([program, "load-buffer", "-"], text, environ) is None:  # before 3.2 there was no -w
        return CopyResult(True, "copied to tmux alone (prefix ] pastes it): this tmux sends it no further")
    return CopyResult(False, f"NOT copied: tmux: {told}")


def _load(command: list[str], text: str, environ: Mapping[str, str]) -> str | None:
    """None if it was taken, else why not in a few words."""
    try:
        done = subprocess.run(  # noqa: S603 - a list of ours; the text goes to its stdin
            command,
            input=text.encode(),
            env=dict(environ),
            capture_output=True,
            timeout=TMUX_WITHIN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {TMUX_WITHIN:.0f} s"
    except OSError as error:
        return error.strerror or type(error).__name__
    if done.returncode == 0:
        return None
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:100] if lines else f"exit code {done.returncode}"
