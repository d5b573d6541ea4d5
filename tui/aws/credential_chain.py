"""botocore's own chain of credentials, its doors to the terminal closed, on files that are parsed once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import botocore.credentials as chain
import botocore.session

from tui.aws.credential_process import Helper
from tui.aws.login_gate import Gate
from tui.aws.shared_config import Files, Login
from tui.errors import EvacError


class NeedsPersonError(EvacError):
    """Credentials of this profile are asked of a person, which a worker cannot do."""

    def __init__(self, profile: str, device: str) -> None:
        self.profile, self.device = profile, device
        super().__init__(f"a code of {device} is asked for")


class CliCache(dict[str, Any]):
    """What the AWS CLI keeps of assumed roles in ~/.aws/cli/cache: read, never written; what is made here stays in memory.

    So a role for which a person gave the CLI a code is read as long as the CLI would use it without another one.
    """

    def __init__(self, *, reading: bool) -> None:
        super().__init__()
        self._folder = Path("~/.aws/cli/cache").expanduser() if reading else None

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or self._file(str(key)) is not None

    def __getitem__(self, key: str) -> Any:
        own, kept = self.get(key), self._file(key)
        if own is None or (kept is not None and _ends(kept) > _ends(own)):
            if kept is None:
                raise KeyError(key)
            return kept
        return own

    def _file(self, key: str) -> Any:
        if self._folder is None:
            return None
        try:
            kept = json.loads((self._folder / f"{key}.json").read_text())
            _ends(kept)
            return kept if kept["Credentials"]["AccessKeyId"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _ends(kept: Any) -> float:
    """Seconds since 1970. Raises ValueError, KeyError, TypeError."""
    told = kept["Credentials"]["Expiration"]
    inner: Any = chain  # dateutil's, which botocore reads it with
    ends: datetime = told if isinstance(told, datetime) else inner.parse(told)
    return ends.timestamp()


def make(
    core: botocore.session.Session,
    files: Files,
    gate: Gate,
    login: Login,
    *,
    region: str | None,
    cli_cache: bool,
) -> chain.CredentialResolver:
    """The resolver of a session. `cli_cache`: whether what the AWS CLI has kept may be used.

    botocore offers no other way to most of what is set here.
    """
    cache = CliCache(reading=cli_cache)
    resolver = chain.create_credential_resolver(core, cache=cache, region_name=region)

    def close(providers: list[Any]) -> list[Any]:
        for one in providers:
            if isinstance(one, chain.ProcessProvider):
                one._popen = Helper  # type: ignore[attr-defined]  # the stubs leave what is private out
            elif isinstance(one, chain.SharedCredentialProvider):
                one._ini_parser = files.raw  # type: ignore[attr-defined]  # as above
            elif isinstance(one, chain.ConfigProvider):
                one._config_parser = files.profiles_of  # type: ignore[attr-defined]  # as above
            elif isinstance(one, chain.SSOProvider):
                one._client_creator = gate.before(login, core.create_client)  # type: ignore[attr-defined]  # as above
        return providers

    close(resolver.providers)
    for one in resolver.providers:
        if isinstance(one, chain.AssumeRoleProvider):
            role: Any = one
            role._prompter = _no_answer
            builder = role._profile_provider_builder
            builder.providers = _then(close, builder.providers)
    return resolver


def _then(close: Callable[[Any], Any], make: Callable[..., Any]) -> Callable[..., Any]:
    """The providers of a role's source_profile, closed as well."""
    return lambda *args, **options: close(make(*args, **options))


def _no_answer(prompt: str) -> str:
    device = prompt.removeprefix("Enter MFA code for ").strip().rstrip(":")
    raise NeedsPersonError("", device)


def unusable_keys(access: Any, secret: Any, token: Any) -> str:
    """What is wrong with them that nothing else would say: AWS only that something is missing, HTTP that a header is broken."""
    if not (access and secret):
        return "a key of the pair is empty"
    for name, value in (("access key", access), ("secret key", secret), ("session token", token)):
        if value is not None and not isinstance(value, str):
            return f"the {name} is no text"
    for name, value in (("access key", access), ("session token", token)):
        if value and any(char < " " for char in value):
            return f"the {name} holds a line break"
    return ""
