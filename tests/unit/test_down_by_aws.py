"""What AWS stopped is trouble until it runs again; what somebody stopped is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from tests.unit.rows import row
from tui.aws import mapping
from tui.domain.down_by_aws import Cause, code_of, moment_of, why_down
from tui.domain.events import ScheduledEvent
from tui.domain.guidance import explain
from tui.domain.instance import Checks, CheckStatus, Instance, InstanceState, StatusCheck
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText, clean
from tui.domain.triage import Level, urgency
from tui.fleet.protocol import Delta
from tui.fleet.store import Store

T = SafeText
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
STOPPED = row(
    1,
    state=InstanceState.STOPPED,
    checks=Checks(),
    status_at=NOW,
    inventory_at=NOW,
    launched_at=NOW - timedelta(days=30),
    root_device=T("ebs"),
)


def event(code: str, hours: float | None, text: str = "[Completed] x") -> ScheduledEvent:
    start = None if hours is None else NOW + timedelta(hours=hours)
    return ScheduledEvent(T(code), T("instance-event-1"), T(text), start)


def level(instance: Instance) -> Level:
    return urgency(instance, NOW).level


@pytest.mark.parametrize(
    "code",
    [
        "Server.ScheduledStop",
        "Server.SpotInstanceShutdown",
        "Server.SpotInstanceTermination",
        "Server.InternalError",
        "Server.InsufficientInstanceCapacity",
        "Server.SomethingNew",
        "Client.InternalError",
        "Client.VolumeLimitExceeded",
        "Client.InvalidKMSKey.InvalidState",
        "Client.InvalidVolume.NotFound",
        "Client.InvalidParameterCombination",
        "Client.InstanceLimitExceeded",
    ],
)
def test_down_by_aws_or_by_a_start_that_fell_back(code: str) -> None:
    assert level(replace(STOPPED, reason_code=T(code))) is Level.FAILING
    text_only = replace(STOPPED, state_reason=T(f"{code}: whatever AWS says of it"))
    assert level(text_only) is Level.FAILING, "the code is read in the message too, as an older evac kept it"


@pytest.mark.parametrize(
    "code",
    [
        "Client.UserInitiatedShutdown",
        "Client.InstanceInitiatedShutdown",
        "Client.UserInitiatedHibernate",
        "Client.InstanceTerminated",
    ],
)
def test_what_somebody_stopped_is_calm(code: str) -> None:
    one = replace(STOPPED, reason_code=T(code))
    assert level(one) is Level.CALM
    # The event was completed by a stop of one's own, say; who stopped it is believed.
    assert level(replace(one, events=(event("instance-stop", -5),))) is Level.CALM


def test_no_reason_and_no_event_is_calm() -> None:
    assert level(STOPPED) is Level.CALM
    assert level(replace(STOPPED, state_reason=T("something else"))) is Level.CALM


@pytest.mark.parametrize("code", ["instance-stop", "instance-retirement"])
@pytest.mark.parametrize(("hours", "launched", "expected"), [
    (-5, timedelta(days=30), Level.FAILING),
    (-24 * 400, timedelta(days=500), Level.FAILING),  # a very old stop is a stop
    (None, timedelta(days=30), Level.FAILING),
    (-5, None, Level.FAILING),  # its start was not read: the status alone says it
    (-5, timedelta(hours=1), Level.CALM),  # started since, and stopped by nobody knows whom
    (30, timedelta(days=30), Level.CALM),  # cleared by a stop and start of one's own, before its time
])  # fmt: skip
def test_a_completed_stop_tells_it_where_no_reason_does(
    code: str, hours: float | None, launched: timedelta | None, expected: Level
) -> None:
    since = None if launched is None else NOW - launched
    one = replace(STOPPED, launched_at=since, events=(event(code, hours),))
    assert level(one) is expected


@pytest.mark.parametrize("code", ["system-reboot", "instance-reboot", "system-maintenance", "new-code"])
def test_no_other_event_takes_an_instance_down_for_good(code: str) -> None:
    assert level(replace(STOPPED, events=(event(code, -5),))) is Level.CALM
    canceled = event("instance-stop", -5, "[Canceled] x")
    assert level(replace(STOPPED, events=(canceled,))) is Level.CALM


def test_it_is_down_while_it_is_being_stopped_and_no_more_once_it_runs() -> None:
    code = T("Server.ScheduledStop")
    stopping = replace(STOPPED, state=InstanceState.STOPPING, reason_code=code)
    found = why_down(stopping, NOW)
    assert found is not None
    assert found.stopping
    assert found.line == "AWS is stopping it (Server.ScheduledStop)"
    for state in (
        InstanceState.RUNNING,
        InstanceState.PENDING,
        InstanceState.TERMINATED,
        InstanceState.UNKNOWN,
    ):
        assert why_down(replace(stopping, state=state), NOW) is None


def test_the_latest_comes_first_and_before_every_other_failure_without_an_event() -> None:
    code = T("Server.ScheduledStop")
    fresh = replace(STOPPED, name=T("zzz"), reason_code=code, state_since=NOW - timedelta(minutes=18))
    old = replace(fresh, name=T("aaa"), instance_id=T("i-2"), state_since=NOW - timedelta(days=4))
    bad = StatusCheck(CheckStatus.IMPAIRED)
    failing = row(3, name=T("a"), checks=Checks(bad, bad), status_at=NOW)
    order = sorted([failing, old, fresh], key=lambda one: urgency(one, NOW))
    assert [one.name for one in order] == ["zzz", "aaa", "a"]


def test_a_reading_of_aws_keeps_the_code_and_the_time() -> None:
    item = {
        "InstanceId": "i-1",
        "State": {"Name": "stopped"},
        "StateReason": {"Code": "Server.ScheduledStop", "Message": "Stopped due to scheduled retirement"},
        "StateTransitionReason": "Server.ScheduledStop (2026-11-23 21:24:00 GMT)",
    }
    read = mapping.map_instance(item, "eu-west-1", NOW)
    assert read.reason_code == "Server.ScheduledStop"
    assert read.state_since == datetime(2026, 11, 23, 21, 24, tzinfo=UTC)
    found = why_down(read, NOW)
    assert found is not None
    assert found.cause is Cause.AWS
    assert found.since == read.state_since
    del item["StateReason"]
    assert why_down(mapping.map_instance(item, "eu-west-1", NOW), NOW) is not None
    item["StateTransitionReason"] = "User initiated (2026-11-23 21:24:00 GMT)"
    assert mapping.map_instance(item, "eu-west-1", NOW).reason_code == "Client.UserInitiatedShutdown"


def test_words_of_aws_that_make_no_sense_are_no_code_and_no_time() -> None:
    assert code_of("", "whatever", "Servers.X") == ""
    assert moment_of("x (2026-13-99 99:00:00 GMT)") is None
    assert moment_of("User initiated") is None
    assert code_of(clean("Server.\x1b[31mEvil")) == ""


def test_a_row_an_older_evac_kept_is_still_read() -> None:
    kept = msgspec.json.decode(msgspec.json.encode(STOPPED))
    for name in ("reason_code", "state_since", "last_stop"):
        kept.pop(name, None)
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Instance) == STOPPED


def test_the_event_is_remembered_once_aws_lists_it_no_more() -> None:
    told = replace(STOPPED, events=(event("instance-stop", -5),))
    store = Store()
    store.apply(Delta(upserts=(told,)))
    later = replace(STOPPED, status_at=NOW + timedelta(days=8))
    store.apply(Delta(upserts=(later,)))
    kept = store.get(STOPPED.key)
    assert kept is not None
    assert not kept.events
    assert level(kept) is Level.FAILING
    store.apply(Delta(upserts=(replace(later, status_at=NOW + timedelta(days=9)),)))
    kept = store.get(STOPPED.key)
    assert kept is not None
    assert level(kept) is Level.FAILING
    restarted = replace(later, launched_at=NOW + timedelta(days=9))
    store.apply(Delta(upserts=(restarted,)))
    kept = store.get(STOPPED.key)
    assert kept is not None
    assert level(kept) is Level.CALM
    store.apply(Delta(upserts=(told,)))
    store.apply(Delta(upserts=(replace(later, reason_code=T("Client.UserInitiatedShutdown")),)))
    kept = store.get(STOPPED.key)
    assert kept is not None
    assert level(kept) is Level.CALM


@pytest.mark.parametrize(
    ("changes", "verb", "words"),
    [
        ({"reason_code": T("Server.ScheduledStop")}, "start", "AWS stopped it (Server.ScheduledStop)"),
        ({"reason_code": T("Client.InternalError")}, "start", "kms:CreateGrant"),
        ({"reason_code": T("Server.SpotInstanceShutdown")}, None, "only AWS starts it again"),
        (
            {"reason_code": T("Server.ScheduledStop"), "tags": ((T("aws:autoscaling:groupName"), T("web")),)},
            None,
            "terminates it and launches another",
        ),
        ({"reason_code": T("Client.UserInitiatedShutdown")}, None, "Start it, if it should run"),
        ({"events": (event("instance-stop", -0.3),)}, "start", "AWS stopped it (instance-stop)"),
        (
            {"reason_code": T("Server.ScheduledStop"), "state": InstanceState.STOPPING},
            "stop-start",
            "AWS is stopping it",
        ),
    ],
)
def test_the_key_and_the_words(changes: dict[str, object], verb: str | None, words: str) -> None:
    told = explain(replace(STOPPED, **changes), None, Policy(), NOW, UTC)
    assert (told.recommended.verb if told.recommended else None) == verb
    assert words in " ".join([told.headline, *(one.text for one in told.paragraphs)])
    assert "  " not in told.headline
    assert ".." not in told.headline
