"""What evac itself does to an instance, or was told of it: the part of the picture that AWS does not know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field

from tui.domain.actions import ACTIONS, Action
from tui.domain.instance import CheckName, Instance
from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import span


class Work(Struct, frozen=True):
    """An unfinished operation on an instance. `since` (UTC) is its confirmation; `here`: of this machine.

    `state` is a word of the journal's; of an operation that only its lock tells of, `running`. `attention`: it needs a
    person. `waiting`: it has not begun, for it waits until AWS has stopped the instance.
    """

    id: str
    action: str
    state: str
    step: str
    user: SafeText
    host: SafeText
    since: datetime
    instance_down: bool = False
    attention: bool = False
    waiting: bool = False
    here: bool = True

    @property
    def _action(self) -> Action | None:
        """None of one that only a newer evac knows: the lock of another machine may name it."""
        return ACTIONS.get(self.action)

    @property
    def powers(self) -> bool:
        """Whether it stops, starts or reboots the instance now: then a failing check or a stopped state comes from it."""
        return self._action is not None and self._action.powers and not self.waiting

    def explains(self, instance: Instance) -> bool:
        """Whether it explains the instance's state and checks. An AMI reboots the instance unless ordered without reboot."""
        images = self._action is not None and self._action.images
        return self.powers or (images and instance.checks.impaired() == (CheckName.INSTANCE,))

    @property
    def cell(self) -> str:
        """What it does now, short enough for a cell of the list."""
        from tui.domain.steps import STEPS  # the first frame does without

        step = STEPS.get(self.step)
        return (step.cell if step else "") or (self._action.cell if self._action else "checking")

    def who(self, now: datetime) -> str:
        """`by kim, 8s`; with the machine's name where it is another one."""
        host = "" if self.here else f" on {self.host}"
        return clean(f"by {self.user}{host}, {span(max(now - self.since, timedelta()))}")

    def line(self, now: datetime) -> str:
        """One sentence without its full stop."""
        if self.waiting:
            return f"evac starts it when AWS has stopped it (ordered {self.who(now)} ago)"
        deed = self._action.deed if self._action else f"at it: {clean(self.action)}"
        if self.attention:
            return f"evac is {deed} ({self.who(now)}) and needs you"
        return f"evac is {deed} ({self.who(now)})" + (": wait" if self.powers else "")


class Meant(Struct, frozen=True):
    """A person's word that an instance which AWS stopped is meant to be down; it holds until the instance is started again.

    `launched_at` is its last start as it was then. Times are UTC.
    """

    user: SafeText
    host: SafeText
    at: datetime
    launched_at: datetime | None = None

    def holds(self, instance: Instance) -> bool:
        """Whether the mark still holds: the instance has not been started since."""
        return instance.launched_at is None or instance.launched_at == self.launched_at


class Own(Struct, frozen=True):
    """Operations and marks by the instance's key (`region/id`). `ended`: the latest that ended, each with that key."""

    works: Mapping[str, Work] = field(default_factory=dict)
    marks: Mapping[str, Meant] = field(default_factory=dict)
    ended: frozenset[tuple[str, str]] = frozenset()

    def work(self, instance: Instance) -> Work | None:
        """The unfinished operation on the instance, if any."""
        return self.works.get(instance.key) if self.works else None

    def meant(self, instance: Instance) -> Meant | None:
        """The mark that the instance is meant to be down, while it holds."""
        mark = self.marks.get(instance.key) if self.marks else None
        return mark if mark is not None and mark.holds(instance) else None


NO_ACTIVITY = Own()
