"""The three answers of an instance's cover: who acts if its host dies, who if its system hangs, and whence it comes back."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class CoverVerdict(StrEnum):
    """Whether it is covered; the gravest first. UNKNOWN: something that could cover it was not read, and nothing read does."""

    NOBODY = "nobody"
    PARTLY = "partly"
    UNKNOWN = "unknown"
    COVERED = "covered"
    NOT_NEEDED = "not-needed"


class CoverAnswer(Struct, frozen=True, gc=False):
    """One answer. `by` are those that cover it (`automatic recovery`, `recover alarm evac/recover/i-…`), the surest first.

    `why` is one line: what is in the way of a better verdict, or what the verdict rests on.
    """

    verdict: CoverVerdict
    by: tuple[str, ...] = ()
    why: str = ""


class Cover(Struct, frozen=True, gc=False):
    """All three, of one instance or of one service (every member of which is of one tag value)."""

    host_dies: CoverAnswer
    system_hangs: CoverAnswer
    data_lost: CoverAnswer

    @property
    def answers(self) -> tuple[CoverAnswer, CoverAnswer, CoverAnswer]:
        """In the order in which they are told."""
        return self.host_dies, self.system_hangs, self.data_lost
