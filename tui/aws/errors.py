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
from tui.aws.setting_errors import Told, no_login
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
        return _trouble(_said(error, profile, region, about, why), error_code(error), where)
    if _in_parser(error):
        error = NotAwsError("it lacks what AWS always sends")
    name = clean(type(error).__name__)
    if (said := login_errors.login_trouble(error, about)) is not None:
        return _trouble(said, name, where)
    for kinds, kind, what in _TABLE:
        if isinstance(error, kinds):
            cause, remedy = what(error) if callable(what) else (what[0].format(error), what[1])
            service = network_errors.service(error) if kind is TroubleKind.NETWORK else ""
            return _trouble(Told(kind, service + cause, remedy), name, where)
    cause = f"{doing + ': ' if doing else ''}{name}: {error}"
    return _trouble(
        Told(TroubleKind.INTERNAL, cause, "evac keeps trying; if it stays, report it"), name, where
    )


def _trouble(told: Told, code: str, where: str) -> Trouble:
    texts = clean(told.cause, 300), clean(told.remedy, 300), clean(code), clean(told.of), clean(where)
    return Trouble(told.kind, *texts)


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
    remedy = f"enable {region} in the account's settings, or leave it out (regions in config.toml)"
    told = Told(TroubleKind.REGION, "the region is not enabled for this account", remedy)
    return _trouble(told, code, f"{profile}/{region}")


def _hint(ahead: timedelta | None) -> str:
    return "" if ahead is None else f": it is {network_errors.clock_offset(ahead)}"


def _said(error: b.ClientError, profile: str, region: str, about: About, why: str) -> Told:
    code, message = error_code(error), str(error.response.get("Error", {}).get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    operation = error.operation_name
    ahead = network_errors.skew(error) if code in BY_CLOCK else None
    if ahead is None and code not in THROTTLED and (told := login_refused.said(error, about)) is not None:
        return told
    if ahead is not None and abs(ahead) >= network_errors.REFUSED:
        return no_login(
            f"this machine's clock is {network_errors.clock_offset(ahead)}", network_errors.SET_CLOCK
        )
    clock = f"this machine's clock{_hint(ahead)}"
    if code in EXPIRED:
        renew = about.login.command or f"renew the credentials of profile {about.login.profile or profile}"
        return no_login("the credentials have expired", f"{renew}; if they are new, check {clock}")
    if code in THROTTLED:
        remedy = "evac asks less often for a while; no action needed"
        return Told(TroubleKind.THROTTLED, f"AWS throttles {operation}", remedy)
    if code in DENIED:
        # The message may carry an encoded text of a kilobyte, of use to nobody on screen: `why` is what it says.
        cause = f"{operation} is not allowed{': ' if why else ''}{why}"
        of = f"{profile} {why}" if access_denied.ORGANISATION.search(why) else ""
        return Told(TroubleKind.DENIED, cause, access_denied.denied_remedy(operation, why, region), of)
    if code in BAD_KEYS:
        remedy = f"check the keys of profile {profile}, and whether {region or 'the region'} is enabled"
        return no_login(f"AWS does not accept the credentials ({code})", remedy)
    if code in BAD_SIGNATURE:
        remedy = f"check the secret key of profile {profile} and {clock}"
        return no_login("AWS does not accept the signature", remedy)
    if code in ("OptInRequired", "SubscriptionRequiredException"):
        cause = "the account is not subscribed to this service"
        return Told(TroubleKind.REGION, cause, "subscribe, or leave the region out")
    if code in ("PendingVerification", "Blocked"):
        remedy = "see the message AWS sent to the account's owner"
        return Told(TroubleKind.DENIED, f"AWS has {code} on the account", remedy)
    if status == 407:
        return Told(TroubleKind.NETWORK, *network_errors.proxy_login())
    if status >= 500:
        cause = f"AWS failed at {operation} ({code or status})"
        return Told(TroubleKind.NETWORK, cause, "evac tries again")
    if not code or code.isdigit():
        return Told(TroubleKind.NETWORK, f"the answer was not AWS's (HTTP {status})", _PORTAL)
    return Told(TroubleKind.INTERNAL, f"{operation}: {code}: {message}", "evac keeps trying")


_PORTAL = "check for a proxy or a captive portal"
_NETWORK = "evac tries again; check the network"
_Cause = tuple[str, str] | Callable[[Any], tuple[str, str]]
"""Cause (`{}` is the error) and remedy, or what makes both of the error."""
_TABLE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], TroubleKind, _Cause], ...] = (
    (GuardedError, TroubleKind.DENIED, ("{}", "see evac config show")),
    ((CallNotAllowedError, NotDemoError), TroubleKind.INTERNAL, ("{}", "nothing was sent; please report it")),
    (NotAwsError, TroubleKind.NETWORK, ("the answer was not AWS's ({})", _PORTAL)),
    (OtherAccountError, TroubleKind.CONFIG, ("{}", "evac reads the profile anew")),
    (b.ReadTimeoutError, TroubleKind.NETWORK, ("no answer in time", _NETWORK)),
    (b.ConnectTimeoutError, TroubleKind.NETWORK, ("not reachable in time", _NETWORK)),
    (b.ProxyConnectionError, TroubleKind.NETWORK, network_errors.proxy),
    (b.SSLError, TroubleKind.NETWORK, network_errors.tls),
    (b.EndpointConnectionError, TroubleKind.NETWORK, network_errors.unreachable),
    (ResponseParserError, TroubleKind.NETWORK, ("the answer could not be read", _NETWORK)),
    ((b.HTTPClientError, b.ConnectionError), TroubleKind.NETWORK, ("the connection broke", _NETWORK)),
)  # the first match wins: subclasses stand before their bases
