"""What operations use of AWS's StartInstances bucket, as the journal tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from tests.unit.rows import row
from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.operations.journal import Journal
from tui.operations.model import OperationState, StepState
from tui.operations.start_tokens import start_tokens

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
ACCOUNT = "111122223333"


def web(number: int = 1) -> Instance:
    return replace(row(number), account_id=clean(ACCOUNT), state=InstanceState.RUNNING)


def tokens(journal: Journal, account: str = ACCOUNT, region: str = "") -> tuple[int, int]:
    used, owed = start_tokens(journal.list(), account, region or web().target.region)
    return len(used), owed


def begun(journal: Journal, action: str, number: int = 1) -> str:
    name = journal.create(draft(action, web(number), None, ActionOptions(), Policy(), NOW), NOW)
    assert journal.confirm(name, NOW)
    return name


def call(journal: Journal, name: str, step: str, *, ok: bool | None, dry: bool = False) -> None:
    assert journal.lease(name, "here", NOW)
    journal.begin_step(name, step, NOW)
    number = journal.intent(name, step, "ec2", "StartInstances", NOW, dry_run=dry, runner="here")
    assert number is not None
    if ok is not None:
        journal.outcome(number, NOW + timedelta(seconds=1), ok=ok, code="", message="", request_id="")


def test_a_stop_and_start_uses_two_the_dry_run_and_the_start(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite3")
    name = begun(journal, "stop-start")
    assert tokens(journal) == (0, 2)
    call(journal, name, "preflight", ok=False, dry=True)
    journal.end_step(name, "preflight", StepState.DONE, "", NOW)
    assert tokens(journal) == (1, 1)
    call(journal, name, "start", ok=None)
    assert tokens(journal) == (1, 1), "no answer yet: AWS may not have had it"
    assert tokens(journal, account="999") == (0, 0)
    assert tokens(journal, region="us-west-2") == (0, 0)


def test_those_that_are_refused_are_owed_a_little_together_and_one_that_was_started_nothing(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "j.sqlite3")
    name = begun(journal, "stop-start")
    journal.end_step(name, "preflight", StepState.DONE, "", NOW)
    call(journal, name, "start", ok=False)
    assert tokens(journal) == (1, 1)
    for number in range(2, 7):
        other = begun(journal, "stop-start", number)
        journal.end_step(other, "preflight", StepState.DONE, "", NOW)
        call(journal, other, "start", ok=False)
    assert tokens(journal) == (6, 2), "whoever can't be started holds nobody back for ever"
    for one in journal.list():
        call(journal, one.id, "start", ok=True)
        journal.end_step(one.id, "start", StepState.DONE, "", NOW)
    assert tokens(journal) == (12, 0)


def test_what_starts_nothing_or_is_over_or_waits_for_aws_is_owed_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite3")
    begun(journal, "reboot")
    over = begun(journal, "stop-start", 2)
    journal.set_state(over, OperationState.FAILED, NOW, "no")
    stuck = begun(journal, "stop-start", 3)
    assert tokens(journal) == (0, 2)
    journal.set_state(stuck, OperationState.NEEDS_ATTENTION, NOW, "somebody is needed")
    assert tokens(journal) == (0, 0)
