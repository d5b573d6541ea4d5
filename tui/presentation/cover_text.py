"""How an instance's cover reads in a cell: the sign of each verdict, and its words as short as a column wants them."""

from __future__ import annotations

from tui.config.schema import Settings
from tui.domain.cover.answers import GAPS, Cover, CoverAnswer, CoverVerdict, ServiceCover
from tui.domain.triage import Level
from tui.presentation.symbols import LEVELS, NO_VALUE, Sign

COVER_SIGNS = {
    CoverVerdict.NOBODY: Sign("✖", "nobody", "bold red"),
    CoverVerdict.PARTLY: Sign("▲", "partly", "bold yellow"),
    CoverVerdict.UNKNOWN: Sign("?", "not known", LEVELS[Level.UNKNOWN].style),
    CoverVerdict.COVERED: Sign("✔", "covered", "green"),
    CoverVerdict.NOT_NEEDED: Sign(NO_VALUE, "not needed", "dim"),
}
"""The gravest first."""

QUESTIONS = ("host dies", "system hangs", "data lost")
"""What the three answers are about, in their order: labels, and titles of columns."""


def cover_sign(cover: Cover) -> Sign:
    """Of all three answers: ✖ where nothing covers it at all, ▲ where something is missing."""
    verdicts = {one.verdict for one in cover.answers} - {CoverVerdict.NOT_NEEDED}
    if verdicts == {CoverVerdict.NOBODY}:
        return COVER_SIGNS[CoverVerdict.NOBODY]
    if verdicts & GAPS:
        return COVER_SIGNS[CoverVerdict.PARTLY]
    worst = CoverVerdict.UNKNOWN if CoverVerdict.UNKNOWN in verdicts else CoverVerdict.COVERED
    return COVER_SIGNS[worst if verdicts else CoverVerdict.NOT_NEEDED]


def answer_cell(answer: CoverAnswer) -> tuple[str, str]:
    """The sign and the word for a narrow cell; and the style."""
    sign = COVER_SIGNS[answer.verdict]
    return f"{sign.symbol} {answer.word or sign.word}", sign.style


def verdict_line(answer: CoverAnswer) -> tuple[str, str]:
    """The sign, the verdict, and why; and the style."""
    sign = COVER_SIGNS[answer.verdict]
    return f"{sign.named}: {answer.why}" if answer.why else sign.named, sign.style


def service_line(service: ServiceCover, settings: Settings) -> tuple[str, str]:
    """A service that stands on one instance or in one zone, in one line; and the style."""
    sign = COVER_SIGNS[CoverVerdict.PARTLY]
    parts = (
        f"{question} {COVER_SIGNS[answer.verdict].symbol}"
        for question, answer in zip(QUESTIONS, service.cover.answers, strict=True)
    )
    where = settings.label(service.profile)
    return f"{sign.symbol} service {service.name} ({where}) {service.why} · {', '.join(parts)}", sign.style
