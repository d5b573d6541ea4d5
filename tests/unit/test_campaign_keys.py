"""What excludes each other, what a count confirms, how long things take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.hazard_cases import KNOWN, NOW, SAFE
from tui.domain import out_of_service
from tui.domain.campaign.durations import ASSUMED, Ran, usual
from tui.domain.campaign.keys import is_together, key_text, keys_of
from tui.domain.campaign.together import tags_of, why_short
from tui.domain.campaign.typed_count import confirms, expected_count
from tui.domain.facts import ClassicBalancer, Facts, GroupMembership, TargetGroup
from tui.domain.groups import group_key
from tui.domain.instance import Checks, CheckStatus, Instance, InstanceState, StatusCheck
from tui.domain.sanitize import clean

ARN = clean("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/0a1b2c")
MEMBER = replace(SAFE, account_id=clean("111122223333"))
EKS = ("aws:eks:cluster-name", "eks:cluster-name", "kubernetes.io/cluster/blue")
AT = "111122223333:us-east-1"
SERVES = replace(
    KNOWN,
    membership=(GroupMembership(clean("web-asg"), clean("InService"), clean("Healthy"), 1, 3, in_service=3),),
    target_groups=(TargetGroup(clean("web"), ARN, clean("healthy"), 3, 3, 80, clean("i-1")),),
    classic_balancers=(ClassicBalancer(clean("old"), clean("InService"), 2, 2),),
)


def tagged(**tags: str) -> Instance:
    return replace(
        MEMBER, tags=tuple((clean(name.replace("__", ":")), clean(value)) for name, value in tags.items())
    )


@pytest.mark.parametrize(
    ("row", "facts", "keys"),
    [
        (MEMBER, KNOWN, ()),
        (MEMBER, None, ()),
        (
            MEMBER,
            SERVES,
            (f"{AT}:Auto Scaling group:web-asg", f"{AT}:classic load balancer:old", f"{AT}:target group:{ARN}"),
        ),
        (tagged(aws__autoscaling__groupName="web-asg"), None, (f"{AT}:Auto Scaling group:web-asg",)),
        (tagged(aws__autoscaling__groupName="web-asg"), KNOWN, ()),  # AWS was asked: it is in none
        (tagged(aws__autoscaling__groupName="web-asg"), replace(KNOWN, membership=None), (f"{AT}:Auto Scaling group:web-asg",)),
        (replace(MEMBER, placement_group=clean("kafka"), partition=3), None, (f"{AT}:placement partition:kafka 3",)),
        (replace(MEMBER, placement_group=clean("hpc")), None, ()),
        (replace(MEMBER, partition=3), None, ()),
        (replace(MEMBER, tags=((clean("kubernetes.io/cluster/blue"), clean("owned")),)), None, (f"{AT}:cluster:blue",)),
        (replace(MEMBER, tags=((clean("kubernetes.io/cluster/"), clean("owned")),)), None, ()),
        (replace(MEMBER, tags=tuple((clean(one), clean("blue")) for one in EKS)), None, (f"{AT}:cluster:blue",)),
        (replace(MEMBER, tags=((clean("parallelcluster:cluster-name"), clean("hpc")),)), None, (f"{AT}:cluster:hpc",)),
        (replace(MEMBER, tags=((clean("aws:elasticmapreduce:job-flow-id"), clean("j-1")),)), None, (f"{AT}:cluster:j-1",)),
        (tagged(service="pay", team="a"), None, ("::tag:service=pay", "::tag:team=a")),
        (tagged(service="", team="a"), None, ("::tag:team=a",)),
    ],
)  # fmt: skip
def test_the_keys_of_an_instance(row: Instance, facts: Facts | None, keys: tuple[str, ...]) -> None:
    assert keys_of(row, facts, ("tag:service", "tag:team")) == keys


def test_a_group_s_key_is_that_of_its_holds() -> None:
    groups = out_of_service.groups(SERVES, "i-1")
    assert {group_key("111122223333", "us-east-1", one.group) for one in groups} == set(
        keys_of(MEMBER, SERVES)
    )


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (f"{AT}:target group:{ARN}", "target group web"),
        (f"{AT}:target group:arn:odd", "target group arn:odd"),
        (f"{AT}:Auto Scaling group:a:b", "Auto Scaling group a:b"),
        (f"{AT}:placement partition:kafka 3", "placement partition kafka 3"),
        (f"{AT}:cluster:blue", "cluster blue"),
        ("::tag:service=pay:eu", "tag service=pay:eu"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_key_in_words(key: str, text: str) -> None:
    assert key_text(key) == text
    assert is_together(key) == key.startswith("::tag:")


ILL = Checks(StatusCheck(CheckStatus.IMPAIRED), StatusCheck(CheckStatus.OK))
STARTING = Checks(StatusCheck(CheckStatus.OK), StatusCheck(CheckStatus.INITIALIZING))
BY_AWS, BY_HAND = clean("Server.ScheduledStop"), clean("Client.UserInitiatedShutdown")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"checks": ILL}, "its checks: impaired"),
        ({"checks": STARTING}, "its checks: initializing"),
        ({"checks": Checks()}, "its checks: unknown"),
        ({"state": InstanceState.PENDING}, "pending"),
        ({"state": InstanceState.STOPPING}, "stopping"),
        ({"state": InstanceState.UNKNOWN}, "unknown"),
        ({"state": InstanceState.STOPPED, "reason_code": BY_AWS}, "down by AWS"),
        ({"state": InstanceState.STOPPED, "reason_code": BY_HAND}, ""),  # it is not meant to serve
        ({"state": InstanceState.TERMINATED}, ""),
    ],
)
def test_who_belongs_together_and_is_not_in_service(changes: dict[str, Any], why: str) -> None:
    one = replace(tagged(service="pay"), name=clean("pay-1"))
    other = replace(one, instance_id=clean("i-9"), name=clean("pay-9"), **changes)
    told = f"pay-9 of service=pay is not in service ({why})" if why else ""
    assert tags_of(one, ("tag:service", "tag:team")) == (("service", "pay"),)
    assert why_short(one, "service", "pay", [one, other], NOW) == told
    assert (
        why_short(replace(one, checks=ILL), "service", "pay", [one, other], NOW) == ""
    )  # it takes nothing away
    assert (
        why_short(one, "service", "pay", [replace(other, tags=())], NOW) == ""
    )  # the filter's wildcards found it


@pytest.mark.parametrize(
    ("count", "labels", "typed"),
    [
        (188, (), "188"),
        (188, ("PROD",), "188 PROD"),
        (188, ("PROD", "DATA", "PROD"), "188 DATA+PROD"),
        (188, ("운영",), "188 운영"),
        (188, ("P\u202eROD",), "188 PRODUCTION"),
        (188, ("",), "188 PRODUCTION"),
    ],
)
def test_what_is_typed_to_confirm(count: int, labels: tuple[str, ...], typed: str) -> None:
    assert expected_count(count, labels) == typed
    assert confirms(f"  {typed.replace(' ', '   ')} ", typed)
    assert not confirms("", typed)
    assert not confirms(typed + "1", typed)
    assert not confirms(typed.lower(), typed) or typed == typed.lower()


def test_a_count_alone_does_not_confirm_production() -> None:
    assert not confirms("188", "188 PROD")
    assert not confirms("188 DATA", "188 PROD")
    assert not confirms("PROD 188", "188 PROD")


def test_usual_durations_by_action_and_type_from_three_on() -> None:
    minutes = [Ran("stop-start", "m5.large", timedelta(minutes=one)) for one in (3, 5, 60)]
    assert usual(minutes[:2]).of("stop-start", "m5.large") == ASSUMED
    known = usual(
        [
            *minutes,
            Ran("reboot", "m5.large", timedelta(minutes=1)),
            Ran("stop-start", "m5.large", -timedelta(1)),
        ]
    )
    assert known.of("stop-start", "m5.large") == timedelta(minutes=5)
    assert (
        known.of("stop-start", "c5.large")
        == known.of("reboot", "m5.large")
        == ASSUMED
        == timedelta(minutes=10)
    )
