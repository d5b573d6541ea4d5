"""Whether a plan of Data Lifecycle Manager or AWS Backup copies an instance, as their own pages say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.rows import row
from tui.domain import copy_plan_rules as rules
from tui.domain.copy_plans import BackupSelection, CopyPlans, LifecyclePolicy, RecoveryPoint, Tags
from tui.domain.cover.answers import CoverVerdict
from tui.domain.instance import Instance, InstanceState, Target, Volume
from tui.domain.sanitize import clean

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
YES, PART, NO, UNSURE = CoverVerdict.COVERED, CoverVerdict.PARTLY, CoverVerdict.NOBODY, CoverVerdict.UNKNOWN


def tags(**named: str) -> Tags:
    """An instance's tags, as keyword arguments: each key with its value."""
    return tuple((clean(key), clean(value)) for key, value in named.items())


BOX = row(
    1,
    account_id=clean("111122223333"),
    zone=clean("eu-west-1a"),
    root_device=clean("ebs"),
    root_device_name=clean("/dev/xvda"),
    volumes=(Volume(clean("/dev/xvda"), clean("vol-1")), Volume(clean("/dev/sdf"), clean("vol-2"))),
    tags=tags(backup="daily", stage="prod", note="two words"),
)
ARN = f"arn:aws:ec2:eu-west-1:111122223333:instance/{BOX.instance_id}"
VOLUMES = {"vol-1": tags(copy="yes"), "vol-2": tags(copy="no")}


def policy(**changes: Any) -> LifecyclePolicy:
    """An enabled policy for AMIs."""
    made = LifecyclePolicy(
        clean("policy-1"),
        clean("nightly"),
        clean("ENABLED"),
        kind=clean("IMAGE_MANAGEMENT"),
        resource=clean("INSTANCE"),
    )
    return replace(made, **changes)


def plain(kind: str, resource: str, **changes: Any) -> LifecyclePolicy:
    """A default policy, or one of another kind."""
    return policy(kind=clean(kind), resource=clean(resource), **changes)


SNAPSHOTS = "EBS_SNAPSHOT_MANAGEMENT"
POLICIES: tuple[tuple[str, Instance, LifecyclePolicy, CoverVerdict, str], ...] = (
    ("its tag", BOX, policy(tags=tags(backup="daily")), YES, "by tag backup=daily"),
    (
        "any of them is enough",
        BOX,
        policy(tags=tags(backup="weekly", stage="prod")),
        YES,
        "by tag stage=prod",
    ),
    ("another value", BOX, policy(tags=tags(backup="weekly")), NO, "none of its tags"),
    ("another case of the value", BOX, policy(tags=tags(backup="Daily")), NO, "none of its tags"),
    ("another case of the key", BOX, policy(tags=tags(Backup="daily")), NO, "none of its tags"),
    ("no target tags", BOX, policy(), NO, "none of its tags"),
    ("reboots", BOX, policy(tags=tags(backup="daily"), reboots=True), YES, "REBOOTS it"),
    (
        "switched off",
        BOX,
        policy(tags=tags(backup="daily"), state=clean("DISABLED")),
        NO,
        "state is DISABLED",
    ),
    (
        "in error",
        BOX,
        policy(tags=tags(backup="daily"), state=clean("ERROR"), status=clean("no role")),
        NO,
        "state is ERROR: no role",
    ),
    ("in error, not for it", BOX, policy(tags=tags(a="b"), state=clean("ERROR")), NO, "none of its tags"),
    ("snapshots of instances", BOX, plain(SNAPSHOTS, "INSTANCE", tags=tags(stage="prod")), PART, "no AMI"),
    (
        "snapshots without the root",
        BOX,
        plain(SNAPSHOTS, "INSTANCE", tags=tags(stage="prod"), without_root=True),
        PART,
        "without the root volume",
    ),
    (
        "volumes by tag",
        BOX,
        plain(SNAPSHOTS, "VOLUME", tags=tags(copy="yes")),
        PART,
        "1 volume, its root volume",
    ),
    (
        "another volume",
        BOX,
        plain(SNAPSHOTS, "VOLUME", tags=tags(copy="no")),
        PART,
        "1 volume, not its root volume",
    ),
    ("no volume", BOX, plain(SNAPSHOTS, "VOLUME", tags=tags(backup="daily")), NO, "none of its own"),
    ("others' snapshots", BOX, plain("EVENT_BASED_POLICY", ""), NO, "no instances"),
    ("default", BOX, plain("IMAGE_MANAGEMENT", "INSTANCE", default=True), YES, "default policy"),
    ("default, as kind is not told", BOX, plain("", "INSTANCE", default=True), YES, "default policy"),
    (
        "default, excluded",
        BOX,
        plain("IMAGE_MANAGEMENT", "INSTANCE", default=True, excluded=tags(stage="prod")),
        NO,
        "excluded by its tags",
    ),
    (
        "default, another value excluded",
        BOX,
        plain("IMAGE_MANAGEMENT", "INSTANCE", default=True, excluded=tags(stage="test")),
        YES,
        "default",
    ),
    ("default of volumes", BOX, plain(SNAPSHOTS, "VOLUME", default=True), PART, "2 volumes, its root volume"),
    (
        "default of volumes, no boot volumes",
        BOX,
        plain(SNAPSHOTS, "VOLUME", default=True, without_root=True),
        PART,
        "1 volume, not its root volume",
    ),
    (
        "default of volumes, excluded",
        BOX,
        plain(SNAPSHOTS, "VOLUME", default=True, excluded=tags(copy="yes")),
        PART,
        "1 volume, not its root volume",
    ),
    ("outposts alone", BOX, policy(tags=tags(stage="prod"), place=clean("OUTPOST")), NO, "is for OUTPOST"),
    (
        "on an outpost",
        replace(BOX, outpost=clean("arn:aws:outposts:op-1")),
        policy(tags=tags(stage="prod"), place=clean("CLOUD")),
        NO,
        "the instance is in OUTPOST",
    ),
    (
        "in a local zone",
        replace(BOX, zone=clean("us-west-2-lax-1a")),
        policy(tags=tags(stage="prod"), place=clean("CLOUD")),
        NO,
        "LOCAL_ZONE",
    ),
    (
        "instance-store root",
        replace(BOX, root_device=clean("instance-store")),
        policy(tags=tags(stage="prod")),
        NO,
        "instance store",
    ),
    ("gone", replace(BOX, state=InstanceState.TERMINATED), policy(tags=tags(stage="prod")), NO, "terminated"),
    (
        "stopped",
        replace(BOX, state=InstanceState.STOPPED),
        policy(tags=tags(stage="prod")),
        YES,
        "stage=prod",
    ),
)


@pytest.mark.parametrize(
    ("case", "box", "plan", "verdict", "why"), POLICIES, ids=[one[0] for one in POLICIES]
)
def test_a_lifecycle_policy_copies_what_its_rules_say(
    case: str, box: Instance, plan: LifecyclePolicy, verdict: CoverVerdict, why: str
) -> None:
    answer = rules.policy_answer(box, plan, VOLUMES)
    assert (answer.verdict, why in answer.why) == (verdict, True), answer


def test_volumes_whose_tags_nobody_read_are_not_called_uncopied() -> None:
    assert rules.policy_answer(BOX, plain(SNAPSHOTS, "VOLUME", tags=tags(copy="yes")), None).verdict is UNSURE


def selection(**changes: Any) -> BackupSelection:
    """A selection of the plan `daily`."""
    return replace(BackupSelection(clean("daily"), clean("p-1"), clean("s-1")), **changes)


def like(operator: str, key: str, value: str) -> tuple[Any, Any, Any]:
    """A condition of a Backup selection: the operator with one key and value."""
    return clean(operator), clean(key), clean(value)


def arns(*texts: str) -> tuple[Any, ...]:
    """ARNs as they are kept."""
    return tuple(map(clean, texts))


INSTANCES = "arn:aws:ec2:*:*:instance/*"
RESOURCE_TAG = "aws:ResourceTag/"
SELECTIONS: tuple[tuple[str, BackupSelection, CoverVerdict, str], ...] = (
    ("its ARN", selection(resources=arns(ARN)), YES, "by arn"),
    ("another's ARN", selection(resources=arns(ARN + "0")), NO, "none of its resources"),
    ("all instances", selection(resources=arns(INSTANCES)), YES, "by arn"),
    (
        "all instances of another region",
        selection(resources=arns("arn:aws:ec2:us-east-1:*:instance/*")),
        NO,
        "none",
    ),
    ("everything", selection(resources=arns("*")), YES, "all resources"),
    ("nothing named is everything", selection(), YES, "all resources"),
    ("all databases", selection(resources=arns("arn:aws:rds:*")), NO, "none of its resources"),
    ("its tag", selection(tags=tags(backup="daily")), YES, "by tag backup=daily"),
    ("any of the tags", selection(tags=tags(backup="weekly", stage="prod")), YES, "by tag stage=prod"),
    ("no tag of it", selection(tags=tags(backup="weekly")), NO, "none of its tags"),
    ("case counts", selection(tags=tags(backup="DAILY")), NO, "none of its tags"),
    (
        "a tag key as the conditions write it",
        selection(tags=((clean(RESOURCE_TAG + "backup"), clean("daily")),)),
        YES,
        "by tag backup=daily",
    ),
    (
        "resources or tags: a union",
        selection(resources=arns(INSTANCES), tags=tags(backup="weekly")),
        YES,
        "by arn",
    ),
    (
        "tags or other resources",
        selection(resources=arns("arn:aws:rds:*"), tags=tags(backup="daily")),
        YES,
        "by tag backup=daily",
    ),
    (
        "excluded by its ARN",
        selection(resources=arns(INSTANCES), excluded=arns(ARN)),
        NO,
        "excluded by its ARN",
    ),
    (
        "all but instances are its volumes",
        selection(resources=arns("*"), excluded=arns(INSTANCES)),
        PART,
        "2 volumes, its root volume",
    ),
    (
        "excluded though tagged",
        selection(tags=tags(stage="prod"), excluded=arns(ARN)),
        NO,
        "excluded by its ARN",
    ),
    (
        "one condition",
        selection(resources=arns("*"), conditions=(like("StringEquals", RESOURCE_TAG + "stage", "prod"),)),
        YES,
        "1 condition",
    ),
    (
        "all conditions must hold",
        selection(
            resources=arns("*"),
            conditions=(
                like("StringEquals", RESOURCE_TAG + "stage", "prod"),
                like("StringEquals", RESOURCE_TAG + "backup", "weekly"),
            ),
        ),
        NO,
        "its tag backup",
    ),
    (
        "conditions narrow the tags",
        selection(
            tags=tags(backup="daily"), conditions=(like("StringNotEquals", RESOURCE_TAG + "stage", "prod"),)
        ),
        NO,
        "its tag stage",
    ),
    (
        "conditions alone",
        selection(conditions=(like("StringLike", RESOURCE_TAG + "stage", "pr*"),)),
        YES,
        "all",
    ),
    ("like, in the middle", selection(conditions=(like("StringLike", "stage", "p*d"),)), YES, "all"),
    ("like, another case", selection(conditions=(like("StringLike", "stage", "P*"),)), NO, "stage"),
    ("any value", selection(conditions=(like("StringLike", "stage", "*"),)), YES, "all"),
    ("any value, no such tag", selection(conditions=(like("StringLike", "owner", "*"),)), NO, "owner"),
    ("not like", selection(conditions=(like("StringNotLike", "stage", "*test*"),)), YES, "all"),
    (
        "not like, but is",
        selection(resources=arns(INSTANCES), conditions=(like("StringNotLike", "stage", "*rod*"),)),
        NO,
        "stage",
    ),
    ("not equal, no such tag", selection(conditions=(like("StringNotEquals", "owner", "x"),)), YES, "all"),
    (
        "a star over white space",
        selection(conditions=(like("StringLike", "note", "two*"),)),
        UNSURE,
        "leaves open",
    ),
    (
        "an operator of tomorrow",
        selection(conditions=(like("NumericEquals", "stage", "1"),)),
        UNSURE,
        "leaves open",
    ),
    ("a pattern is no regexp", selection(resources=arns(ARN.replace("i-0", "i-."))), NO, "none"),
    (
        "its volumes",
        selection(resources=arns("arn:aws:ec2:*:*:volume/*")),
        PART,
        "2 volumes, its root volume",
    ),
    (
        "volumes of a tag",
        selection(
            resources=arns("arn:aws:ec2:*:*:volume/*"), conditions=(like("StringEquals", "copy", "no"),)
        ),
        PART,
        "1 volume, not its root volume",
    ),
    ("its root volume by tag", selection(tags=tags(copy="yes")), PART, "1 volume, its root volume"),
)


@pytest.mark.parametrize(("case", "plan", "verdict", "why"), SELECTIONS, ids=[one[0] for one in SELECTIONS])
def test_a_backup_selection_copies_what_its_rules_say(
    case: str, plan: BackupSelection, verdict: CoverVerdict, why: str
) -> None:
    answer = rules.selection_answer(BOX, plan, ("EC2", "EBS"), VOLUMES)
    assert (answer.verdict, why in answer.why) == (verdict, True), answer


@pytest.mark.parametrize(
    ("plan", "opted_in", "verdict", "why"),
    [
        (selection(tags=tags(stage="prod")), ("EBS",), NO, "EC2 is not opted in"),
        (selection(tags=tags(stage="prod")), None, UNSURE, "if EC2 is opted in"),
        (selection(resources=arns("arn:aws:ec2:*")), ("EBS",), NO, "EC2 is not opted in"),
        (selection(resources=arns(INSTANCES)), (), YES, "by arn"),
        (selection(resources=arns(ARN)), None, YES, "by arn"),
        (selection(tags=tags(copy="yes")), ("EC2",), NO, "EBS is not opted in"),
        (selection(resources=arns("arn:aws:ec2:*:*:volume/vol-1")), (), PART, "its root volume"),
    ],
)
def test_what_is_chosen_without_its_type_must_be_opted_in(
    plan: BackupSelection, opted_in: tuple[str, ...] | None, verdict: CoverVerdict, why: str
) -> None:
    answer = rules.selection_answer(BOX, plan, opted_in, VOLUMES)
    assert (answer.verdict, why in answer.why) == (verdict, True), answer


def test_arns_are_of_the_partition() -> None:
    box = replace(BOX, target=Target("cn", "cn-north-1"))
    assert (
        rules.selection_answer(
            box, selection(resources=arns("arn:aws-cn:ec2:*:*:instance/*")), (), {}
        ).verdict
        is YES
    )
    assert rules.selection_answer(box, selection(resources=arns(INSTANCES)), (), {}).verdict is NO


def test_an_instance_store_root_is_copied_by_nobody() -> None:
    box = replace(BOX, root_device=clean("instance-store"), volumes=())
    assert rules.selection_answer(box, selection(), ("EC2",), {}).verdict is NO


def test_what_is_gone_is_copied_no_more() -> None:
    gone = replace(BOX, state=InstanceState.TERMINATED)
    assert rules.selection_answer(gone, selection(), ("EC2",), {}).verdict is NO


def told(plans: CopyPlans) -> list[tuple[str, CoverVerdict | None, str]]:
    """Each line as (what, verdict, text), for a table to compare with."""
    return [(one.what, one.verdict, one.text) for one in rules.copy_plan_lines(BOX, plans, NOW)]


def test_the_lines_name_who_will_copy_it_and_when() -> None:
    plans = CopyPlans(
        NOW,
        (policy(tags=tags(backup="daily"), schedules=arns("daily at 01:00 UTC")), policy(tags=tags(a="b"))),
        (selection(tags=tags(stage="prod"), ran_at=NOW - timedelta(hours=6)),),
        arns("EC2"),
        points=(
            RecoveryPoint(NOW - timedelta(hours=2), clean("PARTIAL"), clean("main")),
            RecoveryPoint(NOW - timedelta(hours=26), clean("COMPLETED"), clean("main")),
        ),
    )
    assert told(plans) == [
        ("Lifecycle Manager", YES, "nightly (daily at 01:00 UTC): by tag backup=daily"),
        ("AWS Backup", YES, "daily, ran 6h ago: by tag stage=prod"),
        ("AWS Backup", YES, "last recovery point 26h ago, in vault main"),
        ("AWS Backup", PART, "the newest one 2h ago is PARTIAL"),
    ]


def test_no_plan_is_told_only_where_all_were_read() -> None:
    assert told(CopyPlans(NOW, (), (selection(tags=tags(a="b")),), (), (), ())) == [
        ("Lifecycle Manager", NO, "no policy there"),
        ("AWS Backup", NO, "none of its 1 selection is for it: it has none of its tags"),
    ]
    unread = CopyPlans(NOW, unknown=(("policies", clean("dlm:GetLifecyclePolicies is denied")),))
    assert told(unread) == [
        ("Lifecycle Manager", UNSURE, "don't know: dlm:GetLifecyclePolicies is denied"),
        ("AWS Backup", UNSURE, "don't know: its selections were not read"),
    ]
    partly = CopyPlans(NOW, (policy(tags=tags(a="b")),), (), unknown=(("policies", clean("throttled")),))
    assert ("Lifecycle Manager", UNSURE, "not all were read: throttled") in told(partly)


def test_a_policy_that_stands_still_is_named() -> None:
    plans = CopyPlans(
        NOW, (policy(tags=tags(stage="prod"), state=clean("ERROR"), status=clean("no role")),), ()
    )
    assert told(plans)[0] == (
        "Lifecycle Manager",
        NO,
        "nightly: would copy it, but its state is ERROR: no role",
    )


def test_many_plans_make_few_lines() -> None:
    plans = CopyPlans(NOW, tuple(policy(tags=tags(stage="prod")) for _ in range(9)), ())
    lines = [text for who, _, text in told(plans) if who == "Lifecycle Manager"]
    assert len(lines) == 4
    assert lines[-1] == "and 6 more policies"
