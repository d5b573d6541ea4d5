"""The wire, both ways, from botocore's service models: request to parameters, boto3's own shapes to an answer.

The model names every parameter and every element, so an operation needs no code of its own here. Protocols: ec2, query,
json (cloudwatch, cloudtrail, health and ssm); rest-json is in rest_json.py.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import msgspec
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

Params = dict[str, Any]
Writer = Callable[[Any], str]
_XML_ILLEGAL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF), "\ufffd")


class _Files(JSONFileLoader):
    """As botocore's, by msgspec: EC2's model takes the standard library 60 ms."""

    def _load_file(self, full_path: str, open_method: Any) -> Any:
        try:
            with open_method(full_path, "rb") as file:
                return msgspec.json.decode(file.read())
        except FileNotFoundError:
            return None


class _Loader(Loader):
    FILE_LOADER_CLASS = _Files


_LOADER = _Loader()
_LOADING = threading.Lock()
_SERVICES: dict[str, ServiceModel] = {}


def service(name: str) -> ServiceModel:
    """The model of a service, by botocore's name; loaded once, however many ask first at the same moment."""
    if name not in _SERVICES:
        with _LOADING:
            if name not in _SERVICES:
                _SERVICES[name] = ServiceModel(_LOADER.load_service_model(name, "service-2"), name)
    return _SERVICES[name]


@cache
def operation(service_name: str, operation_name: str) -> OperationModel | None:
    """The model of an operation, or None if the service has none of that name."""
    model = service(service_name)
    if operation_name not in model.operation_names:
        return None
    return model.operation_model(operation_name)


def _nest(form: Mapping[str, str]) -> Params:
    """`Filter.1.Name=x` to `{"Filter": {"1": {"Name": "x"}}}`."""
    tree: Params = {}
    for key, value in form.items():
        node = tree
        *path, last = key.split(".")
        for part in path:
            child = node.setdefault(part, {})
            if not isinstance(child, dict):
                break
            node = child
        else:
            node[last] = value
    return tree


def _wire_name(shape: Shape, member: str, ec2: bool) -> str:
    if not ec2:
        return str(shape.serialization.get("name", member))
    name = str(shape.serialization.get("queryName") or shape.serialization.get("name") or member)
    return name if "queryName" in shape.serialization else name[0].upper() + name[1:]


def _items(shape: ListShape, node: Any, ec2: bool) -> list[Any]:
    if not isinstance(node, dict):
        return []
    if not ec2 and not shape.serialization.get("flattened"):
        node = node.get(shape.member.serialization.get("name", "member"), {})
    return [node[key] for key in sorted(node, key=lambda text: int(text) if text.isdigit() else 0)]


def _read(shape: Shape, node: Any, ec2: bool) -> Any:
    if isinstance(shape, StructureShape):
        node = node if isinstance(node, dict) else {}
        names = {member: _wire_name(inner, member, ec2) for member, inner in shape.members.items()}
        return {m: _read(shape.members[m], node[name], ec2) for m, name in names.items() if name in node}
    if isinstance(shape, ListShape):
        return [_read(shape.member, item, ec2) for item in _items(shape, node, ec2)]
    if shape.type_name == "boolean":
        return str(node).lower() == "true"
    if shape.type_name in ("integer", "long"):
        return int(node)
    if shape.type_name in ("float", "double"):
        return float(node)
    if shape.type_name == "timestamp":
        return datetime.fromisoformat(str(node).replace("Z", "+00:00"))
    if shape.type_name == "blob":
        return base64.b64decode(node)
    return node


def parse_form(body: bytes) -> dict[str, str]:
    """The form of an ec2 or query request."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def read_form(op: OperationModel, form: Mapping[str, str]) -> Params:
    """The parameters of an ec2 or query request, in boto3's names and types. Raises ValueError on a malformed value."""
    if op.input_shape is None:
        return {}
    result: Params = _read(op.input_shape, _nest(form), op.service_model.protocol == "ec2")
    return result


def read_json(op: OperationModel, body: bytes) -> Params:
    """The parameters of a JSON request: times are epoch seconds. Raises ValueError on what is not JSON."""
    found = json.loads(body or b"{}")
    if not isinstance(found, dict):
        raise ValueError("the body is not an object")
    result: Params = found if op.input_shape is None else _typed(op.input_shape, found)
    return result


def _typed(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = shape.members
        return {key: _typed(members[key], one) if key in members else one for key, one in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_typed(shape.member, one) for one in value]
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(float(value), UTC)
    return value


def _scalar(shape: Shape) -> Writer:
    kind = shape.type_name
    if kind == "boolean":
        return lambda value: "true" if value else "false"
    if kind == "timestamp":
        return lambda value: value if isinstance(value, str) else _stamp(value)
    if kind == "blob":
        return lambda value: base64.b64encode(value).decode()
    return lambda value: escape(str(value).translate(_XML_ILLEGAL))


def _stamp(value: datetime) -> str:
    return (
        value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    )  # strftime has no four digits for year 1


def _writer(shape: Shape, ec2: bool, seen: dict[str, Writer]) -> Writer:
    """Compile a shape once to a function from a boto3 value to XML. A key that the model does not have raises KeyError."""
    if shape.name in seen:
        return seen[shape.name]
    if isinstance(shape, StructureShape):
        table: dict[str, tuple[str, Writer]] = {}

        def write_structure(value: Any) -> str:
            parts = []
            for key, inner in value.items():
                if inner is not None:
                    tag, write = table[key]
                    parts.append(write(inner) if not tag else f"<{tag}>{write(inner)}</{tag}>")
            return "".join(parts)

        seen[shape.name] = write_structure
        for name, member in shape.members.items():
            flat = isinstance(member, ListShape) and member.serialization.get("flattened")
            tag = "" if flat else str(member.serialization.get("name", name))
            table[name] = (tag, _writer(member, ec2, seen))
        return write_structure
    if isinstance(shape, ListShape):
        item = str(shape.member.serialization.get("name", "item" if ec2 else "member"))
        write_item = _writer(shape.member, ec2, seen)
        return lambda value: "".join(f"<{item}>{write_item(one)}</{item}>" for one in value)
    if isinstance(shape, MapShape):
        write_value = _writer(shape.value, ec2, seen)
        return lambda value: "".join(
            f"<entry><key>{escape(str(k))}</key><value>{write_value(v)}</value></entry>"
            for k, v in value.items()
        )
    return _scalar(shape)


@cache
def _compiled(service_name: str, operation_name: str) -> Writer:
    op = operation(service_name, operation_name)
    assert op is not None
    if op.output_shape is None:
        return lambda value: ""
    return _writer(op.output_shape, op.service_model.protocol == "ec2", {})


def write_xml(op: OperationModel, answer: Params, request_id: str) -> bytes:
    """An answer in the ec2 or query protocol."""
    model = op.service_model
    body = _compiled(model.service_name, op.name)(answer)
    space = model.metadata.get("xmlNamespace", "")
    if model.protocol == "ec2":
        text = f'<{op.name}Response xmlns="{space}"><requestId>{request_id}</requestId>{body}</{op.name}Response>'
    else:
        wrapper = op.output_shape.serialization.get("resultWrapper") if op.output_shape else None
        inner = f"<{wrapper}>{body}</{wrapper}>" if wrapper else ""
        text = (
            f'<{op.name}Response xmlns="{space}">{inner}<ResponseMetadata><RequestId>{request_id}</RequestId>'
            f"</ResponseMetadata></{op.name}Response>"
        )
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value))


def write_json(answer: Params) -> bytes:
    """An answer in a JSON protocol; times are epoch seconds."""
    return json.dumps(answer, default=_json_value).encode()


def write_error(protocol: str, code: str, message: str, request_id: str) -> bytes:
    """An error in the envelope of its protocol."""
    code_x, message_x = escape(code), escape(message.translate(_XML_ILLEGAL))
    if protocol == "ec2":
        text = (
            f"<Response><Errors><Error><Code>{code_x}</Code><Message>{message_x}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif protocol == "query":
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code_x}</Code><Message>{message_x}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    else:
        return json.dumps({"__type": code, "message": message}).encode()
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()
