"""What was not read is never told as uncovered, nor as covered: whatever the instance, whichever part is denied."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.unit.cover_cases import NOW, OFF, OLD, WEEK, ago, denied, machine, reboot, recover
from tui.domain.cover.answers import CoverVerdict
from tui.domain.cover.verdict import cover_of
from tui.domain.cover_facts import CoverPart
from tui.domain.instance import Instance
from tui.domain.sanitize import clean

MATTERS = {
    CoverPart.ALARMS: (0, 1),
    CoverPart.BACKUPS: (2,),
    CoverPart.SNAPSHOTS: (2,),
}
"""For which questions each part may hold the answer."""
TAGGED = {"tags": ((clean("aws:autoscaling:groupName"), clean("web")),)}


def bare() -> Iterator[Instance]:
    """Instances that nothing covers, of which these parts were not read."""
    for count in range(1, 4):
        for parts in itertools.combinations(MATTERS, count):
            for more in ({}, TAGGED):
                yield machine(denied(*parts), **OFF, newest_image=OLD, **more)


@pytest.mark.parametrize("row", bare())
def test_unread_is_unknown_and_its_reason_is_named(row: Instance) -> None:
    assert row.cover is not None
    cover = cover_of(row, NOW, WEEK)
    for part, why in row.cover.unknown:
        for question in MATTERS.get(part, ()):
            answer = cover.answers[question]
            assert answer.verdict is CoverVerdict.UNKNOWN
            assert why in answer.why or "group" in answer.why


def test_what_is_there_covers_although_the_rest_is_unread() -> None:
    """An unread part makes nothing worse that another part covers."""
    read = machine(denied(CoverPart.BACKUPS, CoverPart.SNAPSHOTS, alarms=(recover(), reboot())))
    assert [one.verdict for one in cover_of(read, NOW, WEEK).answers] == [CoverVerdict.COVERED] * 3
    saved = machine(denied(CoverPart.ALARMS, CoverPart.SNAPSHOTS, backup_at=ago(hours=2)), newest_image=OLD)
    assert [one.verdict for one in cover_of(saved, NOW, WEEK).answers] == ["covered", "unknown", "covered"]


def test_more_that_covers_never_makes_it_worse() -> None:
    """Another alarm beside one that works, a copy beside a young one."""
    good = machine(denied(alarms=(recover(), reboot())))
    broken = replace(recover(), name=clean("broken"), actions_enabled=False)
    worse = machine(denied(alarms=(broken, recover(), replace(broken, metric=clean("x")), reboot())))
    verdicts = [[one.verdict for one in cover_of(row, NOW, WEEK).answers] for row in (good, worse)]
    assert verdicts[0] == verdicts[1]
