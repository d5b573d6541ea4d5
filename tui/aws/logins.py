"""What fails while a session, its credentials or its clients are made: a login or a setting, never a fault of ours.

Each line names the key and the file at fault, and a remedy that works there. Sources: botocore's credentials, tokens,
configloader, configprovider, args and exceptions modules.
"""

from __future__ import annotations

import re
import shlex
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore import exceptions as b

from tui.aws.files import About
from tui.aws.helper import EMPTY
from tui.aws.resolver import NeedsPerson
from tui.domain.names import ENVIRONMENT


class Told(NamedTuple):
    """`cause` without its place. `of`: what it is the same trouble of, where one remedy serves several profiles."""

    kind: str
    cause: str
    remedy: str
    of: str = ""


_MAKING = (
    "botocore.credentials", "botocore.tokens", "botocore.configloader", "botocore.configprovider", "botocore.args",
    "botocore.regions", "botocore.endpoint_provider", "tui.aws.helper", "tui.aws.files",
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


def told(error: BaseException, about: About) -> Told | None:
    """What to say of it; None where it is something else."""
    for kinds, say in _TABLE:
        if isinstance(error, kinds):
            found: Told | None = say(error, about)
            return found._replace(cause=found.cause.rstrip(". ")) if found else None
    if isinstance(error, (b.HTTPClientError, b.ConnectionError, b.ClientError)):
        return None
    frames = list(_frames(error.__traceback__))
    making = any(f.f_globals.get("__name__") in _MAKING or f.f_code.co_name in _MADE_BY for f in frames)
    return _by_key(_key(error, frames, about), error, about) if making else None


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
    for frame in reversed(frames):
        owner = frame.f_locals.get("self")
        if "logical_name" in frame.f_locals and frame.f_code.co_name == "get_config_variable":
            return str(frame.f_locals["logical_name"])
        name = type(owner).__name__
        if name in _KEYS:
            return _variable(_KEYS[name], about)
        if name.endswith("RefreshableCredentials"):
            return _variable(_METHODS.get(str(getattr(owner, "method", "")), ""), about)
    return ""


_BY_CLASS: dict[type[BaseException], str] = {
    b.InvalidSTSRegionalEndpointsConfigError: "sts_regional_endpoints",
    b.InvalidDefaultsMode: "defaults_mode",
    b.InvalidRetryConfigurationError: "retry_mode",
    b.InvalidProxiesConfigError: "proxies",
    b.InvalidIMDSEndpointError: "ec2_metadata_service_endpoint",
    b.InvalidIMDSEndpointModeError: "ec2_metadata_service_endpoint_mode",
    b.InvalidChecksumConfigError: "request_checksum_calculation",
}


def _variable(key: str, about: About) -> str:
    """The variable of that setting, where this shell's is the one that holds."""
    variable = f"AWS_{key.upper()}"
    if about.profile == ENVIRONMENT and variable in _VARIABLES and variable in about.environ:
        return variable
    if key.startswith("AWS_CONTAINER") and key not in about.environ:
        return "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    return key


def _by_key(key: str, error: BaseException, about: About) -> Told:
    why = f"{type(error).__name__}: {error}" if not str(error) or isinstance(error, KeyError) else str(error)
    value = str(about.values.get(key, ""))
    remedy = f"correct {where(key, about)}" if key else f"correct the profile in {about.config}"
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError):
        name = error.filename or value
        if name and name == about.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
            key = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
            remedy = f"correct {key}"
        why = f"{name}: {error.strerror}"
        if str(name).startswith("~") and key == "credential_process":
            remedy = f"write the whole path there: nothing makes a home folder of ~ in {where(key, about)}"
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
    elif (key == "sso_session" and isinstance(error, KeyError)) or type(error).__name__ == "JSONDecodeError":
        why, remedy = "what a login has kept cannot be read", about.login.command or remedy
    elif type(error).__name__ == "ParserError":
        why = f"{'it' if key.startswith('AWS_') else 'its Expiration'} is no time ({' '.join(str(error).split())})"
    elif key == "endpoint_url":
        key, remedy = _endpoint(str(error).rpartition(": ")[2], about)
    elif isinstance(error, b.ParamValidationError):
        why = str(error).splitlines()[-1]
    return Told("config", f"{key or 'a setting'}: {why.rstrip('. ')}", remedy)


def where(key: str, about: About) -> str:
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
    """An endpoint comes from a variable of the service, one for all, or the profile (botocore, ConfiguredEndpointProvider)."""
    for name, given in about.environ.items():
        if name.startswith("AWS_ENDPOINT_URL") and given == value:
            return name, f"correct {name}: http:// or https:// stands before it"
    return "endpoint_url", f"correct {where('endpoint_url', about)}: http:// or https:// stands before it"


def _needs_person(error: Any, about: About) -> Told:
    device = getattr(error, "device", "") or about.login.device or "a device"
    ask = "aws sts get-caller-identity" + (
        "" if about.profile == ENVIRONMENT else f" --profile {shlex.quote(about.profile)}"
    )
    return Told(
        "credentials",
        f"its role asks for a code of {device}",
        f"{ask} asks you for it; evac then goes on by itself",
    )


def _no_profile(error: Any, about: About) -> Told:
    name = str(error.kwargs.get("profile", about.profile))
    if about.profile == ENVIRONMENT:
        variable = next(
            (one for one in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE") if one in about.environ), "AWS_PROFILE"
        )
        if not name:
            return Told("config", f"{variable} is set, and empty", f"unset {variable}")
        return Told(
            "config", f"{variable} names {name}, which is no profile", f"unset {variable}, or correct it"
        )
    if about.unnamed:
        return Told("config", "no such profile", f"write [profile {name}] for [{name}] in {about.config}")
    if about.near:
        return Told(
            "config",
            "no such profile",
            f"did you mean {about.near}? aws configure list-profiles names those there are",
        )
    return Told("config", "no such profile", "aws configure list-profiles names those there are")


def _no_credentials(error: Any, about: About) -> Told:
    profile = shlex.quote(about.profile)
    if about.profile == ENVIRONMENT:
        return Told("credentials", "no credentials", "aws configure, aws configure sso, or try evac --demo")
    if any(str(key).startswith("granted_") for key in about.values):
        return Told(
            "credentials", "only Granted knows its credentials",
            f"assume {profile}, or credential_process = granted credential-process --profile {profile} in {about.config}",
        )  # fmt: skip
    if about.environ.get("AWS_VAULT"):
        return Told("credentials", "no credentials outside aws-vault", f"aws-vault exec {profile} -- evac")
    return Told("credentials", "no credentials", f"aws configure --profile {profile}")


def _partial(error: Any, about: About) -> Told:
    key = str(error.kwargs.get("cred_var", ""))
    if error.kwargs.get("provider") == "env" and key.startswith("AWS_"):
        return Told(
            "credentials",
            f"AWS_ACCESS_KEY_ID is set, {key} is not",
            f"export {key}, or unset AWS_ACCESS_KEY_ID",
        )
    if "source_profile" in key:
        return Told("config", "role_arn stands there without source_profile or credential_source",
                    f"add one of them to profile {about.profile} in {about.config}")  # fmt: skip
    if key.startswith("aws_"):
        return Told(
            "credentials",
            f"{key} is missing",
            f"add it to profile {about.login.profile} in {about.file('aws_access_key_id')}",
        )
    return Told(
        "credentials",
        "only a part of the credentials is there",
        f"aws configure --profile {shlex.quote(about.profile)}",
    )


def _sso(error: Any, about: About) -> Told:
    login = about.login
    command = login.command or f"aws sso login --profile {shlex.quote(login.profile)}"
    return Told(
        "credentials",
        "the SSO login has expired or is missing",
        command,
        f"sso {login.name}" if login.name else "",
    )


def _aws_login(error: Any, about: About) -> Told:
    command = about.login.command or f"aws login --profile {shlex.quote(about.login.profile)}"
    return Told(
        "credentials",
        "the login has expired or is missing",
        command,
        f"login {about.login.name}" if about.login.name else "",
    )


def _dependency(error: Any, about: About) -> Told:
    if "botocore[crt]" in str(error):
        return Told("config", "login_session (aws login) needs evac's extra evac[login]",
                    "pipx inject evac 'botocore[crt]' (or pip install 'evac[login]')")  # fmt: skip
    return Told("config", str(error), "install what is missing beside evac")


def _retrieval(error: Any, about: About) -> Told:
    provider, words = str(error.kwargs.get("provider", "")), str(error.kwargs.get("error_msg", error)).strip()
    if provider == "custom-process" and words == EMPTY:
        return Told("config", f"credential_process: {words}", f"correct {where('credential_process', about)}")
    if provider == "custom-process":
        place = where("credential_process", about).removeprefix("credential_process of ")
        return Told(
            "credentials",
            f"credential_process: {words or 'it failed without a word'}",
            f"run by hand the credential_process of {place}",
        )
    if provider == "container-role":
        key = _variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", about)
        return Told("credentials", f"the container's credentials: {words}", f"check what {key} names")
    if provider in ("Ec2InstanceMetadata", "Environment", "EcsContainer"):
        return Told("credentials", f"credential_source = {provider}: there are none here",
                    f"correct {where('credential_source', about)}, or use the profile where there are")  # fmt: skip
    return Told("credentials", str(error), f"check profile {about.login.profile} in {about.config}")


def _invalid(error: Any, about: About) -> Told:
    text = str(error)
    if found := re.search(r'credential source "([^"]*)".* is not valid', text):
        return Told("config", f"credential_source = {found[1]} is none there is",
                    f"correct {where('credential_source', about)}: Environment, Ec2InstanceMetadata or EcsContainer")  # fmt: skip
    if found := re.search(
        r'sso-session does not exist: "([^"]*)"|"([^"]*)" sso_session configuration does not', text
    ):
        name = found[1] or found[2]
        return Told("config", f"sso_session = {name}, and there is no [sso-session {name}]",
                    f"aws configure sso-session, or correct {where('sso_session', about)}")  # fmt: skip
    named = re.search(r'[Tt]he profile "([^"]+)"', text)
    name = named[1] if named else about.login.profile
    return Told("config", text, f"correct profile {name} in {about.config}")


def _unreadable(error: Any, about: About) -> Told:
    path = str(error.kwargs.get("path", about.config))
    reason = " ".join(str(error.kwargs.get("error", "")).split())
    reason = re.sub(
        rf"(While reading from|Source contains parsing errors:|file:) '{re.escape(path)}',? ?", "", reason
    )
    return Told("config", f"{path} cannot be read" + (f" ({reason})" if reason else ""), f"correct {path}")


def _region(error: Any, about: About) -> Told:
    name = str(error.kwargs.get("region_name", ""))
    for key, place in (("AWS_DEFAULT_REGION", "AWS_DEFAULT_REGION"), ("AWS_REGION", "AWS_REGION")):
        if name and about.environ.get(key) == name:
            return Told("config", f"{name} is not the name of a region", f"correct {place}")
    if name and str(about.values.get("region", "")) == name:
        comment = "; a comment needs a line of its own" if re.search(r"\s[#;]", name) else ""
        return Told(
            "config",
            f"region = {name} is not the name of a region",
            f"correct {where('region', about)}{comment}",
        )
    return Told("config", "not the name of a region", "correct regions in config.toml or --region")


def _bundle(error: Any, about: About) -> Told | None:
    """Certificates to go by that cannot be read; all else about TLS is the network's."""
    found = re.search(r"\[Errno \d+\] ([\w ]+)", str(error))
    if not found:
        return None
    variable = next((one for one in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE") if about.environ.get(one)), "")
    key = variable if variable == "AWS_CA_BUNDLE" or "ca_bundle" not in about.values else "ca_bundle"
    path = about.environ.get(key) or about.values.get("ca_bundle", "")
    return Told(
        "config", f"{key or 'ca_bundle'}: {path}: {found[1]}", f"correct {where(key or 'ca_bundle', about)}"
    )


_TABLE: tuple[tuple[Any, Any], ...] = (
    (b.SSLError, _bundle),
    ((NeedsPerson, b.RefreshWithMFAUnsupportedError), _needs_person),
    (b.ProfileNotFound, _no_profile),
    (b.NoCredentialsError, _no_credentials),
    (b.PartialCredentialsError, _partial),
    ((b.SSOTokenLoadError, b.UnauthorizedSSOTokenError, b.TokenRetrievalError), _sso),
    (b.SSOError, lambda e, about: Told("credentials", str(e), about.login.command or "aws sso login")),
    (
        (b.LoginRefreshRequired, b.LoginTokenLoadError, b.LoginInsufficientPermissions, b.LoginError),
        _aws_login,
    ),
    (b.MissingDependencyException, _dependency),
    (b.CredentialRetrievalError, _retrieval),
    (
        b.MetadataRetrievalError,
        lambda e, about: Told("credentials", str(e), "check the role of this machine"),
    ),
    (b.InvalidConfigError, _invalid),
    ((b.ConfigParseError, b.ConfigNotFound), _unreadable),
    (
        b.NoRegionError,
        lambda e, about: Told("config", "no region", f"give --region, or a region in {about.config}"),
    ),
    ((b.InvalidRegionError, b.UnknownRegionError), _region),
)  # the first match wins: subclasses stand before their bases
