"""~/.aws/config and ~/.aws/credentials, parsed by botocore once for all sessions, and what they say of a profile's login."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import botocore.configloader
import botocore.session
from botocore.exceptions import ConfigNotFound

from tui.domain import profile_names
from tui.domain.logins import ProfileLogin

Parsed = dict[str, Any]
Stamp = tuple[int, int, int] | None


def file_stamp(path: str | Path) -> Stamp:
    """What changes when a file does; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@dataclass(frozen=True)
class Login:
    """What a person renews so that a profile works.

    `kind`: sso, login, process, keys. `name` is the same for every profile that one renewal renews. `profile` is the one whose
    login it is, at the end of a chain of roles; `role` and `device` are the asked profile's role and its chain's MFA device.
    `token` is where the AWS CLI keeps an SSO login, `kept` where it would keep what the login gave a profile without a role.
    """

    kind: str
    name: str
    profile: str
    command: str = ""
    role: str = ""
    device: str = ""
    token: Path | None = None
    kept: Path | None = None


@dataclass(frozen=True)
class About:
    """What a line about a profile's login says beside AWS's or botocore's words.

    `values` is what both files say of it, `source` of the one whose login it is, `config` and `credentials` where the files
    are, `unnamed` whether a section of the config bears its name without the word `profile`, `near` a name that it may have
    meant.
    """

    profile: str
    login: Login
    values: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    config: str = "~/.aws/config"
    credentials: str = "~/.aws/credentials"
    in_credentials: frozenset[str] = frozenset()
    unnamed: bool = False
    near: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, profile: str) -> About:
        """Of a profile of which nothing is known."""
        return cls(profile, Login("keys", "", profile))

    def file(self, key: str) -> str:
        """The file that says this of it."""
        return self.credentials if key in self.in_credentials else self.config


class Files:
    """Both files for every session, until one of them changes: with 400 profiles, parsing them for each takes half a minute.

    `bare` makes a session that says where the files are, and reads none.
    """

    def __init__(self, environ: Mapping[str, str], make: Callable[[], botocore.session.Session]) -> None:
        self._environ, self.bare = environ, make
        self._reader: tuple[tuple[str | None, ...], botocore.session.Session] | None = None
        self._lock = threading.RLock()
        self._whole: tuple[Any, Parsed] | None = None
        self._parts: dict[tuple[str, str], tuple[Stamp, Parsed]] = {}

    def share(self, core: botocore.session.Session) -> botocore.session.Session:
        """Give a session the parsed files. Raises ConfigParseError."""
        paths = [str(core.get_config_variable(name)) for name in ("config_file", "credentials_file")]
        with self._lock:
            at = tuple((path, file_stamp(_path(path))) for path in paths)
            inner: Any = core  # it offers no other way to share what it has parsed
            if self._whole is None or self._whole[0] != at:
                inner._config = None
                self._whole = (at, core.full_config)
            inner._config, inner._profile_map = self._whole[1], None
        return core

    def shell(self) -> botocore.session.Session:
        """A session that only reads files, as `aws` without --profile has it. Raises ConfigParseError."""
        told = tuple(os.environ.get(name) for name in _DECIDE)
        with self._lock:
            if self._reader is None or self._reader[0] != told:
                self._reader = (told, self.bare())
            return self.share(self._reader[1])

    def raw(self, path: str) -> Parsed:
        """As botocore's raw_config_parse."""
        return self._kept("raw", path, botocore.configloader.raw_config_parse)

    def profiles_of(self, path: str) -> Parsed:
        """As botocore's load_config."""
        return self._kept("profiles", path, botocore.configloader.load_config)

    def _kept(self, kind: str, path: str, parse: Callable[[str], Parsed]) -> Parsed:
        with self._lock:
            at = file_stamp(_path(path))
            known = self._parts.get((kind, path))
            if known is None or known[0] != at or at is None:
                known = self._parts[kind, path] = (at, parse(path))
            return known[1]

    def config_of(self, profile: str) -> Parsed:
        """What the files say of a profile; nothing where they do not. Raises ConfigParseError."""
        whole = self.shell().full_config
        return dict(whole["profiles"].get(self._meant(profile), {}))

    def logs_in(self, profile: str) -> bool:
        """Whether it has credentials of its own, or is not there; never raises."""
        try:
            found = self.shell().full_config["profiles"].get(profile)
        except Exception:  # it cannot be used either
            return True
        return found is None or bool(OWN_LOGIN & found.keys())

    def _meant(self, profile: str) -> str:
        shell = self.shell()
        if profile == profile_names.ENVIRONMENT and profile not in shell.full_config["profiles"]:
            return str(shell.get_config_variable("profile") or "default")
        return profile

    def about(self, profile: str) -> About:
        """What there is to say of it. Never raises."""
        login, shell = self.login(profile), self.bare()
        paths = [str(shell.get_config_variable(name)) for name in ("config_file", "credentials_file")]
        about = About(profile, login, config=paths[0], credentials=paths[1], environ=self._environ)
        try:
            whole, name = self.shell().full_config, self._meant(profile)
            there = () if name in whole["profiles"] else whole["profiles"]
            import difflib  # only a name that is not there is worth it

            near = difflib.get_close_matches(name.strip(), there, n=1, cutoff=0.75)
            return replace(
                about,
                values=whole["profiles"].get(name, {}),
                source=whole["profiles"].get(login.profile, whole["profiles"].get(name, {})),
                in_credentials=frozenset(self._section(paths[1], login.profile)),
                unnamed=name in whole and isinstance(whole[name], dict),
                near=near[0] if near else "",
            )
        except Exception:  # as above
            return about

    def _section(self, path: str, name: str) -> Parsed:
        try:
            return dict(self.raw(path).get(name, {}))
        except ConfigNotFound:
            return {}

    def login(self, profile: str) -> Login:
        """The login of a profile, followed through the roles it comes by, as botocore follows them. Never raises."""
        try:
            return _login(self.shell().full_config, self._meant(profile), profile)
        except Exception:  # the files may be what is broken: then there is no login to name
            return Login("keys", "", profile)

    def renewal(self, profile: str) -> ProfileLogin:
        """What of its login a person can do something about. Never raises."""
        login = self.login(profile)
        try:
            one = self.config_of(profile)
        except Exception:  # as above
            one = {}
        account = (
            str(one.get("sso_account_id", "")) or str(one.get("role_arn", "")).partition("iam::")[2][:12]
        )
        known = account if len(account) == 12 and account.isdecimal() else ""
        shared = login.kind in ("sso", "login") and login.name
        return ProfileLogin(
            profile,
            login.kind,
            login.name if shared else login.profile,
            tuple(shlex.split(login.command)),
            known,
        )


OWN_LOGIN = frozenset(
    [
        "aws_access_key_id",
        "credential_process",
        "login_session",
        "role_arn",
        "sso_account_id",
        "sso_role_name",
        "web_identity_token_file",
    ]
)
"""A profile with one of these has credentials of its own; with none, the chain goes on to a container or a machine."""
_DECIDE = ("HOME", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
"""The variables that say which files and which profile."""


def _path(path: str) -> str:
    return os.path.expanduser(os.path.expandvars(path))


def _login(whole: Parsed, name: str, asked: str) -> Login:
    profiles, seen, device = whole.get("profiles", {}), [name], ""
    first = one = profiles.get(name, {})
    while "role_arn" in one and "web_identity_token_file" not in one:
        device = device or str(one.get("mfa_serial", ""))
        following = one.get("source_profile", "")
        if following not in profiles or following in seen:
            break
        one = profiles[following]
        seen.append(following)
        if _KEYS & one.keys():
            break  # a source with keys of its own is no role on the way, whatever else it says
    end = asked if len(seen) == 1 else seen[-1]
    role = str(first.get("role_arn", ""))
    said = shlex.quote(seen[-1])
    if _KEYS & one.keys():
        return Login("keys", "", end, role=role, device=device)
    if session := str(one.get("sso_session", "")):
        command = f"aws sso login --sso-session {shlex.quote(session)}"
        return Login(
            "sso", session, end, command, role, device, _token(session), _kept(one, "sessionName", session)
        )
    if url := str(one.get("sso_start_url", "")):
        command = f"aws sso login --profile {said}"
        return Login("sso", url, end, command, role, device, _token(url), _kept(one, "startUrl", url))
    if url := str(one.get("login_session", "")):
        return Login("login", url, end, f"aws login --profile {said}", role, device)
    if "credential_process" in one:
        return Login("process", "", end, role=role, device=device)
    return Login("keys", "", end, role=role, device=device)


_KEYS = {"aws_access_key_id", "aws_secret_access_key"}


def _kept(one: Parsed, key: str, name: str) -> Path:
    """Where the AWS CLI keeps credentials from SSO (botocore, SSOCredentialFetcher)."""
    told = {"roleName": one.get("sso_role_name"), "accountId": one.get("sso_account_id"), key: name}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Path("~/.aws/cli/cache").expanduser() / f"{digest}.json"


def _token(name: str) -> Path:
    """Where the AWS CLI keeps an SSO token (botocore, SSOTokenLoader)."""
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
    return Path("~/.aws/sso/cache").expanduser() / f"{digest}.json"
