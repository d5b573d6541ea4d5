"""`evac explain CODE` needs neither AWS nor a terminal."""

from __future__ import annotations

import json

import pytest

from tui.cli.main import run
from tui.domain.events import KNOWN_CODES


@pytest.mark.parametrize("code", KNOWN_CODES)
def test_every_code_says_what_to_do(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", code, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    kinds = {part["kind"] for part in told["paragraphs"]}
    assert told["about"] == code
    assert told["headline"]
    assert {"happening", "do"} <= kinds


def test_the_text_has_titles_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "instance-retirement", "--root-device", "ebs", "--sources"]) == 0
    out = capsys.readouterr().out
    assert "AWS will\n" in out
    assert "[user guide, " in out
    assert max(map(len, out.splitlines())) <= 130


def test_an_unknown_word_is_wrong_use_and_names_the_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "instance-levitation"]) == 2
    assert "instance-retirement" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["INSTANCE-STOP", "instance_stop", " instance-stop "])
def test_a_code_is_known_as_it_is_typed_elsewhere(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", typed]) == 0
    assert capsys.readouterr().out.startswith("instance-stop\n")
