"""A campaign as a CSV file in the current folder: a new file each time, none is ever overwritten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tui.domain.campaign.durations import Usual
from tui.domain.campaign.kept_plan import kept_plan
from tui.domain.campaign.model import Campaign, CampaignState
from tui.domain.campaign.plan_values import PlannedMember
from tui.paths import write_new
from tui.presentation.spreadsheet import written

CAMPAIGN_COLUMNS = (
    "campaign", "action", "position", "state", "profile", "account_id", "region", "instance_id", "name", "instance_type",
    "deadline", "begins", "ends", "dangers", "groups", "operation", "why",
)  # fmt: skip


def export_campaign(campaign: Campaign, usual: Usual, now: datetime, folder: Path | None = None) -> Path:
    """The path of the new file, mode 0600. `begins`, `ends`: of a plan, when each is likely begun and done. Raises OSError."""
    if campaign.state is CampaignState.PLANNED:
        members = kept_plan(campaign, usual, now, lambda _: "").members
    else:
        members = tuple(PlannedMember(one) for one in campaign.members)
    text = written(CAMPAIGN_COLUMNS, (_cells(campaign, one) for one in members), mark=True)
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return write_new(folder or Path.cwd(), f"evac-campaign-{stamp}", ".csv", text.encode())


def _cells(campaign: Campaign, planned: PlannedMember) -> tuple[object, ...]:
    one = planned.member
    return (
        campaign.id, campaign.action, one.position, one.state.value, one.profile, one.account_id, one.region,
        one.instance_id, one.name, one.instance_type, one.deadline, planned.begins, planned.ends,
        " ".join(one.dangers), " ".join(one.keys), one.operation, one.why,
    )  # fmt: skip
