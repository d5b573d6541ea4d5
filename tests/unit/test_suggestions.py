"""A filter that matches nothing names the term to blame, and what may have been meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.rows import row
from tui.domain.instance import Target
from tui.domain.query import Query, parse_query, terms
from tui.domain.sanitize import clean
from tui.domain.suggestions import matched

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def tagged(number: int, name: str, profile: str, region: str, **tags: str) -> Any:
    made = row(number, Target(profile, region), name=clean(name), profiles=(clean(profile),))
    return type(made)(
        **{field: getattr(made, field) for field in made.__struct_fields__ if field != "tags"},
        tags=tuple((clean(key), clean(value)) for key, value in tags.items()),
    )


ROWS = [
    tagged(1, "payments-db-1", "acme-prod", "eu-west-1", Env="production", team="core"),
    tagged(2, "web-1", "acme-stage", "us-east-1", Env="staging"),
]


@pytest.mark.parametrize(
    ("text", "count", "why"),
    [
        ("payments", 1, ""),
        ("paymnets", 0, "nothing has paymnets, did you mean payments?"),
        ("PAYMNETS", 0, "nothing has PAYMNETS, did you mean payments?"),
        ("web-1 payments", 0, "each term matches some, no instance matches all"),
        ("web-1 paymnets", 0, "nothing has paymnets, did you mean payments?"),
        ("tag.env:prodcution", 0, "nothing has tag.env:prodcution, did you mean production?"),
        ("tag.evn:production", 0, "nothing has tag.evn:production, did you mean tag.Env?"),
        ("profile:acme-pord", 0, "nothing has profile:acme-pord, did you mean acme-prod?"),
        ("region:eu-wset-1", 0, "nothing has region:eu-wset-1, did you mean eu-west-1?"),
        ("zzzzzzzz", 0, "nothing has zzzzzzzz"),
        ("state:stopped", 0, "nothing has state:stopped"),
        ("-web -payments", 0, "each term matches some, no instance matches all"),
        ('"web 1"', 0, 'nothing has "web 1", did you mean web-1?'),
    ],
)
def test_why_nothing_matches(text: str, count: int, why: str) -> None:
    query = parse_query(text)
    assert isinstance(query, Query)
    found = matched(query, ROWS, NOW)
    assert (found.count, found.total, found.why) == (count, 2, why)


def test_of_nothing_read_nothing_is_blamed() -> None:
    query = parse_query("x")
    assert isinstance(query, Query)
    assert matched(query, [], NOW).why == ""
    assert "matches none of the one instance that is read" in matched(query, ROWS[:1], NOW).told
    assert terms('a "b c" -d:e') == ["a", '"b c"', "-d:e"]
