"""Who will be copied: policies of Data Lifecycle Manager, plans and recovery points of AWS Backup. Nothing here runs them.

Sources: dlm model (GetLifecyclePolicies' filters, summaries without details, no pages), backup model (ListProtectedResources
counts a recovery point of any status; selections of a plan; 1,000 a page).
"""

from __future__ import annotations

from typing import Any

from tui.demo import filters
from tui.demo.metric_values import hash_of
from tui.demo.request import Request
from tui.demo.world import AwsError, Region, World

Doc = dict[str, Any]
_SUMMARY = ("PolicyId", "Description", "State", "Tags", "PolicyType", "DefaultPolicy")
_VAULT = "Default"


def add_policy(world: World, region: Region, details: Doc, **more: Any) -> Doc:
    """Keep a lifecycle policy; `details` is its PolicyDetails, `more` fields of dlm's LifecyclePolicy. The document."""
    now, number = world.clock.now.replace(microsecond=0), len(region.lifecycle_policies)
    name = f"policy-0{hash_of(f'{region.account}{region.name}{number}'):016x}"
    doc: Doc = {
        "PolicyId": name, "Description": f"policy {number + 1}", "State": "ENABLED", "Tags": {}, "DateCreated": now,
        "DateModified": now, "ExecutionRoleArn": f"arn:aws:iam::{region.account}:role/AWSDataLifecycleManagerDefaultRole",
        "PolicyArn": f"arn:aws:dlm:{region.name}:{region.account}:policy/{name}", "DefaultPolicy": False,
        "PolicyDetails": {"PolicyType": "IMAGE_MANAGEMENT", **details}, **more,
    }  # fmt: skip
    region.lifecycle_policies[doc["PolicyId"]] = doc
    return doc


def _types(policy: Doc) -> list[str]:
    details = policy["PolicyDetails"]
    return details.get("ResourceTypes") or [details.get("ResourceType", "")]


def GetLifecyclePolicies(request: Request, params: Doc) -> Doc:
    """Summaries of those that pass the filters, all at once, the default policies among them."""
    kind, found = params.get("DefaultPolicyType"), []
    for policy in request.region.lifecycle_policies.values():
        details = policy["PolicyDetails"]
        tags = {f"{tag['Key']}={tag['Value']}" for tag in details.get("TargetTags", [])}
        if (
            (not params.get("PolicyIds") or policy["PolicyId"] in params["PolicyIds"])
            and params.get("State", policy["State"]) == policy["State"]
            and (not params.get("ResourceTypes") or set(_types(policy)) & set(params["ResourceTypes"]))
            and (not params.get("TargetTags") or tags & set(params["TargetTags"]))
            and (kind is None or (policy["DefaultPolicy"] and kind in ("ALL", *_types(policy))))
        ):
            summary = {key: policy[key] for key in _SUMMARY if key in policy}
            found.append({**summary, "PolicyType": details["PolicyType"]})
    return {"Policies": found}


def GetLifecyclePolicy(request: Request, params: Doc) -> Doc:
    """A policy of Data Lifecycle Manager with its schedules and target tags."""
    policy = request.region.lifecycle_policies.get(params["PolicyId"])
    if policy is None:
        raise AwsError("ResourceNotFoundException", f"Policy {params['PolicyId']} does not exist", 404)
    return {"Policy": policy}


def add_backup_plan(world: World, region: Region, name: str, rules: list[Doc], selections: list[Doc]) -> Doc:
    """Keep a backup plan with its rules (BackupRule) and selections (BackupSelection). The document."""
    now, number = world.clock.now.replace(microsecond=0), hash_of(f"{region.account}{region.name}{name}")
    ident = f"{number:016x}-plan"
    doc: Doc = {
        "BackupPlanId": ident, "BackupPlanName": name, "CreationDate": now, "VersionId": f"{number:x}",
        "BackupPlanArn": f"arn:aws:backup:{region.name}:{region.account}:backup-plan:{ident}",
        "_rules": [{"TargetBackupVaultName": _VAULT, "RuleId": f"rule-{at}", **rule} for at, rule in enumerate(rules)],
        "_selections": {
            f"{ident}-selection-{at}": {"IamRoleArn": f"arn:aws:iam::{region.account}:role/AWSBackupDefault", **one}
            for at, one in enumerate(selections)
        },
    }  # fmt: skip
    region.backup_plans[ident] = doc
    return doc


def add_recovery_point(region: Region, resource: str, name: str, point: Doc) -> None:
    """Keep a recovery point of a resource's ARN, called `name`; `point` is its RecoveryPointByResource."""
    region.recovery_points.setdefault(resource, []).append(
        {"Status": "COMPLETED", "BackupVaultName": _VAULT, "ResourceName": name, "IsParent": False, **point}
    )


def _page(found: list[Doc], params: Doc, name: str) -> Doc:
    size = params.get("MaxResults", 1000)
    if not 1 <= size <= 1000:
        raise AwsError("InvalidParameterValueException", "MaxResults must be between 1 and 1000")
    try:
        docs, token = filters.page(found, {**params, "MaxResults": size})
    except AwsError:
        raise AwsError("InvalidParameterValueException", "The next token is not valid") from None
    return {name: docs, **({"NextToken": token} if token else {})}


def ListProtectedResources(request: Request, params: Doc) -> Doc:
    """What has a recovery point, of any status, and when the last one was begun."""
    found = []
    for arn, points in request.region.recovery_points.items():
        last = max(points, key=lambda one: one["CreationDate"])
        found.append({
            "ResourceArn": arn, "ResourceType": "EC2" if ":instance/" in arn else "EBS",
            "LastBackupTime": last["CreationDate"], "ResourceName": last["ResourceName"],
            "LastRecoveryPointArn": last["RecoveryPointArn"],
            "LastBackupVaultArn": f"arn:aws:backup:{request.region.name}:{request.region.account}:backup-vault:{_VAULT}",
        })  # fmt: skip
    return _page(found, params, "Results")


def ListRecoveryPointsByResource(request: Request, params: Doc) -> Doc:
    """The recovery points of one resource, the newest first; none for a resource that has none."""
    found = request.region.recovery_points.get(params["ResourceArn"], [])
    found = sorted(found, key=lambda one: one["CreationDate"], reverse=True)
    return _page(found, params, "RecoveryPoints")


def _plan(request: Request, params: Doc) -> Doc:
    plan: Doc | None = request.region.backup_plans.get(params["BackupPlanId"])
    if plan is None:
        text = f"Cannot find Backup plan with ID {params['BackupPlanId']}"
        raise AwsError("ResourceNotFoundException", text, 400)
    return plan


def ListBackupPlans(request: Request, params: Doc) -> Doc:
    """The plans, without their rules."""
    found = [filters.public(one) for one in request.region.backup_plans.values()]
    return _page(found, params, "BackupPlansList")


def GetBackupPlan(request: Request, params: Doc) -> Doc:
    """A plan of AWS Backup with its rules, as CreateBackupPlan took it."""
    plan = _plan(request, params)
    rest = {key: plan[key] for key in ("BackupPlanId", "BackupPlanArn", "VersionId", "CreationDate")}
    return {"BackupPlan": {"BackupPlanName": plan["BackupPlanName"], "Rules": plan["_rules"]}, **rest}


def ListBackupSelections(request: Request, params: Doc) -> Doc:
    """The names of a plan's selections, without what they select."""
    plan = _plan(request, params)
    found = [
        {"SelectionId": name, "SelectionName": one["SelectionName"], "BackupPlanId": plan["BackupPlanId"],
         "CreationDate": plan["CreationDate"], "IamRoleArn": one["IamRoleArn"]}
        for name, one in plan["_selections"].items()
    ]  # fmt: skip
    return _page(found, params, "BackupSelectionsList")


def GetBackupSelection(request: Request, params: Doc) -> Doc:
    """Which resources a selection takes: ARNs, tags and conditions."""
    plan, name = _plan(request, params), params["SelectionId"]
    if name not in plan["_selections"]:
        raise AwsError("ResourceNotFoundException", f"Cannot find selection {name}", 400)
    return {"BackupSelection": plan["_selections"][name], "SelectionId": name, "BackupPlanId": plan["BackupPlanId"],
            "CreationDate": plan["CreationDate"]}  # fmt: skip


def CreateBackupPlan(request: Request, params: Doc) -> Doc:
    """Minimal: what the contract suite needs."""
    wanted = params["BackupPlan"]
    plan = add_backup_plan(request.world, request.region, wanted["BackupPlanName"], wanted["Rules"], [])
    return {key: plan[key] for key in ("BackupPlanId", "BackupPlanArn", "VersionId", "CreationDate")}


def DescribeRegionSettings(request: Request, params: Doc) -> Doc:
    """What may be backed up by tag there."""
    return {
        "ResourceTypeOptInPreference": request.region.backup_types,
        "ResourceTypeManagementPreference": {},
    }
