"""A member at its turn: looked at afresh, drafted anew, judged once more, and begun; or why it is not, now or at all.

Whatever was true when the campaign was confirmed, what is true now decides. Nothing here is about members that were begun.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.config.schema import Settings, policy
from tui.domain.actions import ACTIONS
from tui.domain.campaign.judgement import LAST_HEALTHY, objections, options_for, standing_objections
from tui.domain.campaign.keys import keys_of
from tui.domain.campaign.model import Campaign, Member, MemberState
from tui.domain.campaign.together import tags_of, why_short
from tui.domain.campaign.turn import Begin, Later, Situation, excluding, next_turn
from tui.domain.facts import Facts
from tui.domain.instance import Instance, Target
from tui.domain.plan import Draft, refusals
from tui.domain.sanitize import clean
from tui.operations import conflicts
from tui.operations.campaign_context import Context
from tui.operations.campaign_outcome import NOT_BEGUN, in_service, member_operations, ready_at
from tui.operations.campaign_programs import MemberPrograms
from tui.operations.group_turn import known
from tui.operations.journal import JournalError
from tui.operations.spawn import LaunchError, ReadOnlyError

_LATER = timedelta(seconds=20)
"""After which one is looked at again that could not be begun: its group is short, another operation is at it."""
_LOOKS = 3
"""How often in a row one that can't be read is looked at, before the campaign is paused."""
_READ_AGAIN = timedelta(seconds=3)


class Beginning:
    """Begins members of one campaign. It remembers only who is not to be asked again at once."""

    def __init__(self, context: Context, programs: MemberPrograms) -> None:
        self._context, self._programs = context, programs
        self._aside: dict[str, tuple[str, datetime]] = {}
        self._unread: dict[str, int] = {}

    def put_aside(self, key: str, why: str, wait: timedelta = _LATER) -> None:
        """This member (`region/id`) is not begun for a while."""
        self._aside[key] = clean(why, 300), self._context.now() + wait

    def situation(self, campaign: Campaign, settings: Settings) -> Situation:
        """What the campaign itself does not know. Raises JournalError."""
        context, now = self._context, self._context.now()
        self._aside = {key: one for key, one in self._aside.items() if one[1] > now}
        waiting = campaign.of(MemberState.WAITS)
        failed = member_operations(context.journal, campaign, MemberState.FAILED)
        action = ACTIONS[campaign.action]
        return Situation(
            holds=tuple(context.journal.holds(now)),
            back=frozenset(key for key, one in failed.items() if one is not None and in_service(one)),
            ready_at=ready_at(context.journal, waiting, now) if action.starts else {},
            aside={key: why for key, (why, _) in self._aside.items()},
            forbidden=_forbidden(campaign, settings),
        )

    def begin(self, campaign: Campaign, member: Member, situation: Situation, settings: Settings) -> str:
        """Begin it, or put it where it belongs; what there is to say, empty if it was begun. Raises JournalError."""
        context = self._context
        if why := settings.why_refused(member.profile, campaign.action, (), str(member.account_id)):
            return self._not_begun(campaign, member, MemberState.NEEDS_YOU, why)
        target = Target(member.profile, member.region)
        looked = context.look(target, str(member.instance_id), str(member.account_id))
        if looked.instance is None:
            if looked.gone:
                return self._not_begun(campaign, member, MemberState.LEFT_OUT, looked.why)
            return self._cannot_read(member, looked.why)
        self._unread.pop(member.key, None)
        row, facts = looked.instance, looked.facts
        if not self._still_with_its_keys(campaign, member, row, facts, situation):
            return ""
        options = options_for(campaign.options, member.dangers, campaign.rules.accept)
        plan = context.drafted(campaign.action, row, facts, options, settings)
        region, ident = member.region, str(member.instance_id)
        if other := conflicts.in_the_way(context.journal.unfinished(), campaign.action, region, ident):
            self.put_aside(member.key, f"{other.title} ({other.id}) is not finished")
            return ""
        waits, needs = self._against(campaign, plan, facts, settings)
        if needs:
            return self._not_begun(campaign, member, MemberState.NEEDS_YOU, needs)
        if waits:
            self.put_aside(member.key, waits)
            return ""
        if short := self._together(campaign, row):
            self.put_aside(member.key, short)
            return ""
        situation = self._held(situation, row, settings)
        turn = next_turn(campaign, context.now(), situation)
        if isinstance(turn, Later):  # another machine holds its group, say
            self.put_aside(member.key, turn.why, _READ_AGAIN)
        if not isinstance(turn, Begin) or turn.member.key != member.key:
            return ""  # while it was looked at it became the turn of one before it
        if not settings.campaign.before:
            return self._now(campaign, member, plan, situation, settings)[1]
        end = self._programs.before(row, settings, campaign.action)
        waiting, starts = campaign.of(MemberState.WAITS), ACTIONS[campaign.action].starts
        ready = ready_at(context.journal, waiting, context.now()) if starts else {}
        situation = replace(self._held(situation, row, settings), ready_at=ready)  # it may have taken a while
        operation, told = self._now(campaign, member, plan, situation, settings)
        if operation:
            self._programs.remark(operation, end)
        else:
            self._programs.not_begun(row, settings, campaign.action)
        return told

    def _together(self, campaign: Campaign, row: Instance) -> str:
        """Why it waits for others that belong together with it, in the campaign or not; empty: all of them are in service."""
        context = self._context
        if not excluding(ACTIONS[campaign.action], campaign.options):
            return ""
        for tag, value in tags_of(row, campaign.rules.together):
            mates = context.mates(row.target, tag, value, str(row.account_id))
            if mates is None:
                return f"those of {tag}={value} can't be read"
            if short := why_short(row, tag, value, mates, context.now()):
                return str(short)
        return ""

    def _still_with_its_keys(
        self, campaign: Campaign, member: Member, row: Instance, facts: Facts | None, situation: Situation
    ) -> bool:
        """Whether it is its turn with the keys that were just read, which are written down. It keeps those it had: a part that
        can't be read now must not let two of a group go."""
        context = self._context
        keys = tuple(sorted({*member.keys, *keys_of(row, facts, campaign.rules.together)}))
        if keys == tuple(sorted(member.keys)):
            return True
        context.campaigns.set_keys(campaign.id, member, keys)
        turn = next_turn(context.campaigns.get(campaign.id) or campaign, context.now(), situation)
        return isinstance(turn, Begin) and turn.member.key == member.key

    def _held(self, situation: Situation, row: Instance, settings: Settings) -> Situation:
        """With the holds of other machines as they are now."""
        context = self._context
        account, region = str(row.account_id), row.target.region
        return replace(situation, holds=known(context.journal, settings, account, region, context.now()))

    def _now(
        self, campaign: Campaign, member: Member, plan: Draft, situation: Situation, settings: Settings
    ) -> tuple[str, str]:
        """Its operation, if it is under way, and what there is to say."""
        context = self._context
        begun = context.campaigns.begin(campaign.id, context.name, member, plan, situation, context.now())
        if not begun.operation:
            self.put_aside(member.key, begun.why, _READ_AGAIN)
            return "", begun.why
        try:
            context.audit(plan, "plan", "planned", begun.operation)
            context.start_runner(begun.operation, member.profile, settings)
        except (OSError, LaunchError, ReadOnlyError) as error:
            why = f"{NOT_BEGUN}: {clean(error)}"
            current = context.journal.get(begun.operation)
            if current is not None and not current.runner:  # nobody else was so fast to start one
                context.journal.abandon(begun.operation, why, context.now())
            context.campaigns.pause(campaign.id, f"{member.label}: {why}")
            return "", f"{member.label}: {why}"
        return begun.operation, ""

    def _cannot_read(self, member: Member, why: str) -> str:
        times = self._unread[member.key] = self._unread.get(member.key, 0) + 1
        if times < _LOOKS:
            self.put_aside(member.key, why, _READ_AGAIN)
            return ""
        self._unread.pop(member.key)
        told = f"{member.label} can't be read: {why}"
        self._context.campaigns.pause(self._context.ident, told)
        return told

    def _not_begun(self, campaign: Campaign, member: Member, state: MemberState, why: str) -> str:
        context = self._context
        if context.campaigns.conclude(campaign.id, member, state, why):
            with suppress(OSError, JournalError):
                context.audit(None, "turn", f"{state.value}: {member.key}: {why}", action=campaign.action)
        return f"{member.label}: {why}"

    def _against(
        self, campaign: Campaign, plan: Draft, facts: Facts | None, settings: Settings
    ) -> tuple[str, str]:
        """Why it waits, and why a person is needed; both empty: it may be begun."""
        action = ACTIONS[campaign.action]
        rules = policy(settings, plan.target.profile, str(plan.account_id))
        for code, text in refusals(action, facts, plan.options, rules):
            return "", f"{text} ({code})"
        found = objections(
            plan.hazards, action, plan.options, campaign.rules.accept, looked=facts is not None
        )
        standing = [one for one in standing_objections(found) if one.code != LAST_HEALTHY]
        if standing:
            return "", "; ".join(f"{one.text} ({one.code})" for one in standing[:3])
        short = next((one for one in found if one.code == LAST_HEALTHY), None)
        if short is not None and LAST_HEALTHY not in plan.options.overrides:
            return f"its group is short: {short.text}", ""
        return "", ""


def _forbidden(campaign: Campaign, settings: Settings) -> str:
    if settings.read_only:
        return "read-only: no changes by these settings"
    if campaign.action in settings.actions_off:
        return f"the site policy has switched {campaign.action} off"
    return ""
