"""Hazards that depend on what was chosen, or on the event it is about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import NOW, T, find
from tui.domain.actions import ActionOptions
from tui.domain.events import ScheduledEvent
from tui.domain.hazards import Gravity


@pytest.mark.parametrize(
    ("event", "part"),
    [
        ("instance-stop", "does not clear the instance-stop event"),
        ("system-reboot", "only if it migrates"),
        ("brand-new", "don't know what a reboot does"),
    ],
)
def test_a_reboot_and_an_open_event(event: str, part: str) -> None:
    (found,) = find("reboot", "reboot-event", events=(ScheduledEvent(T(event)),))
    assert found.gravity is Gravity.WARN
    assert part in found.text
    assert not find(
        "reboot", "reboot-event", events=(ScheduledEvent(T(event), description=T("[Completed]")),)
    )


HOUR = timedelta(hours=1)
MOVABLE = ScheduledEvent(T("system-reboot"), T("e-1"), not_before=NOW + 3 * HOUR, deadline=NOW + 50 * HOUR)
FIXED = replace(MOVABLE, event_id=T("e-2"), deadline=None)


@pytest.mark.parametrize(
    ("events", "options", "gravity", "part"),
    [
        ((MOVABLE,), None, "ok", "up to its deadline"),
        ((FIXED, MOVABLE), ActionOptions(), "ok", "up to its deadline"),
        ((FIXED, MOVABLE), ActionOptions(event_id="e-2"), "block", "no deadline"),
        ((), None, "block", "no scheduled event is open"),
        ((MOVABLE,), ActionOptions(event_id="e-9"), "block", "no open event of that id"),
        ((MOVABLE,), ActionOptions(not_before=NOW + 51 * HOUR), "block", "after AWS's deadline"),
        ((MOVABLE,), ActionOptions(not_before=NOW + timedelta(minutes=59)), "block", "60 minutes"),
        ((MOVABLE,), ActionOptions(not_before=NOW + 2 * HOUR), "ok", "up to its deadline"),
        ((replace(MOVABLE, description=T("[Canceled] x")),), ActionOptions(event_id="e-1"), "block", "over"),
    ],
)
def test_rescheduling(
    events: tuple[ScheduledEvent, ...], options: ActionOptions | None, gravity: str, part: str
) -> None:
    (found,) = find("reschedule", "reschedule", options=options, events=events)
    assert found.gravity == gravity
    assert part in found.text


def test_image_first_and_no_reboot() -> None:
    assert (
        find("stop-start", "image-reboot", options=ActionOptions(image_first=True))[0].gravity is Gravity.WARN
    )
    assert not find("stop-start", "image-reboot", options=ActionOptions(image_first=True, no_reboot=True))
    assert find("stop-start", "hibernation", options=ActionOptions(image_first=True), hibernation=True)
    assert "crash-consistent" in find("image", "image-reboot", options=ActionOptions(no_reboot=True))[0].text
    assert not find("image", "load-balancer", options=ActionOptions(no_reboot=True))
    assert not find("image", "auto-scaling", options=ActionOptions(no_reboot=True))
    assert not find("image", "cluster", options=ActionOptions(no_reboot=True))
