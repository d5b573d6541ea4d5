"""What a system log says of why its machine fails: its lines, boots and stamps, and the kinds of trouble in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from msgspec import Struct

from tui.domain.console_output import console_lines
from tui.domain.diagnosis.causes import Cause, causes
from tui.domain.diagnosis.evidence import SystemLog
from tui.domain.diagnosis.findings import Finding, LogDiagnosis
from tui.domain.diagnosis.patterns import SHORTEST_PART, Pattern, PatternIndex, found_in, pattern
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
_NOT_WINDOWS = ("systemd", "linux version ", "kernel: ", "dracut", "(initramfs)")


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


class _Seen(Struct, gc=False):
    """The lines of one kind in one boot: the last one, and how many."""

    line: LogLine
    times: int = 1


def _diagnosis(log: Sequence[LogLine], more: Sequence[Cause]) -> LogDiagnosis:
    table = _Table((*more, *causes())) if more else _own_table()
    is_windows = _is_windows(log)
    up: set[int] = set()
    seen: dict[tuple[int, int], _Seen] = {}
    for line in log:
        if len(line.text) < SHORTEST_PART:
            continue
        lower = line.text.lower()
        came_up = lower.endswith(" login:")
        if candidates := table.index.candidates(lower):
            found, clears, comes_up = table.meaning(line, lower, candidates, is_windows)
            came_up = came_up or comes_up
            for kind in clears:
                seen.pop((line.boot, kind), None)
            if found is not None:
                if before := seen.get((line.boot, found)):
                    before.line, before.times = line, before.times + 1
                else:
                    seen[line.boot, found] = _Seen(line)
        if came_up:
            up.add(line.boot)
            for kind in table.of_a_boot:
                seen.pop((line.boot, kind), None)
    boots = log[0].boot + 1 if log else 0
    return LogDiagnosis(_findings(table.kinds, seen), len({line.number for line in log}), boots, 0 in up)


def _findings(kinds: Sequence[Cause], seen: dict[tuple[int, int], _Seen]) -> tuple[Finding, ...]:
    """One of each key and boot, the gravest, in the order of LogDiagnosis."""
    keys = {(boot, kinds[kind].key) for boot, kind in seen}
    best: dict[tuple[int, str], Finding] = {}
    for (boot, kind), one in seen.items():
        cause = kinds[kind]
        if any((boot, other) in keys for other in cause.yields):
            continue
        if cause.needs and not any((boot, other) in keys for other in cause.needs):
            continue
        known, line = best.get((boot, cause.key)), one.line
        if known is None or (known.severity, known.line) < (cause.severity, line.number):
            best[boot, cause.key] = Finding(
                cause.key, cause.severity, line.number, line.text, cause.words, cause.remedy, boot, cause.source, one.times
            )  # fmt: skip
    return tuple(sorted(best.values(), key=lambda one: (one.boot, -one.severity, -one.line)))


def _is_windows(log: Sequence[LogLine]) -> bool:
    """Nothing in it is of another system."""
    return not any(
        line.stamp is not None or line.kernel or any(word in line.text.lower() for word in _NOT_WINDOWS)
        for line in log
    )


class _Table:
    """The kinds, and an index of every pattern: what makes a line one of a kind, what takes that back, and what tells that
    the system is up (no kind)."""

    def __init__(self, kinds: Iterable[Cause]) -> None:
        self.kinds = tuple(kinds)
        self.of_a_boot = tuple(n for n, kind in enumerate(self.kinds) if kind.boot)
        rows: list[tuple[Pattern, int | None, bool]] = []
        for number, kind in enumerate(self.kinds):
            rows.extend((one, number, True) for one in kind.contains)
            rows.extend((one, number, False) for one in kind.cleared)
        self.rows = (*rows, *((one, None, False) for one in _CAME_UP))
        self.index = PatternIndex([one for one, _, _ in self.rows])

    def meaning(
        self, line: LogLine, lower: str, candidates: Sequence[int], is_windows: bool
    ) -> tuple[int | None, list[int], bool]:
        """The first kind that the line fits, those that it takes back, and whether it tells that the system is up."""
        found: int | None = None
        clears: list[int] = []
        comes_up = False
        body = line.body.lower()
        for place in candidates:
            one, number, finds = self.rows[place]
            if finds and found is not None:
                continue
            if not found_in(one, body):
                continue
            if number is None:
                comes_up = True
            elif not finds:
                clears.append(number)
            elif self._fits(self.kinds[number], line, lower, is_windows):
                found = number
        return found, clears, comes_up

    @staticmethod
    def _fits(kind: Cause, line: LogLine, lower: str, is_windows: bool) -> bool:
        if (kind.kernel and not line.is_kernel) or (kind.windows and not is_windows):
            return False
        return not any(found_in(other, lower) for other in kind.unless)


@cache
def _own_table() -> _Table:
    return _Table(causes())
