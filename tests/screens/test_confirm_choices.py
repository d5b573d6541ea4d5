"""What can be chosen in the question: an AMI first, the way out of service, a name, a time."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.app import App
from textual.widgets import Input

from screens.confirm import ConfirmScreen
from screens.confirm.choices import Choices, Cycle, Toggle
from screens.confirm.question import TypeName, YesNo
from tests.screens.confirm_pilot import Case, ready, shown
from tests.screens.fake_runner import acting
from tests.screens.fake_services import NOW, SETTINGS, Stage, StandIn, named, plain_facts, sample_store
from tests.screens.pilot_helpers import text_of, until
from tests.unit.extra_hazard import second_override
from tui.config.durations import Limit
from tui.config.sections import ActionSettings, MaintenanceSettings
from tui.domain.actions import ActionOptions
from tui.domain.actions.base import Undone
from tui.domain.alarm_settings import AlarmChange, alarm_name, check_alarm
from tui.domain.choices import Offer
from tui.domain.facts import Facts, TargetGroup
from tui.domain.instance import InstanceState
from tui.domain.sanitize import clean
from tui.fleet import protocol
from tui.operations.model import OperationState


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
        case.screen.query_one("#override-last-healthy").focus()
        await pilot.press("space")
        await until(pilot, lambda: ready(case.screen))
        case.screen.set_focus(case.screen.query_one(TypeName))
        await pilot.press(*"report-1", "enter")
        await until(pilot, lambda: bool(case.confirmed()))
        held = case.journal.get(case.confirmed()[0])
        assert held is not None
        assert held.kept.options.overrides == ("last-healthy",)


async def test_one_box_lifts_one_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second_override(monkeypatch)
    case = Case(tmp_path, "stop-start", "report-1")
    async with case.app.run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: "[ ] override fake: do what is made up" in shown(case.screen))
        for code, left in (("last-healthy", "it is made up"), ("fake", "last healthy member")):
            case.screen.query_one(f"#override-{code}").focus()
            await pilot.press("space")
            await until(pilot, lambda code=code: case.screen.draft.options.overrides == (code,))  # type: ignore[misc,union-attr] # it is there by now
            await pilot.pause()
            assert "This can't be done now" in shown(case.screen)
            assert any(left in one for one in case.screen.draft.guard.unblock)  # type: ignore[union-attr] # as above
            assert case.hands.made == []
            await pilot.press("space")
        case.screen.query_one("#override-last-healthy").focus()
        await pilot.press("space", "tab", "space")
        await until(pilot, lambda: bool(case.hands.made) and ready(case.screen))


async def test_an_ami_that_policy_demands_cannot_be_left_out(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SETTINGS, actions=ActionSettings(require_image=Limit("7d")))
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


async def test_a_group_that_is_not_waited_for_stays_so_when_there_is_more_to_choose() -> None:
    drain = Offer("drain", "drain first", on=True)
    row, chosen = named(sample_store(), "payments-db-1"), ActionOptions(if_held="refuse")
    held = Offer("if-held", "wait while others hold its group", on=True)
    before = Choices("reboot", row, NOW, UTC, chosen, [held])
    after = Choices("reboot", row, NOW, UTC, ActionOptions(), [drain, held])
    after.keep(before)
    async with App[None]().run_test() as pilot:
        await pilot.app.mount(after)
        assert after.options.if_held == "refuse"
        assert {one.id: one.on for one in after.query(Toggle)} == {"drain": True, "if-held": False}


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


async def test_the_next_hour_of_maintenance_is_proposed_and_it_says_what_falls_together(
    tmp_path: Path,
) -> None:
    settings = msgspec.structs.replace(
        SETTINGS, maintenance=MaintenanceSettings("Tue-Thu 03:00-05:00 Asia/Seoul")
    )
    case = Case(tmp_path, "reschedule", "ledger-1", settings=settings)
    mate = str(named(case.services.store, "payments-db-1").instance_id)
    own = case.key.rpartition("/")[2]
    group = TargetGroup(
        clean("pay-db"), clean("arn:aws:elasticloadbalancing:r:1:targetgroup/pay-db/1"), clean("healthy"), 2, 2,
        target_id=clean(own), up=(clean(own), clean(mate)),
    )  # fmt: skip
    case.link().facts = plain_facts(target_groups=(group,))
    async with case.app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: isinstance(case.app.focused, Input))
        assert case.screen.query_one("#new-start", Input).value == "2026-05-05 03:00"
        told = " ".join(shown(case.screen).split())
        assert "the next hour of maintenance (Tue-Thu 03:00-05:00 Asia/Seoul)" in told
        apart = "less than a day apart: payments-db-1 of target group pay-db (instance-stop Mon 15:12 KST (06:12 UTC))"
        assert f"{apart}; the next hour of maintenance without that is Wed 03:00 KST (Tue 18:00 UTC)" in told
        case.screen.query_one("#new-start", Input).value = "2026-05-06 03:00"
        await pilot.pause()
        assert "less than a day apart" not in shown(case.screen)


async def test_the_event_that_was_meant_is_moved_or_none(tmp_path: Path) -> None:
    case = Case(tmp_path, "reschedule", "ledger-1")
    row = named(case.services.store, "ledger-1")
    retirement = next(one for one in row.events if one.code_text == "instance-retirement")
    options = ActionOptions(event_id=str(retirement.event_id))
    case.screen = ConfirmScreen(case.services, "reschedule", case.key, options=options)
    case.app = Stage(case.screen)
    async with case.app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: case.screen.draft is not None)
        assert "AWS set no deadline for this event" in " ".join(shown(case.screen).split())
        assert not case.screen.query("#new-start")
        assert case.hands.made == []


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


def looked(**changes: Any) -> Facts:
    """Looked at with the alarms of evac's names: there are none."""
    return plain_facts(alarms=(), **changes)


async def test_how_long_a_check_fails_before_its_alarm_acts_can_be_chosen(tmp_path: Path) -> None:
    case = Case(tmp_path, "reboot-alarm", "bastion")
    case.link().facts = looked()
    async with case.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: ready(case.screen))
        assert "at least 1 (Maximum) in 3 of 3 periods" in " ".join(shown(case.screen).split())
        assert "‹ 3 minutes, as proposed ›" in text_of(case.app)
        case.screen.query_one(Cycle).focus()
        await pilot.press("space")
        await until(pilot, lambda: len(case.hands.made) == 2 and ready(case.screen))
        assert "in 5 of 5 periods" in " ".join(shown(case.screen).split())
        assert "‹ 5 minutes ›" in text_of(case.app)
        case.screen.verb_reread()  # what was chosen stays chosen
        await until(pilot, lambda: len(case.hands.made) == 3 and ready(case.screen))
        assert "in 5 of 5 periods" in " ".join(shown(case.screen).split())


async def test_automatic_recovery_that_is_on_can_be_switched_off(tmp_path: Path) -> None:
    case = Case(tmp_path, "auto-recovery", "bastion")
    case.link().facts = looked()
    async with case.app.run_test(size=(80, 24)) as pilot:
        await until(
            pilot, lambda: "it is on already" in text_of(case.app).replace("automatic recovery is", "it is")
        )
        assert "[ ] switch it off instead of on" in text_of(case.app)
        case.screen.query_one("#switch-off").focus()
        await pilot.press("space")
        await until(pilot, lambda: ready(case.screen))
        assert "AutoRecovery=disabled" in shown(case.screen)
        (made,) = case.hands.made
        operation = case.journal.get(made[0])
        assert operation is not None
        assert operation.kept.options.switch_off


async def test_an_undo_is_asked_of_an_instance_that_is_gone_as_well(tmp_path: Path) -> None:
    """An alarm outlives its instance, and acts on nothing: it is put back all the same."""
    given, _, key = acting(tmp_path, "bastion")
    wanted = check_alarm("recover", key.rpartition("/")[2], "us-east-1", periods=2)
    undone = Undone("op-1", AlarmChange(alarm_name("recover", key.rpartition("/")[2]), wanted))
    row = named(given.store, "bastion")
    link = given.link
    assert isinstance(link, StandIn)
    link.facts = looked()
    screen = ConfirmScreen(given, "undo", key, "", ActionOptions(undone=undone), row)
    given.store.apply(protocol.Delta(removed=(key,)))
    app = Stage(screen)
    async with app.run_test(size=(120, 35)) as pilot:
        await until(pilot, lambda: "DeleteAlarms" in text_of(app))
        assert "it is no longer in the list" not in text_of(app)
        assert screen.instance is not None
        assert screen.instance.state is InstanceState.TERMINATED
