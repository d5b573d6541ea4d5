from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import Draft, GuardKind, Policy, draft
from tui.domain.text import clean
from tui.operations import audit
from tui.operations.journal import LEASE, Journal, JournalError
from tui.operations.record import OperationState

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
WEB = Instance(
    Target("prod", "ap-northeast-2"),
    clean("i-0a1b2c3d4e5f60718"),
    account_id=clean("111122223333"),
    name=clean("web-7"),
    state=InstanceState.RUNNING,
    root_device=clean("ebs"),
    inventory_at=NOW,
)


def plan(action: str = "stop-start", **options: object) -> Draft:
    return draft(action, WEB, None, replace(ActionOptions(), **options), Policy(), NOW)  # type: ignore[arg-type] # by name


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "evac" / "journal.sqlite3")


def test_a_draft_comes_back_as_an_operation(journal: Journal) -> None:
    name = journal.create(plan("image"), NOW)
    operation = journal.get(name)
    assert operation is not None
    assert operation.state is OperationState.PLANNED
    assert operation.kept.order.operation_id == name
    assert operation.kept.order.image_name.startswith("web-7 2026-05-04")
    assert [row.name for row in operation.steps] == ["preflight", "image"]
    assert operation.step == "preflight"
    assert operation.label == "web-7"


def test_the_file_is_for_its_owner_alone(journal: Journal) -> None:
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_only_a_planned_operation_is_confirmed_and_only_once(journal: Journal) -> None:
    name = journal.create(plan(), NOW)
    assert journal.unfinished() == []
    assert journal.confirm(name, NOW)
    assert not journal.confirm(name, NOW)
    assert [one.id for one in journal.unfinished()] == [name]
    assert journal.abandon(name, "changed my mind", NOW)
    assert not journal.abandon(name, "again", NOW)
    assert journal.unfinished() == []


def test_operations_about_one_instance_come_newest_first(journal: Journal) -> None:
    names = [journal.create(plan(), NOW + timedelta(minutes=minute)) for minute in range(3)]
    other = replace(plan(), instance_id=clean("i-0ffffffffffffffff"))
    journal.create(other, NOW)
    assert [one.id for one in journal.about(str(WEB.instance_id))] == names[::-1]
    assert [one.id for one in journal.about(str(WEB.instance_id), limit=1)] == names[-1:]
    assert journal.about("i-0") == []


def test_a_closed_journal_says_so_instead_of_crashing_who_follows_it(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError, match="can't be used"):
        journal.revision()


def test_two_runners_never_hold_one_lease_and_a_dead_ones_is_taken_over(journal: Journal) -> None:
    name = journal.create(plan(), NOW)
    assert journal.lease(name, "a", NOW)
    assert not journal.lease(name, "b", NOW)
    assert journal.lease(name, "a", NOW + LEASE / 2)
    assert journal.lease(name, "b", NOW + 2 * LEASE)
    assert not journal.lease(name, "a", NOW + 2 * LEASE)
    journal.release(name, "b")
    assert journal.lease(name, "a", NOW + 2 * LEASE)


def test_an_intent_without_an_outcome_stays_unknown(journal: Journal) -> None:
    name = journal.create(plan(), NOW)
    began = journal.begin_step(name, "stop", NOW)
    assert journal.lease(name, "a", NOW)
    call = journal.intent(name, "stop", "ec2", "StopInstances", NOW, dry_run=False, runner="a")
    assert call is not None
    latest = journal.said(name, "stop", began).latest
    assert latest is not None
    assert latest.ok is None
    journal.outcome(call, NOW + timedelta(seconds=1), ok=True, code="", message="", request_id="r-1")
    latest = journal.said(name, "stop", began).latest
    assert latest is not None
    assert latest.ok is True


def test_a_newer_or_spoilt_journal_refuses_before_anything_is_sent(tmp_path: Path) -> None:
    newer = tmp_path / "newer.sqlite3"
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(JournalError, match="newer evac"):
        Journal(newer)
    spoilt = tmp_path / "spoilt.sqlite3"
    spoilt.write_bytes(b"not a database, but long enough to be looked at" * 40)
    with pytest.raises(JournalError, match="nothing was sent"):
        Journal(spoilt)


def test_the_guard_follows_from_hazards_and_policy() -> None:
    assert plan().guard.kind is GuardKind.TYPE_NAME
    assert plan().guard.expected == "web-7"
    blocked = draft("stop-start", WEB, None, ActionOptions(), Policy(read_only=True), NOW)
    assert blocked.guard.kind is GuardKind.BLOCKED
    assert "read-only" in blocked.guard.unblock[0]
    stopped = draft("reboot", replace(WEB, state=InstanceState.STOPPED), None, ActionOptions(), Policy(), NOW)
    assert stopped.guard.kind is GuardKind.BLOCKED
    assert draft("reschedule", WEB, None, ActionOptions(), Policy(), NOW).guard.unblock


def test_a_new_start_has_whole_seconds_as_aws_will_show_it() -> None:
    order = plan("reschedule", not_before=NOW.replace(microsecond=250_000)).order
    assert order.not_before == NOW


def test_a_changed_audit_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for number in range(5):
        audit.append(path, NOW, number=number, name="ünï")
    assert audit.verify(path) is None
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace('"number": 2', '"number": 7')
    path.write_text("\n".join(lines) + "\n")
    assert audit.verify(path) == 4
