"""The question: it is about that instance, it sends nothing by accident, and it says what stands in the way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from screens.confirm.question import TypeName, YesNo
from screens.confirm.screen import ARM_AFTER
from tests.screens.confirm_pilot import Case, ready, shown
from tests.screens.fake_runner import acting
from tests.screens.fake_services import SETTINGS, named
from tests.screens.pilot_helpers import until
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.fleet import protocol
from tui.operations import audit_log
from tui.operations.model import OperationState


async def test_it_says_whose_instance_it_is_before_anything_was_read(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    gate = asyncio.Event()
    link, answer = case.link(), case.link().request

    async def slow(request: protocol.ReadRequest) -> protocol.ReadAnswer:
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
    log = audit_log.path_beside(case.journal.path)
    told = [json.loads(each) for each in log.read_text().splitlines()]
    assert [(line["step"], line["result"]) for line in told] == [
        ("plan", "planned"),
        ("confirm", "refused: cancelled"),
    ]
    assert {line["operation"] for line in told} == {one.id}
    assert not audit_log.check(log).broken_at


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_n_and_esc_are_no(tmp_path: Path, key: str) -> None:
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
        await until(pilot, lambda: case.screen.armed)
        await pilot.press(*keys)
        await pilot.pause()
        assert case.screen in case.app.screen_stack
        assert case.screen.query_one(TypeName).value == ""
        assert case.confirmed() == []
        assert case.went() == []


def test_the_real_pause_is_long_enough_for_a_burst() -> None:
    assert ARM_AFTER >= 0.3


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
