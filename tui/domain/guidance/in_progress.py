"""What evac itself does to the instance now: then waiting is the advice, whatever its checks say."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.guidance.base import Kind, Paragraph, Recommendation
from tui.domain.guidance.subject import Subject
from tui.domain.instance import CheckName


def recommend_following(subject: Subject, failing: tuple[CheckName, ...]) -> Recommendation | None:
    """To follow it, if what is to be seen is its doing; None: what else is advised stays so."""
    work = subject.work
    if work is None:
        return None
    if work.explains(subject.instance):
        needs = "it needs you" if work.attention else "it shows how far it is, and who drives it"
        return Recommendation("operations", "o", needs)
    if work.waiting and subject.leaving and not failing:
        return Recommendation(
            "operations", "o", f"ordered {work.who(subject.now)} ago; nothing to do until then"
        )
    return None


def in_progress_paragraphs(subject: Subject) -> Iterator[Paragraph]:
    """That it is under way, by whom, and what not to do meanwhile."""
    work = subject.work
    if work is None:
        return
    text = work.line(subject.now)
    yield Kind.HAPPENING.says(f"{text}. It is {work.id}, at {work.step}.")
    if work.explains(subject.instance):
        yield Kind.DO_NOT.says(
            "Do not act on it beside that: what its checks and its state say now is this operation's doing."
        )
