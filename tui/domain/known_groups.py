"""The groups of any instance, as far as they are known: what its row tells, and what was read of load balancers beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from tui.domain import out_of_service
from tui.domain.campaign.keys import keys_of
from tui.domain.facts import Facts
from tui.domain.groups import BalancerGroups, RegisteredGroup, group_key
from tui.domain.instance import Instance


class KnownGroups:
    """The groups of any instance, as far as rows and what was read of load balancers tell. `together`: as in `[campaign]`.

    `sizes`: how many members a load balancer's group has.
    """

    def __init__(self, together: Sequence[str], read: Iterable[BalancerGroups] = ()) -> None:
        self._together = tuple(together)
        self._of = defaultdict[tuple[str, str, str], set[str]](set)
        self.sizes: dict[str, int] = {}
        for part in read:
            for group in part.groups:
                self.sizes[group.key] = len(set(group.members))
                for member in group.members:
                    self._of[part.account_id, part.region, member].add(group.key)

    def __call__(self, row: Instance) -> tuple[str, ...]:
        """The keys of its groups, each once."""
        found = set(keys_of(row, None, self._together))
        for member in (row.instance_id, row.private_ip):
            found |= self._of.get((str(row.account_id), row.target.region, str(member)), set())
        return tuple(sorted(found))


def groups_beside(
    row: Instance, facts: Facts | None, together: Sequence[str]
) -> Callable[[Instance], tuple[str, ...]]:
    """The same by a fresh look at one instance: who else is in its groups is in its facts."""
    if facts is None:
        return KnownGroups(together)
    account, region, own = str(row.account_id), row.target.region, str(row.instance_id)
    groups = tuple(
        RegisteredGroup(group_key(account, region, one.group), (*one.members, own))
        for one in out_of_service.groups(facts, own)
    )
    return KnownGroups(together, [BalancerGroups(account, region, facts.read_at, groups)])
