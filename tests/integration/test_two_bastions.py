"""Two bastions, one instance, one Redis: real runners, a real server, killed and frozen where it hurts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.integration.test_hands import ACCOUNT, REGION, Bench, ended
from tui.demo.environment import Demo, start
from tui.domain.instance import InstanceState
from tui.operations import audit, resume
from tui.operations.journal import Journal, default_path
from tui.operations.locks import Away, Held, Holder, Lock, LockService, Refused
from tui.operations.record import Operation, OperationState
from tui.settings import ActionSettings, LockSettings, Settings

Server = tuple[str, "subprocess.Popen[bytes]"]
ROOT = Path(__file__).parents[2]
LIMIT = 60.0
QUICK = ActionSettings(reboot_settle=1.0)
"""The embedded AWS reboots as much faster."""
TAKING = ("StopInstances", "RebootInstances", "CreateImage")


def until(true: Callable[[], Any], seconds: float = LIMIT) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "never came"
        time.sleep(0.05)
    return found


class Bastion(Bench):
    """A machine with a journal of its own; `who` sits at it."""

    def __init__(
        self,
        demo: Demo,
        folder: Path,
        who: tuple[str, str, str],
        monkeypatch: pytest.MonkeyPatch,
        lock: LockSettings,
    ) -> None:
        super().__init__(demo)
        self.journal.close()
        self.environ = {**self.environ, "XDG_STATE_HOME": str(folder)}
        self.journal = Journal(default_path(self.environ))
        self.settings = Settings(lock=lock, timezone="UTC", actions=QUICK)
        self.who, self._patch = who, monkeypatch

    def order(self, action: str, name: str, *, confirm: bool = True, **options: Any) -> str:
        user, host, client = self.who
        with self._patch.context() as patch:
            patch.setattr("getpass.getuser", lambda: user)
            patch.setattr("socket.gethostname", lambda: host)
            patch.setenv("SSH_CONNECTION", f"{client} 50022 10.0.0.1 22")
            return super().order(action, name, confirm=confirm, **options)

    def go(self, action: str, name: str, **options: Any) -> Operation:
        operation = self.order(action, name, **options)
        self.run(operation)
        return self.wait(operation, ended)


def _read(side: Bastion, operation: str) -> Operation:
    found = side.journal.get(operation)
    assert found is not None
    return found


def _let_go(side: Bastion, operation: str) -> bool:
    return not resume.driver(_read(side, operation), datetime.now(UTC))


class Pair:
    """Kim and Lee, each on a bastion, before one AWS."""

    def __init__(
        self, demo: Demo, folder: Path, patch: pytest.MonkeyPatch, server: Server, ttl: float
    ) -> None:
        self.demo, (self.url, self.redis) = demo, server
        lock = LockSettings(url=self.url, ttl=ttl)
        self.kim = Bastion(demo, folder / "1", ("kim", "bastion-1", "203.0.113.7"), patch, lock)
        self.lee = Bastion(demo, folder / "2", ("lee", "bastion-2", "203.0.113.8"), patch, lock)

    def client(self) -> Any:
        import redis

        return redis.Redis.from_url(self.url)

    def key(self, name: str) -> str:
        return f"evac:lock:{{{ACCOUNT}:{REGION}:{self.kim.find(name).instance_id}}}"

    def taken(self) -> list[str]:
        """Every call AWS got that takes something away."""
        calls = self.demo.control("calls")
        return [one["operation"] for one in calls if one["operation"] in TAKING and not one["dry_run"]]

    def hurry(self) -> None:
        """What was begun slowly is over now, what follows is quick."""
        self.demo.control("clock", {"speed": 60})
        self.demo.control("advance", {"seconds": 120})

    def end(self) -> None:
        """No runner outlives its test: it would look for an AWS that is gone for as long as it takes."""
        for side in (self.kim, self.lee):
            for one in side.journal.list():
                side.journal.abandon(one.id, "the test is over", datetime.now(UTC))
                until(partial(_let_go, side, one.id))

    def held_at_the_image(self, name: str, speed: float = 1) -> tuple[str, int]:
        """Kim's stop/start waits for its AMI, with the lock held and nothing stopped yet."""
        self.demo.control("clock", {"speed": speed})
        operation = self.kim.order("stop-start", name, image_first=True, no_reboot=True)
        pid = self.kim.run(operation)
        self.kim.wait(operation, lambda one: "pending" in one.note)
        return operation, pid


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


def gone(pid: int, operation: str) -> Callable[[], bool]:
    return lambda: not resume.lives(pid, operation)


def test_the_second_is_told_who_since_when_and_from_where_and_sends_nothing(pair: Pair) -> None:
    pair.demo.control("clock", {"speed": 2})
    first = pair.kim.order("stop-start", "ledger-1")
    pair.kim.run(first)
    pair.kim.wait(first, lambda one: one.step == "wait-stopped")
    refused = pair.lee.go("reboot", "ledger-1", confirm=False)
    assert refused.state is OperationState.FAILED
    assert refused.permission.startswith("no: locked by kim@bastion-1 (SSH from 203.0.113.7) since ")
    assert refused.refusal == refused.note
    assert " UTC: stop-start at " in refused.note
    assert first in refused.note
    assert "evac ops locks" in refused.remedy
    assert [call for row in refused.steps for call in row.calls] == [], "not even asked"
    assert pair.taken() == ["StopInstances"]
    pair.hurry()
    assert pair.kim.wait(first, ended).state is OperationState.SUCCEEDED
    until(lambda: pair.client().keys("evac:lock:*") == [])
    assert pair.lee.go("reboot", "ledger-1").state is OperationState.SUCCEEDED
    until(lambda: pair.client().keys("evac:lock:*") == [])
    (fence,) = pair.client().keys("*")
    assert 0 < pair.client().ttl(fence) <= 7 * 86400, "nothing is left for ever"


def test_a_question_on_a_screen_locks_nothing_and_the_quicker_yes_wins(pair: Pair) -> None:
    pair.demo.control("clock", {"speed": 2})
    orders = [(side, side.order("stop-start", "ledger-1", confirm=False)) for side in (pair.kim, pair.lee)]
    for side, operation in orders:
        side.run(operation)
        side.wait(operation, lambda one: one.permission == "yes")
    assert pair.client().keys("*") == []
    (kim, first), (lee, second) = orders
    assert kim.journal.confirm(first, datetime.now(UTC))
    kim.wait(first, lambda one: one.step == "wait-stopped")
    assert lee.journal.confirm(second, datetime.now(UTC))
    lost = lee.wait(second, ended)
    assert lost.state is OperationState.FAILED
    assert lost.note.startswith("locked by kim@bastion-1")
    assert pair.taken() == ["StopInstances"]
    assert "refused: locked by kim" in audit.path_beside(lee.journal.path).read_text()
    pair.hurry()
    assert kim.wait(first, ended).state is OperationState.SUCCEEDED


def test_another_instance_and_another_kind_of_work_are_not_locked(pair: Pair) -> None:
    pair.held_at_the_image("ledger-1")
    pair.demo.control("clock", {"speed": 60})
    assert pair.lee.go("reboot", "web-1").state is OperationState.SUCCEEDED


@pytest.mark.parametrize("pair", [3.0], indirect=True)
def test_the_lock_of_a_killed_holder_ends_by_itself(pair: Pair) -> None:
    first, pid = pair.held_at_the_image("ledger-2")
    os.kill(pid, signal.SIGKILL)
    until(gone(pid, first))
    pair.demo.control("clock", {"speed": 60})
    until(lambda: not pair.client().exists(pair.key("ledger-2")))
    assert pair.lee.go("reboot", "ledger-2").state is OperationState.SUCCEEDED
    assert pair.taken() == ["CreateImage", "RebootInstances"]


def test_the_next_runner_of_a_killed_one_need_not_wait_for_its_lock(pair: Pair) -> None:
    first, pid = pair.held_at_the_image("ledger-2")
    os.kill(pid, signal.SIGKILL)
    until(gone(pid, first))
    assert pair.client().exists(pair.key("ledger-2"))
    refused = pair.lee.go("reboot", "ledger-2", confirm=False)
    assert refused.permission.startswith("no: locked by kim@bastion-1"), (
        "the dead one's still keeps others out"
    )
    pair.hurry()
    pair.kim.resume(first)
    assert pair.kim.wait(first, ended).state is OperationState.SUCCEEDED


@pytest.mark.parametrize("pair", [3.0], indirect=True)
def test_a_holder_frozen_past_its_time_finds_that_it_lost_and_takes_nothing_down(pair: Pair) -> None:
    first, pid = pair.held_at_the_image("ledger-3")
    os.kill(pid, signal.SIGSTOP)
    try:
        pair.hurry()
        until(lambda: not pair.client().exists(pair.key("ledger-3")))
        assert pair.lee.go("reboot", "ledger-3").state is OperationState.SUCCEEDED
    finally:
        os.kill(pid, signal.SIGCONT)
    lost = pair.kim.wait(first, ended)
    assert lost.state is OperationState.NEEDS_ATTENTION
    assert "the lock of this operation was lost" in lost.note
    until(gone(pid, first))
    assert pair.taken() == ["CreateImage", "RebootInstances"], "no stop"
    assert pair.kim.find("ledger-3").state is InstanceState.RUNNING
    pair.kim.journal.reopen(first, lost.runner, datetime.now(UTC))
    pair.kim.run(first)
    done = pair.kim.wait(first, lambda one: one.state is OperationState.SUCCEEDED)
    assert done.remedy == "", "a person looked and resumed it: a lock of its own again"


@pytest.mark.parametrize("pair", [3.0], indirect=True)
def test_a_holder_that_lost_it_with_the_instance_down_goes_on_to_running_and_says_so(pair: Pair) -> None:
    pair.demo.control("clock", {"speed": 1})
    first = pair.kim.order("stop-start", "ledger-3")
    pid = pair.kim.run(first)
    pair.kim.wait(first, lambda one: one.step == "wait-stopped" and "stopping" in one.note)
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: not pair.client().exists(pair.key("ledger-3")))
        theirs = _lock(pair.url, pair.kim.find("ledger-3").instance_id, "op-lee", "lee")
        assert isinstance(theirs.take("stop"), Held)
        pair.client().persist(pair.key("ledger-3"))
        pair.hurry()
    finally:
        os.kill(pid, signal.SIGCONT)
    done = pair.kim.wait(first, ended)
    assert done.state is OperationState.SUCCEEDED
    assert "without its lock: locked by lee@" in done.note
    assert pair.kim.find("ledger-3").state is InstanceState.RUNNING
    assert len(pair.kim.sent("StartInstances")) == 1
    until(gone(pid, first))
    assert isinstance(theirs.renew("stop"), Held), "theirs was not let go by ours"


def test_a_redis_that_dies_with_the_instance_down_does_not_keep_it_down(pair: Pair) -> None:
    pair.demo.control("clock", {"speed": 1})
    first = pair.kim.order("stop-start", "search-2")
    pair.kim.run(first)
    pair.kim.wait(first, lambda one: one.step == "wait-stopped")
    pair.redis.kill()
    pair.redis.wait(10)
    pair.kim.wait(first, lambda one: "without its lock" in one.note)
    pair.hurry()
    done = pair.kim.wait(first, ended)
    assert done.state is OperationState.SUCCEEDED
    assert pair.kim.find("search-2").state is InstanceState.RUNNING
    log = audit.path_beside(pair.kim.journal.path).read_text()
    assert "without its lock: the lock service can't be used" in log
    assert "without its lock" in done.note


def test_a_redis_that_hangs_before_anything_is_down_is_waited_for(pair: Pair) -> None:
    first, _ = pair.held_at_the_image("search-2")
    pair.redis.send_signal(signal.SIGSTOP)
    pair.demo.control("advance", {"seconds": 120})
    waiting = pair.kim.wait(first, lambda one: "nothing is sent until the lock service answers" in one.note)
    assert waiting.attention
    assert pair.taken() == ["CreateImage"]
    pair.demo.control("clock", {"speed": 60})
    pair.redis.send_signal(signal.SIGCONT)
    done = pair.kim.wait(first, ended)
    assert done.state is OperationState.SUCCEEDED
    assert "without its lock" not in done.note
    assert pair.taken() == ["CreateImage", "StopInstances"]


def test_a_redis_that_is_down_lets_nothing_begin_but_a_start(pair: Pair) -> None:
    pair.redis.kill()
    pair.redis.wait(10)
    refused = pair.lee.go("stop-start", "cache-2")
    assert refused.state is OperationState.FAILED
    assert refused.note.startswith("the lock service can't be used: redis://127.0.0.1:")
    assert "lock.unreachable" in refused.remedy
    assert pair.taken() == []
    pair.lee.client().stop_instances(InstanceIds=[pair.lee.find("cache-1").instance_id])
    until(lambda: pair.lee.find("cache-1").state is InstanceState.STOPPED)
    started = pair.lee.go("start", "cache-1")
    assert started.state is OperationState.SUCCEEDED
    assert "without its lock" in started.note
    pair.lee.settings = Settings(lock=LockSettings(url=pair.url, unreachable="proceed"), actions=QUICK)
    assert pair.lee.go("reboot", "cache-2").state is OperationState.SUCCEEDED


def test_giving_it_up_lets_go(pair: Pair) -> None:
    first, _ = pair.held_at_the_image("ledger-2")
    assert pair.kim.journal.abandon(first, "not now", datetime.now(UTC))
    until(lambda: pair.client().keys("evac:lock:*") == [])


def test_without_a_lock_service_it_is_as_before(pair: Pair) -> None:
    pair.lee.settings = Settings(actions=QUICK)
    assert pair.lee.go("reboot", "web-1").state is OperationState.SUCCEEDED
    assert pair.client().keys("*") == []


# the commands


def evac(side: Bastion, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    config = Path(side.environ["XDG_STATE_HOME"]) / "config.toml"
    config.write_text(f'[lock]\nurl = "{side.settings.lock.url}"\n')
    return subprocess.run(
        [sys.executable, "-P", "-m", "tui", *words, "--config", str(config)],
        env={**side.environ, "PYTHONPATH": str(ROOT), **more}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=240, check=False,
    )  # fmt: skip


def test_evac_do_is_refused_and_ops_locks_says_who_is_where(pair: Pair) -> None:
    first, _ = pair.held_at_the_image("search-1")
    done = evac(pair.lee, "do", "reboot", "search-1", "--confirm", "search-1")
    assert done.returncode == 5, done.stderr
    assert "locked by kim@bastion-1 (SSH from 203.0.113.7) since" in done.stderr
    assert "nothing was sent" in done.stderr
    same = evac(pair.kim, "do", "reboot", "search-1", "--confirm", "search-1")
    assert same.returncode == 5, same.stderr
    assert "by kim@bastion-1 (SSH from 203.0.113.7) since" in same.stderr
    assert "is not finished: at image" in same.stderr
    assert f"evac ops show {first}" in same.stderr
    dry = evac(pair.kim, "do", "reboot", "search-1", "--dry-run")
    assert (dry.returncode, "is not finished" in dry.stderr) == (5, True)
    assert pair.taken() == ["CreateImage"]
    theirs = json.loads(evac(pair.lee, "ops", "locks", "--json").stdout)
    (lock,) = theirs
    assert {key: lock[key] for key in ("source", "user", "host", "client", "operation", "step", "action")} == {
        "source": "lock", "user": "kim", "host": "bastion-1", "client": "203.0.113.7", "operation": first,
        "step": "image", "action": "stop-start",
    }  # fmt: skip
    assert 0 < lock["ends_in"] <= 30
    assert lock["instance_id"] == pair.kim.find("search-1").instance_id
    ours = evac(pair.kim, "ops", "--json", "locks")
    assert [one["source"] for one in json.loads(ours.stdout)] == ["journal", "lock"]
    table = evac(pair.lee, "ops", "locks")
    assert "kim@bastion-1" in table.stdout
    assert re.search(rf"^ok +lock +{pair.url} answers$", evac(pair.lee, "doctor").stdout, re.MULTILINE)
    pair.redis.kill()
    pair.redis.wait(10)
    blind = evac(pair.lee, "ops", "locks")
    assert blind.returncode == 3
    assert "the lock service can't be used" in blind.stderr
    doctor = evac(pair.lee, "doctor")
    assert "nothing is begun" in doctor.stdout
    assert "Traceback" not in doctor.stderr + blind.stderr


# the lock alone


def _lock(url: str, instance: str, operation: str, user: str = "kim", ttl: float = 30.0) -> Lock:
    mine = Holder(operation, "reboot", "", user, "host", "", f"host:1:{operation}", datetime.now(UTC))
    return LockService(LockSettings(url=url, ttl=ttl), False).lock(ACCOUNT, REGION, instance, mine)


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

    mine, client = _lock(redis[0], "i-1", "op-1"), library.Redis.from_url(redis[0])
    assert mine.take("stop") == Held(1)
    client.delete(f"evac:lock:{{{ACCOUNT}:{REGION}:i-1}}")
    assert mine.renew("stop") == Held(2)
    client.delete(f"evac:lock:{{{ACCOUNT}:{REGION}:i-1}}")
    other = _lock(redis[0], "i-1", "op-2")
    assert other.take("stop") == Held(3)
    other.release()
    assert isinstance(mine.renew("stop"), Refused), "somebody had it"
    assert isinstance(mine.take("stop"), Held)
    client.flushall()
    assert isinstance(mine.renew("stop"), Refused), "a Redis that forgot may have let others in"


def test_renewing_tells_the_step_and_keeps_it(redis: Server) -> None:
    mine, other = _lock(redis[0], "i-1", "op-1"), _lock(redis[0], "i-1", "op-2", "lee")
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
    old, new = (_lock(redis[0], "i-1", "op-1") for _ in range(2))
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
    mine = _lock(redis[0], "i-1", "op-1")
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
    got = [_lock(redis[0], "i-1", f"op-{number}").take("stop") for number in range(2)]
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
        mine = _lock(f"redis://127.0.0.1:{server.getsockname()[1]}", "i-1", "op-1")
        assert isinstance(mine.holder(), Away)
        assert isinstance(mine.take("stop"), Away)
        assert isinstance(mine.renew("stop"), Away)
        mine.release()
