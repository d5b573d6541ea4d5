"""What stands in a lock, what a keeper lets through, and who is named: as tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tui.config.schema import Settings
from tui.config.sections import LockSettings
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.steps.base import Call, Done, Send, Stuck, Wait
from tui.operations import conflicts, instance_lock, redis_lock
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState
from tui.operations.redis_lock import Away, Held, Holder, LockService, Refused

NOW = datetime(2026, 5, 5, 3, 12, tzinfo=UTC)
WEB = Instance(
    Target("prod", "ap-northeast-2"), clean("i-0a1b2c3d4e5f60718"), account_id=clean("111122223333"),
    name=clean("web-7"), state=InstanceState.RUNNING, root_device=clean("ebs"),
)  # fmt: skip
KIM = Holder("op-1", "reboot", "wait-checks", "kim", "bastion-2", "203.0.113.7", "bastion-2:7:a", NOW)
THEIRS = Refused(KIM, timedelta(seconds=90))
AWAY = Away(clean("the lock service can't be used: redis://r: ConnectionError"), "mend it")
STOP, START = (
    Send(Call("ec2", name, {"InstanceIds": ["i-1"]})) for name in ("StopInstances", "StartInstances")
)


# values


def value(**changes: Any) -> bytes:
    return b"17 " + msgspec.json.encode({**msgspec.to_builtins(KIM), **changes})


def test_a_lock_names_who_since_when_and_from_where() -> None:
    assert redis_lock.decode_lock(value()) == KIM
    assert THEIRS.line(UTC, NOW + timedelta(minutes=5)) == (
        "locked by kim@bastion-2 (SSH from 203.0.113.7) since Tue 03:12 UTC: reboot at wait-checks (op-1);"
        " unless renewed it ends in 1m"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"17", b"17 ", b"17 {}", b"17 null", b"17 [1]", b"-1 {}", b"x {}", b"\xff\xfe", b"17 \xff{",
        b"17 " + b"[" * 4000, b"9" * 5000, value()[:-1], value(operation=""), value(user=7), value(host=None),
        value(user="u" * 300), value(since="yesterday"), value(since="2026-05-05T03:12:00"),
        value(since="9999-12-31T23:59:59Z"), value(since="0001-01-01T00:00:00Z"), value() + b" " * 5000,
    ],
)  # fmt: skip
def test_what_is_no_lock_of_ours_is_held_by_nobody_knows_whom(body: bytes) -> None:
    assert redis_lock.decode_lock(body) is None
    told = Refused(None, None).line(UTC, NOW)
    assert "can't read" in told
    assert "never ends" in told


def test_what_a_lock_says_reaches_no_terminal_unclean() -> None:
    found = redis_lock.decode_lock(value(user="\x1b]0;x\x07kim", host="[bold]\u202eb", step="a\nb"))
    assert found is not None
    said = found.line(UTC, NOW)
    assert said.isprintable()
    assert "[bold]" in said, "never markup: drawn as it is"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://locks.example:6379/0", "redis://locks.example:6379/0"),
        ("rediss://kim:s3cret@locks.example/1", "rediss://locks.example/1"),
        ("redis://:p@ss/w@locks.example/1?password=s3cret", "redis://locks.example/1"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock"),
    ],
)
def test_the_password_of_the_address_is_never_shown(url: str, shown: str) -> None:
    assert redis_lock.redacted_url(url) == shown

    def refuse(_: str) -> Any:
        raise ConnectionError("no route")

    service = LockService(LockSettings(url=url), False, refuse)
    found = service.check()
    assert isinstance(found, Away)
    assert "s3cret" not in found.why
    assert "no route" in found.why


def test_an_address_that_is_none_is_said_without_it() -> None:
    found = LockService(LockSettings(url="redis://kim:s3cret@host:port/0"), False).check()
    assert isinstance(found, Away)
    assert "lock.url is not an address" in found.why
    assert "s3cret" not in found.why


def test_a_policy_that_asks_for_a_lock_nobody_set_up_lets_nothing_begin() -> None:
    service = LockService(LockSettings(), True)
    assert service.asked_for
    assert isinstance(service.check(), Away)
    assert not LockService.of(Settings(demo=True, lock_required=True)).asked_for


# the keeper


@dataclass
class Play:
    """A lock that answers as it is told."""

    answer: Any = None
    other: Any = None
    asked: int = 0
    released: int = 0

    def holder(self) -> Any:
        return self.other

    def take(self, step: str) -> Any:
        self.asked += 1
        return self.answer

    renew = take

    def release(self) -> None:
        self.released += 1


class Stage:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, operation: Operation, **lock: Any) -> None:
        self.lock, self.said = Play(), [""][:0]
        monkeypatch.setattr(LockService, "lock", lambda *_: self.lock)
        settings = Settings(lock=LockSettings(url="redis://r", **lock), timezone="UTC")
        self.keeper = instance_lock.InstanceLockGuard(
            operation, settings, "here:1:a", lambda step, text: self.said.append(text)
        )

    def answers(self, answer: Any) -> None:
        self.lock.answer = self.lock.other = answer


def plan(action: str = "stop-start") -> Draft:
    instance = replace(WEB, state=InstanceState.STOPPED) if action == "start" else WEB
    return draft(action, instance, None, ActionOptions(), Policy(), NOW)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "evac" / "journal.sqlite3")


def ordered(journal: Journal, action: str = "stop-start") -> Operation:
    found = journal.get(journal.create(plan(action), NOW))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("answer", "action", "unreachable", "down", "begins"),
    [
        (Held(1), "stop-start", "refuse", False, True),
        (THEIRS, "stop-start", "refuse", False, False),
        (THEIRS, "stop-start", "proceed", False, False),
        (THEIRS, "start", "refuse", False, False),
        (THEIRS, "stop-start", "refuse", True, True),
        (AWAY, "stop-start", "refuse", False, False),
        (AWAY, "reboot", "refuse", False, False),
        (AWAY, "image", "refuse", False, False),
        (AWAY, "start", "refuse", False, True),
        (AWAY, "stop-start", "proceed", False, True),
        (AWAY, "stop-start", "refuse", True, True),
    ],
)
def test_what_may_begin(
    monkeypatch: pytest.MonkeyPatch, journal: Journal, answer: Any, action: str, unreachable: str, down: bool,
    begins: bool,
) -> None:  # fmt: skip
    stage = Stage(monkeypatch, ordered(journal, action), unreachable=unreachable)
    stage.answers(None if isinstance(answer, Held) else answer)
    if not down:
        assert (stage.keeper.preflight() is None) is begins
    assert stage.lock.asked == 0, "a question locks nothing"
    stage.answers(answer)
    refused = stage.keeper.begin(down=down)
    assert (refused is None) is begins
    if refused is not None:
        assert isinstance(refused, Stuck)
        assert refused.why.startswith(("locked by kim@bastion-2 (SSH from 203.0.113.7)", "the lock service"))
        assert refused.remedy
    stage.keeper.end()
    assert stage.lock.released == isinstance(answer, Held)


@pytest.mark.parametrize(
    ("answer", "unreachable", "send", "down", "becomes"),
    [
        (Held(1), "refuse", STOP, False, Send),
        (THEIRS, "refuse", STOP, False, Stuck),
        (THEIRS, "proceed", STOP, False, Stuck),
        (THEIRS, "refuse", STOP, True, Send),
        (THEIRS, "refuse", START, False, Send),
        (AWAY, "refuse", STOP, False, Wait),
        (AWAY, "proceed", STOP, False, Send),
        (AWAY, "refuse", START, False, Send),
        (AWAY, "refuse", STOP, True, Send),
    ],
)
def test_what_may_be_sent(
    monkeypatch: pytest.MonkeyPatch, journal: Journal, answer: Any, unreachable: str, send: Send, down: bool,
    becomes: type,
) -> None:  # fmt: skip
    stage = Stage(monkeypatch, ordered(journal), unreachable=unreachable)
    stage.answers(Held(1))
    assert stage.keeper.begin(down=False) is None
    stage.answers(answer)
    stage.keeper._next = 0.0
    assert isinstance(stage.keeper.guard(send, down=down), becomes)
    assert bool(stage.keeper.trouble) is not isinstance(answer, Held)
    assert stage.said == ["held, number 1", *([stage.keeper.trouble] if stage.keeper.trouble else [])]


def test_what_was_lost_stays_lost(monkeypatch: pytest.MonkeyPatch, journal: Journal) -> None:
    """Whoever had it in between may be done by now: their work is not undone by ours."""
    stage = Stage(monkeypatch, ordered(journal))
    stage.answers(Held(1))
    assert stage.keeper.begin(down=False) is None
    stage.answers(THEIRS)
    stage.keeper._next = 0.0
    stage.keeper.keep()
    stage.answers(Held(3))
    assert isinstance(stage.keeper.guard(STOP, down=False), Stuck)
    stage.keeper.end()
    assert stage.lock.released == 0, "it is not ours to let go"


def test_with_the_instance_down_no_call_waits_for_the_lock(
    monkeypatch: pytest.MonkeyPatch, journal: Journal
) -> None:
    stage = Stage(monkeypatch, ordered(journal))
    stage.answers(AWAY)
    assert stage.keeper.begin(down=True) is None
    for _ in range(5):
        assert stage.keeper.guard(START, down=True) is START
    assert stage.lock.asked == 1, "not asked again for every call"


def test_only_what_is_sent_needs_the_lock(monkeypatch: pytest.MonkeyPatch, journal: Journal) -> None:
    stage = Stage(monkeypatch, ordered(journal))
    stage.answers(THEIRS)
    dry = replace(STOP, dry_run=True)
    for decision in (dry, Done(), Wait("w"), Stuck("s", "r")):
        assert stage.keeper.guard(decision, down=False) is decision
    assert stage.lock.asked == 0


def test_an_ami_lets_go_once_aws_has_the_order(monkeypatch: pytest.MonkeyPatch, journal: Journal) -> None:
    stage = Stage(monkeypatch, ordered(journal, "image"))
    stage.answers(Held(1))
    assert stage.keeper.begin(down=False) is None
    stage.keeper.sent(Call("ec2", "CreateImage"), None)
    assert stage.lock.released == 0
    stage.keeper.sent(Call("ec2", "CreateImage"), True)
    stage.keeper.end()
    assert stage.lock.released == 1


# the journal


def test_the_journal_names_who_is_there(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.7 50022 10.0.0.1 22")
    monkeypatch.setattr("getpass.getuser", lambda: "kim")
    monkeypatch.setattr("socket.gethostname", lambda: "bastion-1")
    first = journal.create(plan(), NOW)
    assert journal.confirm(first, NOW)
    made = conflicts.checked(plan("reboot"), journal.unfinished(), UTC, NOW, "look with {id}")
    assert made.guard.kind is GuardKind.BLOCKED
    (why,) = made.guard.unblock
    assert "by kim@bastion-1 (SSH from 203.0.113.7) since Tue 03:12 UTC is not finished: at preflight" in why
    assert why.endswith(f"{first}; look with {first}")
    moving = plan("reschedule")
    assert conflicts.checked(moving, journal.unfinished(), UTC, NOW, "") is moving


def test_of_two_that_are_confirmed_at_once_one_is_refused(journal: Journal) -> None:
    first, second = (journal.create(plan(), NOW) for _ in range(2))
    assert journal.confirm(second, NOW)
    assert not journal.confirm(first, NOW)
    lost = journal.get(first)
    assert lost is not None
    assert lost.state is OperationState.FAILED
    assert lost.confirmed_at is None
    assert second in lost.note
    journal.abandon(second, "over", NOW)
    assert journal.confirm(journal.create(plan(), NOW), NOW)
