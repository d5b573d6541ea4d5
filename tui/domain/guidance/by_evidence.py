"""What the evidence changes in the advice: which key is named, and why. It changes words; no plan, guard or hazard reads it.

The guest writes its log and sends its agent's metrics. So what AWS itself says goes before them: a failing system check, an event
that takes the instance off its host, an operation of evac under way.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tui.domain.actions import ACTIONS
from tui.domain.diagnosis.findings import Finding
from tui.domain.guidance import advice
from tui.domain.guidance.base import Recommendation
from tui.domain.guidance.subject import Subject
from tui.domain.instance import CheckName, InstanceState


def recommend_by_evidence(
    subject: Subject,
    failing: tuple[CheckName, ...],
    usual: Recommendation | None,
    findings: Sequence[Finding],
) -> tuple[Recommendation | None, str]:
    """The verb to press now that is known why it fails; and where none is, what to do instead, in words.

    `findings`: the likeliest cause first. A blocked action is not recommended, and `usual` stands where nothing is known.
    """
    first = findings[0] if findings else None
    if (
        first is None
        or first.boot
        or first.severity < 2
        or not first.advice
        or not failing
        or CheckName.SYSTEM in failing
        or subject.leaving
        or subject.instance.managed_by
        or subject.instance.state is not InstanceState.RUNNING
    ):
        return usual, ""
    if first.advised == "wait":
        return None, f"wait: {first.advice}"
    if first.advised == "none":
        return None, first.advice
    if first.advised == "stop-start":
        found = None if subject.stop_costs else advice.stop_start(subject, first.advice)
        return found, "" if found is not None else first.remedy
    if first.advised == "reboot" and CheckName.INSTANCE not in failing:
        return usual, "" if usual is not None else first.remedy
    if first.advised in ACTIONS:
        return advice.advised_verb(subject, first.advised, first.advice) or usual, ""
    return (usual if usual is None else replace(usual, why=first.advice)), ""
