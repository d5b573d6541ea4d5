"""What Prometheus is told of a watch: counts, no names, ids, tags or account numbers. Needs the extra `metrics`.

The page is made where it is asked for, by threads that share nothing with the watch but numbers.
"""

from __future__ import annotations

import ipaddress
import socketserver
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from socket import AF_INET6, socket
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from tui.errors import EvacError

PAGES_AT_ONCE = 8
"""Pages that are made side by side; whoever comes beside them is hung up on."""
PATIENCE = 10
"""Seconds in which a question must have been put, and its answer taken."""


class MetricsError(EvacError):
    """The metrics can't be served as asked."""

    exit_code = 2


def read_place(text: str, *, public: bool) -> tuple[str, int]:
    """The address and port of `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090` or `:9090`. Raises MetricsError."""
    host, colon, port = text.rpartition(":")
    host = "127.0.0.1" if host in ("", "localhost") else host.removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(host)
        if not (colon and port.isascii() and port.isdecimal() and int(port) <= 65535):
            raise ValueError
    except ValueError:
        raise MetricsError(
            f"--metrics {text}: expected an address and a port such as 127.0.0.1:9090"
        ) from None
    if not address.is_loopback and not public:
        raise MetricsError(
            f"--metrics {text}: {host} can be reached from other machines, and whoever asks is answered;"
            " use 127.0.0.1, or say --metrics-public"
        )
    return host, int(port)


class Gauges:
    """The numbers of one watch. Raises MetricsError where prometheus_client is not installed."""

    def __init__(self, kinds: Iterable[str], now: Callable[[], datetime], version: str) -> None:
        try:
            from prometheus_client import (
                CollectorRegistry,
                Counter,
                Gauge,
                Info,
                ProcessCollector,
                disable_created_metrics,
            )
        except ImportError:
            raise MetricsError(
                "--metrics needs prometheus_client, which is not installed: pip install 'evac[metrics]'"
            ) from None
        disable_created_metrics()  # type: ignore[no-untyped-call] # the library's own signature lacks types
        self.registry = CollectorRegistry()
        own: Any = {"registry": self.registry}
        self._now, self._read_at, self._began = now, now(), now()
        self._incidents = Gauge(
            "evac_incidents", "Incidents that have begun and are not over.", ["kind"], **own
        )
        self._begun = Counter("evac_incidents_begun", "Incidents that began.", ["kind"], **own)
        self._over = Counter("evac_incidents_over", "Incidents that are over.", ["kind"], **own)
        self._targets = Gauge(
            "evac_targets", "Targets (a profile and a Region), by whether they are read.", ["state"], **own
        )
        self._instances = Gauge(
            "evac_instances", "Instances as last read, by how urgent they are.", ["level"], **own
        )
        self._kept = Gauge(
            "evac_state_file_written", "1 if the incidents could be kept on disk the last time.", **own
        )
        self._restarts = Counter(
            "evac_collector_restarts", "How often the process that reads AWS had to be started again.", **own
        )
        last = Gauge("evac_last_read_seconds", "Seconds since AWS last answered for any target.", **own)
        last.set_function(lambda: max(0.0, (self._now() - self._read_at).total_seconds()))
        Info("evac_build", "The version of evac.", **own).info({"version": version})
        ProcessCollector(registry=self.registry)
        for kind in kinds:  # a number that is not there can't be told from one that is lost
            for metric in (self._incidents, self._begun, self._over):
                metric.labels(kind)

    def count(self, begun: Iterable[str], over: Iterable[str], open_now: Mapping[str, int]) -> None:
        """Changes by their kind, and how many incidents of each are open."""
        for kind in begun:
            self._begun.labels(kind).inc()
        for kind in over:
            self._over.labels(kind).inc()
        for kind, number in open_now.items():
            self._incidents.labels(kind).set(number)

    def fleet(
        self, targets: Mapping[str, int], instances: Mapping[str, int], read_at: datetime | None
    ) -> None:
        """How many targets are in which state and instances on which level; when AWS last answered (UTC), None: not yet."""
        for state, number in targets.items():
            self._targets.labels(state).set(number)
        for level, number in instances.items():
            self._instances.labels(level).set(number)
        self._read_at = self._began if read_at is None else read_at

    def kept(self, written: bool) -> None:
        """Whether the state could be written."""
        self._kept.set(written)

    def restarted(self) -> None:
        """The collector had to be started again."""
        self._restarts.inc()


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody asked who asks."""


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    _free = threading.BoundedSemaphore(PAGES_AT_ONCE)

    def server_bind(self) -> None:
        """Without looking up this machine's name, which may take minutes."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "evac", self.server_address[1]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread, while there are few."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One question."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """Whoever hung up is not told of."""


class _Server6(_Server):
    address_family = AF_INET6


def serve_metrics(gauges: Gauges, host: str, port: int) -> tuple[int, Callable[[], None]]:
    """Answer Prometheus from now on; the port (0: one that is free was taken), and how to end it. Raises MetricsError."""
    from prometheus_client import make_wsgi_app

    kind = _Server6 if ":" in host else _Server
    try:
        server = kind((host, port), _Handler)
    except OSError as error:
        why = error.strerror or error
        raise MetricsError(f"--metrics: {host} port {port} can't be used ({why}): choose another") from None
    server.set_app(make_wsgi_app(gauges.registry))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
    thread.start()

    def end() -> None:
        server.shutdown()
        server.server_close()

    return int(server.server_address[1]), end
