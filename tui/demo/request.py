"""The request that every operation is given: identity, account, region."""

from __future__ import annotations

from dataclasses import dataclass

from tui.demo.world import Identity, Region, World


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
