"""Runbooks and dashboards: what somebody wrote on an instance leads nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.rows import row
from tui.domain.instance import Instance
from tui.domain.own_links import LinkRule, OwnLink, link_fault, links_of
from tui.domain.sanitize import clean

NOW = datetime(2026, 7, 1, tzinfo=UTC)
WEB = replace(
    row(7),
    account_id=clean("111122223333"),
    tags=((clean("service"), clean("pay/db & more")), (clean("team"), clean("pay"))),
)


def urls(instance: Instance, *rules: LinkRule) -> list[str]:
    return [link.url for link in links_of(instance, rules, NOW)]


def test_what_is_put_in_is_percent_encoded() -> None:
    rule = LinkRule("runbook", "https://runbooks.example/{tag.service}/{name}?a={account}&r={region}#{id}")
    assert links_of(WEB, [rule], NOW) == (
        OwnLink(
            "runbook",
            "https://runbooks.example/pay%2Fdb%20%26%20more/web-7?a=111122223333&r=eu-west-1#"
            + str(WEB.instance_id),
        ),
    )


def test_those_whose_filter_it_matches_in_the_order_of_the_settings() -> None:
    rules = (
        LinkRule("b", "https://b.example/", "tag.team:pay"),
        LinkRule("no", "https://no.example/", "tag.team:search"),
        LinkRule("a", "https://a.example/"),
    )
    assert urls(WEB, *rules) == ["https://b.example/", "https://a.example/"]


def test_one_for_which_it_has_nothing_is_left_out() -> None:
    assert (
        urls(
            WEB,
            LinkRule("x", "https://x.example/{tag.owner}"),
            LinkRule("y", "https://y.example/{public_ip}"),
        )
        == []
    )


@pytest.mark.parametrize("value", ["..", ".", "../../admin", "..\\..\\admin", "a/../../b", "x" * 3000])
def test_what_would_climb_out_of_its_place_is_no_link(value: str) -> None:
    hostile = replace(WEB, name=clean(value, 4000))
    assert urls(hostile, LinkRule("x", "https://x.example/services/{name}/restart")) == []


@given(st.text(max_size=60))
def test_whatever_the_name_the_place_stays_the_same(name: str) -> None:
    for url in urls(
        replace(WEB, name=clean(name)), LinkRule("x", "https://x.example/s/{name}?q={name}#{name}")
    ):
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc) == ("https", "x.example")
        assert url.isascii()
        assert url.isprintable()
        assert not {"\\x1b", ";", " ", '"', "<"} & set(url)
        assert parts.path.count("/") == 2
        assert unquote(parts.fragment) == clean(name)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://x.example/", "begins with https://"),
        ("javascript:alert(1)", "begins with https://"),
        ("https://{name}.example/", "begins with https://"),
        ("https://x.example{name}", "begins with https://"),
        ("https://user@x.example/", "begins with https://"),
        ("https:///path", "begins with https://"),
        ("https://x.example/{nmae}", "{nmae} is none of {id}, "),
        ("https://x.example/{tag.}", "{tag.} is none of"),
        ("https://x.example/a b", "plain ASCII"),
        ("https://x.example/é", "plain ASCII"),
        ("https://x.example/\x1b]8;;", "plain ASCII"),
        ("https://x.example:8443/{tag.a b}", "plain ASCII"),
        ("https://x.example:8443/{tag.aws:autoscaling:groupName}", ""),
        ("https://x.example", ""),
        ("https://x.example?id={id}", ""),
    ],
)
def test_an_address_that_could_lead_elsewhere_is_refused_where_it_stands(url: str, fault: str) -> None:
    assert fault in link_fault(url)
    assert bool(link_fault(url)) is bool(fault)
