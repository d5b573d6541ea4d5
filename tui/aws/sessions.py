"""Every session and client is made here: guarded, with limits on time, and unable to ask anybody anything."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import botocore.credentials as chain
import botocore.session
from botocore.config import Config
from botocore.exceptions import ConnectionError, CredentialRetrievalError, HTTPClientError, ProfileNotFound

from tui.aws import parse, readonly, stranger
from tui.aws.loader import SharedLoader
from tui.aws.turns import WORK, Rank
from tui.domain import names
from tui.settings import Settings

CONNECT_WITHIN, READ_WITHIN, HELPER_WITHIN = 5, 20, 20
"""Seconds for a connection, for an answer, and for a credential_process."""
HOME_REGION = "us-east-1"
"""Asked when a profile names no region: it is enabled in every account."""


_Session = botocore.session.Session


class NeedsPerson(Exception):  # noqa: N818 - says what is missing
    """Credentials of this profile are asked of a person, which a worker cannot do."""

    def __init__(self, profile: str, device: str) -> None:
        self.profile, self.device = profile, device
        super().__init__(f"profile {profile} asks for a code of {device}")


@dataclass
class _Login:
    """What was made of one profile's credentials. botocore's sessions are not thread-safe; clients are.

    A lock each: making the first client may run a helper or wait for a token, and other profiles must not wait along.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    sessions: dict[bool, _Session] = field(default_factory=dict)
    clients: dict[tuple[str, str, bool, str], Any] = field(default_factory=dict)
    account: str = ""
    caller: str = ""
    explained: dict[str, str] = field(default_factory=dict)


class Sessions:
    """One session a profile and kind (reading, mutating), all on one loader of AWS's models. Thread-safe.

    `lean`: for who only looks, and makes many clients.
    """

    def __init__(
        self, settings: Settings, environ: Mapping[str, str] | None = None, *, lean: bool = False
    ) -> None:
        self._settings = settings
        self._environ = os.environ if environ is None else environ
        self._loader = SharedLoader(lean)
        self._lean = lean
        self._lock = threading.Lock()
        self._logins: dict[str, _Login] = {}

    def profiles(self) -> tuple[str, ...]:
        """The profiles to read, in the order of the files, this shell's own credentials first. Names asked for but not there
        are kept: their error is their line."""
        settings = self._settings
        listed: Sequence[str] = settings.only_profiles
        if not listed:
            shell = botocore.session.Session()
            found = shell.available_profiles
            own = [names.ENVIRONMENT] if not found or own_credentials(shell, self._environ) else []
            listed = [name for name in (*own, *found) if not settings.profile_unlisted(name)]
        return tuple(dict.fromkeys(name for name in listed if not settings.profile_hidden(name)))

    def own_region(self, profile: str) -> str:
        """The region the profile itself names, or AWS_REGION's, or HOME_REGION."""
        login = self._login(profile)
        with login.lock:
            region = self._session(login, profile, False).get_config_variable("region")
        return str(region or self._environ.get("AWS_REGION") or HOME_REGION)

    def fixed_regions(self, profile: str) -> tuple[str, ...]:
        """The regions somebody named for it (command line, profile, config), or none: then AWS is asked."""
        settings = self._settings
        named = settings.only_regions or settings.profile(profile).regions or settings.regions
        return tuple(region for region in dict.fromkeys(named) if settings.region_allowed(region))

    def allowed_region(self, region: str) -> bool:
        """Whether site policy lets it be read."""
        return self._settings.region_allowed(region)

    def sso_session(self, profile: str) -> str:
        """The name of its sso_session, or the empty text."""
        try:
            profiles = botocore.session.Session().full_config.get("profiles", {})
        except Exception:  # the config may be what is broken; then there is no name to tell
            return ""
        one = profiles.get(profile, {})
        source = profiles.get(one.get("source_profile", ""), {})
        return str(one.get("sso_session") or source.get("sso_session") or "")

    def client(
        self, profile: str, service: str, region: str, *, mutating: bool = False, agent: str = ""
    ) -> Any:
        """A client that may read, or (mutating) also send what the steps declare, in one attempt each.

        `agent` is added to its user agent, which CloudTrail keeps: `op/ID` joins a line there to an operation.
        Raises ReadOnlyViolation for a mutating one where settings forbid changes, NeedsPerson, botocore's exceptions.
        """
        if service not in readonly.READS or self._settings.profile_hidden(profile):
            raise readonly.ReadOnlyViolation(service, "every call")
        if mutating and self._settings.profile_read_only(profile):
            raise readonly.ReadOnlyViolation(service, "every change")
        return self._client(self._login(profile), profile, service, region, mutating, agent)

    def account(self, profile: str) -> str:
        """The id of the account its credentials are of: asked once a session. Raises what botocore raises.

        Ask after making a client, and the answer holds for that client too: after a `drop` in between it is asked
        anew, and at worst another account is seen where none is.
        """
        login, own = self._login(profile), self.own_region(profile)
        if not login.account:
            try:
                who = self._client(login, profile, "sts", own).get_caller_identity()
            except (HTTPClientError, ConnectionError):  # its own region may be the one that is down
                if own == HOME_REGION:
                    raise
                who = self._client(login, profile, "sts", HOME_REGION).get_caller_identity()
            login.account, login.caller = str(who.get("Account", "")), str(who.get("Arn", ""))
        return login.account

    def caller(self, profile: str) -> str:
        """The ARN that AWS calls its credentials by: asked together with the account. Raises what botocore raises."""
        self.account(profile)
        return self._login(profile).caller

    def explained(self, profile: str) -> dict[str, str]:
        """Why AWS denies it a call, by the call's name, as far as AWS was asked. Forgotten with the login."""
        return self._login(profile).explained

    def drop(self, profile: str) -> None:
        """Forget its sessions: the next client reads files, caches and helpers anew, as after a login elsewhere.

        Waits for nobody: what a reader is making at this moment is no longer kept.
        """
        with self._lock:
            self._logins.pop(profile, None)

    def _login(self, profile: str) -> _Login:
        with self._lock:
            return self._logins.setdefault(profile, _Login())

    def _client(
        self, login: _Login, profile: str, service: str, region: str, mutating: bool = False, agent: str = ""
    ) -> Any:
        key = (service, region, mutating, agent)
        with login.lock:
            if key not in login.clients:
                config = Config(
                    connect_timeout=CONNECT_WITHIN,
                    read_timeout=READ_WITHIN,
                    retries={"mode": "standard", "total_max_attempts": 1 if mutating else 3},
                    user_agent_extra=f"evac/{_version()} {agent}".rstrip(),
                    tcp_keepalive=True,
                )
                session = self._session(login, profile, mutating)
                session.get_credentials()  # may run a helper: here nobody else waits for it
                with WORK.take(Rank.CLIENT if service == "ec2" else Rank.LOGIN):
                    make: Any = session.create_client if self._lean else _as_boto3(session)
                    login.clients[key] = make(service, region_name=region, config=config)
            return login.clients[key]

    def _session(self, login: _Login, profile: str, mutating: bool) -> _Session:
        if mutating not in login.sessions:
            with WORK.take(Rank.SESSION):
                login.sessions[mutating] = self._made(profile, mutating)
        return login.sessions[mutating]

    def _made(self, profile: str, mutating: bool) -> _Session:
        core = self._of(profile)
        core.register_component("data_loader", self._loader)
        readonly.install(core.get_component("event_emitter"), mutating=mutating)
        parse.install(core)
        stranger.install(core.get_component("event_emitter"))
        if self._settings.demo or self._environ.get("EVAC_DEMO") == "1":
            readonly.install_demo(core.get_component("event_emitter"))
        if self._settings.session_policy:
            from tui.aws import policies

            policies.narrow(core.get_component("event_emitter"), _role(core, profile), mutating=mutating)
        _refuse_questions(core, profile)
        core.register_component("credential_provider", _resolver(core))
        return core

    def _of(self, profile: str) -> _Session:
        """A bare session of that name and no other. Raises ProfileNotFound: a name that no file has never stands for
        something else, or a rule for what it stands for would not hold."""
        shell = botocore.session.Session()
        there = shell.available_profiles
        if profile == names.ENVIRONMENT and (profile not in there or own_credentials(shell, self._environ)):
            given = shell.get_config_variable("profile")
            if given is not None and given not in there:
                raise ProfileNotFound(profile=given)
            return shell
        if profile not in there:
            raise ProfileNotFound(profile=profile)
        return botocore.session.Session(profile=profile)


_OWN_LOGIN = frozenset(
    [
        "aws_access_key_id",
        "credential_process",
        "login_session",
        "sso_account_id",
        "sso_role_name",
        "web_identity_token_file",
    ]
)
"""A profile with one of these has credentials of its own; with none, the chain goes on to a container or a machine."""


def own_credentials(shell: _Session, environ: Mapping[str, str]) -> bool:
    """Whether `aws` without --profile speaks here with something that no profile is, in the order of botocore's chain:
    keys, a role, a web identity, what the profile has, files of old tools, a container. A machine's role is not looked for.
    """
    if names.has_keys(environ):
        return True
    profile = shell.full_config.get("profiles", {}).get(shell.get_config_variable("profile") or "default", {})
    if "role_arn" in profile and "web_identity_token_file" not in profile:
        return False
    if names.has_token(environ):
        return True
    return not _OWN_LOGIN & profile.keys() and any(name in environ for name in _CONTAINER)


_CONTAINER = (
    "AWS_CREDENTIAL_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def _as_boto3(core: _Session) -> Any:
    """The maker of clients with all that boto3 adds. Who only looks does without: its import costs a tenth of a start."""
    import boto3

    return boto3.session.Session(botocore_session=core).client


def _role(core: botocore.session.Session, profile: str) -> str:
    """The ARN of the role its credentials are of, or nothing. Roles on the way to it have to assume the next one."""
    return str(core.full_config.get("profiles", {}).get(profile, {}).get("role_arn", ""))


def _refuse_questions(core: botocore.session.Session, profile: str) -> None:
    """botocore would ask for an MFA code on the terminal, in the middle of the console. Raises NeedsPerson."""
    profiles, seen, name = core.full_config.get("profiles", {}), set[str](), profile
    while name and name not in seen:
        seen.add(name)
        one = profiles.get(name, {})
        if one.get("role_arn") and one.get("mfa_serial"):
            raise NeedsPerson(name, str(one["mfa_serial"]))
        name = one.get("source_profile", "")


def _resolver(core: botocore.session.Session) -> chain.CredentialResolver:
    """botocore's own chain, its two doors to the terminal closed."""
    resolver = chain.create_credential_resolver(core, region_name=core.get_config_variable("region"))
    providers: list[Any] = resolver.providers
    for index, provider in enumerate(providers):
        if isinstance(provider, chain.ProcessProvider):
            inner: Any = provider  # botocore offers no other way to these
            name, load = inner._profile_name, inner._load_config
            providers[index] = chain.ProcessProvider(name, load, popen=_Helper)
        elif isinstance(provider, chain.AssumeRoleProvider):
            inner = provider
            inner._prompter = _no_answer
            builder = inner._profile_provider_builder

            def guarded(profile_name: str) -> chain.ProcessProvider:
                return chain.ProcessProvider(profile_name, lambda: core.full_config, popen=_Helper)

            if builder is not None:
                builder._create_process_provider = guarded  # the chain of a role's source_profile
    return resolver


def _no_answer(prompt: str) -> str:
    raise NeedsPerson("", prompt)


class _Helper:
    """A credential_process without a terminal to ask on, and with a time limit. Popen, as far as botocore uses it."""

    def __init__(self, command: list[str], stdout: int, stderr: int) -> None:
        self._command = command
        self._process = subprocess.Popen(  # noqa: S603 - the user's own config names it
            _ending(command), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True
        )
        self.returncode: int | None = None

    def communicate(self) -> tuple[bytes, bytes]:
        """Its output. Raises CredentialRetrievalError after HELPER_WITHIN seconds."""
        try:
            out, err = self._process.communicate(timeout=HELPER_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            message = f"{self._command[0]} took longer than {HELPER_WITHIN} s"
            raise CredentialRetrievalError(provider="custom-process", error_msg=message) from None
        self.returncode = self._process.returncode
        if self.returncode == 0 and not _is_object(out):  # botocore would fail in json's own words
            message = f"{self._command[0]} did not answer with a JSON object"
            raise CredentialRetrievalError(provider="custom-process", error_msg=message)
        return out, err


def _ending(command: list[str]) -> list[str]:
    """The same command, which ends by itself when its time is over: nobody else ends it if this process is killed meanwhile."""
    timeout = shutil.which("timeout")
    if timeout is None or shutil.which(command[0]) is None:  # what is not there is told in Popen's words
        return command
    return [timeout, "--signal=KILL", str(HELPER_WITHIN + 1), *command]


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@cache
def _version() -> str:
    try:
        return version("evac")
    except PackageNotFoundError:
        return "dev"
