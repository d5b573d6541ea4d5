"""The three answers of an instance's cover: who acts if its host dies, who if its system hangs, and whence it comes back."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from tui.domain.sanitize import SafeText


class CoverVerdict(StrEnum):
    """Whether it is covered; the gravest first. UNKNOWN: something that could cover it was not read, and nothing read does."""

    NOBODY = "nobody"
    PARTLY = "partly"
    UNKNOWN = "unknown"
    COVERED = "covered"
    NOT_NEEDED = "not-needed"


VERDICT_RANK = {verdict: number for number, verdict in enumerate(CoverVerdict)}
"""How good each is: to sort by, the gravest first."""
GAPS = frozenset({CoverVerdict.NOBODY, CoverVerdict.PARTLY})
"""Not covered, or in part."""


class CoverAnswer(Struct, frozen=True, gc=False):
    """One answer. `by` are those that cover it (`automatic recovery`, `recover alarm evac/recover/i-…`), the surest first.

    `why` is one line: what is in the way of a better verdict, or what the verdict rests on. `word` is it for a narrow cell.
    """

    verdict: CoverVerdict
    by: tuple[str, ...] = ()
    why: str = ""
    word: str = ""


class Cover(Struct, frozen=True, gc=False):
    """All three, of one instance or of one service (every member of which is of one tag value)."""

    host_dies: CoverAnswer
    system_hangs: CoverAnswer
    data_lost: CoverAnswer

    @property
    def answers(self) -> tuple[CoverAnswer, CoverAnswer, CoverAnswer]:
        """In the order in which they are told."""
        return self.host_dies, self.system_hangs, self.data_lost


class CoverLine(Struct, frozen=True, gc=False):
    """One thing that could cover it: `what` it is (`recover alarm`), and `text`, why it does or does not.

    `verdict` None: it says nothing either way (not a member of a group). `word` is the text for a narrow cell, `by` its name
    in `CoverAnswer.by`, `why` what stands in `CoverAnswer.why`: a clause that needs no heading.
    """

    what: str
    verdict: CoverVerdict | None
    text: str
    word: str = ""
    by: str = ""
    why: str = ""


class CoverSection(Struct, frozen=True, gc=False):
    """One of the three questions with all its lines; `so` is the conclusion in a sentence.

    A last section without an answer may follow: what else is to be known of its alarms.
    """

    title: str
    lines: tuple[CoverLine, ...]
    answer: CoverAnswer | None = None
    so: str = ""


class ServiceCover(Struct, frozen=True, gc=False):
    """A service that stands on one instance or in one zone. `members` are those that run, by `Instance.key`.

    `name` is the tag's value; `cover` the gravest answer of its members to each question; `why` what it stands on.
    """

    name: SafeText
    account_id: SafeText
    profile: str
    members: tuple[str, ...]
    zones: tuple[SafeText, ...]
    cover: Cover
    why: str

    @property
    def key(self) -> str:
        """Its identity among the rows of a list."""
        return f"service {self.account_id} {self.name}"
