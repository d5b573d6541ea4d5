"""What a system log says of why its machine fails: its lines, boots and stamps, and the kinds of trouble in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from tui.domain.console_output import console_lines
from tui.domain.diagnosis.causes import Cause, causes
from tui.domain.diagnosis.evidence import SystemLog
from tui.domain.diagnosis.findings import Finding, LogDiagnosis
from tui.domain.diagnosis.patterns import Pattern, found_in, pattern
from tui.domain.diagnosis.system_log import LogLine, lines_of, read_log
from tui.domain.sanitize import EMPTY, SafeText

_CAME_UP = tuple(
    map(
        pattern,
        (
            " login: [", "cloud-init v*finished at", "windows is ready to use", "reached target *multi-user",
            "reached target *login prompts", "reached target *graphical interface", "startup finished in ",
        ),
    )
)  # fmt: skip
"""Lines of a system that is up: what stops a boot did not stop this one."""


def diagnose_log(output: str, more: Sequence[Cause] = ()) -> LogDiagnosis:
    """What a system log says of itself; `more` are a person's own kinds, which come before evac's."""
    return _diagnosis(read_log(list(lines_of(output))), more)


def system_log(
    output: object,
    at: datetime | None,
    latest: bool | None,
    more: Sequence[Cause] = (),
    kept_by: SafeText = EMPTY,
) -> SystemLog:
    """A console's output as it may be drawn, and what is found in it. A finding's `line` is the line's place in `lines`, from 1.

    `output`: as GetConsoleOutput has it, decoded (64 KB; of more the newest are taken), or None. `at`, `latest`, `kept_by` as in
    SystemLog; `more` as in `diagnose_log`.
    """
    lines = console_lines(output) if output else ()
    log = read_log(list(enumerate(lines, 1)))
    boots, stamps = tuple(line.boot for line in log), tuple(line.stamp for line in log)
    return SystemLog(lines, boots, stamps, _diagnosis(log, more), at, latest, kept_by)


def _diagnosis(log: Sequence[LogLine], more: Sequence[Cause]) -> LogDiagnosis:
    up_at: dict[int, int] = {}
    is_windows = not any(line.stamp is not None for line in log)
    matches: defaultdict[tuple[int, str], list[tuple[int, LogLine, Cause]]] = defaultdict(list)
    table = _Table((*more, *causes())) if more else _own_table()
    for index, line in enumerate(log):
        lower = line.text.lower()
        if lower.endswith(" login:") or any(found_in(one, lower) is not None for one in _CAME_UP):
            up_at[line.boot] = index
        if (cause := table.kind_of(line, lower, is_windows)) is not None:
            matches[line.boot, cause.key].append((index, line, cause))
    findings = []
    for (boot, _), rows in matches.items():
        _, line, cause = rows[-1]
        if cause.boot and up_at.get(boot, -1) > rows[-1][0]:
            continue
        findings.append(
            Finding(
                cause.key, cause.severity, line.number, line.text, cause.words, cause.remedy, boot, cause.source, len(rows)
            )
        )  # fmt: skip
    findings.sort(key=lambda one: (one.boot, -one.severity, -one.line))
    boots = log[0].boot + 1 if log else 0
    return LogDiagnosis(tuple(findings), len({line.number for line in log}), boots, 0 in up_at)


class _Table:
    """The kinds, and the words of which a line must hold one to be looked at closer."""

    def __init__(self, kinds: Iterable[Cause]) -> None:
        self.kinds = tuple(kinds)
        self.rows: tuple[tuple[str, Pattern, Cause], ...] = tuple(
            (one.first_word, one, kind) for kind in self.kinds for one in kind.contains
        )

    def kind_of(self, line: LogLine, lower: str, is_windows: bool) -> Cause | None:
        """The first kind that the line fits."""
        body = line.body.lower()
        for word, one, kind in self.rows:
            if word not in lower:
                continue
            if (kind.kernel and not line.is_kernel) or (kind.windows and not is_windows):
                continue
            if found_in(one, body) is not None and not any(
                found_in(other, lower) is not None for other in kind.unless
            ):
                return kind
        return None


@cache
def _own_table() -> _Table:
    return _Table(causes())
