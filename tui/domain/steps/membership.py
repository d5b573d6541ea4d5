"""The steps that take an instance out of service before it goes down, and bring it back: standby, draining.

Out of service is entered before anything is stopped, and given up with a person's help if AWS refuses. The way back is
retried until AWS takes it, and only for an instance that runs: a group replaces a member that is down.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tui.domain.instance import InstanceState
from tui.domain.steps.base import (
    DRAIN_LIMIT,
    GRACE,
    MEMBERS,
    STANDBY_LIMIT,
    Call,
    Decision,
    Done,
    Order,
    Seen,
    Send,
    Step,
    StepHistory,
    Stuck,
    TargetRegistration,
    TargetSeen,
    Wait,
    backoff_left,
    gone,
    retry,
    spared,
    unread,
)

_OUT = ("", "unused", "draining")
_LIFE = {
    "EnteringStandby": "requests under way are finishing (EnteringStandby)",
    "Pending": "its group takes it back (Pending)",
}
"""A member's states on the way (Auto Scaling guide, lifecycle), in words."""


class EnterStandby(Step):
    """Puts it in Standby: its Auto Scaling group neither checks nor replaces it, and takes it out of its target groups.

    Always with the desired capacity lowered by one: otherwise the group launches a substitute, and on the way back has one
    member too many, of which it terminates whichever its policy says (Auto Scaling guide, as-enter-exit-standby).
    """

    name = "enter-standby"
    text = "put it in Standby"
    about = "until its target groups have drained, 5 min by default"
    cell = "standby"
    looks = frozenset({"group"}) | MEMBERS

    def calls(self, order: Order) -> tuple[Call, ...]:
        params = {**_member(order), "ShouldDecrementDesiredCapacity": True}
        return (Call("autoscaling", "EnterStandby", params),)

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Done in Standby; a second EnterStandby is refused by AWS, so it can't lower the capacity twice."""
        if (lost := gone(seen, order)) is not None:
            return lost
        if seen.lifecycle is None:
            return unread(seen, "its Auto Scaling group could not be read", loud=False)
        if seen.lifecycle == "":
            return Done(f"it is not in {order.group} any more")
        if seen.lifecycle == "Standby":
            return Done(_capacity(order, seen))
        if seen.lifecycle.startswith("Terminating"):
            return Stuck(f"{order.group} is about to terminate it", "let it be replaced", final=True)
        if seen.lifecycle == "InService" and not (said.latest and said.latest.ok):
            decision = retry(said, now, Send(self.calls(order)[0]), doing="standby")
            return spared(order, seen, said, now, decision)
        if now - said.began_at > STANDBY_LIMIT:
            return Stuck(f"it is still {seen.lifecycle}, not Standby", "look at the group's activities")
        return Wait(_LIFE.get(seen.lifecycle, seen.lifecycle), 3.0)


class ExitStandby(Step):
    """Returns it to service: its group raises the desired capacity again and registers it with its target groups."""

    name = "exit-standby"
    text = "return it to service"
    about = "retried until it is in service, even if this session ends"
    cell = "returning"
    looks = frozenset({"group"})

    def calls(self, order: Order) -> tuple[Call, ...]:
        return (Call("autoscaling", "ExitStandby", _member(order)),)

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Never while it is down: the group would replace it. AWS refuses a second one, so none counts twice."""
        if (lost := gone(seen, order)) is not None:
            return lost
        if seen.lifecycle is None:
            return unread(seen, "its Auto Scaling group could not be read")
        if seen.lifecycle == "":
            return Done(f"it is not in {order.group} any more")
        if seen.lifecycle == "InService":
            return Done(f"in service again; {_capacity(order, seen)}")
        if seen.lifecycle != "Standby":
            told = _LIFE.get(seen.lifecycle, seen.lifecycle)
            late = now - said.began_at > STANDBY_LIMIT
            return Wait(told, 3.0, attention=late, remedy="look at the group's activities" * late)
        if (held := _down(seen, f"it stays in Standby in {order.group}")) is not None:
            return held
        return _until_taken(self.calls(order)[0], said, now, f"IN STANDBY in {order.group}")


class Drain(Step):
    """Takes it out of every target group it is in, and waits until the requests under way are over."""

    name = "drain"
    text = "drain its target groups"
    about = "the target group's deregistration delay, 5 min by default"
    cell = "draining"
    looks = frozenset({"targets"}) | MEMBERS

    def calls(self, order: Order) -> tuple[Call, ...]:
        """DeregisterTargets, once a place."""
        return tuple(Call("elbv2", "DeregisterTargets", _target(one)) for one in _places(order))

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Done when none of them has it any more. To deregister twice is harmless (elbv2 model, DeregisterTargets)."""
        if (lost := gone(seen, order)) is not None:
            return lost
        if seen.targets is None:
            return unread(seen, "its target groups could not be read", loud=False)
        serving = [one for one in seen.targets if one.state not in _OUT]
        if serving:
            return spared(
                order, seen, said, now, _next(self.calls(order), serving, order, said, now, "drain")
            )
        left = [one.place.name for one in seen.targets if one.state == "draining"]
        if not left:
            return Done("out of " + ", ".join(one.place.name for one in seen.targets))
        if now - said.began_at > DRAIN_LIMIT:
            return Stuck(f"it still drains in {', '.join(left)}", "look at the target group")
        return Wait(f"draining in {', '.join(left)}", 3.0)


class Register(Step):
    """Registers it again wherever it was, under the same id and port."""

    name = "register"
    text = "register it again"
    about = "retried until AWS takes it, even if this session ends"
    cell = "returning"
    looks = frozenset({"targets"})

    def calls(self, order: Order) -> tuple[Call, ...]:
        """RegisterTargets, once a place."""
        return tuple(Call("elbv2", "RegisterTargets", _target(one)) for one in _places(order))

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """Done when it is registered everywhere. To register twice is harmless (elbv2 model, RegisterTargets)."""
        if (lost := gone(seen, order)) is not None:
            return lost
        if seen.targets is None:
            return unread(seen, "its target groups could not be read")
        missing = [one for one in seen.targets if one.state in _OUT]
        if not missing:
            return Done("registered in " + ", ".join(one.place.name for one in seen.targets))
        names = ", ".join(one.place.name for one in missing)
        if (held := _down(seen, f"it stays out of {names}")) is not None:
            return held
        calls, places = self.calls(order), _places(order)
        if len(said.attempts) < len(places):
            return Send(calls[len(said.attempts)])
        call = calls[places.index(missing[0].place)]
        return _until_taken(call, said, now, f"NOT REGISTERED in {names}")


class Members(Step):
    """In no plan: the look at its groups before they are held."""

    name = "members"
    looks = MEMBERS

    def decide(self, order: Order, seen: Seen, said: StepHistory, now: datetime) -> Decision:
        """There is nothing to decide here: who else holds members down is the journal's to say."""
        return Done()


def _member(order: Order) -> dict[str, object]:
    return {"InstanceIds": [order.instance_id], "AutoScalingGroupName": order.group}


def _places(order: Order) -> tuple[TargetRegistration, ...]:
    """Where it was registered. An order without any still has a call to show: what it might send is declared by it."""
    return order.places or (TargetRegistration(),)


def _target(place: TargetRegistration) -> dict[str, object]:
    target: dict[str, object] = {"Id": place.target_id}
    if place.port is not None:
        target["Port"] = place.port
    return {"TargetGroupArn": place.arn, "Targets": [target]}


def _capacity(order: Order, seen: Seen) -> str:
    if seen.desired is None:
        return "the desired capacity could not be read"
    was = f", before it was {order.desired}" if order.desired not in (None, seen.desired) else ""
    return f"desired capacity of {order.group} {seen.desired}{was}"


def _down(seen: Seen, stays: str) -> Decision | None:
    """What holds the way back: it does not run, or nobody knows."""
    if seen.state is InstanceState.RUNNING:
        return None
    if seen.state is InstanceState.UNKNOWN:
        return unread(seen, f"its state is unknown: {stays} meanwhile")
    if seen.state is InstanceState.PENDING:
        remedy = "nothing to press: it is returned once it runs"
        return Wait(f"its state is {seen.state}: {stays} meanwhile", 3.0, attention=True, remedy=remedy)
    return Stuck(f"it is {seen.state}, so {stays}", "start it, then resume this operation")


def _until_taken(call: Call, said: StepHistory, now: datetime, stands: str) -> Decision:
    """For the way back: every refusal is retried, ever slower, and says so."""
    last = said.latest
    if last is None:
        return Send(call)
    if last.ok is not False:
        left = GRACE - (now - last.intent_at)
        return Wait("sent; waiting to see it", 2.0) if left > timedelta() else Send(call)
    seconds = backoff_left(said, now)
    if seconds <= 0:
        return Send(call)
    why = f"{last.code}: {last.message}".rstrip(": ")
    told = f"{stands}: {why}; next try in {int(seconds) + 1} s"
    remedy = (
        f"it runs, and is tried until AWS takes it back; mend what AWS names (allow {call.operation}, say)"
    )
    return Wait(told, min(seconds, 5.0), attention=True, remedy=remedy)


def _next(
    calls: tuple[Call, ...],
    serving: list[TargetSeen],
    order: Order,
    said: StepHistory,
    now: datetime,
    doing: str,
) -> Decision:
    """Each place has its turn once; what still serves after that and after the grace has another."""
    if len(said.attempts) < len(calls) and (said.latest is None or said.latest.ok):
        return Send(calls[len(said.attempts)])
    send = Send(calls[_places(order).index(serving[0].place)])
    last = said.latest
    if last is not None and last.ok and now - last.intent_at >= GRACE:
        return send
    return retry(said, now, send, doing=doing)
