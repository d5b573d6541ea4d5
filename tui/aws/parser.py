"""The fast parser of the large answers, and its fall-back.

botocore's own parser spends nearly all of a full read's time. For DescribeInstances, DescribeInstanceStatus,
DescribeImages and DescribeSnapshots this module reads the body itself, only what the program asks for (FIELDS_READ), and leaves
botocore an envelope without content. Signing, retries, credentials and errors stay botocore's; so does every body that looks
unusual in any way: an HTML page, a cut answer, an attribute, a comment, a repeated element. Then nothing is touched and botocore
parses it.

expat makes sure that the document is complete and well-formed, at the speed of C. Since no `<` is then anything but the
beginning of a tag, splitting the text at them gives all tags, each with the text behind it, and what is wanted is picked
out of that list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from botocore.hooks import BaseEventHooks
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from tui.aws.parse_fields import FIELDS_READ, Wanted
from tui.aws.parse_memo import PieceReader, Pieces, remembering
from tui.aws.priority_lock import WORK, Rank
from tui.errors import EvacError

_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ENTITY = re.compile(r"&([^;]*);")
_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", re.ASCII)
_BOM = 3
_RANKS = {
    "DescribeInstances": Rank.INVENTORY,
    "DescribeInstanceStatus": Rank.STATUS,
    "DescribeImages": Rank.INVENTORY,
    "DescribeSnapshots": Rank.INVENTORY,
}
_KINDS: dict[str, Any] = {"string": str, "list": list, "structure": dict, "boolean": bool}
_Entry = tuple[str, str, Any, PieceReader | None]
"""Member, end tag, what an empty element is (None: unusual), and the reader of what is no text."""
_Skip = tuple[str, PieceReader]
_MOST_SKIPS = 1024


class UnusualError(EvacError):
    """This body is left to botocore's parser: no failure."""


def install_parser(session: Any) -> None:
    """Parse the hot answers of every client made of this botocore session; a date that is none costs no other answer either."""
    emitter: BaseEventHooks = session.get_component("event_emitter")
    for operation in FIELDS_READ:
        emitter.register(f"before-parse.ec2.{operation}", _before_parse)
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_time)


def _before_parse(
    operation_model: OperationModel,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_: Any,
) -> None:
    """botocore's hook: `customized_response_dict` is laid over what its own parser finds in `response_dict["body"]`."""
    if response_dict["status_code"] != 200:
        return
    try:
        with WORK.take(_RANKS[operation_model.name]):
            found, request_id = parse_answer(operation_model, response_dict["body"])
    except UnusualError:
        return
    name = f"{operation_model.name}Response"
    response_dict["body"] = f"<{name}><requestId>{escape(request_id)}</requestId></{name}>".encode()
    customized_response_dict.update(found)


def parse_answer(operation_model: OperationModel, body: bytes) -> tuple[dict[str, Any], str]:
    """What READ names, in botocore's shape and types, and the request's id. Raises UnusualError.

    The body must be complete: an answer cut short is an element that does not close, which expat refuses.
    """
    name = operation_model.name
    # The text of a comment, of a CDATA section or of an instruction could look like a tag; line ends would need care.
    if b"<!" in body or b"\r" in body or body.rfind(b"<?") > _BOM:
        raise UnusualError
    try:
        expat.ParserCreate("utf-8", "}").Parse(body, True)
        pieces = body.decode().split("<")
        place = 2 if pieces[1][0] == "?" else 1
        if not re.match(rf"{name}Response[ >]", pieces[place]):
            raise UnusualError
        found, _ = _reader(operation_model)(pieces, place + 1)
    except (
        expat.ExpatError,
        ValueError,
        IndexError,
        ArithmeticError,
        RuntimeError,
    ):  # a number, a time that is none
        raise UnusualError from None
    if FIELDS_READ[name][0] not in found:
        raise UnusualError
    return found, _request_id(pieces[place + 1])


def _request_id(piece: str) -> str:
    """The request id, the first element of every EC2 answer; empty where it is not first."""
    tag, _, text = piece.partition(">")
    return text if tag == "requestId" and "&" not in text else ""


_compiled: dict[str, tuple[str, PieceReader]] = {}


def _reader(operation: OperationModel) -> PieceReader:
    """The reader of an operation's answer, compiled once from botocore's model."""
    version = operation.service_model.api_version
    kept = _compiled.get(operation.name)
    if kept is None or kept[0] != version:
        shape = operation.output_shape
        assert shape is not None
        close = f"/{operation.name}Response"
        kept = _compiled[operation.name] = version, _structure(shape, FIELDS_READ[operation.name][1], close)
    return kept[1]


def _compile(shape: Shape, wanted: Wanted | None, close: str) -> PieceReader:
    if isinstance(shape, ListShape):
        return remembering(_list(shape, wanted, close))
    if isinstance(shape, StructureShape):
        return remembering(_structure(shape, wanted or {}, close))
    return _scalar(shape.type_name, close + ">")


def _structure(shape: Shape, wanted: Wanted, close: str) -> PieceReader:
    assert isinstance(shape, StructureShape)
    table: dict[str, _Entry] = {}
    inside: dict[str, tuple[str, PieceReader]] = {}
    for member, inner in wanted.items():
        part = shape.members.get(member)
        if part is None:
            continue  # this botocore does not know it, and would not answer it either
        tag = str(part.serialization.get("name", member))
        # A text is read in place: most of what is wanted is one.
        reader = None if part.type_name == "string" else _compile(part, inner, f"/{tag}")
        table[tag] = member, f"/{tag}>", _KINDS.get(part.type_name), reader
        if reader is not None:
            inside[f"{tag}>"] = member, reader

    within, find, skips = inside.get, table.get, dict[str, _Skip]()

    def read(pieces: Pieces, place: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while True:
            piece = pieces[place]
            place += 1
            if (known := within(piece)) is not None:  # nothing but the tag: no need to take it apart
                member, reader = known
                if member in found:
                    raise UnusualError
                found[member], place = reader(pieces, place)
                continue
            tag, _, text = piece.partition(">")
            if (entry := find(tag)) is not None:
                member, end, _, scalar = entry
                if member in found:
                    raise UnusualError  # botocore would make a list of the two
                if scalar is not None:
                    found[member], place = scalar(pieces, place)
                    continue
                if pieces[place] != end and not pieces[place].startswith(end):
                    raise UnusualError
                found[member] = _ENTITY.sub(_char, text) if "&" in text else text
                place += 1
            elif (skip := skips.get(tag)) is not None:
                place = place + 1 if pieces[place].startswith(skip[0]) else skip[1](pieces, place)[1]
            elif tag == close:
                return found, place
            elif tag[-1:] == "/":
                name = tag[:-1].rstrip()
                if _NAME.fullmatch(name) is None:  # attributes stand before its end
                    raise UnusualError
                if name in table:
                    member, _, kind, _ = table[name]
                    if member in found or kind is None:
                        raise UnusualError
                    found[member] = kind()
            else:
                place = _learn(skips, tag)(pieces, place)[1]

    return read


def _learn(skips: dict[str, _Skip], tag: str) -> PieceReader:
    """An element nobody asks for, met for the first time. Raises UnusualError if it is not a plain one."""
    if _NAME.fullmatch(tag) is None:
        raise UnusualError
    end = f"/{tag}>"
    again = remembering(lambda pieces, place: (None, _skip(pieces, place, tag, end)))
    if len(skips) < _MOST_SKIPS:
        skips[tag] = end, again
    return again


def _list(shape: ListShape, wanted: Wanted | None, close: str) -> PieceReader:
    tag = str(shape.member.serialization.get("name", "item"))
    if shape.serialization.get("flattened"):
        raise NotImplementedError(shape.name)  # EC2 has none
    read_item = _compile(shape.member, wanted, f"/{tag}")
    start, end = f"{tag}>", f"{close}>"

    def read(pieces: Pieces, place: int) -> tuple[list[Any], int]:
        found = []
        while True:
            piece = pieces[place]
            place += 1
            if piece.startswith(start):
                item, place = read_item(pieces, place)
                found.append(item)
            elif piece.startswith(end):
                return found, place
            else:
                raise UnusualError  # botocore takes every child for an item, whatever its name

    return read


def _scalar(kind: str, end: str) -> PieceReader:
    converters: dict[str, Callable[[str], Any]] = {
        "boolean": lambda text: text == "true",
        "integer": int,
        "long": int,
        "timestamp": _time,
    }
    convert = converters[kind]

    def read(pieces: Pieces, place: int) -> tuple[Any, int]:
        text = pieces[place - 1].partition(">")[2]
        if not pieces[place].startswith(end) or "&" in text:
            raise UnusualError
        return convert(text), place + 1

    return read


def _char(entity: re.Match[str]) -> str:
    """expat has made sure that it is one. XML knows five by name, unless a document brings its own."""
    name = entity[1]
    if name[0] != "#":
        return _ENTITIES[name]
    return chr(int(name[2:], 16) if name[1] == "x" else int(name[1:]))


def _skip(pieces: Pieces, place: int, tag: str, end: str) -> int:
    """The place after the end tag of an element nobody asks for. Raises UnusualError if there is more to it than that."""
    depth = 1
    while depth:
        piece = pieces[place]
        place += 1
        if piece.startswith(end):
            depth -= 1
        elif piece.startswith(tag) and not (piece[len(tag)].isalnum() or piece[len(tag)] in "_.-"):
            if piece[len(tag)] != ">":
                raise UnusualError
            depth += 1
    return place


@lru_cache(maxsize=65536)
def _time(text: str) -> datetime:
    """Parse a time as botocore does, but EC2's own form (`2026-11-24T03:00:00.000Z`) without its slow general parser."""
    if _UTC_TIME.fullmatch(text):
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    made: datetime = parse_timestamp(text)
    return made


def parse_time(text: Any) -> Any:
    """Parse as botocore does. A text that is not a time is kept as text: an exception would cost the whole answer.

    `mapping` makes *don't know* of it. A number, of which CloudWatch sends thousands, is not parsed as a text of any kind.
    """
    try:
        if type(text) in (int, float):
            return datetime.fromtimestamp(text, UTC)
        return parse_timestamp(text)
    except (ValueError, TypeError, ArithmeticError, OSError, RuntimeError):
        return text
