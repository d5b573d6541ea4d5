"""A desktop notification through a real tmux: to the terminal behind it, or told why not."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.e2e.terminal import PATIENCE, environ

pytestmark = pytest.mark.skipif(
    shutil.which("tmux") is None, reason="tmux is not installed here; what it is asked is tested without it"
)
TELLS = """
import os, sys
from tui.desktop import find_route, notice_bytes
found = find_route("on", os.environ)
sys.stdout.write(notice_bytes("web-1 failing", found) if not found.why_not else found.remedy)
sys.stdout.flush()
"""


@pytest.fixture
def attached(tmp_path: Path) -> Iterator[pexpect.spawn[bytes]]:
    """A terminal with a tmux in it, whose pane runs a shell."""
    env = environ(HOME=str(tmp_path), TERM="xterm-256color", TMUX_TMPDIR=str(tmp_path), LC_ALL="C.UTF-8")
    for name in ("TMUX", "TMUX_PANE"):
        env.pop(name, None)
    command = ["-f", "/dev/null", "new-session", "env PS1='ready$ ' sh"]
    terminal: pexpect.spawn[bytes] = pexpect.spawn(
        "tmux", command, env=env, dimensions=(24, 100), timeout=PATIENCE
    )
    yield terminal
    subprocess.run(["tmux", "kill-server"], env=env, check=False, capture_output=True)
    terminal.close(force=True)


@pytest.mark.parametrize(
    ("passes", "comes"),
    [("on", b"\x1b]9;evac: web-1 failing\x07"), ("off", b"set -g allow-passthrough on")],
)
def test_it_comes_through_where_tmux_passes_it_on_and_else_is_told(
    attached: pexpect.spawn[bytes], tmp_path: Path, passes: str, comes: bytes
) -> None:
    script = tmp_path / "tells.py"
    script.write_text(TELLS)
    root = Path(__file__).parents[2]
    attached.expect(rb"ready\$ ")
    attached.sendline(f"tmux set -g allow-passthrough {passes}")
    attached.expect(rb"ready\$ ")
    attached.sendline(f"PYTHONPATH={root} {sys.executable} {script}")
    deadline, seen = time.monotonic() + PATIENCE, b""
    while comes not in seen and time.monotonic() < deadline:
        try:
            seen += attached.read_nonblocking(65536, 0.2)
        except pexpect.TIMEOUT:
            continue
    assert comes in seen
    assert (b"\x1b]9;" in seen) == (passes == "on")
