"""The operations: what needs a person is on top, what runs is alive, and each verb says what it did or why not."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input, Static

from screens.base import Act, AlertLine, Go
from screens.confirm.question import TypeName
from screens.operations import OperationsScreen
from screens.operations.abandon import AbandonQuestion
from screens.operations.lines import operation_facts
from screens.operations.table import OperationTable
from tests.journal_file import change
from tests.screens.fake_runner import Play, facts_of
from tests.screens.fake_services import NOW, Stage, plain_facts
from tests.screens.operation_factory import cut, finished, recovery_off, retrying, running
from tests.screens.pilot_helpers import lines_of, text_of, until
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings
from tui.domain.actions import ACTIONS
from tui.domain.answers import Permission
from tui.operations import audit_log, recovery
from tui.operations.model import Operation, OperationState, StepState
from tui.services import Services


def lines(screen: OperationsScreen) -> list[str]:
    table = screen.query_one(OperationTable)
    return [table.render_line(y).text[1:] for y in range(1, len(table.rows) + 1)]


def drawn(screen: OperationsScreen) -> list[str]:
    """All lines of the list, those without an operation too."""
    table = screen.query_one(OperationTable)
    return [table.render_line(y).text for y in range(table.size.height)]


def told(screen: Any) -> str:
    """The lower pane as text."""
    parts: list[str] = []
    for one in screen.query_one("#told", Static).content.renderables:
        if hasattr(one, "columns"):
            parts += [
                " ".join(map(str, row))
                for row in zip(*(column._cells for column in one.columns), strict=True)
            ]
        else:
            parts.append(str(one))
    return "\n".join(parts)


def note(app: Stage) -> str:
    return " | ".join(one.message for one in app._notifications)


async def test_an_empty_journal_is_one_good_sentence(given: Services) -> None:
    screen = OperationsScreen(given)
    async with Stage(screen).run_test() as pilot:
        await pilot.pause()
        assert any("Nothing has been done yet" in line for line in drawn(screen))
        await pilot.press("enter", "r", "a", "y", "j")


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (160, 50)])
async def test_account_and_region_are_named_at_every_size(given: Services, size: tuple[int, int]) -> None:
    retrying(given)
    given.settings = replace(
        given.settings, profiles={"data": ProfileSettings(label="acme-data-warehouse-prod")}
    )
    screen = OperationsScreen(given)
    async with Stage(screen).run_test(size=size) as pilot:
        await pilot.pause()
        line = lines(screen)[0]
        assert "use1" in line or "us-east-1" in line
        assert "acm" in line
        assert "rod" in line


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (160, 50)])
@pytest.mark.parametrize("action", ACTIONS)
async def test_the_name_of_an_action_is_whole_at_every_size(
    given: Services, size: tuple[int, int], action: str
) -> None:
    """Those of A end differently only. Beside them the narrowest list still says how long each took, all but the longest."""
    Play(given, "mail-1", "image").end()
    assert given.journal is not None
    change(given.journal.path, "UPDATE operation SET action=?", action)
    screen = OperationsScreen(given)
    app = Stage(screen)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: bool(screen.query_one(OperationTable).rows))
        (line,) = lines(screen)
        assert f" {action} mail-1 " in re.sub(" +", " ", line)
        assert (" took" in text_of(app)) is (action != "start-after-stop" or size[0] > 80)


async def test_only_keys_that_do_something_are_named(given: Services) -> None:
    """Of what is chosen: r and a of what has not ended, r only where nobody drives it, u only where there is something to
    undo; and nothing at all where there is no operation."""
    screen = OperationsScreen(given)
    app = Stage(screen)

    def keys() -> set[str]:
        return {verb.key for verb, _ in screen.keys_now() if verb.name not in ("help", "quit", "back")}

    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        assert keys() == set()
        for play, expected in (
            (finished, "enter y"), (recovery_off, "enter y u"), (retrying, "enter y a"), (cut, "enter y a r"),
        ):  # fmt: skip
            screen.follow = play(given).id
            screen.came_again(screen.follow)
            await until(pilot, lambda: screen.current is not None and screen.current.id == screen.follow)
            assert keys() == set(expected.split())


async def test_what_needs_a_person_comes_first_then_what_runs_then_the_newest(given: Services) -> None:
    finished(given), running(given), cut(given), retrying(given)
    screen = OperationsScreen(given)
    async with Stage(screen).run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        found = lines(screen)
        assert [
            "batch-14" in found[0],
            "web-3" in found[1],
            "mail-1" in found[2],
            "payments-db-2" in found[3],
        ] == [True] * 4
        assert "needs you" in found[0]
        assert "4/7 start" in found[0]
        assert "DATA us-east-1" in found[0]
        assert "cut off" in found[1]
        assert "succeeded" in found[3]
        assert "7/7" in found[3]


async def test_a_plan_that_was_never_confirmed_is_not_an_operation(given: Services) -> None:
    assert given.journal is not None
    play = Play(given, "mail-1", "image")
    plan = play.read()
    cancelled = OperationsScreen(given)
    statement = "UPDATE operation SET confirmed_at=NULL, state='abandoned' WHERE id=?"
    change(given.journal.path, statement, plan.id)
    async with Stage(cancelled).run_test() as pilot:
        await pilot.pause()
        assert lines(cancelled) == []


async def test_a_hundred_questions_that_were_left_push_nothing_out(given: Services) -> None:
    """And what is followed is shown, whatever it is."""
    assert given.journal is not None
    done = finished(given)
    left = [Play(given, "mail-1", "image") for _ in range(101)][-1]
    statement = "UPDATE operation SET confirmed_at=NULL, state='abandoned' WHERE id<>?"
    change(given.journal.path, statement, done.id)
    for follow, shown in (("", [done.id]), (left.id, [left.id, done.id])):
        screen = OperationsScreen(given, follow=follow)
        async with Stage(screen).run_test(size=(120, 35)) as pilot:
            await pilot.pause()
            names = ["mail-1" if one == left.id else "payments-db-2" for one in shown]
            told_of = lines(screen)
            assert len(told_of) == len(names)
            assert all(name in line for name, line in zip(names, told_of, strict=True))
            assert "older" not in text_of(pilot.app)


async def test_the_one_to_follow_is_selected_and_shown_to_its_end(given: Services) -> None:
    retrying(given)
    play = Play(given, "load-1", "reboot").begin("reboot").driven()
    screen = OperationsScreen(given, play.id)
    async with Stage(screen).run_test() as pilot:
        await pilot.pause()
        assert screen.current is not None
        assert screen.current.id == play.id
        assert "RebootInstances: accepted (req-reboot)" in told(screen)
        assert "permission AWS said yes" in told(screen)
        play.journal.end_step(play.id, "reboot", StepState.DONE, "queued by AWS", NOW)
        play.done("wait-checks", "verify-event").end(note="the event is gone or completed")
        await until(pilot, lambda: "succeeded" in told(screen))
        assert screen.current.id == play.id


async def test_keys_move_and_the_cursor_stays_on_its_operation(given: Services) -> None:
    finished(given), running(given)
    screen = OperationsScreen(given)
    async with Stage(screen).run_test() as pilot:
        await pilot.pause()
        await pilot.press("j")
        assert screen.current is not None
        assert screen.current.instance_name == "payments-db-2"
        retrying(given)
        screen.fleet_changed()
        await pilot.pause()
        assert screen.current.instance_name == "payments-db-2"
        await pilot.press("g")
        assert screen.current.instance_name == "batch-14"
        await pilot.press("down", "k", "enter")
        await until(pilot, lambda: bool(screen.app.asked))  # type: ignore[attr-defined] # the stage
        (asked,) = screen.app.asked  # type: ignore[attr-defined] # the stage
        assert isinstance(asked, Go)
        assert asked.place == "detail"
        assert asked.key == f"us-east-1/{screen.current.instance_id}"


async def test_the_journal_is_read_only_when_another_process_changed_it(
    given: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = running(given)
    screen = OperationsScreen(given)
    assert given.journal is not None
    reads: list[int] = []
    asked = given.journal.list

    def counted(*limit: int, confirmed: bool) -> Sequence[Operation]:
        reads.append(1)
        return asked(*limit, confirmed=confirmed)

    monkeypatch.setattr(given.journal, "list", counted)
    async with Stage(screen).run_test() as pilot:
        await pilot.pause()
        while given.journal.revision() != given.journal.revision():  # written a moment ago
            await pilot.pause(0.01)
        screen.tick()
        before = len(reads)
        for _ in range(5):
            screen.tick()
            screen.fleet_changed()
        assert len(reads) == before
        play.say("ami-1 is nearly there")
        screen.tick()
        assert len(reads) == before + 1
        assert "ami-1 is nearly there" in told(screen)


async def press_resume(
    given: Services, monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> tuple[list[str], str]:
    asked: list[str] = []

    def resume(journal: Any, operation: Any, *rest: Any) -> str | None:
        asked.append(operation.id)
        return answer

    monkeypatch.setattr(recovery, "resume", resume)
    app = Stage(OperationsScreen(given))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("r")
        await pilot.pause()
        return asked, note(app)


async def test_r_resumes_what_was_cut_off(given: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    play = cut(given)
    assert await press_resume(given, monkeypatch, None) == ([play.id], "web-3: resumed")


async def test_r_says_why_not(given: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(given)
    _, said = await press_resume(given, monkeypatch, "somebody else resumed it")
    assert said == "web-3: can't be resumed, somebody else resumed it"


async def test_what_is_driven_is_not_resumed(given: Services) -> None:
    retrying(given)
    app = Stage(OperationsScreen(given))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("r")
        await pilot.pause()
        assert "process 812 on bastion-2.example drives it" in note(app)


async def abandoning(pilot: Pilot[None], typed: str) -> None:
    await pilot.pause()
    await pilot.press("a")
    await until(pilot, lambda: isinstance(pilot.app.screen, AbandonQuestion))
    await until(pilot, lambda: isinstance(pilot.app.focused, Input))
    await pilot.press(*typed, "enter")
    await pilot.pause()


async def test_abandoning_says_that_the_server_stays_down_and_wants_the_name(given: Services) -> None:
    play = cut(given)
    app = Stage(OperationsScreen(given))
    async with app.run_test() as pilot:
        await abandoning(pilot, "web-4")
        assert isinstance(app.screen, AbandonQuestion)
        text = " ".join(str(one.render()) for one in app.screen.query(Static))
        assert "web-3 is STOPPED and STAYS stopped" in text
        assert "that is not web-3: it goes on" in text
        assert play.read().is_open
        await pilot.press("backspace", "3", "enter")
        await until(pilot, lambda: play.read().state is OperationState.ABANDONED)
        await pilot.pause()
        assert "STAYS stopped" in note(app)
    assert given.journal is not None
    (line,) = [json.loads(one) for one in audit_log.path_beside(given.journal.path).read_text().splitlines()]
    assert line["result"] == "abandoned"
    assert line["operation"] == play.id


async def test_esc_keeps_it(given: Services) -> None:
    play = cut(given)
    app = Stage(OperationsScreen(given))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AbandonQuestion))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OperationsScreen))
        assert play.read().is_open
        assert [one.message for one in app._notifications] == ["web-3: not abandoned, nothing was changed"]


async def test_it_is_answered_only_where_it_can_be_read_and_by_the_id_as_well(given: Services) -> None:
    play = cut(given)
    app = Stage(OperationsScreen(given))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, AbandonQuestion))
        for size in ((80, 12), (80, 7), (40, 11), (160, 50), (30, 9)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            text = "\n".join(lines_of(app))
            field = app.screen.query_one(TypeName)
            assert field.display is ("Type web-3" in text), f"{size}:\n{text}"
            assert field.display or "nothing is asked" in text, f"{size}:\n{text}"
        assert not field.display
        await pilot.press(*"web-3", "enter")
        assert play.read().is_open
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        await pilot.press(*play.read().instance_id, "enter")
        await until(pilot, lambda: play.read().state is OperationState.ABANDONED)


async def test_abandoned_out_of_service_it_is_returned_there_first(given: Services) -> None:
    play = Play(given, "web-4", facts=facts_of("web-4")).done("enter-standby").driven()
    app = Stage(OperationsScreen(given))
    async with app.run_test() as pilot:
        await abandoning(pilot, "web-4")
        held = play.read()
        assert held.is_open
        assert held.rolling_back
        assert [row.name for row in held.steps if row.state not in ("done", "skipped")] == [
            "exit-standby", "wait-healthy",
        ]  # fmt: skip
        question = AbandonQuestion(held, NOW)
        app.push_screen(question)
        await pilot.pause()
        told = "\n".join(str(one.render()) for one in question.query(Static))
        assert "STAYS in Standby" in told
        assert "aws autoscaling exit-standby" in told


async def test_what_has_ended_cannot_be_abandoned(given: Services) -> None:
    finished(given)
    app = Stage(OperationsScreen(given))
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(app.screen, OperationsScreen)
        assert "Abandon: payments-db-2: it has ended: succeeded" in note(app)


async def test_in_read_only_nothing_is_abandoned_or_resumed(given: Services) -> None:
    play = cut(given)
    app = Stage(
        OperationsScreen(
            replace(given, settings=Settings(profiles={"prod": ProfileSettings(read_only=True)}))
        )
    )
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("a", "r")
        await pilot.pause()
        assert isinstance(app.screen, OperationsScreen)
        assert note(app).count("read-only") == 2
        assert play.read().is_open


async def test_the_summary_can_be_pasted(given: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    play = retrying(given)
    app = Stage(OperationsScreen(given))
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("y")
    (text,) = copied
    assert text.startswith("Stop and start batch-14 (i-")
    assert "needs you" in text
    assert "start: running" in text
    assert "StartInstances: accepted (req-start)" in text
    assert play.id in text
    assert "2222-3333-4444" in text


async def test_a_journal_that_cannot_be_used_is_said(given: Services) -> None:
    screen = OperationsScreen(
        replace(given, journal=None, journal_trouble="the journal can't be used: free the disk")
    )
    async with Stage(screen).run_test() as pilot:
        await pilot.pause()
        assert any("free the disk" in line for line in drawn(screen))
        assert "free the disk" in str(screen.query_one(AlertLine).render())
        await pilot.press("r", "a", "y", "enter")


async def test_what_aws_cannot_be_asked_is_not_its_silence(given: Services) -> None:
    """PutMetricAlarm knows no dry run."""
    one = Play(given, "mail-1", "recover-alarm", facts=plain_facts(alarms=())).end().read()
    asked = replace(one, permission=Permission.UNKNOWN)
    unasked = replace(asked, steps=(replace(one.steps[0], calls=()), *one.steps[1:]))
    for operation, told in ((asked, "AWS did not say"), (unasked, "AWS can't be asked for PutMetricAlarm")):
        facts = dict(operation_facts(operation, given.settings, given.zone, NOW))
        assert facts["permission"] == told


async def test_u_asks_to_put_back_what_an_operation_set(given: Services) -> None:
    play = recovery_off(given)
    screen = OperationsScreen(given)
    app = Stage(screen)
    async with app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: screen.current is not None)
        assert " u undo" in lines_of(app)[-1]
        await pilot.press("u")
        await until(pilot, lambda: app.asked)
        (asked,) = app.asked
        assert isinstance(asked, Act)
        one = play.read()
        assert (asked.action, asked.key) == ("undo", f"{one.region}/{one.instance_id}")
        assert asked.options is not None
        assert asked.options.undone is not None
        assert asked.options.undone.operation == one.id
        assert asked.instance is not None  # an alarm outlives its instance


async def test_what_cannot_be_undone_says_why(given: Services) -> None:
    finished(given)
    screen = OperationsScreen(given)
    app = Stage(screen)
    async with app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: screen.current is not None)
        assert "undo" not in lines_of(app)[-1]
        await pilot.press("u")
        await until(pilot, lambda: "stop-start can't be undone" in note(app))
        assert app.asked == []


async def test_read_only_undoes_nothing(given: Services) -> None:
    recovery_off(given)
    screen = OperationsScreen(replace(given, settings=Settings(read_only=True)))
    app = Stage(screen)
    async with app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: screen.current is not None)
        await pilot.press("u")
        await until(pilot, lambda: "Undo: read-only: no changes" in note(app))
        assert app.asked == []
