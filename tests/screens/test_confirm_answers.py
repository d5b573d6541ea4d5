"""Only an answer answers: no stray letter, no paste, no key of the fleet; and each *no* says that nothing was sent."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual import events
from textual.widgets import Input

from screens.confirm.question import BURST, EARLY, WORD, TypeName, YesNo
from tests.screens.confirm_pilot import Case, ready, shown
from tests.screens.fake_runner import Play
from tests.screens.fake_services import named
from tests.screens.pilot_helpers import lines_of, until
from tui.domain.answers import Permission
from tui.domain.instance import InstanceState, Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.operations.model import OperationState


def told(case: Case) -> list[str]:
    """What is said on the screen one lands on."""
    return [one.message for one in case.app._notifications]


async def test_no_other_key_answers_and_it_is_said_which_do(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        for key in ("enter", "x", "Y", "N", "c", "t", "q", "s", "space", "1", "ㅛ", "ｙ", "é"):
            for _ in range(2):
                await pilot.pause(2 * BURST)
                await pilot.press(key)
            await until(pilot, lambda: "only y answers yes, and n or esc no" in shown(case.screen))
            assert ("switch the input mode" in shown(case.screen)) is not key.isascii(), key
            assert case.screen in case.app.screen_stack, key
            case.screen.hint = ""
        assert case.app.asked == []
        assert case.confirmed() == []
        assert len(case.hands.made) == 1
        await pilot.pause(2 * WORD)
        await pilot.press("y")
        await until(pilot, lambda: bool(case.went()))


@pytest.mark.parametrize(("action", "name"), [("reboot", "load-1"), ("stop-start", "old-root")])
@pytest.mark.parametrize(
    "typed",
    [
        "mongo-query",
        "payments-db",
        "eco-army",
        "yarn-1",
        "nat-a",
        "runner-2",
        "hayyan",
        "web-zoo",
        "oo-7",
        "nnn-1",
        "a-yy",
    ],
)
async def test_a_name_typed_where_none_is_asked_for_does_nothing(
    tmp_path: Path, action: str, name: str, typed: str
) -> None:
    case = Case(tmp_path, action, name)
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: case.screen.draft is not None and not case.screen.looking)
        if action == "reboot":
            await until(pilot, lambda: ready(case.screen))
        for letter in typed:
            await pilot.press(letter)
            await pilot.pause(1.5 * BURST)  # as fast as a person types
        await pilot.pause(2 * WORD)
        assert case.screen is case.app.screen
        assert case.app.asked == []
        assert case.confirmed() == []
        await pilot.press("o")
        await until(pilot, lambda: case.went() != [] or case.app.asked != [])


async def test_a_paste_answers_nothing(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        for text in ("y", "yes", "orders-1", "no", "report-1\r", "r\r"):
            case.app.post_message(events.Paste(text))
            await until(pilot, lambda: "what is pasted answers nothing" in shown(case.screen))
            case.screen.hint = ""
            await pilot.pause(2 * BURST)
            if len(text) == 1:
                continue  # by itself it is a key
            for char in text:  # a terminal that does not mark a paste: keys, all at once
                case.app.post_message(events.Key("enter" if char == "\r" else char, char))
            await until(pilot, lambda: "what is pasted answers nothing" in shown(case.screen))
            case.screen.hint = ""
            await pilot.pause(2 * BURST)
        assert case.screen in case.app.screen_stack
        assert case.app.asked == []
        assert case.confirmed() == []
        assert len(case.link().asked) == 1


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_a_no_says_that_nothing_was_sent(tmp_path: Path, key: str) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        await pilot.press(key)
        await until(pilot, lambda: case.screen not in case.app.screen_stack)
        assert told(case) == ["nothing was sent: Reboot load-1"]


async def test_a_block_that_is_left_and_a_plan_that_ran_out_say_so_too(tmp_path: Path) -> None:
    for action, name in (("stop-start", "old-root"), ("reboot", "load-1")):
        case = Case(tmp_path / action, action, name)
        async with case.app.run_test() as pilot:
            await until(pilot, lambda case=case: case.screen.draft is not None)  # type: ignore[misc] # bound at once
            if case.hands.made:
                case.journal.abandon(
                    case.hands.made[0][0], "not confirmed within 10 minutes", case.services.now()
                )
                await until(pilot, lambda case=case: "not confirmed within" in shown(case.screen))  # type: ignore[misc] # bound at once
            await pilot.press("escape", "escape")
            await until(pilot, lambda case=case: case.screen not in case.app.screen_stack)  # type: ignore[misc] # bound at once
            assert [one.split(": ")[0] for one in told(case)] == ["nothing was sent"]


async def test_a_name_typed_too_early_runs_no_commands(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "report-1")
    case = Case(tmp_path / "again", "stop-start", "payments-db-1", says="nothing")
    gate = asyncio.Event()
    link, answer = case.link(), case.link().request

    async def slow(request: protocol.ReadRequest) -> protocol.ReadAnswer:
        await gate.wait()
        return await answer(request)

    link.request = slow  # type: ignore[method-assign] # the answer comes when the test says so
    async with case.app.run_test() as pilot:
        await pilot.press(*"orders?r")
        gate.set()
        await until(pilot, lambda: case.screen.permission is not None)
        await pilot.press(*"orders?r", "enter")
        await pilot.pause()
        assert case.app.asked == []
        assert len(case.hands.made) == 1
        assert "dropped" in shown(case.screen)
        case.journal.set_permission(case.hands.made[0][0], Permission.YES)
        await until(pilot, lambda: ready(case.screen))
        assert case.screen.query_one(TypeName).value == ""


async def test_a_letter_typed_on_a_box_belongs_to_the_name(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    async with case.app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: ready(case.screen))
        case.screen.query_one("#drain").focus()
        await pilot.press("o")
        await pilot.press("r")
        await pilot.pause()
        assert case.app.asked == []
        assert isinstance(case.app.focused, TypeName)
        assert case.app.focused.value == "or"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("payments-db-2", ""),
        ("Payments-DB-1", "capital"),
        ("payments–db–1", "hyphen"),
        ("ｐayments-db-1", "input mode"),
    ],
)
async def test_a_wrong_name_stays_with_a_line_and_the_id_is_right(
    tmp_path: Path, wrong: str, why: str
) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        field = case.screen.query_one(TypeName)
        field.value = wrong
        await pilot.press("enter")
        await until(pilot, lambda: "that is not payments-db-1" in shown(case.screen))
        assert why in shown(case.screen)
        assert field.value == wrong
        assert case.confirmed() == []
        field.value = f" {named(case.services.store, 'payments-db-1').instance_id} "
        await pilot.press("enter")
        await until(pilot, lambda: bool(case.went()))


async def test_the_key_line_names_only_what_works_where_the_focus_is(tmp_path: Path) -> None:
    case = Case(tmp_path, "image", "mail-1")
    async with case.app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert isinstance(case.app.focused, TypeName)
        line = lines_of(case.app)[-1]
        assert "go on" in line
        assert "esc cancel" in line
        for letter in (" r ", " o ", " ? "):
            assert letter not in line
        case.screen.query_one("#image-name", Input).focus()
        await pilot.pause()
        line = lines_of(case.app)[-1]
        assert "ask AWS" in line
        assert " o " not in line
        case.screen.query_one("#no-reboot").focus()
        await pilot.pause()
        assert "space change" in lines_of(case.app)[-1]
    harmless = Case(tmp_path / "reboot", "reboot", "load-1")
    async with harmless.app.run_test() as pilot:
        await until(pilot, lambda: ready(harmless.screen))
        line = lines_of(harmless.app)[-1]
        for word in ("y yes", "n no", "r look again", "o operations", "? help"):
            assert word in line
        await pilot.press("o")
        await until(pilot, lambda: harmless.went() == [""])
        await pilot.press("r")
        await until(pilot, lambda: len(harmless.hands.made) == 2)


async def test_tab_then_space_leaves_the_amis_name_alone(tmp_path: Path) -> None:
    case = Case(tmp_path, "image", "mail-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        field = case.screen.query_one("#image-name", Input)
        before = field.value
        await pilot.press("tab", "space")
        assert field.value.strip() == before
        await pilot.press("tab", "space")
        await until(pilot, lambda: case.screen.draft.options.no_reboot)  # type: ignore[union-attr] # it is drawn
        await until(pilot, lambda: isinstance(case.screen.query_one(YesNo), YesNo) and ready(case.screen))
        assert case.screen.draft.options.image_name == before  # type: ignore[union-attr] # as above


# once more, when it is answered


async def test_what_changed_while_it_stood_open_is_shown_and_one_enter_answers(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    link = case.link()
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        group = link.facts.target_groups[0]  # type: ignore[index] # the stage gives one
        link.facts = replace(link.facts, target_groups=(replace(group, healthy=2),))
        await pilot.press(*"payments-db-1", "enter")
        await until(pilot, lambda: "changed: target group pay-db: 3 of 3 healthy" in shown(case.screen))
        assert "now 2 of 3 healthy" in shown(case.screen)
        assert case.confirmed() == []
        await until(pilot, lambda: ready(case.screen))
        field = case.screen.query_one(TypeName)
        assert field.value == "payments-db-1"
        assert case.app.focused is field
        await pilot.press("enter")
        await until(pilot, lambda: bool(case.went()))
    assert len(link.asked) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": InstanceState.STOPPED}, "it was running, it is stopped"),
        ({"launched_at": None}, "it was started anew"),
        ({"public_ip": clean("203.0.113.77")}, "its public address was"),
        ({"private_ip": clean("10.9.9.9")}, "its private address was"),
        ({"events": ()}, "its scheduled events are others"),
        ({"managed_by": clean("eks.amazonaws.com")}, "new: it is managed by eks.amazonaws.com"),
    ],
)
async def test_whatever_changed_is_no_longer_agreed_to(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    row = named(case.services.store, "payments-db-1")
    async with case.app.run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: ready(case.screen))
        case.services.store.apply(protocol.Delta(upserts=(replace(row, **changes),)))
        await pilot.press(*"payments-db-1", "enter")
        await until(pilot, lambda: words in shown(case.screen).replace("\n", " "))
        await pilot.pause(0.3)
        assert case.confirmed() == []


async def test_a_look_that_fails_at_the_answer_sends_nothing_and_keeps_what_was_typed(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        case.link().trouble = Trouble(TroubleKind.NETWORK, clean("no answer within 20 s"), clean("try again"))
        await pilot.press(*"payments-db-1", "enter")
        await until(pilot, lambda: "it could not be read, so nothing can be done" in shown(case.screen))
        assert case.confirmed() == []
        assert [one.state for one in case.journal.list()] == [OperationState.ABANDONED]
        case.link().trouble = None
        await pilot.press("r")
        await until(pilot, lambda: ready(case.screen))
        assert case.screen.query_one(TypeName).value == "payments-db-1"
        await pilot.press("enter")
        await until(pilot, lambda: bool(case.went()))


@pytest.mark.parametrize("when", ["before", "at the answer"])
async def test_a_look_that_fails_keeps_nobody_from_starting_what_is_down(tmp_path: Path, when: str) -> None:
    case = Case(tmp_path, "start", "standby-1")
    broken = Trouble(TroubleKind.NETWORK, clean("no answer within 20 s"), clean("try again"))
    case.link().trouble = broken if when == "before" else None
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        if when == "before":
            assert "A start hurts nobody: it is planned on what was read before (stopped)" in shown(
                case.screen
            )
        case.link().trouble = broken
        await pilot.press("y")
        await until(pilot, lambda: bool(case.went()) or EARLY in shown(case.screen))
        if not case.went():  # on a slow machine the question was drawn anew meanwhile
            await pilot.press("y")
        await until(pilot, lambda: bool(case.went()))


async def test_a_yes_to_a_question_that_was_drawn_anew_meanwhile_is_told_to_be_pressed_again(
    tmp_path: Path,
) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        await pilot.press("y")
        case.screen.query_one(YesNo).armed_at = time.monotonic() + 0.1
        await until(pilot, lambda: EARLY in shown(case.screen))
        assert case.confirmed() == []
        await pilot.pause(2 * WORD)
        await pilot.press("y")
        await until(pilot, lambda: bool(case.went()))


async def test_what_is_typed_while_it_looks_once_more_is_not_lost_nor_added(tmp_path: Path) -> None:
    case = Case(tmp_path, "stop-start", "payments-db-1")
    gate = asyncio.Event()
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        answer = case.link().request

        async def slow(request: protocol.ReadRequest) -> protocol.ReadAnswer:
            await gate.wait()
            return await answer(request)

        case.link().request = slow  # type: ignore[method-assign] # the answer comes when the test says so
        await pilot.press(*"payments-db-1", "enter")
        await until(pilot, lambda: "looking once more before anything is sent" in shown(case.screen))
        await pilot.press("o", "enter", "x")
        assert case.screen.query_one(TypeName).value == "payments-db-1"
        assert case.confirmed() == []
        gate.set()
        await until(pilot, lambda: bool(case.went()))
        assert len(case.went()) == 1


async def test_esc_while_it_looks_once_more_is_a_no(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    gate = asyncio.Event()
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        answer = case.link().request

        async def slow(request: protocol.ReadRequest) -> protocol.ReadAnswer:
            await gate.wait()
            return await answer(request)

        case.link().request = slow  # type: ignore[method-assign] # the answer comes when the test says so
        await pilot.press("y")
        await until(pilot, lambda: "looking once more" in shown(case.screen))
        await pilot.press("escape")
        await until(pilot, lambda: case.screen not in case.app.screen_stack)
        gate.set()
        await pilot.pause(0.1)
        assert case.confirmed() == []
        assert told(case) == ["nothing was sent: Reboot load-1"]


async def test_an_operation_begun_meanwhile_elsewhere_is_a_change(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot", "load-1")
    async with case.app.run_test() as pilot:
        await until(pilot, lambda: ready(case.screen))
        Play(case.services, "load-1", "stop-start").driven()
        await pilot.pause(1.2)  # the red line above takes room: the question stands anew
        await until(pilot, lambda: ready(case.screen))
        await pilot.press("y")
        await until(pilot, lambda: "changed: it can't be done now" in shown(case.screen))
        assert "is not finished" in shown(case.screen)


async def test_an_answer_that_comes_too_early_is_said_to_be_so(tmp_path: Path) -> None:
    for action, name, keys in (("reboot", "load-1", "y"), ("stop-start", "payments-db-1", "enter")):
        case = Case(tmp_path / action, action, name, pause=3600.0)
        async with case.app.run_test() as pilot:
            await until(pilot, lambda case=case: case.screen.armed and case.app.focused is not None)  # type: ignore[misc] # bound at once
            if keys == "enter":
                case.screen.query_one(TypeName).value = name
            await pilot.press(keys)
            await until(pilot, lambda case=case: EARLY in shown(case.screen))  # type: ignore[misc] # as above
            assert case.confirmed() == []
