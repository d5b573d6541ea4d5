"""The instance the guidance tests vary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tui.domain.events import ScheduledEvent
from tui.domain.facts import Facts
from tui.domain.guidance import Explanation
from tui.domain.instance import (
    Checks,
    CheckStatus,
    Image,
    Instance,
    InstanceState,
    PublicAddress,
    StatusCheck,
    Target,
    TypeFacts,
)
from tui.domain.sanitize import SafeText

T = SafeText
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
OK = StatusCheck(CheckStatus.OK)
BAD = StatusCheck(CheckStatus.IMPAIRED, NOW - timedelta(minutes=6))
STORE = TypeFacts(instance_storage=True, storage_gb=475, nvme_storage=True)
BASE = Instance(
    Target("prod", "ap-northeast-2"),
    T("i-0a1f3c"),
    name=T("payments-db-1"),
    state=InstanceState.RUNNING,
    checks=Checks(OK, OK, OK),
    status_at=NOW,
    inventory_at=NOW,
    private_ip=T("10.2.1.9"),
    public_ip=T("3.35.2.8"),
    public_kind=PublicAddress.ELASTIC,
    root_device=T("ebs"),
    reboot_migration=T("default"),
    auto_recovery=T("default"),
    instance_type=T("m5.large"),
)
FACTS = Facts(
    NOW,
    type=TypeFacts(instance_storage=False),
    stop_protection=False,
    termination_protection=False,
    shutdown_behavior=T("stop"),
    membership=(),
    target_groups=(),
    classic_balancers=(),
    images=(Image(T("ami-1"), T("x"), T("available"), NOW - timedelta(hours=9)),),
)


def event(code: str, hours: float | None, text: str = "") -> ScheduledEvent:
    start = None if hours is None else NOW + timedelta(hours=hours)
    return ScheduledEvent(T(code), T("instance-event-1"), T(text), start)


def whole(explanation: Explanation) -> str:
    return " / ".join(paragraph.text for paragraph in explanation.paragraphs)
