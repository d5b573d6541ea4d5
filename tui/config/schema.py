"""The shape of the settings: what may be set, of which type, with which default, and the error when it is not so."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from tui.config.durations import read_duration
from tui.config.nearest import did_you_mean
from tui.config.reach import ConnectSettings, LinkSettings
from tui.config.sections import (
    EXPECTED,
    ActionSettings,
    BackupSettings,
    Base,
    CacheSettings,
    CallSettings,
    CampaignSettings,
    CoverSettings,
    GroupSettings,
    HealthSettings,
    Intervals,
    KeepSetting,
    KindSettings,
    LockSettings,
    MaintenanceSettings,
    MetricsSettings,
    ProbeSettings,
    ProfileSettings,
    Region,
    ViewColumns,
    ViewSettings,
)
from tui.domain import profile_names
from tui.domain.policy import Policy
from tui.domain.sanitize import clean
from tui.errors import EvacError

_T = TypeVar("_T")

THEMES = (
    "evac", "textual-dark", "textual-light", "nord", "gruvbox", "catppuccin-mocha", "dracula", "tokyo-night", "monokai",
    "flexoki", "catppuccin-latte", "catppuccin-frappe", "catppuccin-macchiato", "solarized-light", "solarized-dark",
    "rose-pine", "rose-pine-moon", "rose-pine-dawn", "atom-one-dark", "atom-one-light", "ansi-dark", "ansi-light",
)  # fmt: skip
"""Textual's own and ours: a test compares them, since nothing here may load Textual."""
COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
"""Told where a colour's name is none; every terminal has them."""


class ConfigError(EvacError):
    """A setting that cannot be used: file, key, what was expected."""

    exit_code = 2

    def __init__(self, file: str | Path, key: str, expected: str) -> None:
        self.file, self.key, self.expected = clean(file), clean(key), clean(expected)
        super().__init__(": ".join(part for part in (self.file, self.key, self.expected) if part))


class Settings(Base, frozen=True):
    """Everything a process needs to know. `only_*`, `demo` and what the site policy adds never stand in the file.

    `shell_profiles`: the names that the shell gives its own credentials (tui.domain.profile_names);
    their rules hold for those too. `read_through`: of several profiles of an account these come first.
    """

    regions: tuple[Region, ...] = ()
    read_only: bool = False
    theme: str = ""
    timezone: str = ""
    ascii: bool = False
    session_policy: bool = False
    intervals: Intervals = Intervals()
    cache: CacheSettings = CacheSettings()
    lock: LockSettings = LockSettings()
    actions: ActionSettings = ActionSettings()
    groups: GroupSettings = GroupSettings()
    metrics: MetricsSettings = MetricsSettings()
    cover: CoverSettings = CoverSettings()
    health: HealthSettings = HealthSettings()
    backup: BackupSettings = BackupSettings()
    campaign: CampaignSettings = CampaignSettings()
    maintenance: MaintenanceSettings = MaintenanceSettings()
    alarm: CallSettings = CallSettings()
    connect: ConnectSettings = ConnectSettings()
    links: Annotated[tuple[LinkSettings, ...], Meta(max_length=50)] = ()
    diagnosis: Annotated[tuple[KindSettings, ...], Meta(max_length=50)] = ()
    probe: Annotated[tuple[ProbeSettings, ...], Meta(max_length=50)] = ()
    columns: ViewColumns = ()
    views: Annotated[dict[str, ViewSettings], Meta(max_length=50)] = msgspec.field(default_factory=dict)
    profiles: dict[str, ProfileSettings] = msgspec.field(default_factory=dict)
    only_profiles: tuple[str, ...] = ()
    shell_profiles: tuple[str, ...] = ("default",)
    only_regions: tuple[Region, ...] = ()
    allowed_regions: tuple[Region, ...] = ()
    locked_profiles: tuple[str, ...] = ()
    hidden_profiles: tuple[str, ...] = ()
    read_through: tuple[str, ...] = ()
    actions_off: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    lock_required: bool = False
    commands_off: bool = False
    policy_keep: KeepSetting = 1
    demo: bool = False

    def profile(self, name: str) -> ProfileSettings:
        """The settings of a profile, or the defaults where none stand in the file. The shell's own credentials look like
        the profile they are called by."""
        for one in self._called(name):
            if one in self.profiles:
                found = self.profiles[one]
                return found if one == name else msgspec.structs.replace(found, label="")
        return ProfileSettings()

    def profile_read_only(self, profile: str, account: str = "") -> bool:
        """Whether nothing may be changed through this profile, or in this account: strictest of global, profile and policy,
        under each name."""
        own = (name for name, one in self.profiles.items() if one.read_only)
        return self.read_only or self._meant((*self.locked_profiles, *own), profile, account)

    def profile_production(self, profile: str, account: str = "") -> bool:
        """Whether it is called production, under any of its names: a campaign that concerns it has its label typed as well."""
        return self._meant((name for name, one in self.profiles.items() if one.production), profile, account)

    def profile_hidden(self, profile: str, account: str = "") -> bool:
        """Whether the site policy keeps it from being read, whoever asks for it and by which name."""
        return self._meant(self.hidden_profiles, profile, account)

    def profile_unlisted(self, profile: str) -> bool:
        """Whether it is read only if somebody names it."""
        return self._meant((name for name, one in self.profiles.items() if one.hidden), profile)

    def minds_accounts(self) -> bool:
        """Whether any rule is an account's, so that one must be known before it is said what may be done."""
        return any(
            map(profile_names.is_account, (*self.locked_profiles, *self.hidden_profiles, *self.profiles))
        )

    def _called(self, profile: str) -> tuple[str, ...]:
        return (profile, *self.shell_profiles) if profile == profile_names.ENVIRONMENT else (profile,)

    def _meant(self, rules: Iterable[str], profile: str, account: str = "") -> bool:
        called = self._called(profile)
        return any(
            profile_names.means(rule, called) or (profile_names.is_account(rule) and rule.strip() == account)
            for rule in rules
        )

    def why_refused(self, profile: str, action: str, codes: Collection[str] = (), account: str = "") -> str:
        """Why it may not be done through this profile in this account, with hazards of these codes; empty: it may."""
        if self.profile_read_only(profile):
            return f"read-only: no changes through profile {profile}"
        if self.profile_read_only(profile, account):
            return f"read-only: no changes in account {account}"
        if self.profile_hidden(profile, account):
            return f"the site policy hides profile {profile}"
        if action in self.actions_off:
            return f"the site policy has switched {action} off"
        blocked = [code for code in self.blocking if code in codes]
        return f"the site policy blocks it: {', '.join(blocked)}" if blocked else ""

    def label(self, profile: str) -> str:
        """What to call it: its label, or its name; safe to draw."""
        return clean(self.profile(profile).label or profile)

    def region_allowed(self, region: str) -> bool:
        """Whether the site policy lets this region be read at all."""
        return not self.allowed_regions or region in self.allowed_regions

    def zone(self) -> tzinfo:
        """The operator's time zone, for drawing only."""
        if not self.timezone:
            return local_zone(os.environ)
        from zoneinfo import ZoneInfo

        return ZoneInfo(self.timezone)


def policy(settings: Settings, profile: str, account: str = "") -> Policy:
    """What the settings say of actions through this profile, in this account where it is known."""
    actions = settings.actions
    read_only = settings.profile_read_only(profile, account)
    return Policy(
        read_only,
        actions.confirm,
        actions.image_max_age,
        actions.require_image,
        actions_off=settings.actions_off,
        blocking=settings.blocking,
        keep=keep(settings),
        topics=settings.cover.topics,
        probes=tuple(one.rule for one in settings.probe),
    )


def keep(settings: Settings) -> tuple[int | str, ...]:
    """How many of a group must stay in service: what the user's file and what the site policy ask for; both hold."""
    return tuple(dict.fromkeys((settings.groups.keep, settings.policy_keep)))


_POOR = ("linux", "vt", "ansi", "dumb", "sun", "cons")
"""Beginnings of TERM whose fonts lack our symbols."""


def draws_symbols(environ: Mapping[str, str]) -> bool:
    """Whether this terminal shows more than ASCII, as far as its locale and TERM tell.

    Python itself sets LC_CTYPE to C.UTF-8 where the locale is C (PEP 538): that is no word of the terminal's.
    """
    if environ.get("TERM", "").startswith(_POOR):
        return False
    language, kind = environ.get("LANG", ""), environ.get("LC_CTYPE", "")
    if kind == "C.UTF-8" and language in ("C", "POSIX"):
        kind = ""
    told = environ.get("LC_ALL") or kind or language
    return not told or "utf" in told.lower()


RUN_ONLY = frozenset(
    {"only_profiles", "only_regions", "allowed_regions", "locked_profiles", "lock_required", "demo"}
    | {"commands_off", "read_through"}
    | {"hidden_profiles", "actions_off", "blocking", "shell_profiles", "policy_keep"}
)
"""Fields of Settings that no file may hold."""


def file_values(settings: Settings) -> dict[str, Any]:
    """The settings as plain values, each as a file would hold it: a duration as it was written, none as an empty text."""
    values: dict[str, Any] = msgspec.to_builtins(settings, enc_hook=lambda value: value.written)
    for table in ("actions", "backup"):
        values[table] = {key: "" if value is None else value for key, value in values[table].items()}
    return values


def encode_settings(settings: Settings) -> bytes:
    """Settings as JSON, for a child process."""
    return msgspec.json.encode(file_values(settings))


def decode_settings(data: bytes | str) -> Settings:
    """The other end of `encode`. Raises ConfigError."""
    try:
        return msgspec.json.decode(data, type=Settings, dec_hook=read_duration)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ConfigError("settings of the parent process", "", str(error)) from None


def validate(values: Mapping[str, Any], file: str | Path) -> Settings:
    """The settings a file's values stand for. Raises ConfigError naming file, key and what was expected."""
    for key in values:
        if key in RUN_ONLY:
            raise ConfigError(file, key, "unknown key; it belongs on the command line or in the site policy")
    settings = convert(values, Settings, ProfileSettings, file)
    if settings.timezone:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(settings.timezone)
        except (OSError, ValueError, KeyError):
            from zoneinfo import available_timezones

            near = did_you_mean(settings.timezone, available_timezones())
            raise ConfigError(file, "timezone", f"expected a zone's name such as Asia/Seoul{near}") from None
    if settings.theme and settings.theme not in THEMES:
        near = did_you_mean(settings.theme, THEMES)
        raise ConfigError(file, "theme", f"no such theme{near}; there are {', '.join(THEMES)}")
    if hours := settings.maintenance.hours:
        from tui.domain.campaign.hours import read_hours

        try:
            read_hours(hours)
        except ValueError as error:
            raise ConfigError(file, "maintenance.hours", str(error)) from None
    calls = settings.alarm
    if (
        settings.diagnosis
        or settings.probe
        or settings.campaign != CampaignSettings()
        or calls.on
        or calls.command
        or settings.connect.command
        or settings.links
    ):
        from tui.config.checks import (
            first_fault,  # most files have none of these, and start without what looks at them
        )

        if fault := first_fault(
            settings.diagnosis, settings.probe, settings.campaign, calls, settings.connect, settings.links
        ):
            raise ConfigError(file, *fault)
    if settings.views:
        from tui.config.views import view_fault  # most files have none

        if fault := view_fault(settings.views):
            raise ConfigError(file, *fault)
    for name, profile in settings.profiles.items():
        if not _is_color(profile.color):
            near = did_you_mean(profile.color, COLORS)
            why = f"no such colour{near}; {', '.join(COLORS)}, or #rrggbb"
            raise ConfigError(file, f"profiles.{name}.color", why)
        if profile.login:
            from tui.domain.placeholders import placeholder_fault

            if why := placeholder_fault(profile.login, known=("profile",)):
                raise ConfigError(file, f"profiles.{name}.login", why)
    return settings


def _is_color(name: str) -> bool:
    """Whether the console can paint with it. What a console loads anyway is loaded only for an unusual name."""
    if not name or name.startswith("#") or name.removeprefix("bright_") in COLORS:
        return True
    from rich.color import ANSI_COLOR_NAMES

    return name in ANSI_COLOR_NAMES


def local_zone(environ: Mapping[str, str]) -> tzinfo:
    """The zone of TZ or of this machine with its rules (so that a date in another season is right), else UTC."""
    from zoneinfo import ZoneInfo

    try:
        if name := environ.get("TZ", "").lstrip(":"):
            return ZoneInfo(name)
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError, KeyError):
        return UTC


def convert(values: Mapping[str, Any], shape: type[_T], profile: type[Struct], file: str | Path) -> _T:
    """msgspec's conversion, its error told as file, key, expected. Profiles and views go one by one: their names matter."""
    for table, kind in (("profiles", profile), ("views", ViewSettings)):
        named = values.get(table, {})
        if isinstance(named, Mapping):
            for name, value in named.items():
                _convert_one(value, kind, file, f"{table}.{name}")
    return _convert_one(values, shape, file, "")


def _convert_one(value: Any, shape: type[_T], file: str | Path, prefix: str) -> _T:
    try:
        return msgspec.convert(value, shape, dec_hook=read_duration)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        key = ".".join(part for part in (prefix, re.sub(r"^`?\$\.?|`$", "", place)) if part)
        if unknown := re.search(r"unknown field `(.*)`", message):
            known = [name for name in _names(shape) if name not in RUN_ONLY]
            key = ".".join(part for part in (key, unknown[1]) if part)
            raise ConfigError(file, key, f"unknown key{did_you_mean(unknown[1], known)}") from None
        if pattern := re.search(r"matching regex '(.*)'", message):
            message = "expected " + EXPECTED.get(pattern[1].replace("\\\\", "\\"), message)
        message = message.replace("`", "").replace("object", "a table")
        raise ConfigError(file, key, message[:1].lower() + message[1:]) from None


def _names(shape: Any) -> list[str]:
    """Field names of a Struct and of the tables within."""
    names: list[str] = []
    for field in msgspec.structs.fields(shape):
        names.append(field.name)
        if isinstance(field.type, type) and issubclass(field.type, Struct):
            names.extend(_names(field.type))
    return names
