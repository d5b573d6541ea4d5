"""`evac do ACTION ID ID …` and `--filter`: one action on many, planned, confirmed by their count, carried out a few at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import click
from msgspec.structs import replace

from tui.cli import output
from tui.cli.campaign_journal import campaigns_of, read_campaign
from tui.cli.campaign_view import campaign_plan_object, print_campaign_plan
from tui.cli.confirm_campaign import confirm_campaign
from tui.cli.empty_list import say_nothing_listed, say_unread
from tui.cli.filtering import parsed_filter
from tui.cli.fleet_reader import MAX_LISTED, Fleet, look_at_all, read_fleet
from tui.cli.follow import now, open_journal
from tui.cli.session import GUARD, INTERRUPTED, PARTIAL, READ_ONLY, USAGE, WELL, RefusedError, Session
from tui.cli.this_machine import here_among
from tui.config.campaign import default_rules
from tui.config.schema import policy
from tui.domain import identifiers
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import CampaignRules, CampaignState
from tui.domain.campaign.plan_values import CampaignPlan
from tui.domain.campaign.planning import Outlook, plan_campaign, why_not_rules
from tui.domain.campaign.turn import why_no_campaign
from tui.domain.campaign.typed_count import expected_count
from tui.domain.facts import Facts
from tui.domain.instance import Instance
from tui.domain.listing import failures
from tui.domain.plurals import counted
from tui.domain.policy import Policy
from tui.domain.query import Query
from tui.operations.campaign_outlook import outlook_of
from tui.paths import default_journal_path

_OF_ONE = {"overrides": "--override", "image_name": "--image-name", "event_id": "--event-id"}
"""Options that mean one instance; a campaign's dangers are ticked by kind."""
_SIDE_BY_SIDE = 20
"""Instances that one collector looks at together."""


def is_many(
    action: str, instances: Sequence[str], wanted: str, changed: dict[str, Any], given: dict[str, Any]
) -> bool:
    """Whether a campaign is meant: several are named, or a filter, or a rule of campaigns is given. Raises UsageError of what
    fits neither: a campaign takes no option that means one instance alone.
    """
    if bool(wanted) is bool(instances):
        raise click.UsageError(
            "instances or --filter: not both" if wanted else "name an instance, or several, or --filter"
        )
    parsed_filter(wanted)
    if not wanted and len(instances) == 1 and all(value in (None, ()) for value in changed.values()):
        return False
    if why := why_no_campaign(action):
        raise click.UsageError(f"{action}: {why}")
    for name, flag in _OF_ONE.items():
        if given[name]:
            instead = "; --accept CODE takes those with a danger along" if name == "overrides" else ""
            raise click.UsageError(f"{flag} is for one instance{instead}")
    return True


def rules_of(session: Session, changed: dict[str, Any]) -> CampaignRules:
    """Those of the settings, with what was given on the command line. Raises UsageError."""
    return checked_rules(default_rules(session.settings), changed)


def checked_rules(rules: CampaignRules, changed: dict[str, Any]) -> CampaignRules:
    """These rules with what was given, of which None and () change nothing. Raises UsageError."""
    rules = replace(rules, **{name: value for name, value in changed.items() if value not in (None, ())})
    if why := why_not_rules(rules):
        raise click.UsageError(why)
    return rules


def do_many(
    session: Session,
    action: str,
    wanted: Sequence[str],
    chosen: Query | None,
    options: ActionOptions,
    rules: CampaignRules,
    *,
    confirm: str | None,
    dry_run: bool,
    wait: bool,
    as_json: bool,
    timeout: float,
) -> int:
    """Plan it for those named or those the filter matches, and carry it out as it is confirmed; the exit code.

    Raises RefusedError.
    """
    output.say("reading the fleet…")
    fleet = read_fleet(
        session, problems_only=False, timeout=timeout, cover=chosen is not None and chosen.cover
    )
    if chosen is None:
        rows, unread = named_rows(fleet, wanted), WELL
    else:
        rows = [row for row in fleet.rows if chosen.matches(row, now())]
        unread = say_unread(session, fleet)
        if not rows:
            say_nothing_listed("nothing", session, fleet, chosen, timeout, now(), full=True)
            if confirm is not None:
                raise RefusedError(f"--confirm {confirm}, and nothing matches; nothing was sent", GUARD)
            return unread
    made = _Planned(session, action, rows, options, rules)
    if dry_run or session.settings.read_only:
        return made.only_shown(as_json=as_json, timeout=timeout, look=dry_run) or unread
    return made.carry_out(confirm=confirm, wait=wait, as_json=as_json) or unread


def named_rows(fleet: Fleet, wanted: Sequence[str]) -> list[Instance]:
    """An instance for each word. Raises RefusedError with all that are none, or several."""
    found: dict[str, Instance] = {}
    wrong: list[str] = []
    missing = False
    for word in dict.fromkeys(wanted):
        matches = identifiers.find_rows(fleet.rows, word)
        if len(matches) == 1:
            found[matches[0].key] = matches[0]
        elif matches:
            places = ", ".join(f"{row.label} {row.instance_id} in {row.target.key}" for row in matches[:5])
            wrong.append(f"{word} names {len(matches)} instances: {places}; give the id")
        else:
            missing = True
            wrong.append(f"no instance {word} in what could be read")
    if wrong:
        unread = ", ".join(one.target.key for one in failures(fleet.targets))
        lines = [
            *wrong[:MAX_LISTED],
            *([f"and {len(wrong) - MAX_LISTED} more"] if len(wrong) > MAX_LISTED else []),
        ]
        told = "\n".join((*lines, *([f"not read: {unread}"] if unread else ()), "nothing was planned"))
        raise RefusedError(told, PARTIAL if missing and not fleet.complete else USAGE)
    return list(found.values())


class _Planned:
    """One action on these rows, under these rules."""

    def __init__(
        self,
        session: Session,
        action: str,
        rows: Sequence[Instance],
        options: ActionOptions,
        rules: CampaignRules,
    ) -> None:
        self._session, self._action, self._rows = session, action, rows
        self._options, self._rules = options, rules
        self._here = here_among(session, rows)

    def only_shown(self, *, as_json: bool, timeout: float, look: bool) -> int:
        """The plan and how it could be confirmed; nothing is kept or sent. Raises RefusedError where nobody could."""
        plan = self._plan({}, self._outlook())
        if look:
            plan = self._plan(self._facts(plan, timeout), self._outlook())
        self._print(plan, as_json)
        if self._session.settings.read_only:
            raise RefusedError("read-only: nothing can be confirmed; nothing was sent", READ_ONLY)
        self._refuse_none(plan)
        wanted = expected_count(len(plan.going), plan.production)
        output.say(f'to be confirmed by typing {wanted}, or with --confirm "{wanted}"; nothing was sent')
        return WELL

    def carry_out(self, *, confirm: str | None, wait: bool, as_json: bool) -> int:
        """Keep the plan, have it looked at, ask, begin. Raises RefusedError."""
        with open_journal(self._session) as journal:
            plan = self._plan({}, self._outlook())
            if self._locked:  # any other reason may be gone once each was looked at
                self._print(plan, as_json)
                self._refuse_none(plan)
            campaigns = campaigns_of(self._session, journal)
            ident = campaigns.create(
                self._action, plan.options, plan.rules, [one.member for one in plan.members]
            )
            try:
                return confirm_campaign(
                    self._session, campaigns, ident, given=confirm, wait=wait, as_json=as_json, new=True
                )
            except KeyboardInterrupt:
                if read_campaign(campaigns, ident).state is CampaignState.PLANNED:
                    campaigns.give_up(ident)
                    output.say("cancelled; nothing was sent")
                return INTERRUPTED

    def _plan(self, facts: dict[str, Facts | None], outlook: Outlook) -> CampaignPlan:
        return plan_campaign(
            self._rows, lambda row: facts.get(row.key), self._action, self._options, self._rules, self._policy,
            now(), outlook,
        )  # fmt: skip

    def _policy(self, row: Instance) -> Policy:
        """Of the row's profile. Where all is read-only the plan is that of somebody who may: nobody confirms it here."""
        settings = self._session.settings
        found = policy(settings, row.target.profile, str(row.account_id))
        return replace(found, read_only=False) if settings.read_only else found

    def _outlook(self) -> Outlook:
        if not default_journal_path(self._session.environ).exists():
            return outlook_of(None, self._session.settings, self._action, now(), self._here)
        with open_journal(self._session) as journal:
            return outlook_of(journal, self._session.settings, self._action, now(), self._here)

    def _facts(self, plan: CampaignPlan, timeout: float) -> dict[str, Facts | None]:
        """A fresh look at each, those that go first, as many as the time is enough for."""
        by_key = {row.key: row for row in self._rows}
        rows = [by_key[one.member.key] for one in plan.members]
        output.say(f"looking at {counted(len(rows), 'instance')}…")
        found: dict[str, Facts | None] = {}
        until = time.monotonic() + timeout
        for some in _chunks(rows):
            if time.monotonic() > until:
                break
            for row, looked in zip(some, look_at_all(self._session, some, self._here.names), strict=True):
                found[row.key] = looked.facts
        return found

    def _print(self, plan: CampaignPlan, as_json: bool) -> None:
        if as_json:
            output.json_line({"kind": "plan", **campaign_plan_object(plan, "")})
        else:
            print_campaign_plan(plan, self._session.settings, now())

    def _refuse_none(self, plan: CampaignPlan) -> None:
        """Raises RefusedError where none of them goes."""
        if plan.going:
            return
        why = "read-only" if self._locked else f"none of the {len(plan.members)} can be done"
        raise RefusedError(f"{why}; nothing was sent", READ_ONLY if self._locked else GUARD)

    @property
    def _locked(self) -> bool:
        """Whether all of their profiles are read-only."""
        settings = self._session.settings
        return all(settings.profile_read_only(row.target.profile, str(row.account_id)) for row in self._rows)


def _chunks(rows: Sequence[Instance]) -> Iterator[Sequence[Instance]]:
    for at in range(0, len(rows), _SIDE_BY_SIDE):
        yield rows[at : at + _SIDE_BY_SIDE]
