"""The settings: merged in order, tightened by policy, wrong ones named in one line, written without loss."""

from __future__ import annotations

import json
import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui.config import edit, loader
from tui.config.campaign import default_rules
from tui.config.durations import Limit
from tui.config.schema import (
    RUN_ONLY,
    ConfigError,
    Settings,
    decode_settings,
    encode_settings,
    file_values,
    local_zone,
    validate,
)
from tui.config.schema import policy as config_policy
from tui.config.sections import CallSettings, LockSettings, ProfileSettings
from tui.domain.campaign.model import CampaignRules

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(loader, "POLICY", tmp_path / "no-policy.toml")
    return tmp_path


def load(home: Path, text: str | None = None, policy: str | None = None, **given: Any) -> loader.Loaded:
    environ = {"XDG_CONFIG_HOME": str(home / "xdg"), **given.pop("environ", {})}
    if text is not None:
        file = home / "xdg" / "evac" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    if policy is not None:
        (home / "policy.toml").write_text(policy)
        environ["EVAC_POLICY"] = str(home / "policy.toml")
    arguments: dict[str, Any] = {"profiles": (), "regions": (), "read_only": False} | given
    return loader.load_settings(None, environ=environ, **arguments)


def test_the_example_is_valid_holds_every_key_and_states_the_defaults() -> None:
    values = tomllib.loads((ROOT / "config.example.toml").read_text())
    expected = file_values(Settings(profiles={"example": ProfileSettings()}))
    expected = {key: value for key, value in expected.items() if key not in RUN_ONLY}
    written = dict(loader.flatten(values))
    assert written == {k: list(v) if isinstance(v, tuple) else v for k, v in loader.flatten(expected)}
    validate(values, "config.example.toml")


def test_the_example_is_what_init_writes(home: Path) -> None:
    path = home / "new" / "config.toml"
    edit.write_example(path)
    assert path.stat().st_mode & 0o777 == 0o600
    written = path.read_text()
    assert validate(tomllib.loads(written), path) == Settings()
    for line in (ROOT / "config.example.toml").read_text().splitlines():
        assert line in written
    with pytest.raises(ConfigError, match="exists already"):
        edit.write_example(path)
    assert path.read_text() == written


def test_without_a_file_every_value_is_a_default(home: Path) -> None:
    loaded = load(home)
    assert loaded.settings == Settings()
    assert set(loaded.sources.values()) == {"default"}
    assert loaded.sources["intervals.status"] == "default"


def test_each_value_knows_where_it_came_from(home: Path) -> None:
    loaded = load(
        home, "regions=['eu-west-1']\n[intervals]\nstatus=5\n", regions=("us-east-1",), read_only=True
    )
    assert loaded.settings.intervals.status == 5.0
    assert loaded.sources["intervals.status"] == loaded.sources["regions"] == str(loaded.path)
    assert loaded.sources["intervals.inventory"] == "default"
    assert loaded.sources["read_only"] == "--read-only"
    assert loaded.settings.only_regions == ("us-east-1",)
    assert loaded.sources["only_regions"] == "--region"


def test_profile_on_the_command_line_is_stronger_than_the_environment(home: Path) -> None:
    environ = {"AWS_PROFILE": "staging"}
    assert load(home, environ=environ).settings.only_profiles == ("staging",)
    assert load(home, environ=environ, profiles=("prod",)).settings.only_profiles == ("prod",)


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("regins=[]", "regins", "did you mean regions?"),
        ("[intervals]\nstats=3", "intervals.stats", "did you mean status?"),
        ("[intervals]\nstatus='x'", "intervals.status", "expected float, got str"),
        ("[intervals]\nstatus=0", "intervals.status", "expected float >= 1.0"),
        ("[profiles.prod]\ncolour='red'", "profiles.prod.colour", "did you mean color?"),
        ("[profiles.prod]\ncolor='dark red'", "profiles.prod.color", "a colour's name"),
        ("[profiles.prod]\nread_only='no'", "profiles.prod.read_only", "expected bool"),
        ("profiles=3", "profiles", "a table"),
        ("[profiles]\nprod=3", "profiles.prod", "a table"),
        ("regions=['eu_west']", "regions[0]", "a region's name"),
        ("regions='eu-west-1'", "regions", "expected array"),
        ("demo=true", "demo", "command line"),
        ("locked_profiles=[]", "locked_profiles", "site policy"),
        ("[actions]\nconfirm='no'", "actions.confirm", '"name" or "id"'),
        ("[actions]\nimage_max_age='a week'", "actions.image_max_age", "such as 7d"),
        ("[cache]\nurl='http://x'", "cache.url", "redis://"),
        ("[metrics]\nsource='all'", "metrics.source", '"data", "statistics" or "off"'),
        ("timezone='Mars/Olympus'", "timezone", "Asia/Seoul"),
        ("timezone='../etc/passwd'", "timezone", "Asia/Seoul"),
        ("x =", "", "not TOML"),
        ("[campaign]\nat_once=21", "campaign.at_once", "<= 20"),
        ("[campaign]\nmax_failures=0", "campaign.max_failures", ">= 1"),
        ("[campaign]\ntogether=['service']", "campaign.together[0]", '"tag:service"'),
        ("[campaign]\nbefore='silence {id}'", "campaign.before", "expected array"),
        ("[campaign]\nbefore=['silence','{name}']", "campaign.before", "{name} is none of {id}"),
        ("[campaign]\nafter=['{id}']", "campaign.after", "the first is the program"),
        ('[campaign]\nafter=["sh", "a\\u0000b"]', "campaign.after", "one line of plain text"),
        ("[maintenance]\nhours='Sat 00:00'", "maintenance.hours", "Sat,Sun 00:00-06:00 Asia/Seoul"),
        ("[maintenance]\nhours='00:00-06:00 Mars/Olympus'", "maintenance.hours", "no time zone"),
        ("connect.command=['ssh', '{nmae}']", "connect.command", "{nmae} is none of {id}"),
        ("connect.command=['{id}']", "connect.command", "the first is the program"),
        ("[[links]]\nname='x'\nurl='http://x.example'", "links[0].url", "begins with https://"),
        ("[[links]]\nname='x'\nurl='https://x.example'\nwhen='due<soon'", "links[0].when", "due<soon"),
        ("[[links]]\nname='a\u202eb'\nurl='https://x.example'", "links[0].name", "one line of plain text"),
        ("[[links]]\nurl='https://x.example'", "links[0]", "name"),
        ("[[probe]]\nwhen='web'", "probe[0]", "one of tcp and http"),
        ("[[probe]]\nwhen='web'\ntcp=1\nhttp='/'", "probe[0]", "one of tcp and http"),
        ("[[probe]]\nwhen='due<soon'\ntcp=1", "probe[0].when", "due<soon"),
        ("[[probe]]\nwhen='web'\nhttp=':70000/x'", "probe[0].http", "from 1 to 65535"),
        ("[[probe]]\nwhen='web'\ntcp=70000", "probe[0].tcp", "<= 65535"),
        ("[[probe]]\nwhen='web'\nhttp='//evil@host/ x'", "probe[0].http", "a path such as"),
        ("[[probe]]\nwhen='web'\nhttp='/x'\nwithin='2h'", "probe[0].within", "up to 1h"),
        ("[profiles.prod]\nproduction=1", "profiles.prod.production", "expected bool"),
        ("commands_off=true", "commands_off", "site policy"),
    ],
)
def test_an_error_is_one_line_with_file_key_and_what_was_expected(
    home: Path, text: str, key: str, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(home, text)
    assert caught.value.key == key
    assert expected in caught.value.expected
    assert str(caught.value).startswith(str(home / "xdg"))
    assert "\n" not in str(caught.value)


def test_control_characters_in_a_key_do_not_reach_the_error(home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(home, '"\\u001b[31mred" = 1')
    assert "\x1b" not in str(caught.value)


def test_a_named_file_must_exist(home: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        loader.load_settings(home / "none.toml", profiles=(), regions=(), read_only=False, environ={})


@pytest.mark.parametrize(
    ("text", "policy", "prod", "dev"),
    [
        ("", "", False, False),
        ("read_only=true", "", True, True),
        ("[profiles.prod]\nread_only=true", "", True, False),
        ("", "read_only=true", True, True),
        ("", "[profiles.prod]\nread_only=true", True, False),
        ("", "[profiles.'pro*']\nread_only=true", True, False),
        ("read_only=false\n[profiles.prod]\nread_only=false", "[profiles.prod]\nread_only=true", True, False),
        ("read_only=true", "read_only=false\n[profiles.prod]\nread_only=false", True, True),
    ],
)
def test_read_only_is_the_strictest_of_all(home: Path, text: str, policy: str, prod: bool, dev: bool) -> None:
    settings = load(home, text, policy).settings
    assert (settings.profile_read_only("prod"), settings.profile_read_only("dev")) == (prod, dev)


def test_policy_regions_only_take_away(home: Path) -> None:
    policy = "regions=['eu-west-1','eu-central-1']"
    assert load(home, "", policy).settings.regions == ("eu-west-1", "eu-central-1")
    narrowed = load(home, "regions=['us-east-1','eu-central-1']", policy)
    assert narrowed.settings.regions == ("eu-central-1",)
    assert narrowed.sources["regions"].endswith("policy.toml")
    assert not narrowed.settings.region_allowed("us-east-1")
    profile = load(home, "[profiles.p]\nregions=['eu-west-1','us-east-1']", policy).settings.profile("p")
    assert profile.regions == ("eu-west-1",)
    with pytest.raises(ConfigError, match="allows only eu-west-1, eu-central-1"):
        load(home, "regions=['us-east-1']", policy)
    with pytest.raises(ConfigError, match="--region"):
        load(home, "", policy, regions=("us-east-1",))


@pytest.mark.parametrize("policy", ["read_onl=true", "read_only='yes'", "x ="])
def test_a_policy_that_cannot_be_understood_is_an_error_not_a_way_around(home: Path, policy: str) -> None:
    with pytest.raises(ConfigError, match=r"policy\.toml"):
        load(home, "", policy)


def test_the_environment_cannot_replace_a_policy_that_exists(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = home / "site.toml"
    site.write_text("read_only=true")
    monkeypatch.setattr(loader, "POLICY", site)
    assert load(home, "", "read_only=false").settings.read_only
    site.unlink()
    assert not load(home, "", "read_only=false").settings.read_only
    with pytest.raises(ConfigError, match="EVAC_POLICY"):
        load(home, environ={"EVAC_POLICY": str(home / "absent.toml")})


def test_settings_handed_to_a_child_are_tightened_again(home: Path) -> None:
    (home / "policy.toml").write_text("read_only=true")
    handed = encode_settings(Settings(only_profiles=("a",), demo=True))
    assert decode_settings(handed) == Settings(only_profiles=("a",), demo=True)
    environ = {"EVAC_SETTINGS": handed.decode(), "EVAC_POLICY": str(home / "policy.toml")}
    settings = loader.from_environment(environ)
    assert settings.read_only
    assert settings.demo
    with pytest.raises(ConfigError):
        decode_settings(b'{"surprise": 1}')


def test_update_keeps_everything_else_and_a_copy_of_comments(home: Path) -> None:
    path = home / "config.toml"
    text = "# mine\nregions = ['eu-west-1']\n[profiles.'a.b']\nlabel = 'A'\n"
    path.write_text(text)
    path.chmod(0o640)
    copy = edit.update(path, 'profiles."a.b".read_only', True)
    edit.update(path, "intervals.status", 30)
    assert tomllib.loads(path.read_text()) == {
        "regions": ["eu-west-1"],
        "profiles": {"a.b": {"label": "A", "read_only": True}},
        "intervals": {"status": 30},
    }
    assert copy is not None
    assert Path(copy).read_text() == text
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("key", "value"),
    [("regins", []), ("intervals.status", "often"), ("a\nb", 1), ("x = 1 #", 1), ("regions.a", 1)],
)
def test_update_that_would_break_the_file_leaves_it(home: Path, key: str, value: object) -> None:
    path = home / "config.toml"
    path.write_text("regions = ['eu-west-1']\n")
    with pytest.raises(ConfigError):
        edit.update(path, key, value)
    assert path.read_text() == "regions = ['eu-west-1']\n"
    assert list(home.iterdir()) == [path]


def test_update_writes_through_a_link(home: Path) -> None:
    real, link = home / "dotfiles.toml", home / "config.toml"
    real.write_text("ascii = true\n")
    link.symlink_to(real)
    edit.update(link, "theme", "nord")
    assert link.is_symlink()
    assert tomllib.loads(real.read_text()) == {"ascii": True, "theme": "nord"}


@settings(deadline=None)  # each example writes files, and waits for the disk
@example({"a=b": "x", "": "y"})
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12), min_size=1, max_size=4))
def test_profile_names_of_any_kind_survive_flattening_and_updating(
    tmp_path_factory: pytest.TempPathFactory, labels: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("names") / "config.toml"
    for key, value in loader.flatten(
        {"profiles": {name: {"label": label} for name, label in labels.items()}}
    ):
        if key.isprintable():
            edit.update(path, key, value)
    kept = tomllib.loads(path.read_text())["profiles"] if path.exists() else {}
    for name, label in labels.items():
        if name.isprintable():
            assert kept[name]["label"] == label


def test_parse_value_reads_toml_and_takes_bare_words_as_text() -> None:
    values = ["true", "3", "['a']", '"x"', "eu-west-1", ""]
    assert [edit.parse_value(value) for value in values] == [True, 3, ["a"], "x", "eu-west-1", ""]


def test_zones_have_rules_and_nonsense_is_utc() -> None:
    assert str(Settings(timezone="Asia/Seoul").zone()) == "Asia/Seoul"
    assert str(local_zone({"TZ": ":Europe/Berlin"})) == "Europe/Berlin"
    assert str(local_zone({"TZ": "Nowhere/Else"})) == "UTC"


# the site policy


@pytest.fixture
def site(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy file where the site's would be, owned by whoever runs this test as root would own it."""
    monkeypatch.setattr(loader, "POLICY", home / "etc" / "policy.toml")
    monkeypatch.setattr(loader, "OWNER", os.getuid())
    (home / "etc").mkdir(mode=0o755)
    (home / "etc" / "policy.toml").write_text("read_only = true\n")
    return home / "etc" / "policy.toml"


def test_a_policy_that_its_users_can_write_is_refused(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(site.parents[1], "").settings.read_only
    site.chmod(0o646)
    with pytest.raises(ConfigError, match="must belong to root"):
        load(site.parents[1], "")
    site.chmod(0o644)
    site.parent.chmod(0o777)
    with pytest.raises(ConfigError, match="must belong to root"):
        load(site.parents[1], "")
    site.parent.chmod(0o755)
    monkeypatch.setattr(loader, "OWNER", os.getuid() + 1)
    with pytest.raises(ConfigError, match="must belong to root"):
        load(site.parents[1], "")


def test_a_policy_that_points_nowhere_is_an_error_not_an_absent_one(site: Path) -> None:
    site.unlink()
    site.symlink_to("/nowhere/policy.toml")
    with pytest.raises(ConfigError):
        load(site.parents[1], "", "read_only=false")


LOOSE = "read_only=false\nsession_policy=false\n[profiles.prod]\nread_only=false\nhidden=false\n"
STRICT = """
read_only = true
session_policy = true
actions_off = ["reboot"]
block = ["public-ip"]
regions = ["eu-west-1"]
[profiles."pro*"]
read_only = true
[profiles.secret]
hidden = true
"""


def test_flags_environment_and_user_config_only_tighten(home: Path) -> None:
    """Each of them says the opposite of the policy; the policy stands, and `config show` can name it."""
    loaded = load(home, LOOSE, STRICT, environ={"EVAC_SETTINGS": "{}", "EVAC_READ_ONLY": "0"})
    settings, sources = loaded.settings, loaded.sources
    for key in (
        "read_only",
        "session_policy",
        "actions_off",
        "blocking",
        "hidden_profiles",
        "locked_profiles",
    ):
        assert getattr(settings, key), key
        assert sources[key].endswith("policy.toml"), key
    assert settings.profile_hidden("secret")
    assert not settings.profile_hidden("prod")
    for again in (
        encode_settings(settings).decode(),
        "{}",
        encode_settings(Settings()).decode(),
    ):
        environ = {"EVAC_SETTINGS": again, "EVAC_POLICY": str(home / "policy.toml")}
        assert loader.from_environment(environ).actions_off == ("reboot",)
        assert loader.from_environment(environ).read_only


@pytest.mark.parametrize("key", ["hidden_profiles", "actions_off", "blocking"])
def test_the_policys_own_fields_do_not_stand_in_a_users_file(home: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="site policy"):
        load(home, f"{key} = []")


def test_a_hidden_profile_is_not_read_when_named(home: Path) -> None:
    for asked in ({"profiles": ("secret",)}, {"environ": {"AWS_PROFILE": "secret"}}):
        with pytest.raises(ConfigError, match="hides this profile"):
            load(home, "", STRICT, **asked)


@pytest.mark.parametrize(
    ("policy", "part"),
    [('actions_off=["rebot"]', "rebot is none of"), ('block=["public_ip"]', "public_ip is none of")],
)
def test_a_policy_with_a_name_that_protects_from_nothing_is_an_error(
    home: Path, policy: str, part: str
) -> None:
    with pytest.raises(ConfigError, match=part):
        load(home, "", policy)


def test_why_refused(home: Path) -> None:
    settings = load(home, "", STRICT.replace("read_only = true", "read_only = false")).settings
    assert settings.why_refused("dev", "reboot") == "the site policy has switched reboot off"
    assert "blocks it: public-ip" in settings.why_refused("dev", "stop-start", ("public-ip", "spot"))
    assert "hides" in settings.why_refused("secret", "image")
    assert settings.why_refused("dev", "stop-start", ("spot",)) == ""


def test_the_policy_names_everybody_s_lock_and_requires_it(home: Path) -> None:
    mine = '[lock]\nurl = "redis://mine"\nunreachable = "proceed"\n'
    loaded = load(home, mine, '[lock]\nurl = "redis://site"\nrequired = true\n')
    assert loaded.settings.lock == LockSettings(url="redis://site", unreachable="refuse")
    assert loaded.settings.lock_required
    assert loaded.sources["lock.url"] == loaded.sources["lock.unreachable"] == str(home / "policy.toml")


def test_a_policy_without_a_lock_leaves_it_as_it_is(home: Path) -> None:
    mine = '[lock]\nurl = "redis://mine"\nttl = 30\nunreachable = "proceed"\n'
    lock = load(home, mine, "read_only = false\n").settings.lock
    assert lock == LockSettings(url="redis://mine", ttl=30.0, unreachable="proceed")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('url = "http://x"', "lock.url"),
        ("ttl = 1", "lock.ttl"),
        ('unreachable = "no"', "lock.unreachable"),
        ("required = true", "lock.required"),
    ],
)
def test_a_lock_that_cannot_be_so_is_said(home: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        load(home, f"[lock]\n{text}\n")


@pytest.mark.parametrize(
    ("own", "policy", "expected"),
    [("", "7d", "7d"), ("30d", "7d", "7d"), ("1d", "7d", "1d"), ("24h", "1d", "24h"), ("3d", "", "3d"), ("", "", "")],
)  # fmt: skip
def test_the_shorter_image_requirement_counts(home: Path, own: str, policy: str, expected: str) -> None:
    text, rule = f"[actions]\nrequire_image='{own}'", f"[actions]\nrequire_image='{policy}'"
    loaded = load(home, text, rule)
    assert file_values(loaded.settings)["actions"]["require_image"] == expected, "as it was written"
    assert loaded.settings.actions.require_image == (Limit(expected) if expected else None)
    assert loaded.sources["actions.require_image"].endswith(
        "policy.toml" if expected != own else "config.toml"
    )
    required = config_policy(loaded.settings, "prod").require_image
    assert (required is None) == (not expected)


def test_durations_are_lengths_of_time_from_the_moment_they_are_read(home: Path) -> None:
    lines = "[actions]\nimage_max_age='168h'\nstart_retry_for='0m'\nreboot_settle=90"
    actions = load(home, lines).settings.actions
    assert actions.image_max_age == timedelta(days=7)
    assert actions.start_retry_for == timedelta(), "none at all is not for ever"
    assert actions.require_image is None
    assert actions.reboot_settle == timedelta(seconds=90)


def test_nothing_at_all_needs_no_unit(home: Path) -> None:
    """As `--jitter 0` on the command line."""
    settings = load(home, "[actions]\nstart_retry_for='0'\nrequire_image='0'").settings
    assert settings.actions.start_retry_for == settings.actions.require_image == timedelta()
    assert file_values(settings)["actions"]["start_retry_for"] == "0"
    assert decode_settings(encode_settings(settings)) == settings


def test_a_duration_is_shown_and_handed_on_as_it_was_written(home: Path) -> None:
    given = {"image_max_age": "168h", "start_retry_for": "90m", "require_image": "", "reboot_settle": 90.0}
    text = "\n".join(f"{key} = {value!r}" for key, value in given.items())
    settings = load(home, f"[actions]\n{text}").settings
    shown = file_values(settings)["actions"]
    assert {key: shown[key] for key in given} == given
    assert decode_settings(encode_settings(settings)) == settings
    handed = decode_settings(json.dumps({"actions": given}))
    assert handed.actions == settings.actions, "a console that was open before an upgrade hands them on so"


@pytest.mark.parametrize("value", ["7", "d", "7y", "7d ", "100000d", "1h30m"])
def test_what_is_no_duration_is_refused_for_all_of_them(home: Path, value: str) -> None:
    for key in ("image_max_age", "require_image", "start_retry_for"):
        with pytest.raises(ConfigError, match=f"actions.{key}: expected .*a number and m, h, d or w"):
            load(home, f"[actions]\n{key} = {value!r}")
    with pytest.raises(ConfigError, match=r"actions.reboot_settle: expected float, got str"):
        load(home, f"[actions]\nreboot_settle = {value!r}")
    with pytest.raises(ConfigError, match="image_max_age"):
        load(home, "[actions]\nimage_max_age = ''")
    for number in ("0.5", "inf", "nan", "true"):
        with pytest.raises(ConfigError, match=r"actions.reboot_settle: expected"):
            load(home, f"[actions]\nreboot_settle = {number}")


def test_a_policy_cannot_set_other_actions(home: Path) -> None:
    with pytest.raises(ConfigError, match="confirm"):
        load(home, "", "[actions]\nconfirm='id'")


def test_a_profile_name_that_is_no_text_is_refused_before_anything_starts(home: Path) -> None:
    for asked in ({"profiles": ("\udcff",)}, {"environ": {"AWS_PROFILE": "a\udcff"}}):
        with pytest.raises(ConfigError, match="not UTF-8"):
            load(home, "", **asked)


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbfregions = ["eu-west-1"]\r\n')
    assert loader.read_toml(path) == {"regions": ["eu-west-1"]}


def test_production_is_meant_as_read_only_is_by_name_pattern_and_account() -> None:
    named = {name: ProfileSettings(production=True) for name in ("prod-*", "111122223333")}
    settings = Settings(profiles=named)
    assert settings.profile_production("Prod-eu")
    assert settings.profile_production("x", "111122223333")
    assert not settings.profile_production("staging", "999999999999")


def test_the_rules_of_a_campaign_are_the_file_s_until_somebody_says_otherwise(home: Path) -> None:
    text = (
        "[campaign]\ntogether=['tag:service']\nper_group=2\nat_once=7\nmax_failures=3\n"
        "[maintenance]\nhours='Sat,Sun 00:00-06:00 Asia/Seoul'\n"
    )
    rules = default_rules(load(home, text).settings)
    assert rules == CampaignRules(
        7, 3, "Sat,Sun 00:00-06:00 Asia/Seoul", per_group=2, together=("tag:service",)
    )
    assert default_rules(Settings()) == CampaignRules()


def test_programs_of_a_user_s_file_are_the_site_s_to_forbid(home: Path) -> None:
    text = "[campaign]\nbefore=['silence','{id}']\n"
    assert not load(home, text).settings.commands_off
    found = load(home, text, policy="commands = false").settings
    assert found.commands_off
    assert found.campaign.before == ("silence", "{id}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("on=['faling']", "stopped-by-aws, failing, operation, due<1h or unread>10m"),
        ("on=['failing','due<soon']", "'due<soon' is nothing to be called for"),
        ("on=['unread>0m']", "alarm.on"),
        ("on='failing'", "alarm.on"),
        ("command=['page']", "alarm.on: expected what the command is run for"),
        ("on=['failing']\ncommand=['page','{id}']", "alarm.command: {id}: nothing is put in here"),
        ("on=['failing']\ncommand=['./page']", "alarm.command: the first is the program"),
        ("on=['failing']\ncommand='page'", "alarm.command"),
        ("desktop='maybe'", '"auto", "on" or "off"'),
        ("ring=true", "alarm.ring: unknown key"),
    ],
)
def test_an_alarm_that_could_not_call_anybody_is_an_error_that_says_what_can(
    home: Path, text: str, said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        load(home, f"[alarm]\n{text}\n")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_nobody_is_called_where_no_alarm_is_set(home: Path) -> None:
    assert load(home, "").settings.alarm == CallSettings()
    assert not CallSettings().on
    found = load(home, "[alarm]\non=['due<30m','operation']\ncommand=['curl','-w','%{http_code}']\n").settings
    assert found.alarm.on == ("due<30m", "operation")
