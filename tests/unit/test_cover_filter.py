"""The filter words `recovery:` and `copy:`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.cover_cases import NOW, ago, facts, image, machine, member, reboot, recover
from tests.unit.rows import row
from tui.domain.instance import Instance, InstanceState
from tui.domain.query import Query, QueryError, parse_query
from tui.domain.sanitize import clean
from tui.domain.suggestions import matched

ROWS = {
    "all": machine(facts(recover(), reboot())),
    "auto": machine(facts()),
    "off": machine(facts(), auto_recovery=clean("disabled"), newest_image=None),
    "group": machine(facts(scaling=member())),
    "stopped": machine(facts(), state=InstanceState.STOPPED),
    "snapshot": machine(facts(reboot(), snapshot_at=ago(hours=3)), newest_image=image(ago(days=40))),
    "backup": machine(facts(reboot(), backup_at=ago(hours=6)), newest_image=image(ago(days=40))),
    "unasked": row(7),
}


def named(text: str, max_age: timedelta = timedelta(days=7)) -> set[str]:
    query = parse_query(text, max_age)
    assert isinstance(query, Query), query
    rows: dict[str, Instance] = ROWS
    return {name for name, one in rows.items() if query.matches(one, NOW)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("recovery:gap", {"auto", "off"}),
        ("recovery:nobody", {"auto", "off"}),
        ("recovery:host-nobody", {"off"}),
        ("recovery:hang-nobody", {"auto", "off"}),
        ("recovery:host-gap,hang-partly", {"off"}),
        ("recovery:covered", {"all", "group", "snapshot", "backup"}),
        ("recovery:unknown", {"unasked"}),
        ("recovery:not-needed", {"stopped"}),
        ("recovery:auto", {"all", "auto", "snapshot", "backup"}),
        ("recovery:alarm", {"all", "snapshot", "backup"}),
        ("recovery:group", {"group"}),
        ("-recovery:covered", {"auto", "off", "stopped", "unasked"}),
        ("copy:none", {"off"}),
        ("copy:gap", {"off", "snapshot"}),
        ("copy:partly", {"snapshot"}),
        ("copy:ami", {"all", "auto", "stopped"}),
        ("copy:backup", {"backup"}),
        ("copy:snapshot", {"snapshot"}),
        ("copy:not-needed", {"group"}),
        ("COPY:Unknown", {"unasked"}),
        ("recovery:gap copy:gap", {"off"}),
    ],
)
def test_words_of_cover(text: str, names: set[str]) -> None:
    assert named(text) == names


def test_a_copy_is_as_old_as_the_settings_allow() -> None:
    assert "all" in named("copy:covered")
    assert "all" not in named("copy:covered", timedelta(hours=1))


@pytest.mark.parametrize(
    "text", ["recovery:", "recovery:x", "copy:alarm", "recovery<3d", "copy>7d", "recovery:gap,?"]
)
def test_a_word_that_is_none_is_told(text: str) -> None:
    assert isinstance(parse_query(text), QueryError)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("recovery:gap", True),
        ("-copy:ami", True),
        ("web copy:none", True),
        ("ami>7d", False),
        ('"copy:gap"', False),
    ],
)
def test_only_a_filter_that_asks_for_it_has_the_cover_read(text: str, asks: bool) -> None:
    query = parse_query(text)
    assert isinstance(query, Query)
    assert query.cover is asks


def test_what_is_not_read_yet_is_said_beside_an_empty_answer() -> None:
    query = parse_query("recovery:group")
    assert isinstance(query, Query)
    assert "not read yet" in matched(query, [ROWS["unasked"]], NOW).why
    assert "not read" not in matched(query, [ROWS["auto"]], NOW).why
