"""Whether an instance that no load balancer watches serves again: what is asked of it, and at which addresses.

The settings name a filter and a port or a path (`[[probe]]`); the targets are the instance's own addresses, as AWS tells them.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from tui.domain.sanitize import SafeText, clean
from tui.domain.time_format import span

HTTP_PORT = 80


class ProbeRule(Struct, frozen=True):
    """One `[[probe]]`: of instances that match the filter `when`, a connection to `port`, or, where there is a `path`, an HTTP
    answer below 400 to it. `within`: how long that is waited for."""

    when: str
    port: int
    path: str
    within: timedelta


class Probe(Struct, frozen=True):
    """What is asked of one instance, as it was planned. `private`: its private address, or else its first IPv6 one."""

    port: int
    path: str
    within: timedelta
    private: str

    @property
    def text(self) -> SafeText:
        """`a connection to port 443`, `an answer to GET :80/healthz`."""
        return clean(
            f"an answer to GET :{self.port}{self.path}" if self.path else f"a connection to port {self.port}"
        )

    @property
    def about(self) -> str:
        """How long it is waited for."""
        return f"{self.text}, for up to {span(self.within)}"

    def addresses(self, public_ip: str) -> tuple[str, ...]:
        """Where it is asked, in turn: the private address, and the public one it has now."""
        return tuple(dict.fromkeys(one for one in (self.private, public_ip) if one))


class ProbeSeen(Struct, frozen=True):
    """What came of asking once: `ok`, and in one line who answered what."""

    ok: bool
    told: SafeText


def probe_place(tcp: int, http: str) -> tuple[int, str]:
    """Port and path of a `[[probe]]`: of `http` also with its port, `:8080/healthz`. Raises ValueError on a port that is none."""
    if not http:
        return tcp, ""
    told, slash, rest = http.removeprefix(":").partition("/")
    port = int(told) if told else HTTP_PORT
    if not 0 < port < 65536:
        raise ValueError("expected a port from 1 to 65535")
    return port, slash + rest
