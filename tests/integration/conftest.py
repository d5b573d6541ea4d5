"""An embedded AWS for the tests of the eyes: started once, as at the start for each. And a Redis, where there is one.

The hands get an embedded AWS each: what one has begun must not go on in the next test.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.runner_watch import Bench
from tests.integration.two_hosts import Pair, Server, aged
from tests.programs import redis_server
from tui.demo.environment import Demo, start


@pytest.fixture(scope="module")
def started() -> Iterator[Demo]:
    demo = start("--speed", "60")
    yield demo
    demo.stop()


@pytest.fixture
def demo(started: Demo) -> Demo:
    """The sample fleet as at the start, without faults, nothing asked yet."""
    started.control("reset", method="POST")
    started.control("settings", {"lag": 0, "limits": False, "sparse": False})
    return started


SERVER = redis_server()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address and its process; also at `redis.sock` in the test's folder."""
    if SERVER is None:
        pytest.skip("neither redis-server nor valkey-server is installed")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    path = tmp_path / "redis.sock"
    command = [
        SERVER, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(tmp_path),
        "--unixsocket", str(path),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    aged(f"redis://127.0.0.1:{port}/0")
    yield f"redis://127.0.0.1:{port}/0", process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait(10)


@pytest.fixture
def bench() -> Iterator[Bench]:
    demo = start("--speed", "60")
    try:
        yield Bench(demo)
    finally:
        demo.stop()


@pytest.fixture
def pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis: Server, request: pytest.FixtureRequest
) -> Iterator[Pair]:
    demo = start("--speed", "60")
    try:
        both = Pair(demo, tmp_path, monkeypatch, redis, getattr(request, "param", 30.0))
        yield both
        both.end()
    finally:
        demo.stop()
