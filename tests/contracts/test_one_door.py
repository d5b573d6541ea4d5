"""Clients of AWS are made in one place, and nothing else in the source could send a change. Read from the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "tui").rglob("*.py"), *(ROOT / "screens").rglob("*.py")])
DOOR = "tui/aws/sessions.py"
LEVERS = {
    "unregister",
    "create_client",
    "generate_presigned_url",
    "generate_presigned_post",
    "get_signing_name",
}
"""What would take the guard off, or go around it."""
NETWORK = {
    "http",
    "socketserver",
    "wsgiref",
    "urllib3",
    "requests",
    "httpx",
    "aiohttp",
    "ssl",
    "ftplib",
    "telnetlib",
    "smtplib",
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that is called."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def offences(path: Path) -> list[str]:
    """What in this file makes a session or client, or removes a guard."""
    found = []
    for line, called in calls(path):
        last = called.rpartition(".")[2]
        makes = called.endswith(("boto3.client", "boto3.resource", ".Session", "boto3.Session")) and (
            "boto" in called
        )
        if makes or last in LEVERS or called == "get_session":
            found.append(f"{name_of(path)}:{line} {called}")
    return found


def test_sessions_and_clients_are_made_behind_one_door() -> None:
    guilty = [one for path in SOURCES if name_of(path) != DOOR for one in offences(path)]
    assert guilty == []
    assert offences(ROOT / DOOR)  # the test sees what it looks for


@pytest.mark.parametrize(
    "code",
    [
        "import boto3\nboto3.client('ec2')", "import boto3\nboto3.session.Session()", "x.meta.events.unregister('before-call')",
        "from botocore.session import get_session\nget_session()", "c.generate_presigned_url('x')",
        "import botocore.session\nbotocore.session.Session().create_client('ec2')",
    ],
)  # fmt: skip
def test_the_test_would_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "x.py").write_text(code)
    assert offences(tmp_path / "x.py")


def test_the_guard_is_on_before_the_door_gives_a_session_out() -> None:
    """`_made` installs it before its only return, and `_session` keeps nothing but what that made."""
    text = {
        node.name: ast.unparse(node)
        for node in ast.walk(ast.parse((ROOT / DOOR).read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert text["_made"].index("allowlist.install_allowlist(") < text["_made"].index("return ")
    assert text["_made"].count("return ") == 1
    kept = [line.strip() for line in text["_session"].splitlines() if "login.sessions[mutating] =" in line]
    assert kept == ["login.sessions[mutating] = self._made(profile, mutating, login.region)"]
    assert [name for name, body in text.items() if "._made(" in body] == ["_session"]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_nothing_else_speaks_to_a_network() -> None:
    """The demonstration apart, which serves on loopback, and what looks whether it still does; one look-up of names, and the
    question to an instance whether it serves; systemd's socket, and what answers Prometheus."""
    guilty = [
        f"{name_of(path)}: {module}"
        for path in SOURCES
        if "tui/demo/" not in name_of(path)
        for module in imported(path)
        if module.partition(".")[0] in NETWORK or module == "urllib.request"
        if (name_of(path), module) not in KNOWN_SERVERS
    ]
    guilty += [
        f"{name_of(path)}:{line} {called}"
        for path in SOURCES
        if "tui/demo/" not in name_of(path) and not name_of(path).endswith("operations/demo_watchdog.py")
        for line, called in calls(path)
        if called.startswith("socket.") and called != "socket.gethostname"
        if (name_of(path), called) not in KNOWN_SOCKETS
    ]
    assert guilty == []


KNOWN_SERVERS = {("tui/watch/metrics.py", one) for one in ("socketserver", "wsgiref.simple_server")}
KNOWN_SOCKETS = {
    ("tui/dns.py", "socket.getaddrinfo"),
    ("tui/operations/probing.py", "socket.create_connection"),
    ("tui/watch/notify.py", "socket.socket"),
}


def test_an_instance_is_asked_whether_it_serves_by_the_runner_alone() -> None:
    """Neither the console's process nor the collector's can: the gateway imports boto3, which is out of their reach."""
    users = {
        name_of(path) for path in SOURCES for module in imported(path) if module == "tui.operations.probing"
    }
    assert users == {"tui/operations/aws_gateway.py"}


PAID = {
    "get_metric_data": "tui/aws/metrics.py",
    "get_metric_statistics": "tui/aws/metrics.py",
    "list_metrics": "tui/aws/metrics.py",
    "lookup_events": "tui/aws/cloudtrail.py",
}


def test_what_is_paid_by_the_metric_is_asked_when_somebody_looks_and_nowhere_else() -> None:
    """Each in one module, and these are reached by what answers a person's question alone: no list, no poll."""
    asked: dict[str, set[str]] = {}
    for path in SOURCES:
        if "tui/demo/" in name_of(path):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in PAID:
                asked.setdefault(node.attr, set()).add(name_of(path))
    assert asked == {call: {module} for call, module in PAID.items()}
    ways = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "tui.aws"
        if {alias.name for alias in node.names} & {"metrics", "cloudtrail"}
    }
    assert ways == {"tui/fleet/collector/evidence.py"}
