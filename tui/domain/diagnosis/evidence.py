"""What is read of one instance to say why it fails: metrics, system log, last changes. Values only; each part may be missing.

Asked for on demand, part by part (`tui.fleet.protocol.ReadKind`), so that each is shown when its call answers.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tui.domain.diagnosis.findings import LogDiagnosis
from tui.domain.sanitize import EMPTY, SafeText


class MetricRow(StrEnum):
    """Which line of the triage screen a metric belongs to."""

    CHECK = "check"
    CPU = "cpu"
    CREDITS = "credits"
    MEMORY = "memory"
    SWAP = "swap"
    DISK = "disk"
    VOLUME = "volume"
    EBS_LIMIT = "ebs-limit"
    NETWORK = "network"


class MetricState(StrEnum):
    """Why a metric has the points it has."""

    REPORTING = "reporting"
    SILENT = "silent"  # it had points, and has none in its last three periods
    ABSENT = "absent"  # nobody sends it: no agent known, or not of this type
    DENIED = "denied"  # could not be read; Evidence.unread says why
    EARLY = "early"  # started too short ago for it to be listed
    STOPPED = "stopped"  # of an instance that does not run: no points is not zero


class Metric(Struct, frozen=True, gc=False):
    """One series of CloudWatch. `points`: time and value, the oldest first; a period without a point is not in it.

    `period` in seconds. `newest` is the last value, taken `at`. `unit` as CloudWatch has it (Percent, Bytes, Count, None …).
    Source: GetMetricData or GetMetricStatistics, ListMetrics.
    """

    row: MetricRow
    namespace: SafeText
    name: SafeText
    dimensions: tuple[tuple[SafeText, SafeText], ...]
    statistic: str
    period: int
    state: MetricState
    unit: SafeText = EMPTY
    newest: float | None = None
    at: datetime | None = None
    points: tuple[tuple[datetime, float], ...] = ()

    def dimension(self, name: str) -> str:
        """The value of a dimension such as `VolumeId`; empty if it has none of that name."""
        return next((str(value) for key, value in self.dimensions if key == name), "")


class SystemLog(Struct, frozen=True, gc=False):
    """A console's output, the oldest line first, and what was found in it. Source: GetConsoleOutput, or what evac kept.

    `at`: when AWS took it. `latest`: as of that moment; False: what was kept of the last boot or stop. For each line `boots` has
    its boot (0 is the last one, 1 the one before) and `stamps` the kernel's seconds since that boot began, where it has them.
    """

    lines: tuple[SafeText, ...]
    boots: tuple[int, ...]
    stamps: tuple[float | None, ...]
    diagnosis: LogDiagnosis
    at: datetime | None = None
    latest: bool | None = None
    kept_by: SafeText = EMPTY
    """The file, where it is one that evac kept before it stopped or rebooted the instance."""


class Change(Struct, frozen=True, gc=False):
    """A call that changed the instance or a resource of it. Source: CloudTrail LookupEvents; reads are left out.

    `user`: who; `source_ip`: from where (an address, or the AWS service); `what`: its parameters that matter, in words;
    `error`: AWS's code where it was refused. `operation`: the id of the evac operation that sent it, else empty.
    """

    at: datetime
    event: SafeText
    event_id: SafeText = EMPTY
    user: SafeText = EMPTY
    source_ip: SafeText = EMPTY
    what: SafeText = EMPTY
    error: SafeText = EMPTY
    resource: SafeText = EMPTY
    operation: SafeText = EMPTY


class Evidence(Struct, frozen=True, gc=False):
    """What was read. A part that is None was not read; `unread` says of which (`metrics`, `agent`, `log`, `changes`) and why.

    `asked`: how many metrics CloudWatch answered; each costs `METRIC_PRICE`.
    """

    read_at: datetime
    metrics: tuple[Metric, ...] | None = None
    log: SystemLog | None = None
    changes: tuple[Change, ...] | None = None
    asked: int = 0
    unread: tuple[tuple[str, SafeText], ...] = ()


METRIC_PRICE = 0.00001
"""US dollars for each metric asked of GetMetricData (user guide, cloudwatch_billing: 0.01 a thousand)."""
