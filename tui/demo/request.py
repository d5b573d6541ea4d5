"""Who asks what, where: what every operation is given."""

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
