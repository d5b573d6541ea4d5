"""How many of a group serve, counted after everything that happens in the embedded AWS: for those who must never see too few.

Counted is the truth, not what a group's health says of it with a delay: a member that runs, is not rebooting, and is in service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tui.demo.world import Region

Doc = dict[str, Any]


@dataclass
class Watch:
    """One group, and the fewest that were seen to serve. `low`: how often fewer than `needed`; `seen`: how often counted."""

    region: Region
    kind: str
    key: str
    needed: int
    fewest: int = 1_000_000
    low: int = 0
    seen: int = 0

    def count(self) -> None:
        """Count who serves now."""
        now = sum(1 for _ in serving(self.region, self.kind, self.key))
        self.seen += 1
        self.low += now < self.needed
        self.fewest = min(self.fewest, now)

    def told(self) -> Doc:
        """The counts as JSON."""
        now = list(serving(self.region, self.kind, self.key))
        return {
            "kind": self.kind,
            "key": self.key,
            "needed": self.needed,
            "fewest": self.fewest,
            "low": self.low,
            "seen": self.seen,
            "now": now,
        }


def serving(region: Region, kind: str, key: str) -> list[str]:
    """The members that serve now. `kind` is classic, scaling or targets; `key` a name or an ARN."""
    if kind == "classic":
        ids = [one["InstanceId"] for one in region.classic[key]["Instances"]]
    elif kind == "targets":
        ids = [name for name, one in region.targets.get(key, {}).items() if one.health == "healthy"]
    else:
        ids = [
            instance.id
            for instance in region.instances.values()
            if instance.doc.get("_group") == key and instance.doc.get("_lifecycle") == "InService"
        ]
    return [name for name in ids if name in region.instances and region.instances[name].serves]
