"""The filter language: a table of terms, and the properties every filter has."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui.domain.events import ScheduledEvent
from tui.domain.filter_choices import CHOICES, ONE_OF_TWO, VERDICTS
from tui.domain.instance import (
    Address,
    Checks,
    CheckStatus,
    Image,
    Instance,
    InstanceState,
    Interface,
    StatusCheck,
    Target,
)
from tui.domain.query import FIELDS, Query, QueryError, parse_query
from tui.domain.sanitize import SafeText, clean

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
OK = StatusCheck(CheckStatus.OK)
WEB = Instance(
    Target("prod", "us-east-1"),
    SafeText("i-0c4e21"),
    account_id=SafeText("111122223333"),
    profiles=(SafeText("prod"), SafeText("prod-admin")),
    name=SafeText("Web-7"),
    state=InstanceState.RUNNING,
    checks=Checks(OK, OK),
    events=(
        ScheduledEvent(SafeText("system-reboot"), not_before=NOW + timedelta(hours=21)),
        ScheduledEvent(SafeText("instance-stop"), description=SafeText("[Completed] done")),
    ),
    instance_type=SafeText("m5.large"),
    zone=SafeText("us-east-1c"),
    private_ip=SafeText("10.2.1.9"),
    public_ip=SafeText("203.0.113.7"),
    interfaces=(
        Interface(
            SafeText("eni-1"), 0, (Address(SafeText("10.2.1.10"), False),), ipv6=(SafeText("2001:db8::1"),)
        ),
    ),
    tags=((SafeText("Owner"), SafeText("Team Blue")), (SafeText("Empty"), SafeText(""))),
    newest_image=Image(SafeText("ami-1"), SafeText("n"), SafeText("available"), NOW - timedelta(days=9)),
    images_at=NOW,
)
DB = replace(
    WEB,
    target=Target("data", "eu-west-1"),
    profiles=(),
    instance_id=SafeText("i-0a1f3c"),
    name=SafeText("payments-db"),
    state=InstanceState.STOPPED,
    checks=Checks(StatusCheck(CheckStatus.IMPAIRED), OK),
    events=(),
    newest_image=None,
    tags=(),
)
UNASKED = replace(WEB, images_at=None, newest_image=None)
UNDATED = replace(WEB, newest_image=Image(SafeText("ami-2"), SafeText("n"), SafeText("available"), None))


@pytest.mark.parametrize(
    ("text", "instance", "expected"),
    [
        ("", WEB, True),
        ("web", WEB, True),
        ("WEB-7", WEB, True),
        ("i-0c4", WEB, True),
        ("10.2.1.10", WEB, True),
        ("203.0.113", WEB, True),
        ("db8::1", WEB, True),
        ("team", WEB, True),
        ('"team blue"', WEB, True),
        ('"state:running"', WEB, False),
        ("absent", WEB, False),
        ("-absent", WEB, True),
        ("web state:running", WEB, True),
        ("web state:stopped", WEB, False),
        ("state:stopped,running", WEB, True),
        ("STATE:Run", WEB, True),
        ("check:system", DB, True),
        ("check:ebs", DB, False),
        ("check:impaired", DB, True),
        ("check:failed", DB, True),
        ("check:ok", WEB, True),
        ("check:ok", DB, False),
        ("check:unknown", WEB, True),
        ("event:any", WEB, True),
        ("event:any", DB, False),
        ("event:none", DB, True),
        ("event:reboot", WEB, True),
        ("event:instance-stop", WEB, False),
        ("profile:prod-a", WEB, True),
        ("profile:data", DB, True),
        ("profile:prod", DB, False),
        ("account:1111", WEB, True),
        ("region:us-", WEB, True),
        ("az:1c", WEB, True),
        ("type:m5", WEB, True),
        ("name:web", WEB, True),
        ("id:e21", WEB, True),
        ("ip:10.2.", WEB, True),
        ("tag.owner:blue", WEB, True),
        ('tag.Owner:"team b"', WEB, True),
        ("tag.Owner:red", WEB, False),
        ("tag.Empty:", WEB, True),
        ("tag.Nothing:", WEB, False),
        ("due<24h", WEB, True),
        ("due<1h", WEB, False),
        ("due>1h", WEB, True),
        ("due<24h", DB, False),
        ("ami>7d", WEB, True),
        ("ami<7d", WEB, False),
        ("ami<10d", WEB, True),
        ("ami>7d", DB, True),
        ("ami<7d", DB, False),
        ("ami:none", DB, True),
        ("ami:none", WEB, False),
        ("ami>7d", UNASKED, False),
        ("ami<7d", UNASKED, False),
        ("ami:none", UNASKED, False),
        ("ami>7d", UNDATED, True),
    ],
)
def test_terms(text: str, instance: Instance, expected: bool) -> None:
    query = parse_query(text)
    assert isinstance(query, Query), query
    assert query.matches(instance, NOW) is expected


@pytest.mark.parametrize(
    ("text", "term", "part"),
    [
        ("web colour:red", "colour:red", "no field 'colour'"),
        ("state:sleepy", "state:sleepy", "no state"),
        ("check:heart x", "check:heart", "no check"),
        ("state: web", "state:", "wants a value"),
        ("due<soon", "due<soon", "not a duration"),
        ("due:24h", "due:24h", "due<24h"),
        ("ami:7d", "ami:7d", "ami>7d; or ami:none"),
        ("type<m5", "type<m5", "compared with ':'"),
        ("tag:x", "tag:x", "tag.KEY"),
        ("tag.:x", "tag.:x", "tag.KEY"),
        ("web -", "-", "empty term"),
        ('""', '""', "empty term"),
    ],
)
def test_bad_terms_are_named_and_placed(text: str, term: str, part: str) -> None:
    problem = parse_query(text)
    assert isinstance(problem, QueryError), problem
    assert text[problem.start : problem.end] == term
    assert part in problem.message


@pytest.mark.parametrize("field", CHOICES)
def test_a_word_that_is_none_is_answered_with_all_there_are(field: str) -> None:
    """In the error, and on the help page; and each of them is one."""
    problem = parse_query(f"{field}:zzz")
    assert isinstance(problem, QueryError)
    for told in (problem.message, FIELDS[field]):
        listed = set(re.findall(r"[a-z_-]+", told))
        assert set(CHOICES[field]) <= listed, told
    for word in CHOICES[field]:
        assert isinstance(parse_query(f"{field}:{word}"), Query), word


def test_each_verdict_can_be_asked_of_one_of_two() -> None:
    for part in ONE_OF_TWO:
        for word in VERDICTS:
            assert isinstance(parse_query(f"recovery:{part}{word}"), Query)
        assert isinstance(parse_query(f"recovery:{part}auto"), QueryError)


PIECES = st.sampled_from(
    [
        "web",
        "-web",
        "state:running",
        "-state:stopped",
        "due<24h",
        "ami>7d",
        "event:any",
        "tag.Owner:blue",
        "x",
    ]
)


@given(st.text())
def test_never_raises_and_errors_lie_inside(text: str) -> None:
    result = parse_query(text)
    if isinstance(result, QueryError):
        assert 0 <= result.start < result.end <= len(text)
        assert result.message
    else:
        assert result.matches(WEB, NOW) in (True, False)


@given(st.text(alphabet='stae:due<>0123hd-., "gmi', max_size=30))
def test_never_raises_near_the_grammar(text: str) -> None:
    result = parse_query(text)
    if isinstance(result, QueryError):
        assert 0 <= result.start < result.end <= len(text)


def _matches(text: str, instance: Instance) -> bool:
    query = parse_query(text)
    assert isinstance(query, Query)
    return query.matches(instance, NOW)


@given(st.lists(PIECES), st.randoms(), st.sampled_from([WEB, DB, UNASKED]))
def test_terms_are_anded_in_any_order(pieces: list[str], random: object, instance: Instance) -> None:
    mixed = list(pieces)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis hands a Random, typed as object here
    whole = _matches(" ".join(pieces), instance)
    assert whole == _matches(" ".join(mixed), instance)
    assert whole == all(_matches(piece, instance) for piece in pieces)


@given(PIECES.filter(lambda piece: not piece.startswith("-")), st.sampled_from([WEB, DB, UNASKED]))
def test_minus_negates(piece: str, instance: Instance) -> None:
    assert _matches(f"-{piece}", instance) is not _matches(piece, instance)


def test_words_from_untrusted_names_match_after_cleaning() -> None:
    odd = replace(WEB, name=clean("a\x1b[31mred"))
    assert _matches("red", odd)


def test_a_changed_row_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.domain.filter_text._HAYSTACKS_MAX", 1)
    assert _matches("web-7", WEB)
    renamed = replace(WEB, name=SafeText("other"))
    assert not _matches("web-7", renamed)
    assert _matches("other", renamed)
    assert _matches("payments", DB)
    assert _matches("web-7", WEB)
