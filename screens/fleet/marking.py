"""Marks in the list: set one by one, all of the view, or up to the cursor. What a guarded verb means while some are set."""

from __future__ import annotations

from collections.abc import Sequence

from screens.base import Go, PlanMany
from screens.fleet.table import FleetRow
from screens.fleet.taking_away import TakingAway
from screens.static_line import Line
from tui.commands import VERBS, effective
from tui.domain.actions import alike
from tui.domain.instance import Instance
from tui.domain.plurals import counted


class Marking(TakingAway):
    """One marked: a verb is about that one. Several: it is asked whether all of them are meant, which plans a campaign."""

    @property
    def acts_on(self) -> Instance | None:
        """The one that is marked; else the one under the cursor."""
        marked = self.marks.rows(self.services.store)
        return marked[0] if len(marked) == 1 else self.subject

    def act(self, name: str, instance: Instance | None) -> None:
        """With several marked it is asked which are meant."""
        if len(self.marks) < 2:
            super().act(name, instance)
            return
        from screens.fleet.marked_question import MarkedAnswer, WhichQuestion

        cursor, title = self.subject, VERBS[name].title
        alone = "no instance is under the cursor" if cursor is None else self.allowed(VERBS[name], cursor)

        def answered(meant: MarkedAnswer | None) -> None:
            if meant is MarkedAnswer.MARKED:
                self._act_on_marked(name)
            elif meant is MarkedAnswer.CURSOR:
                super(Marking, self).act(name, cursor)
            else:
                self.say(f"nothing was sent: {title}")

        marks = self.marks
        self.app.push_screen(WhichQuestion(title, marks, cursor, alone or "", _why_not_many(name)), answered)

    def _act_on_marked(self, name: str) -> None:
        """Plan a campaign; where the key stands for several actions it is asked which."""
        rows = self.marks.rows(self.services.store)
        if not rows:
            return
        actions = {effective(name, row) for row in rows}
        if len(alike(name)) == 1:
            self._plan(actions.pop() if len(actions) == 1 else name)
            return
        from screens.which_action import action_question_for_many

        question = action_question_for_many(name, len(rows), self.services)

        def answered(action: str | None) -> None:
            if action:
                self._plan(action)
            else:
                self.say(f"nothing was sent: {question.asked}")

        self.app.push_screen(question, answered)

    def _plan(self, action: str) -> None:
        self.post_message(PlanMany(action, self.marks.in_order))

    def verb_more_copies(self) -> None:
        """Of the marked, if several are."""
        if len(self.marks) < 2:
            super().verb_more_copies()
        else:
            self.post_message(Go("marked-copies", known=self.marks.in_order))

    def verb_mark(self) -> None:
        """Mark or unmark, and go on to the next."""
        row = self.subject
        if row is not None:
            self.marks.toggle(row)
            self.table.action_move(1)
            self.fleet_changed()

    def verb_mark_all(self) -> None:
        """All that the view lists, in its order; where all of it is marked already, none of it."""
        self._mark(
            [row for row in self.table.rows if isinstance(row, Instance)], "this view lists no instance"
        )

    def verb_mark_to(self) -> None:
        """From the one marked last to the cursor, both included; without one in the view, from the first line."""
        table = self.table
        last = self.marks.last
        lines = [at for at, row in enumerate(table.rows) if isinstance(row, Instance) and row.key == last]
        first = min(lines, key=lambda at: abs(at - table.cursor), default=0)
        start, end = sorted((first, table.cursor))
        rows = [row for row in table.rows[start : end + 1] if isinstance(row, Instance)]
        if rows and table.cursor < first:
            rows.reverse()  # the one under the cursor is marked last
        self.marks.add(rows)
        self.fleet_changed()

    def _mark(self, rows: Sequence[Instance], nothing: str) -> None:
        if not rows:
            self.say(nothing, "warning")
            return
        if all(row.key in self.marks for row in rows):
            self.marks.remove(rows)
            told = f"{counted(len({row.key for row in rows}), 'mark')} taken back"
            self.say(f"{told}; {self.marks.count}" if self.marks else told)
        else:
            self.marks.add(rows)
        self.fleet_changed()

    def draw_marks(self, rows: Sequence[FleetRow]) -> None:
        """How many are marked, and how many of them one does not see, at every width."""
        line = self.query_one("#marks", Line)
        if self.marks:
            shown = [row.key for row in rows if isinstance(row, Instance)]
            for name in self.marks.settle(self.services.store, shown):
                self.say(f"{name} is no longer in the list: it is not marked any more", "warning")
        if line.display != bool(self.marks):
            line.display = bool(self.marks)
        if self.marks:
            line.paint(self.marks.line())


def _why_not_many(name: str) -> str:
    """Why none of the actions of this verb is done to many at once; empty: one is."""
    from tui.domain.campaign.turn import why_no_campaign  # the first frame plans nothing

    reasons = [why_no_campaign(one) for one in alike(name)]
    return "" if "" in reasons else reasons[0]
