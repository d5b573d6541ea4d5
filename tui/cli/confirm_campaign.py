"""From a kept plan to a campaign that runs: it is looked at, shown, the count is asked for, and handed on."""

from __future__ import annotations

import sys
import time

from tui.cli import output, streams
from tui.cli.campaign_journal import (
    campaign_code,
    follow_campaign,
    read_campaign,
)
from tui.cli.campaign_view import campaign_object, campaign_plan_object, print_campaign_plan
from tui.cli.follow import LOOK_EVERY, now
from tui.cli.session import FAILED, GUARD, RefusedError, Session
from tui.domain.campaign.durations import usual
from tui.domain.campaign.kept_plan import kept_plan
from tui.domain.campaign.model import CampaignState, Member
from tui.domain.campaign.plan_values import CampaignPlan
from tui.domain.campaign.typed_count import confirms, expected_count
from tui.domain.sanitize import clean
from tui.domain.typed_name import typed_hint
from tui.operations.campaign_outlook import memory_free_mb, production_label
from tui.operations.campaign_service import CampaignService
from tui.operations.status import conductor_of

_PATIENCE = 120.0
"""Seconds without a word of the conductor after which the plan is shown as far as it was looked at."""
_SAY_EVERY = 5.0
_MOST_ASKED = 5
"""How often the count is asked for, where it is not the same any more once it was typed."""


def confirm_campaign(
    session: Session,
    campaigns: CampaignService,
    ident: str,
    *,
    given: str | None,
    wait: bool,
    as_json: bool,
    new: bool = False,
) -> int:
    """Look, show, ask, begin; the exit code. Raises RefusedError: then it stays a plan, which says so.

    `new`: it was planned just now; then it is given up where none of it can be done.
    """
    _refuse_early(given, ident)
    _looked(campaigns, ident)
    for _ in range(_MOST_ASKED):
        plan = shown(session, campaigns, ident, as_json=as_json)
        if not plan.going:
            if new:
                campaigns.give_up(ident)
            raise RefusedError(f"none of the {len(plan.members)} can be done; nothing was sent", GUARD)
        _agreed(plan, given, ident)
        why = campaigns.confirm(ident, len(plan.going), plan.rules.accept)
        found = read_campaign(campaigns, ident)
        if found.state is not CampaignState.PLANNED:
            break
        if given is not None or "would go, not" not in why:
            raise RefusedError(f"{why}; nothing was sent, {_kept(ident)}", GUARD)
        output.say(f"changed: {why}")
    else:
        raise RefusedError(f"{why}; nothing was sent, {_kept(ident)}", GUARD)
    if why:
        output.say(f"evac: it is confirmed, but {why}; go on with: evac ops resume {ident}")
        return FAILED
    # The embedded AWS of --demo ends with this command: there it is always followed.
    if wait or session.settings.demo:
        return follow_campaign(session, campaigns, ident, as_json=as_json)
    if as_json:
        output.json_line({"kind": "campaign", **campaign_object(found, now())})
    else:
        output.line(f"{ident} {found.state}; follow it with: evac ops show {ident}")
    return campaign_code(found)


def _kept(ident: str) -> str:
    return f"it is kept as a plan: evac ops confirm {ident}, or evac ops abandon {ident}"


def shown(session: Session, campaigns: CampaignService, ident: str, *, as_json: bool) -> CampaignPlan:
    """The plan as it stands now, printed."""
    found = read_campaign(campaigns, ident)
    settings = session.settings

    def label_of(one: Member) -> str:
        return production_label(settings, one.profile, str(one.account_id))

    known = usual(campaigns.campaigns.journal.ran())
    plan = kept_plan(found, known, now(), label_of, memory_free_mb())
    if as_json:
        output.json_line({"kind": "plan", **campaign_plan_object(plan, ident)})
    else:
        print_campaign_plan(plan, settings, now(), ident)
    return plan


def _refuse_early(given: str | None, ident: str) -> None:
    if given is None and not streams.is_terminal(sys.stdin):
        output.say(f"nobody can be asked here: it is only planned; confirm it with: evac ops confirm {ident}")


def _agreed(plan: CampaignPlan, given: str | None, ident: str) -> None:
    """Raises RefusedError unless the count was given, or is typed now."""
    wanted = expected_count(len(plan.going), plan.production)
    if given is not None:
        if not confirms(given, wanted):
            why = f"--confirm {clean(given)} is not {wanted}{_seen_badly(given, wanted)}"
            raise RefusedError(f"{why}; nothing was sent, {_kept(ident)}", GUARD)
        return
    answer = output.ask(f"Type {wanted} to begin:")
    while answer and not confirms(answer, wanted):
        answer = output.ask(f"{answer} is not {wanted}{_seen_badly(answer, wanted)}. Type {wanted} to begin:")
    if not answer:
        how = f'nobody can be asked here; confirm with --confirm "{wanted}"'
        why = "not confirmed" if answer is not None else how
        raise RefusedError(f"{why}; nothing was sent, {_kept(ident)}", GUARD)


def _seen_badly(given: str, wanted: str) -> str:
    hint = typed_hint(given, wanted)
    return f" ({hint})" if hint else ""


def _looked(campaigns: CampaignService, ident: str) -> None:
    """Wait until each was looked at, and AWS was asked; what it is at is narrated."""
    output.say("looking at each of them, and asking AWS for permission (dry run)…")
    note, since, said = "", time.monotonic(), time.monotonic()
    while True:
        found = read_campaign(campaigns, ident)
        if found.state is not CampaignState.PLANNED or not conductor_of(found, now()):
            return
        if found.note != note:
            note, since = found.note, time.monotonic()
        if note and time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            output.say(f"  … {note}")
        if time.monotonic() - since > _PATIENCE:
            return
        time.sleep(LOOK_EVERY)
