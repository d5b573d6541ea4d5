"""Who else has a hand on the instance: Auto Scaling, load balancers, a cluster."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain import out_of_service
from tui.domain.facts import GroupMembership
from tui.domain.groups import shortage_text
from tui.domain.hazards.base import Hazard, HazardView, block, danger, dont_know, hazard, note, ok, warn
from tui.domain.plurals import part_of
from tui.domain.severity import Gravity

_SCALING = "autoscaling DescribeAutoScalingInstances; tag aws:autoscaling:groupName"
_SERVICE = "elbv2 DescribeTargetHealth; elb DescribeInstanceHealth; autoscaling DescribeAutoScalingGroups Instances[]"


def membership(view: HazardView) -> tuple[GroupMembership | None, str]:
    """The Auto Scaling membership and the group's name by tag; both empty when nothing speaks of one."""
    members = None if view.facts is None else view.facts.membership
    tagged = view.instance.tag("aws:autoscaling:groupName") or ""
    return (members[0], members[0].group) if members else (None, tagged if members is None else "")


@hazard("auto-scaling", "wait-stopped", field=_SCALING)
def replaced_once_stopped(view: HazardView) -> Iterator[Hazard]:
    """A stopped member is terminated. Source: Auto Scaling guide, ec2-auto-scaling-health-checks."""
    member, name = membership(view)
    spared = view.action.stops or (
        member is not None and (member.lifecycle == "Standby" or member.replace_suspended)
    )
    if name and not spared:
        yield block(
            f"its Auto Scaling group {name} terminates it once AWS has stopped it, and launches another",
            "let the group replace it, or put it in Standby first",
        )


@hazard("last-healthy", "stop", "reboot", "image", field=_SERVICE)
def last_healthy(view: HazardView) -> Iterator[Hazard]:
    """Too few of a group would be in service without it, whoever waits: the last healthy one, most often.

    A person may lift it.
    """
    lifted = view.overridden("last-healthy")
    for one in view.shorts:
        if one.by and not lifted:
            continue
        text = (
            f"it is the last healthy member of {one.text}: while it is down nothing answers"
            if not one.left
            else shortage_text(one)
        )
        yield Hazard(
            Gravity.DANGER if lifted else Gravity.BLOCK,
            text,
            "overridden: this is an outage" if lifted else "bring another member up first, or override it",
            override="last-healthy",
        )


@hazard("group-held", "stop", "reboot", "image", field="the journal; the lock service")
def group_held(view: HazardView) -> Iterator[Hazard]:
    """Other operations hold so many of a group down that this one has to wait until they are back: the journal, the locks."""
    if view.overridden("last-healthy"):
        return
    for one in view.shorts:
        if one.by:
            waits = "it goes on by itself; abandoning it works at any time"
            yield Hazard(
                Gravity.WARN if view.waits else Gravity.BLOCK,
                f"it {one.line}" if view.waits else f"held by {one.by[0].line}",
                waits if view.waits else "try again when that is over",
                override="last-healthy",
            )


@hazard("auto-scaling", "stop", "reboot", "image", field=_SCALING)
def auto_scaling(view: HazardView) -> Iterator[Hazard]:
    """DescribeAutoScalingInstances LifecycleState, HealthStatus; the tag aws:autoscaling:groupName until it is asked."""
    if not view.interrupts:
        return
    member, name = membership(view)
    if not name:
        if view.facts is not None and view.facts.membership is not None:
            yield ok("not in Auto Scaling")
        else:
            yield dont_know("whether it is in an Auto Scaling group", view, "membership")
        return
    if member is not None and member.lifecycle == "Standby":
        yield ok(f"in Standby in Auto Scaling group {name}")
        return
    if member is not None and member.replace_suspended:
        yield note(
            f"in Auto Scaling group {name}, whose replacing of unhealthy members is suspended",
            "resume the processes afterwards",
        )
        return
    if member is not None and view.standby and member.desired is not None:
        yield warn(
            f"put in Standby in Auto Scaling group {name} first, and returned: its desired capacity is "
            f"{member.desired - 1} instead of {member.desired} meanwhile"
        )
        return
    deed = (
        "sees a stopped member as unhealthy, terminates it"
        if view.stops
        else "may find it unhealthy meanwhile, terminate it"
    )
    why = out_of_service.why_no_standby(view.facts) if member is not None and view.action.sets_aside else ""
    remedy = f"Standby is not possible: {why}; lower the minimum first" if why else "put it in Standby first"
    yield danger(
        f"Auto Scaling group {name} {deed} and launches another",
        f"{remedy}, or suspend HealthCheck and ReplaceUnhealthy",
    )


@hazard(
    "load-balancer", "stop", "reboot", "image", field="elbv2 DescribeTargetHealth TargetHealthDescriptions[]"
)
def load_balancer(view: HazardView) -> Iterator[Hazard]:
    """DescribeTargetHealth of each target group with this instance (elasticloadbalancing v2); then the classic ones."""
    groups = None if view.facts is None else view.facts.target_groups
    if not view.interrupts:
        return
    classic = tuple(_classic(view))
    yield from classic
    if groups is None:
        yield dont_know("whether it serves behind a load balancer", view, "target_groups")
        return
    if not groups and not classic:
        yield ok("in no target group")
    for group in groups:
        share = f"{part_of(group.healthy, group.members, 'member')} healthy"
        if group.health == "healthy" and group.healthy <= 1:
            continue  # said, and louder, by group.last_healthy
        if group.health == "healthy" and (view.standby or view.drain):
            how = "Standby takes it out of" if view.standby else "drained first in"
            text = f"{how} target group {group.name} ({share}); registered again afterwards"
            yield note(text)
        elif group.health == "healthy":
            yield warn(
                f"in target group {group.name} ({share}): out of service while it is down",
                "drain it first where requests must not be cut",
            )
        else:
            yield note(
                f"in target group {group.name}, where it is {group.health or 'of unknown health'} ({share})"
            )


def _classic(view: HazardView) -> Iterator[Hazard]:
    """DescribeInstanceHealth of each classic load balancer with this instance: evac does not drain these."""
    field = "elb DescribeLoadBalancers Instances[], DescribeInstanceHealth InstanceStates[]"
    if view.facts is None:
        return  # said by the other kind's don't know
    balancers = view.facts.classic_balancers
    if balancers is None:
        yield dont_know(
            "whether it serves behind a classic load balancer",
            view,
            "classic_balancers",
            field,
        )
    for one in balancers or ():
        where = f"classic load balancer {one.name} ({part_of(one.in_service, one.members, 'instance')} in service)"
        if one.state != "InService":
            text = f"registered with {where}, where it is {one.state or 'of unknown state'}"
            yield note(text, field=field)
        elif one.in_service > 1 and view.standby:
            text = f"Standby takes it out of {where}, if its group put it there; back in service afterwards"
            yield note(text, field=field)
        elif one.in_service > 1:  # the last one is said, and louder, by group.last_healthy
            yield warn(
                f"behind {where}: out of service while it is down",
                "evac does not drain classic ones: where requests must not be cut, deregister it first, and register it again",
                field,
            )


@hazard("cluster", "stop", "reboot", "image", field="Instance.Tags")
def cluster(view: HazardView) -> Iterator[Hazard]:
    """Tags eks:cluster-name, eks:nodegroup-name, kubernetes.io/cluster/NAME."""
    if not view.interrupts:
        return
    name = view.instance.tag("eks:cluster-name") or next(
        (
            key.removeprefix("kubernetes.io/cluster/")
            for key, _ in view.instance.tags
            if key.startswith("kubernetes.io/cluster/")
        ),
        "",
    )
    if name:
        yield warn(
            f"a node of Kubernetes cluster {name}: its pods go down with it",
            "cordon and drain the node first",
        )
