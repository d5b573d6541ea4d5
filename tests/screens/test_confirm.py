"""The question: it is about that instance, it sends nothing by accident, and it says what stands in the way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input, Static

from screens.base import Go
from screens.confirm import ConfirmScreen
from screens.confirm.choices import Choices
from screens.confirm.question import TypeName, YesNo
from screens.confirm.screen import PAUSE
from tests.screens.acting import ELSEWHERE, Hands, Play, acting
from tests.screens.stage import NOW, SETTINGS, Stage, StandIn, named
from tui.domain.instance import InstanceState, Trouble
from tui.domain.text import clean
from tui.fleet import wire
from tui.operations import audit
from tui.operations.journal import JournalError
from tui.operations.record import OperationState
from tui.services import Services
from tui.settings import ActionSettings, ProfileSettings, Settings


async def until(pilot: Pilot[None], reached: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, shown(pilot.app.screen)
        await pilot.pause(0.02)


def shown(screen: Any) -> str:
    """Everything that is displayed, as text."""
    parts = []
    for widget in screen.query(Static):
        if all(node.display for node in widget.ancestors_with_self if hasattr(node, "display")):
            parts.append(
                str(widget.render()) if not hasattr(widget.content, "columns") else grid(widget.content)
            )
        if hasattr(widget.content, "renderables"):
            parts += [grid(one) for one in widget.content.renderables if widget.display]
    return "\n".join(parts)


def grid(table: Any) -> str:
    return "\n".join(
        " ".join(str(cell) for cell in row)
        for row in zip(*(column._cells for column in table.columns), strict=True)
    )


def ready(screen: ConfirmScreen) -> bool:
    """Whether an answer would count."""
    return screen._armed and screen.query_one(TypeName).armed_at <= time.monotonic()


class Case:
    """A screen on a stage."""

    def __init__(
        self,
        folder: Path,
        action: str,
        name: str,
        says: str = "yes",
        pause: float = 0.0,
        **changes: Any,
    ) -> None:
        self.services: Services
        self.hands: Hands
        self.services, self.hands, self.key = acting(folder, name, says, **changes)
        self.screen = ConfirmScreen(self.services, action, self.key)
        self.screen.pause = pause
        self.app = Stage(self.screen)
        assert self.services.journal is not None
        self.journal = self.services.journal

    def confirmed(self) -> list[str]:
        return [one.id for one in self.journal.list() if one.confirmed_at is not None]

    def went(self) -> list[str]:
        return [one.key for one in self.app.asked if isinstance(one, Go) and one.place == "operations"]

    def link(self) -> StandIn:
        assert isinstance(self.services.link, StandIn)
        return self.services.link


async def test_it_says_whose_instance_it_is_before_anything_was_read(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    gate = asyncio.Event()
    link, answer = case.link(), case.link().request

    async def slow(request: wire.ReadRequest) -> wire.ReadAnswer:
        await gate.wait()
        return await answer(request)

    link.request = slow  # type: ignore[method-assign] # the answer comes when the test says so
    async with case.app.run_test() as pilot:
        await pilot.pause()
        text = shown(case.screen)
        assert "payments-db-1" in text
        assert "PROD" in text
        assert "1111-2222-3333" in text
        assert "reading the instance again" in text
        assert "StopInstances" not in text
        assert case.hands.made == []
        gate.set()
        await until(pilot, lambda: ready(case.screen))
        assert "running, read just now (12:00 KST)" in shown(case.screen)


async def test_the_name_typed_confirms_and_is_followed(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert "permission: AWS says yes" in shown(case.screen)
        await pilot.press(*"payments-db-1", "enter")
        await until(pilot, lambda: bool(case.went()))
        assert case.confirmed() == case.went() == [case.hands.made[0][0]]
        assert case.hands.made[0][1] == "prod"
        assert case.screen not in case.app.screen_stack


async def test_a_wrong_name_says_so_keeps_what_was_typed_and_sends_nothing(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        await pilot.press(*"payments-db-2", "enter")
        await pilot.pause()
        assert "that is not payments-db-1: nothing was sent" in shown(case.screen)
        assert case.screen.query_one(TypeName).value == "payments-db-2"
        assert case.confirmed() == []
        await pilot.press("backspace", "1", "enter")
        await until(pilot, lambda: bool(case.went()))


async def test_esc_cancels_and_leaves_a_line_in_the_audit_log(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        await pilot.press(*"payments-db-1", "escape")
        await until(pilot, lambda: case.screen not in case.app.screen_stack)
    (one,) = case.journal.list()
    assert one.state is OperationState.ABANDONED
    assert one.confirmed_at is None
    log = audit.path_beside(case.journal.path)
    (line,) = [json.loads(each) for each in log.read_text().splitlines()]
    assert line["result"] == "refused: cancelled"
    assert line["operation"] == one.id
    assert audit.verify(log) is None


@pytest.mark.parametrize("key", ["n", "enter", "escape", "x", "Y"])
async def test_a_harmless_action_is_no_unless_it_is_y(tmp_path: Path, key: str) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert isinstance(case.app.focused, YesNo)
        await pilot.press(key)
        await until(pilot, lambda: case.screen not in case.app.screen_stack)
        assert case.confirmed() == []


async def test_y_confirms_a_harmless_action(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        await pilot.press("y")
        await until(pilot, lambda: bool(case.went()))
        assert case.confirmed() == case.went()


NEVER = 3600.0
"""A pause that never ends in a test, however slow the machine is."""


@pytest.mark.parametrize(
    ("action", "name", "keys"),
    [
        ("reboot", "load-1", ["b", "y", "enter"]),
        ("stop-start", "payments-db-1", ["s", "y", *"payments-db-1", "enter"]),
    ],
)
async def test_keys_already_on_their_way_confirm_nothing(
    tmp_path: Path, action: str, name: str, keys: list[str]
) -> None:
    case = Case(tmp_path, action, name, pause=NEVER)
    async with case.app.run_test() as pilot:
        await pilot.press(*keys)
        await until(pilot, lambda: case.screen._armed)
        await pilot.press(*keys)
        await pilot.pause()
        assert case.screen in case.app.screen_stack
        assert case.screen.query_one(TypeName).value == ""
        assert case.confirmed() == []
        assert case.went() == []


def test_the_real_pause_is_long_enough_for_a_burst() -> None:
    assert PAUSE >= 0.3


async def test_what_is_blocked_says_what_would_unblock_it_and_starts_no_hands(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "old-root")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.draft is not None)
        await pilot.pause()
        text = shown(case.screen)
        assert "This can't be done now" in text
        assert "launch a replacement from the newest AMI" in text
        assert "Type the name" not in text
        await pilot.press(*"old-root", "enter", "y")
        assert case.hands.made == []
        assert list(case.journal.list()) == []


async def test_stop_protection_blocks(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "vault-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.draft is not None)
        await pilot.pause()
        assert "stop protection" in shown(case.screen)
        assert case.hands.made == []


@pytest.mark.parametrize(
    "settings",
    [
        Settings(read_only=True, timezone="Asia/Seoul"),
        Settings(profiles={"prod": ProfileSettings(read_only=True)}, timezone="Asia/Seoul"),
    ],
)
async def test_in_read_only_nothing_is_journaled_or_started(tmp_path: Path, settings: Settings) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1", settings=settings)
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.draft is not None)
        await pilot.press(*"payments-db-1", "enter")
        assert "read-only" in shown(case.screen)
        await pilot.press("escape")
        await until(pilot, lambda: case.screen not in case.app.screen_stack)
    assert case.hands.made == []
    assert list(case.journal.list()) == []


async def test_a_denied_permission_cannot_be_confirmed(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "load-2", "no")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.permission is not None)
        await pilot.pause()
        assert "permission denied: AWS does not permit StopInstances" in shown(case.screen)
        assert "use a profile that allows ec2:StopInstances" in shown(case.screen)
        await pilot.press(*"load-2", "enter", "y")
        assert case.confirmed() == []


async def test_if_aws_did_not_say_it_may_be_confirmed_knowingly(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-2", "silent")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert "AWS did not say: RebootInstances: RequestExpired" in shown(case.screen)
        await pilot.press("y")
        await until(pilot, lambda: bool(case.confirmed()))


async def test_while_aws_is_asked_nothing_can_be_confirmed(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-2", "nothing")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.permission is not None)
        await pilot.press("y", "enter")
        assert "asking AWS" in shown(case.screen)
        assert case.confirmed() == []


async def test_a_look_that_failed_is_said_and_tried_again(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    case.link().trouble = Trouble(
        "credentials", clean("the credentials have expired"), clean("run aws sso login --profile prod")
    )
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.trouble is not None)
        await pilot.pause()
        assert "run aws sso login --profile prod" in shown(case.screen)
        await pilot.press(*"payments-db-1", "enter", "y")
        assert case.hands.made == []
        case.link().trouble = None
        await pilot.press("r")
        await until(pilot, lambda: ready(case.screen))


async def test_it_stays_with_its_instance_whatever_the_table_does(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    row = named(case.services.store, "payments-db-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        case.services.store.apply(wire.Delta(removed=(case.key,)))
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
            wire.Delta(
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
        await pilot.press("y")
        await until(pilot, lambda: "is not finished" in shown(case.screen))
        assert case.confirmed() == [other.id]


async def test_an_ami_first_makes_another_plan(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        await pilot.press("shift+tab", "space")
        await until(pilot, lambda: len(case.hands.made) == 2 and ready(case.screen))
        first, second = (case.journal.get(one) for one, _ in case.hands.made)
        assert first is not None
        assert second is not None
        assert first.state is OperationState.ABANDONED
        assert second.kept.steps[1:4] == ("drain", "image", "stop")
        assert "CreateImage" in shown(case.screen)


async def test_a_member_is_put_in_standby_first_unless_it_is_switched_off(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "web-7")
    async with case.app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: ready(case.screen))
        told = shown(case.screen)
        assert "[x] standby first, in web-prod" in told
        assert "can't be asked for EnterStandby, ExitStandby" in told.replace("\n", " ")
        case.screen.query_one("#standby").focus()
        await pilot.press("space")
        await until(pilot, lambda: len(case.hands.made) == 2 and ready(case.screen))
        first, second = (case.journal.get(one) for one, _ in case.hands.made)
        assert first is not None
        assert second is not None
        assert "enter-standby" in first.kept.steps
        assert "enter-standby" not in second.kept.steps
        assert second.kept.order.group == "web-prod"
        assert "terminates it and launches another" in shown(case.screen).replace("\n", " ")


async def test_a_reboot_offers_standby_too(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "web-7")
    async with case.app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert "[x] standby first, in web-prod" in shown(case.screen)
        assert "] make an AMI first" not in shown(case.screen)


async def test_draining_can_be_left_out(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    async with case.app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert "[x] drain first: pay-db" in shown(case.screen)
        assert "DeregisterTargets" in shown(case.screen)
        case.screen.query_one("#drain").focus()
        await pilot.press("space")
        await until(pilot, lambda: len(case.hands.made) == 2 and ready(case.screen))
        assert "DeregisterTargets" not in shown(case.screen)


async def test_the_last_healthy_one_is_blocked_until_it_is_overridden_and_its_name_typed(
    tmp_path: Path,
) -> None:
    case = Case(tmp_path, "stop-start", "report-1")
    async with case.app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: case.screen.draft is not None and "[ ] override" in shown(case.screen))
        assert case.hands.made == []
        assert "This can't be done now" in shown(case.screen)
        case.screen.query_one("#override").focus()
        await pilot.press("space")
        await until(pilot, lambda: ready(case.screen))
        case.screen.set_focus(case.screen.query_one(TypeName))
        await pilot.press(*"report-1", "enter")
        await until(pilot, lambda: bool(case.confirmed()))
        held = case.journal.get(case.confirmed()[0])
        assert held is not None
        assert held.kept.options.overrides == ("last-healthy",)


async def test_an_ami_that_policy_demands_cannot_be_left_out(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SETTINGS, actions=ActionSettings(require_image="7d"))
    case = Case(tmp_path, "stop-start", "load-1", settings=settings)
    async with case.app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert "[x] make an AMI first  (policy: none younger than 7d)" in shown(case.screen)
        assert not case.screen.query_one("#image-first").can_focus
        assert "CreateImage" in shown(case.screen)


async def test_the_name_of_an_ami_can_be_changed_and_its_reboot_left_out(tmp_path: Path) -> None:
    case = Case(tmp_path, "image", "mail-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert isinstance(case.app.focused, TypeName)
        case.screen.query_one("#image-name", Input).focus()
        await pilot.press("end", "-", "2", "enter")
        await until(pilot, lambda: len(case.hands.made) == 2 and ready(case.screen))
        await until(pilot, lambda: isinstance(case.app.focused, TypeName))
        await pilot.press("shift+tab", "space")
        await until(pilot, lambda: len(case.hands.made) == 3 and ready(case.screen))
        held = case.journal.get(case.hands.made[-1][0])
        assert held is not None
        assert held.kept.order.no_reboot
        assert held.kept.order.image_name.endswith("evac-2")
        assert case.screen.query_one(YesNo).display


async def test_leaving_a_field_by_cancelling_asks_nothing_more(tmp_path: Path) -> None:
    case = Case(tmp_path, "image", "mail-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        case.screen.query_one("#image-name", Input).focus()
        await pilot.press("end", "-", "2", "escape")
        await until(pilot, lambda: case.screen not in case.app.screen_stack)
        await pilot.pause()
    assert len(case.hands.made) == 1
    assert [one.state for one in case.journal.list()] == [OperationState.ABANDONED]


async def test_a_console_that_ends_leaves_no_plan_behind(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
    assert [one.state for one in case.journal.list()] == [OperationState.ABANDONED]


async def test_an_event_is_moved_to_a_time_in_the_operators_zone(tmp_path: Path) -> None:
    case = Case(tmp_path, "reschedule", "ledger-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.draft is not None)
        await until(pilot, lambda: isinstance(case.app.focused, Input))
        assert case.hands.made == []
        field = case.screen.query_one("#new-start", Input)
        assert field.value == "2026-05-12 20:00"
        field.value = "2026-05-06 03:00"
        await pilot.pause()
        assert "Wed 03:00 KST (Tue 18:00 UTC), in 39h" in shown(case.screen)
        await pilot.press("enter")
        await until(pilot, lambda: ready(case.screen) and isinstance(case.app.focused, YesNo))
        await pilot.press("y")
        await until(pilot, lambda: bool(case.went()))
        held = case.journal.get(case.went()[0])
        assert held is not None
        assert held.kept.order.not_before == NOW + timedelta(hours=39)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("tomorrow", "is no time"),
        ("", "is no time"),
        ("30m", "at least 60 minutes ahead"),
        ("2026-05-12T11:00:01Z", "after AWS's deadline"),
    ],
)
async def test_a_start_that_aws_would_refuse_cannot_be_asked(tmp_path: Path, value: str, why: str) -> None:
    case = Case(tmp_path, "reschedule", "ledger-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.draft is not None and bool(case.screen.query(Choices)))
        await until(pilot, lambda: isinstance(case.app.focused, Input))
        case.screen.query_one("#new-start", Input).value = value
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: why in shown(case.screen))
        await pilot.press("y", "enter")
        assert case.hands.made == []
        assert case.screen in case.app.screen_stack


async def test_hands_that_cannot_be_started_are_said(tmp_path: Path) -> None:
    from tui.operations.launch import LaunchError

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


async def test_a_stopped_instance_is_started(tmp_path: Path) -> None:
    case = Case(tmp_path, "start", "standby-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert "StartInstances" in shown(case.screen)
        await pilot.press("y")
        await until(pilot, lambda: bool(case.went()))


async def test_names_are_text_not_markup(tmp_path: Path) -> None:
    store = acting(tmp_path, "load-1")[0].store
    hostile = next(row.name for row in store.rows() if row.name.startswith("=HYPERLINK"))
    case = Case(tmp_path, "stop-start", hostile)
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert "[red]" in shown(case.screen)
        row = named(case.services.store, hostile)
        assert case.screen.query_one(TypeName).expected == row.instance_id
        assert "Type the id" in shown(case.screen)


def test_the_settings_of_the_stage_tell_production_apart() -> None:
    assert SETTINGS.profile("prod").color != SETTINGS.profile("staging").color


async def test_who_holds_the_lock_is_said_and_nothing_is_asked(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "ledger-1", says="nothing")
    why = "locked by kim@bastion-2 (SSH from 203.0.113.7) since Tue 03:12 UTC: reboot at wait-checks (op-1)"
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: bool(case.hands.made))
        ((operation, _),) = case.hands.made
        case.journal.end_step(operation, "preflight", "stuck", why, NOW)
        case.journal.permit(operation, f"no: {why}")
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
        await pilot.press("y")
        await until(pilot, lambda: "is not finished" in shown(case.screen))
        assert len(case.confirmed()) == 1
