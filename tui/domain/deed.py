"""What a person had done, or said: evac's own part of what happened."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Deed(Struct, frozen=True):
    """What a person had done, or said, as journal or audit log have it. Times are UTC.

    `outcome`: how it stands, in a few words; `told`: what came of it; `remedy`: what helps. `is_open`: it has not ended.
    `needs_person`: it goes no further by itself. `ident`: the id of the operation or campaign, empty of what is neither.
    """

    at: datetime
    what: str
    user: str
    host: str
    outcome: str
    told: str = ""
    remedy: str = ""
    ended_at: datetime | None = None
    is_open: bool = False
    needs_person: bool = False
    ident: str = ""
    instance_id: str = ""
    region: str = ""
    account_id: str = ""
