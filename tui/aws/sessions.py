"""Every session and client is made here: guarded, with limits on time, and unable to ask anybody anything."""

from __future__ import annotations

import copy
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import botocore.handlers
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    ProfileNotFound,
)

from tui.aws import allowlist, credential_chain, non_aws_errors, parser
from tui.aws.environment_credentials import may_be_machine, own_credentials
from tui.aws.error_codes import error_code
from tui.aws.login_gate import Gate
from tui.aws.model_loader import SharedLoader
from tui.aws.priority_lock import WORK, Rank
from tui.aws.shared_config import About, Files
from tui.config.schema import Settings
from tui.domain import profile_names
from tui.domain.aws_codes import DISABLED_OR_BAD
from tui.domain.logins import ProfileLogin

CONNECT_WITHIN, READ_WITHIN = 5, 20
"""Seconds for a connection and for an answer."""
HOME_REGION = "us-east-1"
"""Of a profile that tells neither a region nor a partition: it is enabled in every account of AWS's own partition."""

_T = TypeVar("_T")
_Session = botocore.session.Session


@dataclass
class _Login:
    """What was made of one profile's credentials. botocore's sessions are not thread-safe; clients are.

    A lock each: making the first client may run a helper or wait for a token, and other profiles must not wait along.
    `region` is where roles are assumed, if not in the profile's own.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    sessions: dict[bool, _Session] = field(default_factory=dict)
    clients: dict[tuple[str, str, bool, str], Any] = field(default_factory=dict)
    account: str = ""
    caller: str = ""
    region: str = ""
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
        self._files, self._gate = Files(self._environ, _reader), Gate()

    def profiles(self) -> tuple[str, ...]:
        """The profiles to read, in the order of the files, this shell's own credentials first. Names asked for but not there
        are kept: their error is their line."""
        settings = self._settings
        listed: Sequence[str] = settings.only_profiles
        if not listed:
            shell = self._files.shell()
            found = shell.available_profiles
            own = [profile_names.ENVIRONMENT] if not found or own_credentials(shell, self._environ) else []
            listed = [name for name in (*own, *found) if not settings.profile_unlisted(name)]
        return tuple(
            dict.fromkeys(
                name for name in listed if not any(map(settings.profile_hidden, self._called(name)))
            )
        )

    def _called(self, profile: str) -> tuple[str, ...]:
        """By which names its credentials are guarded: a profile without any of its own ends with the container's or the
        machine's, which are this shell's."""
        return (profile,) if self._files.logs_in(profile) else (profile, profile_names.ENVIRONMENT)

    def logins(self, also: Sequence[str] = ()) -> tuple[ProfileLogin, ...]:
        """How each profile of the files logs in, in their order, and those of `also`; but for those the site policy hides.
        Raises ConfigParseError."""
        there = (*also, *self._files.shell().available_profiles)
        return tuple(
            self._files.renewal(name)
            for name in dict.fromkeys(there)
            if not any(map(self._settings.profile_hidden, self._called(name)))
        )

    def doubts(self) -> list[tuple[str, str]]:
        """What in this shell and in the files is probably not meant so, and what to do."""
        from tui.aws.config_warnings import doubts

        return list(doubts(self._files, self._environ))

    def may_be_machine(self) -> bool:
        """Whether `environment` may be this machine's role, beside the profiles there are: `machine_role` tells."""
        settings = self._settings
        guarded = settings.profile_unlisted(profile_names.ENVIRONMENT) or settings.profile_hidden(
            profile_names.ENVIRONMENT
        )
        if settings.only_profiles or guarded:
            return False
        shell = self._files.shell()
        return bool(shell.available_profiles) and may_be_machine(shell, self._environ)

    def machine_role(self) -> bool:
        """Whether this machine has a role. Asks its metadata, which takes a second where nobody answers."""
        login = self._login(profile_names.ENVIRONMENT)
        with login.lock:
            return self._session(login, profile_names.ENVIRONMENT, False).get_credentials() is not None

    def own_region(self, profile: str) -> str:
        """The region the profile itself names, or AWS_REGION's, or its partition's home."""
        login = self._login(profile)
        with login.lock:
            region = self._session(login, profile, False).get_config_variable("region")
        return str(region or self._environ.get("AWS_REGION") or self._home(profile, ""))

    def known_regions(self, profile: str) -> frozenset[str]:
        """The regions of EC2 that this botocore knows, of every partition: newer ones may exist."""
        login = self._login(profile)
        with login.lock:
            resolver = self._session(login, profile, False).get_component("endpoint_resolver")
            partitions = resolver.get_available_partitions()
            return frozenset(
                name for part in partitions for name in resolver.get_available_endpoints("ec2", part)
            )

    def home_region(self, profile: str) -> str:
        """A region that every account of its partition has enabled: where to ask when its own does not answer."""
        return self._home(profile, self.own_region(profile))

    def _home(self, profile: str, own: str) -> str:
        config = {} if own else self._files.config_of(profile)
        told = [own, *(str(config.get(key, "")) for key in ("role_arn", "login_session", "sso_region"))]
        for text in filter(None, told):
            for one in self._loader.load_data("partitions")["partitions"]:
                if text.startswith(f"arn:{one['id']}:") or re.match(one["regionRegex"], text):
                    return str(one.get("outputs", {}).get("implicitGlobalRegion", HOME_REGION))
        return HOME_REGION

    def anywhere(self, profile: str, ask: Callable[[str], _T], more: tuple[str, ...] = ()) -> _T:
        """Ask in the profile's own region, and where that is not enabled, or down, in its partition's home.

        `more`: codes after which it is asked there too. Raises what was said first: that is the one to tell.
        """
        first: Exception | None = None
        for region in self._asked(profile):
            try:
                return ask(region)
            except (HTTPClientError, ConnectionError, ClientError) as error:
                first = first or error
                code = error_code(error)
                if code and code not in DISABLED_OR_BAD and code not in more:
                    break
        assert first is not None
        raise first

    def _asked(self, profile: str) -> Iterator[str]:
        yield (own := self.own_region(profile))
        if (home := self.home_region(profile)) != own:
            yield home

    def fixed_regions(self, profile: str) -> tuple[str, ...]:
        """The regions somebody named for it (command line, profile, config), or none: then AWS is asked."""
        settings = self._settings
        named = settings.only_regions or settings.profile(profile).regions or settings.regions
        return tuple(region for region in dict.fromkeys(named) if settings.region_allowed(region))

    def allowed_region(self, region: str) -> bool:
        """Whether site policy lets it be read."""
        return self._settings.region_allowed(region)

    def about(self, profile: str) -> About:
        """What its login is, how it is renewed, and which file says so. Never raises."""
        return self._files.about(profile)

    def client(
        self,
        profile: str,
        service: str,
        region: str,
        *,
        mutating: bool = False,
        agent: str = "",
        keep: bool = True,
    ) -> Any:
        """A client that may read, or (mutating) also send what the steps declare, in one attempt each.

        `agent` is added to its user agent, which CloudTrail keeps: `op/ID` joins a line there to an operation. Without `keep`
        it is the caller's alone: one takes 120 KB, and is made in 2 ms.
        Raises CallNotAllowedError for a mutating one where settings forbid changes, NeedsPersonError, botocore's exceptions.
        """
        if service not in allowlist.READS or self._settings.profile_hidden(profile):
            raise allowlist.CallNotAllowedError(service, "every call")
        if mutating and self._settings.profile_read_only(profile):
            raise allowlist.CallNotAllowedError(service, "every change")
        self._guard(profile, mutating)
        return self._client(self._login(profile), profile, service, region, mutating, agent, keep)

    def _guard(self, profile: str, mutating: bool) -> None:
        """The rules that mean its credentials by another name than its own, or their account. Raises GuardedError, and what
        asking for the account raises."""
        settings = self._settings
        account = self.account(profile) if mutating and settings.minds_accounts() else ""
        for name in self._called(profile):
            if settings.profile_hidden(name, account):
                raise allowlist.GuardedError(f"the site policy hides what profile {profile} leads to")
            if mutating and settings.profile_read_only(name, account):
                where = f"in account {account}" if account else "with this shell's credentials"
                raise allowlist.GuardedError(
                    f"read-only: no changes {where}, to which profile {profile} leads"
                )

    def account(self, profile: str) -> str:
        """The id of the account its credentials are of: asked once a session. Raises what botocore raises.

        Ask after making a client, and the answer holds for that client too: after a `drop` in between it is asked
        anew, and at worst another account is seen where none is.
        """
        login = self._login(profile)
        if not login.account:
            who = self.anywhere(profile, lambda region: self._who(login, profile, region))
            login.account, login.caller = str(who.get("Account", "")), str(who.get("Arn", ""))
        return login.account

    def _who(self, login: _Login, profile: str, region: str) -> Any:
        """STS's answer in a region; roles on the way are assumed there as well."""
        with login.lock:
            if region != (login.region or self.own_region(profile)):
                login.region = region
                login.sessions.clear()
                login.clients.clear()
        return self._client(login, profile, "sts", region).get_caller_identity()

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

    def renewed(self, profile: str) -> None:
        """Somebody has logged in again: as `drop`, and what was heard of the login it shares is forgotten too."""
        self.drop(profile)
        self._gate.forget(self._files.login(profile))

    def _login(self, profile: str) -> _Login:
        with self._lock:
            return self._logins.setdefault(profile, _Login())

    def _client(
        self, login: _Login, profile: str, service: str, region: str, mutating: bool = False, agent: str = "",
        keep: bool = True,
    ) -> Any:  # fmt: skip
        key = (service, region, mutating, agent)
        with login.lock:
            if (found := login.clients.get(key)) is None:
                config = Config(
                    connect_timeout=CONNECT_WITHIN,
                    read_timeout=READ_WITHIN,
                    retries={"mode": "standard", "total_max_attempts": 1 if mutating else 3},
                    user_agent_extra=f"evac/{_version()} {agent}".rstrip(),
                    tcp_keepalive=True,
                    proxies=_proxies(),
                )
                session = self._session(login, profile, mutating)
                self._credentials(session, profile)
                with WORK.take(Rank.CLIENT if service == "ec2" else Rank.LOGIN):
                    make: Any = session.create_client if self._lean else _as_boto3(session)
                    found = make(service, region_name=region, config=config)
                if keep:
                    login.clients[key] = found
            return found

    def _credentials(self, session: _Session, profile: str) -> None:
        """Obtain them now, where nobody else waits for a helper or a login, and where a failure is the login's."""
        with self._gate.look(self._files.login(profile)):
            found = session.get_credentials()
            if found is not None:
                keys = found.get_frozen_credentials()
                if wrong := credential_chain.unusable_keys(keys.access_key, keys.secret_key, keys.token):
                    raise CredentialRetrievalError(provider=found.method, error_msg=wrong)

    def _session(self, login: _Login, profile: str, mutating: bool) -> _Session:
        if mutating not in login.sessions:
            self._gate.refuse(self._files.login(profile))
            with WORK.take(Rank.SESSION):
                login.sessions[mutating] = self._made(profile, mutating, login.region)
        return login.sessions[mutating]

    def _made(self, profile: str, mutating: bool, region: str) -> _Session:
        core, login = self._of(profile), self._files.login(profile)
        core.register_component("data_loader", self._loader)
        topics = self._settings.cover.topics
        allowlist.install_allowlist(core.get_component("event_emitter"), mutating=mutating, topics=topics)
        parser.install_parser(core)
        non_aws_errors.install_error_pages(core.get_component("event_emitter"))
        if demo := self._settings.demo or self._environ.get("EVAC_DEMO") == "1":
            allowlist.install_demo(core.get_component("event_emitter"))
        if self._settings.session_policy:
            from tui.aws import iam_policies

            role = self._role(profile)
            iam_policies.narrow(core.get_component("event_emitter"), role, mutating=mutating)
        # What the AWS CLI has kept is not narrowed, and not the demonstration's.
        cli_cache = not (self._settings.session_policy or demo)
        where = region or core.get_config_variable("region")
        chain = credential_chain.make(core, self._files, self._gate, login, region=where, cli_cache=cli_cache)
        core.register_component("credential_provider", chain)
        return core

    def _role(self, profile: str) -> str:
        """The ARN of the role its credentials are of, or nothing. Roles on the way to it have to assume the next one."""
        if profile == profile_names.ENVIRONMENT and profile_names.has_token(self._environ):
            return self._environ.get("AWS_ROLE_ARN", "")
        return str(self._files.config_of(profile).get("role_arn", ""))

    def _of(self, profile: str) -> _Session:
        """A bare session of that name and no other. Raises ProfileNotFound: a name that no file has never stands for
        something else, or a rule for what it stands for would not hold."""
        shell = self._files.shell()
        there = shell.full_config["profiles"]
        if profile == profile_names.ENVIRONMENT and (
            profile not in there or own_credentials(shell, self._environ)
        ):
            given = shell.get_config_variable("profile")
            if given is not None and given not in there:
                raise ProfileNotFound(profile=given)
            return self._files.share(_new(None))
        if profile not in there:
            raise ProfileNotFound(profile=profile)
        return self._files.share(_new(profile))


def _reader() -> _Session:
    """A session that only reads files."""
    return botocore.session.Session(include_builtin_handlers=False)


@cache
def _handlers() -> Any:
    """botocore's own but for those of services that evac has no client of: every client copies them, and most are S3's."""
    prototype: Any = botocore.session.Session()
    for name, handler, *_ in botocore.handlers.BUILTIN_HANDLERS:
        kind, _, more = name.partition(".")
        if kind == "docs" or more.partition(".")[0] not in ("", "*", *allowlist.READS):
            prototype.unregister(name, handler)
    return prototype._original_handler


def _new(profile: str | None) -> _Session:
    """A session as botocore makes it, on a copy of its handlers: to register them takes it 5 ms each time."""
    hooks = copy.copy(_handlers())
    return botocore.session.Session(profile=profile, event_hooks=hooks, include_builtin_handlers=False)


def _as_boto3(core: _Session) -> Any:
    """The maker of clients with all that boto3 adds. Who only looks does without: its import costs a tenth of a start."""
    import boto3

    return boto3.session.Session(botocore_session=core).client


def _proxies() -> dict[str, str] | None:
    """None: botocore looks them up for each client, in the environment or where macOS keeps them. Empty: there are none."""
    told = any(name.lower().endswith("_proxy") for name in os.environ)
    return None if told or sys.platform == "darwin" else {}


@cache
def _version() -> str:
    try:
        return version("evac")
    except PackageNotFoundError:
        return "dev"
