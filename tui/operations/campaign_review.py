"""A campaign that nobody has confirmed: each member is looked at, and AWS is asked once an account, Region and action.

What is found is written to the members one by one, so that whoever looks at the plan sees it come in. In the end they are put
into the order that follows from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from msgspec.structs import replace

from tui.config.schema import Settings, policy
from tui.domain.answers import Permission, RefusedBy
from tui.domain.campaign.model import Campaign, Member, MemberState
from tui.domain.campaign.plan_values import CampaignPlan
from tui.domain.campaign.planning import Outlook, plan_campaign
from tui.domain.campaign.turn import bucket_of
from tui.domain.facts import Facts
from tui.domain.instance import Instance, Target
from tui.domain.plan import Draft, GuardKind
from tui.domain.sanitize import clean
from tui.domain.this_machine import Here
from tui.operations.aws_gateway import FreshLooks, Looked
from tui.operations.campaign_context import Context
from tui.operations.campaign_outlook import outlook_of
from tui.operations.service import Answered, OperationsService, UnauditedError, dry_run_answer
from tui.operations.spawn import LaunchError, ReadOnlyError

_ANSWER_WITHIN = timedelta(seconds=60)
"""How long AWS's answer to a dry run is waited for; then it is unknown, and asked again at each member's turn."""
_ASKED_AT_ONCE = 4
"""Dry runs that are waited for together: each has a runner of its own."""
_ONLY_ASKED = "asked for the plan of a campaign, and nothing else"
_Seen = dict[str, tuple[Instance, Facts | None]]


class Review:
    """One review of one plan."""

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context, self._settings = context, settings
        self._seen: _Seen = {}
        self._refused: dict[str, tuple[str, str]] = {}
        self._outlook = Outlook()

    def run(self, campaign: Campaign) -> Generator[None, None, None]:
        """Look at all who may go, ask AWS, set the order. Yields between two steps, so that the lease is kept and a confirmation
        is noticed. Raises JournalError."""
        context = self._context
        self._outlook = outlook_of(context.journal, self._settings, campaign.action, context.now())
        members = [one for one in campaign.members if not one.by_person]
        lookers = ThreadPoolExecutor(FreshLooks.AT_ONCE, "look")
        try:
            answers = lookers.map(self._look, members)
            for number, (member, looked) in enumerate(zip(members, answers, strict=True), 1):
                self._context.campaigns.note(
                    campaign.id, self._context.name, f"looking: {number} of {len(members)}"
                )
                self._judge(campaign, member, looked)
                yield
        finally:
            lookers.shutdown(cancel_futures=True)  # it may have been confirmed meanwhile
        yield from self._permissions(campaign)
        self._order(campaign)
        self._context.campaigns.note(campaign.id, self._context.name, "")

    def _look(self, member: Member) -> Looked:
        return self._context.look(
            Target(member.profile, member.region), str(member.instance_id), str(member.account_id)
        )

    def _planned(self, campaign: Campaign, rows: Sequence[Instance], here: Here) -> CampaignPlan:
        settings = self._settings
        return plan_campaign(
            rows,
            lambda row: self._seen[row.key][1],
            campaign.action,
            campaign.options,
            campaign.rules,
            lambda row: policy(settings, row.target.profile, str(row.account_id)),
            self._context.now(),
            replace(self._outlook, here=here, refused={**self._outlook.refused, **self._refused}),
        )

    def _judge(self, campaign: Campaign, member: Member, looked: Looked) -> None:
        """Write down what was found of one."""
        context, now = self._context, self._context.now()
        row = looked.instance
        if row is None:
            state = MemberState.LEFT_OUT if looked.gone else MemberState.WAITS
            why = looked.why if looked.gone else f"it can't be read: {looked.why}"
            found = replace(
                member, state=state, why=why, tickable=False, looked_at=now if looked.gone else None
            )
            context.campaigns.write_look(campaign.id, context.name, found)
            return
        self._seen[row.key] = row, looked.facts
        self._write(campaign, row)

    def _write(self, campaign: Campaign, row: Instance) -> None:
        context = self._context
        (planned,) = self._planned(campaign, [row], context.beside(row)).members
        found = replace(planned.member, looked_at=context.now())
        context.campaigns.write_look(campaign.id, context.name, found)

    def _order(self, campaign: Campaign) -> None:
        plan = self._planned(campaign, [row for row, _ in self._seen.values()], self._context.machine())
        keys = [one.member.key for one in plan.members]
        self._context.campaigns.reorder(campaign.id, self._context.name, keys)

    # what AWS permits

    def _permissions(self, campaign: Campaign) -> Generator[None, None, None]:
        """One dry run an account, Region and profile. Who may not is left out."""
        places: dict[tuple[str, str], list[Member]] = defaultdict(list)
        for one in self._found(campaign):
            if one.key in self._seen and (one.state is MemberState.WAITS or one.tickable):
                places[one.profile, bucket_of(one)].append(one)
        todo, asked = list(places.items()), dict[tuple[str, str], tuple[Draft, str]]()
        try:
            while todo or asked:
                while todo and len(asked) < _ASKED_AT_ONCE:
                    place, members = todo.pop(0)
                    if (order := self._ask(campaign, members)) is not None:
                        asked[place] = order
                note = f"asking AWS for permission: {len(todo) + len(asked)} of {len(places)} to come"
                self._context.campaigns.note(campaign.id, self._context.name, note)
                for place, (plan, operation) in list(asked.items()):
                    if self._answered(campaign, plan, operation, places[place]):
                        del asked[place]
                self._context.sleep(0.2 if asked else 0.0)
                yield
        finally:
            for plan, operation in asked.values():
                self._withdraw(plan, operation)

    def _found(self, campaign: Campaign) -> tuple[Member, ...]:
        found = self._context.campaigns.get(campaign.id)
        return () if found is None else found.members

    def _ask(self, campaign: Campaign, members: Sequence[Member]) -> tuple[Draft, str] | None:
        """An ordinary operation that nobody will confirm, of the first of them that can be planned: its runner asks AWS."""
        for one in members:
            row, facts = self._seen[one.key]
            plan = self._context.drafted(campaign.action, row, facts, campaign.options, self._settings)
            if plan.guard.kind is not GuardKind.BLOCKED:
                try:
                    return plan, self._operations().propose(plan)
                except (UnauditedError, LaunchError, ReadOnlyError) as error:
                    self._context.say(f"AWS was not asked for permission: {clean(error)}")
                    return None
        return None

    def _operations(self) -> OperationsService:
        context, settings = self._context, self._settings
        return OperationsService(
            context.journal,
            settings,
            context.environ,
            lambda operation, profile: context.launch(operation, profile, settings),
            context.now,
        )

    def _answered(self, campaign: Campaign, plan: Draft, operation: str, members: Sequence[Member]) -> bool:
        found = self._context.journal.get(operation)
        if found is None:
            return True
        answer = dry_run_answer(found, self._context.now())
        late = self._context.now() - found.created_at > _ANSWER_WITHIN
        if answer.answered is Answered.ASKING and not late:
            return False
        self._withdraw(plan, operation)
        if found.permission is Permission.NO and found.refused_by in (RefusedBy.AWS, None):
            for one in members:
                self._refused[one.key] = "permission", answer.text
                self._write(campaign, self._seen[one.key][0])
        return True

    def _withdraw(self, plan: Draft, operation: str) -> None:
        with suppress(UnauditedError):
            self._operations().withdraw(plan, operation, _ONLY_ASKED)
