"""The keys by which members of a campaign exclude each other: what they serve in, stand on or belong to together.

A key names one group that no other has. Two instances with a key in common are not down at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.domain import out_of_service
from tui.domain.facts import Facts
from tui.domain.groups import SCALING, Group, group_key
from tui.domain.instance import Instance
from tui.domain.sanitize import SafeText, clean

PARTITION, CLUSTER, TAGGED = "placement partition", "cluster", "tag"
"""Kinds of key beside the groups' own."""
_KUBERNETES = "kubernetes.io/cluster/"
"""A node's tag: NAME is its cluster, the value `owned` or `shared` (EKS user guide; Kubernetes' AWS cloud provider)."""
_CLUSTER_TAGS = (
    "aws:eks:cluster-name",
    "eks:cluster-name",
    "alpha.eksctl.io/cluster-name",
    "KubernetesCluster",
    "parallelcluster:cluster-name",
    "aws:elasticmapreduce:job-flow-id",
)
"""Tags whose value is the cluster: EKS, eksctl, Kubernetes' older one, AWS ParallelCluster (user guide, tagging), EMR."""


def keys_of(instance: Instance, facts: Facts | None, together: Sequence[str] = ()) -> tuple[str, ...]:
    """The groups, placement partition, clusters and services it belongs to, each once, in an order that does not change.

    `together`: tags as `tag:service`, whose equal values make a group, in whichever account and Region. Without `facts` the
    load balancers are not known, and of Auto Scaling only what the row's tag says.
    """
    account, region = str(instance.account_id), instance.target.region
    own = str(instance.instance_id)
    found = [one.group for one in out_of_service.groups(facts, own)]
    scaling = [] if facts is None else [str(one.group) for one in facts.membership or ()]
    if facts is None or facts.membership is None:
        scaling.append(str(instance.tag("aws:autoscaling:groupName") or ""))
    found += [Group(SCALING, name, name, own) for name in scaling if name]
    found += [Group(kind, name, name, own) for kind, name in (*_partition(instance), *_clusters(instance))]
    keys = [group_key(account, region, one) for one in found]
    for word in together:
        tag = word.removeprefix("tag:")
        if value := instance.tag(tag):
            keys.append(group_key("", "", Group(TAGGED, f"{tag}={value}", "", own)))
    return tuple(sorted(set(keys)))


def is_together(key: str) -> bool:
    """Whether it is of `[campaign] together`: of those all but one stay in service, whatever `per_group` allows."""
    return key.startswith(f"::{TAGGED}:")


def key_text(key: str) -> SafeText:
    """`target group web`, `Auto Scaling group web-asg`, `placement partition kafka 3`, `tag service=pay`."""
    parts = key.split(":", 3)
    if len(parts) < 4:
        return clean(key)
    kind, name = parts[2:]
    if name.startswith("arn:"):  # arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/HASH
        name = name.split("/")[1] if name.count("/") > 1 else name
    return clean(f"{kind} {name}")


def _partition(instance: Instance) -> Iterator[tuple[str, str]]:
    """Placement.PartitionNumber; only groups of that strategy have one (user guide, placement-groups)."""
    if instance.placement_group and instance.partition is not None:
        yield PARTITION, f"{instance.placement_group} {instance.partition}"


def _clusters(instance: Instance) -> Iterator[tuple[str, str]]:
    for tag, value in instance.tags:
        if tag.startswith(_KUBERNETES) and (name := tag.removeprefix(_KUBERNETES)):
            yield CLUSTER, name
        elif tag in _CLUSTER_TAGS and value:
            yield CLUSTER, str(value)
