"""What settings and site policy say of plans."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from tui.domain.probe import ProbeRule


class Policy(Struct, frozen=True):
    """What the settings say; its defaults are theirs. `confirm`: whether the name or the id is typed. An AMI older than
    `image_max_age` is no net; `require_image`: no stop without an AMI so young.

    `blocking`: codes of the hazards that the site allows nobody to confirm. `keep`: how many of a group must stay in service,
    each of them. `topics`: ARNs of the SNS topics that alarms may tell. `probes`: how is known whether one serves that no
    balancer watches.
    """

    read_only: bool = False
    confirm: str = "name"
    image_max_age: timedelta = timedelta(days=7)
    require_image: timedelta | None = None
    actions_off: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    keep: tuple[int | str, ...] = ()
    topics: tuple[str, ...] = ()
    probes: tuple[ProbeRule, ...] = ()
