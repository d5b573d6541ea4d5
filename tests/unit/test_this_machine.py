"""The machine evac runs on: what its files say, what its hands go through, and what an action on such an instance costs."""

from __future__ import annotations

import socket
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import KNOWN as FACTS
from tests.unit.hazard_cases import NOW, SAFE, T
from tests.unit.machines import ELSEWHERE, KNOWN, MACHINES, OTHER, OWN, UNSURE, nitro, put
from tui.config.schema import Settings
from tui.config.sections import CacheSettings, LockSettings
from tui.domain.actions import ACTIONS, OVERRIDES, ActionOptions
from tui.domain.choices import offers
from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts, GroupMembership, RouteTo
from tui.domain.guidance import explain
from tui.domain.hazards import Hazard, hazards
from tui.domain.instance import Address, Instance, InstanceState, Interface, Target
from tui.domain.plan import GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.severity import Gravity
from tui.domain.this_machine import NOWHERE, Here, Way, elsewhere, start_command
from tui.operations import this_machine

MINE = replace(SAFE, instance_id=T(OWN), name=T("bastion"), vpc_id=T("vpc-1"), subnet_id=T("subnet-1"))
WEB = replace(SAFE, instance_id=T(OTHER), vpc_id=T("vpc-1"), private_ip=T("10.8.0.5"))
HERE = Here(OWN, source="dmi")
FOLDER = Path("/home/kim/.local/state/evac")


def at(root: Path, environ: dict[str, str] | None = None, settings: Settings | None = None) -> Here:
    return this_machine.read_this_machine(environ or {}, settings or Settings(), FOLDER, root)


def found(
    action: str, row: Instance, place: Here, facts: Facts | None = FACTS, options: Any = None
) -> dict[str, Hazard]:
    return {
        one.code: one for one in hazards(row, facts, action, NOW, options or ActionOptions(), Policy(), place)
    }


# which machine


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_machine_is_known_by_its_hypervisor_or_by_this_boot(name: str, action: str, tmp_path: Path) -> None:
    make, sure = MACHINES[name]
    make(tmp_path)
    place = at(tmp_path)
    assert (place.instance_id == OWN) is (sure == KNOWN)
    assert place.known is (sure != UNSURE)
    assert place.on_ec2 is (sure != ELSEWHERE)
    mine, other = found(action, MINE, place).get("self"), found(action, WEB, place).get("self")
    one = ACTIONS[action]
    harmless = not (one.goes_down or one.interrupts(ActionOptions()))
    if sure == ELSEWHERE or harmless:
        assert mine is None
        assert other is None
    elif sure == UNSURE:
        assert mine == other
        assert mine is not None
        assert (mine.gravity, mine.known) == (Gravity.WARN, False)
    else:
        assert other is None
        assert mine is not None
        assert mine.gravity is (Gravity.BLOCK if ACTIONS[action].goes_down else Gravity.DANGER)


def test_the_root_of_a_demonstration_counts_in_a_demonstration_only(tmp_path: Path) -> None:
    nitro(tmp_path)
    told = {"EVAC_DEMO_ROOT": str(tmp_path)}
    assert this_machine.root(told) == Path("/")
    assert this_machine.root({**told, "EVAC_DEMO": "1"}) == tmp_path
    assert this_machine.read_this_machine({**told, "EVAC_DEMO": "1"}, Settings(), FOLDER).instance_id == OWN


def test_no_network_is_asked_where_this_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("something tried to connect")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    nitro(tmp_path)
    put(tmp_path, "etc/resolv.conf", "nameserver 10.8.0.5\n")
    assert at(tmp_path, {"HTTPS_PROXY": "http://proxy.corp:3128"}).names == ("proxy.corp",)


# itself


def test_a_stop_of_the_machine_itself_is_blocked_until_a_person_says_so_and_told_how_to_bring_it_back() -> (
    None
):
    row = replace(MINE, target=Target("prod blue", "cn-north-1"))
    plan = draft("stop-start", row, FACTS, ActionOptions(), Policy(), NOW, HERE)
    assert plan.guard.kind is GuardKind.BLOCKED
    (why,) = plan.guard.unblock
    assert "stays DOWN" in why
    assert f"aws ec2 start-instances --region cn-north-1 --instance-ids {OWN} --profile 'prod blue'" in why
    lifted = draft("stop-start", row, FACTS, ActionOptions(overrides=("self",)), Policy(), NOW, HERE)
    assert (lifted.guard.kind, lifted.guard.expected) == (GuardKind.TYPE_NAME, "bastion")
    assert any(start_command(row) in one.remedy for one in lifted.hazards)


@pytest.mark.parametrize("code", [code for code in OVERRIDES if code != "self"])
def test_no_other_override_lifts_it(code: str) -> None:
    plan = draft("stop-start", MINE, FACTS, ActionOptions(overrides=(code,)), Policy(), NOW, HERE)
    assert plan.guard.kind is GuardKind.BLOCKED


def test_a_site_can_keep_it_from_being_lifted() -> None:
    rules = Policy(blocking=("self",))
    plan = draft("stop-start", MINE, FACTS, ActionOptions(overrides=("self",)), rules, NOW, HERE)
    assert plan.guard.kind is GuardKind.BLOCKED
    assert not [
        one for one in offers("stop-start", MINE, FACTS, ActionOptions(), rules, NOW, HERE) if one.override
    ]


def test_a_console_offers_what_can_be_lifted_and_nothing_more() -> None:
    offered = offers("stop-start", MINE, FACTS, ActionOptions(), Policy(), NOW, HERE)
    assert [one.override for one in offered if one.override] == ["self"]
    assert not [
        one for one in offers("stop-start", WEB, FACTS, ActionOptions(), Policy(), NOW, HERE) if one.override
    ]


def test_a_reboot_is_a_danger_and_blocked_where_it_would_stay_out_of_service() -> None:
    member = GroupMembership(T("web"), T("InService"), T("Healthy"), 1, 3, False, 3)
    facts = replace(FACTS, membership=(member,))
    assert found("reboot", MINE, HERE)["self"].gravity is Gravity.DANGER
    assert found("reboot", MINE, HERE, facts)["self"].gravity is Gravity.BLOCK
    assert found("reboot", MINE, HERE, facts, ActionOptions(standby=False))["self"].gravity is Gravity.DANGER


def test_an_ami_without_a_reboot_costs_the_machine_nothing() -> None:
    assert "self" in found("image", MINE, HERE)
    assert "self" not in found("image", MINE, HERE, options=ActionOptions(no_reboot=True))


def test_an_action_is_known_by_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes later waits for AWS's own stop, and starts it then."""
    up = (InstanceState.RUNNING, InstanceState.STOPPED)
    later = replace(
        ACTIONS["start"], name="later", steps=("wait-stopped", *ACTIONS["start"].steps), states=up
    )
    monkeypatch.setitem(ACTIONS, "later", later)
    assert found("later", MINE, HERE)["self"].gravity is Gravity.BLOCK
    assert "self" not in found("start", replace(MINE, state=InstanceState.STOPPED), HERE)


def test_guidance_does_not_send_anybody_to_stop_it_from_here() -> None:
    doomed = ScheduledEvent(T("instance-retirement"), T("e-1"), not_before=NOW + timedelta(hours=30))
    row = replace(MINE, events=(doomed,))
    elsewhere_told, told = (explain(row, FACTS, Policy(), NOW, UTC, place) for place in (NOWHERE, HERE))
    assert elsewhere_told.recommended is not None
    assert told.recommended is None
    assert any("evac runs on this very instance" in one.text for one in told.paragraphs)


# what the hands go through

RESOLVED = "nameserver 127.0.0.53\noptions edns0\n"
MOUNTS = "36 35 98:0 / / rw - ext4 /dev/nvme0n1p1 rw\n"
NFS = MOUNTS + "40 36 0:40 / /home rw - "


@pytest.mark.parametrize(
    ("environ", "files", "host", "need"),
    [
        ({"HTTPS_PROXY": "http://10.8.0.5:3128"}, {}, "10.8.0.5", True),
        ({"https_proxy": "10.8.0.5:3128"}, {}, "10.8.0.5", True),
        ({"HTTPS_PROXY": "http://user:p%40ss@Proxy.Corp.:3128"}, {}, "proxy.corp", True),
        ({"HTTPS_PROXY": "http://[fd00::5]:3128"}, {}, "fd00::5", True),
        ({"AWS_ENDPOINT_URL_EC2": "https://10.8.0.5"}, {}, "10.8.0.5", True),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}, {}, None, None),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1"}, {}, None, None),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.8.0.5/v1"}, {}, "10.8.0.5", True),
        ({"VAULT_ADDR": "https://vault.corp:8200"}, {}, "vault.corp", True),
        ({"SSH_CONNECTION": "10.8.0.5 50000 10.8.0.9 22"}, {}, "10.8.0.5", False),
        ({"SSH_CONNECTION": "::1 50000 ::1 22"}, {}, None, None),
        ({"HTTPS_PROXY": "http://[oops"}, {}, None, None),
        ({}, {"etc/resolv.conf": "search corp\nnameserver 10.8.0.5\n"}, "10.8.0.5", True),
        (
            {},
            {"etc/resolv.conf": RESOLVED, "run/systemd/resolve/resolv.conf": "nameserver 10.8.0.5\n"},
            "10.8.0.5",
            True,
        ),
        ({}, {"etc/resolv.conf": "nameserver 169.254.169.253\nnameserver fe80::1%eth0\n"}, None, None),
        ({}, {"proc/self/mountinfo": NFS + "nfs4 10.8.0.5:/home rw,addr=10.8.0.5\n"}, "10.8.0.5", True),
        ({}, {"proc/self/mountinfo": NFS + "nfs4 files.corp:/home rw\n"}, "files.corp", True),
        ({}, {"proc/self/mountinfo": NFS + "cifs //10.8.0.5/home rw\n"}, "10.8.0.5", True),
        ({}, {"proc/self/mountinfo": NFS + "fuse.sshfs kim@10.8.0.5:/ rw\n"}, "10.8.0.5", True),
        ({}, {"proc/self/mountinfo": MOUNTS + "40 36 0:40 / /srv rw - nfs4 10.8.0.5:/srv rw\n"}, None, None),
        (
            {},
            {
                "proc/self/mountinfo": "40 36 0:40 / /home rw - nfs4 10.8.0.5:/home rw\n"
                "41 40 98:1 / /home/kim rw - xfs /dev/nvme1n1 rw\n"
            },
            None,
            None,
        ),
        ({}, {"proc/self/mountinfo": "nonsense\n\n1 2\n - \n"}, None, None),
    ],
)  # fmt: skip
def test_what_the_hands_go_through(
    environ: dict[str, str], files: dict[str, str], host: str | None, need: bool | None, tmp_path: Path
) -> None:
    for name, text in files.items():
        put(tmp_path, name, text)
    assert [(way.host, way.need) for way in at(tmp_path, environ).ways] == ([(host, need)] if host else [])


def test_a_lock_and_a_cache_are_no_need() -> None:
    settings = Settings(
        lock=LockSettings(url="redis://:secret@10.8.0.5:6379/0"),
        cache=CacheSettings(url="redis://cache.corp/0"),
    )
    ways = at(Path("/nonexistent"), {}, settings).ways
    assert [(way.host, way.need) for way in ways] == [("10.8.0.5", False), ("cache.corp", False)]
    assert "secret" not in repr(ways)


DNS = Way("its name server (DNS)", "10.8.0.5", "the runner can't reach AWS")
NEAR = replace(HERE, ways=(DNS,), row=MINE)


@pytest.mark.parametrize(
    ("place", "row", "gravity"),
    [
        (NEAR, WEB, Gravity.BLOCK),
        (replace(NEAR, row=None), WEB, Gravity.WARN),
        (NEAR, replace(WEB, vpc_id=T("vpc-2")), Gravity.WARN),
        (NEAR, replace(WEB, private_ip=T("10.8.0.55")), None),
        (NEAR, MINE, None),
        (replace(NEAR, ways=(replace(DNS, host="203.0.113.80"),)), replace(WEB, public_ip=T("203.0.113.80")), Gravity.BLOCK),
        (replace(NEAR, ways=(replace(DNS, host="3.36.0.1"),), row=None), replace(WEB, public_ip=T("3.36.0.1")), Gravity.BLOCK),
        (replace(NEAR, ways=(replace(DNS, host="::ffff:10.8.0.5"),)), WEB, Gravity.BLOCK),
        (replace(NEAR, ways=(replace(DNS, host="ip-10-8-0-5.ec2.internal"),)), WEB, Gravity.BLOCK),
        (replace(NEAR, ways=(replace(DNS, host="dns.corp", addresses=("10.8.0.5",)),)), WEB, Gravity.BLOCK),
        (replace(NEAR, ways=(replace(DNS, host="dns.corp"),)), WEB, None),
        (replace(NEAR, ways=(replace(DNS, need=False),)), WEB, Gravity.DANGER),
        (
            replace(NEAR, ways=(replace(DNS, host="2600:1f18:0:0:0:0:0:5"),)),
            replace(WEB, interfaces=(Interface(T("eni-1"), 0, (), (T("2600:1f18::5"),)),)),
            Gravity.BLOCK,
        ),
        (
            NEAR,
            replace(WEB, private_ip=T("10.8.0.9"), interfaces=(Interface(T("e"), 1, (Address(T("10.8.0.5"), False),)),)),
            Gravity.BLOCK,
        ),
        (
            replace(NEAR, ways=(replace(DNS, host="ec2-3-36-0-1.compute.amazonaws.com"),), row=None),
            replace(WEB, public_dns=T("ec2-3-36-0-1.compute.amazonaws.com")),
            Gravity.BLOCK,
        ),
    ],
)  # fmt: skip
def test_what_cuts_the_hands_off_is_blocked_where_it_is_certainly_that_instance(
    place: Here, row: Instance, gravity: Gravity | None
) -> None:
    told = found("stop-start", row, place).get("path")
    assert (told and told.gravity) is gravity
    reboot = found("reboot", row, place).get("path")
    assert (reboot and reboot.gravity) is (gravity and Gravity.WARN)
    for harmless in ("start", "reschedule"):
        assert "path" not in found(harmless, row, place)
    if gravity is Gravity.BLOCK:
        assert (
            found("stop-start", row, place, options=ActionOptions(overrides=("path",)))["path"].gravity
            is Gravity.DANGER
        )
        assert (
            found("stop-start", row, place, options=ActionOptions(overrides=("self",)))["path"].gravity
            is Gravity.BLOCK
        )


def test_names_are_taken_from_what_a_look_brought_along() -> None:
    place = replace(NEAR, ways=(replace(DNS, host="dns.corp"),))
    facts = replace(FACTS, hosts=(("dns.corp", ("10.8.0.5",)),))
    assert "dns.corp (10.8.0.5)" in found("stop-start", WEB, place, facts)["path"].text


@pytest.mark.parametrize(
    "text", ["", "localhost", "x.localhost", "127.0.0.1", "::1", "169.254.169.254", "0.0.0.0", "fe80::1%e"]
)
def test_this_machine_and_aws_own_services_are_no_instance(text: str) -> None:
    assert not elsewhere(text)


# routes

TABLE = RouteTo(T("rtb-1"), T("vpc-1"), True, False, (T("subnet-1"), T("subnet-2")), (), 14)


@pytest.mark.parametrize(
    ("table", "row", "code", "gravity"),
    [
        (TABLE, MINE, "path", Gravity.BLOCK),
        (TABLE, None, "router", Gravity.WARN),
        (replace(TABLE, subnets=(T("subnet-2"),)), MINE, "router", Gravity.WARN),
        (replace(TABLE, default=False), MINE, "router", Gravity.WARN),
        (replace(TABLE, subnets=(), main=True), MINE, "path", Gravity.BLOCK),
        (replace(TABLE, subnets=(), main=True, elsewhere=(T("subnet-1"),)), MINE, "router", Gravity.WARN),
        (replace(TABLE, subnets=(), main=True, vpc_id=T("vpc-2")), MINE, "router", Gravity.WARN),
    ],
)
def test_a_router_of_others_is_a_warning_and_of_this_machine_a_block(
    table: RouteTo, row: Instance | None, code: str, gravity: Gravity
) -> None:
    place = replace(HERE, row=row)
    told = found("stop-start", WEB, place, replace(FACTS, routes=(table,)))
    assert {one for one in told if one in ("path", "router")} == {code}
    assert told[code].gravity is gravity
    assert "rtb-1" in told[code].text


def test_a_router_is_told_with_who_is_behind_it_wherever_evac_runs() -> None:
    told = found(
        "stop-start",
        WEB,
        NOWHERE,
        replace(FACTS, routes=(TABLE, replace(TABLE, table_id=T("rtb-2"), instances=2))),
    )
    assert told["router"].text == (
        "route tables rtb-1, rtb-2 (16 instances in 2 subnets) lead through it: there is no way out meanwhile"
    )


@pytest.mark.parametrize(
    ("forwards", "facts", "said"),
    [
        (True, FACTS, True),
        (True, None, True),
        (True, replace(FACTS, unknown=(("routes", T("denied")),)), True),
        (None, replace(FACTS, unknown=(("routes", T("denied")),)), True),
        (False, replace(FACTS, unknown=(("routes", T("denied")),)), False),
        (False, None, False),
        (True, replace(FACTS, routes=()), False),
    ],
)
def test_routes_that_were_not_read_are_not_known_unless_it_forwards_nothing(
    forwards: bool | None, facts: Facts | None, said: bool
) -> None:
    told = found("stop-start", replace(WEB, forwards=forwards), NOWHERE, facts).get("router")
    assert (told is not None) is said
    assert told is None or not told.known


# its own event


@pytest.mark.parametrize(
    ("code", "hours", "gravity", "words"),
    [
        ("instance-retirement", 0.7, Gravity.DANGER, "is to be stopped by AWS in 42m (instance-retirement)"),
        ("instance-stop", 20, Gravity.WARN, "is to be stopped by AWS in 20h"),
        ("system-reboot", 1, Gravity.DANGER, "is to be rebooted by AWS in 1h"),
        ("system-maintenance", -0.1, Gravity.DANGER, "has an event of AWS's now"),
        ("instance-explosion", 1, Gravity.DANGER, "has an event of AWS's in 1h (instance-explosion)"),
        ("instance-stop", 30, None, ""),
        ("instance-stop", None, Gravity.DANGER, "at a time AWS did not announce"),
    ],
)
def test_what_aws_does_to_this_machine_is_told_before_its_hands_begin(
    code: str, hours: float | None, gravity: Gravity | None, words: str
) -> None:
    start = None if hours is None else NOW + timedelta(hours=hours)
    mine = replace(MINE, events=(ScheduledEvent(T(code), T("e-1"), not_before=start),))
    told = found("stop-start", WEB, replace(HERE, row=mine)).get("here-event")
    assert (told and told.gravity) is gravity
    assert words in (told.text if told else "")
    waits = found("start-after-stop", WEB, replace(HERE, row=mine)).get("here-event")
    assert (waits and waits.gravity) is (gravity or Gravity.WARN)  # it may wait for days
    assert "here-event" not in found("stop-start", mine, replace(HERE, row=mine))
    for harmless in ("start", "reschedule", "reboot", "image"):
        assert "here-event" not in found(harmless, WEB, replace(HERE, row=mine))
