"""What another machine does to an instance is in this one's picture, as far as its lock tells."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from tests.integration.operation_wait import until
from tests.integration.runner_watch import ended
from tests.integration.two_hosts import Pair
from tui.config.sections import LockSettings
from tui.operations.activity_watch import Elsewhere, Watch
from tui.operations.model import OperationState


def test_an_operation_of_another_bastion_is_told_and_goes_when_it_has_ended(pair: Pair) -> None:
    pair.demo.control("clock", {"speed": 2})
    operation = pair.kim.order("stop-start", "ledger-1")
    row = pair.kim.find("ledger-1")
    pair.kim.run(operation)
    pair.kim.wait(operation, lambda one: one.step == "wait-stopped")
    elsewhere, watch = Elsewhere(pair.lee.settings), Watch()
    assert watch.look(pair.lee.journal).work(row) is None

    def told() -> bool:
        watch.elsewhere = elsewhere.look()
        return watch.look(pair.lee.journal).work(row) is not None

    until(told)
    work = watch.look(pair.lee.journal).work(row)
    assert work is not None
    assert (work.id, work.action, work.user, work.host, work.here) == (
        operation,
        "stop-start",
        "kim",
        "bastion-1",
        False,
    )
    assert "evac is stopping and starting it (by kim on bastion-1, " in work.line(datetime.now(UTC))
    mine = Watch()
    mine.elsewhere = watch.elsewhere
    both = mine.look(pair.kim.journal).works
    assert [one.id for one in both.values()] == [operation], "the same operation is told once"
    pair.hurry()
    assert pair.kim.wait(operation, ended).state is OperationState.SUCCEEDED
    until(lambda: not told())


def test_while_the_lock_service_is_away_nothing_is_claimed_of_others(pair: Pair) -> None:
    url = pair.url.rsplit(":", 1)[0] + ":1/0"
    settings = replace(pair.lee.settings, lock=LockSettings(url=url))
    assert Elsewhere(settings).look() == ()
