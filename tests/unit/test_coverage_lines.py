"""What `evac coverage` says of what it could not read: once a target, and of those that answered alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.rows import PROD, row
from tui.cli.coverage import unread_cover
from tui.cli.fleet_reader import Fleet
from tui.cli.main import run
from tui.cli.session import USAGE
from tui.domain.cover_facts import CoverFacts, CoverPart
from tui.domain.instance import Instance, Target, TargetStatus, Trouble, TroubleKind
from tui.domain.sanitize import clean

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DENIED = CoverFacts(NOW, unknown=((CoverPart.ALARMS, clean("cloudwatch:DescribeAlarms is denied")),))
OTHER = Target("other", "eu-west-1")


def lines(*rows: Instance, trouble: Trouble | None = None) -> list[str]:
    """Of a fleet of these rows, whose second target may be in trouble."""
    fleet = Fleet(rows, (TargetStatus(PROD), TargetStatus(OTHER, trouble=trouble)))
    return list(unread_cover(rows, fleet))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--keep", "5"), "--keep: only with --old-images or --print-plan"),
        (("--tag", "a=b"), "--tag: only with --print-plan"),
        (("--old-images", "--tag", "a=b"), "--tag: only with --print-plan"),
        (("--print-plan", "dlm", "--csv"), "--print-plan prints JSON, no CSV"),
        (("--print-plan", "dlm", "--old-images"), "not both"),
    ],
)
def test_no_option_is_passed_over_in_silence(
    words: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(("coverage", *words)) == USAGE
    assert why in capsys.readouterr().err


def test_a_denied_part_is_told_once_a_target() -> None:
    told = lines(row(1, cover=DENIED), row(2, cover=DENIED), row(3, OTHER, cover=CoverFacts(NOW)))
    assert told == ["prod/eu-west-1: alarms: cloudwatch:DescribeAlarms is denied (the rest was read)"]


def test_what_did_not_come_in_time_is_told_of_a_target_that_answered() -> None:
    late = "prod/eu-west-1: who covers its instances was not read in time: try again, or a longer --timeout"
    dead = Trouble(TroubleKind.NETWORK, clean("no answer"), clean("try again"))
    assert lines(row(1), row(2), row(3, OTHER), trouble=dead) == [late]
