"""Guidance for failing and silent checks, stopped instances, and what they mean together with events."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.guidance_cases import BAD, BASE, FACTS, NOW, OK, STORE, T, event, whole
from tui.commands import verb_of
from tui.domain.actions import ActionOptions
from tui.domain.events import KNOWN_CODES
from tui.domain.facts import Facts, GroupMembership, VolumeHealth
from tui.domain.guidance import Explanation, Kind, explain, layers
from tui.domain.guidance.checks import CHECK_GUIDES
from tui.domain.hazards import Gravity, hazards
from tui.domain.instance import (
    CheckName,
    Checks,
    CheckStatus,
    Instance,
    InstanceState,
    PublicAddress,
    StatusCheck,
    TypeFacts,
)
from tui.domain.policy import Policy
from tui.domain.severity import Mark

SEOUL = ZoneInfo("Asia/Seoul")


def told(instance: Instance, facts: Facts | None = FACTS) -> Explanation:
    return explain(instance, facts, Policy(), NOW, SEOUL)


def failing(*names: str) -> Instance:
    return replace(BASE, checks=replace(BASE.checks, **dict.fromkeys(names, BAD)))


def verb(result: Explanation) -> str | None:
    return None if result.recommended is None else result.recommended.verb


def test_every_check_has_an_entry() -> None:
    assert set(CHECK_GUIDES) == set(CheckName)


@pytest.mark.parametrize(
    ("names", "headline", "short", "recommended"),
    [
        (
            ("system",),
            "The host is failing (system check, since 11:54 KST, 6m ago).",
            "Host failing since 11:54.",
            "stop-start",
        ),
        (
            ("system", "instance"),
            "The host is failing (system check, since 11:54 KST, 6m ago).",
            "Host failing since 11:54.",
            "stop-start",
        ),
        (
            ("instance",),
            "The operating system does not answer (instance check, since 11:54 KST, 6m ago).",
            "OS not answering since 11:54.",
            "reboot",
        ),
        (
            ("attached_ebs",),
            "A volume does not answer (attached-EBS check, since 11:54 KST, 6m ago).",
            "Volume failing since 11:54.",
            "stop-start",
        ),
        (
            ("application",),
            "The application does not answer (application check, since 11:54 KST, 6m ago).",
            "Application failing since 11:54.",
            None,
        ),
        (
            ("performance",),
            "AWS reports impaired performance (performance check, since 11:54 KST, 6m ago).",
            "Performance impaired since 11:54.",
            None,
        ),
    ],
)
def test_failing_checks(names: tuple[str, ...], headline: str, short: str, recommended: str | None) -> None:
    result = told(failing(*names))
    assert (result.headline, result.diagnosis_short, verb(result)) == (headline, short, recommended)
    assert result.of(Kind.HAPPENING)
    assert all(paragraph.sources for paragraph in result.of(Kind.HAPPENING))
    assert result.sources


def test_since_is_left_out_where_aws_does_not_say() -> None:
    result = told(replace(BASE, checks=Checks(StatusCheck(CheckStatus.IMPAIRED), OK)))
    assert result.headline == "The host is failing (system check)."
    assert result.diagnosis_short == "Host failing."


def test_system_and_instance_is_aws_side() -> None:
    text = whole(told(failing("system", "instance")))
    assert "a failed system check is enough to cause that" in text
    assert "this side is yours" not in text


@pytest.mark.parametrize(
    ("changes", "facts", "part"),
    [
        ({}, {}, "Where automatic recovery is on (the default)"),
        ({"auto_recovery": T("disabled")}, {}, "switched off"),
        ({"auto_recovery": T("")}, {}, "Don't know whether automatic recovery"),
        ({}, {"type": STORE}, "does not act here"),
        ({}, {"type": TypeFacts(bare_metal=True)}, "does not act here"),
        ({"tenancy": T("host")}, {}, "does not act here"),
        ({"auto_recovery": T("")}, {"type": None}, "Don't know whether automatic recovery"),
        ({"tags": ((T("aws:autoscaling:groupName"), T("g")),)}, {"membership": None}, "does not act here"),
        ({"events": (event("system-reboot", 9),)}, {}, "does not act during scheduled maintenance"),
        ({"root_device": T("instance-store")}, {}, "an instance-store root can't be stopped"),
        ({}, {"stop_protection": True}, "Stop/start is not possible now: stop protection"),
    ],
)
def test_a_failing_system_check(changes: dict[str, object], facts: dict[str, object], part: str) -> None:
    instance = replace(failing("system"), **changes)
    assert part in whole(told(instance, replace(FACTS, **facts)))


def test_instance_check_in_a_group_is_left_to_the_group() -> None:
    facts = replace(FACTS, membership=(GroupMembership(T("g"), T("InService")),))
    result = told(failing("instance"), facts)
    assert verb(result) is None
    assert "Let the group replace it" in whole(result)
    assert "replaces a member with a failing application check" in whole(told(failing("application"), facts))


@pytest.mark.parametrize(
    ("volume", "part"),
    [
        (VolumeHealth(T("vol-1"), T("impaired"), T("failed")), "vol-1: status impaired, I/O cut by AWS"),
        (
            VolumeHealth(T("vol-2"), T("warning"), T("passed"), T("stalled")),
            "vol-2: status warning, I/O stalled",
        ),
        (VolumeHealth(T("vol-3"), T("warning"), T("passed"), T("normal")), "vol-3: status warning."),
    ],
)
def test_volumes_are_named(volume: VolumeHealth, part: str) -> None:
    fine = VolumeHealth(T("vol-9"), T("ok"))
    text = whole(told(failing("attached_ebs"), replace(FACTS, volumes=(volume, fine))))
    assert part in text
    assert "vol-9" not in text


def test_volume_trouble_recommends_only_what_costs_nothing() -> None:
    assert verb(told(replace(failing("attached_ebs"), public_kind=PublicAddress.AUTO))) is None
    assert verb(told(failing("attached_ebs"), replace(FACTS, type=STORE))) is None
    assert "Stop/start is not possible" in whole(
        told(failing("attached_ebs"), replace(FACTS, stop_protection=True))
    )
    assert told(failing("attached_ebs"), None).recommended is None


def test_performance_remedy_is_verbatim() -> None:
    check = replace(BAD, detail=T("Change the volume type."))
    assert "AWS's own words: Change the volume type." in whole(
        told(replace(BASE, checks=Checks(OK, OK, OK, OK, check)))
    )
    assert "no remedy" in whole(told(failing("performance")))


@pytest.mark.parametrize(
    ("status", "headline", "part"),
    [
        (
            CheckStatus.INITIALIZING,
            "Too early to tell: its status checks are still starting.",
            "still initializing: no verdict yet",
        ),
        (
            CheckStatus.INSUFFICIENT_DATA,
            "Not known to be well: some checks say nothing.",
            "insufficient data",
        ),
        (CheckStatus.UNKNOWN, "Not known to be well: some checks say nothing.", "is not known"),
    ],
)
def test_silence_is_not_health(status: CheckStatus, headline: str, part: str) -> None:
    result = told(replace(BASE, checks=Checks(OK, StatusCheck(status))))
    assert result.headline == result.diagnosis_short == headline
    assert part in whole(result)
    assert "healthy" not in result.headline
    assert verb(result) is None


def test_one_check_that_is_starting_does_not_speak_for_one_that_is_not_known() -> None:
    mixed = Checks(StatusCheck(CheckStatus.INITIALIZING), StatusCheck(CheckStatus.UNKNOWN))
    assert "some checks say nothing" in told(replace(BASE, checks=mixed)).headline


def test_calm() -> None:
    result = told(BASE)
    assert result.headline == result.diagnosis_short == "No failing check and no open event."
    assert not result.paragraphs
    assert verb(result) is None


STOPPED = replace(BASE, state=InstanceState.STOPPED, checks=Checks())


def test_a_stopped_instance_never_comes_back_by_itself() -> None:
    result = told(STOPPED)
    assert result.headline == "It is stopped, and a stopped instance never comes back by itself."
    assert result.diagnosis_short == "It is stopped."
    assert "Why, is not known" in whole(result)
    assert "Start it, if it should run" in whole(result)
    assert verb(result) is None  # somebody may have meant it


def test_of_a_stopped_one_no_memory_survives_or_is_lost() -> None:
    stopped = replace(
        BASE,
        state=InstanceState.STOPPED,
        events=(event("system-maintenance", 30, "Scheduled network maintenance"),),
    )
    assert "memory" not in whole(told(stopped))
    assert "memory" in whole(told(replace(stopped, state=InstanceState.RUNNING)))


def test_stopped_by_aws_is_to_be_started() -> None:
    reason = told(
        replace(STOPPED, state_reason=T("Server.ScheduledStop: Stopped due to scheduled retirement"))
    )
    assert verb(reason) == "start"
    assert "Server.ScheduledStop" in whole(reason)
    listed = told(replace(STOPPED, events=(event("instance-stop", -1),)))
    assert verb(listed) == "start"
    assert "An event is still listed" in whole(listed)
    assert "started or due" in listed.headline


def test_stopped_and_blocked_is_not_recommended() -> None:
    result = told(
        replace(STOPPED, tenancy=T("host"), events=(event("instance-stop", 3),)),
        replace(FACTS, host_state=T("permanent-failure")),
    )
    assert verb(result) is None
    assert "A start is not possible now" in whole(result)
    assert verb(told(replace(STOPPED, state=InstanceState.STOPPING))) is None


def test_gone() -> None:
    assert "nothing can be done" in told(replace(BASE, state=InstanceState.TERMINATED)).headline


def test_failing_host_and_an_announced_stop() -> None:
    result = told(replace(failing("system"), events=(event("instance-stop", 3),)))
    assert result.headline == (
        "The host is failing (system check, since 11:54 KST, 6m ago). "
        "AWS will stop it at 15:00 KST, in 3h; it will NOT start by itself."
    )
    assert len(result.diagnosis_short) <= 80
    assert "Do not wait for the announced date" in whole(result)
    assert verb(result) == "stop-start"
    assert result.recommended is not None
    assert "before AWS stops it" in result.recommended.why


def test_instance_check_and_a_reboot_event() -> None:
    result = told(replace(failing("instance"), events=(event("instance-reboot", 3),)))
    assert "does not clear the reboot event" in whole(result)
    assert verb(result) == "reboot"


@pytest.mark.parametrize(
    ("instance", "facts", "marks"),
    [
        (BASE, FACTS, ["ok", "ok", "ok", "ok", "unknown", "unknown"]),
        (failing("system", "instance"), None, ["failing", "failing", "unknown", "ok", "unknown", "unknown"]),
        (failing("system"), None, ["failing", "failing", "ok", "ok", "unknown", "unknown"]),
        (failing("instance"), None, ["ok", "ok", "failing", "ok", "unknown", "unknown"]),
        (failing("attached_ebs"), FACTS, ["ok", "ok", "ok", "failing", "unknown", "unknown"]),
        (
            replace(BASE, events=(event("instance-stop", 3),)),
            None,
            ["ok", "threatened", "ok", "ok", "unknown", "unknown"],
        ),
        (
            replace(BASE, events=(event("system-maintenance", 3),)),
            None,
            ["threatened", "ok", "ok", "ok", "unknown", "unknown"],
        ),
        (replace(BASE, checks=Checks()), None, ["unknown"] * 6),
        (
            replace(BASE, checks=Checks(OK, OK, *[StatusCheck(CheckStatus.NOT_REPORTED)] * 3)),
            None,
            ["ok"] * 3 + ["none"] * 3,
        ),
        (STOPPED, None, ["none"] * 6),
    ],
)
def test_layers(instance: Instance, facts: Facts | None, marks: list[str]) -> None:
    found = layers(instance, facts, NOW)
    assert [layer.mark.value for layer in found] == marks
    assert all(layer.why for layer in found)


@pytest.mark.parametrize(
    ("statuses", "mark", "why"),
    [
        (("ok", "ok"), Mark.OK, "2 of 2 ok"),
        (("ok", "impaired"), Mark.FAILING, "impaired: vol-1"),
        (("insufficient-data", "ok"), Mark.UNKNOWN, "not known to be ok: vol-0"),
    ],
)
def test_volume_layer(statuses: tuple[str, ...], mark: Mark, why: str) -> None:
    volumes = tuple(VolumeHealth(T(f"vol-{i}"), T(status)) for i, status in enumerate(statuses))
    layer = layers(BASE, replace(FACTS, volumes=volumes), NOW)[3]
    assert (layer.mark, layer.why) == (mark, why)


STATUSES = st.sampled_from(list(CheckStatus)).map(
    lambda status: StatusCheck(status, NOW - timedelta(hours=1))
)
INSTANCES = st.builds(
    lambda **changes: replace(BASE, **changes),
    state=st.sampled_from(list(InstanceState)),
    checks=st.builds(Checks, STATUSES, STATUSES, STATUSES, STATUSES, STATUSES),
    events=st.lists(
        st.builds(
            event,
            st.sampled_from([*KNOWN_CODES, "new"]),
            st.none() | st.floats(-9, 99),
            st.sampled_from(["", "[Completed]"]),
        ),
        max_size=3,
    ).map(tuple),
    root_device=st.sampled_from(["ebs", "instance-store", ""]).map(T),
    tenancy=st.sampled_from(["default", "host", ""]).map(T),
    lifecycle=st.sampled_from(["", "spot"]).map(T),
    managed_by=st.sampled_from(["", "eks"]).map(T),
    public_kind=st.sampled_from(list(PublicAddress)),
    auto_recovery=st.sampled_from(["default", "disabled", ""]).map(T),
)
LOOKS = st.none() | st.builds(
    lambda **changes: replace(FACTS, **changes),
    type=st.sampled_from([None, STORE, TypeFacts(), TypeFacts(instance_storage=False)]),
    stop_protection=st.sampled_from([None, True, False]),
    membership=st.sampled_from([None, (), (GroupMembership(T("g"), T("InService")),)]),
    host_state=st.sampled_from([None, T("available"), T("permanent-failure")]),
    spot_type=st.sampled_from([None, T("one-time"), T("persistent")]),
)


@given(INSTANCES, LOOKS)
def test_a_blocked_action_is_never_recommended(instance: Instance, facts: Facts | None) -> None:
    result = told(instance, facts)
    assert result.headline.endswith(".")
    assert "\n" not in whole(result)
    for paragraph in result.paragraphs:
        if paragraph.kind in (Kind.AWS_WILL, Kind.SURVIVES, Kind.LOST, Kind.CLEARS):
            assert paragraph.sources
    if result.recommended is not None:
        assert result.recommended.key == verb_of(result.recommended.verb).key
        found = hazards(instance, facts, result.recommended.verb, NOW, ActionOptions(), Policy())
        assert all(hazard.gravity is not Gravity.BLOCK for hazard in found)
        if result.recommended.verb in ("stop-start", "reboot"):
            assert not any(
                hazard.code == "auto-scaling" and hazard.gravity is Gravity.DANGER for hazard in found
            )
