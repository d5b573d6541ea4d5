"""By which plans an instance is copied, its event windows, and evac's old AMIs: a real collector on the embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tui.config.schema import Settings
from tui.demo.environment import Demo, start
from tui.domain.copy_plan_rules import copy_plan_lines
from tui.domain.cover.answers import CoverVerdict
from tui.domain.instance import Instance, Target
from tui.domain.old_images import judged_images
from tui.fleet import reading
from tui.fleet.protocol import ReadAnswer, ReadKind, ReadRequest

DATA = Target("data", "eu-west-1")
OURS = [{"Key": "evac:operation", "Value": "20261101-1"}]


@pytest.fixture(scope="module")
def running() -> Iterator[Demo]:
    demo = start()
    yield demo
    demo.stop()


@pytest.fixture
def demo(running: Demo) -> Demo:
    running.control("reset", {})
    return running


@pytest.fixture(scope="module")
def rows(running: Demo) -> dict[str, Instance]:
    store = reading.read_once(
        Settings(only_profiles=("data",), only_regions=("eu-west-1",)), running.apply(), timeout=60
    )
    return {str(row.name): row for row in store.rows()}


def asked(demo: Demo, *requests: ReadRequest) -> list[ReadAnswer]:
    """What a collector of its own answers."""
    return reading.ask_once(Settings(only_profiles=("data",)), demo.apply(), *requests)


def at(rows: dict[str, Instance]) -> dict[str, str]:
    """Where these instances are, as a control path wants it."""
    row = rows["notebook-2"]
    return {"account": str(row.account_id), "region": row.target.region}


def test_the_plans_are_read_when_asked_and_only_once_for_a_region(
    demo: Demo, rows: dict[str, Instance]
) -> None:
    row = rows["notebook-2"]
    tag = next({"Key": str(key), "Value": str(value)} for key, value in row.tags if key == "Name")
    schedule = {
        "CreateRule": {"Interval": 24, "IntervalUnit": "HOURS", "Times": ["01:00"]},
        "RetainRule": {"Count": 3},
    }
    details = {"ResourceTypes": ["INSTANCE"], "TargetTags": [tag], "Schedules": [schedule]}
    demo.control("policy", {**at(rows), "details": details, "policy": {"Description": "nightly"}})
    choice = {
        "SelectionName": "all",
        "Resources": ["*"],
        "Conditions": {
            "StringEquals": [{"ConditionKey": "aws:ResourceTag/Name", "ConditionValue": tag["Value"]}]
        },
    }
    rule = {"RuleName": "r", "ScheduleExpression": "cron(0 5 ? * * *)"}
    demo.control("plan", {**at(rows), "name": "vaulted", "rules": [rule], "selections": [choice]})
    demo.control("copy", {"instance": str(row.instance_id), "by": "backup", "hours": 6})
    demo.control("calls", method="DELETE")
    request = ReadRequest(0, ReadKind.PLANS, DATA, str(row.instance_id))
    other = ReadRequest(0, ReadKind.PLANS, DATA, str(rows["notebook-3"].instance_id))
    answers = asked(demo, request, other)
    assert [one.trouble for one in answers] == [None, None]
    lines = [
        line for one in answers if one.plans for line in copy_plan_lines(row, one.plans, datetime.now(UTC))
    ]
    texts = [(one.what, one.verdict, one.text) for one in lines]
    assert (
        "Lifecycle Manager",
        CoverVerdict.COVERED,
        f"nightly (daily at 01:00 UTC): by tag Name={tag['Value']}",
    ) in texts
    assert (
        "AWS Backup",
        CoverVerdict.COVERED,
        "vaulted (daily at 05:00 UTC): all resources and 1 condition",
    ) in texts
    assert any(
        what == "AWS Backup" and text.startswith("last recovery point 6h ago") for what, _, text in texts
    )
    calls = [call["operation"] for call in demo.control("calls")]
    assert calls.count("ListBackupPlans") == 1
    assert calls.count("ListRecoveryPointsByResource") == 2


def test_what_is_denied_is_told_and_the_rest_is_there(demo: Demo, rows: dict[str, Instance]) -> None:
    then = {
        "error": "AccessDeniedException",
        "message": "not authorized to perform: dlm:GetLifecyclePolicies",
    }
    demo.control("faults", [{"match": {"operation": "GetLifecyclePolicies"}, "then": then}])
    row = rows["notebook-2"]
    (answer,) = asked(demo, ReadRequest(0, ReadKind.PLANS, DATA, str(row.instance_id)))
    assert answer.plans is not None
    assert answer.plans.policies is None
    assert answer.plans.selections is not None
    line = copy_plan_lines(row, answer.plans, datetime.now(UTC))[0]
    assert line.verdict is CoverVerdict.UNKNOWN
    assert "dlm:GetLifecyclePolicies" in line.text


def test_a_window_is_a_fact_of_an_instance_with_an_event(demo: Demo, rows: dict[str, Instance]) -> None:
    row = rows["notebook-1"]
    assert row.events
    target = {"Tags": [{"Key": "Name", "Value": "notebook-1"}]}
    spans = [{"StartWeekDay": "saturday", "StartHour": 0, "EndWeekDay": "saturday", "EndHour": 6}]
    demo.control("window", {**at(rows), "name": "nights", "target": target, "window": {"TimeRanges": spans}})
    demo.control("calls", method="DELETE")
    looks = [
        ReadRequest(0, ReadKind.LOOK, DATA, str(rows[name].instance_id))
        for name in ("notebook-1", "notebook-2")
    ]
    with_event, without = asked(demo, *looks)
    assert with_event.facts is not None
    assert [one.words for one in with_event.facts.windows or ()] == ["nights (Sat 00:00–06:00 UTC)"]
    assert without.facts is not None
    assert without.facts.windows is None
    calls = [call["operation"] for call in demo.control("calls")]
    assert calls.count("DescribeInstanceEventWindows") == 1


def made(demo: Demo, instance: Instance, days: int, **image: Any) -> str:
    """An AMI of evac's, so many days old."""
    fields = {"Name": f"{instance.name} {days} evac", "Tags": OURS, **image}
    body = {"instance": str(instance.instance_id), "by": "create-image", "hours": 24 * days, "image": fields}
    return str(demo.control("copy", body)["image"])


def test_only_what_nobody_uses_may_go(demo: Demo, rows: dict[str, Instance]) -> None:
    row = rows["notebook-3"]
    for days in (1, 2, 3):
        made(demo, row, days)
    free = made(demo, row, 40)
    template, configuration = made(demo, row, 41), made(demo, row, 42)
    shared = made(demo, row, 43, _launch_permissions=[{"UserId": "999999999999"}])
    locked = made(demo, row, 44, DeregistrationProtection="enabled-without-cooldown")
    lasting = made(demo, row, 45, Tags=[*OURS, {"Key": "evac:expires", "Value": "2099-01-01"}])
    made(demo, row, 46, Tags=[])
    for kind, image in (("template", template), ("configuration", configuration)):
        demo.control("image-user", {**at(rows), "kind": kind, "name": "lt-1", "image": image})
    (answer,) = asked(demo, ReadRequest(0, ReadKind.OWN_IMAGES, DATA, keep=3))
    found = answer.own_images
    assert found is not None
    assert found.unknown == ()
    assert found.others >= 1
    told = {
        str(one.image.image_id): (one.removable, one.why)
        for one in judged_images(found.images, 3, str(found.account_id), datetime.now(UTC))
    }
    assert told[free][0] is True
    assert "launch-template/lt-1" in told[template][1]
    assert "launch configuration lt-1" in told[configuration][1]
    assert told[shared] == (False, "it is shared")
    assert "deregistration protection" in told[locked][1]
    assert "it expires in" in told[lasting][1]
    assert [removable for removable, _ in told.values()].count(True) == 1


def test_unread_users_keep_everything(demo: Demo, rows: dict[str, Instance]) -> None:
    row = rows["notebook-3"]
    for days in (1, 2, 40):
        made(demo, row, days)
    then = {"error": "UnauthorizedOperation", "message": "not authorized: ec2:DescribeImageReferences"}
    demo.control("faults", [{"match": {"operation": "DescribeImageReferences"}, "then": then}])
    (answer,) = asked(demo, ReadRequest(0, ReadKind.OWN_IMAGES, DATA, keep=1))
    found = answer.own_images
    assert found is not None
    assert [name for name, _ in found.unknown] == ["used_by"]
    assert not any(
        one.removable for one in judged_images(found.images, 1, str(found.account_id), datetime.now(UTC))
    )
