"""Instances and the three verdicts: who acts if the host dies, who if the system hangs, whence the data comes back.

Beside each: words that must stand in a reason. What only looks like cover is not: those are most of the lines.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.cover_cases import (
    FACTS,
    Case,
    ago,
    check,
    denied,
    event,
    facts,
    machine,
    member,
    off,
    reboot,
    recover,
    store,
)
from tui.domain.cover.answers import CoverVerdict as V
from tui.domain.cover_facts import CoverPart
from tui.domain.events import ScheduledEvent
from tui.domain.instance import Checks, CheckStatus, Instance, InstanceState, Interface, StatusCheck
from tui.domain.sanitize import clean

N, P, U, C, X = V.NOBODY, V.PARTLY, V.UNKNOWN, V.COVERED, V.NOT_NEEDED
GROUPED = ((clean("aws:autoscaling:groupName"), clean("web")),)
DOWN = Checks(system=StatusCheck(CheckStatus.IMPAIRED, ago(minutes=40)))

HOST: list[Case] = [
    ("as launched", machine(), (C, N, C), "automatic recovery is on"),
    ("a recover alarm beside it", machine(facts(recover())), (C, N, C), ""),
    ("switched off", off(), (N, N, C), "automatic recovery is switched off"),
    ("switched off, an alarm", off(recover()), (C, N, C), "recover-1 acts after 2m"),
    ("AWS did not say", machine(auto_recovery=clean("")), (U, N, C), "AWS did not say"),
    ("a word nobody knows", machine(auto_recovery=clean("sometimes")), (U, N, C), "AWS did not say"),
    (
        "type not supported",
        machine(type_facts=replace(FACTS, auto_recovery_supported=False)),
        (N, N, C),
        "not supported",
    ),
    (
        "type not supported, an alarm",
        machine(facts(recover()), type_facts=replace(FACTS, auto_recovery_supported=False)),
        (N, N, C),
        "can't be recovered",
    ),
    ("type not read", machine(type_facts=None), (U, N, C), "was not read"),
    (
        "type not read, an alarm",
        off(recover(), type_facts=None),
        (U, N, C),
        "whether the type can be recovered",
    ),
    (
        "AWS says nothing of the type",
        machine(type_facts=replace(FACTS, auto_recovery_supported=None)),
        (U, N, C),
        "",
    ),
    ("instance store", machine(**store()), (N, N, C), "instance store"),
    (
        "instance store that can be recovered",
        machine(facts(recover()), **store("x1.16xlarge", True)),
        (C, N, C),
        "is lost",
    ),
    (
        "root on instance store",
        machine(facts(recover()), root_device=clean("instance-store")),
        (N, N, C),
        "root is on",
    ),
    ("bare metal", machine(type_facts=replace(FACTS, bare_metal=True)), (N, N, C), "bare metal"),
    ("bare metal by its name", machine(instance_type=clean("m7i.metal-24xl")), (N, N, C), "bare metal"),
    (
        "bare metal, an alarm",
        machine(facts(recover()), instance_type=clean("m5.metal")),
        (C, N, C),
        "recover-1",
    ),
    ("Dedicated Host", machine(facts(recover()), tenancy=clean("host")), (N, N, C), "Dedicated Host"),
    ("Dedicated Host by id", machine(host_id=clean("h-0123456789abcdef0")), (N, N, C), "Dedicated Host"),
    ("Dedicated Instance", machine(tenancy=clean("dedicated")), (C, N, C), ""),
    (
        "EFA",
        machine(facts(recover()), interfaces=(Interface(clean("eni-1"), 0, kind=clean("efa")),)),
        (N, N, C),
        "Elastic Fabric",
    ),
    (
        "EFA only",
        machine(interfaces=(Interface(clean("eni-1"), 1, kind=clean("efa-only")),)),
        (N, N, C),
        "Elastic Fabric",
    ),
    (
        "a trunk interface",
        machine(interfaces=(Interface(clean("eni-1"), 0, kind=clean("trunk")),)),
        (C, N, C),
        "",
    ),
    ("retirement in five days", machine(events=event(days=5)), (P, N, C), "instance-retirement in 5d"),
    (
        "retirement in five days, an alarm",
        machine(facts(recover()), events=event(days=5)),
        (C, N, C),
        "recover-1",
    ),
    (
        "maintenance under way, an alarm",
        machine(facts(recover()), events=event("system-maintenance", minutes=-10)),
        (P, N, C),
        "under way",
    ),
    (
        "a stop with no date",
        machine(events=(ScheduledEvent(clean("instance-stop")),)),
        (P, N, C),
        "instance-stop",
    ),
    ("an event nobody knows", machine(events=event("new-thing", days=1)), (P, N, C), "new-thing"),
    (
        "an event that was canceled",
        machine(events=(replace(event(days=5)[0], description=clean("[Canceled] retirement")),)),
        (C, N, C),
        "",
    ),
    ("a reboot long past", machine(events=event("instance-reboot", days=-9)), (C, N, C), ""),
    ("the host is dead and nobody came", machine(checks=DOWN), (P, N, C), "did not help"),
    (
        "the host has just died",
        machine(checks=Checks(system=StatusCheck(CheckStatus.IMPAIRED, ago(minutes=3)))),
        (C, N, C),
        "",
    ),
    ("stopped", machine(state=InstanceState.STOPPED), (X, X, C), "it is stopped"),
    ("stopping", machine(state=InstanceState.STOPPING), (X, X, C), ""),
    ("stopped, no copy", machine(state=InstanceState.STOPPED, newest_image=None), (X, X, N), "no AMI"),
    ("terminated", machine(state=InstanceState.TERMINATED, newest_image=None), (X, X, X), "it is terminated"),
    ("shutting down", machine(state=InstanceState.SHUTTING_DOWN), (X, X, X), ""),
    ("pending", machine(state=InstanceState.PENDING), (C, N, C), ""),
]

GROUPS: list[Case] = [
    ("a member", machine(facts(scaling=member()), newest_image=None), (C, C, X), "group web replaces it"),
    ("a member with alarms", machine(facts(recover(), reboot(), scaling=member())), (C, C, X), ""),
    ("in standby", machine(facts(scaling=member("Standby"))), (N, N, X), "looks away"),
    ("entering standby", machine(facts(scaling=member("EnteringStandby"))), (N, N, X), "looks away"),
    ("in standby with a reboot alarm", machine(facts(reboot(), scaling=member("Standby"))), (N, C, X), ""),
    (
        "in standby with a recover alarm",
        machine(facts(recover(), scaling=member("Standby"))),
        (N, N, X),
        "members of an Auto Scaling",
    ),
    ("pending", machine(facts(scaling=member("Pending:Wait"))), (P, P, X), "not have it in service yet"),
    ("warmed and running", machine(facts(scaling=member("Warmed:Running"))), (C, C, X), ""),
    ("terminating", machine(facts(scaling=member("Terminating:Wait"))), (X, X, X), "terminates it"),
    ("detaching", machine(facts(scaling=member("Detaching")), newest_image=None), (N, N, N), "gives it up"),
    (
        "HealthCheck suspended",
        machine(facts(scaling=member("InService", "HealthCheck"))),
        (N, N, X),
        "HealthCheck suspended",
    ),
    (
        "ReplaceUnhealthy suspended",
        machine(facts(scaling=member("InService", "ReplaceUnhealthy"))),
        (N, N, X),
        "ReplaceUnhealthy suspended",
    ),
    (
        "Terminate suspended",
        machine(facts(scaling=member("InService", "Terminate"))),
        (N, N, X),
        "Terminate suspended",
    ),
    (
        "Launch suspended",
        machine(facts(scaling=member("InService", "Launch")), newest_image=None),
        (N, N, N),
        "launch none",
    ),
    ("Launch suspended, an AMI", machine(facts(scaling=member("InService", "Launch"))), (N, N, C), ""),
    (
        "all suspended",
        machine(facts(scaling=member("InService", "HealthCheck", "Launch", "Terminate"))),
        (N, N, C),
        "HealthCheck, Terminate, Launch",
    ),
    (
        "others suspended",
        machine(facts(scaling=member("InService", "AZRebalance", "AlarmNotification"))),
        (C, C, X),
        "",
    ),
    ("a state nobody knows", machine(facts(scaling=member("Quarantined"))), (U, U, X), "Quarantined"),
    ("tagged, but no group lists it", machine(tags=GROUPED, newest_image=None), (U, U, U), "did not list it"),
    ("tagged, but no group lists it, an AMI", machine(tags=GROUPED), (U, U, C), ""),
    ("groups denied, not tagged", machine(denied(CoverPart.GROUPS)), (C, N, C), ""),
    (
        "groups denied, tagged",
        machine(denied(CoverPart.GROUPS), tags=GROUPED),
        (U, U, C),
        "autoscaling:DescribeAutoScalingGroups",
    ),
    (
        "groups denied, tagged, an alarm each",
        machine(denied(CoverPart.GROUPS, alarms=(recover(), reboot())), tags=GROUPED),
        (U, C, C),
        "",
    ),
    (
        "a member that is stopped",
        machine(facts(scaling=member()), state=InstanceState.STOPPED),
        (X, X, X),
        "",
    ),
]


@pytest.mark.parametrize(
    ("name", "row", "wanted", "why"), HOST + GROUPS, ids=[one[0] for one in HOST + GROUPS]
)
def test_the_three_verdicts(name: str, row: Instance, wanted: tuple[V, V, V], why: str) -> None:
    check(row, wanted, why)
