"""What happens while the question stands: another state, another operator, hands that are gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from screens.confirm.question import WORD
from tests.screens.confirm_pilot import Case, ready, shown
from tests.screens.fake_runner import ELSEWHERE, Play
from tests.screens.fake_services import NOW, named, sample_store
from tests.screens.pilot_helpers import until
from tui.domain.answers import Permission, RefusedBy
from tui.domain.instance import InstanceState, Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.operations.journal import JournalError
from tui.operations.model import OperationState, StepState


async def test_a_look_that_failed_is_said_and_tried_again(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    case.link().trouble = Trouble(
        TroubleKind.CREDENTIALS,
        clean("the credentials have expired"),
        clean("run aws sso login --profile prod"),
    )
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.trouble is not None)
        await pilot.pause()
        assert "run aws sso login --profile prod" in shown(case.screen)
        await pilot.press(*"payments-db-1", "enter", "y")
        assert case.hands.made == []
        case.link().trouble = None
        await pilot.pause(2 * WORD)  # by itself, not a letter of what is typed
        await pilot.press("r")
        await until(pilot, lambda: ready(case.screen))


async def test_it_stays_with_its_instance_whatever_the_table_does(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    row = named(case.services.store, "payments-db-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        case.link().store = sample_store()  # AWS has it still
        case.services.store.apply(protocol.Delta(removed=(case.key,)))
        await pilot.press(*"payments-db-1", "enter")
        await until(pilot, lambda: bool(case.went()))
    held = case.journal.get(case.went()[0])
    assert held is not None
    assert held.instance_id == row.instance_id


async def test_another_state_meanwhile_is_said_and_asked_anew(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    store, row = case.services.store, named(case.services.store, "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        store.apply(
            protocol.Delta(
                upserts=(replace(row, state=InstanceState.STOPPED, status_at=NOW + timedelta(seconds=5)),)
            )
        )
        await pilot.press("y")
        await until(pilot, lambda: bool(case.screen.changed))
        await pilot.pause()
        assert "it was running, it is stopped" in shown(case.screen)
        assert "This can't be done now" in shown(case.screen)
        assert case.confirmed() == []


async def test_an_old_reading_is_read_again_and_the_answer_counts_if_it_still_fits(tmp_path: Path) -> None:
    clock = [NOW]
    case = Case(tmp_path, "reboot", "load-1", now=lambda: clock[0])
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        clock[0] = NOW + timedelta(minutes=3)
        case.journal.lease(case.hands.made[0][0], ELSEWHERE, clock[0])
        await until(pilot, lambda: "read 3m ago" in shown(case.screen))  # the question stands anew below that
        await until(pilot, lambda: ready(case.screen))
        await pilot.press("y")
        await until(pilot, lambda: bool(case.went()))
        assert len(case.link().asked) == 2
        assert len(case.hands.made) == 1


async def test_a_plan_that_ended_meanwhile_is_not_confirmed(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        case.journal.abandon(case.hands.made[0][0], "not confirmed within 10 minutes", NOW)
        await pilot.press("y")
        await pilot.pause()
        await until(pilot, lambda: "not confirmed within 10 minutes" in shown(case.screen))
        assert case.went() == []
        await pilot.pause(0.5)  # a key right behind another one is somebody's typing, and counts for nothing
        await pilot.press("r")
        await until(pilot, lambda: ready(case.screen))
        assert len(case.hands.made) == 2


async def test_nothing_is_confirmed_to_hands_that_are_gone(tmp_path: Path) -> None:
    clock = [NOW]
    case = Case(tmp_path, "reboot", "load-1", now=lambda: clock[0])
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        clock[0] = NOW + timedelta(seconds=30)
        await pilot.press("y")
        await until(pilot, lambda: "the runner that would do it is gone" in shown(case.screen))
        assert case.confirmed() == []


@pytest.mark.parametrize(
    ("running", "wanted", "blocked"),
    [
        ("stop-start", "reboot", True),
        ("reboot", "stop-start", True),
        ("reboot", "image", True),
        ("image", "stop-start", False),
        ("stop-start", "reschedule", False),
    ],
)
async def test_two_operations_do_not_pull_at_one_instance(
    tmp_path: Path, running: str, wanted: str, blocked: bool
) -> None:
    case = Case(tmp_path, wanted, "ledger-1")
    Play(case.services, "ledger-1", running).driven()
    Play(case.services, "load-1", "stop-start").driven()
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.draft is not None)
        await pilot.pause()
        assert ("is not finished" in shown(case.screen)) is blocked
        if blocked:
            assert case.hands.made == []
            await pilot.press("o")
            await until(pilot, lambda: case.went() == [""])


async def test_an_operation_begun_elsewhere_meanwhile_stops_the_answer(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        other = Play(case.services, "load-1", "stop-start").driven()
        await pilot.pause(1.2)  # the red line above takes room: the question stands anew
        await until(pilot, lambda: ready(case.screen))
        await pilot.press("y")
        await until(pilot, lambda: "is not finished" in shown(case.screen))
        assert case.confirmed() == [other.id]


async def test_a_console_that_ends_leaves_no_plan_behind(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
    assert [one.state for one in case.journal.list()] == [OperationState.ABANDONED]


async def test_hands_that_cannot_be_started_are_said(tmp_path: Path) -> None:
    from tui.operations.spawn import LaunchError

    def broken(operation: str, profile: str) -> int:
        raise LaunchError("the runner could not be started (no memory)")

    case = Case(tmp_path, "reboot", "load-1")
    case.screen.services = case.screen.desk.services = replace(case.services, launch=broken)
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: bool(case.screen.desk.trouble))
        await pilot.pause()
        assert "no memory" in shown(case.screen)
        assert [one.state for one in case.journal.list()] == [OperationState.ABANDONED]


async def test_a_journal_that_fails_is_said_and_nothing_can_be_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(tmp_path, "reboot", "load-1")

    def broken(*_: object) -> None:
        raise JournalError("the journal can't be used (disk I/O error): nothing was sent; free the disk")

    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        monkeypatch.setattr(case.journal, "get", broken)
        await until(pilot, lambda: "free the disk" in shown(case.screen))
        await pilot.press("y")
        assert case.confirmed() == []


async def test_who_holds_the_lock_is_said_and_nothing_is_asked(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "ledger-1", says="nothing")
    why = "locked by kim@bastion-2 (SSH from 203.0.113.7) since Tue 03:12 UTC: reboot at wait-checks (op-1)"
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: bool(case.hands.made))
        ((operation, _),) = case.hands.made
        case.journal.end_step(operation, "preflight", StepState.STUCK, why, NOW)
        case.journal.set_permission(operation, Permission.NO, why, RefusedBy.LOCK)
        case.journal.set_state(operation, OperationState.FAILED, NOW, why, "ask them, or wait")
        await until(pilot, lambda: "locked by kim@bastion-2 (SSH from 203.0.113.7)" in shown(case.screen))
        assert "permission denied" not in shown(case.screen)
        assert not ready(case.screen)
        await pilot.press("y")
        assert case.confirmed() == []


async def test_of_two_answers_at_once_one_is_told_whose_was_first(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        case.screen.desk.checked = lambda draft: draft  # type: ignore[method-assign] # the other came right after the look
        Play(case.services, "load-1", "stop-start").driven()
        await pilot.pause(1.2)  # the red line above takes room: the question stands anew
        await until(pilot, lambda: ready(case.screen))
        await pilot.press("y")
        await until(pilot, lambda: "is not finished" in shown(case.screen))
        assert len(case.confirmed()) == 1
