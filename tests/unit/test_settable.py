"""What `A` sets, said before it is chosen: how each stands, what is in its way, and which would close a gap."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.cover_cases import FACTS, NOW, WEEK, facts, machine, member, reboot, recover
from tui.domain.actions import ActionOptions
from tui.domain.cover.recovery import GROUP_TAG
from tui.domain.cover.verdict import cover_of
from tui.domain.hazards import Gravity
from tui.domain.instance import Instance, InstanceState
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.domain.settable import helping, setting_of, settings_now

POLICY = Policy()
STORE = replace(FACTS, instance_storage=True)
METAL = replace(FACTS, bare_metal=True, auto_recovery_supported=False)
OFF = clean("disabled")
GROUP = ((clean(GROUP_TAG), clean("web")),)
EMPTY = machine(facts())
OWN = clean(f"evac/reboot/{EMPTY.instance_id}")

TOLD = [
    ("recover-alarm", EMPTY, ""),
    ("recover-alarm", machine(facts(), type_facts=METAL), "can't be: AWS can't recover the type"),
    ("recover-alarm", machine(facts(), tenancy=clean("host")), "can't be: on a Dedicated Host"),
    ("recover-alarm", machine(facts(), tags=GROUP), "can't be: its Auto Scaling group web replaces it"),
    ("recover-alarm", machine(facts(recover())), "recover-1 does so already: it acts after 2m"),
    ("recover-alarm", machine(facts(recover(actions_enabled=False))), ""),
    ("recover-alarm", replace(EMPTY, cover=None), ""),
    ("reboot-alarm", machine(facts(reboot(name=OWN))), "set already: it acts after 3m of a failing instance"),
    ("reboot-alarm", machine(facts(reboot(name=OWN, actions_enabled=False))), "set already: it has its actions"),
    ("reboot-alarm", machine(facts(), type_facts=METAL), ""),
    ("reboot-alarm", machine(facts(), state=InstanceState.TERMINATED), "can't be: it is terminated"),
    ("auto-recovery", EMPTY, "on"),
    ("auto-recovery", machine(facts(), auto_recovery=OFF), "off"),
    ("auto-recovery", machine(facts(), type_facts=STORE), "on, and does not act: its type has instance store"),
    ("auto-recovery", machine(facts(), type_facts=METAL, auto_recovery=OFF), "off; on, it would not act: it is bare"),
    ("auto-recovery", machine(facts(), auto_recovery=clean("")), "AWS did not say whether it is on"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "instance", "told"), TOLD)
def test_what_is_known_is_said_before_it_is_chosen(name: str, instance: Instance, told: str) -> None:
    found = setting_of(name, instance, POLICY, NOW)
    assert found.told.startswith(told)
    assert bool(found.told) is bool(told)
    assert found.blocked is told.startswith("can't be")
    assert not (found.blocked and found.helps)


@pytest.mark.parametrize(("name", "instance", "told"), TOLD)
def test_what_is_said_to_be_impossible_the_plan_blocks_as_well(
    name: str, instance: Instance, told: str
) -> None:
    if setting_of(name, instance, POLICY, NOW).blocked:
        plan = draft(name, instance, None, ActionOptions(), POLICY, NOW)
        texts = [one.text for one in plan.hazards if one.gravity is Gravity.BLOCK]
        assert any(told.removeprefix("can't be: ") in one for one in texts)


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        (EMPTY, {(1, "reboot-alarm")}),
        (machine(facts(reboot())), set()),
        (
            machine(facts(), auto_recovery=OFF),
            {(0, "recover-alarm"), (0, "auto-recovery"), (1, "reboot-alarm")},
        ),
        (machine(facts(), type_facts=STORE), {(0, "recover-alarm"), (1, "reboot-alarm")}),
        (machine(facts(), type_facts=METAL), {(1, "reboot-alarm")}),
        (machine(facts(), type_facts=METAL, auto_recovery=OFF), {(1, "reboot-alarm")}),
        (machine(facts(scaling=member())), set()),
        (machine(facts(), state=InstanceState.STOPPED), set()),
        (machine(facts(), state=InstanceState.TERMINATED), set()),
    ],
)
def test_only_what_closes_a_gap_helps(instance: Instance, expected: set[tuple[int, str]]) -> None:
    cover = cover_of(instance, NOW, WEEK)
    assert set(helping(instance, cover, POLICY, NOW)) == expected
    assert set(helping(instance, cover, Policy(read_only=True), NOW)) == set()
    off = Policy(actions_off=tuple(one.action for one in settings_now(instance, POLICY, NOW)))
    assert set(helping(instance, cover, off, NOW)) == set()
