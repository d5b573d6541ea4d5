"""What goes wrong, as one line each: cause, place, remedy.

Sources: botocore's exceptions, tokens and credentials modules; EC2 developer guide, errors-overview.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from botocore import exceptions as b
from botocore.parsers import ResponseParserError

from tui.aws import access_denied, login_errors, login_refused, network_errors
from tui.aws.allowlist import CallNotAllowedError, GuardedError, NotDemoError
from tui.aws.error_codes import error_code
from tui.aws.shared_config import About
from tui.domain.aws_codes import BAD_KEYS, BAD_SIGNATURE, BY_CLOCK, DENIED, EXPIRED, THROTTLED
from tui.domain.instance import Trouble, TroubleKind
from tui.domain.sanitize import clean
from tui.errors import EvacError


class NotAwsError(EvacError):
    """A page that lacks what AWS always sends: a proxy's or a captive portal's, perhaps."""


def member_of(answer: Any, name: str) -> Any:
    """That member of an answer. Raises NotAwsError: one without it is not AWS's (a proxy's page parses to nothing)."""
    if name not in answer:
        raise NotAwsError(f"no {name} in it")
    return answer[name]


class OtherAccountError(EvacError):
    """A profile whose credentials are now another account's: rows of one must not be filled with the other's."""

    def __init__(self, profile: str, now: str, before: str) -> None:
        self.profile = profile
        super().__init__(f"its credentials are now of account {now}, not {before}")


def trouble(
    error: BaseException,
    profile: str = "",
    region: str = "",
    *,
    about: About | None = None,
    doing: str = "",
    why: str = "",
) -> Trouble:
    """The line for an exception. `doing` names the call (`ec2:DescribeInstances`) where the exception does not.

    `why` is AWS's reason for a denial, where one is known (tui.aws.access_denied); `about` what is known of the profile's login.
    """
    where = f"{profile}/{region}" if profile and region else profile or region or "AWS"
    about = about or About.of(profile)
    if isinstance(error, b.ClientError):
        return _said(error, where, profile, region, about, why)
    if _in_parser(error):
        error = NotAwsError("it lacks what AWS always sends")
    name = clean(type(error).__name__)
    if (said := login_errors.login_trouble(error, about)) is not None:
        place = f"{where}: {said.cause}"
        return Trouble(said.kind, clean(place, 300), clean(said.remedy, 300), name, clean(said.of))
    for kinds, make in _TABLE:
        if isinstance(error, kinds):
            kind, cause, remedy = make(error, where)
            if kind is TroubleKind.NETWORK:
                cause = cause.replace(f"{where}: ", f"{where}: {network_errors.service(error)}", 1)
            return Trouble(kind, clean(cause, 300), clean(remedy, 300), name)
    cause = f"{where}: {doing + ': ' if doing else ''}{name}: {error}"
    return Trouble(
        TroubleKind.INTERNAL, clean(cause, 300), clean("evac keeps trying; if it stays, report it"), name
    )


def _in_parser(error: BaseException) -> bool:
    """botocore's parsers look into elements without asking: a page of HTML, or a time that is none, makes them fail in
    Python's own ways.
    """
    place = error.__traceback__
    names = []
    while place is not None:
        names.append(place.tb_frame.f_globals.get("__name__"))
        place = place.tb_next
    return "botocore.parsers" in names and not isinstance(error, ResponseParserError | b.BotoCoreError)


def disabled(profile: str, region: str, code: str) -> Trouble:
    """DescribeRegions said that the account has not enabled this one."""
    cause = f"{profile}/{region}: the region is not enabled for this account"
    remedy = f"enable {region} in the account's settings, or leave it out (regions in config.toml)"
    return Trouble(TroubleKind.REGION, clean(cause), clean(remedy), clean(code))


def _hint(ahead: timedelta | None) -> str:
    return "" if ahead is None else f": it is {network_errors.clock_offset(ahead)}"


def _said(error: b.ClientError, where: str, profile: str, region: str, about: About, why: str) -> Trouble:
    code, message = error_code(error), str(error.response.get("Error", {}).get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    operation = error.operation_name
    renew = about.login.command or f"renew the credentials of profile {about.login.profile or profile}"
    of = ""
    ahead = network_errors.skew(error) if code in BY_CLOCK else None
    if ahead is None and code not in THROTTLED and (told := login_refused.said(error, about)) is not None:
        cause, kind, remedy = f"{where}: {told.cause}", told.kind, told.remedy
    elif ahead is not None and abs(ahead) >= network_errors.REFUSED:
        cause, kind = (
            f"{where}: this machine's clock is {network_errors.clock_offset(ahead)}",
            TroubleKind.CREDENTIALS,
        )
        remedy = network_errors.SET_CLOCK
    elif code in EXPIRED:
        cause, kind = f"{where}: the credentials have expired", TroubleKind.CREDENTIALS
        remedy = f"{renew}; if they are new, check this machine's clock{_hint(ahead)}"
    elif code in THROTTLED:
        cause, remedy = (
            f"{where}: AWS throttles {operation}",
            "evac asks less often for a while; no action needed",
        )
        kind = TroubleKind.THROTTLED
    elif code in DENIED:
        # The message may carry an encoded text of a kilobyte, of use to nobody on screen: `why` is what it says.
        cause = f"{where}: {operation} is not allowed{': ' if why else ''}{why}"
        kind, remedy = TroubleKind.DENIED, access_denied.denied_remedy(operation, why, region)
        of = f"{profile} {why}" if access_denied.ORGANISATION.search(why) else ""
    elif code in BAD_KEYS:
        cause, kind = f"{where}: AWS does not accept the credentials ({code})", TroubleKind.CREDENTIALS
        remedy = f"check the keys of profile {profile}, and whether {region or 'the region'} is enabled"
    elif code in BAD_SIGNATURE:
        cause, kind = f"{where}: AWS does not accept the signature", TroubleKind.CREDENTIALS
        remedy = f"check the secret key of profile {profile} and this machine's clock{_hint(ahead)}"
    elif code in ("OptInRequired", "SubscriptionRequiredException"):
        cause, kind = f"{where}: the account is not subscribed to this service", TroubleKind.REGION
        remedy = "subscribe, or leave the region out"
    elif code in ("PendingVerification", "Blocked"):
        cause, kind = f"{where}: AWS has {code} on the account", TroubleKind.DENIED
        remedy = "see the message AWS sent to the account's owner"
    elif status == 407:
        (what, remedy), kind = network_errors.proxy_login(), TroubleKind.NETWORK
        cause = f"{where}: {what}"
    elif status >= 500:
        cause = f"{where}: AWS failed at {operation} ({code or status})"
        kind, remedy = TroubleKind.NETWORK, "evac tries again"
    elif not code or code.isdigit():
        cause, kind = f"{where}: the answer was not AWS's (HTTP {status})", TroubleKind.NETWORK
        remedy = _PORTAL
    else:
        cause, kind = f"{where}: {operation}: {code}: {message}", TroubleKind.INTERNAL
        remedy = "evac keeps trying"
    return Trouble(kind, clean(cause, 300), clean(remedy, 300), clean(code), clean(of))


_Make = Callable[[Any, str], tuple[TroubleKind, str, str]]


def _network(what: str) -> _Make:
    return lambda error, where: (
        TroubleKind.NETWORK,
        f"{where}: {what}",
        "evac tries again; check the network",
    )


_PORTAL = "check for a proxy or a captive portal"


def _between(told: Callable[[Any], tuple[str, str]]) -> _Make:
    def make(error: Any, where: str) -> tuple[TroubleKind, str, str]:
        what, remedy = told(error)
        return TroubleKind.NETWORK, f"{where}: {what}", remedy

    return make


_TABLE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], _Make], ...] = (
    (GuardedError, lambda e, where: (TroubleKind.DENIED, f"{where}: {e}", "see evac config show")),
    (
        (CallNotAllowedError, NotDemoError),
        lambda e, where: (TroubleKind.INTERNAL, f"{where}: {e}", "nothing was sent; please report it"),
    ),
    (
        NotAwsError,
        lambda e, where: (TroubleKind.NETWORK, f"{where}: the answer was not AWS's ({e})", _PORTAL),
    ),
    (
        OtherAccountError,
        lambda e, where: (TroubleKind.CONFIG, f"{where}: {e}", "evac reads the profile anew"),
    ),
    (b.ReadTimeoutError, _network("no answer in time")),
    (b.ConnectTimeoutError, _network("not reachable in time")),
    (b.ProxyConnectionError, _between(network_errors.proxy)),
    (b.SSLError, _between(network_errors.tls)),
    (b.EndpointConnectionError, _between(network_errors.unreachable)),
    (ResponseParserError, _network("the answer could not be read")),
    ((b.HTTPClientError, b.ConnectionError), _network("the connection broke")),
)  # the first match wins: subclasses stand before their bases
