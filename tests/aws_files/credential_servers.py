"""What stands beside AWS where credentials come from: SSO's portal, a container's address, a machine's metadata."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.integration.collector_watch import KEYS

ROLES = {"Prod": "prod", "Data": "data", "Staging": "staging"}


class Handler(BaseHTTPRequestHandler):
    """One connection. `asked` are the paths, in order."""

    asked: list[str]

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def _answer(self, status: int, body: Any, kind: str = "") -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.send_response(status)
        if kind:
            self.send_header("x-amzn-ErrorType", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self) -> None:
        self.asked.append(self.path)
        self._answer(200, "token")

    def do_POST(self) -> None:
        """SSO's renewal of a token: none is renewed."""
        self.asked.append(self.path)
        self._answer(400, {"error": "invalid_grant"}, "InvalidGrantException")

    def do_GET(self) -> None:
        self.asked.append(self.path)
        url = urlsplit(self.path)
        if url.path == "/federation/credentials":
            self._portal(parse_qs(url.query))
        elif url.path == "/container":
            if self.headers.get("Authorization", "") != "let me":
                self._answer(401, {"message": "not with this token"})
            else:
                self._answer(200, _keys("data", "Token"))
        elif url.path.endswith("/iam/security-credentials/"):
            self._answer(200, "machine")
        elif url.path.endswith("/iam/security-credentials/machine"):
            self._answer(
                200, {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "", **_keys("staging", "Token")}
            )
        else:
            self._answer(404, "")

    def _portal(self, asked: dict[str, list[str]]) -> None:
        role, account = asked["role_name"][0], asked["account_id"][0]
        if self.headers.get("x-amz-sso_bearer_token") != "valid":
            self._answer(401, {"message": "Session token not found or invalid"}, "UnauthorizedException")
        elif role not in ROLES:
            self._answer(403, {"message": "No access"}, "ForbiddenException")
        else:
            found = {
                "accessKeyId": KEYS[ROLES[role]], "secretAccessKey": "demo", "sessionToken": "demo",
                "expiration": int((time.time() + 3600) * 1000),
            }  # fmt: skip
            assert account
            self._answer(200, {"roleCredentials": found})


def _keys(name: str, token: str) -> dict[str, str]:
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
    return {"AccessKeyId": KEYS[name], "SecretAccessKey": "demo", token: "demo", "Expiration": ends}


@contextmanager
def serving() -> Iterator[tuple[str, list[str]]]:
    """Its address, and what it was asked."""
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"asked": asked}))
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
