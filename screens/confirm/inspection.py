"""Reading the instance, and planning: before the question is put, and once more when it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual import on

from screens.base import EvacScreen
from screens.confirm.choices import Choices
from screens.confirm.handover import Desk
from screens.this_machine import here_now
from tui.config.schema import policy
from tui.domain.actions import ACTIONS, ActionOptions
from tui.domain.alarm_plan import minutes_of
from tui.domain.changes import HURTS_NOBODY, Reading, differences
from tui.domain.choices import offers
from tui.domain.facts import Facts
from tui.domain.instance import Instance, InstanceState, Trouble, TroubleKind
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.sanitize import clean
from tui.fleet.protocol import ReadKind, ReadRequest
from tui.operations.service import DryRunAnswer
from tui.services import Services

if TYPE_CHECKING:
    from screens.confirm.start_advice import StartAdvice
    from tui.domain.new_start import Companion


class Looking(EvacScreen):
    """Holds the instance as last read, the plan for it, and the desk where it is handed in. A subclass puts the question.

    `answered`: the operator's yes is there, and one more look is taken; `armed`: the question is put, so an answer would count;
    `note` is of the marks.
    """

    def __init__(
        self,
        services: Services,
        action: str,
        key: str,
        options: ActionOptions | None = None,
        instance: Instance | None = None,
    ) -> None:
        super().__init__(services)
        self.action, self.key, self._settled_options = action, key, options or ActionOptions()
        self.instance: Instance | None = services.store.get(key) or instance
        self.facts: Facts | None = None
        self.draft: Draft | None = None
        self.desk = Desk(services)
        self.trouble: Trouble | None = None
        self.looking = False
        self.changed: list[str] = []
        self.permission: DryRunAnswer | None = None
        self.read_at = services.now()
        self.answered = self.armed = self._left = False
        self.note = self.wrong = self.hint = ""

    @property
    def subject(self) -> Instance | None:
        """The instance this is about, and no other."""
        return self.instance

    # what a subclass does

    def _draw(self) -> None:
        raise NotImplementedError

    def _disarm(self) -> None:
        raise NotImplementedError

    def _hold(self) -> None:
        raise NotImplementedError

    def _poll(self) -> None:
        raise NotImplementedError

    def _send(self) -> None:
        raise NotImplementedError

    def _focus_question(self) -> None:
        raise NotImplementedError

    # reading

    def _look(self, *, answered: bool = False) -> None:
        """Read it again. `answered`: the operator has said yes already, and means it if nothing has changed."""
        self.looking, self.trouble, self.answered = True, None, answered
        if answered:
            self._hold()
        self._draw()
        self.run_worker(self._read(), exclusive=True, group="look")

    async def _read(self) -> None:
        link, row = self.services.link, self.instance
        if row is None:
            return await self._failed(
                Trouble(TroubleKind.GONE, clean("it is no longer in the list"), clean("leave with esc"))
            )
        if link is None:
            return await self._failed(
                Trouble(TroubleKind.INTERNAL, clean("there is no collector"), clean("start evac again"))
            )
        names = here_now(self.services).names
        answer = await link.request(ReadRequest(0, ReadKind.LOOK, row.target, str(row.instance_id), names))
        found = answer.instance
        if found is None and self._outlives(answer.trouble):
            found = replace(row, state=InstanceState.TERMINATED)
        if found is None:
            nothing = Trouble(TroubleKind.INTERNAL, clean("AWS told nothing of it"), clean("try again"))
            return await self._failed(answer.trouble or nothing)
        facts = await self.desk.with_holds(found, answer.facts)
        before = self._reading()
        self.instance, self.facts = found, facts
        self.read_at = self.services.now()
        await self._choices(found)
        self.looking = False
        self._plan(before)
        return None

    def _outlives(self, trouble: Trouble | None) -> bool:
        """Whether what is to be put back is there without its instance, which is gone: an alarm is."""
        return trouble is not None and trouble.kind is TroubleKind.GONE and ACTIONS[self.action].of_operation

    def _reading(self) -> Reading | None:
        if self.draft is None or self.instance is None:
            return None
        return Reading(self.draft, self.instance, self.facts)

    @property
    def old(self) -> bool:
        """Whether the plan is made of what was read before, since it can't be read now and hurts nobody."""
        unread = self.trouble is not None and self.trouble.kind is not TroubleKind.GONE
        return unread and self.instance is not None and self.action in HURTS_NOBODY

    @property
    def wrong_choice(self) -> bool:
        """Whether what was typed into a field can't be taken."""
        choices = self.query(Choices)
        return bool(choices and choices.first().trouble)

    async def _failed(self, trouble: Trouble) -> None:
        """Nothing is done to what could not be read; but what is down may be started all the same."""
        answered, self.trouble = self.answered, trouble
        if self.old and answered and self.desk.operation:
            self.looking = False
            self._send()
            return
        if self.old and self.instance is not None:
            await self._choices(self.instance)
            self.looking = False
            self._plan(None)
            return
        self.looking = self.answered = False
        self._disarm()
        self.desk.withdraw("the instance could not be read")
        self._draw()

    async def _choices(self, instance: Instance) -> None:
        """The fields, once; anew if something else can be chosen now, with what was chosen where it still can be."""
        held = self.query(Choices)
        settings, now = self.services.settings, self.services.now()
        options = replace(self._settled_options, wait_for_image=settings.actions.wait_for_image)
        rules = policy(settings, instance.target.profile, instance.account_id)
        offered = offers(self.action, instance, self.facts, options, rules, now, here_now(self.services))
        wanted = ACTIONS[self.action]
        minutes = minutes_of(wanted, instance, self.facts, ActionOptions()) if wanted.alarm else 0
        starts = (self._start_advice(instance),) if wanted.moves_event else ()
        fresh = Choices(self.action, instance, now, self.services.zone, options, offered, minutes, *starts)
        if held and held.first().choosable == fresh.choosable:
            return
        if held:
            fresh.keep(held.first())
        await held.remove()
        await self.query_one("#options").mount(fresh)
        if ACTIONS[self.action].moves_event and not fresh.empty:
            fresh.focus_first()

    def _start_advice(self, instance: Instance) -> StartAdvice:
        """Of an event's new start: the hours of maintenance, and what falls together with it as it is known when it is told."""
        from screens.confirm.start_advice import StartAdvice
        from tui.domain.campaign.hours import read_hours
        from tui.domain.known_groups import groups_beside
        from tui.domain.new_start import others_announced

        services, settings = self.services, self.services.settings

        def others() -> Sequence[Companion]:
            groups = groups_beside(instance, self.facts, settings.campaign.together)
            return others_announced(instance, services.store.rows(), groups, services.now())

        return StartAdvice(read_hours(settings.maintenance.hours), others)

    # planning

    def _drafted(self, instance: Instance) -> Draft:
        """The plan for what is known and chosen now."""
        settings = self.services.settings
        rules = policy(settings, instance.target.profile, instance.account_id)
        options = self.query_one(Choices).options
        now, here = self.services.now(), here_now(self.services)
        made = draft(self.action, instance, self.facts, options, rules, now, here)
        return self.desk.checked(made)

    def _plan(self, before: Reading | None) -> None:
        """Draw the plan anew; hand it in unless it waits for a choice, or the answer given still fits."""
        assert self.instance is not None
        choices = self.query_one(Choices)
        self.draft = made = self._drafted(self.instance)
        if before is not None:
            self.changed = list(differences(before, Reading(made, self.instance, self.facts)))
            if self.answered and not self.changed and self.desk.operation:
                self._send()
                return
        self.answered = False
        self._disarm()
        if not ACTIONS[self.action].moves_event or choices.settled:
            self._hand_in()
        else:
            self.desk.withdraw("the choices changed")
        self._draw()

    def _hand_in(self) -> None:
        """What is handed in is what is drawn."""
        if self.draft is not None and not self.query_one(Choices).trouble:
            self.desk.hand_in(self.draft)
            self._poll()

    @on(Choices.Changed)
    def _chosen(self) -> None:
        """Another plan: what was handed in is void at once."""
        if self.instance is None or self.looking:
            return
        self.changed = []
        self._disarm()
        self.desk.withdraw("the choices changed")
        self.draft = self._drafted(self.instance)
        self._draw()

    @on(Choices.Settled)
    def _settled(self, message: Choices.Settled) -> None:
        """Ask AWS, once the choice is made."""
        readable = self.trouble is None or self.old
        if self._left or self.looking or not readable or self.draft is None:
            return
        if not self.desk.operation:
            self._hand_in()
        if message.go_on and self.draft.guard.kind is not GuardKind.BLOCKED:
            self.set_focus(None)
            self._focus_question()
        self._draw()
