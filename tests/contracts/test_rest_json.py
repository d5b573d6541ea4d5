"""rest-json by botocore's own model: each operation that is read is found by its method and path, and comes back typed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore import xform_name

from tui.demo import rest_json

READ = [
    ("dlm", "GetLifecyclePolicies", {"State": "ENABLED", "ResourceTypes": ["INSTANCE"]}),
    ("dlm", "GetLifecyclePolicy", {"PolicyId": "policy-0a1b2c3d4e5f60718"}),
    ("backup", "ListProtectedResources", {"MaxResults": 1000, "NextToken": "a b/&="}),
    ("backup", "ListRecoveryPointsByResource",
     {"ResourceArn": "arn:aws:ec2:us-east-1:1:instance/i-1", "ManagedByAWSBackupOnly": True}),
    ("backup", "ListBackupPlans", {}),
    ("backup", "ListBackupSelections", {"BackupPlanId": "a-b-c"}),
    ("backup", "GetBackupSelection", {"BackupPlanId": "a-b-c", "SelectionId": "d/é"}),
    ("backup", "GetBackupPlan", {"BackupPlanId": "a-b-c"}),
]  # fmt: skip


@pytest.mark.parametrize(("service", "name", "params"), READ, ids=[one[1] for one in READ])
def test_a_request_of_botocore_is_read_back(service: str, name: str, params: dict[str, object]) -> None:
    session: Any = boto3.Session("AKIADEMO", "secret", region_name="us-east-1")
    client = session.client(service)
    sent: list[Any] = []

    def catch(request: Any, **_: Any) -> None:
        sent.append(request)
        raise InterruptedError  # nothing leaves the machine

    client.meta.events.register("before-send", catch)
    with pytest.raises(InterruptedError):
        getattr(client, xform_name(name))(**params)
    client.close()
    (request,) = sent
    path = request.url.split(".amazonaws.com")[1]
    op, named = rest_json.route(service, request.method, path)
    assert op is not None
    assert op.name == name
    assert rest_json.read(op, path, b"", named) == params


def test_times_are_written_as_the_model_says() -> None:
    at = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
    policy, _ = rest_json.route("dlm", "GET", "/policies/policy-0a")
    listed, _ = rest_json.route("backup", "GET", "/resources/")
    assert policy is not None
    assert listed is not None
    assert b"2026-05-04T03:00:00" in rest_json.write(policy, {"Policy": {"DateCreated": at}})
    assert str(at.timestamp()).encode() in rest_json.write(listed, {"Results": [{"LastBackupTime": at}]})


def test_a_path_that_no_operation_has_is_none() -> None:
    assert rest_json.route("dlm", "GET", "/policy")[0] is None
    assert rest_json.route("dlm", "DELETE", "/policies")[0] is None
