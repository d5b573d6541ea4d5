"""Who acts when a host dies or a system hangs, and whence an instance comes back."""

from __future__ import annotations

from tests.unit.cover_cases import NOW, WEEK, facts, machine, reboot, recover
from tui.domain.cover.answers import CoverVerdict as V
from tui.domain.cover.verdict import cover_lines, cover_of


def test_an_instance_with_all_three() -> None:
    row = machine(facts(recover(), reboot()))
    cover = cover_of(row, NOW, WEEK)
    assert [answer.verdict for answer in cover.answers] == [V.COVERED] * 3
    assert cover.host_dies.by == ("automatic recovery", "recover alarm recover-1")
    assert [section.answer for section in cover_lines(row, NOW, WEEK)[:3]] == list(cover.answers)


def test_an_instance_with_none() -> None:
    row = machine(facts(), auto_recovery="disabled", newest_image=None)
    assert [answer.verdict for answer in cover_of(row, NOW, WEEK).answers] == [V.NOBODY] * 3
