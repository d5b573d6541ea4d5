"""What would have to be known to say why it fails, and is not: in short sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.domain.diagnosis.evidence import Evidence, MetricRow, MetricState
from tui.domain.diagnosis.log_evidence import Then, older_than_failure
from tui.domain.diagnosis.metric_findings import row_sentence
from tui.domain.diagnosis.triage_row import TriageRow

_PARTS = {"metrics": "metrics", "agent": "agent's metrics", "log": "system log", "changes": "changed last"}


def not_known(then: Then, rows: Sequence[TriageRow], evidence: Evidence) -> Iterator[str]:
    """Parts that were not read, with the reason; metrics nobody sends; a log that is not of now."""
    for part, why in evidence.unread:
        yield f"{_PARTS.get(part, part)}: {why}"
    unread = {part for part, _ in evidence.unread}
    for part, value in (("metrics", evidence.metrics), ("log", evidence.log), ("changes", evidence.changes)):
        if value is None and part not in unread:
            yield f"{_PARTS[part]}: not read"
    for row in rows:
        no_agent = row.row is MetricRow.MEMORY and row.state in (MetricState.ABSENT, MetricState.EARLY)
        if no_agent or (row.state is MetricState.DENIED and not unread & {"metrics", "agent"}):
            yield row_sentence(row)
    if evidence.log is not None:
        if not any(evidence.log.lines):
            yield "system log: it is empty"
        elif old := older_than_failure(evidence.log, then):
            yield f"system log: {old}"
        elif evidence.log.latest is False and then.failing:
            yield "system log: what was kept of the last boot or stop, not the newest lines"
