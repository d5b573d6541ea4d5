"""What `evac doctor` says of what a terminal does not show: which letters pass, where a copied text goes, whom it calls."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

from tui import clipboard
from tui.cli import streams
from tui.cli.doctor_connect import connecting
from tui.cli.doctor_setup import DoctorLine, doubt, well
from tui.config.schema import Settings, draws_symbols
from tui.desktop import find_route
from tui.domain.sanitize import clean


def hidden_sides(settings: Settings, environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """Encodings and, where there is a terminal, its clipboard and notifications."""
    yield encoding(environ, getattr(sys.stdout, "encoding", None))
    if streams.is_terminal(sys.stdout):
        yield from terminal_clipboard(environ)
        yield from desktop_notices(settings, environ)
        yield from connecting(settings, environ)


def encoding(environ: Mapping[str, str], writes: str | None) -> DoctorLine:
    """Whether names in any script, and our signs, come through. `writes` is what Python writes to stdout."""
    wanted = "export LC_ALL=C.UTF-8"
    name = next((name for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    told = clean(f"{name}={environ[name]}", 60) if name else "no locale set"
    if "utf" not in (writes or "").lower():
        said = f"commands write {clean(writes or 'an unknown encoding', 40)}, not UTF-8 ({told}): names lose what it lacks"
        return doubt("encoding", said, f"{wanted}, or PYTHONIOENCODING=utf-8")
    if not draws_symbols(environ):
        why = told if "utf" not in told.lower() else f"TERM={clean(environ.get('TERM', ''), 40)}"
        remedy = wanted if why == told else ""
        return doubt("encoding", f"the console draws ASCII signs here ({why})", remedy)
    return well("encoding", f"UTF-8 ({told})")


def terminal_clipboard(environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """Where `y` puts what it copies, as far as can be told from here."""
    if clipboard.in_tmux(environ):
        yield _tmux(environ)
    elif clipboard.behind_tmux(environ):
        remedy = "in your own tmux: set -g set-clipboard on"
        yield doubt("clipboard", "through a tmux or screen that may keep what y copies", remedy)
    else:
        yield well("clipboard", "the terminal's, by OSC 52: whether yours takes it, it does not say")


def desktop_notices(settings: Settings, environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """Whether the terminal shows what the console calls somebody for, where it is to."""
    if not settings.alarm.on or settings.alarm.desktop == "off":
        return
    route = find_route(settings.alarm.desktop, environ)
    if route.why_not:
        yield doubt("desktop", f"no notifications: {route.why_not}", route.remedy)
    else:
        how = "through tmux, " if route.wrapped else ""
        yield well("desktop", f"notifications {how}by OSC 9: whether yours shows them, it does not say")


def _tmux(environ: Mapping[str, str]) -> DoctorLine:
    program = shutil.which("tmux", path=environ.get("PATH"))
    if program is None:
        remedy = "install tmux's command where evac runs, or set -g set-clipboard on"
        return doubt("clipboard", "in a tmux whose command is not found: y may copy nothing", remedy)
    try:
        done = subprocess.run(  # noqa: S603 - a list of ours
            [program, "show-options", "-gsv", "set-clipboard"],
            env=dict(environ),
            capture_output=True,
            timeout=clipboard.TMUX_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return doubt(
            "clipboard", "tmux does not answer: y may copy nothing", "detach from that tmux and attach again"
        )
    found = clean(done.stdout.decode("utf-8", "replace").strip())
    if done.returncode or not found:
        why = clean(done.stderr.decode("utf-8", "replace").strip(), 100) or "it says nothing"
        return doubt("clipboard", f"tmux: {why}: y may copy nothing", "start evac inside a living tmux")
    if found == "off":
        return doubt("clipboard", "tmux's buffer alone (set-clipboard off)", "set -g set-clipboard external")
    return well("clipboard", f"tmux's buffer, and by tmux the terminal's (set-clipboard {found})")
