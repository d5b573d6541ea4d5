"""The request that every operation is given: identity, account, region."""

from __future__ import annotations

from dataclasses import dataclass

from tui.demo.world import Identity, Region, World

READS = ("Describe", "Get", "List", "Lookup")
"""How the names of operations begin that change nothing."""


@dataclass
class Request:
    """One call, after its identity is known."""

    world: World
    identity: Identity
    region: Region
    service: str
    operation: str
    key: str
    user_agent: str = ""
    json: bool = False
    """Whether the client speaks a JSON protocol."""
    forbidden: tuple[str, ...] = ()
    """Globs over `namespace/metric`: what may not be read of CloudWatch, by a fault."""
