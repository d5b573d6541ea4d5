"""A setting that names one of several is one of them: else it is an error with the nearest, not a default in silence."""

from __future__ import annotations

import pytest
from textual.theme import BUILTIN_THEMES

from screens.theme import THEME
from tui.config.schema import THEMES, ConfigError, validate


def test_the_themes_are_textuals_and_ours() -> None:
    assert set(THEMES) == {THEME.name, *BUILTIN_THEMES}


@pytest.mark.parametrize(
    ("values", "key", "words"),
    [
        ({"theme": "nordd"}, "theme", ["did you mean nord?", "gruvbox"]),
        ({"theme": "Nord"}, "theme", ["did you mean nord?"]),
        ({"theme": "qqqqq"}, "theme", ["no such theme; there are evac"]),
        ({"timezone": "Asia/Soul"}, "timezone", ["did you mean Asia/Seoul?"]),
        ({"timezone": "KST9"}, "timezone", ["such as Asia/Seoul"]),
        ({"profiles": {"prod": {"color": "rad"}}}, "profiles.prod.color", ["did you mean red?", "#rrggbb"]),
        ({"profiles": {"prod": {"color": "crimsonish"}}}, "profiles.prod.color", ["no such colour"]),
        ({"actions": {"confirm": "ids"}}, "actions.confirm", ['"name" or "id"']),
        ({"lock": {"unreachable": "go"}}, "lock.unreachable", ['"refuse" or "proceed"']),
    ],
)
def test_another_is_an_error_that_names_the_nearest(
    values: dict[str, object], key: str, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as raised:
        validate(values, "config.toml")
    assert str(raised.value).startswith(f"config.toml: {key}: ")
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize("color", ["", "red", "bright_blue", "#ff8800", "dark_orange", "white"])
def test_what_can_be_painted_is_taken(color: str) -> None:
    validate({"profiles": {"prod": {"color": color}}, "theme": "gruvbox", "timezone": "UTC"}, "config.toml")
