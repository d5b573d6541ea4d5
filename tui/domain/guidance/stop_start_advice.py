"""Whether a stop/start answers an event here, and what it would cost."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.guidance import base as b
from tui.domain.guidance import survival
from tui.domain.guidance.base import Kind, Paragraph
from tui.domain.guidance.subject import Subject


def clearing(subject: Subject) -> Iterator[Paragraph]:
    """The paragraphs shared by all codes a stop/start answers: whether it is possible here."""
    if subject.general:
        yield Kind.CLEARS.says(
            "With an EBS root, a stop and start at a time of your own, before the date.",
            b.WINDOWS,
            b.RETIRE_EVENT,
        )
        return
    block = subject.blocked("stop-start")
    if block is not None:
        yield Kind.DO_NOT.says(f"Stop/start is not possible now: {block.text}. {_capital(block.remedy)}")
    elif subject.root == "ebs":
        yield Kind.CLEARS.says(
            "Your stop and start before the date: it comes up on another host, in most cases.",
            b.WINDOWS,
            b.RETIRE_EVENT,
            b.LIFECYCLE,
        )
    else:
        yield Kind.CLEARS.says(
            "If the root is EBS: your stop and start before the date. Don't know whether it is.", b.WINDOWS
        )


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def price(subject: Subject) -> Iterator[Paragraph]:
    """What a stop/start would cost where waiting costs nothing; silent where it is not possible."""
    if subject.general or subject.blocked("stop-start") is None:
        yield from survival.survival(subject, survival.STOP, "if you stop and start it instead (s)")
