"""What is read of an instance's cover beside its row: alarms that may act on it, its Auto Scaling group, copies by others.

Read in bulk, an account and region at a time, and only once somebody asks (view 5, the cover tab, `evac coverage`, a filter).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tui.domain.sanitize import EMPTY, SafeText


class AlarmActionKind(StrEnum):
    """What an alarm does when it goes to ALARM. NOTIFY is an SNS topic; OTHER is Lambda, Systems Manager, a scaling policy …

    The first four are `arn:…:automate:REGION:ec2:recover` and the older `arn:…:swf:REGION:ACCOUNT:action/actions/`
    `AWS_EC2.InstanceId.Recover/1.0` with their likes (botocore model, PutMetricAlarmInput.AlarmActions).
    """

    RECOVER = "recover"
    REBOOT = "reboot"
    STOP = "stop"
    TERMINATE = "terminate"
    NOTIFY = "notify"
    OTHER = "other"


class AlarmState(StrEnum):
    """CloudWatch's StateValue, and UNKNOWN where it is none of these."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    UNKNOWN = "UNKNOWN"


class Alarm(Struct, frozen=True, gc=False, omit_defaults=True):
    """A metric alarm on the instance. Source: cloudwatch DescribeAlarms. `state_since` is UTC, `period` seconds.

    `metric` is empty for metric math. `statistic` is Statistic or ExtendedStatistic. `datapoints` of `evaluation_periods` must
    breach. `missing_data` is TreatMissingData (`missing` where AWS says nothing). `actions`: those of going to ALARM, each once;
    `actions_on_ok` and `actions_on_no_data` those of going to the two other states. `sees` False: of a status check it asks for
    a series that AWS does not write, for another unit than Count or for dimensions beside InstanceId.
    """

    name: SafeText
    state: AlarmState = AlarmState.UNKNOWN
    state_since: datetime | None = None
    namespace: SafeText = EMPTY
    metric: SafeText = EMPTY
    statistic: SafeText = EMPTY
    period: int = 0
    evaluation_periods: int = 0
    datapoints: int = 0
    threshold: float | None = None
    comparison: SafeText = EMPTY
    missing_data: SafeText = EMPTY
    actions_enabled: bool = True
    actions: tuple[AlarmActionKind, ...] = ()
    actions_on_ok: tuple[AlarmActionKind, ...] = ()
    actions_on_no_data: tuple[AlarmActionKind, ...] = ()
    sees: bool = True


class ScalingMember(Struct, frozen=True, gc=False, omit_defaults=True):
    """Its Auto Scaling group. Source: DescribeAutoScalingGroups. `suspended` are the group's suspended processes."""

    group: SafeText
    lifecycle: SafeText = EMPTY
    suspended: tuple[SafeText, ...] = ()


class CoverPart(StrEnum):
    """What is read apart, and may be denied apart."""

    ALARMS = "alarms"
    GROUPS = "groups"
    BACKUPS = "backups"
    SNAPSHOTS = "snapshots"


class CoverFacts(Struct, frozen=True, gc=False, omit_defaults=True):
    """What was read of it. Times are UTC. A part that is in `unknown` (with the reason and remedy) was not read: *don't know*.

    `scaling` None: in no group. `backup_at`: AWS Backup's last recovery point that is there (tui/aws/backups.py);
    `snapshot_at`: the newest completed snapshot of its root volume. None: there is none.
    """

    read_at: datetime
    alarms: tuple[Alarm, ...] = ()
    scaling: ScalingMember | None = None
    backup_at: datetime | None = None
    snapshot_at: datetime | None = None
    unknown: tuple[tuple[CoverPart, SafeText], ...] = ()

    def why_unknown(self, part: CoverPart) -> SafeText | None:
        """Why that part was not read; None: it was."""
        return next((why for name, why in self.unknown if name is part), None)
