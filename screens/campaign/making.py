"""From what is marked to a plan, at once: from the rows alone. Once it is kept a conductor looks at each of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tui.config.campaign import default_rules
from tui.config.schema import policy
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState
from tui.domain.campaign.planning import Outlook, plan_campaign
from tui.domain.instance import Instance
from tui.domain.policy import Policy
from tui.domain.this_machine import NOWHERE
from tui.errors import EvacError
from tui.operations.campaign_outlook import outlook_of
from tui.services import Services


def outlook_here(services: Services, action: str) -> Outlook:
    """What this journal, these settings and this machine say; as if nothing were known where the journal can't be used."""
    here = NOWHERE if services.here is None else services.here
    try:
        return outlook_of(services.journal, services.settings, action, services.now(), here)
    except EvacError:
        return outlook_of(None, services.settings, action, services.now(), here)


def first_plan(
    services: Services,
    action: str,
    rows: Sequence[Instance],
    outlook: Outlook,
    rules: CampaignRules | None = None,
    options: ActionOptions | None = None,
) -> Campaign:
    """What can be said before anybody looked: a campaign that no journal has yet, without an id. Raises ValueError on rules that
    can't be kept.

    In a read-only console the plan is that of somebody who may: it is drawn, and never confirmed.
    """
    settings, now = services.settings, services.now()

    def policy_of(row: Instance) -> Policy:
        found = policy(settings, row.target.profile, str(row.account_id))
        return replace(found, read_only=False) if settings.read_only else found

    options, rules = options or ActionOptions(), rules or default_rules(settings)
    plan = plan_campaign(rows, lambda _: None, action, options, rules, policy_of, now, outlook)
    members = tuple(one.member for one in plan.members)
    return Campaign("", action, options, rules, CampaignState.PLANNED, members, "", "", now)
