"""docs/walkthrough-moto.md is run as a reader would, and prints what it says."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "walkthrough-moto.md"
FEWER = {"1049": "49", "1050": "50"}
"""Of the thousand launches that fill moto's first page: the pages are read in test_collector_on_moto.py."""


def blocks() -> list[tuple[str, str]]:
    """Language and body of each, in order."""
    page = PAGE.read_text(encoding="utf-8")
    for many, few in FEWER.items():
        assert page.count(many) == 1
        page = page.replace(many, few)
    return re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def plain(line: str) -> str:
    """Without what differs from run to run, and without the table's widths."""
    line = re.sub(r"\bi-[0-9a-f]{17}\b", "i-ID", line)
    line = re.sub(r"\b\d+\.\d+\.\d+\.\d+\b", "ADDRESS", line)
    return " ".join(line.split())


def test_every_command_runs_and_prints_what_the_page_says(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    script, number, expected = ["set -eu"], 0, dict[int, list[str]]()
    for kind, body in blocks():
        if kind == "sh":
            number += 1
            script += [f"echo '@@ {number}'", body]
        else:
            expected[number] = [plain(line) for line in body.splitlines()]
    environ = {
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "WALK": str(tmp_path),
        "PORT": str(port),
    }
    (tmp_path / "walk.sh").write_text("\n".join(script))
    with subprocess.Popen(
        ["bash", str(tmp_path / "walk.sh")],
        env=environ,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as walk:
        try:
            said, _ = walk.communicate(timeout=400)
        finally:
            with contextlib.suppress(ProcessLookupError):  # moto too, wherever it stopped
                os.killpg(walk.pid, signal.SIGKILL)
    assert walk.returncode == 0, said
    printed = {
        int(at): [plain(line) for line in body.splitlines()]
        for at, body in re.findall(r"@@ (\d+)\n(.*?)(?=@@ |\Z)", said, re.DOTALL)
    }
    assert len(expected) >= 5
    for at, lines in expected.items():
        missing = [line for line in lines if line not in printed[at]]
        assert not missing, said
