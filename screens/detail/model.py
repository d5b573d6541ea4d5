"""What this console knows of one instance: the store's row, the last look at it, the journal's operations on it."""

from __future__ import annotations

from screens.detail.reasons import Reasoning
from screens.detail.view_model import Scene, TriageView, freshest
from screens.this_machine import here_now
from tui.domain.copy_plans import CopyPlans
from tui.domain.facts import Facts
from tui.domain.health import HealthReport
from tui.domain.health_notices import entities_of, health_notices_of, of_scheduled
from tui.domain.instance import Instance, Trouble, TroubleKind
from tui.domain.sanitize import SafeText
from tui.fleet.gathered import NOTHING_YET
from tui.fleet.protocol import LinkPhase, ReadAnswer, ReadKind, ReadRequest
from tui.operations.journal import JournalError
from tui.operations.model import Operation
from tui.services import Services


class Known:
    """What is known of one instance; a failed look or a vanished row keeps the last values."""

    def __init__(self, services: Services, key: str) -> None:
        self._services, self.key = services, key
        self.row: Instance | None = services.store.get(key)
        self.looked: Instance | None = None
        self.facts: Facts | None = None
        self.gathered = NOTHING_YET
        self.plans: CopyPlans | None = None
        self.health: HealthReport | None = None
        self.health_trouble = ""
        self._health_of = frozenset[SafeText]()
        self.trouble: Trouble | None = None
        self.operations: tuple[Operation, ...] = ()
        self.history_trouble = ""
        self._fresh: tuple[Instance | None, Instance | None, Instance | None] = (None, None, None)
        self._missing = False
        self._revision = -1
        self._reasoning = Reasoning()

    @property
    def gone(self) -> bool:
        """The list has it no more, or the last look found nothing."""
        return self._missing or (self.trouble is not None and self.trouble.kind is TroubleKind.GONE)

    @property
    def instance(self) -> Instance | None:
        """The store's row or a look's, whichever is fresher; the same object while neither changed."""
        if self.row is None:
            return None
        row, looked, found = self._fresh
        if row is not self.row or looked is not self.looked or found is None:
            found = freshest(self.row, self.looked)
            self._fresh = self.row, self.looked, found
        return found

    def scene(self, *, reading: bool, wide: bool, triage: TriageView) -> Scene | None:
        """All there is to draw; None if nothing is known of that key."""
        instance = self.instance
        if instance is None:
            return None
        services, link = self._services, self._services.link
        status = services.store.target(instance.target)
        health = () if status is None else status.health
        return Scene(
            instance=instance,
            now=services.now(),
            zone=services.zone,
            settings=services.settings,
            facts=self.facts,
            status=status,
            reading=reading,
            trouble=self.trouble,
            gone=self.gone,
            operations=self.operations,
            history_trouble=self.history_trouble,
            collector="" if link is None or link.state.state is LinkPhase.LIVE else link.state.state,
            wide=wide,
            here=here_now(services),
            own=services.own,
            gathered=self.gathered,
            triage=triage,
            plans=self.plans,
            health=self.health,
            health_trouble=self.health_trouble,
            links=services.links,
            reasons=self._reasoning.of(
                instance, self.gathered, self.facts, services.now(), services.zone, health
            ),
        )

    def health_due(self) -> ReadRequest | None:
        """The question for AWS's own text of what Health says of it, once for the same events; None: there is nothing to ask."""
        instance = self.instance
        if instance is None:
            return None
        status = self._services.store.target(instance.target)
        place = () if status is None else status.health
        now = self._services.now()
        told = [one.event for one in health_notices_of(instance, place, now)]
        told += [event for _, event in of_scheduled(instance, now)]
        arns = frozenset(one.arn for one in told)
        if arns <= self._health_of:
            return None
        self._health_of = arns
        return ReadRequest(
            0, ReadKind.HEALTH, instance.target, str(instance.instance_id), entities=entities_of(instance)
        )

    def take_health(self, answer: ReadAnswer) -> None:
        """Take in AWS's own text; what could not be read anew stays."""
        self.health = answer.health or self.health
        self.health_trouble = "" if answer.trouble is None else f"its own text: {answer.trouble.line}"

    def see_store(self) -> bool:
        """Take the store's row; whether its state or its events are others than what was known."""
        before, row = self.instance, self._services.store.get(self.key)
        self._missing = row is None and before is not None
        if row is None:
            return False
        self.row = row
        after = freshest(row, self.looked)
        return before is None or (after.state, after.events) != (before.state, before.events)

    def take(self, answer: ReadAnswer) -> None:
        """Take in a look's answer."""
        self.trouble = answer.trouble
        if answer.instance is not None:
            self.looked, self._missing = answer.instance, False
        if answer.facts is not None:
            self.facts = answer.facts

    def forget_revision(self) -> None:
        """What this console itself wrote to the journal does not count as a revision: read it in any case."""
        self._revision = -1

    def read_history(self) -> bool:
        """The journal's operations on it, if the journal changed; whether one has ended since."""
        journal = self._services.journal
        if journal is None:
            self.history_trouble = self._services.journal_trouble
            return False
        try:
            revision = journal.revision()
            if revision == self._revision:
                return False
            found = tuple(journal.of_instance(self.key.rpartition("/")[2]))
        except JournalError as error:
            self.history_trouble = str(error)
            return False
        was_open = {one.id for one in self.operations if one.is_open}
        self._revision, self.operations, self.history_trouble = revision, found, ""
        return any(one.id in was_open and not one.is_open for one in found)
