"""`evac diagnose --log`: a log from anywhere, its kinds in words and as JSON, and the exit code that a script reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.unit.test_diagnosis import BOOT, HEALTHY, KINDS, PROMPT


def diagnose(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "tui", "diagnose", *arguments],
        input=given,
        capture_output=True,
        check=False,
    )


def test_a_night_out_of_memory(tmp_path: Path) -> None:
    path = tmp_path / "console.txt"
    path.write_text(HEALTHY + PROMPT + "\n".join((KINDS["hung-task"][0], KINDS["oom"][0], KINDS["oom"][0])))
    told = diagnose("--log", str(path))
    assert told.returncode == 6
    said = told.stdout.decode()
    assert said.startswith("oom  likely  (line ")
    assert ", 2 times, the last)" in said
    assert "do: find what grew" in said
    assert b"look at the network" not in told.stderr  # memory it is
    found = json.loads(diagnose("--log", str(path), "--json").stdout)
    assert [one["key"] for one in found["findings"]] == ["oom", "hung-task"]
    assert found["findings"][0]["text"] == KINDS["oom"][0]
    assert path.read_text().split("\n")[found["findings"][0]["line"] - 1] == KINDS["oom"][0]


def test_a_healthy_log_is_no_proof_and_ends_with_0() -> None:
    told = diagnose("--log", "-", given=(HEALTHY + PROMPT).encode())
    assert (told.returncode, told.stdout) == (0, b"")
    assert b"no proof of health" in told.stderr


def test_what_an_earlier_boot_said_is_told_as_that() -> None:
    told = diagnose(
        "--log", "-", given=(BOOT + KINDS["oom"][0] + "\n" + BOOT + "[   9.123456] well\n").encode()
    )
    assert b"1 boot earlier: not what fails now" in told.stdout


def test_hostile_bytes_reach_no_terminal() -> None:
    line = BOOT.encode() + b"\x1b]0;owned\x07[ 9.123456] EXT4-fs error (device \xff\xfe\x1b[31mxvda\x9b1)\n"
    told = diagnose("--log", "-", given=line)
    assert told.returncode == 6
    assert b"\x1b" not in told.stdout
    assert b"\x9b" not in told.stdout.replace("\u203a".encode(), b"")


def test_a_log_that_cannot_be_read_is_a_line(tmp_path: Path) -> None:
    told = diagnose("--log", str(tmp_path / "none"))
    assert told.returncode == 2
    assert b"No such file or directory: name a log" in told.stderr
    assert diagnose("--log", str(tmp_path)).returncode == 2
    assert diagnose("--log", "/dev/null").returncode == 0
