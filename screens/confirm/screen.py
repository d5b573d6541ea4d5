"""What would happen, and the question."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from screens.base import Alarm, EvacScreen, Go, KeyLine, bindings
from screens.confirm import paint
from screens.confirm.board import ROOMY, Board, Shown
from screens.confirm.choices import Choices
from screens.confirm.desk import Desk
from screens.confirm.question import Answer, TypeName, YesNo
from tui.domain.actions import ActionOptions
from tui.domain.facts import Facts
from tui.domain.instance import Instance, Trouble
from tui.domain.offers import offers
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.text import clean
from tui.fleet.wire import ReadRequest
from tui.services import Services
from tui.settings import policy

FRESH = timedelta(minutes=2)
"""A state read longer ago is read again before anything is confirmed."""
PAUSE = 0.4
"""Seconds the question must have stood there before a key can be an answer to it."""
POLL = 0.25
"""Seconds between two looks into the journal for AWS's answer."""


class ConfirmScreen(EvacScreen):
    """Of an action on the instance with this key (`region/id`), as it was when the key was pressed."""

    CSS_PATH = "confirm.tcss"
    AUTO_FOCUS = ""
    VERTICAL_BREAKPOINTS = [(0, "-short"), (ROOMY, "-tall")]  # noqa: RUF012 - Textual's own annotation of this variable
    NAMES = ("back", "reread", "operations", "help", "palette")
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(NAMES),
        Binding("up,k", "more(-1)", show=False),
        Binding("down,j", "more(1)", show=False),
        Binding("pageup", "more(-5)", show=False),
        Binding("pagedown", "more(5)", show=False),
    ]

    def __init__(self, services: Services, action: str, key: str) -> None:
        super().__init__(services)
        self.action, self.key = action, key
        self.instance: Instance | None = services.store.get(key)
        self.facts: Facts | None = None
        self.draft: Draft | None = None
        self.desk = Desk(services)
        self.trouble: Trouble | None = None
        self.looking = False
        self.pause = PAUSE
        self.changed: list[str] = []
        self.wrong = ""
        self.permission: paint.Permission | None = None
        self._read_at = services.now()
        self._armed = False
        self._answered = False
        self._left = False

    @property
    def subject(self) -> Instance | None:
        """The instance this is about, and no other."""
        return self.instance

    def compose(self) -> ComposeResult:
        """From the gravest question, whose it is, down to the answer."""
        yield Alarm()
        yield Board(self.services, self.action, self.key)
        yield KeyLine()

    def on_mount(self) -> None:
        """Read it again before anything is said of it."""
        self.set_interval(POLL, self._poll)
        self._look()

    def on_unmount(self) -> None:
        """However it was left: without a yes nothing comes of it."""
        self.desk.refuse("cancelled")

    # reading

    def _look(self, *, answered: bool = False) -> None:
        """Read it again. `answered`: the operator has said yes already, and means it if nothing has changed."""
        self.looking, self.trouble, self._answered = True, None, answered
        self._draw()
        self.run_worker(self._read(), exclusive=True, group="look")

    async def _read(self) -> None:
        link, row = self.services.link, self.instance
        if row is None:
            return self._failed(
                Trouble("gone", clean("it is no longer in the list"), clean("leave with esc"))
            )
        if link is None:
            return self._failed(
                Trouble("internal", clean("there is no collector"), clean("start evac again"))
            )
        answer = await link.request(ReadRequest(0, "look", row.target, str(row.instance_id)))
        if answer.instance is None:
            nothing = Trouble("internal", clean("AWS told nothing of it"), clean("try again"))
            return self._failed(answer.trouble or nothing)
        self.looking = False
        before, self.instance, self.facts = self.draft, answer.instance, answer.facts
        self._read_at = self.services.now()
        await self._choices(answer.instance)
        self._plan(before)
        return None

    def _failed(self, trouble: Trouble) -> None:
        self.looking, self.trouble = False, trouble
        self._disarm()
        self.desk.withdraw("the instance could not be read")
        self._draw()

    async def _choices(self, instance: Instance) -> None:
        """The fields, once; anew if other events can be moved now."""
        held = self.query(Choices)
        settings, now = self.services.settings, self.services.now()
        options = ActionOptions(wait_for_image=settings.actions.wait_for_image)
        rules = policy(settings, instance.target.profile)
        offered = offers(self.action, instance, self.facts, options, rules, now)
        fresh = Choices(self.action, instance, now, self.services.zone, options, settings.ascii, offered)
        if held and held.first().same(fresh):
            return
        await held.remove()
        await self.query_one("#options").mount(fresh)
        if self.action == "reschedule" and not fresh.empty:
            fresh.focus_first()

    # planning

    def _drafted(self, instance: Instance) -> Draft:
        """The plan for what is known and chosen now."""
        settings = self.services.settings
        rules = policy(settings, instance.target.profile)
        options = self.query_one(Choices).options
        made = draft(self.action, instance, self.facts, options, rules, self.services.now())
        return self.desk.checked(made)

    def _plan(self, before: Draft | None) -> None:
        """Draw the plan anew; hand it in unless it waits for a choice, or the answer given still fits."""
        assert self.instance is not None
        choices = self.query_one(Choices)
        made = self._drafted(self.instance)
        self.draft = made
        if before is not None:
            self.changed = paint.differences(before, made)
            if self._answered and not self.changed and self.desk.operation:
                self._send()
                return
        self._answered = False
        self._disarm()
        if self.action != "reschedule" or choices.settled:
            self._hand_in()
        else:
            self.desk.withdraw("the choices changed")
        self._draw()

    def _hand_in(self) -> None:
        """What is handed in is what is drawn: the choices as they are now."""
        if self.instance is None or self.query_one(Choices).trouble:
            return
        self.draft = self._drafted(self.instance)
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
        if self._left or self.looking or self.trouble is not None or self.draft is None:
            return
        if not self.desk.operation:
            self._hand_in()
        if message.go_on and self.draft.guard.kind is not GuardKind.BLOCKED:
            self.set_focus(None)
            self._focus_question()
        self._draw()

    # the question

    def _poll(self) -> None:
        """What the hands have written."""
        if self.looking or not self.desk.operation:
            return
        operation = self.desk.look()
        if operation is None:
            if self.desk.trouble:
                self._disarm()
                self._draw()
            return
        settings = self.services.settings
        answer = paint.permission(operation, self.services.now(), settings.ascii)
        if self.permission is None or answer.line != self.permission.line:
            self.permission = answer
            self._draw()
        open_to = (paint.Answered.YES, paint.Answered.SILENT)
        if answer.answered in open_to and not self._armed:
            self._armed = True
            self._draw()
            self.call_after_refresh(self._arm)
        elif answer.answered not in open_to and self._armed:
            self._disarm()
            self._draw()

    def _arm(self) -> None:
        """The question stands there: keys that come from a moment later on are answers."""
        if not self._armed or self.draft is None:
            return
        at = time.monotonic() + self.pause
        self.query_one(YesNo).armed_at = self.query_one(TypeName).armed_at = at
        self._focus_question()

    def _focus_question(self) -> None:
        """Unless the operator is busy with a choice."""
        if self._armed and self.draft is not None and self.focused is None:
            typed = self.draft.guard.kind is GuardKind.TYPE_NAME
            self.set_focus(self.query_one(TypeName) if typed else self.query_one(YesNo))

    def _disarm(self) -> None:
        """Nothing can be answered until it is asked again."""
        self._armed, self.permission, self.wrong = False, None, ""
        name, yes_no = self.query_one(TypeName), self.query_one(YesNo)
        name.armed_at = yes_no.armed_at = float("inf")
        name.value = ""
        if self.focused in (name, yes_no):
            self.set_focus(None)

    @on(Answer)
    def _answer(self, message: Answer) -> None:
        """Yes, no, or a wrong name."""
        message.stop()
        if not message.yes:
            self.wrong = message.why
            self._draw()
            if not message.why:
                self.verb_back()
            return
        self._poll()
        if not self._armed or self.draft is None or self.looking:
            return
        row = self.services.store.get(self.key)
        newer = row is not None and row.status_at is not None and row.status_at > self._read_at
        moved = newer and row is not None and row.state is not self.draft.state
        crossed = self.desk.checked(self.draft) != self.draft
        if moved or crossed or self.services.now() - self._read_at > FRESH:
            self._look(answered=True)
            return
        self._send()

    def _send(self) -> None:
        """Confirmed: the hands go on, and this console follows."""
        operation = self.desk.confirm()
        if not operation:
            self.wrong = (
                self.desk.trouble or "it no longer waits for a confirmation: press r to plan it again"
            )
            self._draw()
            return
        self._left = True
        self.dismiss()
        self.app.post_message(Go("operations", operation))

    # drawing

    def tick(self) -> None:
        """Ages grow."""
        for choices in self.query(Choices):
            choices.at(self.services.now())
        self.query_one(Board).draw_state(self._shown())

    def on_resize(self) -> None:
        """Steps run together where there is little room. (Textual calls the base's handler as well.)"""
        self._draw()

    def _draw(self) -> None:
        if not (self.there and self.is_mounted):
            return
        self.query_one(Board).draw(self._shown())
        self.draw_keys()

    def _shown(self) -> Shown:
        choices = self.query(Choices)
        return Shown(
            instance=self.instance,
            read_at=self._read_at,
            looking=self.looking,
            trouble=self.trouble,
            changed=tuple(self.changed),
            draft=self.draft,
            answered=self._answered,
            permission=self.permission,
            armed=self._armed,
            wrong=self.wrong,
            handed_in=bool(self.desk.operation),
            hindrance=self.desk.trouble,
            wrong_choice=bool(choices and choices.first().trouble),
        )

    # verbs

    def verb_back(self) -> None:
        """Cancel: the default."""
        self._left = True  # a field that loses its focus by this settles nothing
        self.desk.refuse("cancelled")
        self.dismiss()

    def verb_reread(self) -> None:
        """From the start: what was handed in is withdrawn."""
        if not self.looking:
            self._disarm()
            self.changed = []
            self.desk.withdraw("planned anew")
            self._look()

    def action_more(self, by: int) -> None:
        """The rest of the consequences."""
        self.query_one("#costs").scroll_relative(y=by, animate=False)
