"""One action on many: its plan, and how it goes."""

from screens.campaign.screen import CampaignScreen

__all__ = ["CampaignScreen"]
