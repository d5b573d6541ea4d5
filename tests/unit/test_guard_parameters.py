"""What may not be sent with some parameters: each through a real client, against a socket that nothing ever reaches."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import botocore.session
import pytest
from botocore.parsers import ResponseParserError

from tests.unit.test_allowlist import caught
from tui.aws import allowlist
from tui.aws.sessions import Sessions
from tui.config.schema import Settings
from tui.config.sections import CoverSettings
from tui.domain.alarm_settings import SETTABLE, AlarmSettings, check_alarm, why_not_set

TOPIC = "arn:aws:sns:eu-west-1:111122223333:ops"
SETTINGS = Settings(cover=CoverSettings(topics=(TOPIC,)))
GOOD = dict(check_alarm("recover", "i-0a", "eu-west-1", periods=2, topic=TOPIC, about="evac").params)
AUTOMATE = "arn:aws:automate:eu-west-1:ec2:"
SWF = "arn:aws:swf:eu-west-1:111122223333:action/actions/AWS_EC2.InstanceId."
FORBIDDEN_ACTIONS = [
    AUTOMATE + "stop",
    AUTOMATE + "terminate",
    AUTOMATE + "recover\n",
    AUTOMATE + "Recover",
    SWF + "Stop/1.0",
    SWF + "Terminate/1.0",
    SWF + "Reboot/1.0",
    TOPIC + "2",
    "arn:aws:sns:eu-west-1:444455556666:ops",
    "arn:aws:lambda:eu-west-1:111122223333:function:f",
    "arn:aws:ssm:eu-west-1:111122223333:opsitem:1",
    "arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:p:autoScalingGroupName/g:policyName/p",
    "x",
]
FORBIDDEN_NAMES = [
    "web-cpu",
    "evac",
    "evac/",
    "evac/recover/",
    "evac/stop/i-0a",
    "Evac/recover/i-0a",
    " evac/recover/i-0a",
]
FORBIDDEN_NAMES += [
    "evac/recover/i-0a/x",
    "evac/recover/i-0a\n",
    "evac/recover/../i-0a",
    "evac/recover/i-0A",
    "x/evac/recover/i-0a",
]
PUT: list[dict[str, Any]] = [
    *({**GOOD, "AlarmName": name} for name in FORBIDDEN_NAMES),
    *({**GOOD, "AlarmActions": [one]} for one in FORBIDDEN_ACTIONS),
    *({**GOOD, "AlarmActions": [AUTOMATE + "recover", one]} for one in FORBIDDEN_ACTIONS[:2]),
    *(
        {**GOOD, field: [one]}
        for field in ("OKActions", "InsufficientDataActions")
        for one in FORBIDDEN_ACTIONS
    ),
    *({**GOOD, field: [AUTOMATE + "reboot"]} for field in ("OKActions", "InsufficientDataActions")),
    {**GOOD, "AlarmActions": [TOPIC] * 6},
    {**GOOD, "Dimensions": [{"Name": "InstanceId", "Value": "i-0b"}]},
    {**GOOD, "Dimensions": []},
    {**GOOD, "Dimensions": [*GOOD["Dimensions"], {"Name": "ImageId", "Value": "ami-1"}]},
    {**GOOD, "Namespace": "Custom"},
    {**GOOD, "MetricName": "CPUUtilization"},
    {**GOOD, "Metrics": [{"Id": "m", "Expression": "1"}]},
    {**GOOD, "ThresholdMetricId": "m"},
    {**GOOD, "EvaluationInterval": 60},
    {**GOOD, "Tags": [{"Key": "team", "Value": "x"}]},
    {**GOOD, "Tags": [{"Key": "evac:operation", "Value": "op-1"}, {"Key": "team", "Value": "x"}]},
]
DELETE: list[dict[str, Any]] = [
    *({"AlarmNames": [name]} for name in FORBIDDEN_NAMES),
    {"AlarmNames": []},
    {"AlarmNames": ["evac/recover/i-0a", "evac/reboot/i-0a"]},
    {"AlarmNames": ["evac/recover/i-0a", "web-cpu"]},
]
MODIFY: list[dict[str, Any]] = [
    {"InstanceId": "i-0a", "AutoRecovery": "default", "RebootMigration": "disabled"},
    {"InstanceId": "i-0a", "RebootMigration": "disabled"},
    {"InstanceId": "i-0a"},
    {"InstanceId": "i-0a", "AutoRecovery": "off"},
]
CASES = [
    *(("cloudwatch", "put_metric_alarm", params) for params in PUT),
    *(("cloudwatch", "delete_alarms", params) for params in DELETE),
    *(("ec2", "modify_instance_maintenance_options", params) for params in MODIFY),
]
ALLOWED: list[tuple[str, str, dict[str, Any]]] = [
    ("cloudwatch", "put_metric_alarm", GOOD),
    ("cloudwatch", "put_metric_alarm", {**GOOD, "Tags": [{"Key": "evac:operation", "Value": "op-1"}]}),
    ("cloudwatch", "put_metric_alarm", {**GOOD, "OKActions": [TOPIC], "InsufficientDataActions": []}),
    ("cloudwatch", "put_metric_alarm", dict(check_alarm("reboot", "i-0a", "cn-north-1", periods=3).params)),
    ("cloudwatch", "delete_alarms", {"AlarmNames": ["evac/reboot/i-0a"]}),
    ("ec2", "modify_instance_maintenance_options", {"InstanceId": "i-0a", "AutoRecovery": "disabled"}),
    (
        "ec2",
        "modify_instance_maintenance_options",
        {"InstanceId": "i-0a", "AutoRecovery": "default", "DryRun": True},
    ),
]


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[socket.socket]:
    """Where every request would go: a socket that has had no connection, and so not one byte."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


def client(service: str, *, mutating: bool = True) -> Any:
    return Sessions(SETTINGS).client("environment", service, "eu-west-1", mutating=mutating)


def refuse(made: Any, method: str, params: dict[str, Any]) -> str:
    with pytest.raises(allowlist.CallNotAllowedError) as error:
        getattr(made, method)(**params)
    return str(error.value)


def test_no_byte_leaves_with_a_parameter_that_is_forbidden(nobody: socket.socket) -> None:
    made = {service: client(service) for service in ("cloudwatch", "ec2")}
    for service, method, params in CASES:
        why = refuse(made[service], method, params)
        assert f"refused: {service}:" in why
        assert "is not among the calls" not in why


def test_a_reading_client_sends_none_of_them_at_all(nobody: socket.socket) -> None:
    made = {service: client(service, mutating=False) for service in ("cloudwatch", "ec2")}
    for service, method, params in ALLOWED:
        assert "is not among the calls" in refuse(made[service], method, params)


def test_what_is_changed_after_the_first_look_is_seen_by_the_second(nobody: socket.socket) -> None:
    """A handler between the two events rewrites the body that was looked at."""
    clients = {service: client(service) for service in ("cloudwatch", "ec2")}
    for service, method, params in CASES:
        made = clients[service]
        name = made.meta.method_to_api_mapping[method]
        good = next(known for where, how, known in ALLOWED if (where, how) == (service, method))
        body = params if service == "ec2" else json.dumps(params).encode()

        def rewrite(request: Any, body: Any = body, **_: Any) -> None:
            request.data = {**request.data, "AutoRecovery": "", **body} if isinstance(body, dict) else body

        made.meta.events.register(f"request-created.{service}.{name}", rewrite)
        refuse(made, method, good)
        made.meta.events.unregister(f"request-created.{service}.{name}", rewrite)


def test_a_request_under_another_s_name_is_refused(nobody: socket.socket) -> None:
    made = client("ec2")
    made.meta.events.register(
        "request-created.ec2.DescribeInstances",
        lambda request, **_: request.data.update(Action="StopInstances"),
    )
    refuse(made, "describe_instances", {})
    made = client("cloudwatch", mutating=False)
    made.meta.events.register(
        "request-created.cloudwatch.DescribeAlarms",
        lambda request, **_: request.headers.replace_header("X-Amz-Target", "X.DeleteAlarms"),
    )
    refuse(made, "describe_alarms", {})


def test_a_body_that_cannot_be_read_is_refused(nobody: socket.socket) -> None:
    for body in (b"\xa0", b"[]", b'"x"', None, b"{", 7):
        made = client("cloudwatch")
        made.meta.events.register(
            "request-created.cloudwatch.DeleteAlarms",
            lambda request, body=body, **_: setattr(request, "data", body),
        )
        refuse(made, "delete_alarms", {"AlarmNames": ["evac/reboot/i-0a"]})


@pytest.mark.parametrize(("service", "method", "params"), ALLOWED)
def test_what_is_allowed_goes_out(
    service: str, method: str, params: dict[str, Any], nobody: socket.socket
) -> None:
    made = client(service)
    sent = caught(made)
    with suppress(ResponseParserError, ValueError):  # the answer made up here is none of AWS's
        getattr(made, method)(**params)
    assert len(sent) == 1


def test_without_a_topic_in_the_settings_none_is_told(nobody: socket.socket) -> None:
    made = Sessions(Settings()).client("environment", "cloudwatch", "eu-west-1", mutating=True)
    assert "tell a topic" in refuse(made, "put_metric_alarm", GOOD)


def test_all_that_can_be_set_of_an_alarm_is_known() -> None:
    """A new member of PutMetricAlarm would be lost by an undo: then this list has to grow."""
    model: Any = botocore.session.Session().get_service_model("cloudwatch")
    assert set(model.operation_model("PutMetricAlarm").input_shape.members) - {"Tags"} == SETTABLE
    assert set(model.shape_for("MetricAlarm").members) >= SETTABLE
    assert model.resolved_protocol == "json"


def test_a_default_that_is_left_out_is_the_same_alarm() -> None:
    less = {key: value for key, value in GOOD.items() if key not in ("DatapointsToAlarm", "TreatMissingData")}
    told = {
        **less,
        "OKActions": [],
        "AlarmActions": GOOD["AlarmActions"][::-1],
        "StateValue": "OK",
        "Threshold": 1,
    }
    assert AlarmSettings(told).same(AlarmSettings(GOOD))
    for key in ("Threshold", "Period", "EvaluationPeriods", "DatapointsToAlarm"):
        assert not AlarmSettings({**GOOD, key: 9}).same(AlarmSettings(GOOD))
    assert not AlarmSettings({**GOOD, "ActionsEnabled": False}).same(AlarmSettings(GOOD))
    assert why_not_set(GOOD, [TOPIC]) == ""
