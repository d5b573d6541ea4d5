"""Campaigns as a command uses them: found by their id, acted on, followed to their end."""

from __future__ import annotations

import time

from tui.cli import output
from tui.cli.campaign_view import campaign_object, member_object, member_told
from tui.cli.follow import LOOK_EVERY, followed, now
from tui.cli.session import FAILED, INTERRUPTED, USAGE, WELL, RefusedError, Session
from tui.domain.campaign.model import Campaign, CampaignState, Member, MemberState
from tui.operations import recovery, spawn
from tui.operations.campaign_service import CampaignService
from tui.operations.journal import Journal
from tui.operations.spawn import LaunchError, ReadOnlyError
from tui.operations.status import conductor_of, needs_conductor, status_of
from tui.presentation.campaign_text import campaign_summary

_RESTARTS = 3
"""How often a follower replaces a conductor that was killed, before it leaves that to a person."""


def campaigns_of(session: Session, journal: Journal) -> CampaignService:
    """What may be done with campaigns."""
    settings, environ = session.settings, session.environ
    return CampaignService(
        journal, settings, environ, lambda name: spawn.start_conductor(name, settings, environ), now
    )


def found_campaign(campaigns: CampaignService, ident: str) -> Campaign | None:
    """The campaign of that id, or the only one whose id ends so. Raises RefusedError where several do."""
    found = campaigns.get(ident)
    if found is None and ident:
        ending = campaigns.campaigns.ending(ident)
        if len(ending) > 1:
            raise RefusedError(f"several campaigns' ids end in {ident}: see evac ops list", USAGE)
        found = next(iter(ending), None)
    return found


def the_campaign(campaigns: CampaignService, ident: str) -> Campaign:
    """The same. Raises RefusedError where there is none."""
    found = found_campaign(campaigns, ident)
    if found is None:
        raise RefusedError(f"no campaign's id is or ends in {ident}: see evac ops list", USAGE)
    return found


def read_campaign(campaigns: CampaignService, ident: str) -> Campaign:
    """As it stands now. Raises RefusedError if it is not there (any more)."""
    found = campaigns.get(ident)
    if found is None:
        raise RefusedError(f"no campaign {ident} in {campaigns.campaigns.journal.path}", FAILED)
    return found


def campaign_code(campaign: Campaign) -> int:
    """0 if it is a plan, goes on or ended well; 1 if members failed or need a person, it is paused, or was given up."""
    if campaign.of(MemberState.FAILED, MemberState.NEEDS_YOU) or campaign.given_up:
        return FAILED
    return FAILED if campaign.state is CampaignState.PAUSED else WELL


def follow_campaign(session: Session, campaigns: CampaignService, ident: str, *, as_json: bool) -> int:
    """Until nothing of it is under way and nothing more is begun; each member told once when it changes. The exit code.

    Ctrl+C leaves it running and says so. A conductor that was killed meanwhile is replaced.
    """
    found = followed(session, ident, "campaign", lambda: _follow(session, campaigns, ident, as_json))
    if found is None:
        return INTERRUPTED
    conclude_campaign(session, campaigns, found, as_json=as_json)
    return campaign_code(found)


def _follow(session: Session, campaigns: CampaignService, ident: str, as_json: bool) -> Campaign:
    before: dict[str, MemberState] = {}
    note, restarts = "", 0
    while True:
        found = read_campaign(campaigns, ident)
        for one in found.members:
            if before.setdefault(one.key, MemberState.WAITS) is not one.state:
                before[one.key] = one.state
                _tell_member(found, one, as_json)
        if _rests(found):
            return found
        if found.note != note:
            note = found.note
            if note and found.state is CampaignState.RUNNING:
                output.say(f"  … {note}")
        if needs_conductor(found) and not conductor_of(found, now()):
            restarts += 1
            if restarts > _RESTARTS:
                raise RefusedError(
                    f"its conductor was killed {restarts} times; what was begun goes on; go on with: evac ops resume {ident}",
                    FAILED,
                )
            output.say("its conductor is gone; starting another")
            conduct_again(session, campaigns, found)
        time.sleep(LOOK_EVERY)


def _rests(found: Campaign) -> bool:
    """Whether nothing of it is under way, and nothing will be begun before somebody does something."""
    return found.state is not CampaignState.RUNNING and not found.of(MemberState.GOING)


def conduct_again(session: Session, campaigns: CampaignService, found: Campaign) -> str:
    """Have somebody conduct it: empty, or why nobody does."""
    try:
        recovery.conduct(
            campaigns.campaigns,
            found,
            lambda name: spawn.start_conductor(name, session.settings, session.environ),
            now(),
        )
    except (LaunchError, ReadOnlyError) as error:
        return str(error)
    return ""


def _tell_member(found: Campaign, one: Member, as_json: bool) -> None:
    if as_json:
        output.json_line({"kind": "member", "campaign": found.id, **member_object(one)})
    elif one.state is MemberState.GOING:
        output.say(f"  {member_told(one)}")
    else:
        output.line(f"  {member_told(one)}", flush=True)


def conclude_campaign(
    session: Session, campaigns: CampaignService, found: Campaign, *, as_json: bool
) -> None:
    """The last lines: how it stands, and whose instance is down."""
    if as_json:
        output.json_line({"kind": "campaign", **campaign_object(found, now())})
    else:
        for line in campaign_summary(found, session.settings.zone(), now()):
            output.line(line)
    for one in found.of(MemberState.FAILED, MemberState.NEEDS_YOU, MemberState.GOING):
        operation = campaigns.campaigns.journal.get(one.operation) if one.operation else None
        if operation is not None and (down := status_of(operation, now()).down_line):
            output.say(f"! {down}; evac ops show {operation.id}")
    if found.state is CampaignState.PAUSED:
        output.say(f"to go on: evac ops resume {found.id}")
