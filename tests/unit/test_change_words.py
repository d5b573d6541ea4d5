"""What a CloudTrail record says was changed, in words, and who did it: tables of records."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.aws import cloudtrail
from tui.aws.sessions import Sessions
from tui.config.schema import Settings
from tui.domain.diagnosis.change_words import change_words
from tui.domain.diagnosis.evidence import Evidence
from tui.domain.instance import Target

NOW = datetime(2026, 11, 29, 3, 10, tzinfo=UTC)
ID = "i-0123456789abcdef0"
ITEMS = {"instancesSet": {"items": [{"instanceId": ID}]}}

WORDS: list[tuple[str, dict[str, Any], str]] = [
    ("StopInstances", {**ITEMS, "force": False}, ""),
    ("StopInstances", {**ITEMS, "force": True}, "forced"),
    ("StartInstances", ITEMS, ""),
    ("RunInstances", {"instanceType": "t3.micro", "instancesSet": {"items": [{"imageId": "ami-1"}]}}, "t3.micro, from ami-1"),
    ("ModifyInstanceAttribute", {"instanceId": ID, "instanceType": {"value": "m6i.large"}}, "instanceType → m6i.large"),
    ("ModifyInstanceAttribute", {"attribute": "instanceType", "value": "m6i.large"}, "instanceType → m6i.large"),
    ("ModifyInstanceAttribute", {"instanceId": ID, "userData": "<sensitiveDataRemoved>"}, "userData changed"),
    ("ModifyInstanceAttribute", {"instanceId": ID, "disableApiStop": {"value": True}}, "disableApiStop → true"),
    ("ModifyInstanceAttribute", {"instanceId": ID, "groupSet": {"items": [{"groupId": "sg-1"}, {"groupId": "sg-2"}]}},
     "security groups → sg-1 sg-2"),
    ("CreateTags", {"resourcesSet": {"items": [{"resourceId": ID}]}, "tagSet": {"items": [{"key": "role", "value": "db"}]}},
     "role=db"),
    ("DetachVolume", {"volumeId": "vol-1", "instanceId": ID, "device": "/dev/sdf", "force": True}, "vol-1 as /dev/sdf, forced"),
    ("ModifyVolume", {"ModifyVolumeRequest": {"VolumeId": "vol-1", "Size": 200, "VolumeType": "gp3"}},
     "vol-1, type → gp3, GiB → 200"),
    ("RevokeSecurityGroupIngress",
     {"groupId": "sg-1", "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443,
                                                     "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}},
     "sg-1, tcp 443 0.0.0.0/0"),
    ("AuthorizeSecurityGroupEgress",
     {"groupId": "sg-1", "ipPermissions": {"items": [{"ipProtocol": "-1", "groups": {"items": [{"groupId": "sg-9"}]}}]}},
     "sg-1, all sg-9"),
    ("ModifyInstanceMetadataOptions", {"ModifyInstanceMetadataOptionsRequest": {"InstanceId": ID, "HttpTokens": "required"}},
     "HttpTokens required"),
    ("SomethingNew", {"instanceId": ID, "clientToken": "x", "howMany": 3}, "howMany 3"),
    ("SomethingNew", {}, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "params", "words"), WORDS, ids=[f"{one[0]}-{at}" for at, one in enumerate(WORDS)]
)
def test_the_parameters_that_matter(event: str, params: dict[str, Any], words: str) -> None:
    assert change_words([(event, "", {"requestParameters": params})]) == [words]


def test_the_type_before_is_known_from_the_events_before() -> None:
    def modified(kind: str) -> dict[str, Any]:
        return {"requestParameters": {"instanceId": ID, "instanceType": {"value": kind}}}

    newest_first = [
        ("ModifyInstanceAttribute", "", modified("m6i.large")),
        ("ModifyInstanceAttribute", "IncorrectInstanceState", modified("m6i.4xlarge")),
        ("ModifyInstanceAttribute", "", modified("m6i.xlarge")),
        ("RunInstances", "", {"requestParameters": {"instanceType": "m6i.2xlarge"}}),
    ]
    assert change_words(newest_first) == [
        "instanceType m6i.xlarge → m6i.large",
        "instanceType m6i.xlarge → m6i.4xlarge",  # refused: it did not become that
        "instanceType m6i.2xlarge → m6i.xlarge",
        "m6i.2xlarge",
    ]


@pytest.mark.parametrize(
    "record", [{}, {"requestParameters": None}, {"requestParameters": []}, {"requestParameters": "x"}]
)
def test_a_record_of_any_shape_has_words(record: dict[str, Any]) -> None:
    for event in ("CreateTags", "ModifyVolume", "RevokeSecurityGroupIngress", "RunInstances", "Else"):
        assert change_words([(event, "", record)]) == [""]


NAMES = (
    "items", "value", "attribute", "instanceType", "groupSet", "groupId", "tagSet", "key", "ipPermissions", "ipRanges",
    "ModifyVolumeRequest", "volumeId", "Size", "force", "device", "instancesSet", "imageId", "other",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from([*dict.fromkeys(one[0] for one in WORDS)]),
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5),
)
def test_parameters_of_any_shape_have_words(event: str, params: dict[str, Any]) -> None:
    (words,) = change_words([(event, "", {"requestParameters": params})])
    assert len(words) <= 330


def event(name: str, ago: float = 1.0, **record: Any) -> dict[str, Any]:
    told = {
        "eventName": name,
        "readOnly": False,
        "sourceIPAddress": "192.0.2.7",
        "requestParameters": ITEMS,
    } | record
    item = {
        "EventId": f"e-{name}-{ago}",
        "EventName": name,
        "ReadOnly": "false",
        "EventTime": NOW - timedelta(hours=ago),
    }
    return item | {"Username": record.get("Username", "kim"), "CloudTrailEvent": json.dumps(told)}


class Trail:
    """Stands for the sessions and for CloudTrail: answers pages."""

    def __init__(self, *pages: list[Any]) -> None:
        self.pages, self.asked = pages, [dict[str, Any]() for _ in range(0)]

    def client(self, *_: Any) -> Trail:
        return self

    def lookup_events(self, **asked: Any) -> Any:
        self.asked.append(asked)
        at = len(self.asked)
        more = {"NextToken": f"t{at}"} if at < len(self.pages) else {}
        return {"Events": self.pages[at - 1], **more}


def read(*pages: list[Any]) -> Evidence:
    trail: Any = Trail(*pages)
    return cloudtrail.read_changes(trail, Target("prod", "eu-west-1"), ID, lambda: None)


def test_reads_and_dry_runs_are_no_changes() -> None:
    found = read(
        [
            event("StopInstances"),
            event("DescribeInstanceAttribute") | {"ReadOnly": "true"},
            event("GetConsoleOutput", readOnly=True),
            event("RebootInstances", errorCode="Client.DryRunOperation"),
        ]
    )
    assert found.changes is not None
    assert [one.event for one in found.changes] == ["StopInstances"]


def test_who_from_where_with_which_end_and_whether_it_was_evac() -> None:
    role = {
        "type": "AssumedRole",
        "arn": "arn:aws:sts::1:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/kim@acme",
        "sessionContext": {"sessionIssuer": {"userName": "AWSReservedSSO_Admin_0123456789abcdef"}},
    }
    found = read(
        [
            event("StopInstances", 1, userAgent="[Boto3/1.44 md/x evac/3.0 op/op-20261129-020000-abc123]"),
            event("StopInstances", 2, errorCode="Client.UnauthorizedOperation", userIdentity=role, Username="kim@acme"),
            event("TerminateInstances", 3, userIdentity={"type": "Root"}, Username="root"),
            event("StartInstances", 4, sourceIPAddress="autoscaling.amazonaws.com", userAgent="op/nobody", Username=None,
                  userIdentity={"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}),
        ]
    )  # fmt: skip
    assert found.changes is not None
    assert [(one.user, one.source_ip, one.error, one.operation) for one in found.changes] == [
        ("kim", "192.0.2.7", "", "op-20261129-020000-abc123"),
        ("kim@acme (Admin)", "192.0.2.7", "UnauthorizedOperation", ""),
        ("root", "192.0.2.7", "", ""),
        ("autoscaling.amazonaws.com", "autoscaling.amazonaws.com", "", ""),
    ]
    assert [one.at for one in found.changes] == [NOW - timedelta(hours=ago) for ago in (1, 2, 3, 4)]
    assert {one.resource for one in found.changes} == {ID}


def test_what_a_stranger_names_himself_is_clean() -> None:
    tags = {"tagSet": {"items": [{"key": "a\x1b[2J", "value": "\u202eb"}]}}
    found = read(
        [event("CreateTags", requestParameters=tags, Username="\x1b]52;c;x\x07", sourceIPAddress="\x9b1m")]
    )
    assert found.changes is not None
    (one,) = found.changes
    assert all(text.isprintable() for text in (one.what, one.user, one.source_ip))


def test_another_page_is_asked_for_only_where_one_has_few_changes() -> None:
    reads = [event("Describe", at) | {"ReadOnly": "true"} for at in range(50)]
    trail: Any = Trail(reads, [event("StopInstances")], [event("StartInstances")])
    turns: list[int] = []
    found = cloudtrail.read_changes(trail, Target("prod", "eu-west-1"), ID, lambda: turns.append(1))
    assert found.changes is not None
    assert [one.event for one in found.changes] == ["StopInstances"]
    assert "only the newest 100 events" in found.unread[0][1], "there is a third page"
    assert [one.get("NextToken") for one in trail.asked] == [None, "t1"]
    assert len(turns) == 2, "each call waits for its turn"
    full: Any = Trail([event("StopInstances", at) for at in range(1, 20)], [event("RunInstances")])
    assert cloudtrail.read_changes(full, Target("prod", "eu-west-1"), ID, lambda: None).unread == ()
    assert len(full.asked) == 1


def test_a_page_that_fails_costs_no_page_before_it() -> None:
    class Short(Trail):
        def lookup_events(self, **asked: Any) -> Any:
            return super().lookup_events(**asked) if not self.asked else {}

    found = cloudtrail.read_changes(short(Short), Target("nobody", "eu-west-1"), ID, lambda: None)
    assert [one.event for one in found.changes or ()] == ["StopInstances"]
    assert "the answer was not AWS's" in found.unread[0][1]


def test_records_that_are_none_cost_no_other() -> None:
    found = read(
        [
            {"EventName": "StopInstances", "EventTime": "yesterday"},
            {"EventName": "StopInstances", "EventTime": NOW, "CloudTrailEvent": "{"},
            {"EventName": "StartInstances", "EventTime": NOW, "CloudTrailEvent": "[" * 100_000},
            {"EventName": "RebootInstances", "EventTime": NOW, "CloudTrailEvent": '{"userIdentity": [1]}'},
        ]
    )  # fmt: skip
    assert found.changes is not None
    assert [one.event for one in found.changes] == ["StopInstances", "StartInstances", "RebootInstances"]


def short(trail: type[Trail]) -> Any:
    """Sessions that lead there."""
    sessions: Any = Sessions(Settings())
    made = trail([event("StopInstances")], [event("StartInstances")])
    sessions.client = lambda *_: made
    return sessions


def test_an_answer_that_is_not_aws_s_is_unread() -> None:
    class Proxy(Trail):
        def lookup_events(self, **_: Any) -> Any:
            return {}

    found = cloudtrail.read_changes(short(Proxy), Target("nobody", "eu-west-1"), ID, lambda: None)
    assert found.changes is None
    ((part, why),) = found.unread
    assert part == "changes"
    assert "the answer was not AWS's" in why
