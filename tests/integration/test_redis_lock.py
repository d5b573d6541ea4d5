"""The lock without the hands, on a real Redis: one gets it, who lost it finds out, what was spoilt lets nobody in."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.integration.runner_watch import ACCOUNT, REGION
from tests.integration.two_hosts import Server, aged, lock_of
from tests.unit.test_group_holds import Bench
from tui.config.sections import LockSettings
from tui.operations.journal import Journal
from tui.operations.redis_holds import SharedHolds, every
from tui.operations.redis_lock import Away, Held, LockService, Refused, Young

ROOT = Path(__file__).parents[2]
_RACER = """
import sys
from datetime import UTC, datetime
from tui.operations.redis_lock import Held, Holder, LockService
from tui.config.sections import LockSettings
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


# a Redis that forgot


def test_a_new_redis_lets_nothing_begin_until_whoever_held_a_lock_had_time_to_show_it(redis: Server) -> None:
    import redis as library

    client = library.Redis.from_url(redis[0])
    client.flushall()
    mine = lock_of(redis[0], "i-1", "op-1", ttl=30)
    for got in (mine.holder(), mine.take("stop")):
        assert isinstance(got, Young)
        assert "is new, or was emptied or restarted" in got.why
        assert 0 < got.left.total_seconds() <= 30
    found = LockService(LockSettings(url=redis[0], ttl=30), False).check()
    assert isinstance(found, str)
    assert "emptied" in found
    aged(redis[0])
    assert isinstance(mine.take("stop"), Held)


def test_a_living_holder_takes_its_lock_again_and_nobody_was_let_in(redis: Server) -> None:
    import redis as library

    client = library.Redis.from_url(redis[0])
    mine, other = lock_of(redis[0], "i-1", "op-1"), lock_of(redis[0], "i-1", "op-2", "lee")
    assert mine.take("stop") == Held(1)
    client.flushall()
    assert isinstance(other.take("stop"), Young), "it was empty: nobody gets in"
    assert mine.renew("wait-stopped") == Held(1), "with its number"
    refused = other.take("stop")
    assert isinstance(refused, Refused)
    assert refused.by is not None
    assert refused.by.operation == "op-1"
    aged(redis[0])
    assert mine.renew("wait-stopped") == Held(1)
    mine.release()
    assert other.take("stop") == Held(2), "the numbers go on"


def test_of_two_that_had_it_before_redis_forgot_the_later_one_has_it(redis: Server) -> None:
    import redis as library

    client = library.Redis.from_url(redis[0])
    frozen, living = lock_of(redis[0], "i-1", "op-1"), lock_of(redis[0], "i-1", "op-2", "lee")
    assert frozen.take("stop") == Held(1)
    client.delete(f"evac:lock:{{{ACCOUNT}:{REGION}:i-1}}")
    assert living.take("stop") == Held(2)
    client.flushall()
    assert frozen.renew("stop") == Held(1), "it is the first to come"
    assert living.renew("stop") == Held(2), "but the other one had it later"
    found = frozen.renew("stop")
    assert isinstance(found, Refused)
    assert found.by is not None
    assert found.by.operation == "op-2", "and it is told who has it"
    assert living.renew("stop") == Held(2)


def test_one_that_wakes_after_that_time_is_told_that_somebody_had_it(redis: Server) -> None:
    import redis as library

    client = library.Redis.from_url(redis[0])
    frozen, new = lock_of(redis[0], "i-1", "op-1"), lock_of(redis[0], "i-1", "op-2")
    assert frozen.take("stop") == Held(1)
    client.flushall()
    aged(redis[0])
    got = new.take("stop")
    assert isinstance(got, Held)
    assert isinstance(frozen.renew("stop"), Refused)
    new.release()
    assert isinstance(frozen.renew("stop"), Refused)
    alone = lock_of(redis[0], "i-2", "op-3")
    client.set("evac:epoch", b"0b 1")
    assert alone.take("stop") == Held(1)
    client.flushall()
    aged(redis[0])
    assert alone.renew("stop") == Held(1), "nobody had this one since"


@pytest.mark.parametrize("body", [b"", b"xyz", b"0a", b"0a -1", b"0a 99999999999999999", b"\xff"])
def test_an_epoch_that_is_none_or_of_a_clock_that_went_back_begins_anew(redis: Server, body: bytes) -> None:
    import redis as library

    client = library.Redis.from_url(redis[0])
    client.set("evac:epoch", body)
    assert isinstance(lock_of(redis[0], "i-1", "op-1").take("stop"), Young)
    assert client.get("evac:epoch") != body


# groups, for all machines


def _bench(tmp_path: Path, name: str) -> Bench:
    return Bench(Journal(tmp_path / name / "evac" / "journal.sqlite3"))


def test_a_group_is_held_for_all_machines_all_of_it_or_nothing(redis: Server, tmp_path: Path) -> None:
    service = LockService(LockSettings(url=redis[0], ttl=30), False)
    kim, lee = _bench(tmp_path, "1"), _bench(tmp_path, "2")
    first, second = kim.order("a", members="ab"), lee.order("b", members="ab", both=True)
    one, two = (SharedHolds(service, ACCOUNT, REGION, order, "h:1:a") for order in (first, second))
    assert one.claim(kim.asked(first, "ab"), (), force=False) == ()
    why = two.claim(lee.asked(second, "ab"), (), force=False)
    assert not isinstance(why, Away)
    assert why[0].line.startswith(f"waits for {first.id} by ")
    found = every(service, ACCOUNT, REGION)
    assert not isinstance(found, Away)
    assert {(hold.operation, hold.state) for hold in found} == {(first.id, "held"), (second.id, "waiting")}
    assert one.go(kim.asked(first, "ab"), (), force=False) == ()
    one.free()
    assert two.claim(lee.asked(second, "ab"), (), force=False) == ()
    import redis as library

    library.Redis.from_url(redis[0]).flushall()
    two.keep()
    found = every(service, ACCOUNT, REGION)
    assert not isinstance(found, Away)
    assert {hold.operation for hold in found} == {second.id}, "one that was forgotten is there again"
    two.free()
    assert every(service, ACCOUNT, REGION) == []


def test_of_eight_at_once_as_many_hold_it_as_the_group_can_spare(redis: Server, tmp_path: Path) -> None:
    names = "abcd"
    benches = [_bench(tmp_path, name) for name in names]
    orders = [bench.order(name) for bench, name in zip(benches, names, strict=True)]

    def claim(at: int) -> bool:
        service = LockService(LockSettings(url=redis[0], ttl=30), False)
        mine = SharedHolds(service, ACCOUNT, REGION, orders[at], "h:1:a")
        return mine.claim(asked[at], (2,), force=False) == ()

    asked = [bench.asked(order, names) for bench, order in zip(benches, orders, strict=True)]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(claim, range(4)))
    assert sum(got) == 2, "four in service, two needed"


@pytest.mark.parametrize(
    "value",
    [b"x", b"{}", b"[1]", b'[{"hold":{}}]', b"[" * 5000, b"x" * 300_000, b"\xff"],
    ids=[str(number) for number in range(7)],
)
def test_what_is_no_hold_of_ours_lets_nobody_in_and_says_which_key(
    redis: Server, tmp_path: Path, value: bytes
) -> None:
    import redis as library

    key = f"evac:hold:{{{ACCOUNT}:{REGION}}}"
    library.Redis.from_url(redis[0]).set(key, value)
    bench = _bench(tmp_path, "1")
    order = bench.order("a")
    mine = SharedHolds(LockService(LockSettings(url=redis[0]), False), ACCOUNT, REGION, order, "h:1:a")
    got = mine.claim(bench.asked(order, "abcd"), (), force=False)
    assert isinstance(got, Away)
    assert key in got.why
    assert "redis-cli DEL" in got.remedy
