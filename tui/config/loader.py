"""Where the settings come from: file, command line and site policy, merged, with where each value came from.

Weakest first: defaults, the config file, the profile this shell chose, the command line. The site policy comes last and only
tightens: it can add read-only, demand AMIs and take regions away, never the reverse. Nothing here prints or prompts; every
error is one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tui.config.durations import Limit
from tui.config.schema import ConfigError, Settings, convert, decode_settings, file_values, validate
from tui.config.sections import Base, CacheUrl, KeepSetting, ProfileSettings, Region
from tui.domain import profile_names
from tui.domain.actions import ACTIONS
from tui.domain.sanitize import clean
from tui.paths import default_config_path

POLICY = Path("/etc/evac/policy.toml")
"""The site policy. EVAC_POLICY may name another only while this file does not exist."""
OWNER = 0
"""Who must own it: root."""


class Loaded(Struct, frozen=True):
    """The merged settings. `sources` maps each dotted key to where its value came from; `path` may not exist yet."""

    settings: Settings
    sources: dict[str, str]
    path: Path
    policy_path: Path | None = None


class _PolicyProfile(Base, frozen=True):
    read_only: bool = False
    hidden: bool = False


class _PolicyLock(Base, frozen=True):
    url: CacheUrl = ""
    required: bool = False


class _PolicyActions(Base, frozen=True):
    require_image: Limit | None = None


class _PolicyGroups(Base, frozen=True):
    keep: KeepSetting = 1


class _Policy(Base, frozen=True):
    read_only: bool = False
    session_policy: bool = False
    commands: bool = True
    regions: tuple[Region, ...] = ()
    actions_off: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    lock: _PolicyLock = _PolicyLock()
    profiles: dict[str, _PolicyProfile] = msgspec.field(default_factory=dict)
    actions: _PolicyActions = _PolicyActions()
    groups: _PolicyGroups = _PolicyGroups()


def from_environment(environ: Mapping[str, str]) -> Settings:
    """What a child process goes by: EVAC_SETTINGS if its parent gave it, else the files; the policy applies to both."""
    handed = environ.get("EVAC_SETTINGS")
    if handed is None:
        return load_settings(None, profiles=(), regions=(), read_only=False, environ=environ).settings
    settings = decode_settings(handed)
    # It may have been started by hand, or from another shell than the one that planned: the names of both hold.
    called = dict.fromkeys((*settings.shell_profiles, *profile_names.of_shell(environ)))
    return _tighten(msgspec.structs.replace(settings, shell_profiles=tuple(called)), {}, environ)[0]


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as plain values. Raises ConfigError, FileNotFoundError."""
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(path, "", f"cannot be read: {error.strerror}") from None
    import tomllib  # most start without a file

    try:
        return tomllib.loads(body.decode("utf-8-sig"))  # some editors begin a file with a mark
    except RecursionError:
        raise ConfigError(path, "", "not TOML: nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, "", f"not TOML: {error}") from None
    except UnicodeDecodeError:
        raise ConfigError(path, "", "not UTF-8 text") from None
    except ValueError:  # a number of thousands of digits
        raise ConfigError(path, "", "not TOML: a number too long") from None


def load_settings(
    config: Path | None,
    *,
    profiles: Sequence[str],
    regions: Sequence[str],
    read_only: bool,
    environ: Mapping[str, str],
    demo: bool = False,
) -> Loaded:
    """Merge everything. A missing file is fine unless `config` names it. Raises ConfigError."""
    path = config or default_config_path(environ)
    values: dict[str, Any] = {}
    try:
        values = read_toml(path)
    except FileNotFoundError:
        if config is not None:
            raise ConfigError(path, "", "no such file; `evac config init` writes one") from None
    settings = validate(values, path)
    sources = {key: "default" for key, _ in flatten(file_values(settings))}
    sources.update({key: str(path) for key, _ in flatten(values)})
    given: dict[str, Any] = {}
    if demo:
        given["demo"], sources["demo"] = True, "--demo"
    if read_only:
        given["read_only"], sources["read_only"] = True, "--read-only"
    if profiles:
        given["only_profiles"], sources["only_profiles"] = tuple(profiles), "--profile"
    else:
        by_shell, variable = profile_names.read_by(environ)
        if by_shell:
            given["only_profiles"], sources["only_profiles"] = by_shell, variable
    given["shell_profiles"] = profile_names.of_shell(environ)
    for name in given.get("only_profiles", ()):
        if not _is_utf8(name):
            raise ConfigError(sources["only_profiles"], "", f"the name {clean(name)} is not UTF-8 text")
    if regions:
        given["only_regions"], sources["only_regions"] = tuple(regions), "--region"
        convert({"regions": tuple(regions)}, Settings, ProfileSettings, "--region")
    settings, policy_path = _tighten(msgspec.structs.replace(settings, **given), sources, environ)
    return Loaded(settings, sources, path, policy_path)


def _is_utf8(text: str) -> bool:
    """Whether the text came from valid UTF-8: other bytes of arguments or environment become lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys (quoted where TOML would) and their values; an empty table is a value."""
    for name, value in values.items():
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", name)
        key = prefix + (name if bare else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"')
        if isinstance(value, Mapping) and value:
            yield from flatten(value, key + ".")
        else:
            yield key, value


def policy_path(environ: Mapping[str, str]) -> Path | None:
    """The policy in force. Only an absent POLICY may be replaced: one that cannot be read is an error, not a way around it."""
    try:
        POLICY.lstat()
    except (FileNotFoundError, NotADirectoryError):
        other = environ.get("EVAC_POLICY")
        return Path(other) if other else None
    except OSError:
        pass
    return POLICY


def _tighten(
    settings: Settings, sources: dict[str, str], environ: Mapping[str, str]
) -> tuple[Settings, Path | None]:
    path = policy_path(environ)
    if path is None:
        return settings, None
    if path == POLICY:
        _owned(path)
    try:
        policy = convert(read_toml(path), _Policy, _PolicyProfile, path)
    except FileNotFoundError:
        raise ConfigError(path, "EVAC_POLICY", "no such file") from None
    _check_names(policy, path)
    tighter = {key: value for key, value in _forbidden(policy).items() if value}
    changed = list(tighter)
    hidden = msgspec.structs.replace(settings, hidden_profiles=tighter.get("hidden_profiles", ()))
    for name in settings.only_profiles:
        if hidden.profile_hidden(name):
            raise ConfigError(path, f"profiles.{name}", "the site policy hides this profile")
    # The site's address wins, since all must use one lock; required, nothing begins without it.
    lock = {"url": policy.lock.url, "unreachable": "refuse" * policy.lock.required}
    if lock := {key: value for key, value in lock.items() if value}:
        tighter["lock"] = msgspec.structs.replace(settings.lock, **lock)
        changed += [f"lock.{key}" for key in lock]
    if (stricter := _stricter(settings.actions.require_image, policy.actions.require_image)) is not None:
        tighter["actions"] = msgspec.structs.replace(settings.actions, require_image=stricter)
        changed.append("actions.require_image")
    if policy.regions:
        tighter["regions"] = _within(settings.regions or policy.regions, policy, "regions", path)
        changed.append("regions")
        if settings.only_regions:
            tighter["only_regions"] = _within(settings.only_regions, policy, "regions (--region)", path)
        tighter["profiles"] = dict(settings.profiles)
        for name, profile in settings.profiles.items():
            if profile.regions:
                left = _within(profile.regions, policy, f"regions of profile {name}", path)
                tighter["profiles"][name] = msgspec.structs.replace(profile, regions=left)
    sources.update(dict.fromkeys(changed, str(path)))
    return msgspec.structs.replace(settings, **tighter), path


def _owned(path: Path) -> None:
    """A policy that its users can write is none. Raises ConfigError."""
    for one in (path.parent, path):
        try:
            found = one.stat()
        except FileNotFoundError:  # a link to nothing: reading it says so
            return
        except OSError as error:
            raise ConfigError(path, "", f"cannot be read: {error.strerror}") from None
        if found.st_uid != OWNER or found.st_mode & 0o022:
            raise ConfigError(one, "", "must belong to root and be writable by nobody else")


def _check_names(policy: _Policy, path: Path) -> None:
    """An unknown name is an error, since it would protect from nothing. Raises ConfigError."""
    codes: tuple[str, ...] = ()
    if policy.block:  # who blocks none starts without the hazards
        from tui.domain.hazards import HAZARD_CODES

        codes = HAZARD_CODES
    for key, given, known in (
        ("actions_off", policy.actions_off, tuple(ACTIONS)),
        ("block", policy.block, codes),
    ):
        for name in given:
            if name not in known:
                raise ConfigError(path, key, f"{name} is none of {', '.join(known)}")


def _forbidden(policy: _Policy) -> dict[str, Any]:
    """What the policy adds to the settings as it is; what is empty there adds nothing."""
    return {
        "read_only": policy.read_only,
        "session_policy": policy.session_policy,
        "locked_profiles": tuple(name for name, one in policy.profiles.items() if one.read_only),
        "hidden_profiles": tuple(name for name, one in policy.profiles.items() if one.hidden),
        "actions_off": policy.actions_off,
        "blocking": policy.block,
        "allowed_regions": policy.regions,
        "lock_required": policy.lock.required,
        "commands_off": not policy.commands,
        "policy_keep": None if policy.groups.keep == 1 else policy.groups.keep,
    }


def _stricter(own: Limit | None, policy: Limit | None) -> Limit | None:
    """The policy's limit if it is shorter than the own one, or the only one; else None."""
    return None if policy is None or (own is not None and own <= policy) else policy


def _within(wanted: tuple[str, ...], policy: _Policy, key: str, path: Path) -> tuple[str, ...]:
    """The values the policy allows. None left is an error, since an empty list means *all*."""
    left = tuple(region for region in wanted if region in policy.regions)
    if not left:
        raise ConfigError(path, key, f"the site policy allows only {', '.join(policy.regions)}")
    return left
