"""Addresses that leave evac: AWS's console, in the right partition, and never what a stranger wrote."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from tests.unit.rows import row
from tui.domain.instance import Target
from tui.domain.sanitize import clean
from tui.presentation.links import console_link, shows_links


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("mx-central-1", "mx-central-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("eusc-de-east-1", "eusc-de-east-1.console.amazonaws-eusc.eu"),
    ],
)
def test_an_instance_has_its_page_in_the_console_of_its_partition(region: str, host: str) -> None:
    web = row(7, Target("prod", region))
    assert (
        console_link(web)
        == f"https://{host}/ec2/home?region={region}#InstanceDetails:instanceId={web.instance_id}"
    )


@pytest.mark.parametrize("region", ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"])
def test_an_isolated_partition_has_no_public_console(region: str) -> None:
    assert console_link(row(7, Target("prod", region))) == ""


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("evil.example/", "i-0123456789abcdef0"),
        ("eu-west-1@evil.example", "i-0123456789abcdef0"),
        ("*", "i-0123456789abcdef0"),
        ("eu-west-1", "i-0123456789abcdef0;region=x"),
        ("eu-west-1", "i-0\x1b]8;;http://evil\x1b\\"),
        ("eu-west-1", "javascript:alert(1)"),
        ("eu-west-1\n", "i-0123456789abcdef0"),
    ],
)
def test_what_does_not_look_like_one_gets_no_link(region: str, name: str) -> None:
    assert console_link(replace(row(7, Target("prod", region)), instance_id=clean(name))) == ""


def test_a_link_is_plain_ascii_without_anything_that_ends_its_sequence() -> None:
    assert re.fullmatch(r"https://[!-~]+", console_link(row(7, Target("prod", "eu-west-1"))))


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "tmux-256color"}, True),
        ({"TERM": "screen-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, True),
        ({"TERM": "screen-256color"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "vt100"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
        ({"TERM": "linux", "FORCE_HYPERLINK": "1"}, True),
        ({"TERM": "xterm-256color", "FORCE_HYPERLINK": "0"}, False),
    ],
)
def test_a_terminal_that_would_print_the_address_is_shown_none(environ: dict[str, str], shown: bool) -> None:
    assert shows_links(environ) is shown
