"""What a person may do with a campaign: each act writes journal and audit log and starts what it needs, whoever asks.

Console and command line call nothing else. What a campaign sends are its members' ordinary operations; those are audited by
their runners, with the campaign's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from tui.config.schema import Settings
from tui.domain.actions import ActionOptions
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member
from tui.domain.campaign.planning import why_not_rules
from tui.operations import audit_log, recovery
from tui.operations.campaign_journal import CampaignJournal, candidates
from tui.operations.identity import this_requester
from tui.operations.journal import Journal
from tui.operations.service import UnauditedError
from tui.operations.spawn import LaunchError, ReadOnlyError

_READ_ONLY = "read-only: this console allows no changes"


class CampaignService:
    """Of one journal. `launch(campaign)` starts a conductor and answers with its process id; `now` is UTC.

    Every method raises JournalError where the journal can't be used, and UnauditedError before anything is done. A method that
    answers a text: empty if it was done, else why not.
    """

    def __init__(
        self,
        journal: Journal,
        settings: Settings,
        environ: Mapping[str, str],
        launch: Callable[[str], int],
        now: Callable[[], datetime],
    ) -> None:
        self.campaigns = CampaignJournal(journal)
        self._settings, self._environ, self._launch, self._now = settings, environ, launch, now

    def get(self, campaign: str) -> Campaign | None:
        """One campaign with its members in their order; None if there is none."""
        return self.campaigns.get(campaign)

    def list(self, limit: int = 50) -> Sequence[Campaign]:
        """Campaigns, the newest first."""
        return self.campaigns.list(limit)

    def create(
        self, action: str, options: ActionOptions, rules: CampaignRules, members: Iterable[Member]
    ) -> str:
        """Keep a plan, and have a conductor look at each member; the campaign's id. `members` in their order.

        A conductor that can't be started is tried again with the next act: the plan is kept. Raises ValueError on rules that
        are none.
        """
        members = tuple(members)
        _check(rules)
        campaign = self.campaigns.create(action, options, rules, members, self._now())
        self._audit(campaign, action, "plan", f"planned: {len(members)} members")
        with suppress(LaunchError, ReadOnlyError):
            self._drive(campaign)
        return campaign

    def look(self, campaign: str) -> str:
        """Have a conductor look at each member of a plan once more, so that it is confirmed on what is then true."""
        found = self.campaigns.get(campaign)
        if found is None or found.state is not CampaignState.PLANNED:
            return f"it is {found.state}" if found else "there is no such campaign"
        return self._driven(campaign)

    def confirm(self, campaign: str, count: int, accept: Sequence[str] = ()) -> str:
        """The count was typed: from here on neither console is needed. `accept`: codes of the dangers that were ticked.

        Refused where so many would not go now: other members were left out since it was shown.
        """
        found = self.campaigns.get(campaign)
        if found is None:
            return "there is no such campaign"
        if self._settings.read_only:
            return self._refused(found, "confirm", _READ_ONLY)
        if found.action in self._settings.actions_off:
            return self._refused(found, "confirm", f"the site policy has switched {found.action} off")
        ids = [str(one.instance_id) for one in candidates(found) if set(one.dangers) <= set(accept)]
        self._audit(
            campaign, found.action, "confirm", "ordered", count=count, accept=list(accept), members=ids
        )
        why = self.campaigns.confirm(campaign, count, accept, self._now(), self._why_not(found))
        if why:
            return self._refused(found, "confirm", why)
        return self._driven(campaign)

    def pause(self, campaign: str) -> str:
        """No new member is begun; every one that was begun goes on to its end."""
        return self._act(
            campaign,
            "pause",
            lambda: "" if self.campaigns.pause(campaign, _by("paused")) else "it is not running",
        )

    def resume(self, campaign: str) -> str:
        """Members are begun again. Those that failed until now do not count any more; what they need is told by theirs."""
        why = self._act(campaign, "resume", lambda: self.campaigns.resume(campaign))
        return why or self._driven(campaign)

    def leave_out(self, campaign: str, member: str, *, out: bool = True) -> str:
        """Leave out a member that was not begun; or (not `out`), before it is confirmed, take it in again. `member`: its key,
        `region/id`."""
        step = "leave-out" if out else "take-in"
        why = self._act(
            campaign,
            step,
            lambda: self.campaigns.leave_out(campaign, member, _by("left out"), out=out),
            member=member,
        )
        if not why and not out:
            with suppress(LaunchError, ReadOnlyError):
                self._drive(campaign)
        return why

    def change_rules(self, campaign: str, rules: CampaignRules) -> str:
        """Other rules for what is begun from now on. Raises ValueError on rules that are none."""
        _check(rules)
        told = {"at_once": rules.at_once, "max_failures": rules.max_failures, "hours": rules.hours}
        return self._act(
            campaign, "rules", lambda: self.campaigns.change_rules(campaign, rules), rules=str(told)
        )

    def give_up(self, campaign: str) -> str:
        """Nothing more is begun, for good; every member that was begun goes on to its end."""
        return self._act(
            campaign,
            "abandon",
            lambda: "" if self.campaigns.give_up(campaign, self._now()) else "it has ended",
        )

    def _why_not(self, found: Campaign) -> Callable[[Member], str]:
        return lambda one: self._settings.why_refused(
            one.profile, found.action, one.dangers, str(one.account_id)
        )

    def _act(self, campaign: str, step: str, act: Callable[[], str], **more: object) -> str:
        found = self.campaigns.get(campaign)
        if found is None:
            return "there is no such campaign"
        if self._settings.read_only:
            return self._refused(found, step, _READ_ONLY)
        self._audit(campaign, found.action, step, "ordered", **more)
        why = act()
        return self._refused(found, step, why) if why else ""

    def _refused(self, found: Campaign, step: str, why: str) -> str:
        with suppress(UnauditedError):  # nothing was done
            self._audit(found.id, found.action, step, f"refused: {why}")
        return why

    def _driven(self, campaign: str) -> str:
        """A conductor for it. One that can't be started is told: the campaign stands as it is, and the next takes it up."""
        try:
            self._drive(campaign)
        except (LaunchError, ReadOnlyError) as error:
            return str(error)
        return ""

    def _drive(self, campaign: str) -> None:
        found = self.campaigns.get(campaign)
        if found is not None:
            recovery.conduct(self.campaigns, found, self._launch, self._now())

    def _audit(self, campaign: str, action: str, step: str, result: str, **more: object) -> None:
        path = audit_log.path_beside(self.campaigns.journal.path)
        fields = audit_log.about(None, this_requester(), action=action, campaign=campaign)
        try:
            audit_log.append(path, self._now(), **fields, step=step, result=result, **more)
        except OSError as error:
            raise UnauditedError(
                f"the audit log can't be written ({error}), {path}: nothing was done",
                "free the disk or mend its permissions",
            ) from None


def _by(deed: str) -> str:
    return f"{deed} by {this_requester().user}"


def _check(rules: CampaignRules) -> None:
    """Raises ValueError."""
    if why := why_not_rules(rules):
        raise ValueError(why)
