"""The hands and AWS's answers: cut, lost, refused, of somebody else's doing, of a login that ran out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.integration.runner_watch import ACCOUNT, REGION, Bench, ended
from tui.domain.actions import ActionOptions
from tui.domain.instance import InstanceState, Target
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.operations import spawn
from tui.operations.model import OperationState


def test_an_ami_of_the_same_name_that_somebody_else_made_is_not_taken_for_ours(bench: Bench) -> None:
    operation = bench.order("image", "mail-1", no_reboot=True, image_name="nightly")
    mail = bench.find("mail-1")
    bench.client().create_image(InstanceId=str(mail.instance_id), Name="nightly", NoReboot=True)
    bench.demo.control("settings", {"lag": 1})  # as if the look for the name came too early
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.NEEDS_ATTENTION
    assert "not of this operation" in found.note


def test_a_login_renewed_elsewhere_is_picked_up_while_the_instance_is_down(bench: Bench) -> None:
    bench.demo.control("clock", {"speed": 2})
    operation = bench.order("stop-start", "ledger-3")
    bench.run(operation)
    bench.wait(operation, lambda one: one.step == "wait-stopped")
    bench.demo.control("settings", {"expired": {"AKIADEMOPROD00000001": True}})
    bench.wait(operation, lambda one: one.attention and "could not be read" in one.note)
    config = Path(bench.environ["AWS_CONFIG_FILE"])
    role = f"[profile prod]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/oncall\nsource_profile = data\n"
    config.write_text(config.read_text().replace("[profile prod]\n", role))
    credentials = Path(bench.environ["AWS_SHARED_CREDENTIALS_FILE"])
    credentials.write_text(credentials.read_text().replace("[prod]", "[was-prod]"))
    bench.demo.control("clock", {"speed": 60})
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED


@pytest.mark.parametrize(
    "operation", ["StopInstances", "StartInstances", "DescribeInstances", "DescribeInstanceStatus"]
)
def test_an_answer_cut_off_in_the_middle_leaves_nothing_down(bench: Bench, operation: str) -> None:
    """botocore's parsers raise what is none of its own errors: it once ended the hands between stop and start."""
    once = {"match": {"operation": operation}, "dry": False, "times": 4, "then": {"cut": 60}}
    writes = operation.startswith("St")
    bench.demo.control("faults", [{**once, "times": 1} if writes else {**once, "skip": 2}])
    ident = bench.order("stop-start", "cache-2")
    bench.run(ident)
    assert bench.wait(ident, ended, seconds=150).state is OperationState.SUCCEEDED
    assert bench.find("cache-2").state is InstanceState.RUNNING
    assert sum(one["effect"] for one in bench.sent("StopInstances")) == 1


def test_a_proxys_page_is_no_answer_to_a_reboot(bench: Bench) -> None:
    page = {"raw": "<html><body>log in to the hotel's network</body></html>"}
    bench.demo.control("faults", [{"match": {"operation": "RebootInstances"}, "dry": False, "then": page}])
    operation = bench.order("reboot", "web-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.NEEDS_ATTENTION
    assert "nobody can know" in found.note


def test_no_capacity_is_retried_until_it_runs(bench: Bench) -> None:
    rule = {
        "match": {"operation": "StartInstances"},
        "times": 1,
        "dry": False,
        "then": {"error": "InsufficientInstanceCapacity"},
    }
    bench.demo.control("faults", [rule])
    operation = bench.order("stop-start", "cache-2")
    bench.run(operation)
    waiting = bench.wait(operation, lambda one: one.attention)
    assert "STOPPED: no capacity" in waiting.note
    assert waiting.instance_down
    done = bench.wait(operation, ended)
    assert done.state is OperationState.SUCCEEDED
    assert not done.instance_down


def test_a_lost_answer_never_makes_a_second_ami(bench: Bench) -> None:
    rule = {
        "match": {"operation": "CreateImage"},
        "times": 1,
        "dry": False,
        "when": "after",
        "then": {"reset": True},
    }
    bench.demo.control("faults", [rule])
    operation = bench.order("image", "mail-1", no_reboot=True)
    bench.run(operation)
    assert bench.wait(operation, ended).state is OperationState.SUCCEEDED
    assert len(bench.sent("CreateImage")) == 1


def test_a_lost_reboot_asks_a_person(bench: Bench) -> None:
    rule = {
        "match": {"operation": "RebootInstances"},
        "times": 1,
        "dry": False,
        "when": "after",
        "then": {"reset": True},
    }
    bench.demo.control("faults", [rule])
    operation = bench.order("reboot", "nat-1")
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.NEEDS_ATTENTION
    assert "nobody can know" in found.note
    assert len(bench.sent("RebootInstances")) == 1


def test_not_permitted_is_said_before_anything_is_sent(bench: Bench) -> None:
    rule = {
        "match": {"operation": "StopInstances"},
        "then": {"error": "UnauthorizedOperation", "message": "no"},
    }
    bench.demo.control("faults", [rule])
    operation = bench.order("stop-start", "search-1", confirm=False)
    bench.run(operation)
    found = bench.wait(operation, ended)
    assert found.state is OperationState.FAILED
    assert found.permission_text.startswith("no: AWS does not permit StopInstances")


def test_why_it_is_not_permitted_is_asked_of_aws(bench: Bench) -> None:
    """AWS says it in a message it has encoded: the hands have it decoded, where they may."""
    config = Path(bench.environ["AWS_CONFIG_FILE"])
    before = config.read_text()
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    config.write_text(
        before + f"\n[profile look]\nrole_arn = {role}\nsource_profile = prod\nregion = {REGION}\n"
    )
    try:
        row = replace(bench.find("search-1"), target=Target("look", REGION))
        plan = draft("stop-start", row, None, ActionOptions(), Policy(), datetime.now(UTC))
        operation = bench.journal.create(plan, datetime.now(UTC))
        spawn.start(operation, "look", bench.settings, bench.environ)
        found = bench.wait(operation, ended)
    finally:
        config.write_text(before)
    assert found.state is OperationState.FAILED
    assert found.permission_text.startswith(
        "no: AWS does not permit StopInstances to these credentials: no policy allows ec2:StopInstances to "
        f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/"
    )
    assert "Encoded" not in found.permission_text
