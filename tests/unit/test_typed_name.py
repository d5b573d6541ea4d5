"""Which names can be asked for, and what counts as one of them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest

from tui.domain.actions import ActionOptions
from tui.domain.instance import Instance, InstanceState, Target
from tui.domain.plan import Draft, draft
from tui.domain.policy import Policy
from tui.domain.sanitize import SafeText, clean
from tui.domain.typed_name import answers, typeable, typed_hint

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
KOREAN = "결제-서버-1"


def planned(name: str, action: str = "stop-start", policy: Policy | None = None) -> Draft:
    one = Instance(
        Target("prod", "eu-west-1"), SafeText("i-0a1b2c3d"), name=clean(name), state=InstanceState.RUNNING
    )
    return draft(action, one, None, ActionOptions(), policy or Policy(), NOW)


@pytest.mark.parametrize(
    "name",
    [
        "payments-db-1",
        "web 1",
        "a.b/c:d_e",
        KOREAN,
        unicodedata.normalize("NFD", KOREAN),
        "サーバ1",
        "größe",
        "сервер-1",
        "שלום",
    ],
)
def test_a_name_that_can_be_typed_is_asked_for_in_either_form(name: str) -> None:
    made = planned(name)
    assert made.guard.expected == clean(name)
    for form in ("NFC", "NFD"):
        assert answers(unicodedata.normalize(form, name), made.guard.accepts)
    assert answers(f" {name} ", made.guard.accepts)
    assert answers("i-0a1b2c3d", made.guard.accepts)


@pytest.mark.parametrize(
    "name",
    [
        "web–1", "web—1", "web\u20111", "“web”", "web\u2019s", "web\ufe0f1", "☁️ web", "🚀 web", "we\u200bb", "web ", " web",
        "we\u00a0\u00a0b", "w  b", "ｗｅｂ", "ﬁle", "wеb-1", "\x1b[31mweb", "a" * 65, "a" * 250, "\u202eweb", "①web",
        "x" + "\u0301" * 9, "web-שלום", "שלום-1", "خادم-٣",
    ],
)  # fmt: skip
def test_a_name_that_looks_like_another_is_asked_for_by_its_id(name: str) -> None:
    made = planned(name)
    assert not typeable(clean(name))
    assert made.guard.expected == "i-0a1b2c3d"
    assert answers("i-0a1b2c3d", made.guard.accepts)
    assert answers(name, made.guard.accepts)  # whoever copies it from AWS's own console


def test_another_name_is_no_answer() -> None:
    accepts = planned("web-1").guard.accepts
    for given in ("", " ", "web-2", "Web-1", "web–1", "i-0a1b2c3e", "web-1 web-1", "ｗeb-1"):
        assert not answers(given, accepts), given


def test_a_site_that_wants_the_id_takes_no_name() -> None:
    made = planned("web-1", policy=Policy(confirm="id"))
    assert made.guard.expected == "i-0a1b2c3d"
    assert not answers("web-1", made.guard.accepts)


def test_a_harmless_action_takes_both_from_a_script() -> None:
    made = planned("web-1", "image")
    assert answers("web-1", made.guard.accepts)
    assert answers("i-0a1b2c3d", made.guard.accepts)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("Web-1", "capital"),
        ("web–1", "hyphen"),
        ("ｗｅｂ-1", "input mode"),
        ("ㅈㄷㅠ-1", "input mode"),
        ("web-2", ""),
    ],
)
def test_what_is_seen_badly_is_said(given: str, why: str) -> None:
    said = typed_hint(given, "web-1")
    assert why in said
    assert bool(said) is bool(why)
