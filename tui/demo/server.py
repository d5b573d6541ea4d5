"""HTTP on loopback: which call it is, faults, the answer; the control paths are in control.py."""

from __future__ import annotations

import json
import re
import socket
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tui.demo import ec2_write, protocol, rest_json, skew
from tui.demo.control import control
from tui.demo.faults import STATUS, Rule
from tui.demo.gateway import Aws
from tui.demo.request import Request
from tui.demo.world import AwsError, World

Doc = dict[str, Any]
_SCOPE = re.compile(r"Credential=([^/,]+)/\d+/([^/]+)/([^/]+)/")
_BY_SIGNING = {
    "ec2": "ec2", "sts": "sts", "iam": "iam", "autoscaling": "autoscaling", "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch", "health": "health", "cloudtrail": "cloudtrail", "dlm": "dlm", "backup": "backup",
    "ssm": "ssm",
}  # fmt: skip
_CLASSIC = "2012-06-01"
"""The version of the older of the two services that sign as elasticloadbalancing."""
_LOCAL = re.compile(r"^(127\.\d+\.\d+\.\d+|localhost|[\w.-]+\.localhost|\[::1\])(:\d+)?$")


class Handler(BaseHTTPRequestHandler):
    """Handles one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    aws: Aws
    skew = 0.0
    """Seconds by which this answer's date is wrong: what AWS's own looks like to a machine whose clock is."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header, by the embedded AWS's clock."""
        return super().date_time_string(time.time() + self.skew if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        """Control paths, and what a rest-json service reads."""
        self._handle()

    def do_DELETE(self) -> None:
        """Control paths only."""
        self._handle()

    def do_PUT(self) -> None:
        """What a rest-json service is sent."""
        self._handle()

    def do_POST(self) -> None:
        """AWS's protocols and control paths."""
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not _LOCAL.match(self.headers.get("Host", "")):
            self._send(403, b"only loopback is served", "text/plain")
        elif self.path.startswith("/_evac/"):
            self._control(body)
        else:
            self._call(body)

    def _send(
        self,
        status: int,
        body: bytes,
        kind: str = "text/xml;charset=UTF-8",
        cut: int | None = None,
        request_id: str = "",
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if request_id:
            self.send_header("x-amzn-RequestId", request_id)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True

    def _control(self, body: bytes) -> None:
        path = self.path.removeprefix("/_evac/").partition("?")[0]
        try:
            with self.aws.lock:
                answer = control(self.aws, self.command, path, json.loads(body or b"{}"))
            status = 200 if answer is not None else 404
        except (ValueError, KeyError, TypeError) as error:
            status, answer = 400, {"error": str(error)}
        self._send(status, json.dumps(answer, default=str).encode(), "application/json")

    def _identify(self, body: bytes) -> tuple[str, str, str, str, dict[str, str]]:
        """Service, operation, region, access key, form (of rest-json: the parameters in the path)."""
        match = _SCOPE.search(self.headers.get("Authorization", ""))
        form = protocol.parse_form(body)
        if (
            match is None and form.get("Action") == "AssumeRoleWithWebIdentity"
        ):  # who asks for credentials signs nothing
            return "sts", form["Action"], "us-east-1", "", form
        if match is None:
            raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        key, region, signing = match.groups()
        service = _BY_SIGNING.get(signing, "")
        target = self.headers.get("X-Amz-Target", "")
        if target:
            return service, target.rsplit(".", 1)[-1], region, key, {}
        if service and protocol.service(service).protocol == "rest-json":
            op, named = rest_json.route(service, self.command, self.path)
            return service, op.name if op is not None else self.path, region, key, named
        if service == "elbv2" and form.get("Version") == _CLASSIC:
            service = "elb"
        return service, form.get("Action", ""), region, key, form

    def _call(self, body: bytes) -> None:
        aws, self.skew = self.aws, 0.0
        shape = "ec2"
        try:
            service, name, region, key, form = self._identify(body)
            op = protocol.operation(service, name) if service else None
            shape = (
                "json"
                if self.headers.get("X-Amz-Target")
                else protocol.service(service).protocol
                if service
                else "query"
            )
            shape = "query" if shape.startswith("smithy") else shape
            if op is None:
                raise AwsError("InvalidAction", f"The action {name} is not valid for this endpoint.")
            if shape == "rest-json":
                params = rest_json.read(op, self.path, body, form)
            else:
                params = protocol.read_json(op, body) if shape == "json" else protocol.read_form(op, form)
        except AwsError as error:
            self._send(
                error.status, protocol.write_error(shape, error.code, error.message, str(uuid.uuid4()))
            )
            return
        except ValueError as error:
            self._send(
                400, protocol.write_error(shape, "MalformedQueryString", str(error), str(uuid.uuid4()))
            )
            return
        dry = bool(params.pop("DryRun", False))
        ids = [*params.get("InstanceIds", []), *([params["InstanceId"]] if "InstanceId" in params else [])]
        record: Doc = {
            "time": time.time(), "service": service, "operation": name, "region": region, "key": key, "instances": ids,
            "dry_run": dry, "user_agent": self.headers.get("User-Agent", ""), "params": params, "result": "",
            "effect": False,
        }  # fmt: skip
        rule: Rule | None = None
        with aws.lock:
            aws.world.clock.settle()
            account = aws.world.identities[key].account if key in aws.world.identities else ""
            record["account"] = account
            aws.calls.append(record)
            facts = {k: [str(record[k])] for k in ("service", "operation", "region", "key", "account")}
            rule = aws.faults.find({**facts, "instance": ids}, dry)
            late = (
                skew.refusal(service, self.headers.get("X-Amz-Date", ""), aws.world.clock.now)
                if aws.strict
                else None
            )
            self.skew = aws.world.clock.now.timestamp() - time.time() if aws.strict else 0.0
        if late is not None:
            record["result"] = late.code
            self._send(late.status, protocol.write_error(shape, late.code, late.message, str(uuid.uuid4())))
            return
        bounce = rule.then if rule is not None and "bounce" in rule.then else None
        if rule and rule.when == "before" and self._fault(rule, shape, record, b""):
            return
        with aws.lock:
            try:
                if bounce is not None:
                    ec2_write.bounce(aws.world, ids, str(bounce["bounce"]), str(bounce.get("message", "")))
                identity = aws.world.identity(key, service)
                request = Request(aws.world, identity, aws.world.region(identity.account, region), service, name, key,
                                  record["user_agent"], "json" in shape,
                                  tuple(rule.then.get("forbidden", ())) if rule is not None else ())  # fmt: skip
                status, answer = 200, aws.serve(op, params, request, dry)
                record["result"], record["effect"] = "ok", True
            except AwsError as error:
                status, record["result"] = error.status, error.code
                answer = protocol.write_error(shape, error.code, error.message, str(uuid.uuid4()))
            if service == "ec2":
                aws.trail(record, params)
        if rule and rule.when == "after" and self._fault(rule, shape, record, answer):
            return
        json_kind = "application/json" if shape == "rest-json" else "application/x-amz-json-1.1"
        kind = json_kind if "json" in shape else "text/xml;charset=UTF-8"
        cut = rule.then.get("cut") if rule else None
        # The JSON protocols have no place for it in the body (Smithy, awsJson1_0: x-amzn-RequestId).
        self._send(status, answer, kind, cut, str(uuid.uuid4()) if "json" in shape else "")

    def _fault(self, rule: Rule, shape: str, record: Doc, answer: bytes) -> bool:
        """Apply a fault rule; whether that answered the request."""
        then = rule.then
        if "error" in then:
            code, self.skew = then["error"], float(then.get("skew", 0))
            record["result"] = f"fault {code}"
            status = then.get("status", STATUS.get(code, 400))
            self._send(
                status, protocol.write_error(shape, code, then.get("message", code), str(uuid.uuid4()))
            )
            return True
        if "raw" in then:
            self._send(then.get("status", 200), str(then["raw"]).encode(), "text/html")
            return True
        if then.get("reset"):
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
            )
            self.close_connection = True
            self.connection.close()
            return True
        time.sleep(float(then.get("delay", 0) or then.get("hang", 0)))
        if "hang" in then:
            self.close_connection = True
            return True
        return False


class Server(ThreadingHTTPServer):
    """The HTTP server, on loopback only."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, build: Callable[[], World], port: int = 0, host: str = "127.0.0.1") -> None:
        if not _LOCAL.match(host):
            raise ValueError(f"the embedded AWS serves loopback only, not {host}")
        super().__init__((host, port), type("BoundHandler", (Handler,), {"aws": Aws(build)}))

    @property
    def url(self) -> str:
        """The server's URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect."""
