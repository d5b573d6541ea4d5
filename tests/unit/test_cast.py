"""The README's moving picture: what is drawn of a screen, and what the picture that is kept is made of."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pyte
import pytest

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "evac.svg"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def cast() -> ModuleType:
    spec = spec_from_file_location("docs_cast", ROOT / "docs" / "cast.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # its dataclasses ask for it
    spec.loader.exec_module(module)
    return module


def drawn(cast: ModuleType, *pages: bytes, size: tuple[int, int] = (20, 2)) -> ElementTree.Element:
    frames = []
    for number, page in enumerate(pages):
        screen = pyte.Screen(*size)
        pyte.ByteStream(screen).feed(page)
        lines = tuple(
            cast.line_of([screen.buffer[row][at] for at in range(size[0])]) for row in range(size[1])
        )
        frames.append(cast.Frame(lines, f"page {number} & more", 1.5))
    return ElementTree.fromstring(cast.svg(frames, size, "a <title>"))


def test_a_line_is_its_words_where_they_stood(cast: ModuleType) -> None:
    page = drawn(cast, b"ab  \x1b[1;38;2;255;0;16mred <&\x1b[0m\r\n\xea\xb0\x80x   y")
    found = [(one.text, one.get("x"), one.get("fill"), one.get("class")) for one in page.iter(f"{SVG}text")]
    assert found[:4] == [
        ("ab", "0", cast.FOREGROUND, None),
        ("red <&", "33.6", "#ff0010", "b"),
        ("가x", "0", cast.FOREGROUND, None),
        ("y", "50.4", cast.FOREGROUND, None),
    ]
    assert page[0].text == "a <title>"


def test_a_line_that_stays_is_kept_once_and_each_frame_has_its_time(cast: ModuleType) -> None:
    page = drawn(cast, b"same\r\none", b"same\r\ntwo")
    assert len(page.findall(f".//{SVG}defs/{SVG}g")) == 3
    assert [len(one) for one in page.findall(f".//*[@class='r']/{SVG}g")] == [3, 3]
    style = page.findtext(f"{SVG}style") or ""
    assert "animation:r 3.0s step-end infinite" in style
    assert "50.000%{transform:translateY(-" in style


def test_the_picture_that_is_kept_shows_anywhere_and_asks_nobody() -> None:
    body = KEPT.read_bytes()
    assert len(body) < 1_000_000
    page = ElementTree.fromstring(body)
    assert {one.tag for one in page.iter()} <= {
        f"{SVG}{name}" for name in ("svg", "title", "style", "defs", "g", "text", "rect", "use", "circle")
    }
    assert {one.get("href", "#l")[:2] for one in page.iter(f"{SVG}use")} == {"#l"}
    assert re.findall(rb"https?:", body) == [b"http:"], "the name of SVG itself"
    assert b"url(" not in body
    told = " ".join(page.itertext())
    for words in ("It will NOT start by itself", "Type the name", "StopInstances", "succeeded", "host dies"):
        assert words in told, f"{words}: make cast"
    assert "docs/evac.svg" in (ROOT / "README.md").read_text().partition("\n## ")[0]
