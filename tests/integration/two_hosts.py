"""Two people on two bastions before one AWS and one Redis; a lock of its own."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.integration.operation_wait import until
from tests.integration.runner_watch import ACCOUNT, REGION, Bench, ended
from tui.config.durations import DurationInSeconds
from tui.config.schema import Settings
from tui.config.sections import ActionSettings, LockSettings
from tui.demo.environment import Demo
from tui.operations import status
from tui.operations.journal import Journal
from tui.operations.model import Operation
from tui.operations.redis_lock import Holder, Lock, LockService
from tui.operations.redis_scripts import EPOCH
from tui.paths import default_journal_path

Server = tuple[str, "subprocess.Popen[bytes]"]
QUICK = ActionSettings(reboot_settle=DurationInSeconds(1.0))
"""The embedded AWS reboots as much faster."""
TAKING = ("StopInstances", "RebootInstances", "CreateImage")


def aged(url: str) -> None:
    """A Redis that has been there for long: nothing of it was forgotten lately."""
    import redis

    with redis.Redis.from_url(url) as client:
        client.set(EPOCH, f"{secrets.token_hex(8)} 1")


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
        self.journal = Journal(default_journal_path(self.environ))
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


def _operation(side: Bastion, operation: str) -> Operation:
    found = side.journal.get(operation)
    assert found is not None
    return found


def _let_go(side: Bastion, operation: str) -> bool:
    return not status.driver(_operation(side, operation), datetime.now(UTC))


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

    def keys(self) -> list[bytes]:
        """All of evac's but the epoch, which stays."""
        return [one for one in self.client().keys("*") if one != EPOCH.encode()]

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


def gone(pid: int, operation: str) -> Callable[[], bool]:
    return lambda: not status.lives(pid, operation)


def lock_of(url: str, instance: str, operation: str, user: str = "kim", ttl: float = 30.0) -> Lock:
    mine = Holder(operation, "reboot", "", user, "host", "", f"host:1:{operation}", datetime.now(UTC))
    return LockService(LockSettings(url=url, ttl=ttl), False).lock(ACCOUNT, REGION, instance, mine)
