"""Asks an instance itself whether it serves: a connection, or the first line of an HTTP answer. In the runner's process alone.

Nothing is looked up, no redirect followed, no proxy used, no body read: the address is AWS's, and a server may answer anything.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import time

from tui.domain.probe import Probe, ProbeSeen
from tui.domain.sanitize import clean

ASK_WITHIN = 3.0
"""Seconds for one address, the connection and its answer together. The lease of an operation lasts longer than two of them."""
_LINE = 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: |\r?\n|$)")


def ask_whether_it_serves(
    probe: Probe, public_ip: str, *, loopback: bool = False, within: float = ASK_WITHIN
) -> ProbeSeen:
    """Ask once, at one address after the other until it serves at one. Never raises."""
    told = []
    for address in probe.addresses(public_ip):
        place = f"[{address}]" if ":" in address else address
        if why := why_no_target(address, loopback=loopback):
            told.append(f"{place} is not asked: {why}")
            continue
        ok, answer = _ask(probe, address, time.monotonic() + within)
        told.append(f"{place}:{probe.port}{probe.path} {answer}")
        if ok:
            return ProbeSeen(ok, clean(told[-1], 300))
    return ProbeSeen(False, clean("; ".join(told) or "it has no address", 300))


def why_no_target(address: str, *, loopback: bool = False) -> str:
    """Why nothing is sent there; empty: it is an address an instance may have. `loopback`: this machine's own is one, too.

    No instance has one of this machine, of its metadata service, or of many (user guide, using-instance-addressing).
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "no address"
    if str(found) != address.lower():
        return "no address"
    if found.is_loopback:
        return "" if loopback else "an address of this machine"
    if found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved:
        return "no address of an instance"
    return ""


def _ask(probe: Probe, address: str, until: float) -> tuple[bool, str]:
    try:
        with socket.create_connection((address, probe.port), timeout=_left(until)) as reached:
            if not probe.path:
                return True, "takes connections"
            host = f"[{address}]" if ":" in address else address
            words = f"GET {probe.path} HTTP/1.1\r\nHost: {host}:{probe.port}\r\nUser-Agent: evac\r\nConnection: close\r\n\r\n"
            reached.settimeout(_left(until))
            reached.sendall(words.encode("ascii"))
            return _answer(reached, until)
    except TimeoutError:
        return False, "does not answer in time"
    except (OSError, ValueError) as error:
        return False, str(getattr(error, "strerror", None) or error).lower()


def _answer(reached: socket.socket, until: float) -> tuple[bool, str]:
    """Whether the first line is a final status below 400. Raises TimeoutError, OSError."""
    line = b""
    while b"\n" not in line and len(line) < _LINE:
        reached.settimeout(_left(until))
        if not (part := reached.recv(_LINE)):
            break
        line += part
    if (found := _STATUS.match(line)) is None:
        return False, "does not answer in HTTP" if line else "closes the connection without an answer"
    status = int(found[1])
    return 200 <= status < 400, f"answers {status}"


def _left(until: float) -> float:
    """Seconds left. Raises TimeoutError: none."""
    if (left := until - time.monotonic()) <= 0:
        raise TimeoutError
    return left
