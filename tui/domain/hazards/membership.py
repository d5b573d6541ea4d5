"""Who else has a hand on the instance: Auto Scaling, a cluster, another AWS service."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain import out_of_service
from tui.domain.actions import ASIDE
from tui.domain.facts import GroupMembership
from tui.domain.groups import shortage_text
from tui.domain.hazards.base import Hazard, HazardView, dont_know
from tui.domain.severity import Gravity


def membership(view: HazardView) -> tuple[GroupMembership | None, str]:
    """The Auto Scaling membership and the group's name by tag; both empty when nothing speaks of one."""
    members = None if view.facts is None else view.facts.membership
    tagged = view.instance.tag("aws:autoscaling:groupName") or ""
    return (members[0], members[0].group) if members else (None, tagged if members is None else "")


def replaced_once_stopped(view: HazardView) -> Iterator[Hazard]:
    """A stopped member is terminated. Source: Auto Scaling guide, ec2-auto-scaling-health-checks."""
    field = "autoscaling DescribeAutoScalingInstances; tag aws:autoscaling:groupName"
    member, name = membership(view)
    spared = member is not None and (member.lifecycle == "Standby" or member.replace_suspended)
    if name and not spared:
        yield Hazard(
            "auto-scaling",
            Gravity.BLOCK,
            f"its Auto Scaling group {name} terminates it once AWS has stopped it, and launches another",
            "let the group replace it, or put it in Standby first",
            field,
        )


def auto_scaling(view: HazardView) -> Iterator[Hazard]:
    """DescribeAutoScalingInstances LifecycleState, HealthStatus; the tag aws:autoscaling:groupName until it is asked."""
    field = "autoscaling DescribeAutoScalingInstances; tag aws:autoscaling:groupName"
    if not view.interrupts:
        return
    member, name = membership(view)
    if not name:
        if view.facts is not None and view.facts.membership is not None:
            yield Hazard("auto-scaling", Gravity.OK, "not in Auto Scaling", field=field)
        else:
            yield dont_know(
                "auto-scaling", "whether it is in an Auto Scaling group", view, "membership", field
            )
        return
    if member is not None and member.lifecycle == "Standby":
        yield Hazard("auto-scaling", Gravity.OK, f"in Standby in Auto Scaling group {name}", field=field)
        return
    if member is not None and member.replace_suspended:
        yield Hazard(
            "auto-scaling",
            Gravity.NOTE,
            f"in Auto Scaling group {name}, whose replacing of unhealthy members is suspended",
            "resume the processes afterwards",
            field,
        )
        return
    if member is not None and view.standby and member.desired is not None:
        yield Hazard(
            "auto-scaling",
            Gravity.WARN,
            f"put in Standby in Auto Scaling group {name} first, and returned: its desired capacity is "
            f"{member.desired - 1} instead of {member.desired} meanwhile",
            field=field,
        )
        return
    deed = (
        "sees a stopped member as unhealthy, terminates it"
        if view.stops
        else "may find it unhealthy meanwhile, terminate it"
    )
    why = out_of_service.why_no_standby(view.facts) if member is not None and view.action in ASIDE else ""
    remedy = f"Standby is not possible: {why}; lower the minimum first" if why else "put it in Standby first"
    yield Hazard(
        "auto-scaling",
        Gravity.DANGER,
        f"Auto Scaling group {name} {deed} and launches another",
        f"{remedy}, or suspend HealthCheck and ReplaceUnhealthy",
        field,
    )


_SERVICE = "elbv2 DescribeTargetHealth; elb DescribeInstanceHealth; autoscaling DescribeAutoScalingGroups Instances[]"


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
            "last-healthy",
            Gravity.DANGER if lifted else Gravity.BLOCK,
            text,
            "overridden: this is an outage" if lifted else "bring another member up first, or override it",
            _SERVICE,
            override="last-healthy",
        )


def group_held(view: HazardView) -> Iterator[Hazard]:
    """Other operations hold so many of a group down that this one has to wait until they are back: the journal, the locks."""
    if view.overridden("last-healthy"):
        return
    for one in view.shorts:
        if one.by:
            yield Hazard(
                "group-held",
                Gravity.WARN if view.waits else Gravity.BLOCK,
                f"it {one.line}" if view.waits else f"held by {one.by[0].line}",
                "it goes on by itself; abandoning it works at any time" if view.waits else "try again when that is over",
                "the journal; the lock service",
                override="last-healthy",
            )  # fmt: skip


def managed(view: HazardView) -> Iterator[Hazard]:
    """Instance.Operator.Managed, Principal: EKS Auto Mode, ECS managed and others. Source: amazon-ec2-managed-instances."""
    if view.instance.managed_by:
        yield Hazard(
            "managed",
            Gravity.BLOCK,
            f"it is managed by {view.instance.managed_by}: it can't be changed directly",
            "make the change through that service",
            "Instance.Operator",
        )


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
        yield Hazard(
            "cluster",
            Gravity.WARN,
            f"a node of Kubernetes cluster {name}: its pods go down with it",
            "cordon and drain the node first",
            "Instance.Tags",
        )
