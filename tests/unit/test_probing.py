"""Asking an instance itself whether it serves: real sockets, and servers of every kind."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta

import pytest

from tui.domain.probe import Probe
from tui.operations.probing import ask_whether_it_serves, why_no_target

HERE = "127.0.0.1"
Talk = Callable[[socket.socket], None]


@contextmanager
def serving(talk: Talk) -> Iterator[int]:
    """A server that says this to whoever connects; its port."""
    over = threading.Event()
    with socket.create_server((HERE, 0)) as server, ExitStack() as open_ones:
        server.settimeout(30)

        def serve() -> None:
            while not over.is_set():
                with suppress(OSError):  # it is over, or the other side has gone
                    reached = open_ones.enter_context(server.accept()[0])
                    talk(reached)

        served = threading.Thread(target=serve, daemon=True)
        served.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            server.shutdown(
                socket.SHUT_RDWR
            )  # wakes it, so that no connection comes after the last was closed
            served.join(30)


def says(text: bytes, *, close: bool = True) -> Talk:
    def talk(reached: socket.socket) -> None:
        reached.recv(4096)
        reached.sendall(text)
        if close:
            reached.close()

    return talk


def silent(reached: socket.socket) -> None:
    """It takes the connection, and says nothing."""


def drips(reached: socket.socket) -> None:
    while True:
        reached.sendall(b"H")
        time.sleep(0.05)


def floods(reached: socket.socket) -> None:
    reached.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        reached.sendall(b"x" * 65536)


def asked(
    port: int, path: str = "", private: str = HERE, public: str = "", within: float = 0.6
) -> tuple[bool, str]:
    seen = ask_whether_it_serves(
        Probe(port, path, timedelta(minutes=5), private), public, loopback=True, within=within
    )
    return seen.ok, str(seen.told)


@pytest.mark.parametrize(
    ("talk", "ok", "told"),
    [
        (says(b"HTTP/1.1 200 OK\r\n\r\nwell"), True, "answers 200"),
        (says(b"HTTP/1.0 204\r\n\r\n"), True, "answers 204"),
        (says(b"HTTP/1.1 301 Moved\r\nLocation: http://169.254.169.254/latest/meta-data\r\n\r\n"), True, "answers 301"),
        (says(b"HTTP/1.1 200 OK\r\n\r\n", close=False), True, "answers 200"),
        (floods, True, "answers 200"),
        (says(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"), False, "answers 503"),
        (says(b"HTTP/1.1 404 \x1b[31mgone\r\n\r\n"), False, "answers 404"),
        (says(b"HTTP/1.1 103 Early Hints\r\n\r\n"), False, "answers 103"),
        (says(b"SSH-2.0-OpenSSH_9.6\r\n"), False, "does not answer in HTTP"),
        (says(b"\x15\x03\x01\x00\x02\x02\x28"), False, "does not answer in HTTP"),
        (says(b"HTTP/1.1 2000 OK\r\n"), False, "does not answer in HTTP"),
        (says(b"x" * 5000), False, "does not answer in HTTP"),
        (says(b""), False, "closes the connection without an answer"),
        (silent, False, "does not answer in time"),
        (drips, False, "does not answer in time"),
    ],
)  # fmt: skip
def test_what_a_server_answers(talk: Talk, ok: bool, told: str) -> None:
    with serving(talk) as port:
        assert asked(port, "/healthz", within=0.6 if talk in (silent, drips) else 20) == (
            ok, f"{HERE}:{port}/healthz {told}"
        )  # fmt: skip


def test_a_connection_is_enough_where_only_a_port_is_named() -> None:
    with serving(silent) as port:
        assert asked(port, within=20) == (True, f"{HERE}:{port} takes connections")
    with socket.socket() as taken:  # a port that nobody else is given meanwhile
        taken.bind((HERE, 0))
        port = taken.getsockname()[1]
        assert asked(port, within=20) == (False, f"{HERE}:{port} connection refused")


def test_the_path_and_the_host_are_what_is_asked_and_nothing_else() -> None:
    heard: list[bytes] = []

    def listens(reached: socket.socket) -> None:
        heard.append(reached.recv(4096))
        reached.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with serving(listens) as port:
        assert asked(port, "/healthz?deep=1", within=20)[0]
    assert heard == [
        f"GET /healthz?deep=1 HTTP/1.1\r\nHost: {HERE}:{port}\r\nUser-Agent: evac\r\nConnection: close\r\n\r\n".encode()
    ]


def test_the_public_address_is_asked_where_the_private_one_does_not_answer() -> None:
    with serving(silent) as port:
        ok, told = asked(port, private="127.0.0.9", public=HERE, within=20)
        assert (ok, told) == (True, f"{HERE}:{port} takes connections")
        ok, told = asked(port, private="127.0.0.9", public="evil.example", within=20)
    assert not ok
    assert told == f"127.0.0.9:{port} connection refused; evil.example is not asked: no address"
    assert asked(443, private="", public="") == (False, "it has no address")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("10.0.0.7", ""),
        ("203.0.113.9", ""),
        ("2600:1f18::7", ""),
        ("fd12::7", ""),
        ("169.254.169.254", "no address of an instance"),
        ("fe80::1", "no address of an instance"),
        ("0.0.0.0", "no address of an instance"),
        ("224.0.0.1", "no address of an instance"),
        ("::", "no address of an instance"),
        ("127.0.0.1", "an address of this machine"),
        ("::1", "an address of this machine"),
        ("10.0.0.7:22", "no address"),
        ("10.1", "no address"),
        ("-oProxy", "no address"),
        ("localhost", "no address"),
        ("fe80::1%lo", "no address"),
    ],
)
def test_only_what_an_instance_may_have_is_a_target(address: str, why: str) -> None:
    assert why_no_target(address) == why or (address == "fe80::1%lo" and why_no_target(address))


def test_a_link_to_this_machine_is_not_asked_but_in_the_demonstration() -> None:
    with serving(silent) as port:
        seen = ask_whether_it_serves(Probe(port, "", timedelta(minutes=5), HERE), "")
    assert (seen.ok, seen.told) == (False, f"{HERE} is not asked: an address of this machine")
