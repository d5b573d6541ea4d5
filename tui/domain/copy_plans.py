"""Who will copy an instance by a plan of its own: Data Lifecycle Manager's policies, AWS Backup's selections.

Read of an account and region when somebody looks at one instance's cover, never for the list: AWS answers neither in bulk.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tui.domain.sanitize import EMPTY, SafeText

Tags = tuple[tuple[SafeText, SafeText], ...]
"""Keys and values. Both services compare them letter by letter."""


class LifecyclePolicy(Struct, frozen=True, gc=False):
    """A policy of Data Lifecycle Manager. Source: dlm GetLifecyclePolicy.

    `kind` is PolicyType, `resource` what it copies (INSTANCE, VOLUME). `default`: of all but those with one of `excluded`, and
    only where no recent copy is. `place` is ResourceLocations (CLOUD, OUTPOST, LOCAL_ZONE). `reboots`: it restarts what it
    copies. `without_root`: it leaves boot volumes out. `schedules`: when, in words.
    """

    policy_id: SafeText
    description: SafeText = EMPTY
    state: SafeText = EMPTY
    status: SafeText = EMPTY
    kind: SafeText = EMPTY
    resource: SafeText = EMPTY
    tags: Tags = ()
    default: bool = False
    excluded: Tags = ()
    place: SafeText = EMPTY
    reboots: bool = False
    without_root: bool = False
    schedules: tuple[SafeText, ...] = ()


class BackupSelection(Struct, frozen=True, gc=False):
    """A selection of a plan of AWS Backup. Source: backup GetBackupSelection, GetBackupPlan, ListBackupPlans.

    `resources` and `excluded` are ARNs with `*`; `tags` is ListOfTags, `conditions` (operator, key, value). `ran_at` (UTC): when
    the plan ran last.
    """

    plan: SafeText
    plan_id: SafeText
    name: SafeText = EMPTY
    resources: tuple[SafeText, ...] = ()
    excluded: tuple[SafeText, ...] = ()
    tags: Tags = ()
    conditions: tuple[tuple[SafeText, SafeText, SafeText], ...] = ()
    schedules: tuple[SafeText, ...] = ()
    ran_at: datetime | None = None


class RecoveryPoint(Struct, frozen=True, gc=False):
    """One that AWS Backup made of the instance. Source: backup ListRecoveryPointsByResource. `made_at` is UTC."""

    made_at: datetime | None
    status: SafeText
    vault: SafeText = EMPTY


class CopyPlans(Struct, frozen=True, gc=False):
    """The plans of an account and region, and what they made of one instance. Each None = don't know, `unknown` says why.

    `opted_in`: resource types AWS Backup may copy by tag there (`EC2`, `EBS`). `volume_tags`: of the instance's volumes, read
    only where a plan is about volumes. `points`: newest first.
    """

    read_at: datetime
    policies: tuple[LifecyclePolicy, ...] | None = None
    selections: tuple[BackupSelection, ...] | None = None
    opted_in: tuple[SafeText, ...] | None = None
    volume_tags: tuple[tuple[SafeText, Tags], ...] | None = None
    points: tuple[RecoveryPoint, ...] | None = None
    unknown: tuple[tuple[str, SafeText], ...] = ()

    def why_unknown(self, part: str) -> SafeText | None:
        """Why that field was not read; None: it was."""
        return next((why for name, why in self.unknown if name == part), None)
