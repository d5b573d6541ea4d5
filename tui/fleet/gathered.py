"""The evidence as its parts come in: what each question was answered last, what it was not, and what is still on its way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from tui.domain.diagnosis.evidence import Change, Evidence
from tui.domain.sanitize import SafeText, clean
from tui.fleet.protocol import ReadAnswer, ReadKind

Question = tuple[ReadKind, str]
"""What was asked, and of which other resource: empty for the instance itself."""
Unread = tuple[tuple[str, SafeText], ...]
"""What `Evidence.unread` holds."""
PART_NAMES = {
    ReadKind.METRICS: "metrics",
    ReadKind.AGENT_METRICS: "agent",
    ReadKind.LOG: "log",
    ReadKind.CHANGES: "changes",
}
"""The names that `Evidence.unread` has for them."""
_NOTHING: Mapping[Question, Evidence] = MappingProxyType({})
_ALL_READ: Mapping[Question, Unread] = MappingProxyType({})


class Gathered(Struct, frozen=True, dict=True):
    """All answers so far. `held`: by question, the last one that had its part; `failed`: what the last one lacked, and why.

    `asking`: the questions on their way. `asked`: metrics asked for by all of them together. `at`: when the last answer came.
    """

    held: Mapping[Question, Evidence] = _NOTHING
    failed: Mapping[Question, Unread] = _ALL_READ
    asking: frozenset[Question] = frozenset()
    asked: int = 0
    at: datetime | None = None

    def begun(self, kind: ReadKind, resource: str = "") -> Gathered:
        """The question is on its way."""
        return replace(self, asking=self.asking | {(kind, resource)})

    def answered(self, kind: ReadKind, answer: ReadAnswer, now: datetime, resource: str = "") -> Gathered:
        """It was answered, now. A part that could not be read anew stays as it was, with its age; why is in `failed`."""
        question, found = (kind, resource), answer.evidence
        unread: Unread = () if found is None else found.unread
        if answer.trouble is not None:
            unread = (*unread, (PART_NAMES.get(kind, str(kind)), clean(answer.trouble.line)))
        held = dict(self.held)
        before = held.get(question)
        kept = (
            found is not None and before is not None and found.read_at == before.read_at
        )  # not asked of AWS anew
        if found is not None and _has(kind, found) and not _is_older(found, before):
            held[question] = found
        return Gathered(
            held,
            {**self.failed, question: unread},
            self.asking - {question},
            self.asked + (0 if found is None or kept else found.asked),
            now,
        )

    def was_asked(self, kind: ReadKind, resource: str = "") -> bool:
        """Whether it was answered, in whatever way, or is on its way."""
        return (kind, resource) in self.failed or self.is_asking(kind, resource)

    def read_at(self, kind: ReadKind, resource: str = "") -> datetime | None:
        """When that part was read; None if it never was."""
        found = self.held.get((kind, resource))
        return None if found is None else found.read_at

    def why_unread(self, kind: ReadKind, resource: str = "") -> SafeText | None:
        """Why the last answer lacked that part, cause and remedy in a line; None if it did not lack it, or has not come."""
        part = PART_NAMES.get(kind, str(kind))
        return next((why for name, why in self.failed.get((kind, resource), ()) if name == part), None)

    def is_asking(self, kind: ReadKind, resource: str = "") -> bool:
        """Whether that question is on its way."""
        return (kind, resource) in self.asking

    @cached_property
    def evidence(self) -> Evidence | None:
        """All parts as one, of when the last answer came; None before the first. The changes of all resources are together."""
        if self.at is None:
            return None
        parts = self.held.values()
        metrics = [one.metrics for one in parts if one.metrics is not None]
        changes = [one.changes for one in parts if one.changes is not None]
        log = self.held.get((ReadKind.LOG, ""))
        return Evidence(
            self.at,
            tuple(one for part in metrics for one in part) if metrics else None,
            None if log is None else log.log,
            _newest_first(one for part in changes for one in part) if changes else None,
            sum(one.asked for one in parts),
            tuple(one for unread in self.failed.values() for one in unread),
        )


NOTHING_YET = Gathered()


def _has(kind: ReadKind, found: Evidence) -> bool:
    if kind in (ReadKind.METRICS, ReadKind.AGENT_METRICS):
        return found.metrics is not None
    if kind is ReadKind.LOG:
        return found.log is not None
    return kind is ReadKind.CHANGES and found.changes is not None


def _is_older(found: Evidence, held: Evidence | None) -> bool:
    """Whether a log that evac kept, told where AWS's could not be read, is from before one of AWS's that was read."""
    log, before = found.log, None if held is None else held.log
    if log is None or before is None or not log.kept_by or log.at is None or before.at is None:
        return False
    return log.at < before.at


def _newest_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    once = {one.event_id or repr(one): one for one in changes}
    return tuple(sorted(once.values(), key=lambda one: one.at, reverse=True))
