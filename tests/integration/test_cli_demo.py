"""`evac demo serve` as a process: it says how to reach it, serves, and goes when told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

ROOT = Path(__file__).parents[2]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVAC_", "XDG_"))}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tui", "demo", "serve", "--json"],
        env=CLEAN | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_any_client_is_pointed_at_it_and_it_ends_with_its_folder(
    served: tuple[subprocess.Popen[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, said = served
    for name in said["unset"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in said["environment"].items():
        monkeypatch.setenv(name, value)
    assert said["url"].startswith("http://127.0.0.1:")
    session = boto3.Session(profile_name=said["profiles"][0])
    assert session.client("sts").get_caller_identity()["Account"]
    folder = Path(said["environment"]["XDG_STATE_HOME"]).parent
    assert folder.is_dir()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert not folder.exists()


def test_a_port_that_is_taken_is_one_answer_not_a_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tui", "demo", "serve", "--port", str(taken.getsockname()[1])],
            env=CLEAN | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "--port 0" in done.stderr
