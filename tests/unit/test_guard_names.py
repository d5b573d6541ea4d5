"""A guard holds under every name: whatever shell, files and name lead to credentials, their rule leads along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ProfileNotFound

from tui.aws import allowlist
from tui.aws.sessions import Sessions
from tui.config import loader
from tui.config.loader import from_environment
from tui.config.schema import ConfigError, Settings, encode_settings
from tui.config.sections import ProfileSettings
from tui.domain import profile_names

GUARDED, OTHER = "AKIAGUARDED000000001", "AKIAOTHER00000000001"
PAIR = "aws_access_key_id = {}\naws_secret_access_key = secret\n"
FILES = {
    "config": "[profile plain]\nregion = eu-west-1\n",
    "credentials": "[prod-1]\n" + PAIR.format(GUARDED) + "[dev]\n" + PAIR.format(OTHER),
}
IN_SHELL = {"AWS_ACCESS_KEY_ID": GUARDED, "AWS_SECRET_ACCESS_KEY": "secret"}


class Shell:
    """A home folder with AWS's files, a shell with variables, and a site policy."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **environ: str) -> None:
        self.folder = folder
        self.environ = {
            "AWS_CONFIG_FILE": str(folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "EVAC_POLICY": str(folder / "policy.toml"),
            "XDG_CONFIG_HOME": str(folder),
            "HOME": str(folder),
            **environ,
        }
        import os

        for name in [one for one in os.environ if one.startswith(("AWS", "EVAC"))]:
            monkeypatch.delenv(name)
        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(loader, "POLICY", folder / "none.toml")
        self.write(**FILES)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def policy(self, rule: str, word: str = "read_only") -> None:
        (self.folder / "policy.toml").write_text(f"[profiles.'{rule}']\n{word} = true\n")

    def settings(self, *profiles: str) -> Settings:
        return loader.load_settings(
            None, profiles=profiles, regions=(), read_only=False, environ=self.environ
        ).settings


def key_of(sessions: Sessions, name: str) -> str:
    """The access key that evac would use by this name; empty: none."""
    try:
        client: Any = sessions.client(name, "sts", "eu-west-1")
        return str(client._request_signer._credentials.access_key)
    except (ProfileNotFound, allowlist.CallNotAllowedError, AttributeError):
        return ""


SHELLS: dict[str, dict[str, str]] = {
    "chosen": {"AWS_PROFILE": "prod-1"},
    "chosen by the older variable": {"AWS_DEFAULT_PROFILE": "prod-1"},
    "granted": {"AWS_PROFILE": "prod-1", **IN_SHELL},
    "older variable and keys": {"AWS_DEFAULT_PROFILE": "prod-1", **IN_SHELL},
    "both variables": {"AWS_DEFAULT_PROFILE": "dev", "AWS_PROFILE": "prod-1", **IN_SHELL},
    "both, the other way": {"AWS_DEFAULT_PROFILE": "prod-1", "AWS_PROFILE": "dev", **IN_SHELL},
    "aws-vault": {"AWS_VAULT": "prod-1", **IN_SHELL},
    "awsume": {"AWSUME_PROFILE": "prod-1", **IN_SHELL},
    "an empty choice": {"AWS_PROFILE": "", "AWS_VAULT": "prod-1", **IN_SHELL},
    "nothing chosen": {},
}
ASKED = ("default", "environment", "prod-1", "dev", "plain", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_no_name_leads_to_guarded_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    one = Shell(tmp_path, monkeypatch, **SHELLS[shell])
    one.policy("prod-*")
    reached = set()
    for name in ASKED:
        for settings in (one.settings(), one.settings(name)):
            sessions = Sessions(settings, lean=True)
            key = key_of(sessions, name)
            reached.add(key)
            if key == GUARDED:
                with pytest.raises(allowlist.CallNotAllowedError):
                    sessions.client(name, "sts", "eu-west-1", mutating=True)
                assert settings.why_refused(name, "image")
    assert GUARDED in reached, "it is read all the same"


@pytest.mark.parametrize("shell", SHELLS)
def test_no_name_lists_what_is_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    one = Shell(tmp_path, monkeypatch, **SHELLS[shell])
    one.policy("prod-*", "hidden")
    for asked in ((), *((name,) for name in ASKED)):
        try:
            settings = one.settings(*asked)
        except ConfigError:  # said at once: it is named and hidden
            continue
        sessions = Sessions(settings, lean=True)
        for name in {*sessions.profiles(), *ASKED}:
            assert key_of(sessions, name) != GUARDED, (asked, name)


SECTIONS = ["prod-1 ", " prod-1", "PROD-1", '"prod-1"', "profile prod-1", "Prod-1\t", "\uff50rod-1"]
"""As somebody wrote it in ~/.aws/credentials, where botocore keeps every character of a section's name."""


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("rule", ["prod-*", "prod-1", "PROD-1", "*-1"])
def test_a_rule_means_a_name_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str, rule: str
) -> None:
    one = Shell(tmp_path, monkeypatch)
    one.write(credentials=f"[{section}]\n" + PAIR.format(GUARDED))
    one.policy(rule)
    sessions = Sessions(one.settings(), lean=True)
    (found,) = [name for name in sessions.profiles() if key_of(sessions, name) == GUARDED]
    with pytest.raises(allowlist.CallNotAllowedError):
        sessions.client(found, "sts", "eu-west-1", mutating=True)


@pytest.mark.parametrize("name", ["prod-[1]", "prod?", "a*b", "[!x]"])
def test_a_name_that_reads_as_a_pattern_is_guarded_by_itself(name: str) -> None:
    assert Settings(locked_profiles=(name,)).profile_read_only(name)
    assert not Settings(locked_profiles=(name,)).profile_read_only("other")


def test_an_empty_name_is_the_default_to_botocore_and_to_rules() -> None:
    assert Settings(locked_profiles=("default",)).profile_read_only("")


def test_the_configuration_s_own_rules_hold_for_the_shell_s_credentials_and_as_patterns() -> None:
    own = {"prod-*": ProfileSettings(read_only=True), "dev": ProfileSettings(hidden=True)}
    settings = Settings(profiles=own, shell_profiles=("prod-1",))
    assert settings.profile_read_only("environment")
    assert settings.profile_read_only("prod-2")
    assert not settings.profile_read_only("dev")
    assert Settings(profiles=own, shell_profiles=("dev",)).profile_unlisted("environment")


def test_the_shell_s_credentials_look_like_the_profile_they_are_called_by() -> None:
    red = {"prod-1": ProfileSettings(label="Production", color="red")}
    found = Settings(profiles=red, shell_profiles=("prod-1",)).profile("environment")
    assert (found.color, found.label) == ("red", "")


def test_a_runner_holds_the_rules_of_the_shell_that_planned_and_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Shell(tmp_path, monkeypatch, AWS_PROFILE="prod-1", **IN_SHELL)
    one.policy("prod-*")
    handed = encode_settings(one.settings()).decode()
    elsewhere = {**one.environ, "EVAC_SETTINGS": handed}
    del elsewhere["AWS_PROFILE"]
    assert "read-only" in from_environment(elsewhere).why_refused("environment", "image")
    loose = {**one.environ, "EVAC_SETTINGS": encode_settings(Settings()).decode()}
    assert "read-only" in from_environment(loose).why_refused("environment", "image")


def test_a_name_that_no_file_has_stands_for_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Shell(tmp_path, monkeypatch, AWS_PROFILE="prod-1", **IN_SHELL)
    one.policy("nothing")
    for name in ("default", "Prod-1", "prod-1 ", "nowhere"):
        with pytest.raises(ProfileNotFound):
            Sessions(one.settings(name)).client(name, "sts", "eu-west-1")


@pytest.mark.parametrize(
    ("environ", "read"),
    [
        ({"AWS_PROFILE": "a"}, ("a",)),
        ({"AWS_DEFAULT_PROFILE": "b"}, ("b",)),
        ({"AWS_DEFAULT_PROFILE": "b", "AWS_PROFILE": "a"}, ("b",)),
        ({"AWS_PROFILE": ""}, ()),
        ({"AWS_PROFILE": "a", "AWS_ACCESS_KEY_ID": "x"}, ("environment",)),
        ({"AWS_PROFILE": "a", "AWS_WEB_IDENTITY_TOKEN_FILE": "x"}, ("a", "environment")),
        ({"AWS_ACCESS_KEY_ID": "x"}, ()),
        ({}, ()),
    ],
)
def test_what_a_shell_says_is_to_be_read(environ: dict[str, str], read: tuple[str, ...]) -> None:
    assert profile_names.read_by(environ)[0] == read


def test_names_that_are_not_text_give_no_rule_and_break_no_frame() -> None:
    assert encode_settings(Settings(shell_profiles=profile_names.of_shell({"AWS_VAULT": "a\udcff"})))


@pytest.mark.parametrize("word", ["read_only", "hidden"])
def test_a_profile_without_a_login_of_its_own_is_guarded_as_what_it_ends_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """aws-vault's server, a container, an old file of keys: every profile without credentials leads to them."""
    one = Shell(tmp_path, monkeypatch, AWS_VAULT="prod-1", AWS_CREDENTIAL_FILE=str(tmp_path / "old"))
    one.write(old=f"AWSAccessKeyId={GUARDED}\nAWSSecretKey=secret\n")
    one.policy("prod-*", word)
    for asked in ((), ("plain",)):
        sessions = Sessions(one.settings(*asked), lean=True)
        listed = sessions.profiles()
        if word == "hidden":
            assert not {"plain", "environment"} & set(listed)
            assert key_of(sessions, "plain") == ""
        else:
            assert key_of(sessions, "plain") == GUARDED
            with pytest.raises(allowlist.GuardedError, match="read-only"):
                sessions.client("plain", "sts", "eu-west-1", mutating=True)


def test_a_rule_may_name_an_account_and_holds_whatever_the_profile_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Shell(tmp_path, monkeypatch)
    one.policy("111122223333")
    settings = one.settings()
    sessions = Sessions(settings, lean=True)
    for name, account in (("prod-1", "111122223333"), ("dev", "222233334444")):
        login = sessions._login(name)
        login.account = account
        assert sessions.client(name, "sts", "eu-west-1")
        guarded = account == "111122223333"
        assert bool(settings.why_refused(name, "image", account=account)) == guarded
        if guarded:
            with pytest.raises(allowlist.GuardedError, match="account 111122223333"):
                sessions.client(name, "sts", "eu-west-1", mutating=True)
        else:
            assert sessions.client(name, "sts", "eu-west-1", mutating=True)
    assert not settings.profile_read_only("prod-1"), "the name alone is none of its business"
