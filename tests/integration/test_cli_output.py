"""A standard output of another encoding, closed, full, or that nobody reads: no crash, and the right exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.terminal import environ
from tests.nightly import some
from tui.demo.environment import Demo, start

NAME = "결제-데이터베이스-é-✔-🔥"
"""A tag value as people have them: Korean, an accent, a sign, an emoji."""
COMMANDS = (
    "coverage --csv", "events --ics", "ops", "do reboot mail-1 --profile prod --dry-run", "--help",
)  # fmt: skip
"""One of each sort: a table, a document, the journal, a plan, what needs nothing. A run of each costs a collector."""
ENCODINGS = some(("euc-kr", "latin-1", "ascii"), 0)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    import boto3

    running = start("--speed", "60")
    client = boto3.client(
        "ec2", region_name="ap-northeast-2", endpoint_url=running.url, aws_access_key_id="AKIADEMOPROD00000001",
        aws_secret_access_key="demo",
    )  # fmt: skip
    found = client.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["payments-db-1"]}])
    box = found["Reservations"][0]["Instances"][0]["InstanceId"]
    client.create_tags(Resources=[box], Tags=[{"Key": "Name", "Value": NAME}])
    yield running
    running.stop()


@pytest.fixture
def env(demo: Demo, tmp_path: Path) -> dict[str, str]:
    own = {name: str(tmp_path / name) for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    return {**demo.apply(environ()), **own}


def run(
    env: Mapping[str, str], words: str, redirected: str = "", **more: str
) -> subprocess.CompletedProcess[bytes]:
    line = f'"$0" -P -m tui {words} {redirected}'
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line, sys.executable],
        env={**env, **more},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


def well(done: subprocess.CompletedProcess[bytes]) -> None:
    told = done.stdout + done.stderr
    for word in (b"internal error", b"Traceback", b"Exception ignored", b"codec can't"):
        assert word not in told, told.decode("utf-8", "replace")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_terminal_of_another_encoding(env: dict[str, str], encoding: str) -> None:
    for words in ("--help", "status"):
        plain = run(env, words)
        done = run(env, words, PYTHONIOENCODING=encoding)
        well(done)
        assert done.returncode == plain.returncode, (words, done.stderr)
        shown = done.stdout.decode(encoding)
        assert len(shown.splitlines()) == len(plain.stdout.decode().splitlines()), words
    if encoding == "euc-kr":
        assert "결제-데이터베이스" in shown


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_loses_nothing(env: dict[str, str], encoding: str) -> None:
    done = run(env, "status --json", PYTHONIOENCODING=encoding)
    well(done)
    assert NAME in json.dumps(json.loads(done.stdout), ensure_ascii=False)
    done.stdout.decode("ascii")


@pytest.mark.parametrize("words", ["events --ics", "events --csv"])
def test_a_document_in_a_file_is_utf8(env: dict[str, str], words: str) -> None:
    done = run(env, words, PYTHONIOENCODING="euc-kr")
    well(done)
    assert "결제" in done.stdout.decode("utf-8")


@pytest.mark.parametrize("words", COMMANDS)
def test_nobody_reads_it_it_is_full_or_closed(env: dict[str, str], words: str) -> None:
    plain = run(env, words)
    well(plain)
    full = run(env, words, "> /dev/full")
    well(full)
    expected = plain.returncode or (1 if plain.stdout else 0)
    assert full.returncode == expected, full.stderr
    told = b"standard output can't be written (No space left on device)" in full.stderr
    assert told == bool(plain.stdout), full.stderr
    closed = run(env, words, ">&-")
    well(closed)
    assert closed.returncode == expected or words == "--help", closed.stderr
    read = run(env, words, "| head -c 1 > /dev/null")
    well(read)
    assert read.returncode == plain.returncode, read.stderr


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", "<&-", "<&- >&- 2>&-"])
def test_the_other_streams(env: dict[str, str], redirected: str) -> None:
    for words in ("ops show nothing", "explain instance-stop"):
        plain = run(env, words)
        done = run(env, words, redirected)
        well(done)
        if ">&- 2" not in redirected:
            assert (done.returncode, done.stdout) == (plain.returncode, plain.stdout), words
        assert done.returncode not in (120, 134, 139)


def test_what_acts_tells_how_that_went(env: dict[str, str]) -> None:
    words = "do reboot mail-1 --profile prod --confirm mail-1 --wait"
    for redirected in (">&-", "> /dev/full", "| head -n 1"):
        done = run(env, words, redirected)
        well(done)
        assert done.returncode == 0, done.stderr


def test_the_console_says_that_this_is_no_terminal(env: dict[str, str]) -> None:
    for redirected in (">&-", "<&-", "> /dev/full", "<&- >&- 2>&-"):
        done = run(env, "", redirected)
        well(done)
        assert done.returncode == 2


def test_no_file_gets_the_number_of_a_closed_stream(env: dict[str, str], tmp_path: Path) -> None:
    done = run(env, "do reboot mail-1 --profile prod --confirm mail-1 --wait", "<&- >&- 2>&-")
    assert done.returncode == 0
    for path in (tmp_path / "XDG_STATE_HOME").rglob("*"):
        assert not path.is_file() or b"rebooting" not in path.read_bytes()[:16], path
    assert os.listdir(tmp_path / "XDG_STATE_HOME" / "evac")
