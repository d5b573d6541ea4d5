"""The hands over HTTP against the embedded AWS: real processes, a real journal, killed where it hurts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.operation_wait import until
from tests.integration.runner_watch import ACCOUNT, Bench, ended
from tests.journal_file import writing
from tui.domain.instance import InstanceState
from tui.operations import audit_log
from tui.operations.model import OperationState


def test_stop_start_moves_it_and_clears_the_event(bench: Bench) -> None:
    operation = bench.order("stop-start", "payments-db-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED, found
    assert found.permission == "yes"
    assert [row.state for row in found.steps] == ["done"] * 7
    assert found.steps[2].calls == ()
    assert found.steps[1].calls[0].request_id
    assert bench.find("payments-db-1").state is InstanceState.RUNNING
    assert len(bench.sent("StopInstances")) == len(bench.sent("StartInstances")) == 1
    log = bench.journal.path.with_name("audit.jsonl")
    assert not audit_log.check(log).broken_at
    assert "StopInstances" in log.read_text()
    assert "AKIADEMO" not in log.read_text()


def test_the_audit_log_tells_each_call_before_and_after_and_by_whom(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.9 51234 10.0.0.5 22")
    canaries = {
        "aws_secret_access_key": "CANARYsecretCANARYsecret",
        "aws_session_token": "CANARYtokenCANARYtoken",
    }
    credentials = Path(bench.environ["AWS_SHARED_CREDENTIALS_FILE"])
    told = "\n".join(f"{key} = {value}" for key, value in canaries.items())
    credentials.write_text(credentials.read_text().replace("aws_secret_access_key = demo", told))
    operation = bench.order("stop-start", "ledger-3")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.SUCCEEDED
    assert found.caller.startswith("arn:aws:")
    assert ACCOUNT in found.caller
    log = audit_log.path_beside(bench.journal.path)
    until(
        lambda: '"result":"succeeded"' in log.read_text().replace(" ", "")
    )  # the journal has it a moment before
    assert audit_log.check(log) == audit_log.Verdict(len(log.read_text().splitlines()))
    lines = [one for one in audit_log.tail(log, 100) if one["operation"] == operation]
    of_calls = [
        (one["call"].split()[0], one["result"]) for one in lines if "call" in one and not one["dry_run"]
    ]
    assert of_calls == [
        ("StopInstances", "about to send"), ("StopInstances", "ok"),
        ("StartInstances", "about to send"), ("StartInstances", "ok"),
    ]  # fmt: skip
    assert [one["result"] for one in lines if one["step"] in ("confirm", "end")] == ["confirmed", "succeeded"]
    assert {one["ssh_client"] for one in lines} == {"203.0.113.9 51234"}
    assert {one["caller"] for one in lines} == {found.caller}
    assert all(one["request_id"] for one in lines if one["result"] == "ok")
    for kept in bench.journal.path.parent.rglob("*"):
        if kept.is_file():
            assert b"CANARY" not in kept.read_bytes()
            assert b"AKIADEMO" not in kept.read_bytes()


def test_every_call_of_the_hands_names_its_operation(bench: Bench) -> None:
    bench.demo.control("calls", method="DELETE")
    operation = bench.order("reboot", "web-1")
    bench.demo.control("calls", method="DELETE")
    bench.run(operation)
    bench.wait(operation, ended)
    calls = [one for one in bench.demo.control("calls") if one["service"] == "ec2"]
    assert {"RebootInstances", "DescribeInstances"} <= {one["operation"] for one in calls}
    assert all(
        one["user_agent"].endswith(f" op/{operation}") and "evac/" in one["user_agent"] for one in calls
    )


def test_credentials_of_another_account_are_refused_before_anything_is_sent(bench: Bench) -> None:
    operation = bench.order("reboot", "web-1")
    with writing(bench.journal.path) as db:
        db.execute("UPDATE operation SET account_id='999999999999' WHERE id=?", (operation,))
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.FAILED
    assert f"is now of account {ACCOUNT}" in found.note
    assert bench.sent("RebootInstances") == []


def test_an_instance_that_is_terminated_meanwhile_ends_it_saying_so(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "cache-1")
    bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    bench.client().terminate_instances(InstanceIds=[str(bench.find("cache-1").instance_id)])
    found = bench.wait(operation, ended)
    assert found.state is OperationState.FAILED  # nothing can come of it: nobody is asked to resume it
    assert "the instance is shutting-down" in found.note or "the instance is terminated" in found.note
    assert bench.sent("StartInstances") == []


def test_an_instance_that_somebody_else_starts_is_not_started_again(bench: Bench) -> None:
    rule = {"match": {"operation": "StartInstances", "key": "AKIADEMOPROD00000001"}, "dry": False, "times": 1,
            "then": {"error": "InsufficientInstanceCapacity"}}  # fmt: skip
    bench.demo.control("faults", [rule])
    operation = bench.order("stop-start", "cache-1")
    bench.run(operation)
    bench.wait(operation, lambda one: one.attention and "STOPPED" in one.note)
    bench.client().start_instances(InstanceIds=[str(bench.find("cache-1").instance_id)])
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    assert len([one for one in bench.sent("StartInstances") if "op/" in one["user_agent"]]) == 1


def test_nothing_is_sent_before_the_confirmation(bench: Bench) -> None:
    operation = bench.order("stop-start", "cache-1", confirm=False)
    bench.run(operation)
    bench.wait(operation, lambda one: one.permission == "yes")
    assert bench.sent("StopInstances") == []
    assert bench.journal.abandon(operation, "cancelled", datetime.now(UTC))
    assert bench.wait(operation, lambda one: one.lease_until is None).state is OperationState.ABANDONED
    assert bench.sent("StopInstances") == []
