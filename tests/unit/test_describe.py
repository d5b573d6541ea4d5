"""Pages, filters and what stands for an answer, asked of a client that answers from a list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tui.aws import describe, errors
from tui.domain.events import KNOWN_CODES

SAMPLES = Path(__file__).parents[1] / "samples"
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


class Answers:
    """A client of EC2 whose answers are given; what it was asked is kept."""

    def __init__(self, *answers: Any) -> None:
        self._answers: Iterator[Any] = iter(answers)
        self.asked: list[dict[str, Any]] = []

    def _next(self, **params: Any) -> Any:
        self.asked.append(params)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    describe_instances = describe_instance_status = describe_images = describe_instance_types = _next


def page(number: int) -> Any:
    (path,) = SAMPLES.glob(f"describe-instance-status.page-{number}-of-3*.json")
    return json.loads(path.read_text())


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "x"}}, "DescribeInstanceStatus")


def test_an_empty_page_that_has_a_next_one_is_not_the_end() -> None:
    client = Answers(page(1), page(2), page(3))
    assert page(2)["InstanceStatuses"] == []
    found = describe.statuses(client)
    expected = len(page(1)["InstanceStatuses"]) + len(page(3)["InstanceStatuses"])
    assert len(found) == expected > 0
    assert [one.get("NextToken") for one in client.asked] == [
        None,
        page(1)["NextToken"],
        page(2)["NextToken"],
    ]
    assert all(one["IncludeAllInstances"] for one in client.asked)


def test_an_answer_without_its_list_or_the_same_page_again_is_not_aws() -> None:
    with pytest.raises(errors.NotAwsError, match="no InstanceStatuses"):
        describe.statuses(Answers({"ResponseMetadata": {}}))
    again = {"InstanceStatuses": [], "NextToken": "x"}
    with pytest.raises(errors.NotAwsError, match="the same one"):
        describe.statuses(Answers(again, again))


def test_one_page_of_checks_is_everything_and_a_second_one_is_too_many() -> None:
    client = Answers(page(3))
    assert len(describe.few_statuses(client)) == len(page(3)["InstanceStatuses"])
    client = Answers(page(1))
    with pytest.raises(describe.ManyError):
        describe.few_statuses(client)
    assert len(client.asked) == 1
    with pytest.raises(errors.NotAwsError):
        describe.few_statuses(Answers({"ResponseMetadata": {}}))


def test_problems_are_asked_for_by_small_calls_of_which_unknown_filters_are_left_out() -> None:
    nothing: dict[str, list[Any]] = {"InstanceStatuses": []}
    client = Answers(nothing, nothing, nothing, refused("InvalidParameterValue"), refused("InvalidFilter"))
    assert describe.problems(client) == []
    assert len(client.asked) == 5
    assert client.asked[0]["Filters"] == [
        {"Name": "event.code", "Values": [code.value for code in KNOWN_CODES]}
    ]
    with pytest.raises(ClientError):
        describe.problems(Answers(refused("UnauthorizedOperation")))


def test_more_ids_than_a_filter_holds_are_asked_for_in_parts_and_strangers_left_out() -> None:
    stranger = {"Reservations": [{"Instances": [{"InstanceId": "i-999"}, {"InstanceId": "i-0"}]}]}
    client = Answers(stranger, {"Reservations": []})
    found = describe.instances(client, "eu-west-1", NOW, [f"i-{number}" for number in range(201)])
    assert [one.instance_id for one in found] == ["i-0"]
    assert [len(one["Filters"][0]["Values"]) for one in client.asked] == [200, 1]


def test_a_parser_that_trips_over_html_is_told_as_html() -> None:
    from botocore.model import ServiceModel
    from botocore.parsers import create_parser
    from botocore.session import Session

    model: ServiceModel = Session().get_service_model("sts")
    shape = model.operation_model("GetCallerIdentity").output_shape
    answer = {"status_code": 200, "headers": {}, "body": b"<html><body>log in</body></html>"}
    with pytest.raises((KeyError, AttributeError, TypeError)) as caught:
        create_parser("query").parse(answer, shape)  # type: ignore[arg-type]  # the stubs know only its own dict
    told = errors.trouble(caught.value, "prod", "eu-west-1")
    assert (told.kind, told.remedy) == ("network", "check for a proxy or a captive portal")
    with pytest.raises(KeyError) as ours:
        {"y": 1}["x"]
    assert errors.trouble(ours.value).kind == "internal"


def test_those_with_a_tag_s_value_come_with_their_checks_a_hundred_ids_a_call() -> None:
    ids = [f"i-{number:017x}" for number in range(101)]
    state = {"Name": "running", "Code": 16}
    rows = [{"InstanceId": one, "State": state, "Tags": [{"Key": "service", "Value": "pay"}]} for one in ids]
    ill = {"InstanceId": ids[0], "InstanceState": state, "SystemStatus": {"Status": "impaired"}}
    client = Answers(
        {"Reservations": [{"Instances": rows}]}, {"InstanceStatuses": [ill]}, {"InstanceStatuses": []}
    )
    found = describe.tagged(client, "eu-west-1", "service", "pay", NOW)
    assert client.asked[0]["Filters"] == [{"Name": "tag:service", "Values": ["pay"]}]
    assert [len(one["InstanceIds"]) for one in client.asked[1:]] == [100, 1]
    assert [one.checks.system.status.value for one in found[:2]] == ["impaired", "unknown"]
