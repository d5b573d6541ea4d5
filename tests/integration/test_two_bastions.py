"""Two bastions, one instance, one Redis: real runners, a real server, killed and frozen where it hurts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.operation_wait import until
from tests.integration.runner_watch import ended
from tests.integration.two_hosts import QUICK, Bastion, Pair, gone, lock_of
from tui.config.schema import Settings
from tui.config.sections import LockSettings
from tui.domain.instance import InstanceState
from tui.operations import audit_log
from tui.operations.model import OperationState
from tui.operations.redis_lock import Held

ROOT = Path(__file__).parents[2]


def test_the_second_is_told_who_since_when_and_from_where_and_sends_nothing(pair: Pair) -> None:
    pair.demo.control("clock", {"speed": 2})
    first = pair.kim.order("stop-start", "ledger-1")
    pair.kim.run(first)
    pair.kim.wait(first, lambda one: one.step == "wait-stopped")
    refused = pair.lee.go("reboot", "ledger-1", confirm=False)
    assert refused.state is OperationState.FAILED
    assert refused.permission_text.startswith("no: locked by kim@bastion-1 (SSH from 203.0.113.7) since ")
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
    (fence,) = pair.keys()
    assert 0 < pair.client().ttl(fence) <= 7 * 86400, "nothing is left for ever"


def test_a_question_on_a_screen_locks_nothing_and_the_quicker_yes_wins(pair: Pair) -> None:
    pair.demo.control("clock", {"speed": 2})
    orders = [(side, side.order("stop-start", "ledger-1", confirm=False)) for side in (pair.kim, pair.lee)]
    for side, operation in orders:
        side.run(operation)
        side.wait(operation, lambda one: one.permission == "yes")
    assert pair.keys() == []
    (kim, first), (lee, second) = orders
    assert kim.journal.confirm(first, datetime.now(UTC))
    kim.wait(first, lambda one: one.step == "wait-stopped")
    assert lee.journal.confirm(second, datetime.now(UTC))
    lost = lee.wait(second, ended)
    assert lost.state is OperationState.FAILED
    assert lost.note.startswith("locked by kim@bastion-1")
    assert pair.taken() == ["StopInstances"]
    assert "refused: locked by kim" in audit_log.path_beside(lee.journal.path).read_text()
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
    assert refused.permission_text.startswith("no: locked by kim@bastion-1"), (
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
        theirs = lock_of(pair.url, pair.kim.find("ledger-3").instance_id, "op-lee", "lee")
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
    log = audit_log.path_beside(pair.kim.journal.path).read_text()
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


@pytest.mark.parametrize("pair", [4.0], indirect=True)
def test_a_redis_that_forgot_everything_lets_nobody_in_while_the_holder_lives(pair: Pair) -> None:
    first, _ = pair.held_at_the_image("search-2")
    pair.client().flushall()
    refused = pair.lee.go("reboot", "search-2", confirm=False)
    assert refused.state is OperationState.FAILED
    assert "is new, or was emptied or restarted" in refused.note or "locked by kim" in refused.note
    until(lambda: pair.client().exists(pair.key("search-2")))
    again = pair.lee.go("reboot", "search-2", confirm=False)
    assert again.permission_text.startswith("no: locked by kim@bastion-1")
    pair.hurry()
    done = pair.kim.wait(first, ended)
    assert done.state is OperationState.SUCCEEDED
    assert "without its lock" not in done.note
    assert pair.taken() == ["CreateImage", "StopInstances"]


def test_giving_it_up_lets_go(pair: Pair) -> None:
    first, _ = pair.held_at_the_image("ledger-2")
    assert pair.kim.journal.abandon(first, "not now", datetime.now(UTC))
    until(lambda: pair.client().keys("evac:lock:*") == [])


def test_without_a_lock_service_it_is_as_before(pair: Pair) -> None:
    pair.lee.settings = Settings(actions=QUICK)
    assert pair.lee.go("reboot", "web-1").state is OperationState.SUCCEEDED
    assert pair.keys() == []


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


@pytest.mark.parametrize("pair", [20.0], indirect=True)
def test_a_member_of_the_same_group_waits_for_the_other_bastion(pair: Pair) -> None:
    pair.demo.control("clock", {"speed": 2})
    first = evac(pair.kim, "do", "stop-start", "search-1", "--confirm", "search-1")
    assert first.returncode == 0, first.stderr
    (one,) = pair.kim.journal.list()
    pair.kim.wait(one.id, lambda found: found.step == "wait-stopped")
    held = json.loads(evac(pair.lee, "ops", "locks", "--json").stdout)
    (group,) = [found for found in held if found["source"] == "group"]
    assert (group["group"], group["operation"], group["step"]) == (
        "classic load balancer search", one.id, "going",
    )  # fmt: skip
    refused = evac(pair.lee, "do", "stop-start", "search-2", "--confirm", "search-2", "--if-held", "refuse")
    assert refused.returncode == 5, refused.stderr
    second = evac(pair.lee, "do", "stop-start", "search-2", "--confirm", "search-2")
    assert second.returncode == 0, second.stderr
    assert f"it waits for {one.id} by " in second.stdout
    waits = pair.lee.wait(pair.lee.journal.list()[0].id, lambda found: found.note.startswith("waits for"))
    assert waits.note.endswith(": search-1 of classic load balancer search")
    assert pair.taken() == ["StopInstances"]
    pair.hurry()
    for side, ident in ((pair.kim, one.id), (pair.lee, waits.id)):
        assert side.wait(ident, ended).state is OperationState.SUCCEEDED
    until(lambda: pair.client().keys("evac:hold:*") == [])
