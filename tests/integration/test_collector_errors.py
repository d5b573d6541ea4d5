"""Each way in which reading fails: its line, with cause and remedy, and that it ends by itself when its cause does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.collector_watch import KEYS, SEOUL, VIRGINIA, fault, settings, tally, watching
from tui.demo.environment import Demo

HERE = "prod/ap-northeast-2"
HTML = "<!doctype html><html><head><title>Log in</title></head><body>Wi-Fi<br></body></html>"
XHTML = "<html><body><p>Log in</p></body></html>"
NETWORK = "evac tries again"
FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "throttled": (
        {"error": "RequestLimitExceeded"},
        f"{HERE}: AWS throttles DescribeInstanceStatus: evac asks less often for a while; no action needed",
        "throttled",
    ),
    "expired": (
        {"error": "RequestExpired"},
        f"{HERE}: the credentials have expired: renew the credentials of profile prod; "
        "if they are new, check this machine's clock",
        "credentials",
    ),
    "token expired": (
        {"error": "ExpiredToken"},
        f"{HERE}: the credentials have expired: renew",
        "credentials",
    ),
    "key refused": (
        {"error": "AuthFailure"},
        f"{HERE}: AWS does not accept the credentials (AuthFailure): check the keys of profile prod, "
        "and whether ap-northeast-2 is enabled",
        "credentials",
    ),
    "signature": (
        {"error": "SignatureDoesNotMatch"},
        f"{HERE}: AWS does not accept the signature: check the secret key of profile prod",
        "credentials",
    ),
    "denied": (
        {"error": "UnauthorizedOperation", "message": "Encoded authorization failure message: " + "x" * 900},
        f"{HERE}: DescribeInstanceStatus is not allowed: ask for the permission to call ec2:DescribeInstanceStatus",
        "denied",
    ),
    "not subscribed": (
        {"error": "OptInRequired", "status": 401},
        f"{HERE}: the account is not subscribed to this service: subscribe, or leave the region out",
        "region",
    ),
    "subscription": (
        {"error": "SubscriptionRequiredException"},
        f"{HERE}: the account is not subscribed to this service",
        "region",
    ),
    "blocked": (
        {"error": "Blocked"},
        f"{HERE}: AWS has Blocked on the account: see the message AWS sent",
        "denied",
    ),
    "internal error": (
        {"error": "InternalError"},
        f"{HERE}: AWS failed at DescribeInstanceStatus (InternalError): {NETWORK}",
        "network",
    ),
    "unavailable": (
        {"error": "Unavailable"},
        f"{HERE}: AWS failed at DescribeInstanceStatus (Unavailable)",
        "network",
    ),
    "a page of HTML": (
        {"raw": XHTML},
        f"{HERE}: the answer was not AWS's (no InstanceStatuses in it): check for a proxy or a captive portal",
        "network",
    ),
    "a page that is not XML": ({"raw": HTML}, f"{HERE}: the answer could not be read: {NETWORK}", "network"),
    "nothing at all": ({"raw": ""}, f"{HERE}: the answer ", "network"),
    "HTML and 502": (
        {"raw": XHTML, "status": 502},
        f"{HERE}: AWS failed at DescribeInstanceStatus (502)",
        "network",
    ),
    "HTML and 403": (
        {"raw": HTML, "status": 403},
        f"{HERE}: the answer was not AWS's (HTTP 403): check for a proxy or a captive portal",
        "network",
    ),
    "XHTML and 403": (
        {"raw": XHTML, "status": 403},
        f"{HERE}: the answer was not AWS's (HTTP 403)",
        "network",
    ),
    "cut": ({"cut": 200}, f"{HERE}: ", "network"),
    "reset": ({"reset": True}, f"{HERE}: the connection broke: {NETWORK}; check the network", "network"),
    "a word nobody knows": (
        {"error": "NewTrouble", "message": "\x1b]0;owned\x07 [red]x[/]"},
        f"{HERE}: DescribeInstanceStatus: NewTrouble: ",
        "internal",
    ),
}


@pytest.mark.parametrize(("then", "line", "kind"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_line_with_cause_and_remedy_and_it_mends_itself(
    demo: Demo, then: dict[str, Any], line: str, kind: str
) -> None:
    demo.control("faults", [fault(then, operation="DescribeInstanceStatus", region=SEOUL)])
    async with watching(settings("prod", regions=(SEOUL, VIRGINIA), often=True), demo.apply()) as eyes:
        found = await eyes.until(lambda: eyes.line("prod"))
        status = eyes.target("prod")
        assert status is not None
        assert status.trouble is not None
        assert found.startswith(line)
        assert found.isprintable()
        assert len(found) < 400
        assert status.trouble.kind == kind
        assert status.status_at is None, "never read: nothing of it is known"
        await eyes.until(lambda: eyes.live("prod", VIRGINIA))
        demo.control("faults", [])
        await eyes.until(lambda: eyes.live("prod"))
        assert len([row for row in eyes.store.rows() if row.target.region == SEOUL]) == 24
        assert not [note for note in eyes.notes() if "internal" in note]


async def test_what_breaks_later_keeps_its_rows_with_their_age(demo: Demo) -> None:
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
        demo.control("faults", [fault({"reset": True}, operation="DescribeInstanceStatus")])
        await eyes.until(lambda: eyes.line("prod"))
        status = eyes.target("prod")
        assert status is not None
        assert status.status_at is not None, "stale since then"
        assert status.count == len(eyes.store.rows()) == 24
        demo.control("faults", [])
        await eyes.until(lambda: eyes.live("prod"))


async def test_throttled_twice_is_no_trouble_at_all(demo: Demo) -> None:
    rule = fault({"error": "RequestLimitExceeded"}, 2, operation="DescribeInstanceStatus")
    demo.control("faults", [rule])
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
    lines = [delta.target.trouble for delta in eyes.deltas_since(0) if delta.target]
    assert not any(lines)


async def test_an_inventory_that_is_denied_leaves_the_checks_live(demo: Demo) -> None:
    demo.control("faults", [fault({"error": "UnauthorizedOperation"}, operation="DescribeInstances")])
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        status = await eyes.until(
            lambda: (one := eyes.target("prod")) and one.status_at and one.partial and not one.trouble and one
        )
        assert status.count is None
        assert status.partial[0].line.startswith(f"{HERE}: DescribeInstances is not allowed")
        assert len(eyes.store.rows()) == 24, "bare rows, but every check and event"
        mark = len(eyes.seen)
        await eyes.until(lambda: sum(bool(d.target) for d in eyes.deltas_since(mark)) >= 4)
        told = [d.target for d in eyes.deltas_since(mark) if d.target]
        assert all(one.partial and one.trouble is None for one in told), "it does not flicker"


async def test_amis_that_are_denied_are_one_line_and_not_asked_for_again_and_again(demo: Demo) -> None:
    demo.control("faults", [fault({"error": "UnauthorizedOperation"}, operation="DescribeImages")])
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: (one := eyes.target("prod")) and one.partial)
        asked = tally(demo, "operation", service="ec2")
        await eyes.until(
            lambda: (
                tally(demo, "operation", service="ec2")["DescribeInstanceStatus"]
                >= asked["DescribeInstanceStatus"] + 4
            )
        )
        assert tally(demo, "operation")["DescribeImages"] == 1
        assert eyes.live("prod")
        assert {row.images_at for row in eyes.store.rows()} == {None}


async def test_amis_that_break_never_hold_up_the_checks(demo: Demo) -> None:
    demo.control("faults", [fault({"error": "InternalError"}, operation="DescribeImages")])
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: (one := eyes.target("prod")) and one.partial)
        demo.control("events", {"instance": "mail-1", "code": "instance-stop", "in": 3600})
        await eyes.until(lambda: (found := eyes.named("mail-1")) and found.events)
        demo.control("faults", [])
        await eyes.until(lambda: (found := eyes.target("prod")) and not found.partial)


async def test_who_am_i_that_is_answered_by_a_portal_is_a_line(demo: Demo) -> None:
    demo.control("faults", [fault({"raw": XHTML}, service="sts")])
    async with watching(settings("prod", regions=(SEOUL,), often=True), demo.apply()) as eyes:
        line = await eyes.until(lambda: eyes.line("prod"))
        assert line.startswith("prod: the answer was not AWS's")
        assert line.endswith("check for a proxy or a captive portal")
        demo.control("faults", [])
        await eyes.until(lambda: eyes.live("prod"))


async def test_a_login_renewed_elsewhere_is_picked_up(demo: Demo) -> None:
    async with watching(settings("legacy", "data", regions=(VIRGINIA,), often=True), demo.apply()) as eyes:
        await eyes.until(lambda: "expired" in eyes.line("legacy", VIRGINIA) and eyes.live("data", VIRGINIA))
        demo.control("settings", {"expired": {KEYS["legacy"]: False}})
        await eyes.until(lambda: eyes.live("legacy", VIRGINIA))
        demo.control("settings", {"expired": {KEYS["data"]: True}})
        await eyes.until(lambda: "expired" in eyes.line("data", VIRGINIA))
        demo.control("settings", {"expired": {KEYS["data"]: False}})
        await eyes.until(lambda: eyes.live("data", VIRGINIA))
