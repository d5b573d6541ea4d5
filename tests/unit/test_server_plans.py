"""The plans that are printed: AWS's model takes them, and they copy what they say."""

from __future__ import annotations

import json
import shlex
from typing import Any

import botocore.session
import pytest
from botocore.validate import validate_parameters
from msgspec.structs import replace

from tests.unit.rows import row
from tui.aws import copy_plans
from tui.domain import copy_plan_rules
from tui.domain.cover.answers import CoverVerdict
from tui.domain.instance import Target
from tui.domain.sanitize import clean
from tui.domain.server_plans import PlanMaker, ServerPlan, server_plan

PROD = Target("prod", "eu-west-1")
TAG = ("backup", "nightly it's")
BOX = row(
    1,
    PROD,
    account_id=clean("111122223333"),
    root_device=clean("ebs"),
    zone=clean("eu-west-1a"),
    tags=((clean(TAG[0]), clean(TAG[1])),),
)
BARE = replace(BOX, instance_id=clean("i-0fedcba9876543210"), tags=())


def planned(maker: PlanMaker, target: Target = PROD) -> ServerPlan:
    """For one with the tag and one without."""
    return server_plan(maker, target, "111122223333", TAG, 7, [BOX, BARE])


def taken(service: str, operation: str, params: dict[str, Any]) -> None:
    """Raises where botocore would send no such request."""
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    validate_parameters(params, shape)


def test_aws_takes_the_documents() -> None:
    (policy,) = planned(PlanMaker.DLM).documents
    taken("dlm", "CreateLifecyclePolicy", policy)
    plan, selection = planned(PlanMaker.BACKUP).documents
    taken("backup", "CreateBackupPlan", {"BackupPlan": plan})
    taken("backup", "CreateBackupSelection", {"BackupPlanId": "x", "BackupSelection": selection})


def test_the_policy_copies_what_has_the_tag_and_nothing_else() -> None:
    (document,) = planned(PlanMaker.DLM).documents
    policy = copy_plans.map_policy({**document, "PolicyId": "policy-1"})
    assert copy_plan_rules.policy_answer(BOX, policy, {}).verdict is CoverVerdict.COVERED
    assert "REBOOTS" not in copy_plan_rules.policy_answer(BOX, policy, {}).why
    assert copy_plan_rules.policy_answer(BARE, policy, {}).verdict is CoverVerdict.NOBODY
    assert policy.schedules == ("daily at 01:00 UTC",)


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1", "us-gov-west-1"])
def test_the_selection_copies_what_has_the_tag_though_nobody_opted_in(region: str) -> None:
    target = Target("prod", region)
    plan, document = planned(PlanMaker.BACKUP, target).documents
    selection = copy_plans.map_selection({"BackupPlanId": "x"}, {"x": plan["Rules"]}, document)
    box, bare = replace(BOX, target=target), replace(BARE, target=target)
    assert copy_plan_rules.selection_answer(box, selection, (), {}).verdict is CoverVerdict.COVERED
    assert copy_plan_rules.selection_answer(bare, selection, (), {}).verdict is CoverVerdict.NOBODY
    assert selection.schedules == ("daily at 01:00 UTC",)


@pytest.mark.parametrize("maker", PlanMaker)
def test_the_commands_hold_the_documents_and_tag_what_lacks_it(maker: PlanMaker) -> None:
    plan = planned(maker)
    assert plan.tagged == (BOX.instance_id,)
    assert plan.untagged == (BARE.instance_id,)
    held = [json.loads(word) for line in plan.commands for word in shlex.split(line) if word.startswith("{")]
    assert held == list(plan.documents)
    last = shlex.split(plan.commands[-1])
    assert last[:5] == ["aws", "ec2", "create-tags", "--resources", BARE.instance_id]
    assert json.loads(last[6]) == [{"Key": TAG[0], "Value": TAG[1]}]
    assert all(
        shlex.split(line)[-4:] == ["--region", "eu-west-1", "--profile", "prod"] for line in plan.commands
    )


def test_the_shells_own_credentials_have_no_profile() -> None:
    assert "--profile" not in planned(PlanMaker.DLM, Target("environment", "eu-west-1")).commands[0]
