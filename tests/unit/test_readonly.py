"""What may leave this process, asked of real clients that never reach a network."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse

from tui.aws import readonly
from tui.aws.sessions import Sessions
from tui.settings import ProfileSettings, Settings


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
        return AWSResponse(request.url, 200, {}, raw)

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
    client = Sessions(Settings()).client("default", "ec2", "eu-west-1")
    sent = caught(client)
    with pytest.raises(readonly.ReadOnlyViolation):
        getattr(client, method)(**params)
    assert sent == []
    client.describe_instances()
    assert len(sent) == 1


def test_a_mutating_client_sends_what_steps_declare_and_nothing_else() -> None:
    client = Sessions(Settings()).client("default", "ec2", "eu-west-1", mutating=True)
    sent = caught(client)
    client.stop_instances(InstanceIds=["i-1"])
    assert "Action=StopInstances" in sent[0]
    with pytest.raises(readonly.ReadOnlyViolation):
        client.terminate_instances(InstanceIds=["i-1"])
    assert len(sent) == 1


@pytest.mark.parametrize(
    "settings",
    [
        Settings(read_only=True),
        Settings(locked_profiles=("def*",)),
        Settings(profiles={"default": ProfileSettings(read_only=True)}),
    ],
)
def test_read_only_settings_give_no_mutating_client(settings: Settings) -> None:
    with pytest.raises(readonly.ReadOnlyViolation):
        Sessions(settings).client("default", "ec2", "eu-west-1", mutating=True)


def test_presigning_a_change_is_refused_too() -> None:
    client = Sessions(Settings()).client("default", "ec2", "eu-west-1")
    with pytest.raises(readonly.ReadOnlyViolation):
        client.generate_presigned_url("terminate_instances", Params={"InstanceIds": ["i-1"]})


def test_a_demonstration_reaches_only_this_machine() -> None:
    client = Sessions(Settings(demo=True)).client("default", "ec2", "eu-west-1")
    with pytest.raises(readonly.NotDemo):
        client.describe_instances()


def test_every_name_in_the_lists_is_an_operation_and_no_read_changes_anything() -> None:
    session = botocore.session.Session()
    for table in (readonly.READS, readonly.LOOKS, readonly.LOGINS):
        for service, names in table.items():
            assert names <= set(session.get_service_model(service).operation_names)
    for names in readonly.LOOKS.values():
        assert all(name.startswith(("Describe", "Get", "List")) for name in names)


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
        "ec2:ModifyInstanceEventStartTime",
    } == readonly.WRITES
    session = botocore.session.Session()
    for one in readonly.WRITES:
        service, _, name = one.partition(":")
        assert name in session.get_service_model(service).operation_names
        assert not readonly.allowed(service, name)
