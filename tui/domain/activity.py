"""What evac itself does to an instance, or was told of it: the part of the picture that AWS does not know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field

from tui.domain.instance import CheckName, Instance
from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import span

AFTER_STOP = "start-after-stop"
"""The action that is ordered in advance: it waits until AWS has stopped the instance, and starts it then."""
POWER_ACTIONS = ("stop-start", "start", "reboot", AFTER_STOP)
"""Actions that take an instance down or bring it back: what its checks say meanwhile is their doing."""
_DEEDS = {
    "stop-start": "stopping and starting it",
    "start": "starting it",
    AFTER_STOP: "starting it",
    "reboot": "rebooting it",
    "image": "making an AMI of it",
    "reschedule": "moving its event",
}
_STEPS = {
    "image": "AMI", "enter-standby": "standby", "drain": "draining", "stop": "stopping", "wait-stopped": "stopping",
    "start": "starting", "wait-running": "starting", "exit-standby": "returning", "register": "returning",
    "wait-healthy": "returning", "reschedule": "moving",
}  # fmt: skip


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
    def powers(self) -> bool:
        """Whether it stops, starts or reboots the instance now: then a failing check or a stopped state comes from it."""
        return self.action in POWER_ACTIONS and not self.waiting

    def explains(self, instance: Instance) -> bool:
        """Whether it explains the instance's state and checks. An AMI reboots the instance unless ordered without reboot."""
        return self.powers or (self.action == "image" and instance.checks.impaired() == (CheckName.INSTANCE,))

    @property
    def cell(self) -> str:
        """What it does now, short enough for a cell of the list."""
        if self.action == "reboot" and self.step in ("preflight", "reboot", "wait-checks", "verify-event"):
            return "rebooting"
        return _STEPS.get(self.step, "checking")

    def who(self, now: datetime) -> str:
        """`by kim, 8s`; with the machine's name where it is another one."""
        host = "" if self.here else f" on {self.host}"
        return clean(f"by {self.user}{host}, {span(max(now - self.since, timedelta()))}")

    def line(self, now: datetime) -> str:
        """One sentence without its full stop."""
        if self.waiting:
            return f"evac starts it when AWS has stopped it (ordered {self.who(now)} ago)"
        deed = _DEEDS.get(self.action, f"at it: {clean(self.action)}")
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
    """Operations and marks by the instance's key (`region/id`)."""

    works: Mapping[str, Work] = field(default_factory=dict)
    marks: Mapping[str, Meant] = field(default_factory=dict)

    def work(self, instance: Instance) -> Work | None:
        """The unfinished operation on the instance, if any."""
        return self.works.get(instance.key) if self.works else None

    def meant(self, instance: Instance) -> Meant | None:
        """The mark that the instance is meant to be down, while it holds."""
        mark = self.marks.get(instance.key) if self.marks else None
        return mark if mark is not None and mark.holds(instance) else None


NO_ACTIVITY = Own()
