"""An instance without hazards, all that is known of it, and what is found once something is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from tui.domain.actions import ActionOptions
from tui.domain.facts import Facts
from tui.domain.hazards import Hazard, hazards
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
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
T = SafeText
OK = StatusCheck(CheckStatus.OK)


def image(age: timedelta | None, state: str = "available") -> Image:
    return Image(T("ami-1"), T("web"), T(state), None if age is None else NOW - age)


SAFE = Instance(
    Target("prod", "us-east-1"),
    T("i-1"),
    name=T("web"),
    state=InstanceState.RUNNING,
    checks=Checks(OK, OK, OK),
    inventory_at=NOW,
    instance_type=T("m5.large"),
    zone=T("us-east-1a"),
    public_ip=T("203.0.113.9"),
    public_kind=PublicAddress.ELASTIC,
    root_device=T("ebs"),
    capacity_reservation=T("cr-1"),
    tenancy=T("default"),
)
KNOWN = Facts(
    NOW,
    type=TypeFacts(instance_storage=False, hypervisor=T("nitro"), bare_metal=False),
    stop_protection=False,
    termination_protection=False,
    shutdown_behavior=T("stop"),
    membership=(),
    target_groups=(),
    classic_balancers=(),
    images=(image(timedelta(hours=9)),),
)


def find(
    action: str, code: str, facts: Facts | None = KNOWN, options: ActionOptions | None = None, **changes: Any
) -> list[Hazard]:
    found = hazards(replace(SAFE, **changes), facts, action, NOW, options or ActionOptions(), Policy())
    return [hazard for hazard in found if hazard.code == code]
