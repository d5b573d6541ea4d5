"""The steps that take an instance down and bring it back. The safe direction is towards running."""

from __future__ import annotations

from datetime import datetime, timedelta

from tui.domain.answers import DOWN_WORD, NoteKind, Permission, RefusedBy
from tui.domain.aws_codes import DENIED, NEEDS_LOGIN, NO_CAPACITY, NOT_YET, PERMITTED
from tui.domain.instance import InstanceState
from tui.domain.steps import failed_start
from tui.domain.steps.await_stop import until_aws_stops_it
from tui.domain.steps.base import (
    GRACE,
    MEMBERS,
    STOP_LIMIT,
    Call,
    Decision,
    Done,
    Order,
    Seen,
    Send,
    Step,
    StepHistory,
    Stuck,
    Wait,
    backoff_left,
    gone,
    retry,
    spared,
    started_since,
    unread,
)

DRY_RUN = frozenset({"ec2"})
"""Services whose calls take DryRun (botocore model: neither autoscaling nor elbv2 has it)."""
_LATER = frozenset({"EnableImageDeprecation"})
"""Of what the plan itself makes: AWS can't be asked before that is there."""


def askable(call: Call) -> bool:
    """Whether AWS can be asked in advance, with DryRun, if it would permit the call."""
    return call.service in DRY_RUN and call.operation not in _LATER


class Preflight(Step):
    """Asks AWS with DryRun whether every call of the plan is permitted. EC2 alone knows DryRun: the others can't be asked."""

    name = "preflight"
    text = "ask AWS for permission (dry run)"
    about = "asks AWS whether this is permitted"

    def __init__(self, asked: tuple[Call, ...]) -> None:
        self._asked = tuple(filter(askable, asked))

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """One dry run a call; any other answer than yes or no is *unknown*, not *no* (botocore model, DryRun)."""
        asked = {one.operation for one in said.attempts}
        missing = next((call for call in self._asked if call.operation not in asked), None)
        if missing is not None:
            return Send(missing, dry_run=True)
        refused = next((one for one in said.attempts if one.code in DENIED), None)
        if refused is not None:
            return Stuck(
                f"AWS does not permit {refused.operation} to these credentials"
                + (f": {refused.message}" if refused.message else ""),
                f"use a profile that allows ec2:{refused.operation}",
                refused_by=RefusedBy.AWS,
            )
        if said.attempts and all(one.code == PERMITTED for one in said.attempts):
            return Done("AWS says yes", Permission.YES)
        return Done("AWS did not say" if self._asked else "AWS can't be asked for this", Permission.UNKNOWN)


class Stop(Step):
    """Stops the instance with a graceful shutdown."""

    name = "stop"
    text = "stop"
    about = "graceful shutdown, usually under a minute"
    cell = "stopping"
    looks = MEMBERS
    sends = "StopInstances"

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Done once it is going down, or once AWS accepted; then the next step looks."""
        last = said.latest
        if (lost := gone(seen, order)) is not None:
            return lost
        if seen.state in (InstanceState.STOPPING, InstanceState.STOPPED) or (last and last.ok):
            return Done()
        if last and started_since(seen, last.launched_at or order.launched_at):
            return Done("it was stopped, and started again since")
        if seen.state is InstanceState.UNKNOWN:
            return unread(seen, loud=False)
        if seen.state is InstanceState.PENDING:
            return Wait("it is starting; waiting until it runs", 3.0)
        return spared(order, seen, said, now, retry(said, now, Send(self.calls(order)[0]), doing="stop"))


def _before_the_stop(order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision | None:
    """A picture from before our stop may come after a later one (developer guide, eventual-consistency).

    It is known by its LaunchTime, and believed in the end: none is so old.
    """
    before = order.stop_launched_at or order.launched_at
    stopped = order.stop_intent_at is not None or order.awaits_stop
    if not stopped or before is None or said.attempts:
        return None
    if now - said.began_at >= GRACE:
        return None
    if seen.state is not InstanceState.RUNNING or started_since(seen, before):
        return None
    return Wait("AWS shows it running from before the stop; looking again", 2.0)


class WaitStopped(Step):
    """Waits until it is stopped."""

    name = "wait-stopped"
    text = "wait until stopped"
    about = "usually 20–60 s"
    cell = "stopping"

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Stopped, or started again by somebody since our stop. What was ordered in advance waits for AWS's."""
        if order.awaits_stop:
            return until_aws_stops_it(order, seen, said, now)
        if (lost := gone(seen, order)) is not None:
            return lost
        if seen.state is InstanceState.STOPPED:
            return Done()
        again_up = seen.state in (InstanceState.RUNNING, InstanceState.PENDING)
        if again_up and started_since(seen, order.stop_launched_at or order.launched_at):
            return Done("it was started again since")
        if seen.state is InstanceState.UNKNOWN:  # for however long: to give up here would leave it stopped
            return unread(seen)
        waited = now - said.began_at
        if waited > STOP_LIMIT:  # watched for however long: whenever it stops, it must be started
            minutes = int(waited.total_seconds() // 60)
            return Wait(
                f"still {seen.state} after {minutes} minutes; its host is probably in trouble",
                5.0,
                attention=True,
                remedy="force the stop in the AWS console (fsck is due afterwards); once stopped, it is started here",
            )
        slow = waited > timedelta(minutes=5)
        return Wait(
            f"{seen.state}",
            2.0,
            attention=slow,
            remedy="nothing to press yet: once stopped, it is started" * slow,
        )


class Start(Step):
    """Starts the instance, and goes on trying until AWS takes it: a stopped instance never comes back by itself."""

    name = "start"
    text = "start"
    about = "retried until it runs, even if this session ends"
    cell = "starting"
    sends = "StartInstances"

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Every refusal is retried, ever slower, and says so, for as long as the settings allow: by default for ever."""
        if (lost := gone(seen, order)) is not None:
            return lost
        if (old := _before_the_stop(order, seen, said, now)) is not None:
            return old
        if seen.state in (InstanceState.PENDING, InstanceState.RUNNING):
            return Done()
        if seen.state is InstanceState.UNKNOWN:
            return unread(seen)
        if seen.state is InstanceState.STOPPING:
            return Wait("still stopping", 2.0)
        send, last = Send(self.calls(order)[0]), said.latest
        if last is None:
            return send
        if last.ok is not False:
            return self._nothing_came(order, seen, said, now, send)
        tries = sum(1 for one in said.attempts if one.ok is False)
        left = backoff_left(said, now)
        why = "no capacity" if last.code in NO_CAPACITY else str(last.code)
        if _given_up(order, said, now):
            told = f"not started, {why}; tried {tries} times, for as long as start_retry_for allows"
            return Stuck(f"{DOWN_WORD}{told}", _TRY_ON, kind=NoteKind.DOWN)
        if left <= 0:
            return send
        message = "" if last.code in _PLAIN or not last.message else f": {last.message}"
        told = f"{DOWN_WORD}{why}{message}; try {tries + 1} in {int(left) + 1} s"
        return Wait(
            told, min(left, 5.0), attention=True, remedy=_what_helps(str(last.code)), kind=NoteKind.DOWN
        )

    def _nothing_came(
        self, order: Order, seen: Seen, said: StepHistory, now: datetime, send: Send
    ) -> Decision:
        """It was sent, accepted or of unknown outcome, and shows *stopped*: sent again, from the third on slower and loudly."""
        last, sent = said.latest, sum(1 for one in said.attempts if one.ok is not False)
        assert last is not None
        waited = now - last.intent_at
        if waited < GRACE and sent <= failed_start.LOUD:
            return Wait("start sent; waiting to see it", 2.0)
        if sent < failed_start.LOUD:
            return send
        came = (
            failed_start.failed_start_text(seen, order)
            if last.ok
            else f"{last.code or 'no answer'}: {last.message}".rstrip(": ")
        )
        told = f"{DOWN_WORD}the start was sent {sent} times, and it does not run: {came}"
        if _given_up(order, said, now):
            return Stuck(told, _TRY_ON, kind=NoteKind.DOWN)
        left = failed_start.AFTER_FAILED_START.interval(sent) - waited.total_seconds()
        if left <= 0:
            return send
        remedy = (
            failed_start.failed_start_remedy(seen, order)
            if last.ok
            else f"{_AWS_ILL}; it is sent again, ever slower"
        )
        return Wait(f"{told}; next try in {int(left) + 1} s", min(left, 5.0), attention=True, remedy=remedy)


def _given_up(order: Order, said: StepHistory, now: datetime) -> bool:
    """Whether it was tried for as long as the settings allow."""
    return order.start_retry_for is not None and now - said.began_at > order.start_retry_for


_TRY_ON = "press r on this operation (evac ops resume) to go on trying; it stays down until then"
_PLAIN = NOT_YET | {"IncorrectInstanceState"}
"""Refusals that go by themselves; what AWS says of them tells no more."""
_AWS_ILL = "see AWS's health page for this region and this machine's network"


def _what_helps(code: str) -> str:
    """What a person can do for a start that is refused, beside waiting."""
    if code in NO_CAPACITY:
        return (
            "nothing to press: it is tried until it runs; room in its zone helps (a Capacity Reservation), or another type:"
            " evac never changes the type, but starts it with what you set in the AWS console"
        )
    if code in NEEDS_LOGIN:
        return "log in anew with this profile: the next try picks it up"
    if code in DENIED:
        return "allow ec2:StartInstances to this profile: the next try picks it up"
    if code in _PLAIN:
        return "nothing to press: it is tried until it runs"
    if "LimitExceeded" in code:
        return "raise the account's quota, or stop or delete what is not needed: the next try picks it up"
    if "KMS" in code.upper():
        return "see that the KMS key of its volumes is enabled and allowed to these credentials: the next try picks it up"
    return "mend what AWS names there: the next try picks it up; if it names nothing, look at it in the AWS console"


class WaitRunning(Start):
    """Waits until it runs; if the start bounced, starts it again, and from the second bounce on says so, with AWS's reason."""

    name = "wait-running"
    text = "wait until running"
    about = "usually under a minute"
    cell = "starting"

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """A start can be accepted and still end up stopped (user guide, troubleshooting-launch, of launches)."""
        times = failed_start.bounces(said)
        loud = times > failed_start.LOUD  # what was started since has not shown yet whether it stays up
        if seen.state is InstanceState.RUNNING:
            return Done()
        if seen.state is InstanceState.PENDING:
            return Wait("pending" + f", after it fell back {times - 1} times" * loud, 2.0, attention=loud)
        if seen.state is not InstanceState.STOPPED:
            return Start.decide(self, order, seen, said, now)
        last = said.latest
        if last is None and now - said.began_at < GRACE:
            return Wait("start sent; waiting to see it", 2.0)
        if last is not None and last.ok is False:
            return Start.decide(self, order, seen, said, now)
        if last is not None and now - last.intent_at < GRACE:
            if not loud:
                return Wait("start sent; waiting to see it", 2.0)
            told = f"{DOWN_WORD}started again, it fell back {times - 1} times: {failed_start.failed_start_text(seen, order)}"
            return Wait(
                told,
                2.0,
                attention=True,
                remedy=failed_start.failed_start_remedy(seen, order),
                kind=NoteKind.DOWN,
            )
        return self._again(order, seen, said, now)

    def _again(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """It fell back: at first it is started at once, then ever slower and loudly, for as long as the settings allow."""
        times, send = failed_start.bounces(said), Send(self.calls(order)[0])
        if times < failed_start.LOUD:
            return send
        told = f"{DOWN_WORD}AWS took the start {times} times, and it fell back: {failed_start.failed_start_text(seen, order)}"
        if _given_up(order, said, now):
            helps = failed_start.failure_reason(seen, order).helps
            return Stuck(told, f"{helps}; {_TRY_ON}", kind=NoteKind.DOWN)
        left = failed_start.pause(said, now)
        if left <= 0:
            return send
        told += f"; next try in {int(left) + 1} s"
        return Wait(
            told,
            min(left, 5.0),
            attention=True,
            remedy=failed_start.failed_start_remedy(seen, order),
            kind=NoteKind.DOWN,
        )
