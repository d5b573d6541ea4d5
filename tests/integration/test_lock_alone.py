"""The lock without the hands, on a real Redis: one gets it, who lost it finds out, what was spoilt lets nobody in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.integration.bastions import Server, lock_of
from tests.integration.hands import ACCOUNT, REGION
from tui.operations.locks import Away, Held, LockService, Refused
from tui.settings import LockSettings

ROOT = Path(__file__).parents[2]
_RACER = """
import sys
from datetime import UTC, datetime
from tui.operations.locks import Held, Holder, LockService
from tui.settings import LockSettings
url, name = sys.argv[1:]
mine = Holder(name, "reboot", "", name, "h", "", name, datetime.now(UTC))
lock = LockService(LockSettings(url=url), False).lock("1", "r", "i", mine)
lock.holder()
print("ready", flush=True)
sys.stdin.readline()
got = lock.take("reboot")
print("held" if isinstance(got, Held) else got.by.operation, flush=True)
"""


def test_of_twenty_at_once_exactly_one_gets_it(redis: Server) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, redis[0], f"op-{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for number in range(20)
    ]  # fmt: skip
    try:
        for one in racers:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in racers:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        said = [one.communicate(timeout=60)[0].strip() for one in racers]
    finally:
        for one in racers:
            one.kill()
    assert said.count("held") == 1
    winner = f"op-{said.index('held')}"
    assert {word for word in said if word != "held"} == {winner}, "and all others know whose it is"


def test_a_lock_that_ended_and_nobody_had_since_is_had_again(redis: Server) -> None:
    import redis as library

    mine, client = lock_of(redis[0], "i-1", "op-1"), library.Redis.from_url(redis[0])
    assert mine.take("stop") == Held(1)
    client.delete(f"evac:lock:{{{ACCOUNT}:{REGION}:i-1}}")
    assert mine.renew("stop") == Held(2)
    client.delete(f"evac:lock:{{{ACCOUNT}:{REGION}:i-1}}")
    other = lock_of(redis[0], "i-1", "op-2")
    assert other.take("stop") == Held(3)
    other.release()
    assert isinstance(mine.renew("stop"), Refused), "somebody had it"
    assert isinstance(mine.take("stop"), Held)
    client.flushall()
    assert isinstance(mine.renew("stop"), Refused), "a Redis that forgot may have let others in"


def test_renewing_tells_the_step_and_keeps_it(redis: Server) -> None:
    mine, other = lock_of(redis[0], "i-1", "op-1"), lock_of(redis[0], "i-1", "op-2", "lee")
    assert mine.take("stop") == Held(1)
    assert mine.renew("wait-stopped") == Held(1)
    found = other.holder()
    assert isinstance(found, Refused)
    assert found.by is not None
    assert found.by.step == "wait-stopped"
    other.release()
    assert mine.holder() is None
    assert mine.renew("start") == Held(1)
    mine.release()
    assert other.holder() is None


def test_an_older_runner_of_the_same_operation_finds_it_gone(redis: Server) -> None:
    old, new = (lock_of(redis[0], "i-1", "op-1") for _ in range(2))
    new.mine = replace(new.mine, runner="host:2:b")
    assert old.take("stop") == Held(1)
    assert new.take("stop") == Held(2)
    assert isinstance(old.renew("stop"), Refused)
    old.release()
    assert new.renew("stop") == Held(2)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda client, key: client.set(key, b""),
        lambda client, key: client.set(key, b"\x1b]0;x\x07"),
        lambda client, key: client.set(key, b"17 {}"),
        lambda client, key: client.set(key, b"x" * 5_000_000),
        lambda client, key: client.rpush(key, b"a list"),
    ],
)
def test_what_somebody_else_put_there_is_a_lock_of_nobody_knows_whom(redis: Server, spoil: Any) -> None:
    import redis as library

    client = library.Redis.from_url(redis[0])
    spoil(client, f"evac:lock:{{{ACCOUNT}:{REGION}:i-1}}")
    mine = lock_of(redis[0], "i-1", "op-1")
    found = mine.holder()
    assert isinstance(found, Refused)
    assert found.by is None
    assert isinstance(mine.take("stop"), Refused | Away)
    every = LockService(LockSettings(url=redis[0]), False).every()
    assert not isinstance(every, Away)
    assert [(name, held.by, held.left) for name, held in every] == [(f"{ACCOUNT}:{REGION}:i-1", None, None)]


@pytest.mark.parametrize("fence", [b"x", b"9223372036854775807", b"-7", b""])
def test_a_number_that_is_none_never_lets_two_in(redis: Server, fence: bytes) -> None:
    import redis as library

    client = library.Redis.from_url(redis[0])
    client.set(f"evac:fence:{{{ACCOUNT}:{REGION}:i-1}}", fence)
    got = [lock_of(redis[0], "i-1", f"op-{number}").take("stop") for number in range(2)]
    assert sum(isinstance(one, Held) for one in got) <= 1


def test_a_server_that_is_no_redis_is_away(tmp_path: Path) -> None:
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                with one:
                    one.recv(100)
                    one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        mine = lock_of(f"redis://127.0.0.1:{server.getsockname()[1]}", "i-1", "op-1")
        assert isinstance(mine.holder(), Away)
        assert isinstance(mine.take("stop"), Away)
        assert isinstance(mine.renew("stop"), Away)
        mine.release()
