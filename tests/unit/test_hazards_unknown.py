"""What is not known is said, with its reason, and is never taken for harmless."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import KNOWN, NOW, T, find
from tui.domain.actions import ActionOptions
from tui.domain.facts import Facts
from tui.domain.hazards import Gravity, hazards
from tui.domain.instance import Instance, Target
from tui.domain.policy import Policy


@pytest.mark.parametrize("facts", [None, Facts(NOW)])
def test_what_is_not_known_is_said(facts: Facts | None) -> None:
    bare = Instance(Target("p", "r"), T("i-1"))
    found = hazards(bare, facts, "stop-start", NOW, ActionOptions(), Policy())
    codes = {hazard.code for hazard in found if not hazard.known}
    assert codes == {
        "state",
        "public-ip",
        "instance-store-root",
        "instance-store",
        "auto-scaling",
        "load-balancer",
        "stop-protection",
        "shutdown-behavior",
        "image",
    }
    assert not any(hazard.gravity is Gravity.OK for hazard in found)


def test_the_reason_why_it_is_not_known() -> None:
    facts = replace(
        KNOWN,
        membership=None,
        target_groups=None,
        unknown=(("images", T("x")), ("membership", T("denied: autoscaling")), ("target_groups", T(""))),
    )
    assert "(denied: autoscaling)" in find("stop-start", "auto-scaling", facts)[0].text
    assert "(AWS did not say)" in find("stop-start", "load-balancer", facts)[0].text
    assert "(not looked up yet)" in find("stop-start", "auto-scaling", None)[0].text
