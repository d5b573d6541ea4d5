"""The rest-json protocol, from botocore's model: the operation of a method and a path, its parameters, its answer.

dlm and backup speak it. Source: the model's `requestUri` and `location` of each member (Smithy, aws.protocols restJson1).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from tui.demo import protocol

Params = dict[str, Any]


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], OperationModel]]:
    """Method, pattern of the path and operation, the most literal first (so that a name comes before `{name}`)."""
    model = protocol.service(service)
    found = []
    for name in model.operation_names:
        op = model.operation_model(name)
        template = op.http["requestUri"].partition("?")[0].rstrip("/")
        parts = re.split(r"\{(\w+)\+?\}", template)
        pattern = "".join(
            f"(?P<{part}>[^/]+)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
        )
        found.append((len(parts), op.http["method"], re.compile(f"{pattern}/?"), op))
    return [(method, pattern, op) for _, method, pattern, op in sorted(found, key=lambda one: one[0])]


def route(service: str, method: str, path: str) -> tuple[OperationModel | None, dict[str, str]]:
    """The operation and the parameters in the path; None for a path that the service does not have."""
    for wanted, pattern, op in _routes(service):
        if wanted == method and (match := pattern.fullmatch(path.partition("?")[0])):
            return op, {name: unquote(value) for name, value in match.groupdict().items()}
    return None, {}


def read(op: OperationModel, path: str, body: bytes, named: Mapping[str, str]) -> Params:
    """The parameters of a request in boto3's names and types. Raises ValueError on a malformed one."""
    if op.input_shape is None:
        return {}
    query = parse_qs(path.partition("?")[2], keep_blank_values=True)
    sent = json.loads(body or b"{}")
    if not isinstance(sent, dict):
        raise ValueError("the body is not an object")
    found: Params = {}
    for member, shape in op.input_shape.members.items():
        name = shape.serialization.get("name", member)
        match shape.serialization.get("location"):
            case "uri" if name in named:
                found[member] = named[name]
            case "querystring" if name in query:
                found[member] = _of_query(shape, query[name])
            case None if name in sent:
                found[member] = _of_body(shape, sent[name])
            case _:
                pass
    return found


def _of_query(shape: Shape, values: Sequence[str]) -> Any:
    if isinstance(shape, ListShape):
        return [_of_query(shape.member, [one]) for one in values]
    match shape.type_name:
        case "integer" | "long":
            return int(values[0])
        case "boolean":
            return values[0].lower() == "true"
        case "timestamp":
            return datetime.fromisoformat(values[0].replace("Z", "+00:00"))
    return values[0]


def _of_body(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        names = {inner.serialization.get("name", member): member for member, inner in shape.members.items()}
        return {
            names[key]: _of_body(shape.members[names[key]], one) for key, one in value.items() if key in names
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_of_body(shape.member, one) for one in value]
    if shape.type_name == "timestamp" and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    return value


def write(op: OperationModel, answer: Params) -> bytes:
    """An answer's body. A key that the model does not have raises KeyError."""
    return json.dumps({} if op.output_shape is None else _told(op.output_shape, answer)).encode()


def _told(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        members = shape.members
        return {
            members[key].serialization.get("name", key): _told(members[key], one)
            for key, one in value.items() if one is not None
        }  # fmt: skip
    if isinstance(shape, ListShape):
        return [_told(shape.member, one) for one in value]
    if isinstance(shape, MapShape):
        return {key: _told(shape.value, one) for key, one in value.items()}
    if isinstance(value, datetime):
        if shape.serialization.get("timestampFormat") == "iso8601":
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"
        return value.timestamp()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
