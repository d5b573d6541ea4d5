"""What a search of a system log costs, counted in characters looked at, not in time: in proportion to it, whoever wrote it."""

from __future__ import annotations

import pytest

from tui.domain.diagnosis import log_findings, patterns
from tui.domain.diagnosis.causes import Cause, causes
from tui.domain.diagnosis.log_findings import diagnose_log
from tui.domain.diagnosis.patterns import Pattern, PatternIndex, pattern

PARTS = [part for cause in causes() for one in (*cause.contains, *cause.cleared) for part in one.parts]
HOSTILE = {
    "one character a line": "a\n",
    "nothing a line": "\n",
    "one line": "a",
    "every word of every kind on a line": "\n".join(PARTS) + "\n",
    "every word of every kind on one line": " ".join(PARTS),
    "lines of many words": "\n".join(" ".join(PARTS[at : at + 40]) for at in range(0, len(PARTS), 40)) + "\n",
    "the beginning of a pattern again and again": "out of memory: kill",
    "almost": "out of memory: kilout of memory: kil\n",
    "erases": "x\x1b[1K",
    "log-ins": " login:\n",
}
OWN = tuple(
    Cause(f"own-{n}", 2, "", "", "", tuple(pattern(f"{n}aaaa*aaab{m}" + "a" * 150) for m in range(20)))
    for n in range(50)
)


class Counter:
    """Stands for the search of one pattern in a line, and counts the characters it may look at."""

    def __init__(self) -> None:
        self.looked = 0

    def __call__(self, one: Pattern, lower: str) -> bool:
        self.looked += 1 + len(lower)
        return patterns.found_in(one, lower)


def looked_at(monkeypatch: pytest.MonkeyPatch, text: str, more: tuple[Cause, ...] = ()) -> int:
    counter = Counter()
    monkeypatch.setattr(log_findings, "found_in", counter)
    diagnose_log(text, more)
    return counter.looked


@pytest.mark.parametrize("more", [(), OWN], ids=["evac's", "and a thousand of a person's"])
@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_log_costs_twice_as_much(
    monkeypatch: pytest.MonkeyPatch, name: str, more: tuple[Cause, ...]
) -> None:
    unit = HOSTILE[name]
    few = max(1, 16_384 // len(unit))
    small, large = looked_at(monkeypatch, unit * few, more), looked_at(monkeypatch, unit * few * 4, more)
    assert large <= 5 * small + 2_000
    assert large <= 40 * len(unit) * few * 4, "each character a few times, however many kinds there are"


def test_a_pattern_is_looked_up_by_what_few_others_have() -> None:
    """So that no four characters, repeated, make a line be searched for many patterns."""
    index = PatternIndex([one for cause in causes() for one in (*cause.contains, *cause.cleared)])
    assert max(len(places) for places in index.places.values()) <= 3


def test_an_index_finds_what_a_search_of_all_would() -> None:
    all_of_them = [one for cause in causes() for one in cause.contains]
    index = PatternIndex(all_of_them)
    for one in all_of_them:
        line = " x ".join(one.parts)
        there = [place for place, other in enumerate(all_of_them) if patterns.found_in(other, line)]
        assert set(there) <= set(index.candidates(line))
