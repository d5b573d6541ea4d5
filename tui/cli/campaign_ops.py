"""`evac ops` for campaigns: show, confirm, pause, resume, leave out, change the rules, give up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from tui.cli import output
from tui.cli.campaign_journal import (
    campaign_code,
    campaigns_of,
    conduct_again,
    follow_campaign,
    found_campaign,
    read_campaign,
    the_campaign,
)
from tui.cli.campaign_view import campaign_lines, campaign_object
from tui.cli.confirm_campaign import confirm_campaign
from tui.cli.do_campaign import checked_rules
from tui.cli.follow import now, open_journal
from tui.cli.options import accept_option, json_option, rules_options, shared_options
from tui.cli.session import FAILED, GUARD, READ_ONLY, USAGE, WELL, RefusedError, Session, Shared, open_session
from tui.cli.shell_words import shell_ids
from tui.domain.campaign.model import Campaign, CampaignState, Member, MemberState
from tui.domain.sanitize import clean
from tui.operations.campaign_service import CampaignService
from tui.operations.journal import Journal
from tui.operations.recovery import cut_off_campaigns
from tui.presentation.campaign_text import campaign_told


@contextmanager
def _changing(shared: Shared, ident: str) -> Iterator[tuple[Session, CampaignService, Campaign]]:
    """The campaign, to be changed. Raises RefusedError in read-only."""
    with open_session(shared) as session, open_journal(session) as journal:
        campaigns = campaigns_of(session, journal)
        found = the_campaign(campaigns, ident)
        if session.settings.read_only:
            raise RefusedError("read-only: no campaign is changed", READ_ONLY)
        yield session, campaigns, found


def _done(campaigns: CampaignService, ident: str, why: str, said: str, as_json: bool) -> int:
    """What came of an act. Raises RefusedError with why it was refused."""
    if why:
        raise RefusedError(f"{ident}: {why}", GUARD)
    if as_json:
        output.json(campaign_object(read_campaign(campaigns, ident), now()))
    else:
        output.line(f"{ident} {said}")
    return WELL


@click.command("confirm")
@click.argument("ident", metavar="CAMPAIGN")
@click.option("--confirm", metavar="COUNT", help='Answer the question: how many go, "188" or "188 PROD".')
@accept_option
@click.option("--wait", is_flag=True, help="Follow to the end, a line a member.")
@json_option("One JSON object a line.")
@shared_options
def confirm_command(
    shared: Shared, ident: str, confirm: str | None, accept: tuple[str, ...], wait: bool, as_json: bool
) -> int:
    """Confirm a campaign that was left as a plan, on what is true now: each member is looked at again first."""
    with _changing(shared, ident) as (session, campaigns, found):
        if found.state is not CampaignState.PLANNED:
            raise RefusedError(f"{found.id} is {found.state}: only a plan is confirmed", GUARD)
        if accept:
            rules = checked_rules(found.rules, {"accept": accept})
            if why := campaigns.change_rules(found.id, rules):
                raise RefusedError(f"{found.id}: {why}", GUARD)
        if why := campaigns.look(found.id):
            output.say(f"evac: nobody looks at it again: {why}")
        return confirm_campaign(session, campaigns, found.id, given=confirm, wait=wait, as_json=as_json)


@click.command("pause")
@click.argument("ident", metavar="CAMPAIGN")
@json_option()
@shared_options
def pause_command(shared: Shared, ident: str, as_json: bool) -> int:
    """Begin no new member of a campaign; those that were begun go on to their end."""
    with _changing(shared, ident) as (_, campaigns, found):
        going = len(found.of(MemberState.GOING))
        said = f"is paused: nothing new begins, {going} under way go on to their end"
        return _done(campaigns, found.id, campaigns.pause(found.id), said, as_json)


@click.command("leave-out")
@click.argument("ident", metavar="CAMPAIGN")
@click.argument("instances", metavar="INSTANCE_ID|NAME...", nargs=-1, required=True, shell_complete=shell_ids)
@click.option("--back", is_flag=True, help="Take them in again that you left out, while it is a plan.")
@json_option()
@shared_options
def leave_out_command(
    shared: Shared, ident: str, instances: tuple[str, ...], back: bool, as_json: bool
) -> int:
    """Leave members of a campaign out that were not begun."""
    with _changing(shared, ident) as (_, campaigns, found):
        members = [_member(found, word) for word in dict.fromkeys(instances)]
        why = _each(members, lambda one: campaigns.leave_out(found.id, one.key, out=not back))
        names = ", ".join(one.label for one in members)
        said = f"takes in again: {names}" if back else f"leaves out: {names}"
        return _done(campaigns, found.id, why, said, as_json)


@click.command("rules")
@click.argument("ident", metavar="CAMPAIGN")
@rules_options
@accept_option
@json_option()
@shared_options
def rules_command(
    shared: Shared, ident: str, rules: dict[str, Any], accept: tuple[str, ...], as_json: bool
) -> int:
    """Change the rules of a campaign for what is begun from now on; what is accepted only while it is a plan."""
    with _changing(shared, ident) as (_, campaigns, found):
        changed = {**rules, "accept": accept}
        if all(value in (None, ()) for value in changed.values()):
            raise click.UsageError("say which rule: --at-once, --max-failures, --hours or --accept")
        wanted = checked_rules(found.rules, changed)
        return _done(
            campaigns, found.id, campaigns.change_rules(found.id, wanted), "has other rules", as_json
        )


def show_campaign(session: Session, campaign: Campaign, *, as_json: bool) -> int:
    """All of it: its summary for the incident channel, and its members."""
    if as_json:
        output.json({"kind": "campaign", **campaign_object(campaign, now())})
    else:
        for line in campaign_lines(campaign, session.settings, now()):
            output.line(line)
    return WELL


def resume_campaign(
    session: Session, campaigns: CampaignService, found: Campaign, *, wait: bool, as_json: bool
) -> int:
    """Go on with one that was paused, or that nobody conducts any more; the exit code. Raises RefusedError."""
    if found.state is CampaignState.PLANNED:
        raise RefusedError(f"{found.id} is a plan: evac ops confirm {found.id}", GUARD)
    if found.state is CampaignState.PAUSED and (why := campaigns.resume(found.id)):
        raise RefusedError(f"{found.id} is not resumed: {why}", GUARD)
    if found.state is not CampaignState.PAUSED:
        if found.state is CampaignState.ENDED and not found.of(MemberState.GOING):
            raise RefusedError(f"{found.id} has ended", GUARD)
        if why := conduct_again(session, campaigns, found):
            raise RefusedError(f"{found.id} is not resumed: {why}", GUARD)
    output.say(f"{found.id} goes on")
    # The embedded AWS of --demo ends with this command: there it is always followed.
    if wait or session.settings.demo:
        return follow_campaign(session, campaigns, found.id, as_json=as_json)
    now_is = read_campaign(campaigns, found.id)
    if as_json:
        output.json_line({"kind": "campaign", **campaign_object(now_is, now())})
    else:
        output.line(f"{found.id} {now_is.state}; follow it with: evac ops show {found.id}")
    return campaign_code(now_is) if now_is.state is not CampaignState.RUNNING else WELL


def resume_cut_off(session: Session, journal: Journal) -> tuple[int, int]:
    """Have somebody conduct each campaign that nobody conducts any more: the worst exit code, and how many there were."""
    campaigns = campaigns_of(session, journal)
    found, code = cut_off_campaigns(campaigns.campaigns, now()), WELL
    for one in found:
        if why := conduct_again(session, campaigns, one):
            output.say(f"evac: {one.id} is not resumed: {why}")
            code = FAILED
        else:
            output.say(f"{one.id} ({campaign_told(one)}) goes on")
    return code, len(found)


def give_up_campaign(campaigns: CampaignService, found: Campaign, given: str | None, *, as_json: bool) -> int:
    """Give it up; the exit code. One that was confirmed asks first. Raises RefusedError."""
    if found.state is CampaignState.ENDED:
        raise RefusedError(f"{found.id} has ended", GUARD)
    waits, going = len(found.of(MemberState.WAITS)), len(found.of(MemberState.GOING))
    if found.state is not CampaignState.PLANNED:
        output.say(f"{waits} were not begun and will not be; {going} under way go on to their end")
        answer = given if given is not None else output.ask(f"Type {found.id} to give it up:")
        if answer is None:
            raise RefusedError(f"nobody can be asked here; confirm with --confirm {found.id}", GUARD)
        if answer.strip() != found.id:
            raise RefusedError(f"{clean(answer) or 'nothing'} is not {found.id}; nothing was given up", GUARD)
    return _done(
        campaigns, found.id, campaigns.give_up(found.id), "is given up: nothing more is begun", as_json
    )


def campaign_named(session: Session, journal: Journal, ident: str) -> tuple[CampaignService, Campaign] | None:
    """The campaign that is meant, if it is one: no operation has that id or ends so. Raises RefusedError."""
    campaigns = campaigns_of(session, journal)
    if not ident.startswith("c-") and (journal.get(ident) is not None or journal.ending(ident)):
        return None
    found = found_campaign(campaigns, ident)
    return None if found is None else (campaigns, found)


def _member(found: Campaign, word: str) -> Member:
    """The member of that id, name or `region/id`. Raises RefusedError."""
    named = [one for one in found.members if word in (one.instance_id, one.name, one.key)]
    if len(named) != 1:
        why = f"{len(named)} members are called {word}: give the id" if named else f"no member is {word}"
        raise RefusedError(f"{found.id}: {why}; nothing was changed", USAGE)
    return named[0]


def _each(members: Iterable[Member], act: Callable[[Member], str]) -> str:
    return "; ".join(why for one in members if (why := act(one)))
