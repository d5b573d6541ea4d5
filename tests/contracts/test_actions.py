"""An action is one file: whatever lists actions, keys or hazards follows from the registries, and every action can be planned."""

from __future__ import annotations

import importlib
import pkgutil
import re
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

import screens
from screens.base import EvacScreen
from tests.unit.hazard_cases import KNOWN, NOW, SAFE, T, image
from tui.cli.do import do_command
from tui.commands import GUARDED, VERBS, effective, offered, verb_of, worded
from tui.config import schema
from tui.config.durations import Duration
from tui.config.schema import Settings
from tui.config.sections import ActionSettings
from tui.domain.actions import ACTIONS, ON_INSTANCES, OVERRIDES, ActionOptions, alike
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.guidance import explain
from tui.domain.hazards import HAZARD_CHECKS, HAZARD_CODES, Gravity, hazards
from tui.domain.instance import InstanceState
from tui.domain.plan import GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.steps import STEPS, calls_of
from tui.domain.steps.base import Order
from tui.domain.this_machine import NOWHERE
from tui.operations.conflicts import in_the_way
from tui.presentation.listing_export import listed_hazards

ROOT = Path(__file__).parents[2]
EVENT = ScheduledEvent(
    T("instance-stop"), T("e-1"), not_before=NOW + timedelta(hours=9), deadline=NOW + timedelta(days=9)
)


@pytest.mark.parametrize("facts", [None, KNOWN], ids=["listed", "looked at"])
@pytest.mark.parametrize("state", InstanceState)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_planned_in_every_state(
    action: str, state: InstanceState, facts: Facts | None
) -> None:
    instance = replace(SAFE, state=state, events=(EVENT,))
    options = ActionOptions(not_before=NOW + timedelta(days=2))
    plan = draft(action, instance, facts, options, Policy(), NOW)
    one = ACTIONS[action]
    assert [step.name for step in plan.steps][1:] == list(one.step_names(plan.options))
    assert all(step.text and step.about for step in plan.steps)
    assert plan.calls
    blocks = [found for found in plan.hazards if found.gravity is Gravity.BLOCK]
    fits = state in one.states or state is InstanceState.UNKNOWN
    assert ("state" in {found.code for found in blocks}) is not fits
    assert (plan.guard.kind is GuardKind.BLOCKED) is bool(blocks)
    if fits and state is not InstanceState.UNKNOWN and not one.of_operation:
        assert action in alike(effective(verb_of(action).name, instance))


@pytest.mark.parametrize("events", [(), (EVENT,), (replace(EVENT, deadline=None),)])
@pytest.mark.parametrize("state", InstanceState)
@pytest.mark.parametrize("action", ACTIONS)
def test_no_block_is_told_twice(
    action: str, state: InstanceState, events: tuple[ScheduledEvent, ...]
) -> None:
    """The audit log and `evac do` join these into one sentence."""
    for options in (ActionOptions(), ActionOptions(event_id="e-9")):
        plan = draft(action, replace(SAFE, state=state, events=events), KNOWN, options, Policy(), NOW)
        parts = [part for one in plan.guard.unblock for part in re.split(r"; |: ", one)]
        assert len(parts) == len(set(parts)), plan.guard.unblock
        assert len([one for one in plan.guard.unblock if one.startswith(f"it is {state}")]) <= 1
        told = [one.code for one in plan.hazards if one.gravity is Gravity.BLOCK]
        assert len(plan.guard.unblock) == len(told) + ("no new start was given" in str(plan.guard.unblock))
        assert not any("None" in call.text or call.text.endswith("=") for call in plan.calls)


def test_a_block_of_an_event_that_is_not_there_is_one_sentence_and_its_call_names_no_gap() -> None:
    plan = draft("reschedule", SAFE, KNOWN, ActionOptions(), Policy(), NOW)
    assert plan.guard.unblock == ("it can't be moved: no scheduled event is open: press r to refresh",)
    assert [call.text for call in plan.calls] == ["ModifyInstanceEventStartTime i-1"]


@pytest.mark.parametrize("age", ["1d", "7d", "30d"])
def test_all_that_judge_an_ami_s_age_give_one_answer(age: str) -> None:
    """The question, guidance (list, detail and `evac explain`) and `status --json`, under one `actions.image_max_age`."""
    settings = Settings(actions=ActionSettings(image_max_age=Duration(age)))
    rules = schema.policy(settings, "prod")
    made = image(timedelta(days=10))
    instance = replace(SAFE, events=(EVENT,), newest_image=made, images_at=NOW)
    facts = replace(KNOWN, images=(made,))
    fresh = age == "30d"
    plan = draft("stop-start", instance, facts, ActionOptions(), rules, NOW)
    (asked,) = [one for one in plan.hazards if one.code == "image"]
    assert (asked.gravity is Gravity.OK) is fresh
    for known in (None, facts):
        advice = explain(instance, known, rules, NOW, UTC).recommended
        assert advice is not None
        assert ("no fresh AMI" not in advice.why) is fresh
    listed = [one for one in listed_hazards(settings, instance, NOW, NOWHERE) if one.code == "image"]
    assert (listed == []) is fresh


def test_the_policy_s_defaults_are_the_settings_own() -> None:
    assert Policy(keep=schema.keep(Settings())) == schema.policy(Settings(), "any")


def test_what_follows_from_steps_is_the_same_wherever_it_is_asked() -> None:
    for name, one in ACTIONS.items():
        assert set(one.steps) <= set(STEPS)
        assert set(one.step_words) <= set(one.steps)
        assert Order("", name, "").powers is one.powers
        assert one.released_by in {
            "",
            *(call.operation for call in calls_of(name, Order("", "", ""), ActionOptions())),
        }
        assert one.takes <= set(ActionOptions.__struct_fields__)
        assert one.deed
    assert len({one.rank for one in ACTIONS.values()}) == len(ACTIONS)
    assert in_the_way([], "reschedule", "r", "i-1") is None


def test_every_action_has_one_key_and_every_key_is_shown() -> None:
    assert {VERBS[name].key for name in GUARDED} == {ACTIONS[name].key for name in ON_INSTANCES}
    assert [name for name, verb in VERBS.items() if verb.mutates] == list(GUARDED)
    for name in GUARDED:
        assert VERBS[name].in_key_line
    stopped = replace(SAFE, state=InstanceState.STOPPED)
    assert worded(VERBS["stop-start"], stopped).word == ACTIONS["start"].footer
    assert worded(VERBS["stop-start"], SAFE).word == ACTIONS["stop-start"].footer
    assert not offered("start-after-stop", SAFE, NOW)


def test_every_screen_about_instances_has_every_action() -> None:
    from screens.detail.screen import DetailScreen
    from screens.fleet.screen import FleetScreen

    for screen in (DetailScreen, FleetScreen):
        assert set(GUARDED) <= set(screen.NAMES)


def test_a_key_without_a_method_is_an_error_when_the_screen_is_loaded() -> None:
    for one in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(one.name)
    with pytest.raises(TypeError, match="Dead has the verb export, and no verb_export"):
        type("Dead", (EvacScreen,), {"NAMES": ("back", "export")})


def test_the_command_takes_every_action() -> None:
    (argument,) = [one for one in do_command.params if one.name == "action"]
    assert list(cast("Any", argument.type).choices) == list(ON_INSTANCES)
    assert all(name in (do_command.help or "") for name in ON_INSTANCES)


def test_each_hazard_yields_its_code_for_steps_that_there_are() -> None:
    assert set(HAZARD_CODES) == {one.code for one in HAZARD_CHECKS}
    for check in HAZARD_CHECKS:
        assert check.steps <= set(STEPS)
        assert any(check.concerns(one) for one in ACTIONS.values())
    found = {
        one.code for action in ACTIONS for one in hazards(SAFE, None, action, NOW, ActionOptions(), Policy())
    }
    assert found <= set(HAZARD_CODES)
    assert set(OVERRIDES) <= set(HAZARD_CODES)


def test_a_key_of_several_actions_asks_which_and_an_undo_is_no_key_of_a_list() -> None:
    assert alike("reboot-alarm") == ("recover-alarm", "reboot-alarm", "auto-recovery")
    assert all(alike(name) == (name,) for name in ("stop-start", "start", "reboot", "undo"))
    assert VERBS["recover-alarm"].help == ACTIONS["recover-alarm"].asks_which
    assert "undo" not in GUARDED
    assert not VERBS["undo"].mutates
