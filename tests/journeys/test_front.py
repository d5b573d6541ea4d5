"""The README's moving picture is a story that can be told: the same keys, to evac on the embedded AWS, at any size."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.e2e.terminal import Terminal
from tests.journeys.console_user import sent, told_at
from tui.demo.environment import Demo, start

ROOT = Path(__file__).parents[2]


@pytest.fixture
def demo() -> Iterator[Demo]:
    running = start("--speed", "60")
    yield running
    running.stop()


@pytest.fixture
def cast() -> ModuleType:
    spec = spec_from_file_location("docs_cast", ROOT / "docs" / "cast.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses ask for it
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("size", told_at((80, 24)))
def test_the_story_of_the_readme_is_told(
    cast: ModuleType, demo: Demo, env: dict[str, str], size: tuple[int, int]
) -> None:
    with Terminal(environ=env, size=size) as terminal:
        film = cast.Film(terminal)
        cast.story(film, pause=0)
    assert len({frame.caption for frame in film.frames}) == 7
    assert sent(demo) == ["DeregisterTargets", "StopInstances", "StartInstances", "RegisterTargets"]
