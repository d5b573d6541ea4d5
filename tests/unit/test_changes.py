"""What counts as changed between the look a plan was made of, and the one when it is answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.test_out_of_service import ALONE, BALANCED, GROUPED, LAST_TARGET, MEMBER, NOW, POOL, WEB
from tui.domain.actions import ActionOptions
from tui.domain.changes import Reading, differences, worse
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.instance import Instance, InstanceState
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean


def reading(
    instance: Instance = WEB, facts: Facts | None = GROUPED, later: timedelta = timedelta(0), **options: Any
) -> Reading:
    made = draft("stop-start", instance, facts, ActionOptions(**options), Policy(), NOW + later)
    return Reading(made, instance, facts)


def test_time_alone_is_no_change() -> None:
    first = reading(image_first=True)
    assert differences(first, reading(image_first=True, later=timedelta(seconds=90))) == ()
    assert not worse(first, reading(image_first=True, later=timedelta(seconds=90)))


@pytest.mark.parametrize(
    ("changes", "words", "graver"),
    [
        ({"state": InstanceState.STOPPED}, "it was running, it is stopped", True),
        ({"launched_at": datetime(2026, 11, 24, 2, 59, tzinfo=UTC)}, "it was started anew", True),
        ({"public_ip": clean("203.0.113.10")}, "its public address was 203.0.113.9, it is 203.0.113.10", False),
        ({"private_ip": clean("10.0.0.7")}, "its private address was none, it is 10.0.0.7", False),
        ({"events": (ScheduledEvent(clean("instance-stop"), clean("e-1"), not_before=NOW + timedelta(days=1)),)},
         "its scheduled events are others", False),
        ({"managed_by": clean("eks")}, "it can't be done now", True),
    ],
)  # fmt: skip
def test_of_the_instance(changes: dict[str, Any], words: str, graver: bool) -> None:
    before, after = reading(), reading(replace(WEB, **changes))
    assert words in differences(before, after)
    assert worse(before, after) is graver


@pytest.mark.parametrize(
    ("before", "after", "words", "graver"),
    [
        (BALANCED, replace(BALANCED, target_groups=(replace(POOL, healthy=7),)), "target group web: 8 of 8 healthy", False),
        (GROUPED, replace(GROUPED, membership=(replace(MEMBER, in_service=7),)), "Auto Scaling group web-prod: 8 healthy", False),
        (GROUPED, LAST_TARGET, "new: it is the last healthy member", True),
        (LAST_TARGET, GROUPED, "no longer so: it is the last healthy member", False),
        (GROUPED, replace(GROUPED, stop_protection=True), "it can't be done now", True),
        (ALONE, GROUPED, "it was not in it; now 8 healthy", False),
    ],
)  # fmt: skip
def test_of_its_groups(before: Facts, after: Facts, words: str, graver: bool) -> None:
    first, second = reading(facts=before), reading(facts=after)
    assert any(words in one for one in differences(first, second)), differences(first, second)
    assert worse(first, second) is graver or words.startswith("it was not in it")
