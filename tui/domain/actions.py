"""The guarded actions: a key, a name, and steps. Everything else about an action follows from its steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from tui.domain.activity import AFTER_STOP
from tui.domain.instance import Instance, InstanceState

if TYPE_CHECKING:  # what a step is and sends is not needed to name the actions: the first frame does without
    from tui.domain.steps import Call, Order, Step


class Override(Struct, frozen=True):
    """A block that is a person's to lift: `words` say what is done all the same, before `actions` it can stand."""

    words: str
    actions: tuple[str, ...]


class ActionOptions(Struct, frozen=True):
    """What an operator may choose. `not_before` is UTC; an empty `image_name` asks for a proposal.

    `standby` and `drain` take it out of service first; None leaves it to the plan, in which they are true or false.
    `if_held`: what to do while other operations hold so many of its group down that too few would be left: `wait` or `refuse`.
    """

    no_reboot: bool = False
    image_first: bool = False
    image_name: str = ""
    wait_for_image: bool = True
    event_id: str = ""
    not_before: datetime | None = None
    standby: bool | None = None
    drain: bool | None = None
    overrides: tuple[str, ...] = ()
    if_held: str = "wait"


class Action(Struct, frozen=True):
    """One guarded action. `states` are those from which it makes sense; `help` is its line on every help page."""

    name: str
    key: str
    title: str
    help: str
    steps: tuple[str, ...]
    states: tuple[InstanceState, ...]
    link: str = " "

    def named(self, label: str) -> str:
        """With whom it is about: `Reboot web-7`, `Make an AMI of mail-1`."""
        return f"{self.title}{self.link}{label}"

    def why_not(self, instance: Instance) -> str | None:
        """None, or why this instance's state does not allow it. An unknown state allows it: the plan re-reads."""
        if instance.state in self.states or instance.state is InstanceState.UNKNOWN:
            return None
        wanted = " or ".join(self.states)
        return f"it is {instance.state}; this needs it {wanted}"

    @property
    def goes_down(self) -> bool:
        """Whether the instance is stopped in it, by its own stop or by AWS's, and has to be started again."""
        return "stop" in self.steps or ("start" in self.steps and InstanceState.RUNNING in self.states)

    @property
    def restarts(self) -> bool:
        """Whether its operating system is started anew without a stop; an AMI's reboot is an option of its own."""
        return "reboot" in self.steps

    def plan(self, options: ActionOptions, *, serves: bool = False) -> tuple[Step, ...]:
        """Its steps with these options. `serves`: a group of its found it in service, and should again."""
        from tui.domain.steps import BACK, STEPS

        names = list(self.steps)
        if self.name == "stop-start" and options.image_first:
            names.insert(0, "image")
        if self.name == "image" and not options.no_reboot and serves:
            names.append("wait-healthy")
        if self.name in ASIDE:
            out = "enter-standby" if options.standby else "drain" if options.drain else ""
            end = names.index("verify-event")
            names[end:end] = ["wait-healthy"] if serves else []
            if out:
                names.insert(end, BACK[out])
                names.insert(0, out)
        return tuple(STEPS[name] for name in names)

    def calls(self, order: Order, options: ActionOptions) -> tuple[Call, ...]:
        """Every call it may send."""
        found: dict[str, Call] = {}
        for step in self.plan(options):
            for call in step.calls(order):
                found.setdefault(call.operation, call)
        return tuple(found.values())

    def unasked(self, order: Order, options: ActionOptions) -> tuple[str, ...]:
        """The calls of the plan for which AWS can't be asked in advance: their services know no DryRun."""
        from tui.domain.steps import DRY_RUN

        return tuple(one.operation for one in self.calls(order, options) if one.service not in DRY_RUN)


ASIDE = frozenset({"stop-start", "reboot"})
"""Actions before which an instance may be taken out of service."""
_UP, _DOWN = InstanceState.RUNNING, InstanceState.STOPPED
_BACK = ("start", "wait-running", "wait-checks", "verify-event")
ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action(
            "stop-start",
            "s",
            "Stop and start",
            "stop the instance and start it again, in most cases on another host",
            ("stop", "wait-stopped", *_BACK),
            (_UP, InstanceState.STOPPING),
        ),
        Action("start", "s", "Start", "start a stopped instance", _BACK, (_DOWN,)),
        Action(
            AFTER_STOP,
            "w",
            "Start once AWS has stopped",
            "wait until AWS has stopped it for its event, days if need be, and start it then",
            ("wait-stopped", *_BACK),
            (_UP, InstanceState.PENDING, InstanceState.STOPPING),
        ),
        Action(
            "reboot",
            "b",
            "Reboot",
            "reboot the instance; it stays on its host unless it migrates",
            ("reboot", "wait-checks", "verify-event"),
            (_UP,),
        ),
        Action("image", "i", "Make an AMI", "make an AMI of the instance", ("image",), (_UP, _DOWN), " of "),
        Action(
            "reschedule",
            "t",
            "Reschedule an event",
            "move the start of a scheduled event, up to its deadline",
            ("reschedule",),
            tuple(state for state in InstanceState if state is not InstanceState.TERMINATED),
            " of ",
        ),
    )
}

OVERRIDES: dict[str, Override] = {
    "last-healthy": Override("take the last healthy one down", ("stop-start", "reboot", "image")),
    "self": Override(
        "do it from the machine itself",
        tuple(name for name, one in ACTIONS.items() if one.goes_down or (one.restarts and name in ASIDE)),
    ),
    "path": Override(
        "cut this machine's way to AWS", tuple(name for name, one in ACTIONS.items() if one.goes_down)
    ),
}
"""By their hazard's code; each lifts itself and nothing else. All other blocks are AWS's own: nobody's yes helps."""


def unasked(operations: Sequence[str]) -> str:
    """`; can't be asked for EnterStandby`, or nothing: behind what AWS said to the dry run."""
    return f"; can't be asked for {', '.join(operations)}" if operations else ""


def sendable() -> frozenset[tuple[str, str]]:
    """(service, operation) of every call some action declares: all that the hands may ever send."""
    from tui.domain.steps import STEPS, Order

    order = Order("", "", "")
    return frozenset((call.service, call.operation) for step in STEPS.values() for call in step.calls(order))
