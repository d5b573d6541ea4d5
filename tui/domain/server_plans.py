"""Plans of AWS's own for what is copied nightly: a lifecycle policy, or a plan of AWS Backup, as JSON with its command.

evac makes neither: both need a role of the account, and run on without it. Sources: EBS user guide, ami-policy; dlm model,
CreateLifecyclePolicy; AWS Backup developer guide, assigning-resources-json, iam-service-roles; backup model, BackupRuleInput.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct

from tui.domain.arns import partition_of
from tui.domain.instance import Instance, Target
from tui.domain.profile_names import ENVIRONMENT

_Doc = dict[str, Any]
_AT = "01:00"
"""UTC, at which both begin."""
PLAN_ID = "BACKUP_PLAN_ID"
"""What stands for the id that the first command prints."""
IDS_A_COMMAND = 100
"""Instances that one CreateTags names."""
_DLM_ROLE = "role/AWSDataLifecycleManagerDefaultRoleForAMIManagement"
_BACKUP_ROLE = "role/service-role/AWSBackupDefaultServiceRole"


class PlanMaker(StrEnum):
    """Which service of AWS would carry the plan out: Data Lifecycle Manager or AWS Backup."""

    DLM = "dlm"
    BACKUP = "backup"


class ServerPlan(Struct, frozen=True):
    """What would copy these instances of an account and region from now on: `documents` to read, `commands` to run.

    `untagged`: those without the tag by which it finds them; `tagged`: the others that lack a copy.
    """

    target: Target
    account_id: str
    maker: PlanMaker
    documents: tuple[_Doc, ...]
    commands: tuple[str, ...]
    needs: str
    untagged: tuple[str, ...] = ()
    tagged: tuple[str, ...] = ()


def server_plan(
    maker: PlanMaker,
    target: Target,
    account_id: str,
    tag: tuple[str, str],
    keep: int,
    rows: Sequence[Instance],
) -> ServerPlan:
    """A nightly plan for all instances there with that tag; `rows` are those that lack a copy, `keep` counts copies kept."""
    ids = [str(row.instance_id) for row in rows if row.tag(tag[0]) != tag[1]]
    tagged = tuple(str(row.instance_id) for row in rows if row.tag(tag[0]) == tag[1])
    arn = f"arn:{partition_of(target.region)}:iam::{account_id}:"
    documents: tuple[_Doc, ...]
    if maker is PlanMaker.DLM:
        documents = (lifecycle_policy(f"{arn}{_DLM_ROLE}", tag, keep),)
        commands = [_aws(target, "dlm", "create-lifecycle-policy", "--cli-input-json", _json(documents[0]))]
        needs = f"{_DLM_ROLE.partition('/')[2]}: aws dlm create-default-role --resource-type image makes it, once an account"
    else:
        documents = (backup_plan(keep), backup_selection(f"{arn}{_BACKUP_ROLE}", tag))
        commands = [
            _aws(target, "backup", "create-backup-plan", "--backup-plan", _json(documents[0])),
            _aws(target, "backup", "create-backup-selection", "--backup-plan-id", PLAN_ID,
                 "--backup-selection", _json(documents[1])),
        ]  # fmt: skip
        needs = f"{_BACKUP_ROLE.rpartition('/')[2]} and the vault Default: the AWS Backup console makes both at its first use"
    for at in range(0, len(ids), IDS_A_COMMAND):
        part = ids[at : at + IDS_A_COMMAND]
        commands.append(
            _aws(target, "ec2", "create-tags", "--resources", *part, "--tags", _json([_pair(tag)]))
        )
    return ServerPlan(target, account_id, maker, documents, tuple(commands), needs, tuple(ids), tagged)


def lifecycle_policy(role_arn: str, tag: tuple[str, str], keep: int) -> _Doc:
    """What CreateLifecyclePolicy takes: an AMI a night without a reboot, the newest so many kept.

    `instance-id` is the tag by which everybody knows of which instance an AMI is.
    """
    words = re.sub(r"[^0-9A-Za-z _-]", "-", f"Nightly AMIs by tag {tag[0]} {tag[1]}")[:500]
    schedule = {
        "Name": "nightly",
        "CopyTags": True,
        "VariableTags": [{"Key": "instance-id", "Value": "$(instance-id)"}],
        "CreateRule": {"Interval": 24, "IntervalUnit": "HOURS", "Times": [_AT]},
        "RetainRule": {"Count": keep},
    }
    return {
        "ExecutionRoleArn": role_arn,
        "Description": words,
        "State": "ENABLED",
        "PolicyDetails": {
            "PolicyType": "IMAGE_MANAGEMENT",
            "ResourceTypes": ["INSTANCE"],
            "TargetTags": [_pair(tag)],
            "Schedules": [schedule],
            "Parameters": {"NoReboot": True},
        },
    }


def backup_plan(keep: int) -> _Doc:
    """What CreateBackupPlan takes: a recovery point a night, each kept so many days."""
    hour, minute = _AT.split(":")
    rule = {
        "RuleName": "nightly",
        "TargetBackupVaultName": "Default",
        "ScheduleExpression": f"cron({int(minute)} {int(hour)} ? * * *)",
        "Lifecycle": {"DeleteAfterDays": keep},
    }
    return {"BackupPlanName": "evac-nightly", "Rules": [rule]}


def backup_selection(role_arn: str, tag: tuple[str, str]) -> _Doc:
    """What CreateBackupSelection takes: instances of that tag. Their type is named, so that nobody need have opted in."""
    condition = {"ConditionKey": f"aws:ResourceTag/{tag[0]}", "ConditionValue": tag[1]}
    return {
        "SelectionName": "instances-by-tag",
        "IamRoleArn": role_arn,
        "Resources": [f"arn:{role_arn.split(':')[1]}:ec2:*:*:instance/*"],
        "Conditions": {"StringEquals": [condition]},
    }


def _pair(tag: tuple[str, str]) -> _Doc:
    return {"Key": tag[0], "Value": tag[1]}


def _json(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _aws(target: Target, *words: str) -> str:
    return shlex.join(("aws", *words, *place_options(target)))


def place_options(target: Target) -> tuple[str, ...]:
    """The AWS CLI's options for it; the shell's own credentials have no profile."""
    profile = () if target.profile == ENVIRONMENT else ("--profile", target.profile)
    return ("--region", target.region, *profile)
