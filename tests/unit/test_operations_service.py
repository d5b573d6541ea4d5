"""The acts on operations: what is journaled and audited, and what is not done where that can't be."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.rows import row
from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.facts import Facts
from tui.domain.instance import TypeFacts
from tui.domain.plan import Draft, draft
from tui.domain.policy import Policy
from tui.operations import audit_log
from tui.operations.journal import Journal
from tui.operations.model import OperationState
from tui.operations.service import Answered, OperationsService, UnauditedError, dry_run_answer
from tui.operations.undo import NotUndoableError, gone_instance, why_not_undoable

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "evac" / "journal.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def plan() -> Draft:
    return draft("reboot", row(1), None, ActionOptions(), Policy(), NOW)


def service(journal: Journal, launched: list[str]) -> OperationsService:
    def launch(operation: str, profile: str) -> int:
        launched.append(operation)
        return 1

    return OperationsService(journal, Settings(), os.environ, launch, lambda: NOW)


def lines(journal: Journal) -> list[tuple[str, str]]:
    found = audit_log.tail(audit_log.path_beside(journal.path), 99)
    return [(one["step"], one["result"]) for one in found]


def test_what_is_proposed_and_withdrawn_is_audited(journal: Journal, plan: Draft) -> None:
    launched: list[str] = []
    asked = service(journal, launched)
    operation = asked.propose(plan)
    assert launched == [operation]
    asked.withdraw(plan, operation, "cancelled")
    asked.withdraw(plan, operation, "cancelled")  # it has ended: nothing is said twice
    assert lines(journal) == [("plan", "planned"), ("confirm", "refused: cancelled")]
    assert asked.confirm(plan, operation) == "it was given up meanwhile (cancelled)"


def test_what_cannot_be_audited_is_not_begun(journal: Journal, plan: Draft) -> None:
    audit_log.path_beside(journal.path).mkdir()
    launched: list[str] = []
    with pytest.raises(UnauditedError, match="the audit log can't be written"):
        service(journal, launched).propose(plan)
    assert launched == []
    (one,) = journal.list()
    assert one.state is OperationState.ABANDONED


def test_what_cannot_be_audited_is_not_abandoned(journal: Journal, plan: Draft) -> None:
    operation = journal.create(plan, NOW)
    journal.confirm(operation, NOW)
    audit_log.path_beside(journal.path).mkdir()
    found = journal.get(operation)
    assert found is not None
    with pytest.raises(UnauditedError):
        service(journal, []).abandon(found)
    assert journal.unfinished()


def test_a_runner_that_died_before_it_asked_is_noticed_at_once(journal: Journal, plan: Draft) -> None:
    operation = journal.create(plan, NOW)
    dead = subprocess.Popen(["true"])
    dead.wait()
    found = journal.get(operation)
    assert found is not None
    assert dry_run_answer(found, NOW).answered is Answered.ASKING
    journal.set_starting_process(operation, dead.pid, NOW)
    found = journal.get(operation)
    assert found is not None
    assert found.runner.startswith(socket.gethostname())
    answer = dry_run_answer(found, NOW + timedelta(seconds=1))
    assert answer.answered is Answered.OVER
    assert "the runner that would do it is gone" in answer.text


def test_an_undo_is_of_what_set_something_and_has_ended(journal: Journal, plan: Draft) -> None:
    looked = Facts(NOW, type=TypeFacts(auto_recovery_supported=True), alarms=())
    alarm = draft("recover-alarm", row(1), looked, ActionOptions(), Policy(), NOW)
    asked, ids = service(journal, []), [journal.create(one, NOW) for one in (plan, alarm)]
    found = [journal.get(one) for one in ids]
    assert found[0] is not None
    assert found[1] is not None
    told = [why_not_undoable(one) for one in found if one is not None]
    assert told[0].startswith("reboot can't be undone")
    assert told[1] == "it has not ended: resume or abandon it first"
    with pytest.raises(NotUndoableError, match="has not ended"):
        asked.undo(found[1])
    assert lines(journal)[-1] == ("undo", f"refused: {ids[1]}: it has not ended: resume or abandon it first")
    journal.confirm(ids[1], NOW)
    journal.lease(ids[1], "me", NOW)
    journal.begin_step(ids[1], "set-alarm", NOW)
    assert ended(journal, ids[1], NOW + timedelta(0)).endswith("it changed nothing")
    number = journal.intent(
        ids[1], "set-alarm", "cloudwatch", "PutMetricAlarm", NOW, dry_run=False, runner="me"
    )
    assert number is None  # it has ended: nothing is sent for it any more


def ended(journal: Journal, operation: str, when: datetime) -> str:
    """Why it can't be undone, once it has ended."""
    journal.set_state(operation, OperationState.SUCCEEDED, when)
    found = journal.get(operation)
    assert found is not None
    return why_not_undoable(found)


def test_an_undo_knows_what_the_operation_set(journal: Journal) -> None:
    looked = Facts(NOW, type=TypeFacts(auto_recovery_supported=True), alarms=())
    alarm = draft("recover-alarm", row(1), looked, ActionOptions(), Policy(), NOW)
    operation = journal.create(alarm, NOW)
    journal.confirm(operation, NOW)
    journal.lease(operation, "me", NOW)
    journal.begin_step(operation, "set-alarm", NOW)
    number = journal.intent(
        operation, "set-alarm", "cloudwatch", "PutMetricAlarm", NOW, dry_run=False, runner="me"
    )
    assert number is not None
    journal.outcome(number, NOW, ok=True, code="", message="", request_id="r")
    assert ended(journal, operation, NOW) == ""
    found = journal.get(operation)
    assert found is not None
    options = service(journal, []).undo(found)
    assert options.undone is not None
    assert (options.undone.operation, options.undone.alarm) == (operation, alarm.order.alarm)
    row_gone = gone_instance(found)
    again = draft("undo", row_gone, None, options, Policy(), NOW)
    assert [call.operation for call in again.calls] == ["DeleteAlarms"]
