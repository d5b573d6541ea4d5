"""What stood between this machine and AWS: a name, a proxy, a certificate, or this machine's own clock.

Each answers cause and remedy without the place. Sources: urllib3's and ssl's exceptions, which botocore's carry.
"""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from botocore import exceptions as b

from tui.domain.time_format import span

SKEWED = timedelta(seconds=60)
"""A smaller difference says nothing: the answer was under way."""
REFUSED = timedelta(minutes=5)
"""AWS refuses a signature whose time is further from its own (signature version 4: five minutes for most services)."""
SET_CLOCK = "set this machine's clock (timedatectl set-ntp true)"
_FIPS = "use_fips_endpoint is on, and not every region has such endpoints: take it out (AWS_USE_FIPS_ENDPOINT), or the region"
_VERIFY = re.compile(r"certificate verify failed: ([^(\[]+)")
_REASON = re.compile(r"\[SSL: (\w+)\]")


def skew(error: b.ClientError) -> timedelta | None:
    """By how much this machine's clock is ahead of AWS's, by the date of its own answer; None: not by much, or unknown."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        ahead = datetime.now(UTC) - parsedate_to_datetime(str(headers.get("date", "")))
    except (TypeError, ValueError):
        return None
    return ahead if abs(ahead) >= SKEWED else None


def clock_offset(ahead: timedelta) -> str:
    """The clock's offset in words."""
    return f"{span(ahead)} {'ahead of' if ahead > timedelta(0) else 'behind'} AWS's"


def service(error: BaseException) -> str:
    """Which service did not answer, where it is not EC2: a region may be well, and STS out of reach. Else empty."""
    place, name = error.__traceback__, ""
    while place is not None:
        client: Any = place.tb_frame.f_locals.get("self")
        if place.tb_frame.f_code.co_name == "_make_api_call":
            name = str(client.meta.service_model.service_name)
        place = place.tb_next
    return "" if name in ("", "ec2") else name.upper() + ": "


def tls(error: b.SSLError) -> tuple[str, str]:
    """Why a certificate, or the handshake before it, was not accepted."""
    text = str(error)
    if found := _VERIFY.search(text):
        reason = found[1].strip().rstrip(".,")
        if "expired" in reason or "not yet valid" in reason:
            remedy = "check this machine's clock; if it is right, the certificate is wrong"
        else:
            remedy = "if a proxy opens TLS, name its certificate in AWS_CA_BUNDLE"
        return f"the TLS certificate was not accepted ({reason})", remedy
    if found := _REASON.search(text):
        reason = found[1].lower().replace("_", " ")
        return f"no TLS connection ({reason})", "check proxies, and who answers in AWS's place"
    return "no TLS connection", "check AWS_CA_BUNDLE, proxies and this machine's clock"


def unreachable(error: b.EndpointConnectionError) -> tuple[str, str]:
    """Cause and remedy for an endpoint that can't be reached: a name that is not found, or a host that refuses."""
    host = urlsplit(str(error.kwargs.get("endpoint_url", ""))).hostname or "AWS's address"
    cause: object = error.kwargs.get("error")
    if isinstance(cause, socket.gaierror) or type(cause).__name__ == "NameResolutionError":
        if "-fips." in host or host.startswith("fips."):
            return f"the name {host} was not found (DNS)", _FIPS
        return f"the name {host} was not found (DNS)", "evac tries again; check DNS and VPN"
    return "not reachable", "evac tries again; check the network"


def proxy(error: b.ProxyConnectionError) -> tuple[str, str]:
    """Cause and remedy for a proxy: it can't be reached, or refused the connection."""
    found = re.search(r"Tunnel connection failed: (\d{3})", str(error.kwargs.get("error", "")))
    if found and found[1] == "407":
        return proxy_login()
    if found:
        return f"the proxy refused the connection ({found[1]})", "check HTTPS_PROXY and NO_PROXY"
    return "the proxy is not reachable", "check HTTPS_PROXY and NO_PROXY"


def proxy_login() -> tuple[str, str]:
    """Cause and remedy for status 407, a proxy that asks for a login."""
    return "the proxy asks for a login (407)", "put it into HTTPS_PROXY (http://user:password@host:port)"
