"""Which program renews a login, and why it is not run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tui.config.login import login_program, why_no_login
from tui.config.schema import ConfigError, Settings, validate
from tui.config.sections import ProfileSettings
from tui.domain.logins import ProfileLogin

SSO = ProfileLogin("dev", "sso", "acme", ("aws", "sso", "login", "--sso-session", "acme"))
KEYS = ProfileLogin("old", "keys", "old")


def named(profile: str, *arguments: str) -> Settings:
    return Settings(profiles={profile: ProfileSettings(login=arguments)})


@pytest.mark.parametrize(
    ("settings", "logins", "expected"),
    [
        (Settings(), [SSO], ("aws", "sso", "login", "--sso-session", "acme")),
        (Settings(), [KEYS], ()),
        (Settings(), [], ()),
        (named("old", "saml2aws", "login", "-a", "{profile}"), [KEYS], ("saml2aws", "login", "-a", "old")),
        (named("dev", "granted", "{profile}"), [ProfileLogin("a", "sso", "acme"), SSO], ("granted", "dev")),
        (named("other", "granted"), [SSO], SSO.command),
    ],
)
def test_what_the_settings_name_comes_before_the_command_line_of_aws(
    settings: Settings, logins: list[ProfileLogin], expected: tuple[str, ...]
) -> None:
    assert login_program(settings, logins) == expected


def test_a_profile_whose_name_could_be_taken_for_an_option_is_refused() -> None:
    with pytest.raises(ValueError, match="profile"):
        login_program(named("--help", "login", "{profile}"), [ProfileLogin("--help", "keys", "--help")])


def test_why_it_is_not_run_says_what_to_do(tmp_path: Path) -> None:
    here = {"PATH": str(Path(sys.executable).parent)}
    program = (Path(sys.executable).name,)
    assert why_no_login(Settings(), [KEYS], program, here) == ""
    assert why_no_login(Settings(read_only=True), [KEYS], program, here) == "", "it changes nothing in AWS"
    assert "[profiles.old]" in why_no_login(Settings(), [KEYS], (), here)
    assert why_no_login(Settings(commands_off=True), [SSO], program, here).startswith("the site policy")
    assert why_no_login(Settings(), [SSO], program, {"PATH": str(tmp_path)}).endswith("r reads again")


@pytest.mark.parametrize(
    "login",
    [
        ["{profile}"],
        ["-x"],
        ["login", "{id}"],
        ["./login"],
        ["login", "two\nlines"],
    ],
)
def test_a_program_that_cannot_be_meant_is_an_error_of_the_file(login: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"profiles\.dev\.login"):
        validate({"profiles": {"dev": {"login": login}}}, "config.toml")


def test_a_program_of_the_file_is_read() -> None:
    settings = validate({"profiles": {"dev": {"login": ["assume", "{profile}"]}}}, "config.toml")
    assert settings.profile("dev").login == ("assume", "{profile}")
