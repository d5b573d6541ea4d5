"""What the settings say of campaigns, as the program wants it."""

from __future__ import annotations

from tui.config.schema import Settings
from tui.domain.campaign.model import CampaignRules


def default_rules(settings: Settings) -> CampaignRules:
    """The rules of a campaign of which nobody said otherwise."""
    own = settings.campaign
    return CampaignRules(
        own.at_once,
        own.max_failures,
        settings.maintenance.hours,
        per_group=own.per_group,
        together=own.together,
    )
