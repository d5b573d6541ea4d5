"""Which setting an error is about that was raised while a session, its credentials or its clients were made.

botocore raises there whatever Python does: the traceback tells whose method it broke in, and so which key named what it
could not use. Sources: botocore's credentials, tokens, configloader, configprovider and args modules.
"""

from __future__ import annotations

import shlex
import types
from collections.abc import Iterator
from typing import NamedTuple

from botocore import exceptions as b

from tui.aws.shared_config import About
from tui.domain.instance import TroubleKind
from tui.domain.profile_names import ENVIRONMENT


class Told(NamedTuple):
    """`cause` without its place. `of`: what it is the same trouble of, where one remedy serves several profiles."""

    kind: TroubleKind
    cause: str
    remedy: str
    of: str = ""


def no_login(cause: str, remedy: str, of: str = "") -> Told:
    """Something is to be logged in, renewed or given."""
    return Told(TroubleKind.CREDENTIALS, cause, remedy, of)


def misconfigured(cause: str, remedy: str, of: str = "") -> Told:
    """Something is to be corrected in a file or a variable, or to be installed."""
    return Told(TroubleKind.CONFIG, cause, remedy, of)


_MAKING = (
    "botocore.credentials", "botocore.tokens", "botocore.configloader", "botocore.configprovider", "botocore.args",
    "botocore.regions", "botocore.endpoint_provider", "tui.aws.credential_process", "tui.aws.shared_config",
)  # fmt: skip
_MADE_BY = {"create_client", "_made", "_of"}
_KEYS: dict[str, str] = {
    "ProcessProvider": "credential_process",
    "AssumeRoleWithWebIdentityProvider": "web_identity_token_file",
    "AssumeRoleWithWebIdentityCredentialFetcher": "web_identity_token_file",
    "FileWebIdentityTokenLoader": "web_identity_token_file",
    "ContainerProvider": "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "ContainerMetadataFetcher": "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "EnvProvider": "AWS_CREDENTIAL_EXPIRATION",
    "SSOProvider": "sso_session",
    "SSOTokenProvider": "sso_session",
    "SSOCredentialFetcher": "sso_session",
    "LoginProvider": "login_session",
    "LoginCredentialFetcher": "login_session",
    "AssumeRoleProvider": "role_arn",
    "AssumeRoleCredentialFetcher": "role_arn",
    "OriginalEC2Provider": "AWS_CREDENTIAL_FILE",
    "BotoProvider": "~/.boto",
}
"""Whose method it broke in, the innermost first → what named what it could not use."""
_METHODS = {
    "custom-process": "credential_process", "env": "AWS_CREDENTIAL_EXPIRATION", "assume-role": "role_arn",
    "container-role": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "assume-role-with-web-identity": "web_identity_token_file",
    "sso": "sso_session", "login": "login_session",
}  # fmt: skip
_VARIABLES = {"AWS_" + key.upper(): key for key in ("role_arn", "web_identity_token_file")}


def at_fault(error: BaseException, about: About) -> Told | None:
    """The setting that an unforeseen error is about; None where it was not raised while a login or a client was made."""
    if isinstance(error, (b.HTTPClientError, b.ConnectionError, b.ClientError)):
        return _address(error, about)
    if isinstance(error, ValueError) and str(error).startswith(
        ("Port out of range", "Port could not be cast")
    ):
        return _by_key("endpoint_url", error, about)
    frames = list(_frames(error.__traceback__))
    making = any(f.f_globals.get("__name__") in _MAKING or f.f_code.co_name in _MADE_BY for f in frames)
    return _by_key(_key(error, frames, about), error, about) if making else None


def _address(error: BaseException, about: About) -> Told | None:
    """A proxy's address that is none: who has typed a password with @ in it meets this."""
    inner = getattr(error, "kwargs", {}).get("error")
    names = [
        name for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy") if about.environ.get(name)
    ]
    if not names or type(inner).__name__ not in (
        "LocationParseError",
        "InvalidURL",
        "ProxySchemeUnknown",
        "ValueError",
    ):
        return None
    remedy = f"write {names[0]} as http://user:password@host:port, @ and : of a password as %40 and %3A"
    return misconfigured(f"{names[0]} is not an address", remedy)


def _frames(place: types.TracebackType | None) -> Iterator[types.FrameType]:
    while place is not None:
        yield place.tb_frame
        place = place.tb_next


def _key(error: BaseException, frames: list[types.FrameType], about: About) -> str:
    """The name of the setting it is about; empty where that is not known."""
    text = str(error)
    if text.startswith("Invalid endpoint") or isinstance(error, b.InvalidEndpointConfigurationError):
        return "endpoint_url"
    for kind, key in _BY_CLASS.items():
        if isinstance(error, kind):
            return key
    for word, key in _PARAMETERS.items():
        if isinstance(error, b.ParamValidationError) and word in text:
            return key
    if any(
        frame.f_code.co_name == "_build_headers" for frame in frames
    ):  # the file wins, and often ends in a line break
        by_file = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
        return by_file if by_file in about.environ else "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    for frame in reversed(frames):
        owner = frame.f_locals.get("self")
        if "logical_name" in frame.f_locals and frame.f_code.co_name == "get_config_variable":
            return str(frame.f_locals["logical_name"])
        name = type(owner).__name__
        if name in _KEYS:
            return variable_of(_KEYS[name], about)
        if name.endswith("RefreshableCredentials"):
            return variable_of(_METHODS.get(str(getattr(owner, "method", "")), ""), about)
    return ""


_PARAMETERS = {
    "ExternalId": "external_id", "DurationSeconds": "duration_seconds", "RoleSessionName": "role_session_name",
    "SerialNumber": "mfa_serial",
}  # fmt: skip
"""Of AssumeRole's parameters, which setting they come from."""
_BY_CLASS: dict[type[BaseException], str] = {
    b.InvalidSTSRegionalEndpointsConfigError: "sts_regional_endpoints",
    b.InvalidDefaultsMode: "defaults_mode",
    b.InvalidRetryConfigurationError: "retry_mode",
    b.InvalidProxiesConfigError: "proxies",
    b.InvalidIMDSEndpointError: "ec2_metadata_service_endpoint",
    b.InvalidIMDSEndpointModeError: "ec2_metadata_service_endpoint_mode",
    b.InvalidChecksumConfigError: "request_checksum_calculation",
}


def variable_of(key: str, about: About) -> str:
    """The variable of that setting, where this shell's is the one that holds."""
    variable = f"AWS_{key.upper()}"
    if about.profile == ENVIRONMENT and variable in _VARIABLES and variable in about.environ:
        return variable
    relative = (
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"  # of both, botocore's ContainerProvider takes this one
    )
    if key == "AWS_CONTAINER_CREDENTIALS_FULL_URI" and (
        relative in about.environ or key not in about.environ
    ):
        return relative
    return key


def _by_key(key: str, error: BaseException, about: About) -> Told:
    why = f"{type(error).__name__}: {error}" if not str(error) or isinstance(error, KeyError) else str(error)
    value = str(about.values.get(key, ""))
    remedy = f"correct {setting_place(key, about)}" if key else f"correct the profile in {about.config}"
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError):
        name = error.filename or value
        if name and name == about.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
            key = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
            remedy = f"correct {key}"
        why = f"{name}: {error.strerror}"
        if str(name).startswith("~") and key == "credential_process":
            remedy = (
                f"write the whole path there: nothing makes a home folder of ~ in {setting_place(key, about)}"
            )
        elif isinstance(error, PermissionError) and key == "credential_process":
            remedy = f"chmod +x {shlex.quote(str(name))}, or {remedy}"
    elif isinstance(error, RuntimeError) and "still expired" in why:
        why = "the credentials it gives have expired already"
        if key == "AWS_CREDENTIAL_EXPIRATION":
            why, remedy = (
                "the credentials in this shell have expired",
                "renew them, in a new shell if need be",
            )
        else:
            remedy = f"renew its login, or {remedy}"
    elif "No closing quotation" in why:
        why = "a quote is not closed"
    elif key == "sso_session" and (
        isinstance(error, KeyError | TypeError) or type(error).__name__ in ("ParserError", "JSONDecodeError")
    ):
        why, remedy = "what a login has kept cannot be read", about.login.command or remedy
    elif isinstance(error, TypeError) and "offset-naive" in why:
        why = "its Expiration has no time zone"
    elif type(error).__name__ == "ParserError" or "Parser must be" in why:
        why = f"{'it' if key.startswith('AWS_') else 'its Expiration'} is no time ({' '.join(str(error).split())})"
    elif key == "endpoint_url":
        value = str(error).partition("Invalid endpoint: ")[2]
        key, remedy = _endpoint(value, about)
    elif isinstance(error, b.ParamValidationError):
        why = str(error).splitlines()[-1]
    return misconfigured(f"{key or 'a setting'}: {why.rstrip('. ')}", remedy)


def setting_place(key: str, about: About) -> str:
    """What to correct: a variable, or a key of a profile in a file."""
    if key.isupper() or key == "~/.boto":
        return key
    variable = f"AWS_{key.upper()}"
    if key not in about.values and variable in about.environ:
        return variable
    if key == "sso_session":
        return f"sso_session of profile {about.login.profile} in {about.file(key)}"
    name = about.login.profile if key not in about.values else about.profile
    return f"{key} of profile {name} in {about.file(key)}"


def _endpoint(value: str, about: About) -> tuple[str, str]:
    """An endpoint comes from a variable of the service, one for all, or the profile (botocore, ConfiguredEndpointProvider).

    `value`: what botocore could not use, if it says so; else it was its port.
    """
    hint = "http:// or https:// stands before it" if value else "a port is a number up to 65535"
    if value.startswith(("http://", "https://")):
        hint = "no blank and no odd sign in the host's name"
    for name, given in about.environ.items():
        meant = given == value or (not value and "endpoint_url" not in about.values)
        if name.startswith("AWS_ENDPOINT_URL") and given and meant:
            return name, f"correct {name}: {hint}"
    return "endpoint_url", f"correct {setting_place('endpoint_url', about)}: {hint}"
