"""What a guarded action is: one value that says everything about it. Each has a file of its own beside this one.

Actions are plain data without I/O and without imports that cost: the first frame names them in its key line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from tui.domain.alarm_settings import AlarmChange, RecoveryChange
from tui.domain.instance import Instance, InstanceState

BACK: dict[str, str] = {"enter-standby": "exit-standby", "drain": "register"}
"""The steps that take an instance out of service, and those that undo them."""
UP_AGAIN = ("start", "wait-running", "wait-checks", "verify-event")
"""The steps that bring a stopped instance back."""
GONE = (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN)


class Undone(Struct, frozen=True):
    """What an undo takes back: the operation, and what that changed, as its order has it."""

    operation: str
    alarm: AlarmChange | None = None
    recovery: RecoveryChange | None = None


class Backup(Struct, frozen=True):
    """What makes an AMI a timer's. Its name follows from the instance and from the copy before it, and AWS takes a name once: an
    AMI of that name is the copy, whoever made it. Times are UTC.

    `expires` is only written on it: evac deletes nothing. `deprecate_at`: from then on AWS lists it to its owner alone.
    `beside`: the ids of those that serve in a group with it, of which none may be copied at the same time.
    """

    expires: datetime | None = None
    deprecate_at: datetime | None = None
    beside: tuple[str, ...] = ()


class ActionOptions(Struct, frozen=True):
    """What an operator may choose. `not_before` is UTC; an empty `image_name` asks for a proposal.

    `standby` and `drain` take it out of service first; None leaves it to the plan, in which they are true or false.
    `if_held`: what to do while other operations hold so many of its group down that too few would be left: `wait` or `refuse`.
    `minutes`: for how long a check fails before its alarm acts; 0 leaves it to the plan. `switch_off`: automatic recovery is
    switched off instead of on. `undone`: what an undo takes back. `backup`: a timer makes the AMI, not a person.
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
    minutes: int = 0
    switch_off: bool = False
    undone: Undone | None = None
    backup: Backup | None = None


class Action(Struct, frozen=True, kw_only=True):
    """One guarded action. Which hazards are looked at follows from its steps: each hazard names the steps it is about.

    * `name` is the journal's and the command line's; actions with the same `key` are one key, which means the one whose states
      fit. `rank` orders them in the key line, where the last give way on a narrow terminal.
    * Words: `title` of the question, `footer` and `short` of the key line (the latter for narrow terminals), `help` of every
      help page, `deed` of who watches it (`evac is rebooting it`), `cell` of the list for steps without a word of their own.
      `link` stands between the title and the instance's name.
    * `states` are those it makes sense in. `steps` are names in tui.domain.steps; what options add is in `step_names`.
      `step_words` replaces a step's text and duration where they mean something else in this action.
    * `takes`: the options that mean something for it, but those of an AMI, which follow from its steps. `asks` says of one that
      must be given before it can be confirmed.
    * `typed`: the name is typed even without a danger.
    * Conflicts and locks: `exclusive` is False for what does not touch the instance itself: it needs no lock and minds no other
      operation. What powers an instance stands in the way of every exclusive action. `released_by`: the call that is the last
      one; once AWS has accepted it the lock is let go.
    * `offered`: whether the key line names it for this instance (None: always).
    * `alarm`: what the alarm does that it sets: `recover` or `reboot`. `asks_which`: of several actions with one key that fit the
      same states, the first says here what that key is for; its question asks which.
    * `of_operation`: it is done to an operation, not to an instance: no key of a list, and no `evac do`. `undoable`: what it
      changed can be put back.
    """

    name: str
    key: str
    rank: int
    title: str
    footer: str
    help: str
    deed: str
    steps: tuple[str, ...]
    states: tuple[InstanceState, ...]
    short: str = ""
    cell: str = "checking"
    link: str = " "
    step_words: Mapping[str, tuple[str, str]] = {}
    takes: frozenset[str] = frozenset()
    asks: str = ""
    typed: bool = False
    exclusive: bool = True
    released_by: str = ""
    offered: Callable[[Instance, datetime], bool] | None = None
    alarm: str = ""
    asks_which: str = ""
    of_operation: bool = False
    undoable: bool = False

    def named(self, label: str) -> str:
        """With whom it is about: `Reboot web-7`, `Make an AMI of mail-1`."""
        return f"{self.title}{self.link}{label}"

    def why_not(self, instance: Instance) -> str | None:
        """None, or why this instance's state does not allow it. An unknown state allows it: the plan re-reads."""
        if instance.state in self.states or instance.state is InstanceState.UNKNOWN:
            return None
        if instance.state in GONE:
            return f"it is {instance.state}"
        return f"it is {instance.state}; this needs it {' or '.join(self.states)}"

    @property
    def stops(self) -> bool:
        """Whether it sends the stop itself."""
        return "stop" in self.steps

    @property
    def awaits_stop(self) -> bool:
        """Whether it is ordered ahead: it waits until AWS has stopped the instance."""
        return "wait-stopped" in self.steps and not self.stops

    @property
    def starts(self) -> bool:
        """Whether it starts a stopped instance."""
        return "start" in self.steps

    @property
    def restarts(self) -> bool:
        """Whether its operating system is started anew without a stop; an AMI's reboot is an option of its own."""
        return "reboot" in self.steps

    @property
    def images(self) -> bool:
        """Whether an AMI is all that it is about; before a stop one is an option."""
        return "image" in self.steps

    @property
    def moves_event(self) -> bool:
        """Whether it gives a scheduled event another start, which must be said before it can be confirmed."""
        return "not_before" in self.takes

    @property
    def powers(self) -> bool:
        """Whether it takes the instance down or brings it back: what its checks say meanwhile is its doing."""
        return self.stops or self.starts or self.restarts

    @property
    def goes_down(self) -> bool:
        """Whether the instance is stopped in it, by its own stop or by AWS's, and has to be started again."""
        return self.stops or self.awaits_stop

    @property
    def only_starts(self) -> bool:
        """Whether it can but help: what is down stays down without it."""
        return self.starts and not self.stops

    @property
    def sets_aside(self) -> bool:
        """Whether the instance may be taken out of service before it."""
        return "standby" in self.takes

    def interrupts(self, options: ActionOptions, state: InstanceState = InstanceState.RUNNING) -> bool:
        """Whether what runs on an instance in this state goes down for a while."""
        reboots = self.images and not options.no_reboot and state is not InstanceState.STOPPED
        return self.stops or self.restarts or reboots

    def step_names(self, options: ActionOptions, *, serves: bool = False) -> tuple[str, ...]:
        """Its steps with these options. `serves`: a group of its found it in service, and should again."""
        names = list(self.steps)
        if "image_first" in self.takes and options.image_first:
            names.insert(0, "image")
        if options.backup is not None and options.backup.deprecate_at is not None and "image" in names:
            names.insert(names.index("image") + 1, "deprecate")
        end = names.index("verify-event") if "verify-event" in names else len(names)
        if serves and self.interrupts(options):
            names.insert(end, "wait-healthy")
        out = "enter-standby" if options.standby else "drain" if options.drain else ""
        if out and self.sets_aside:
            names.insert(end, BACK[out])
            names.insert(0, out)
        return tuple(names)
