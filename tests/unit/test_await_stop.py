"""Start it when AWS has stopped it: what is waited for, what is left alone, and that nothing is sent before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.unit.guidance_cases import BASE, FACTS
from tui.domain.actions import ActionOptions
from tui.domain.events import ScheduledEvent
from tui.domain.instance import InstanceState
from tui.domain.plan import GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText
from tui.domain.steps import STEPS, calls_of, steps_of
from tui.domain.steps.await_stop import ALARM, LATE, OFTEN, RARELY, followed
from tui.domain.steps.base import Done, Moot, Order, Seen, Send, StepHistory, Wait

T = SafeText
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LAUNCHED = NOW - timedelta(days=30)
START = NOW + timedelta(hours=3)
EVENT = ScheduledEvent(T("instance-stop"), T("instance-event-1"), T("degraded hardware"), START)
ORDER = Order(
    "op-1",
    "start-after-stop",
    "i-1",
    LAUNCHED,
    ("instance-event-1",),
    event_id="instance-event-1",
    not_before=START,
)
RUNNING = Seen(InstanceState.RUNNING, LAUNCHED, events=(EVENT,))
STOPPED = replace(RUNNING, state=InstanceState.STOPPED)
SERVER = T("Server.ScheduledStop: Stopped due to a scheduled retirement")
USER = T("Client.UserInitiatedShutdown: User initiated shutdown")
OVER = replace(EVENT, description=T("[Completed] degraded hardware"))


def decide(seen: Seen, now: datetime = NOW, order: Order = ORDER, step: str = "wait-stopped") -> object:
    return STEPS[step].decide(order, seen, StepHistory(NOW - timedelta(days=2)), now)


@pytest.mark.parametrize(
    ("seen", "at", "kind", "words"),
    [
        (RUNNING, NOW, Wait, "waits for AWS to stop it, not before"),
        (
            RUNNING,
            START + timedelta(days=3),
            Wait,
            "waits for AWS to stop it",
        ),  # the text lags, or AWS is late
        (replace(RUNNING, events=(replace(EVENT, not_before=None),)), NOW, Wait, "waits for AWS"),
        (replace(STOPPED, reason=SERVER), START, Done, "AWS stopped it (Server.ScheduledStop)"),
        (replace(STOPPED, reason=SERVER, events=(OVER,)), START, Done, "AWS stopped it"),
        (replace(STOPPED, reason=SERVER, events=()), START, Done, "AWS stopped it"),
        (
            replace(STOPPED, reason=SERVER),
            NOW - timedelta(days=1),
            Done,
            "AWS stopped it",
        ),  # a host that died before
        (replace(STOPPED, reason=T("Client.InternalError: x")), START, Done, "AWS stopped it"),
        (STOPPED, START, Done, "AWS stopped it"),  # no reason, and its time has come
        (STOPPED, NOW, Wait, "somebody stopped it"),  # no reason, and it has not
        (replace(STOPPED, reason=USER), START, Wait, "somebody stopped it, not AWS"),
        (replace(STOPPED, reason=USER, events=(OVER,)), START, Moot, "it is left stopped"),
        (replace(STOPPED, state=InstanceState.STOPPING, reason=SERVER), START, Wait, "AWS is stopping it"),
        (replace(RUNNING, events=(replace(EVENT, description=T("[Canceled] x")),)), NOW, Moot, "canceled"),
        (replace(RUNNING, events=()), NOW, Wait, "lists the event no more"),
        (replace(RUNNING, events=()), START + LATE, Moot, "AWS did not stop it"),
        (replace(RUNNING, events=(OVER,)), START, Wait, "calls the event completed"),
        (replace(RUNNING, events=(OVER,)), START + LATE, Moot, "AWS did not stop it"),
        (
            replace(RUNNING, events=None),
            START + timedelta(days=9),
            Wait,
            "waits for AWS",
        ),  # not read is not gone
        (replace(RUNNING, events=(OVER,), launched_at=NOW), START, Done, "started since"),
        (replace(RUNNING, events=(), launched_at=NOW), NOW, Done, "started since"),
        (
            replace(RUNNING, launched_at=NOW),
            NOW,
            Wait,
            "waits for AWS",
        ),  # started anew, and the event is still open
        (Seen(), NOW, Wait, "could not be read"),
    ],
)
def test_what_it_does_while_it_waits(seen: Seen, at: datetime, kind: type, words: str) -> None:
    found = decide(seen, at)
    assert isinstance(found, kind), found
    text = getattr(found, "reason", "") or getattr(found, "note", "") or getattr(found, "why", "")
    assert words in text
    assert not getattr(found, "attention", False)


def test_what_is_terminated_is_not_waited_for() -> None:
    gone = decide(Seen(InstanceState.TERMINATED, LAUNCHED))
    assert type(gone).__name__ == "Stuck"


def test_it_looks_seldom_until_the_time_is_near_and_alarms_nobody_before() -> None:
    def waited(at: datetime, seen: Seen = RUNNING) -> Wait:
        found = decide(seen, at)
        assert isinstance(found, Wait)
        return found

    assert waited(NOW - timedelta(days=5)).seconds == RARELY
    assert waited(START - timedelta(minutes=4)).seconds == OFTEN
    assert waited(START + timedelta(minutes=20)).seconds == OFTEN
    assert waited(START + timedelta(days=2)).seconds == RARELY
    near = waited(START - timedelta(minutes=5, seconds=20))
    assert OFTEN <= near.seconds <= 20
    assert not waited(START - ALARM - timedelta(minutes=1), Seen()).attention
    assert waited(START - ALARM, Seen()).attention
    assert waited(START - ALARM, Seen()).remedy


def test_it_follows_an_event_that_is_moved() -> None:
    later = replace(EVENT, not_before=START + timedelta(days=2))
    order = followed(ORDER, replace(RUNNING, events=(later,)))
    assert order.not_before == later.not_before
    # Gone from the list after it was moved: it is not over before the time it was moved to.
    assert isinstance(decide(replace(RUNNING, events=()), START + LATE, order), Wait)
    assert followed(ORDER, replace(RUNNING, events=None)) == ORDER
    other = replace(EVENT, event_id=T("instance-event-2"), not_before=NOW)
    assert followed(ORDER, replace(RUNNING, events=(other, EVENT))).not_before == START


def test_an_old_picture_of_it_running_is_no_start() -> None:
    fresh = StepHistory(START)
    assert isinstance(STEPS["start"].decide(ORDER, RUNNING, fresh, START), Wait)
    again = replace(RUNNING, launched_at=START)
    assert isinstance(STEPS["start"].decide(ORDER, again, fresh, START), Done)
    assert isinstance(STEPS["start"].decide(ORDER, STOPPED, fresh, START), Send)


def test_its_plan_sends_a_start_and_nothing_else() -> None:
    names = [step.name for step in steps_of("start-after-stop", ActionOptions())]
    assert names == ["wait-stopped", "start", "wait-running", "wait-checks", "verify-event"]
    assert [call.operation for call in calls_of("start-after-stop", ORDER, ActionOptions())] == [
        "StartInstances"
    ]


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"events": (EVENT,)}, GuardKind.YES_NO, ""),
        ({"events": (replace(EVENT, code_text=T("instance-retirement")),)}, GuardKind.YES_NO, ""),
        ({"events": ()}, GuardKind.BLOCKED, "no stop or retirement"),
        ({"events": (OVER,)}, GuardKind.BLOCKED, "no stop or retirement"),
        (
            {"events": (replace(EVENT, code_text=T("system-reboot")),)},
            GuardKind.BLOCKED,
            "no stop or retirement",
        ),
        ({"events": (EVENT,), "root_device": T("instance-store")}, GuardKind.BLOCKED, "terminates it"),
        ({"events": (EVENT,), "state": InstanceState.STOPPED}, GuardKind.BLOCKED, "it is stopped"),
        (
            {"events": (EVENT,), "tags": ((T("aws:autoscaling:groupName"), T("web")),)},
            GuardKind.YES_NO,  # the closer look says that it is in no group (any more)
            "",
        ),
        ({"events": (EVENT,), "managed_by": T("eks.amazonaws.com")}, GuardKind.BLOCKED, "eks"),
    ],
)
def test_of_what_it_can_be_ordered(changes: dict[str, object], kind: GuardKind, words: str) -> None:
    plan = draft(
        "start-after-stop",
        replace(BASE, launched_at=LAUNCHED, **changes),
        FACTS,
        ActionOptions(),
        Policy(),
        NOW,
    )
    assert plan.guard.kind is kind
    assert words in "; ".join(plan.guard.unblock)
    if kind is GuardKind.YES_NO:
        assert plan.order.event_id == "instance-event-1"
        assert plan.order.not_before == START
        assert plan.steps[1].text == "wait until AWS has stopped it"
