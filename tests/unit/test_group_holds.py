"""Groups held in the journal: by the operations that are there, all of them or none, until they end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui.domain.actions import ActionOptions
from tui.domain.facts import ClassicBalancer, Facts, TargetGroup
from tui.domain.groups import Asked, GroupSeen, Short, group_key
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import Draft, GuardKind, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText
from tui.operations.group_holds import FREES
from tui.operations.journal import Journal
from tui.operations.model import Operation, OperationState

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
T = SafeText
NAMES = "abcd"


def plan(member: str, members: str = NAMES, *, both: bool = False, **options: object) -> Draft:
    instance = Instance(
        Target("prod", "eu-west-1"), T(f"i-{member}"), account_id=T("111122223333"), name=T(f"search-{member}"),
        state=InstanceState.RUNNING, root_device=T("ebs"),
    )  # fmt: skip
    up = tuple(T(f"i-{one}") for one in members)
    pool = TargetGroup(T("x"), T("arn:x"), T("healthy"), len(up), len(up), 80, T(f"i-{member}"), up)
    old = ClassicBalancer(T("old"), T("InService"), len(up), len(up), up)
    facts = Facts(
        NOW, membership=(), target_groups=(pool,), classic_balancers=(old,) if both else (), images=()
    )
    return draft("stop-start", instance, facts, ActionOptions(**options), Policy(), NOW)  # type: ignore[arg-type] # of the caller


class Bench:
    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def order(self, member: str, **more: object) -> Operation:
        name = self.journal.create(plan(member, **more), NOW)  # type: ignore[arg-type] # as above
        assert self.journal.confirm(name, NOW)
        assert self.journal.lease(name, f"h:1:{member}", NOW)
        return self.get(name)

    def get(self, name: str) -> Operation:
        found = self.journal.get(name)
        assert found is not None
        return found

    def asked(self, one: Operation, up: str) -> list[Asked]:
        return [
            Asked(
                group_key(one.account_id, one.region, group), group, GroupSeen(group, tuple(f"i-{name}" for name in up))
            )
            for group in one.kept.order.groups
        ]  # fmt: skip

    def claim(self, one: Operation, up: str, **more: bool) -> tuple[Short, ...]:
        return self.journal.claim(one, self.asked(one, up), (), NOW, **more)

    def go(self, one: Operation, up: str) -> tuple[Short, ...]:
        return self.journal.go(one, self.asked(one, up), (), NOW)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Journal(tmp_path / "evac" / "journal.sqlite3"))


def test_with_four_in_service_and_one_needed_three_may_go_and_the_fourth_waits(bench: Bench) -> None:
    orders = [bench.order(one) for one in NAMES]
    assert [bool(bench.claim(one, NAMES)) for one in orders] == [False, False, False, True]
    (why,) = bench.claim(orders[3], NAMES)
    assert why.line.startswith(f"waits for {orders[0].id} by ")
    assert why.line.endswith(": search-a of target group x (and 2 more)")
    bench.journal.free(orders[1].id)
    assert bench.claim(orders[3], NAMES) == ()


def test_it_gets_all_of_its_groups_or_none(bench: Bench) -> None:
    first, second = bench.order("a", members="ab"), bench.order("b", members="ab", both=True)
    assert bench.claim(first, "ab") == ()
    assert bench.claim(second, "ab") != ()
    assert {one.state for one in bench.journal.holds(NOW) if one.operation == second.id} == {"waiting"}


@pytest.mark.parametrize(
    "end",
    [
        lambda journal, name: journal.abandon(name, "not now", NOW),
        lambda journal, name: journal.set_state(name, OperationState.FAILED, NOW),
        lambda journal, name: journal.set_state(name, OperationState.SUCCEEDED, NOW),
    ],
)
def test_a_hold_ends_with_its_operation(bench: Bench, end: Callable[[Journal, str], object]) -> None:
    first, second = bench.order("a"), bench.order("b")
    assert bench.claim(first, "ab") == ()
    assert bench.claim(second, "ab") != ()
    end(bench.journal, first.id)
    assert bench.claim(second, "ab") == ()
    assert [one.operation for one in bench.journal.holds(NOW)] == [second.id]


def test_one_that_needs_a_person_or_was_cut_off_is_named_with_what_frees_it(bench: Bench) -> None:
    first, second = bench.order("a"), bench.order("b")
    assert bench.claim(first, "ab") == ()
    bench.journal.set_state(first.id, OperationState.NEEDS_ATTENTION, NOW, "stuck", "look")
    (why,) = bench.claim(second, "ab")
    assert f"needs a person: {FREES}" in why.line
    bench.journal.set_state(first.id, OperationState.RUNNING, NOW)
    bench.journal.release(first.id, "h:1:a")
    (why,) = bench.claim(second, "ab")
    assert f"was cut off: {FREES}" in why.line


def test_who_waits_and_is_gone_keeps_nobody_out_and_has_its_place_when_it_is_back(bench: Bench) -> None:
    first, second, third = (bench.order(one) for one in "abc")
    assert bench.claim(first, "abc") == ()
    assert bench.journal.claim(second, bench.asked(second, "abc"), (2,), NOW) != ()
    assert bench.journal.claim(third, bench.asked(third, "abc"), (2,), NOW) != ()
    bench.journal.free(first.id)
    assert bench.journal.claim(third, bench.asked(third, "abc"), (2,), NOW) != (), "the second was first"
    later = NOW + timedelta(minutes=1)
    assert bench.journal.lease(third.id, "h:1:c", later)
    assert bench.journal.claim(third, bench.asked(third, "abc"), (2,), later) == ()


def test_who_will_not_wait_leaves_nothing_behind(bench: Bench) -> None:
    first, second = bench.order("a"), bench.order("b")
    assert bench.claim(first, "ab") == ()
    assert bench.claim(second, "ab", queue=False) != ()
    assert {one.operation for one in bench.journal.holds(NOW)} == {first.id}


def test_the_last_moment_decides_who_of_two_goes(bench: Bench) -> None:
    first, second = bench.order("a"), bench.order("b")
    assert bench.claim(first, "abc") == ()
    assert bench.claim(second, "abc") == ()
    assert bench.go(second, "ab") != (), "c is down by itself since: the first comes first"
    assert bench.go(first, "ab") == ()
    assert bench.go(second, "ab") != ()
    bench.journal.free(first.id)
    assert bench.go(second, "ab") == ()
    assert bench.go(second, "b") == (), "who has begun to go waits for nobody"


def test_what_is_down_already_waits_for_nobody(bench: Bench) -> None:
    first, second = bench.order("a"), bench.order("b")
    assert bench.claim(first, "ab") == ()
    assert bench.claim(second, "ab", force=True) == ()


# the plan


def test_a_plan_says_for_whom_it_would_wait_or_is_refused(bench: Bench) -> None:
    import msgspec

    first = bench.order("a", members="ab")
    assert bench.claim(first, "ab") == ()
    made = plan("b", "ab")
    assert made.guard.kind is GuardKind.TYPE_NAME, "nobody has told it yet"

    def again(**options: object) -> Draft:
        instance = Instance(
            Target("prod", "eu-west-1"), T("i-b"), account_id=T("111122223333"), name=T("search-b"),
            state=InstanceState.RUNNING, root_device=T("ebs"),
        )  # fmt: skip
        up = (T("i-a"), T("i-b"))
        pool = TargetGroup(T("x"), T("arn:x"), T("healthy"), 2, 2, 80, T("i-b"), up)
        facts = Facts(NOW, membership=(), target_groups=(pool,), classic_balancers=(), images=())
        facts = msgspec.structs.replace(facts, holds=tuple(bench.journal.holds(NOW)))
        return draft("stop-start", instance, facts, ActionOptions(**options), Policy(), NOW)  # type: ignore[arg-type] # as above

    waits = again()
    (told,) = [one for one in waits.hazards if one.code == "group-held"]
    assert told.text.startswith(f"it waits for {first.id} by ")
    assert waits.guard.kind is GuardKind.TYPE_NAME
    refused = again(if_held="refuse")
    assert refused.guard.kind is GuardKind.BLOCKED
    assert "held by" in refused.guard.unblock[0]
    lifted = again(overrides=("last-healthy",))
    assert [one.code for one in lifted.hazards if one.code in ("group-held", "last-healthy")] == [
        "last-healthy"
    ]
