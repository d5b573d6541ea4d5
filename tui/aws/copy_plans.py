"""Data Lifecycle Manager's policies, AWS Backup's selections and what it made of an instance. Shapes: botocore's model, dlm
2018-01-12 and backup 2018-11-15.

Neither service tells in bulk whom it copies: a call a policy, a plan and a selection. So nothing here is asked for the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from tui.aws import describe, errors, mapping
from tui.aws.error_codes import error_code
from tui.domain.copy_plans import BackupSelection, LifecyclePolicy, RecoveryPoint, Tags
from tui.domain.sanitize import SafeText, clean
from tui.domain.schedule_words import backup_words, cron_words, interval_words

_Doc = Mapping[str, Any]
_T = TypeVar("_T")
_A_PAGE = 1000
"""The most that AWS Backup gives at once."""
_GONE = "ResourceNotFoundException"
POINTS = 20
"""Recovery points of an instance that are looked at, the newest."""


def lifecycle_policies(client: Any, threads: Executor) -> tuple[LifecyclePolicy, ...]:
    """Every policy of the region, whatever its state. Raises what botocore raises, and NotAwsError.

    Whether the first answer holds default policies is nowhere said: they are asked for as well.
    """
    found: dict[str, Any] = {}
    for params in ({}, {"DefaultPolicyType": "ALL"}):
        for item in errors.member_of(client.get_lifecycle_policies(**params), "Policies"):
            found[str(item.get("PolicyId"))] = item
    calls = [partial(client.get_lifecycle_policy, PolicyId=name) for name in found]
    return tuple(map_policy(errors.member_of(answer, "Policy")) for answer in _all(calls, threads))


def backup_selections(client: Any, threads: Executor) -> tuple[BackupSelection, ...]:
    """Every selection of every plan of the region. Raises what botocore raises, and NotAwsError."""
    plans = {
        str(one["BackupPlanId"]): one
        for page in describe.pages(client.list_backup_plans, "BackupPlansList", MaxResults=_A_PAGE)
        for one in page
    }
    listed = _all([partial(_selections_of, client, name) for name in plans], threads)
    named = [pair for pairs in listed for pair in pairs]
    used = dict.fromkeys(name for name, _ in named)
    rules = dict(_all([partial(_rules_of, client, name) for name in used], threads))
    calls = [partial(client.get_backup_selection, BackupPlanId=plan, SelectionId=one) for plan, one in named]
    return tuple(
        map_selection(plans[str(answer["BackupPlanId"])], rules, errors.member_of(answer, "BackupSelection"))
        for answer in _all(calls, threads)
    )


def _selections_of(client: Any, plan: str) -> list[tuple[str, str]]:
    found = describe.pages(
        client.list_backup_selections, "BackupSelectionsList", BackupPlanId=plan, MaxResults=_A_PAGE
    )
    return [(plan, str(one["SelectionId"])) for page in found for one in page]


def _rules_of(client: Any, plan: str) -> tuple[str, list[_Doc]]:
    return plan, errors.member_of(client.get_backup_plan(BackupPlanId=plan), "BackupPlan").get("Rules") or []


def opted_in(client: Any) -> tuple[SafeText, ...]:
    """The resource types that AWS Backup may choose by tag there. Raises what botocore raises, and NotAwsError."""
    answer = errors.member_of(client.describe_region_settings(), "ResourceTypeOptInPreference")
    return tuple(clean(kind) for kind, wanted in sorted(answer.items()) if wanted)


def recovery_points(client: Any, arn: str) -> tuple[RecoveryPoint, ...]:
    """The newest ones of that resource, the newest first. Raises what botocore raises, and NotAwsError."""
    answer = client.list_recovery_points_by_resource(ResourceArn=arn, MaxResults=_A_PAGE)
    points = [
        RecoveryPoint(
            mapping.utc_time(one.get("CreationDate")),
            clean(one.get("Status")),
            clean(one.get("BackupVaultName")),
        )
        for one in errors.member_of(answer, "RecoveryPoints")
    ]
    return tuple(sorted(points, key=lambda one: str(one.made_at or ""), reverse=True)[:POINTS])


def volume_tags(client: Any, volume_ids: Iterable[str]) -> tuple[tuple[SafeText, Tags], ...]:
    """The tags of these volumes, by id. Raises what botocore raises, and NotAwsError."""
    ids = list(volume_ids)
    if not ids:
        return ()  # an empty list would ask for every volume of the region
    return tuple(
        (clean(item.get("VolumeId")), _tags(item.get("Tags")))
        for page in describe.pages(client.describe_volumes, "Volumes", VolumeIds=ids)
        for item in page
    )


def _all(calls: Iterable[Callable[[], _T]], threads: Executor) -> Iterator[_T]:
    """The answers, in order; what was deleted meanwhile is left out."""
    for asked in [threads.submit(call) for call in calls]:
        try:
            yield asked.result()
        except ClientError as error:
            if error_code(error) != _GONE:
                raise


def map_policy(doc: _Doc) -> LifecyclePolicy:
    """dlm's GetLifecyclePolicy answer as the `LifecyclePolicy` that the rules judge; texts are cleaned."""
    details: _Doc = doc.get("PolicyDetails") or {}
    parameters, exclusions = details.get("Parameters") or {}, details.get("Exclusions") or {}
    is_default = bool(doc.get("DefaultPolicy")) or details.get("PolicyLanguage") == "SIMPLIFIED"
    kinds = details.get("ResourceTypes") or [details.get("ResourceType")]
    days = details.get("CreateInterval") or 1
    schedules = [_create_rule(one.get("CreateRule") or {}) for one in details.get("Schedules") or ()]
    return LifecyclePolicy(
        clean(doc.get("PolicyId")),
        clean(doc.get("Description"), 120),
        clean(doc.get("State")),
        clean(doc.get("StatusMessage"), 200),
        clean(details.get("PolicyType")),
        clean(kinds[0] or "INSTANCE"),
        _tags(details.get("TargetTags")),
        is_default,
        _tags(exclusions.get("ExcludeTags")),
        clean((details.get("ResourceLocations") or [""])[0]),
        parameters.get("NoReboot") is False,
        bool(parameters.get("ExcludeBootVolume") or exclusions.get("ExcludeBootVolumes")),
        (clean("daily" if days == 1 else f"every {days} d"),)
        if is_default
        else tuple(filter(None, schedules)),
    )


def _create_rule(rule: _Doc) -> SafeText:
    if cron := rule.get("CronExpression"):
        return clean(cron_words(str(cron)))
    hours, times = rule.get("Interval"), rule.get("Times") or [""]
    return clean(interval_words(int(hours), str(times[0])) if hours else "")


def map_selection(plan: _Doc, rules: Mapping[str, list[_Doc]], doc: _Doc) -> BackupSelection:
    """A `BackupSelection`; `rules` are BackupRules by the plan\'s id."""
    conditions: _Doc = doc.get("Conditions") or {}
    return BackupSelection(
        clean(plan.get("BackupPlanName") or plan.get("BackupPlanId"), 120),
        clean(plan.get("BackupPlanId")),
        clean(doc.get("SelectionName")),
        tuple(clean(one, 2048) for one in doc.get("Resources") or ()),
        tuple(clean(one, 2048) for one in doc.get("NotResources") or ()),
        tuple(
            (clean(one.get("ConditionKey")), clean(one.get("ConditionValue")))
            for one in doc.get("ListOfTags") or ()
        ),
        tuple(
            (clean(operator), clean(one.get("ConditionKey")), clean(one.get("ConditionValue")))
            for operator, held in conditions.items()
            for one in held or ()
        ),
        tuple(
            clean(
                backup_words(
                    str(one.get("ScheduleExpression") or ""), str(one.get("ScheduleExpressionTimezone") or "")
                )
            )
            for one in rules.get(str(plan.get("BackupPlanId")), ())
        ),
        mapping.utc_time(plan.get("LastExecutionDate")),
    )


def _tags(items: Any) -> Tags:
    return tuple((clean(one.get("Key")), clean(one.get("Value"))) for one in items or ())
