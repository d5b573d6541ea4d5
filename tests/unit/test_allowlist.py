"""What may leave this process, asked of real clients that never reach a network."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tui.aws import allowlist, iam_policies
from tui.aws.sessions import Sessions
from tui.config.schema import Settings
from tui.config.sections import ProfileSettings


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "EVAC_DEMO"):
        monkeypatch.delenv(name, raising=False)


def caught(client: Any) -> list[str]:
    """Requests that would have left; answered here instead."""
    sent: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.body.decode() if isinstance(request.body, bytes) else str(request.body))
        raw = type("Raw", (), {"stream": lambda self: [b"<r/>"], "read": lambda self: b"<r/>"})()
        return AWSResponse(request.url, 200, HTTPHeaders(), raw)

    client.meta.events.register_first("before-send", answer)
    return sent


MUTATIONS: list[tuple[str, dict[str, Any]]] = [
    ("stop_instances", {"InstanceIds": ["i-1"]}),
    ("start_instances", {"InstanceIds": ["i-1"]}),
    ("terminate_instances", {"InstanceIds": ["i-1"]}),
    ("create_image", {"InstanceId": "i-1", "Name": "web"}),
    ("stop_instances", {"InstanceIds": ["i-1"], "DryRun": True}),
]


@pytest.mark.parametrize(("method", "params"), MUTATIONS)
def test_a_reading_client_sends_no_change(method: str, params: dict[str, Any]) -> None:
    client = Sessions(Settings()).client("environment", "ec2", "eu-west-1")
    sent = caught(client)
    with pytest.raises(allowlist.CallNotAllowedError):
        getattr(client, method)(**params)
    assert sent == []
    client.describe_instances()
    assert len(sent) == 1


@pytest.mark.parametrize("mutating", [False, True])
def test_a_screenshot_wakes_nobody(mutating: bool) -> None:
    """WakeUp presses a key in the guest: that is no read, whoever asks (EC2 API, GetConsoleScreenshot)."""
    client = Sessions(Settings()).client("environment", "ec2", "eu-west-1", mutating=mutating)
    sent = caught(client)
    with pytest.raises(allowlist.CallNotAllowedError):
        client.get_console_screenshot(InstanceId="i-1", WakeUp=True)
    client.meta.events.register(  # one that puts it in after the first look is seen by the second
        "request-created.ec2.GetConsoleScreenshot", lambda request, **_: request.data.update(WakeUp="true")
    )
    with pytest.raises(allowlist.CallNotAllowedError):
        client.get_console_screenshot(InstanceId="i-1")
    assert sent == []


def test_a_screenshot_without_it_is_a_read() -> None:
    client = Sessions(Settings()).client("environment", "ec2", "eu-west-1")
    sent = caught(client)
    client.get_console_screenshot(InstanceId="i-1")
    client.get_console_screenshot(InstanceId="i-1", WakeUp=False)
    assert ["WakeUp=true" in one for one in sent] == [False, False]


def test_a_mutating_client_sends_what_steps_declare_and_nothing_else() -> None:
    client = Sessions(Settings()).client("environment", "ec2", "eu-west-1", mutating=True)
    sent = caught(client)
    client.stop_instances(InstanceIds=["i-1"])
    assert "Action=StopInstances" in sent[0]
    with pytest.raises(allowlist.CallNotAllowedError):
        client.terminate_instances(InstanceIds=["i-1"])
    assert len(sent) == 1


@pytest.mark.parametrize(
    "settings",
    [
        Settings(read_only=True),
        Settings(locked_profiles=("env*",)),
        Settings(profiles={"environment": ProfileSettings(read_only=True)}),
    ],
)
def test_read_only_settings_give_no_mutating_client(settings: Settings) -> None:
    with pytest.raises(allowlist.CallNotAllowedError):
        Sessions(settings).client("environment", "ec2", "eu-west-1", mutating=True)


def test_presigning_a_change_is_refused_too() -> None:
    client = Sessions(Settings()).client("environment", "ec2", "eu-west-1")
    with pytest.raises(allowlist.CallNotAllowedError):
        client.generate_presigned_url("terminate_instances", Params={"InstanceIds": ["i-1"]})


def test_a_demonstration_reaches_only_this_machine() -> None:
    client = Sessions(Settings(demo=True)).client("environment", "ec2", "eu-west-1")
    with pytest.raises(allowlist.NotDemoError):
        client.describe_instances()


def test_every_name_in_the_lists_is_an_operation_and_no_read_changes_anything() -> None:
    session = botocore.session.Session()
    for table in (allowlist.READS, allowlist.LOOKS, allowlist.LOGINS):
        for service, names in table.items():
            assert names <= set(session.get_service_model(service).operation_names)
    for names in allowlist.LOOKS.values():
        assert all(name.startswith(("Decode", "Describe", "Get", "List", "Lookup")) for name in names)


def test_the_hands_may_send_exactly_what_the_steps_declare() -> None:
    assert {
        "autoscaling:EnterStandby",
        "autoscaling:ExitStandby",
        "elbv2:DeregisterTargets",
        "elbv2:RegisterTargets",
        "ec2:StopInstances",
        "ec2:StartInstances",
        "ec2:RebootInstances",
        "ec2:CreateImage",
        "ec2:EnableImageDeprecation",
        "ec2:ModifyInstanceEventStartTime",
        "ec2:ModifyInstanceMaintenanceOptions",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DeleteAlarms",
    } == allowlist.writes()
    session = botocore.session.Session()
    for one in allowlist.writes():
        service, _, name = one.partition(":")
        assert name in session.get_service_model(service).operation_names
        assert not allowlist.allowed(service, name)


def test_nothing_is_presigned_not_even_what_may_be_sent() -> None:
    """An address signed in advance works later, elsewhere, in anybody's hands: the hands have no use for one either."""
    for mutating in (False, True):
        client = Sessions(Settings()).client("environment", "ec2", "eu-west-1", mutating=mutating)
        for method in ("stop_instances", "start_instances", "terminate_instances", "describe_instances"):
            params = {"InstanceIds": ["i-1"]}
            with pytest.raises(allowlist.CallNotAllowedError):
                client.generate_presigned_url(method, Params=params)


@pytest.mark.parametrize("service", ["s3", "rds", "ssm-guiconnect", "ec2-instance-connect", "lambda", "sns"])
def test_there_is_no_client_of_a_service_evac_does_not_ask(service: str) -> None:
    """Some sign without a call (S3's forms, RDS's tokens): a client is where that would begin."""
    for mutating in (False, True):
        with pytest.raises(allowlist.CallNotAllowedError):
            Sessions(Settings()).client("environment", service, "eu-west-1", mutating=mutating)


def test_every_operation_of_every_service_that_is_not_listed_is_refused() -> None:
    """Not a sample: all that botocore knows of these services, on both kinds of client, with no request made."""
    refused = 0
    request = {"body": {"PresignedUrl": "given"}, "headers": {}, "url": "", "method": "POST"}
    session = botocore.session.Session()
    for service in allowlist.READS:
        for mutating in (False, True):
            client = Sessions(Settings()).client("environment", service, "eu-west-1", mutating=mutating)
            sent = caught(client)
            granted = allowlist.writes() if mutating else ()
            for name in session.get_service_model(service).operation_names:
                if allowlist.allowed(service, name, granted):
                    continue
                model = client.meta.service_model.operation_model(name)
                with pytest.raises(allowlist.CallNotAllowedError):
                    client.meta.events.emit_until_response(
                        f"before-call.{client.meta.service_model.service_id.hyphenize()}.{name}",
                        model=model, params=request, request_signer=client._request_signer, context={},
                    )  # fmt: skip
                refused += 1
            assert sent == []
    assert refused > 1500


def test_waiters_and_paginators_pass_the_same_guard() -> None:
    client = Sessions(Settings()).client("environment", "ec2", "eu-west-1")
    sent = caught(client)
    with pytest.raises(allowlist.CallNotAllowedError):
        client.get_waiter("password_data_available").wait(InstanceId="i-1")
    with pytest.raises(allowlist.CallNotAllowedError):
        list(client.get_paginator("describe_vpcs").paginate())
    assert sent == []


def test_a_handler_put_in_front_afterwards_sends_nothing_either() -> None:
    """Whoever answers before the guard has answered: then no request is made at all."""
    client = Sessions(Settings()).client("environment", "ec2", "eu-west-1")
    sent = caught(client)
    answer = type("Answer", (), {"status_code": 200})()
    client.meta.events.register("before-call.ec2.StopInstances", lambda **_: (answer, {}))
    client.stop_instances(InstanceIds=["i-1"])
    assert sent == []


def test_the_clients_of_credential_providers_are_guarded_too() -> None:
    """They are made from the session itself: whatever it makes carries the guard."""
    login = Sessions(Settings())
    login.client("environment", "ec2", "eu-west-1")
    core: Any = login._login("environment").sessions[False]
    client = core.create_client("sts", region_name="eu-west-1")
    sent = caught(client)
    with pytest.raises(allowlist.CallNotAllowedError):
        client.get_federation_token(Name="me")
    assert sent == []


def role_config(folder: Any) -> None:
    (folder / "config").write_text(
        "[profile a]\nrole_arn = arn:aws:iam::111122223333:role/a\nsource_profile = b\n"
        "[profile b]\nrole_arn = arn:aws:iam::111122223333:role/b\nsource_profile = c\n"
        "[profile c]\naws_access_key_id = AKIA0\naws_secret_access_key = secret\n"
    )


@pytest.mark.parametrize("mutating", [False, True])
def test_a_session_policy_narrows_the_role_itself_and_not_the_way_to_it(
    tmp_path: Any, mutating: bool
) -> None:
    role_config(tmp_path)
    sessions = Sessions(Settings(session_policy=True))
    login = sessions._login("a")
    core: Any = sessions._session(login, "a", mutating)
    client = core.create_client("sts", "eu-west-1", aws_access_key_id="A", aws_secret_access_key="s")
    sent = caught(client)
    for name in ("a", "b"):
        with suppress(KeyError):  # the answer made up here is none of AWS's
            client.assume_role(RoleArn=f"arn:aws:iam::111122223333:role/{name}", RoleSessionName="xx")
    policy = json.loads(parse_qs(sent[0])["Policy"][0])
    assert "Policy" not in parse_qs(sent[1])
    actions = policy["Statement"][0]["Action"]
    assert set(iam_policies.looking()["Statement"][0]["Action"]) <= set(actions)
    assert ("ec2:StopInstances" in actions) == mutating
    assert "ec2:TerminateInstances" not in actions
    assert len(parse_qs(sent[0])["Policy"][0]) <= 2048


def test_without_the_option_a_role_is_assumed_as_it_is(tmp_path: Any) -> None:
    role_config(tmp_path)
    sessions = Sessions(Settings())
    core: Any = sessions._session(sessions._login("a"), "a", False)
    client = core.create_client("sts", "eu-west-1", aws_access_key_id="A", aws_secret_access_key="s")
    sent = caught(client)
    with suppress(KeyError):
        client.assume_role(RoleArn="arn:aws:iam::111122223333:role/a", RoleSessionName="xx")
    assert "Policy" not in parse_qs(sent[0])


def test_a_profile_the_site_hides_is_neither_listed_nor_used(tmp_path: Any) -> None:
    role_config(tmp_path)
    sessions = Sessions(Settings(hidden_profiles=("a", "environment")))
    assert sessions.profiles() == ("b", "c")
    with pytest.raises(allowlist.CallNotAllowedError):
        sessions.client("a", "ec2", "eu-west-1")
    assert Sessions(Settings(hidden_profiles=("*",))).profiles() == ()
