"""What a person does with a campaign on its screen: each act is one of `CampaignService`; what came of it is said below."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from screens.base import EvacScreen
from screens.campaign.making import first_plan, outlook_here
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.campaign.model import Campaign, CampaignRules, CampaignState, Member, MemberState
from tui.domain.campaign.planning import NO_OUTLOOK, Outlook
from tui.domain.instance import Instance
from tui.domain.plurals import counted
from tui.domain.sanitize import clean
from tui.domain.time_format import span
from tui.errors import EvacError
from tui.operations.operation_text import progress
from tui.operations.status import status_of
from tui.presentation.campaign_text import campaign_summary
from tui.services import Services

LOOKED_FOR = timedelta(minutes=5)
"""A plan of which a member was looked at longer ago is looked at once more when it is opened."""
READ_ONLY_PLAN = (
    "read-only: nothing can be confirmed here, and nobody looks closer; x writes the plan for whoever may"
)
"""Said where a plan may be looked at and no more."""


class Acting(EvacScreen):
    """Holds the campaign as last read. A subclass draws it: `redraw`, `confirmed`, `current`."""

    def __init__(self, services: Services, campaign: str, action: str, keys: Sequence[str]) -> None:
        super().__init__(services)
        self.ident, self.action, self.keys = campaign, action, tuple(keys)
        self.campaign = Campaign(
            "", action, ActionOptions(), CampaignRules(), CampaignState.PLANNED, (), "", "", services.now()
        )
        self.outlook: Outlook = NO_OUTLOOK
        self.doing: Mapping[str, str] = {}
        self.trouble = self.hint = ""
        self._seen: int | None = None

    # what a subclass says

    @property
    def current(self) -> Member | None:
        """The member under the cursor."""
        raise NotImplementedError

    @property
    def campaign_shown(self) -> str:
        return self.ident

    def redraw(self) -> None:
        """Draw it."""
        raise NotImplementedError

    def confirmed(self) -> None:
        """It has just been confirmed."""

    # reading

    @property
    def rows(self) -> list[Instance]:
        """The instances it is to be about, as they are known now."""
        found = (self.services.store.get(key) for key in self.keys)
        return [row for row in found if row is not None]

    def begin(self) -> None:
        """The plan at once, from the rows; or the campaign that is kept."""
        if not self.ident:
            self._plan()
            return
        self.read()
        service, now = self.services.campaigns, self.services.now()
        planned = self.campaign.state is CampaignState.PLANNED and bool(self.campaign.id)
        looks = [one.looked_at or self.campaign.created_at for one in self.campaign.members]
        old = planned and now - min(looks, default=now) > LOOKED_FOR
        if service is not None and old and not self.services.settings.read_only:
            with suppress(EvacError):  # it stays as it was: each is looked at again at its turn anyway
                service.look(self.ident)

    def _plan(self, rules: CampaignRules | None = None, options: ActionOptions | None = None) -> None:
        self.outlook = outlook_here(self.services, self.action)
        try:
            self.campaign = first_plan(self.services, self.action, self.rows, self.outlook, rules, options)
        except (ValueError, KeyError) as error:
            self.trouble = clean(error)

    def keep(self) -> None:
        """Keep the plan in the journal, so that each of its members is looked at; nothing begins by that."""
        if self.ident or self.trouble or self.services.settings.read_only or not self.campaign.members:
            return
        service = self.services.campaigns
        if service is None:
            self.say(
                self.services.journal_trouble or "the journal is not open yet; r plans it again", "warning"
            )
        else:
            kept = self.campaign
            try:
                self.ident = service.create(kept.action, kept.options, kept.rules, kept.members)
            except (EvacError, ValueError, OSError) as error:
                self.say(str(error), "warning")
            self.read()
        self.redraw()

    def show_campaign(self, ident: str) -> None:
        """Another one."""
        self.ident, self._seen, self.hint, self.trouble = ident, None, "", ""
        self.read()

    def read(self) -> bool:
        """Read it again if somebody wrote the journal; whether there may be something to draw."""
        service, journal = self.services.campaigns, self.services.journal
        if not self.ident or service is None or journal is None:
            return False
        try:
            revision = journal.revision()
            if revision == self._seen:
                return False
            found = service.get(self.ident)
            if self._seen is None and found is not None:
                self.outlook = outlook_here(self.services, found.action)
            self._seen, self.trouble = revision, ""
            if found is None:
                self.trouble = f"there is no campaign {clean(self.ident)}"
                return True
            self.campaign = found
            self.doing = self._doing(found)
        except EvacError as error:
            self.trouble = clean(error)
        return True

    def _doing(self, campaign: Campaign) -> dict[str, str]:
        """What the operations of those under way do, by id."""
        journal, now = self.services.journal, self.services.now()
        found = {}
        for one in campaign.of(MemberState.GOING):
            operation = journal.get(one.operation) if journal is not None and one.operation else None
            if operation is not None:
                stands = status_of(operation, now)
                told = f"{progress(operation)} {span(stands.elapsed)}"
                more = stands.headline or operation.short_note
                found[one.operation] = clean(f"{told}  {more}", 300).rstrip()
        return found

    # what may be done

    @property
    def why_not_confirm(self) -> str:
        """Why nothing can be confirmed here at all; empty: it can."""
        settings = self.services.settings
        if settings.read_only:
            return READ_ONLY_PLAN
        if self.campaign.action in settings.actions_off:
            return f"the site policy has switched {self.campaign.action} off: nothing can be confirmed"
        action = ACTIONS.get(self.campaign.action)
        if action is not None and action.moves_event and self.campaign.options.not_before is None:
            return "to which time is not said yet: e asks for the new start"
        return self.services.journal_trouble

    def why_not(self, name: str) -> str:
        """Why this verb can't be used here; empty: it can."""
        if name not in ("leave-out", "rules", "pause", "resume", "give-up"):
            return ""
        if self.services.settings.read_only:
            return "read-only: this console changes nothing"
        return "" if self.ident else "the plan is not kept yet"

    def useful(self, name: str) -> bool:
        """Whether the key line names it, as the campaign stands."""
        state, one = self.campaign.state, self.current
        match name:
            case "pause":
                return state is CampaignState.RUNNING
            case "resume":
                return state is CampaignState.PAUSED
            case "give-up" | "rules":
                return state is not CampaignState.ENDED
            case "leave-out":
                return state is not CampaignState.ENDED and one is not None and self._movable(one)
        return True

    def _movable(self, one: Member) -> bool:
        """Whether a person can leave it out, or take it in again."""
        planned = self.campaign.state is CampaignState.PLANNED
        waits = one.state in (MemberState.WAITS, MemberState.NEEDS_YOU)
        return waits or (planned and (one.by_person or one.tickable))

    # acts

    def _act(self, name: str, act: Callable[[], str], done: str) -> bool:
        """Do it if it may be done; what came of it is said."""
        why = self.why_not(name)
        if not why:
            try:
                why = act()
            except (EvacError, ValueError, OSError) as error:
                why = clean(error)
        self._seen = None
        self.read()
        self.say(why or done, "warning" if why else "information")
        return not why

    def confirm_count(self, count: int) -> None:
        """The count was typed: so many go."""
        service, found = self.services.campaigns, self.campaign
        if service is None or not found.id:
            self.say(self.services.journal_trouble or "the plan is not kept yet", "warning")
            return
        done = f"confirmed: {counted(count, 'instance')}; it goes on without this console"
        if self._act("confirm", lambda: service.confirm(found.id, count, found.rules.accept), done):
            self.confirmed()
            self.redraw()

    def verb_pause(self) -> None:
        """Nothing new begins; what was begun goes on."""
        service = self.services.campaigns
        if service is not None and self.useful("pause"):
            self._act("pause", lambda: service.pause(self.ident), "paused: what was begun goes on to its end")

    def verb_resume(self) -> None:
        """Go on; a plan is looked at anew."""
        service = self.services.campaigns
        if service is None:
            self.say(self.services.journal_trouble or "the journal is not open yet", "warning")
        elif self.campaign.state is not CampaignState.PLANNED:
            self._act("resume", lambda: service.resume(self.ident), "resumed")
        elif self.ident:
            self._act("resume", lambda: service.look(self.ident), "each of them is looked at again")
        else:
            self._plan(self.campaign.rules, self.campaign.options)
            self.keep()
            self.redraw()

    def verb_leave_out(self) -> None:
        """Leave the member under the cursor out, or take it in again while nobody has confirmed the plan."""
        service, one = self.services.campaigns, self.current
        if service is None or one is None:
            return
        if not self.useful("leave-out"):
            self.say(f"{one.label}: {_why_not_movable(one)}", "warning")
            return
        out = not one.by_person
        told = f"{one.label} is left out" if out else f"{one.label} is looked at again"
        self._act("leave-out", lambda: service.leave_out(self.ident, one.key, out=out), told)

    def verb_rules(self) -> None:
        """Other rules, and before it is confirmed other options and ticks."""
        from screens.campaign.rules import RulesForm

        if why := self.why_not("rules"):
            self.say(why, "warning")
            return
        if not self.useful("rules"):
            self.say("it has ended: its rules mean nothing any more", "warning")
            return

        def answered(changed: tuple[CampaignRules, ActionOptions] | None) -> None:
            if changed is not None:
                self._change(*changed)

        self.app.push_screen(RulesForm(self.campaign, self.services), answered)

    def _change(self, rules: CampaignRules, options: ActionOptions) -> None:
        service, found = self.services.campaigns, self.campaign
        if service is None:
            return
        if options == found.options:
            if rules != found.rules:
                self._act(
                    "rules", lambda: service.change_rules(self.ident, rules), "the rules are others now"
                )
            return
        # Other options are another plan: each is looked at anew.
        if self._act("give-up", lambda: service.give_up(self.ident), ""):
            self.keys = self.keys or tuple(one.key for one in found.members)
            self.action, self.ident, self._seen = found.action, "", None
            self._plan(rules, options)
            self.keep()
            self.say("planned anew with these options")

    def verb_give_up(self) -> None:
        """Asked once more: it can't be taken up again."""
        from screens.campaign.give_up import GiveUpQuestion

        if why := self.why_not("give-up"):
            self.say(why, "warning")
            return
        if not self.useful("give-up"):
            self.say("it has ended already", "warning")
            return

        def answered(yes: bool | None) -> None:
            service = self.services.campaigns
            if yes and service is not None:
                self._act("give-up", lambda: service.give_up(self.ident), "given up: nothing more begins")
            elif not yes:
                self.say("not given up: it stands as it stood")

        self.app.push_screen(GiveUpQuestion(self.campaign), answered)

    # taking away

    def verb_copy_summary(self) -> None:
        """To paste into the incident channel."""
        services = self.services
        told = "\n".join(campaign_summary(self.campaign, services.zone, services.now()))
        self.copy(told, f"summary of campaign {self.campaign.id or 'planned here'}")

    def verb_export(self) -> None:
        """Members, order, times and reasons, as a new file in this folder."""
        from screens.campaign.export import export_campaign

        services = self.services
        try:
            path = export_campaign(self.campaign, self.outlook.usual, services.now())
        except OSError as error:
            where = error.filename or "this folder"
            self.say(f"export: {where}: {error.strerror}; start evac in a folder you may write to", "warning")
            return
        self.say(f"wrote {counted(len(self.campaign.members), 'member')} to {clean(path)}")


def _why_not_movable(one: Member) -> str:
    if one.state is MemberState.GOING:
        return "it was begun, and goes on to its end"
    if one.state is MemberState.LEFT_OUT:
        return f"it is left out: {one.why}"
    return f"it is {one.state} already"
