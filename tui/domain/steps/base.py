"""What a step is: a question put to the world: `decide(order, seen, said, now) -> Send | Wait | Done | Stuck`.

*Seen* is what AWS shows of the instance now, *said* what the journal says of this step. The runner is a loop around it, so
*after a crash* is no case of its own: the next runner asks the same question. Describes lag behind changes (developer guide,
eventual-consistency), so nothing is sent again within GRACE of the latest intent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from tui.domain.actions import ACTIONS, Backup
from tui.domain.alarm_settings import AlarmChange, AlarmSeen, AlarmSettings, RecoveryChange
from tui.domain.answers import NoteKind, Permission, RefusedBy
from tui.domain.aws_codes import NOT_YET
from tui.domain.events import ScheduledEvent
from tui.domain.groups import Group, GroupSeen, Keep, shortage
from tui.domain.instance import Checks, Image, InstanceState
from tui.domain.probe import Probe, ProbeSeen
from tui.domain.retry import RetryPolicy
from tui.domain.sanitize import EMPTY, SafeText

GRACE = timedelta(seconds=60)
"""Longer than describes were seen to lag; a shorter one than the lag repeats calls."""
STOP_LIMIT = timedelta(minutes=15)
"""AWS: not stopped after 10 minutes is a case for AWS Support (user guide, TroubleshootingInstancesStopping)."""
CHECK_LIMIT = timedelta(minutes=15)
REBOOT_SETTLE = timedelta(minutes=2)
"""Checks are made every minute (user guide, status checks), and the system takes its time to go down: until then an ok may be
from before the reboot. Nothing else outside tells whether it was rebooted: LaunchTime stays."""
EVENT_LIMIT = timedelta(minutes=3)
DRAIN_LIMIT = timedelta(minutes=65)
"""A target group's deregistration delay is an hour at most (load balancing guide, deregistration delay)."""
HEALTH_LIMIT = timedelta(minutes=10)
STANDBY_LIMIT = timedelta(minutes=65)
"""Entering standby waits for the load balancer's draining (Auto Scaling guide, as-enter-exit-standby)."""
IMAGE_LIMIT = timedelta(hours=24)
"""A first snapshot of large volumes may take so long (user guide, creating-an-ami-ebs)."""
AFTER_REFUSAL = RetryPolicy(5.0, 300.0)
"""Seconds between tries of a call that AWS refused."""

SHORT_LIMIT = timedelta(minutes=2)
"""How long a group that has too few members in service is waited for before a person is told."""
NOT_ENOUGH = "bring another member up, and it goes on by itself; or abandon it: nothing is down by it"

OPERATION_TAG = "evac:operation"
"""The tag that says which operation made an AMI and its snapshots."""
SOURCE_TAG, EXPIRES_TAG = "evac:source", "evac:expires"
"""The instance an AMI was made of, and the day (UTC) from which it is not needed: for whoever prunes, evac deletes nothing."""

UNREAD = "check the network and this profile's login (evac doctor); a login that is renewed is picked up"
"""What to do while AWS shows nothing, and says nothing of why."""


_BARE = frozenset({"InstanceIds", "InstanceId", "AlarmName", "AlarmNames"})
"""Whom a call is about: said without the parameter's name."""
_UNSAID = frozenset(
    [
        *(
            "TagSpecifications",
            "Tags",
            "Description",
            "AlarmDescription",
            "Namespace",
            "Dimensions",
            "ActionsEnabled",
        ),
        *("DatapointsToAlarm", "TreatMissingData", "Statistic", "Threshold", "ComparisonOperator"),
    ]
)
"""What a call's line leaves out: the plan says of an alarm what it does and when."""


class Call(Struct, frozen=True):
    """One API call, exactly: what the confirm screen shows, the dry run asks, the policy allows and the audit records."""

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """`StopInstances i-0a1…`, with what else matters."""
        parts = [self.operation]
        for key, value in self.params.items():
            if key in _UNSAID or value in (None, ""):
                continue  # what is not known yet (the event of a plan that is blocked) is no part of it
            shown = ",".join(map(_shown, value)) if isinstance(value, (list, tuple)) else str(value)
            parts.append(shown if key in _BARE else f"{key}={shown}")
        return " ".join(parts)

    @property
    def told(self) -> str:
        """As a plan says it: of an alarm what it does and when, in words."""
        name = self.params.get("AlarmName")
        if self.operation != "PutMetricAlarm" or not name:
            return self.text
        return f"{self.operation} {name}: {AlarmSettings(self.params).text}"

    @property
    def short(self) -> str:
        """Where there is little room: of a group's calls, the operation and the group."""
        group = self.params.get("AutoScalingGroupName")
        arn = str(self.params.get("TargetGroupArn", ""))
        name = arn.split("/")[1] if arn.count("/") > 1 else arn
        return f"{self.operation} {group or name}" if group or name else self.text


def _shown(value: Any) -> str:
    """A target as `i-0a1…:80`."""
    if isinstance(value, Mapping):
        return ":".join(str(one) for one in value.values())
    return str(value)


class Attempt(Struct, frozen=True):
    """One call of this step in the journal. `ok` None: the outcome is not known (killed, cut off).

    `launched_at` is the LaunchTime that was read right before it, and committed with its intent.
    """

    operation: str
    intent_at: datetime
    outcome_at: datetime | None = None
    ok: bool | None = None
    code: SafeText = EMPTY
    message: SafeText = EMPTY
    dry_run: bool = False
    launched_at: datetime | None = None


class StepHistory(Struct, frozen=True):
    """What the journal says of this step: when it began, and its calls, the oldest first."""

    began_at: datetime
    attempts: tuple[Attempt, ...] = ()

    @property
    def latest(self) -> Attempt | None:
        """The last call."""
        return self.attempts[-1] if self.attempts else None


class TargetRegistration(Struct, frozen=True):
    """Where the instance is registered: one target group, under which id and port. `healthy`: it was, at that time."""

    arn: str = ""
    name: str = ""
    target_id: str = ""
    port: int | None = None
    healthy: bool = False


class TargetSeen(Struct, frozen=True):
    """What a target group says of a place now. `state` is elbv2's word; empty: it is not registered there."""

    place: TargetRegistration
    state: str
    reason: SafeText = EMPTY


class Seen(Struct, frozen=True):
    """What AWS shows now; a step is shown only what it looks for (`Step.looks`). Times are UTC.

    None = not asked or not known: `images` of the planned name, `lifecycle` in the Auto Scaling group (empty: it is in
    none), the group's `desired` capacity, `targets` at the order's places, `alarms`
    of the order's name. `public_ip` is empty where there is none. `groups`
    are those of the order that could be read: one that is missing counts as down.

    `copying`: instances of which an AMI is pending. `reason` and `reason_code` are AWS's for its state (StateReason). `unread`
    says why the state could not be read, or, of one that is known, checks and events; `remedy` what to do. `probe`: what it
    answered itself, where the order asks that.
    """

    state: InstanceState = InstanceState.UNKNOWN
    launched_at: datetime | None = None
    reason: SafeText = EMPTY
    checks: Checks = field(default_factory=Checks)
    events: tuple[ScheduledEvent, ...] | None = None
    images: tuple[Image, ...] | None = None
    copying: frozenset[str] = frozenset()
    public_ip: SafeText = EMPTY
    lifecycle: str | None = None
    desired: int | None = None
    targets: tuple[TargetSeen, ...] | None = None
    groups: tuple[GroupSeen, ...] = ()
    reason_code: SafeText = EMPTY
    unread: SafeText = EMPTY
    remedy: SafeText = EMPTY
    alarms: tuple[AlarmSeen, ...] | None = None
    auto_recovery: SafeText = EMPTY
    probe: ProbeSeen | None = None

    def group(self, wanted: Group) -> GroupSeen | None:
        """That group as it is now; None if it could not be read."""
        same = (one for one in self.groups if (one.group.kind, one.group.key) == (wanted.kind, wanted.key))
        return next(same, None)


class Order(Struct, frozen=True):
    """What was ordered: the facts a step needs, fixed in the journal when it was planned. Times are UTC.

    `group`: the Auto Scaling group it was in service of, and `desired` that group's capacity; `places`: the target groups
    it was registered in; `groups`: all groups of which it was a member; `public_ip`: its public address. All as they were before
    anything was done. `backup`: of an AMI that a timer makes. `instance_type`: what it was then.

    `alarm` and `recovery`: what is set, and what was there before. `probe`: what it is asked where no balancer tells whether it
    serves.

    The runner adds, from the journal, `stop_intent_at` and `stop_launched_at` (this machine's time, and AWS's LaunchTime read
    right before the stop) and `out` (this operation has taken it out of service), `lifted` (how few are left in service does
    not matter), and from the settings `start_retry_for` (None: for ever), `reboot_settle`: how long after a reboot an ok of the
    checks does not count, and `keep`: how many of a group must stay in service.
    """

    operation_id: str
    action: str
    instance_id: str
    launched_at: datetime | None = None
    open_events: tuple[str, ...] = ()
    image_name: str = ""
    no_reboot: bool = False
    wait_for_image: bool = True
    event_id: str = ""
    not_before: datetime | None = None
    stop_intent_at: datetime | None = None
    group: str = ""
    desired: int | None = None
    places: tuple[TargetRegistration, ...] = ()
    public_ip: str = ""
    start_retry_for: timedelta | None = None
    reboot_settle: timedelta = REBOOT_SETTLE
    groups: tuple[Group, ...] = ()
    out: bool = False
    lifted: bool = False
    keep: tuple[Keep, ...] = ()
    stop_launched_at: datetime | None = None
    alarm: AlarmChange | None = None
    recovery: RecoveryChange | None = None
    backup: Backup | None = None
    instance_type: str = ""
    probe: Probe | None = None

    @property
    def awaits_stop(self) -> bool:
        """Whether it waits for a stop by AWS rather than for its own."""
        action = ACTIONS.get(self.action)
        return action is not None and action.awaits_stop

    @property
    def powers(self) -> bool:
        """Whether its end is a running instance, whatever it was before."""
        action = ACTIONS.get(self.action)  # a newer evac may know more of them
        return action is not None and action.powers

    @property
    def reboots(self) -> bool:
        """Whether its operating system is started anew without a stop."""
        action = ACTIONS.get(self.action)
        return action is not None and action.restarts


class Send(Struct, frozen=True):
    """Send this call now."""

    call: Call
    dry_run: bool = False


class Wait(Struct, frozen=True):
    """Ask again after so many seconds. `attention`: an operator should know meanwhile, and `remedy` is what he can do."""

    reason: str
    seconds: float = 2.0
    attention: bool = False
    remedy: str = ""
    kind: NoteKind = NoteKind.PLAIN


class Done(Struct, frozen=True):
    """This step is over; `note` is worth keeping. `permission`: what AWS answered, of the step that asks."""

    note: str = ""
    permission: Permission | None = None


class Stuck(Struct, frozen=True):
    """A person is needed: why, and what to do. `final`: nothing can come of it any more. `refused_by`: who said no, if it was
    one."""

    why: str
    remedy: str
    final: bool = False
    refused_by: RefusedBy | None = None
    kind: NoteKind = NoteKind.PLAIN


class Moot(Struct, frozen=True):
    """There is nothing left to do, and nothing was done: why. Nobody is needed."""

    why: str


Decision = Send | Wait | Done | Stuck | Moot


class Step:
    """One step. Its words: `text` what it does, `about` how long that takes, `cell` its word in a list's cell (empty: its
    action's). `sends`: the one call of EC2 it may send, if that names the instance alone. `looks` names what it wants to see
    beside the instance.

    It may name `images`, `group`, `targets`, `members`, `probe` and `alarm`: what no step asks for is not read.
    """

    name: str
    text: str = ""
    about: str = ""
    cell: str = ""
    sends: str = ""
    looks: frozenset[str] = frozenset()

    def words(self, order: Order) -> tuple[str, str]:
        """Its `text` and `about` for this order."""
        return self.text, self.about

    def calls(self, order: Order) -> tuple[Call, ...]:
        """What it may send."""
        return (Call("ec2", self.sends, {"InstanceIds": [order.instance_id]}),) if self.sends else ()

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """What to do now."""
        raise NotImplementedError


MEMBERS = frozenset({"members"})
"""Of a step that takes it down: who of its groups is in service is read again right before."""


def gone(seen: Seen, order: Order) -> Stuck | None:
    """Stuck for good if the instance is terminated or about to be; else None."""
    if seen.state not in (InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN):
        return None
    why = f": {seen.reason}" if seen.reason else ""
    if order.group:
        return Stuck(
            f"the instance is {seen.state}, replaced by its Auto Scaling group {order.group} (or ended by somebody){why}",
            "it cannot come back: see that the group's new member is in service",
            final=True,
        )
    return Stuck(
        f"the instance is {seen.state}{why}",
        "it cannot come back: if no group has replaced it, launch one from its newest AMI",
        final=True,
    )


def unread(seen: Seen, what: str = "its state could not be read", *, loud: bool = True) -> Wait:
    """Wait, and say why nothing can be read and what to do about it. `loud`: something may be down or out meanwhile."""
    told = f"{what}: {seen.unread}" if seen.unread else what
    return Wait(told, 3.0, attention=loud, remedy=str(seen.remedy) or UNREAD)


def started_since(seen: Seen, before: datetime | None) -> bool:
    """Whether it was started since its LaunchTime was read as `before`: it changes with every start (API reference, Instance).

    AWS's time is compared with AWS's time alone: this machine's clock may be minutes wrong.
    """
    return before is not None and seen.launched_at is not None and seen.launched_at > before


def backoff_left(said: StepHistory, now: datetime) -> float:
    """Seconds left of the wait after the latest refusal (`AFTER_REFUSAL`); 0 or less: none."""
    last = said.latest
    if last is None:
        return 0.0
    tries = sum(1 for one in said.attempts if one.ok is False)
    return AFTER_REFUSAL.interval(tries) - (now - last.intent_at).total_seconds()


def spared(order: Order, seen: Seen, said: StepHistory, now: datetime, decision: Decision) -> Decision:
    """The decision, unless it would take the instance down while its groups can't spare it. What is not known counts as down.

    One that this operation has taken out of service already is returned there, rather than left out for as long as that takes.
    What has been sent, or may have been, is not looked at again.
    """
    sent = said.latest is not None and said.latest.ok is not False
    if not isinstance(decision, Send) or order.lifted or sent:
        return decision
    for group in order.groups:
        why = shortage(group, seen.group(group), (), order.keep, out=order.out and group.up)
        if why is None:
            continue
        waited = now - said.began_at
        if order.out and waited > SHORT_LIMIT:
            return Stuck(f"not taken down: {why.cause}", "bring another member up first")
        return Wait(why.line, 3.0, attention=waited > SHORT_LIMIT, remedy=NOT_ENOUGH, kind=NoteKind.WAITS)
    return decision


def not_up(seen: Seen, order: Order, since: datetime, now: datetime) -> Decision | None:
    """None while it runs; else what to say of it. For a while after it was seen running, an old picture may come back."""
    if (lost := gone(seen, order)) is not None:
        return lost
    if seen.state is InstanceState.RUNNING:
        return None
    if seen.state is InstanceState.UNKNOWN:
        return unread(seen)
    if seen.state is InstanceState.PENDING or now - since < GRACE:
        return Wait(f"it is {seen.state}", 3.0)
    return Stuck(
        f"it is {seen.state}: somebody, or its own system, stopped it since it ran",
        "find out who and why; to bring it back, abandon this operation and start the instance",
    )


def retry(said: StepHistory, now: datetime, send: Send, *, doing: str) -> Decision:
    """The common part for a call that may be repeated: grace after the latest intent, back-off, or a person."""
    last = said.latest
    if last is None:
        return send
    waited = now - last.intent_at
    if last.ok is None:
        return (
            Wait(f"{doing}: the answer was lost; looking whether it was done", 2.0)
            if waited < GRACE
            else send
        )
    if last.ok:
        return Wait(f"{doing}: accepted", 2.0)
    if last.code in NOT_YET:
        left = backoff_left(said, now)
        return send if left <= 0 else Wait(f"{doing}: AWS asks to slow down ({last.code})", min(left, 5.0))
    return Stuck(
        f"{doing}: AWS refused, {last.code}: {last.message}",
        "mend the cause, then press r on this operation to resume",
        refused_by=RefusedBy.AWS,
    )
