"""The question `evac do` puts, and what satisfies it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from screens.confirm import plan_text
from tui.cli import output, plan_view
from tui.commands import VERBS, why_verb_blocked
from tui.config.durations import Duration
from tui.config.schema import Settings
from tui.config.schema import policy as policy_of
from tui.config.sections import ActionSettings, ProfileSettings
from tui.domain.actions import ActionOptions
from tui.domain.events import ScheduledEvent
from tui.domain.hazards import Gravity
from tui.domain.instance import Checks, CheckStatus, Instance, InstanceState, StatusCheck, Target
from tui.domain.plan import Draft, GuardKind, draft, why_no_image_name
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.presentation.plan_text import costs, plan_lines

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
OK = StatusCheck(CheckStatus.OK)


def made(action: str, name: str = "web-7", policy: Policy | None = None, **options: object) -> Draft:
    instance = Instance(
        Target("prod", "eu-west-1"),
        clean("i-0123456789abcdef0"),
        name=clean(name),
        state=InstanceState.RUNNING,
        checks=Checks(OK, OK, OK),
        root_device=clean("ebs"),
        events=(
            ScheduledEvent(
                clean("system-reboot"),
                clean("instance-event-1"),
                not_before=NOW + timedelta(days=2),
                deadline=NOW + timedelta(days=9),
            ),
        ),
    )
    return draft(action, instance, None, ActionOptions(**options), policy or Policy(), NOW)  # type: ignore[arg-type] # rows of a table


@pytest.mark.parametrize(
    ("action", "title"),
    [
        ("stop-start", "Stop and start web-7"),
        ("start", "Start web-7"),
        ("reboot", "Reboot web-7"),
        ("image", "Make an AMI of web-7"),
        ("reschedule", "Reschedule an event of web-7"),
    ],
)
def test_a_plans_title_is_a_sentence(action: str, title: str) -> None:
    assert made(action).title == title


@pytest.mark.parametrize(
    ("action", "given", "agreed"),
    [
        ("stop-start", "web-7", True),
        ("stop-start", "web-8", False),
        ("stop-start", "WEB-7", False),
        ("stop-start", "", False),
        ("stop-start", "y", False),
        ("reboot", "web-7", True),
        ("reboot", "y", False),
        ("reboot", "web-8", False),
    ],
)
def test_confirm_takes_the_name_and_nothing_else(action: str, given: str, agreed: bool) -> None:
    assert plan_view.agreed(made(action), given)[0] is agreed


@pytest.mark.parametrize(
    ("action", "answer", "agreed"),
    [
        ("stop-start", "web-7", True),
        ("stop-start", "y", False),
        ("stop-start", "", False),
        ("stop-start", None, False),
    ],
)
def test_a_hazardous_action_asks_for_the_name(
    action: str, answer: str | None, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(question: str) -> str | None:
        asked.append(question)
        return answer

    monkeypatch.setattr(output, "ask", ask)
    assert plan_view.agreed(made(action), None)[0] is agreed
    assert asked == ["Type web-7 to go on:"]


@pytest.mark.parametrize(
    ("answer", "agreed"), [("y", True), ("YES", True), ("n", False), ("", False), (None, False)]
)
def test_a_harmless_action_asks_yes_or_no(
    answer: str | None, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    harmless = made("reschedule", not_before=NOW + timedelta(days=5))
    assert harmless.guard.kind is GuardKind.YES_NO
    monkeypatch.setattr(output, "ask", lambda question: answer)
    assert plan_view.agreed(harmless, None)[0] is agreed


def test_a_blocked_plan_cannot_be_confirmed_by_any_means() -> None:
    blocked = made("stop-start", policy=Policy(read_only=True))
    ok, why = plan_view.agreed(blocked, "web-7")
    assert not ok
    assert "read-only" in why


def test_without_a_terminal_the_way_to_confirm_is_named() -> None:
    ok, why = plan_view.agreed(made("stop-start"), None)
    assert not ok
    assert "--confirm web-7" in why


def test_the_id_is_asked_where_the_configuration_says_so() -> None:
    policy = policy_of(Settings(actions=ActionSettings(confirm="id", image_max_age=Duration("2d"))), "prod")
    assert policy.image_max_age == timedelta(days=2)
    plan = made("stop-start", policy=policy)
    assert plan_view.agreed(plan, "i-0123456789abcdef0")[0]
    assert not plan_view.agreed(plan, "web-7")[0]


def test_a_profile_that_is_read_only_makes_a_read_only_policy() -> None:
    settings = Settings(profiles={"prod": ProfileSettings(read_only=True)})
    assert policy_of(settings, "prod").read_only
    assert not policy_of(settings, "dev").read_only


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-26T06:00:00Z", datetime(2026, 11, 26, 6, tzinfo=UTC)),
        ("2026-11-26T06:00:00+09:00", datetime(2026, 11, 25, 21, tzinfo=UTC)),
        ("2026-11-26 06:00", datetime(2026, 11, 26, 6, tzinfo=UTC)),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(text: str, expected: datetime) -> None:
    assert plan_view.parse_at(click.Context(click.Command("do")), click.Option(["--at"]), text) == expected


@pytest.mark.parametrize("text", ["tomorrow", "25:00", "2026-13-01", ""])
def test_what_is_no_time_is_wrong_use(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time"):
        plan_view.parse_at(click.Context(click.Command("do")), click.Option(["--at"]), text)


def test_the_plan_as_json_names_every_call() -> None:
    plan = plan_view.draft_object(made("stop-start"))
    calls = [call["operation"] for step in plan["steps"] for call in step["calls"]]
    assert list(dict.fromkeys(calls)) == ["StopInstances", "StartInstances"]
    assert plan["guard"] == {"kind": "type-name", "expected": "web-7", "unblock": []}
    assert all(set(hazard) == {"code", "gravity", "text", "remedy", "field"} for hazard in plan["hazards"])


def test_the_plan_as_text_shows_calls_and_hazards(capsys: pytest.CaptureFixture[str]) -> None:
    plan = made("stop-start")
    plan_view.print_plan(plan, Settings(ascii=True))
    out = capsys.readouterr().out
    assert "StopInstances i-0123456789abcdef0" in out
    for hazard in plan.hazards:
        assert hazard.text in out


@pytest.mark.parametrize("action", ["stop-start", "reboot", "image"])
def test_the_question_and_the_command_line_say_one_plan(
    action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = made(action)
    plan_view.print_plan(plan, Settings())
    printed = capsys.readouterr().out
    console = Console(width=1000, record=True, file=io.StringIO())
    console.print(plan_text.step_grid(plan, False), plan_text.consequences(plan.hazards, blocked=False))
    drawn = console.export_text()
    for number, line in enumerate(plan_lines(plan), 1):
        assert f"{number} {line.text}{line.then}" in printed
        assert f"{number} {line.text}{line.then}" in drawn
    for cost in costs(plan.hazards):
        for text in (cost.sign.named, cost.text, cost.remedy):
            assert text in printed
            assert text in drawn


@pytest.mark.parametrize("name", ["web\N{ZERO WIDTH SPACE}7", "web-7 ", ""])
def test_a_name_nobody_can_type_gives_way_to_the_id(name: str) -> None:
    assert made("stop-start", name).guard.expected == "i-0123456789abcdef0"


def test_an_action_the_site_has_switched_off_cannot_be_confirmed() -> None:
    policy = policy_of(Settings(actions_off=("reboot",)), "prod")
    off = made("reboot", policy=policy)
    assert off.guard.kind is GuardKind.BLOCKED
    assert "the site policy has switched reboot off" in off.guard.unblock
    assert made("image", policy=policy).guard.kind is not GuardKind.BLOCKED


def test_a_hazard_the_site_blocks_cannot_be_confirmed_nor_where_nobody_knows_it() -> None:
    """Nothing was looked up for `made`: whether it has a public address of AWS's is not known, which is no reassurance."""
    policy = policy_of(Settings(blocking=("load-balancer",)), "prod")
    assert made("stop-start").guard.kind is GuardKind.TYPE_NAME
    blocked = made("stop-start", policy=policy)
    assert blocked.guard.kind is GuardKind.BLOCKED
    assert any("site policy" in line for line in blocked.guard.unblock)
    hazard = next(one for one in blocked.hazards if one.code == "load-balancer")
    assert (hazard.gravity, hazard.known) == (Gravity.BLOCK, False)


def test_the_key_says_what_the_site_has_switched_off() -> None:
    instance = Instance(
        Target("prod", "eu-west-1"), clean("i-0123456789abcdef0"), state=InstanceState.RUNNING
    )
    assert why_verb_blocked(VERBS["reboot"], instance, read_only=False, off=("reboot",)) == (
        "the site policy has switched reboot off"
    )
    assert why_verb_blocked(VERBS["image"], instance, read_only=False, off=("reboot",)) is None


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("web 2026", True),
        ("a(b)[c]./-'@_ 9", True),
        ("ab", False),
        ("x" * 128, True),
        ("x" * 129, False),
        ("web:1", False),
        ("wéb", False),
        ("web\x1b[31m", False),
        ("web\u202e", False),
        ("\ud800web", False),
    ],
)
def test_a_name_that_aws_would_refuse_is_refused_with_its_rule(name: str, right: bool) -> None:
    assert (why_no_image_name(name) == "") is right
    plan = made("image", image_name=name)
    assert (plan.guard.kind is not GuardKind.BLOCKED) is right
    assert "\x1b" not in "".join(plan.guard.unblock)


@given(st.text(max_size=300))
def test_the_proposed_name_keeps_the_rule_whatever_the_instance_is_called(label: str) -> None:
    assert why_no_image_name(made("image", name=label).options.image_name) == ""
