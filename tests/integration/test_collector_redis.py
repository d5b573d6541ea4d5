"""One Redis for a team: one console asks AWS, the others read what it got."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from tests.integration.collector_watch import SEOUL, calls, passing, settings, tally, watching
from tui.config.schema import Settings
from tui.config.sections import CacheSettings
from tui.demo.environment import Demo
from tui.fleet.reading import read_once


def shared(url: str, *profiles: str, often: bool = False) -> Settings:
    return settings(*(profiles or ("prod",)), regions=(SEOUL,), often=often, cache=CacheSettings(url=url))


def test_the_second_console_reads_what_the_first_one_got(
    demo: Demo, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    url, _ = redis
    first = read_once(shared(url), demo.apply(), timeout=90)
    assert not [one.trouble for one in first.targets() if one.trouble]
    assert calls(demo, service="ec2")
    demo.control("calls", method="DELETE")
    second = read_once(shared(url), demo.apply(), timeout=90)
    assert tally(demo, "operation", service="ec2") == {}
    assert list(second.rows()) == list(first.rows())
    (one,), (two,) = first.targets(), second.targets()
    assert (one.status_at, one.inventory_at, one.count) == (two.status_at, two.inventory_at, two.count), (
        "its real age"
    )
    third = read_once(shared(url, "prod-audit"), demo.apply(), timeout=90)
    assert tally(demo, "operation", service="ec2") == {}, "the account's, whichever profile asked"
    assert {row.target.profile for row in third.rows()} == {"prod-audit"}


def test_who_covers_the_instances_is_read_by_one_console_for_all(
    demo: Demo, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    url, _ = redis
    first = read_once(shared(url), demo.apply(), cover=True, timeout=90)
    assert tally(demo, "operation", operation="DescribeAlarms") == {"DescribeAlarms": 1}
    demo.control("calls", method="DELETE")
    second = read_once(shared(url), demo.apply(), cover=True, timeout=90)
    reads = {"DescribeAlarms", "DescribeAutoScalingGroups", "ListProtectedResources", "DescribeSnapshots"}
    assert not reads & set(tally(demo, "operation")), "the checks may be too old by then, cover is not"
    assert [row.cover for row in second.rows()] == [row.cover for row in first.rows()]
    assert all(row.cover is not None and not row.cover.unknown for row in second.rows())
    assert second.targets()[0].cover_at == first.targets()[0].cover_at, "its real age"


def test_a_socket_will_do(demo: Demo, redis: tuple[str, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    url = f"unix://{tmp_path / 'redis.sock'}"
    read_once(shared(url), demo.apply(), timeout=90)
    demo.control("calls", method="DELETE")
    read_once(shared(url), demo.apply(), timeout=90)
    assert tally(demo, "operation", service="ec2") == {}


async def test_what_somebody_else_wrote_into_it_is_not_shown(
    demo: Demo, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    import redis.asyncio as client

    url, _ = redis
    first = await asyncio.to_thread(read_once, shared(url), demo.apply(), timeout=90)
    async with client.Redis.from_url(url) as shelf:
        keys = await shelf.keys("evac:*")
        assert len(keys) >= 4
        for key in keys:
            body = await shelf.get(key)
            assert isinstance(body, bytes)
            await shelf.set(key, body.replace(b"web-1", b"\x1b]0;x"))
    demo.control("calls", method="DELETE")
    again = await asyncio.to_thread(read_once, shared(url), demo.apply(), timeout=90)
    assert {row.name for row in again.rows()} == {row.name for row in first.rows()}
    whole = [one for one in calls(demo, operation="DescribeInstances") if "Filters" not in one["params"]]
    assert len(whole) == 1, "it was asked of AWS again"


@pytest.mark.parametrize("how", ["stopped", "hanging"])
async def test_a_redis_that_goes_away_is_said_and_done_without(
    demo: Demo, redis: tuple[str, subprocess.Popen[bytes]], how: str
) -> None:
    url, process = redis
    if how == "stopped":
        process.kill()
        process.wait(10)
    else:
        process.send_signal(signal.SIGSTOP)
    async with watching(shared(url), demo.apply()) as eyes:
        await eyes.until(lambda: eyes.live("prod"))
        assert len(eyes.store.rows()) == 24
        notes = [note for note in eyes.notes() if "cache" in note]
        assert len(notes) == 1
        assert "reading without it" in notes[0]


async def test_consoles_that_start_together_cost_the_calls_of_one_and_outlive_their_redis(
    demo: Demo, redis: tuple[str, subprocess.Popen[bytes]]
) -> None:
    """Three at once; `make bench` does it with ten, and counts a minute of polling too."""
    url, process = redis
    async with watching(settings("prod", regions=(SEOUL,)), demo.apply()) as alone:
        await alone.until(lambda: alone.live("prod"))
        await passing(lambda: tally(demo, "operation", service="ec2")["DescribeImages"])
    one = tally(demo, "operation", service="ec2")
    demo.control("calls", method="DELETE")
    often = shared(url, often=True)
    async with (
        watching(often, demo.apply()) as first,
        watching(often, demo.apply()) as second,
        watching(often, demo.apply()) as third,
    ):
        team = (first, second, third)
        for eyes in team:
            await eyes.until(partial(eyes.live, "prod"))
            assert len(eyes.store.rows()) == 24
        many = tally(demo, "operation", service="ec2")
        assert many["DescribeImages"] <= one["DescribeImages"]
        process.kill()
        process.wait(10)
        for eyes in team:
            target = eyes.target("prod")
            assert target is not None
            before = target.status_at
            assert before is not None
            await eyes.until(partial(eyes.newer, before, "prod"))
            assert [note for note in eyes.notes() if "reading without it" in note]
            assert eyes.live("prod"), "less fresh for a moment, and whole"


def test_what_is_in_it_names_no_login(demo: Demo, redis: tuple[str, subprocess.Popen[bytes]]) -> None:
    import redis as client

    url, _ = redis
    read_once(shared(url), demo.apply(), timeout=90)
    with client.Redis.from_url(url) as shelf:
        held = b"".join(shelf.get(key) or b"" for key in shelf.keys("*"))
    assert b"web-1" in held
    for secret in (b"AKIA", b"aws_secret", b"SessionToken", b"prod-audit"):
        assert secret not in held
