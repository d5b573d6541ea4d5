"""Guidance for scheduled events: every code, root, state and migration setting; the sentences and where they come from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tests.unit.guidance_cases import BASE, FACTS, NOW, STORE, T, event, whole
from tui.domain.actions import ActionOptions
from tui.domain.events import KNOWN_CODES, EventCode, EventState
from tui.domain.facts import Facts, GroupMembership
from tui.domain.guidance import Explanation, Kind, explain, explain_code
from tui.domain.guidance.events import EVENT_GUIDES
from tui.domain.hazards import Gravity, hazards
from tui.domain.instance import Instance, InstanceState, Interface, PublicAddress, TypeFacts, Volume
from tui.domain.policy import Policy

SEOUL = ZoneInfo("Asia/Seoul")
ROOTS = ("ebs", "instance-store", "")
CODES = [*KNOWN_CODES, "brand-new"]


def told(instance: Instance, facts: Facts = FACTS) -> Explanation:
    return explain(instance, facts, Policy(), NOW, SEOUL)


def test_every_code_has_an_entry() -> None:
    assert set(EVENT_GUIDES) == set(EventCode)


@pytest.mark.parametrize(
    ("code", "root", "start", "text", "migration", "tenancy"),
    product(
        CODES,
        ROOTS,
        (3, -1, None),
        ("", "[Completed] x", "[Canceled] x"),
        ("default", "disabled", ""),
        ("default", "host"),
    ),
)
def test_the_whole_table_holds(
    code: str, root: str, start: float | None, text: str, migration: str, tenancy: str
) -> None:
    instance = replace(
        BASE,
        events=(event(code, start, text),),
        root_device=T(root),
        reboot_migration=T(migration),
        tenancy=T(tenancy),
    )
    result = told(instance)
    kinds = {paragraph.kind for paragraph in result.paragraphs}
    assert result.headline.endswith(".")
    assert "\n" not in result.headline + result.diagnosis_short
    if text:
        assert kinds == {Kind.NOTE}
        assert result.recommended is None
    elif code == "brand-new":
        assert "brand-new" in whole(result)
        assert result.recommended is None
        assert not kinds & {Kind.AWS_WILL, Kind.SURVIVES, Kind.LOST, Kind.CLEARS}
    else:
        assert kinds >= {Kind.HAPPENING, Kind.WHEN, Kind.AWS_WILL, Kind.LOST, Kind.DO}
        assert code == "system-reboot" or Kind.DO_NOT in kinds
    for paragraph in result.paragraphs:
        if paragraph.kind in (Kind.AWS_WILL, Kind.SURVIVES, Kind.LOST, Kind.CLEARS, Kind.WHEN):
            assert paragraph.sources, paragraph
    if result.recommended is not None:
        first = hazards(instance, FACTS, result.recommended.verb, NOW, ActionOptions(), Policy())[0]
        assert first.gravity is not Gravity.BLOCK


@pytest.mark.parametrize(
    ("code", "root", "headline", "short"),
    [
        (
            "instance-stop",
            "ebs",
            "AWS will stop it at 15:00 KST, in 3h; it will NOT start by itself.",
            "AWS stops it at 15:00. It will NOT start by itself.",
        ),
        (
            "instance-retirement",
            "ebs",
            "AWS will stop it at 15:00 KST, in 3h (retirement); it will NOT start by itself.",
            "AWS stops it at 15:00. It will NOT start by itself.",
        ),
        (
            "instance-retirement",
            "instance-store",
            "AWS will TERMINATE it at 15:00 KST, in 3h; everything on its disks is lost for good.",
            "AWS TERMINATES it at 15:00.",
        ),
        (
            "instance-retirement",
            "",
            "AWS will stop it at 15:00 KST, in 3h, or TERMINATE it if its root is instance store (don't know which).",
            "AWS stops or TERMINATES it at 15:00.",
        ),
        ("instance-reboot", "ebs", "AWS will reboot it at 15:00 KST, in 3h.", "AWS reboots it at 15:00."),
        (
            "system-reboot",
            "ebs",
            "AWS will reboot it and move it to a new host at 15:00 KST, in 3h.",
            "AWS reboots and moves it at 15:00.",
        ),
        (
            "system-maintenance",
            "ebs",
            "AWS will work on its network or power at 15:00 KST, in 3h.",
            "AWS maintenance at 15:00.",
        ),
        (
            "brand-new",
            "ebs",
            "AWS announced brand-new at 15:00 KST, in 3h, which this version can't explain.",
            "AWS announced brand-new at 15:00.",
        ),
    ],
)
def test_headlines(code: str, root: str, headline: str, short: str) -> None:
    result = told(replace(BASE, events=(event(code, 3),), root_device=T(root)))
    assert (result.headline, result.diagnosis_short) == (headline, short)


@pytest.mark.parametrize(
    ("start", "part", "short"),
    [
        (-1, "(started or due)", "(started or due)"),
        (None, "at a time AWS did not announce", "at an unknown time"),
        (72, "in 3d (Fri 12:00 KST (03:00 UTC))", "in 3d"),
    ],
)
def test_times_in_headlines(start: float | None, part: str, short: str) -> None:
    result = told(replace(BASE, events=(event("instance-stop", start),)))
    assert part in result.headline
    assert short in result.diagnosis_short


def test_when_tells_both_zones_end_and_deadline() -> None:
    given = replace(
        event("system-reboot", 3), not_after=NOW + timedelta(hours=5), deadline=NOW + timedelta(hours=72)
    )
    result = told(replace(BASE, events=(given,)))
    (when,) = result.of(Kind.WHEN)
    assert when.text == (
        "system-reboot: not before Tue 15:00 KST (06:00 UTC), in 3h; planned to end by Tue 17:00 KST (08:00 UTC), in 5h; "
        "AWS starts it by Fri 12:00 KST (03:00 UTC), in 3d at the latest."
    )
    assert "You can move it (t)" in whole(result)
    assert result.recommended is not None
    assert (result.recommended.verb, result.recommended.key) == ("reschedule", "t")


@pytest.mark.parametrize(("start", "part"), [(-1, "started or due since"), (None, "AWS announced no start")])
def test_when_without_a_future(start: float | None, part: str) -> None:
    result = told(replace(BASE, events=(event("instance-stop", start),)))
    assert part in result.of(Kind.WHEN)[0].text
    assert "It can't be moved: AWS set no deadline" in whole(result)


def lines(result: Explanation, kind: Kind) -> str:
    return " / ".join(paragraph.text for paragraph in result.of(kind))


def test_a_stop_names_what_survives_here() -> None:
    result = told(
        replace(BASE, events=(event("instance-stop", 3),), volumes=(Volume(T("/dev/xvda"), T("vol-1")),))
    )
    assert lines(result, Kind.SURVIVES) == "EBS data (1 volume); private IP 10.2.1.9; Elastic IP 3.35.2.8."
    assert lines(result, Kind.LOST) == "What is in memory."
    assert "b): a reboot stays on the degraded host" in lines(result, Kind.DO_NOT)


AUTO = replace(BASE, public_kind=PublicAddress.AUTO, public_ip=T("3.3.3.3"))
TWO = (Interface(T("eni-1"), 0, ipv6=(T("2001:db8::1"),)), Interface(T("eni-2"), 1))


@pytest.mark.parametrize(
    ("instance", "code", "type_facts", "lost"),
    [
        (
            AUTO,
            "instance-stop",
            None,
            "public IPv4 3.3.3.3 (not an Elastic IP): released, the start brings another",
        ),
        (replace(AUTO, interfaces=TWO), "instance-stop", None, "the start brings none"),
        (
            replace(BASE, public_kind=PublicAddress.UNKNOWN),
            "instance-stop",
            None,
            "if it has one (don't know: not read)",
        ),
        (BASE, "instance-stop", STORE, "everything on the 475 GB of instance store"),
        (BASE, "instance-stop", replace(STORE, nvme_storage=False), "if it was mapped at launch"),
        (BASE, "instance-stop", replace(STORE, storage_gb=None), "everything on the instance store"),
        (BASE, "instance-stop", TypeFacts(), "if it has any (don't know: its type was not read)"),
        (replace(AUTO, tenancy=T("host")), "instance-reboot", STORE, "AWS's pages do not say"),
    ],
)
def test_what_is_lost_here(instance: Instance, code: str, type_facts: TypeFacts | None, lost: str) -> None:
    facts = FACTS if type_facts is None else replace(FACTS, type=type_facts)
    assert lost in lines(told(replace(instance, events=(event(code, 3),)), facts), Kind.LOST)


def test_a_reboot_keeps_the_address_and_the_store() -> None:
    instance = replace(AUTO, interfaces=TWO, events=(event("system-reboot", 3),))
    kept = told(instance, replace(FACTS, type=STORE)).of(Kind.SURVIVES)[0].text
    for part in ("475 GB of instance store", "IPv6 2001:db8::1", "public IPv4 3.3.3.3"):
        assert part in kept


def test_the_end_of_an_instance_store_root() -> None:
    instance = replace(
        BASE,
        root_device=T("instance-store"),
        events=(event("instance-retirement", 3),),
        volumes=(Volume(T("/dev/sdf"), T("vol-7"), False), Volume(T("/dev/sdg"), T("vol-8"), True)),
    )
    result = told(instance)
    assert (
        lines(result, Kind.SURVIVES)
        == "EBS volumes vol-7; Elastic IP 3.35.2.8 stays yours, without an instance."
    )
    assert "the root device and the instance itself" in lines(result, Kind.LOST)
    assert "launch a replacement from the newest AMI" in lines(result, Kind.DO)
    assert "nothing can be recovered" in lines(result, Kind.DO_NOT)
    assert result.recommended is None
    auto = told(replace(instance, public_kind=PublicAddress.AUTO, volumes=()))
    assert "not an Elastic IP" in lines(auto, Kind.LOST)
    reboot = told(replace(instance, volumes=(), events=(event("instance-reboot", 3),)))
    assert "EBS" not in lines(reboot, Kind.SURVIVES)


MIGRATES = TypeFacts(instance_storage=False, reboot_migration_supported=True)


@pytest.mark.parametrize(
    ("changes", "facts", "part"),
    [
        ({}, {"type": MIGRATES}, "may migrate it and clear the event"),
        ({"reboot_migration": T("disabled")}, {"type": MIGRATES}, "reboot migration is disabled"),
        ({"reboot_migration": T("")}, {"type": MIGRATES}, "its setting for reboot migration was not read"),
        ({"tenancy": T("host")}, {"type": MIGRATES}, "on a Dedicated Host"),
        (
            {},
            {"type": MIGRATES, "membership": (GroupMembership(T("g"), T("Standby")),)},
            "in an Auto Scaling group",
        ),
        ({}, {"type": STORE}, "it has instance store"),
        ({}, {"type": replace(MIGRATES, reboot_migration_supported=False)}, "does not support"),
        ({}, {"type": replace(MIGRATES, hypervisor=T("xen"))}, "Xen or bare metal"),
        ({}, {"type": replace(MIGRATES, bare_metal=True)}, "Xen or bare metal"),
        ({}, {"type": None}, "whether its type supports reboot migration was not read"),
        ({}, {"type": TypeFacts()}, "whether its type supports reboot migration was not read"),
    ],
)
def test_reboot_migration(changes: dict[str, object], facts: dict[str, object], part: str) -> None:
    instance = replace(BASE, events=(event("system-reboot", 3),), **changes)
    assert part in whole(told(instance, replace(FACTS, **facts)))


def test_own_reboot_never_clears_instance_reboot() -> None:
    result = told(replace(BASE, events=(event("instance-reboot", 3),)))
    assert "Do not expect a reboot of your own (b) to clear it" in lines(result, Kind.DO_NOT)
    assert result.recommended is None


def test_two_events() -> None:
    both = (event("instance-stop", 3), event("system-reboot", 1))
    result = told(replace(BASE, events=both))
    assert "(and 1 more)" in result.headline
    assert "AWS will stop it at 15:00" in result.headline  # the graver, though the later
    assert "one stop and start before the earliest" in whole(result)
    assert "one stop and start" not in whole(
        told(replace(BASE, events=both, root_device=T("instance-store")))
    )


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"managed_by": T("eks")}, {}),
        ({"root_device": T("instance-store")}, {}),
        ({"root_device": T("")}, {}),
        ({}, {"stop_protection": True}),
        ({}, {"membership": (GroupMembership(T("g"), T("InService")),)}),
        ({"tags": ((T("aws:autoscaling:groupName"), T("g")),)}, {"membership": None}),
        ({"lifecycle": T("spot")}, {"spot_type": T("one-time")}),
        ({"tenancy": T("host")}, {"host_state": T("permanent-failure")}),
        ({"state": InstanceState.PENDING}, {}),
    ],
)
def test_what_is_in_the_way_is_not_recommended(changes: dict[str, object], facts: dict[str, object]) -> None:
    instance = replace(BASE, events=(event("instance-stop", 3),))
    free = told(instance).recommended
    assert free is not None
    assert free.verb == "stop-start"
    blocked = replace(instance, **changes)
    assert told(blocked, replace(FACTS, **facts)).recommended is None


def test_standby_and_suspension_free_a_member() -> None:
    instance = replace(BASE, events=(event("instance-stop", 3),))
    member = GroupMembership(T("g"), T("Standby"))
    for safe in (member, replace(member, lifecycle=T("InService"), replace_suspended=True)):
        result = told(instance, replace(FACTS, membership=(safe,)))
        assert result.recommended is not None
    caught = told(instance, replace(FACTS, membership=(replace(member, lifecycle=T("InService")),)))
    assert "put it in Standby first" in whole(caught)


def test_dedicated_host_and_managed_are_explained() -> None:
    instance = replace(BASE, events=(event("instance-stop", 3),), tenancy=T("host"))
    assert "the last one tried first" in whole(told(instance))
    bound = told(replace(instance, affinity=T("host")), replace(FACTS, host_state=T("permanent-failure")))
    assert "back to the same host" in whole(bound)
    assert "nothing can be started" in whole(bound)
    assert "managed by eks" in whole(told(replace(instance, managed_by=T("eks"))))


def test_no_fresh_image_is_said_with_the_recommendation() -> None:
    instance = replace(BASE, events=(event("instance-stop", 3),))
    recommended = told(instance, replace(FACTS, images=())).recommended
    assert recommended is not None
    assert "AMI" in recommended.why


@pytest.mark.parametrize(
    ("code", "root", "state", "tenancy"), product(CODES, ROOTS, EventState, ("", "host"))
)
def test_explain_code(code: str, root: str, state: EventState, tenancy: str) -> None:
    result = explain_code(code, root, state, tenancy=tenancy)
    assert result.recommended is None
    text = whole(result)
    assert "don't know" not in text.lower()
    assert "was not read" not in text
    if code == "brand-new":
        assert "brand-new" in result.headline
    elif state in (EventState.PENDING, EventState.STARTED):
        assert result.of(Kind.CLEARS)
        assert all(
            p.sources for p in result.paragraphs if p.kind in (Kind.AWS_WILL, Kind.SURVIVES, Kind.LOST)
        )


def test_explain_code_tells_both_roots_and_migration() -> None:
    result = explain_code("instance-retirement")
    assert lines(result, Kind.AWS_WILL).startswith("With an EBS root: stop it")
    assert "With an instance-store root" in lines(result, Kind.LOST)
    assert "only if it migrates" in whole(explain_code("system-reboot"))
    assert "is disabled" in whole(explain_code("system-reboot", reboot_migration="disabled"))


def test_retired_advice_is_nowhere() -> None:
    for code, root in product(KNOWN_CODES, ROOTS):
        for paragraph in explain_code(code, root).paragraphs:
            assert "[unverified]" not in paragraph.text
            if paragraph.kind is Kind.CLEARS:
                assert "reboot of your own" not in paragraph.text
            if "three minutes" in paragraph.text:
                assert [source.document for source in paragraph.sources] == ["experience"]


def test_unknown_zone_is_utc_only() -> None:
    result = explain(replace(BASE, events=(event("instance-stop", 3),)), None, Policy(), NOW, UTC)
    assert "Tue 06:00 UTC, in 3h" in result.of(Kind.WHEN)[0].text
    assert datetime(2026, 11, 24, 3, 0, tzinfo=UTC) == NOW


@pytest.mark.parametrize("code", ["instance-stop", "instance-retirement"])
@pytest.mark.parametrize("state", [InstanceState.STOPPED, InstanceState.STOPPING])
@pytest.mark.parametrize("start", [-5, 50, None])
def test_what_is_stopped_already_is_not_announced_to_be_stopped(
    code: str, state: InstanceState, start: float | None
) -> None:
    instance = replace(BASE, state=state, root_device=T("ebs"), events=(event(code, start),))
    result = told(instance)
    text = whole(result)
    assert f"finds it {state} already." in result.headline
    assert "AWS will stop it" not in text
    assert "AWS stops it" not in result.diagnosis_short
    assert "Stop it" not in text
    assert "wait for the date" not in text
    assert result.diagnosis_short.startswith(f"It is {state}; {code}")
    assert result.diagnosis_short.endswith("is still listed. It will NOT start by itself.")
    assert "Nothing more: it stays stopped until somebody starts it." in text
    if state is InstanceState.STOPPED:
        assert result.recommended is not None
        assert result.recommended.verb == "start"
