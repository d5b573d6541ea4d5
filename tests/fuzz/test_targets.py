"""The targets of the guided fuzzing hold for their seeds and for some bytes; and what it once found stays mended."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.unit.test_parser  # noqa: F401 - a reader imports it: within a test its own @given would count as nested
from tests.fuzz import guided
from tests.fuzz.targets import READERS


@pytest.mark.parametrize("name", READERS)
def test_its_seeds_are_read(name: str) -> None:
    for seed in READERS[name].seeds():
        assert len(seed) <= READERS[name].longest
        READERS[name].read(seed)


FOUND = [
    ("pages", b"<Response><Errors>:Err</Errors></Response>"),
    (
        "answers",
        b"<DescribeInstancesResponse><requestId>r</requestId><reservationSet><item><instancesSet><item><instanceId>i</instanceId>"
        b"<launchTime>2026-11-24T03:00:99999999999999999999999999999999.5</launchTime></item></instancesSet></item>"
        b"</reservationSet></DescribeInstancesResponse>",
    ),
]


@pytest.mark.parametrize(("name", "body"), FOUND)
def test_what_it_found_stays_mended(name: str, body: bytes) -> None:
    READERS[name].read(body)


@pytest.mark.parametrize("name", READERS)
@given(body=st.binary(max_size=200))
@settings(max_examples=30)
def test_any_bytes(name: str, body: bytes) -> None:
    READERS[name].read(body)


def test_the_guided_run_knows_them_all() -> None:
    assert set(guided.NAMES) == set(READERS)


def test_without_atheris_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert guided.main(["1"]) == 0
    assert capsys.readouterr().out.startswith("SKIPPED: no guided fuzzing")
