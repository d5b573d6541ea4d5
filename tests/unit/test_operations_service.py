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
from tui.domain.plan import Draft, draft
from tui.domain.policy import Policy
from tui.operations import audit_log
from tui.operations.journal import Journal
from tui.operations.model import OperationState
from tui.operations.service import Answered, OperationsService, UnauditedError, dry_run_answer

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
