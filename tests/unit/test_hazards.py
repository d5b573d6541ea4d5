"""Hazards as a table: what AWS shows, and what the operator is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import KNOWN, NOW, SAFE, T, find, image
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.facts import ClassicBalancer, GroupMembership, TargetGroup
from tui.domain.hazards import HAZARD_CHECKS, Gravity, hazards
from tui.domain.instance import (
    Address,
    Checks,
    CheckStatus,
    Instance,
    InstanceState,
    Interface,
    PublicAddress,
    StatusCheck,
    Target,
    TypeFacts,
)
from tui.domain.policy import Policy


def test_a_safe_instance_is_only_reassuring() -> None:
    found = hazards(SAFE, KNOWN, "stop-start", NOW, ActionOptions(), Policy())
    assert {hazard.gravity for hazard in found} == {Gravity.OK}
    assert {hazard.text for hazard in found} >= {
        "Elastic IP 203.0.113.9",
        "no instance store",
        "not in Auto Scaling",
        "in no target group",
        "newest AMI 9h old",
    }


STORE = TypeFacts(instance_storage=True, storage_gb=475, nvme_storage=True)
OLD_STORE = replace(STORE, nvme_storage=False)
TWO_INTERFACES = (Interface(T("eni-1"), 0), Interface(T("eni-2"), 1))
ONE_INTERFACE = (Interface(T("eni-1"), 0, (Address(T("10.0.0.1"), True, T("3.3.3.3"), T("amazon")),)),)
SECONDARY_EIP = (
    Interface(
        T("eni-1"),
        0,
        (Address(T("10.0.0.1"), True), Address(T("10.0.0.2"), False, T("3.3.3.4"), T("111122223333"))),
    ),
)
MEMBER = GroupMembership(T("web-asg"), T("InService"))
TAGGED = ((T("aws:autoscaling:groupName"), T("web-asg")),)
CLASSIC = ClassicBalancer(T("old"), T("InService"), 2, 3)
POOL = TargetGroup(T("pay"), T("arn"), T("healthy"), 3, 4)


@pytest.mark.parametrize(
    ("action", "code", "gravity", "part", "facts", "changes"),
    [
        (
            "stop-start",
            "public-ip",
            "danger",
            "brings a different one",
            {},
            {"public_kind": PublicAddress.AUTO, "interfaces": ONE_INTERFACE},
        ),
        (
            "stop-start",
            "public-ip",
            "danger",
            "brings none",
            {},
            {"public_kind": PublicAddress.AUTO, "interfaces": TWO_INTERFACES},
        ),
        (
            "stop-start",
            "public-ip",
            "danger",
            "brings none",
            {},
            {"public_kind": PublicAddress.AUTO, "interfaces": SECONDARY_EIP},
        ),
        ("stop-start", "public-ip", "ok", "no public IPv4", {}, {"public_kind": PublicAddress.NONE}),
        ("stop-start", "public-ip", "warn", "don't know", {}, {"public_kind": PublicAddress.UNKNOWN}),
        ("reboot", "public-ip", "ok", "kept by a reboot", {}, {"public_kind": PublicAddress.AUTO}),
        (
            "stop-start",
            "instance-store-root",
            "block",
            "can't be stopped",
            {},
            {"root_device": T("instance-store")},
        ),
        (
            "image",
            "instance-store-root",
            "block",
            "EBS-backed instances only",
            {},
            {"root_device": T("instance-store")},
        ),
        ("stop-start", "instance-store-root", "warn", "don't know", {}, {"root_device": T("")}),
        (
            "stop-start",
            "instance-store",
            "danger",
            "475 GB of instance store (NVMe): the stop erases",
            {"type": STORE},
            {},
        ),
        ("stop-start", "instance-store", "danger", "may hold", {"type": OLD_STORE}, {}),
        (
            "stop-start",
            "instance-store",
            "danger",
            "instance store",
            {"type": replace(STORE, storage_gb=None)},
            {},
        ),
        ("reboot", "instance-store", "ok", "a reboot keeps", {"type": STORE}, {}),
        ("image", "instance-store", "warn", "not part of an AMI", {"type": STORE}, {}),
        ("stop-start", "instance-store", "warn", "don't know", {"type": None}, {}),
        ("stop-start", "instance-store", "warn", "don't know", {"type": TypeFacts()}, {}),
        (
            "stop-start",
            "instance-store",
            "ok",
            "no instance store",
            {"type": None},
            {"type_facts": TypeFacts(instance_storage=False)},
        ),
        ("stop-start", "auto-scaling", "danger", "web-asg sees a stopped", {"membership": (MEMBER,)}, {}),
        ("reboot", "auto-scaling", "danger", "may find it unhealthy", {"membership": (MEMBER,)}, {}),
        ("stop-start", "auto-scaling", "danger", "web-asg", {"membership": None}, {"tags": TAGGED}),
        ("stop-start", "auto-scaling", "ok", "not in Auto Scaling", {}, {"tags": TAGGED}),
        ("stop-start", "auto-scaling", "warn", "don't know", {"membership": None}, {}),
        (
            "stop-start",
            "auto-scaling",
            "ok",
            "in Standby",
            {"membership": (replace(MEMBER, lifecycle=T("Standby")),)},
            {},
        ),
        (
            "stop-start",
            "auto-scaling",
            "note",
            "suspended",
            {"membership": (replace(MEMBER, replace_suspended=True),)},
            {},
        ),
        ("stop-start", "managed", "block", "eks.amazonaws.com", {}, {"managed_by": T("eks.amazonaws.com")}),
        ("reschedule", "managed", "block", "can't be changed directly", {}, {"managed_by": T("x")}),
        (
            "stop-start",
            "cluster",
            "warn",
            "cluster blue",
            {},
            {"tags": ((T("eks:cluster-name"), T("blue")),)},
        ),
        (
            "reboot",
            "cluster",
            "warn",
            "cluster red",
            {},
            {"tags": ((T("kubernetes.io/cluster/red"), T("owned")),)},
        ),
        ("stop-start", "load-balancer", "warn", "pay (3 of 4", {"target_groups": (POOL,)}, {}),
        (
            "stop-start",
            "last-healthy",
            "block",
            "last healthy member of target group pay",
            {"target_groups": (replace(POOL, healthy=1),)},
            {},
        ),
        (
            "stop-start",
            "load-balancer",
            "note",
            "draining",
            {"target_groups": (replace(POOL, health=T("draining")),)},
            {},
        ),
        (
            "stop-start",
            "load-balancer",
            "note",
            "unknown health",
            {"target_groups": (replace(POOL, health=T("")),)},
            {},
        ),
        ("reboot", "load-balancer", "warn", "don't know", {"target_groups": None}, {}),
        (
            "reboot",
            "load-balancer",
            "warn",
            "behind a classic load balancer",
            {"classic_balancers": None},
            {},
        ),
        (
            "stop-start",
            "load-balancer",
            "warn",
            "classic load balancer old (2 of 3 instances in service)",
            {"classic_balancers": (CLASSIC,)},
            {},
        ),
        (
            "stop-start",
            "load-balancer",
            "note",
            "where it is OutOfService",
            {"classic_balancers": (replace(CLASSIC, state=T("OutOfService")),)},
            {},
        ),
        (
            "reboot",
            "last-healthy",
            "block",
            "last healthy member of classic load balancer old",
            {"classic_balancers": (replace(CLASSIC, in_service=1),)},
            {},
        ),
        ("stop-start", "spot", "block", "one-time", {"spot_type": T("one-time")}, {"lifecycle": T("spot")}),
        (
            "start",
            "spot",
            "danger",
            "capacity",
            {"spot_type": T("persistent")},
            {"lifecycle": T("spot"), "state": InstanceState.STOPPED},
        ),
        ("stop-start", "spot", "warn", "don't know", {}, {"lifecycle": T("spot")}),
        ("stop-start", "lifecycle", "warn", "scheduled", {}, {"lifecycle": T("scheduled")}),
        ("stop-start", "lifecycle", "warn", "Capacity Block", {}, {"lifecycle": T("capacity-block")}),
        ("stop-start", "dedicated-host", "block", "not known", {}, {"tenancy": T("host")}),
        (
            "stop-start",
            "dedicated-host",
            "block",
            "permanent-failure",
            {"host_state": T("permanent-failure")},
            {"tenancy": T("host")},
        ),
        (
            "stop-start",
            "dedicated-host",
            "danger",
            "the same host",
            {"host_state": T("available")},
            {"tenancy": T("host"), "affinity": T("host"), "host_id": T("h-1")},
        ),
        (
            "stop-start",
            "dedicated-host",
            "danger",
            "any host",
            {"host_state": T("available")},
            {"tenancy": T("host"), "affinity": T("default")},
        ),
        ("stop-start", "placement-group", "warn", "group pack", {}, {"placement_group": T("pack")}),
        (
            "stop-start",
            "placement-group",
            "warn",
            "partition 3 of placement group hdfs",
            {},
            {"placement_group": T("hdfs"), "partition": 3},
        ),
        ("stop-start", "capacity", "note", "no capacity", {}, {"capacity_reservation": T("")}),
        ("stop-start", "capacity", "ok", "cr-1", {}, {}),
        ("stop-start", "outpost", "warn", "Outpost", {}, {"outpost": T("arn:op")}),
        ("stop-start", "outpost", "warn", "Local or Wavelength", {}, {"zone": T("us-east-1-bos-1a")}),
        ("stop-start", "stop-protection", "block", "AWS refuses", {"stop_protection": True}, {}),
        ("stop-start", "stop-protection", "warn", "don't know", {"stop_protection": None}, {}),
        (
            "stop-start",
            "termination-protection",
            "note",
            "does not concern a stop",
            {"termination_protection": True},
            {},
        ),
        ("stop-start", "shutdown-behavior", "warn", "from inside", {"shutdown_behavior": T("terminate")}, {}),
        ("stop-start", "shutdown-behavior", "warn", "don't know", {"shutdown_behavior": None}, {}),
        ("stop-start", "mac", "danger", "scrubbed", {}, {"instance_type": T("mac2.metal")}),
        ("stop-start", "bare-metal", "note", "boots slowly", {"type": TypeFacts(bare_metal=True)}, {}),
        ("stop-start", "xen", "note", "Xen", {"type": TypeFacts(hypervisor=T("xen"))}, {}),
        ("stop-start", "windows", "note", "drive letters", {}, {"platform": T("Windows")}),
        ("reboot", "windows", "note", "updates", {}, {"platform": T("Windows")}),
        ("stop-start", "cpu-credits", "note", "T2", {}, {"instance_type": T("t2.micro")}),
        ("stop-start", "product-codes", "note", "Marketplace", {}, {"product_codes": (T("abc"),)}),
        (
            "stop-start",
            "image",
            "warn",
            "8d ago",
            {"images": (image(timedelta(days=8)), image(timedelta(days=9)))},
            {},
        ),
        ("stop-start", "image", "warn", "no AMI of it was found", {"images": ()}, {}),
        ("stop-start", "image", "warn", "no AMI of it was found", {"images": (image(None),)}, {}),
        ("image", "image", "note", "no AMI of it was found", {"images": ()}, {}),
        ("image", "image", "note", "8d ago", {"images": (image(timedelta(days=8)),)}, {}),
        ("stop-start", "image", "warn", "don't know", {"images": None}, {}),
        (
            "stop-start",
            "image",
            "ok",
            "newest AMI 9h old",
            {"images": None},
            {"images_at": NOW, "newest_image": image(timedelta(hours=9))},
        ),
        ("stop-start", "image", "warn", "no AMI", {"images": None}, {"images_at": NOW}),
        ("stop-start", "image-pending", "note", "pending", {"images": (image(timedelta(0), "pending"),)}, {}),
        ("image", "image-reboot", "danger", "CreateImage reboots", {}, {}),
        ("image", "image-reboot", "ok", "interrupts nothing", {}, {"state": InstanceState.STOPPED}),
        ("image", "hibernation", "warn", "hibernation", {}, {"hibernation": True}),
        ("stop-start", "state", "block", "it is stopped", {}, {"state": InstanceState.STOPPED}),
        ("start", "state", "block", "it is running", {}, {}),
        ("reboot", "state", "block", "it is terminated", {}, {"state": InstanceState.TERMINATED}),
        ("image", "state", "block", "running or stopped", {}, {"state": InstanceState.PENDING}),
        ("reboot", "state", "warn", "don't know", {}, {"state": InstanceState.UNKNOWN}),
        (
            "reboot",
            "same-host",
            "danger",
            "does not help",
            {},
            {"checks": Checks(StatusCheck(CheckStatus.IMPAIRED))},
        ),
    ],
)
def test_each_hazard(
    action: str, code: str, gravity: str, part: str, facts: dict[str, Any], changes: dict[str, Any]
) -> None:
    found = find(action, code, replace(KNOWN, **facts), **changes)
    assert len(found) == 1, found
    assert found[0].gravity == gravity
    assert part in found[0].text
    assert found[0].field
    assert found[0].known is ("don't know" not in found[0].text and "not known" not in found[0].text)


def test_no_stop_protection_for_spot() -> None:
    assert not find("stop-start", "stop-protection", lifecycle=T("spot"))


@pytest.mark.parametrize("action", ACTIONS)
def test_gravest_first_and_every_function_names_its_field(action: str) -> None:
    found = hazards(
        Instance(Target("p", "r"), T("i-1"), managed_by=T("x")), None, action, NOW, ActionOptions(), Policy()
    )
    order = list(Gravity)
    assert [hazard.gravity for hazard in found] == sorted((h.gravity for h in found), key=order.index)
    assert found[0].gravity is Gravity.BLOCK
    for check in HAZARD_CHECKS:
        assert check.find.__doc__


def test_an_unknown_action_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        hazards(SAFE, KNOWN, "terminate", NOW, ActionOptions(), Policy())
