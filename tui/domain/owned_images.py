"""The AMIs of an account and region that evac made, as far as a retention must know of them. Read when somebody asks."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tui.domain.sanitize import EMPTY, SafeText


class OwnedImage(Struct, frozen=True, gc=False):
    """An AMI of the account. Source: DescribeImages; `used_by`, `shared` and `expires` None = don't know.

    `instance_id`: of which it was made; `operation`: evac's that made it. `protection` is DeregistrationProtection. `used_by`:
    ARNs of what names it; `shared`: with others or everybody. `expires` (UTC) is the tag `evac:expires`, `lasts` whether it has
    one. `snapshots`: how many lie under it.
    """

    image_id: SafeText
    name: SafeText = EMPTY
    instance_id: SafeText = EMPTY
    owner: SafeText = EMPTY
    operation: SafeText = EMPTY
    state: SafeText = EMPTY
    created: datetime | None = None
    protection: SafeText = EMPTY
    public: bool | None = None
    shared: bool | None = None
    used_by: tuple[SafeText, ...] | None = None
    lasts: bool = False
    expires: datetime | None = None
    snapshots: int = 0


class OwnedImages(Struct, frozen=True, gc=False):
    """The AMIs of an account and region that evac made, and how many there are of others. `unknown` says what was not read."""

    account_id: SafeText
    images: tuple[OwnedImage, ...] = ()
    others: int = 0
    unknown: tuple[tuple[str, SafeText], ...] = ()
