"""The least IAM permissions for what evac does, made from the lists that the guard enforces: docs/iam.md is this text.

Sources: service authorization reference (Amazon EC2, EC2 Auto Scaling, Elastic Load Balancing and its v2, IAM).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tui.aws.allowlist import LOOKS, PREFIXES
from tui.domain.actions import ACTIONS, ActionOptions, Backup
from tui.domain.alarm_settings import ALARM_PREFIX, CHECK_METRICS
from tui.domain.steps import calls_of, sendable
from tui.domain.steps.base import Order

PolicyDocument = dict[str, Any]
WITHOUT_PERMISSION = frozenset({"sts:GetCallerIdentity"})
"""AWS answers these to whoever has credentials at all."""
ALARM_ARNS = [f"arn:aws:cloudwatch:*:*:alarm:{ALARM_PREFIX}*"]
"""The alarms of evac's own names."""
ASKED_BY_AWS = frozenset({"ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"})
"""For DescribeImageReferences (user guide, ec2-ami-references)."""
EXTRA_POLICIES: dict[str, tuple[PolicyDocument, ...]] = {
    "ec2:CreateImage": (
        {
            "Effect": "Allow",
            "Action": ["ec2:CreateTags"],
            "Resource": ["arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"],
            "Condition": {"StringEquals": {"ec2:CreateAction": "CreateImage"}},
        },
    ),
    "cloudwatch:PutMetricAlarm": (
        {"Effect": "Allow", "Action": ["cloudwatch:TagResource"], "Resource": ALARM_ARNS},
        {
            "Effect": "Allow",
            "Action": ["iam:CreateServiceLinkedRole"],
            "Resource": [
                "arn:aws:iam::*:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents*"
            ],
            "Condition": {"StringLike": {"iam:AWSServiceName": "events.amazonaws.com"}},
        },
    ),
}
"""What a call needs besides its own permission: an AMI is tagged as it is made (user guide, supported-iam-actions-tagging), and
so is an alarm; the first alarm of an account that acts on EC2 makes a role (botocore model, PutMetricAlarm)."""
CONDITIONS: dict[str, PolicyDocument] = {
    "cloudwatch:PutMetricAlarm": {
        "ForAllValues:StringLike": {
            "cloudwatch:AlarmActions": [f"arn:aws:automate:*:ec2:{does}" for does in CHECK_METRICS]
        }
    },
    "ec2:EnableImageDeprecation": {"StringLike": {"aws:ResourceTag/evac:operation": "op-*"}},
}
"""What a call may not be sent with (CloudWatch user guide, iam-cw-condition-keys-alarm-actions): as the guard has it. And what
alone it may be sent of: AMIs that evac made."""
RESOURCES = {
    "ec2:CreateImage": [
        "arn:aws:ec2:*:*:instance/*",
        "arn:aws:ec2:*::image/*",
        "arn:aws:ec2:*::snapshot/*",
    ],
    "cloudwatch:DeleteAlarms": ALARM_ARNS,
    "cloudwatch:PutMetricAlarm": ALARM_ARNS,
    "ec2:EnableImageDeprecation": ["arn:aws:ec2:*::image/*"],
    "autoscaling:EnterStandby": ["arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*"],
    "autoscaling:ExitStandby": ["arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*"],
    "elasticloadbalancing:DeregisterTargets": ["arn:aws:elasticloadbalancing:*:*:targetgroup/*/*"],
    "elasticloadbalancing:RegisterTargets": ["arn:aws:elasticloadbalancing:*:*:targetgroup/*/*"],
}
ASIDES = {
    "standby": ("stop-start", ActionOptions(standby=True)),
    "drain": ("stop-start", ActionOptions(drain=True)),
    "deprecate": ("image", ActionOptions(backup=Backup(deprecate_at=datetime.max.replace(tzinfo=UTC)))),
}
"""What an option of an action needs besides."""
INSTANCES = ["arn:aws:ec2:*:*:instance/*"]
_INTRO = """# IAM permissions

Made from the lists that evac's own guard enforces (`tui/aws/allowlist.py`) and from what its steps declare
(`tui/domain/steps`). Print them for your own use with `python -P -m tui.aws.iam_policies look` (or `act`, or an action's name).

Give people who may only look the first policy alone. evac reads with a client that cannot send anything else; the policy
makes AWS refuse it too.

## Looking

Nearly all of these know no permission for single instances: who may look sees a whole region or nothing of it. Without
`ec2:DescribeInstanceStatus` and `ec2:DescribeInstances` there is nothing to see; without another one, what it tells is shown
as unknown, with the reason; without `ec2:DescribeRegions`, name your regions in the configuration. With
`sts:DecodeAuthorizationMessage` evac can say which policy denied a call where AWS only answers with an encoded message.

`ec2:GetConsoleOutput`, `ec2:GetConsoleScreenshot`, CloudWatch's metrics and CloudTrail are asked only when somebody looks at why
one instance fails, and the first of them before evac stops or reboots one; each is missed by itself, and said, and nothing waits
for it. `health:` is asked once an account, every 15 minutes (`[health] enabled = false`: never); it needs a support plan, and
what it tells is a bonus. `cloudwatch:GetMetricStatistics` is for `[metrics] source = "statistics"`
alone, `cloudwatch:GetMetricData` for all else; both are paid by the metric.

Who covers the instances is read only once somebody asks for it (view 5, the cover tab, `evac coverage`, a filter with `recovery:`
or `copy:`), and from then on every 15 minutes: `cloudwatch:DescribeAlarms`, `autoscaling:DescribeAutoScalingGroups`,
`backup:ListProtectedResources` with `backup:ListRecoveryPointsByResource`, `ec2:DescribeSnapshots`. What may not be asked is
unknown by itself, with the permission's name, and is never told as covered.

By which plans an instance is copied is asked when somebody opens its cover tab: `dlm:`, AWS Backup's plans, and
`ec2:DescribeVolumes` where a plan is about volumes. `ec2:DescribeInstanceEventWindows` is asked in a close look at an instance
with a scheduled event, `ssm:DescribeInstanceInformation` in every close look: by it `C` knows whether
Session Manager reaches it. `ec2:DescribeImageReferences`, `ec2:DescribeImageAttribute` and
`autoscaling:DescribeLaunchConfigurations` are for `evac coverage --old-images` alone; AWS answers the first only to who may call
`ec2:DescribeLaunchTemplates` and `ec2:DescribeLaunchTemplateVersions`, which evac itself does not.
"""
_MORE = {
    "recover-alarm": " CloudWatch knows no DryRun: AWS can't be asked in advance. The condition holds for what the\n"
    "alarm does in any of its states; add the ARNs of your `[cover] topics` to it. evac sets and deletes no alarm of another\n"
    "name, whatever a policy permits."
}
_LOGINS = """## Logging in

`sts:GetCallerIdentity` tells whose credentials a profile has, and needs no permission. The others are not evac's calls but
botocore's, to obtain and renew credentials, as your profiles say:

| call | for | permission |
|---|---|---|
| `sts:AssumeRole`, `...WithWebIdentity`, `...WithSAML` | `role_arn` | on that role, and in its trust policy |
| `sso:GetRoleCredentials` | `sso_session` | by your assignment in IAM Identity Center |
| `sso-oidc:CreateToken`, `signin:CreateOAuth2Token` | renewing a login | none of IAM's |

evac never logs in for you: it names the command to run.

"""


def looking() -> PolicyDocument:
    """All that the console, the collector and the read commands ask, and what AWS asks for them with their permissions."""
    names = {_action(service, name) for service, calls in LOOKS.items() for name in calls} | ASKED_BY_AWS
    return _policy({"Effect": "Allow", "Action": sorted(names - WITHOUT_PERMISSION), "Resource": "*"})


def acting(action: str = "") -> PolicyDocument:
    """What one guarded action sends, or all of them. It comes on top of `looking`. Raises KeyError.

    Beside the actions, `standby` and `drain` are what taking an instance out of service first needs besides, and `deprecate`
    what a timer's AMI does.
    """
    if action in ASIDES:
        base, options = ASIDES[action]
        calls = _sent(base, options) - _sent(base, ActionOptions())
    else:
        calls = _sent(action, ActionOptions()) if action else sendable()
    names = sorted(_action(service, name) for service, name in calls)
    plain = [name for name in names if name not in RESOURCES]
    statements: list[PolicyDocument] = []
    if plain:
        statements.append({"Effect": "Allow", "Action": plain, "Resource": INSTANCES})
    for name in names:
        if name in RESOURCES:
            condition = {"Condition": CONDITIONS[name]} if name in CONDITIONS else {}
            statements.append({"Effect": "Allow", "Action": [name], "Resource": RESOURCES[name], **condition})
        statements.extend(EXTRA_POLICIES.get(name, ()))
    return _policy(*statements)


def narrow(events: Any, role: str, *, mutating: bool) -> None:
    """Have AWS itself refuse what these credentials are not for: a session policy whenever this role is assumed.

    A session policy takes away and never grants (IAM user guide, access_policies#policies_session). It holds no resources:
    the role's own policies do, and STS takes 2,048 characters at most.
    """
    names = set(looking()["Statement"][0]["Action"])
    if mutating:
        for statement in acting()["Statement"]:
            names.update(statement["Action"])
    text = json.dumps(
        _policy({"Effect": "Allow", "Action": sorted(names), "Resource": "*"}), separators=(",", ":")
    )

    def add(params: PolicyDocument, **_: Any) -> None:
        if params.get("RoleArn") == role:
            params["Policy"] = text

    for name in ("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"):
        events.register_first(f"before-parameter-build.sts.{name}", add, unique_id=f"evac-narrow-{name}")


def _sent(action: str, options: ActionOptions) -> frozenset[tuple[str, str]]:
    order = Order("", "", "", backup=options.backup)
    return frozenset((call.service, call.operation) for call in calls_of(action, order, options))


def iam_page() -> str:
    """docs/iam.md, whole."""
    parts = [_INTRO, _block(looking()), "## Acting\n"]
    parts.append(
        "On top of looking. Each action alone, so that you can grant one without the others; narrow `Resource`, or add a\n"
        "condition on `aws:ResourceTag/...` or `ec2:Region`, as your house does. Before it asks you to confirm, evac asks AWS\n"
        "with DryRun whether it would permit the call. Starting an instance with volumes encrypted under a key of your own\n"
        "may also need `kms:CreateGrant` on that key. In AWS's other partitions write `aws-cn` or `aws-us-gov` for `aws`.\n"
    )
    for name, action in ACTIONS.items():
        parts += [f"### {name}\n", f"To {action.help}.{_MORE.get(name, '')}\n", _block(acting(name))]
    parts += [
        "### standby\n",
        "To put a member of an Auto Scaling group in Standby before stop-start or reboot, and to return it. Auto Scaling knows\n"
        "no DryRun: AWS can't be asked in advance whether it would permit these.\n",
        _block(acting("standby")),
        "### drain\n",
        "To drain an instance's target groups before stop-start or reboot, and to register it again. No DryRun here either.\n",
        _block(acting("drain")),
        "### deprecate\n",
        "For `evac backup` with `backup.deprecate` set: to have AWS deprecate the AMIs it made, and no other. AWS can't be\n"
        "asked in advance: the AMI is not there yet.\n",
        _block(acting("deprecate")),
    ]
    parts += ["### All of them\n", _block(acting()), _LOGINS.rstrip() + "\n"]
    return "\n".join(parts)


def _action(service: str, name: str) -> str:
    return f"{PREFIXES.get(service, service)}:{name}"


def _policy(*statements: PolicyDocument) -> PolicyDocument:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _block(policy: PolicyDocument) -> str:
    return f"```json\n{json.dumps(policy, indent=2)}\n```\n"


def policy_json(wanted: str) -> str:
    """The policy of that name as JSON: look, act, or an action's. Raises KeyError."""
    return json.dumps(looking() if wanted == "look" else acting("" if wanted == "act" else wanted), indent=2)


if __name__ == "__main__":
    import sys

    try:
        sys.stdout.write(policy_json(sys.argv[1]) + "\n")
    except (IndexError, KeyError):
        sys.exit(f"usage: python -P -m tui.aws.iam_policies look | act | {' | '.join([*ACTIONS, *ASIDES])}")
