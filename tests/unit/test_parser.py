"""The fast parser against botocore's own: the same answer, or none and botocore's is taken; never a different one."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.parsers import ResponseParserError, create_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.test_aws_samples import typed
from tui.aws import images, mapping, owned_images, parser, snapshots
from tui.aws.parse_fields import FIELDS_READ, Wanted
from tui.demo import protocol
from tui.demo.clock import Clock
from tui.demo.fleet import populate
from tui.demo.world import World

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("describe-instance[s-]*.json"))
Doc = dict[str, Any]


def operation(name: str) -> OperationModel:
    found = protocol.operation("ec2", name)
    assert found is not None
    return found


OPERATIONS = {name: operation(name) for name in FIELDS_READ}


def pruned(op: OperationModel) -> OperationModel:
    """The same operation in a model that knows only what is read: with it botocore's own parser is the oracle."""
    raw = op.service_model._service_description  # type: ignore[attr-defined]  # a copy of the model needs the model
    shapes: Doc = {}

    def keep(name: str, wanted: Wanted | None) -> str:
        made = deepcopy(raw["shapes"][name])
        key = f"{name}{len(shapes)}"
        shapes[key] = made
        if made["type"] == "structure":
            made["members"] = {m: ref for m, ref in made["members"].items() if m in (wanted or {})}
            for member, ref in made["members"].items():
                ref["shape"] = keep(ref["shape"], (wanted or {})[member])
        elif made["type"] == "list":
            made["member"]["shape"] = keep(made["member"]["shape"], wanted)
        return key

    described = deepcopy(raw["operations"][op.name])
    described["output"]["shape"] = keep(described["output"]["shape"], FIELDS_READ[op.name][1])
    described.pop("input", None)
    model = {"metadata": raw["metadata"], "operations": {op.name: described}, "shapes": shapes}
    return ServiceModel(model, "ec2").operation_model(op.name)


PRUNED = {name: pruned(op) for name, op in OPERATIONS.items()}


def botocore(op: OperationModel, body: bytes) -> Doc:
    assert op.output_shape is not None
    found: Doc = create_parser("ec2").parse(
        {"body": body, "headers": {}, "status_code": 200}, op.output_shape
    )
    return {key: value for key, value in found.items() if key != "ResponseMetadata"}


def domain(name: str, answer: Doc) -> list[Any]:
    if name == "DescribeInstances":
        rows = [row for one in answer["Reservations"] for row in one.get("Instances", ())]
        return [mapping.map_instance(row, "eu-west-1", NOW) for row in rows]
    if name == "DescribeSnapshots":
        return [snapshots.newest_snapshots(_One(answer), ["vol-1"], lambda: None)]
    if name == "DescribeImages":
        return [(images.image_with_maker(one), owned_images.map_owned_image(one)) for one in answer["Images"]]
    return [mapping.status(row) for row in answer["InstanceStatuses"]]


class _One:
    """A client that gives one answer, and it is the last."""

    def __init__(self, answer: Doc) -> None:
        self.answer = {**answer, "NextToken": ""}

    def describe_snapshots(self, **_: Any) -> Doc:
        return self.answer


def never_different(name: str, body: bytes) -> bool:
    """Whether the fast parser took it; if so, botocore's says the same."""
    try:
        found, _ = parser.parse_answer(OPERATIONS[name], body)
    except parser.UnusualError:
        return False
    assert found == botocore(PRUNED[name], body)
    return True


def same(name: str, answer: Doc) -> None:
    """Of an answer that AWS could give, written both in a line and as AWS prints it, the domain sees the same."""
    body = protocol.write_xml(OPERATIONS[name], answer, "request-1")
    pretty = re.sub(rb"(</?[\w]+>)\n?(?=<)", rb"\1\n    ", body)
    for one in (body, pretty):
        found, request_id = parser.parse_answer(OPERATIONS[name], one)
        whole = botocore(OPERATIONS[name], one)
        assert domain(name, found) == domain(name, whole)
        assert found.get("NextToken") == whole.get("NextToken")
        assert request_id == "request-1"
        assert never_different(name, one)


@pytest.mark.parametrize("path", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_what_was_recorded(path: Path) -> None:
    name = {
        "describe-instances": "DescribeInstances",
        "describe-instance-status": "DescribeInstanceStatus",
    }.get(path.name.split(".")[0], "")
    if name:
        shape = OPERATIONS[name].output_shape
        assert shape is not None
        same(name, typed(shape, json.loads(path.read_text())))


def test_the_whole_sample_fleet() -> None:
    world = World(Clock(NOW, 4.0), 7)
    populate(world)
    for region in world.regions.values():
        shown = [instance.shown() for instance in region.instances.values()]
        documents = [{k: v for k, v in doc.items() if not k.startswith("_")} for doc, _ in shown]
        same("DescribeInstances", {"Reservations": [{"ReservationId": "r-1", "Instances": documents}]})
        same("DescribeInstanceStatus", {"InstanceStatuses": [status for _, status in shown]})


class Asked(Mapping[str, Any]):
    """A document that remembers what was asked of it."""

    def __init__(self, shape: Shape, log: Doc) -> None:
        self.shape, self.log = shape, log

    def _value(self, key: str) -> Any:
        assert isinstance(self.shape, StructureShape)
        part = self.shape.members.get(key)
        if part is None:
            return None  # asked of several shapes, of which not all have it
        is_list = isinstance(part, ListShape)
        inner = part.member if isinstance(part, ListShape) else part
        if isinstance(inner, StructureShape):
            if self.log.get(key) is None:
                self.log[key] = {}
            one = Asked(inner, self.log[key])
            return [one] if is_list else one
        self.log.setdefault(key, None)
        if part.type_name == "timestamp":
            return NOW
        return {"boolean": True, "integer": 1}.get(part.type_name, "1.2.3.4")

    def get(self, key: str, default: Any = None) -> Any:
        return self._value(key)

    def __getitem__(self, key: str) -> Any:
        return self._value(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


def merged(one: Doc, other: Doc) -> Doc:
    return {
        key: merged(one.get(key) or {}, other.get(key) or {}) if (one.get(key) or other.get(key)) else None
        for key in (*one, *other)
    }


def test_what_is_read_is_what_the_domain_asks_for() -> None:
    shape: Any = OPERATIONS["DescribeInstances"].output_shape
    asked: Doc = {}
    mapping.map_instance(
        Asked(shape.members["Reservations"].member.members["Instances"].member, asked), "r", NOW
    )
    read = FIELDS_READ["DescribeInstances"][1]["Reservations"]["Instances"]
    lazy: Wanted = {
        "StateTransitionReason": None,
        "Platform": None,
        "SecurityGroups": {"GroupId": None},
    }  # where the first is empty
    lazy |= {"NetworkInterfaces": {"Association": {"PublicIp": None, "IpOwnerId": None}}}
    assert merged(asked, lazy) == read
    shape = OPERATIONS["DescribeInstanceStatus"].output_shape
    asked = {}
    mapping.status(Asked(shape.members["InstanceStatuses"].member, asked))
    read = FIELDS_READ["DescribeInstanceStatus"][1]["InstanceStatuses"]
    checks = {"ImpairedSince": None, "Details": {"ImpairedSince": None}, "Remediation": None}
    assert set(read) == set(asked)
    for key, value in asked.items():
        if key.endswith("Status"):
            assert set(value) <= {"Status", *checks}
        else:
            assert value == read[key]
    shape, asked = OPERATIONS["DescribeImages"].output_shape, {}
    item: Any = Asked(shape.members["Images"].member, asked)
    images.image_with_maker(item)
    owned_images.map_owned_image(item)
    assert asked == FIELDS_READ["DescribeImages"][1]["Images"]


class Maker:
    """Makes an answer of any shape of the model; texts are the given ones."""

    def __init__(self, seed: int, texts: list[str]) -> None:
        self.random, self.texts = random.Random(seed), texts

    def make(self, shape: Shape, wanted: Wanted | None, depth: int = 0) -> Any:
        pick = self.random.random
        if isinstance(shape, StructureShape):
            return {
                member: self.make(inner, (wanted or {}).get(member), depth + 1)
                for member, inner in shape.members.items()
                if pick() < (0.85 if member in (wanted or {}) or member in REQUIRED else 0.1)
                and (depth < 7 or not isinstance(inner, ListShape | StructureShape))
            }
        if isinstance(shape, ListShape):
            return [
                self.make(shape.member, wanted, depth + 1) for _ in range(self.random.choice((0, 1, 1, 2)))
            ]
        if shape.type_name == "boolean":
            return pick() < 0.5
        if shape.type_name in ("integer", "long"):
            return self.random.randrange(-5, 100)
        if shape.type_name in ("double", "float"):
            return 0.5
        if shape.type_name == "timestamp":
            return NOW + timedelta(milliseconds=self.random.randrange(10**12))
        return self.random.choice(self.texts)


REQUIRED = ("Reservations", "InstanceStatuses", "Instances", "Snapshots")
TEXTS = st.lists(
    st.text(max_size=12) | st.sampled_from(["&lt;item>", "a>b", "]]>", "</item>", "한국 🙂", " x "]),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("name", FIELDS_READ)
@given(seed=st.integers(0, 2**32), texts=TEXTS)
@settings(max_examples=60, deadline=None)
def test_what_the_model_allows(name: str, seed: int, texts: list[str]) -> None:
    texts = [text.replace("\r", " ") for text in texts]
    shape = OPERATIONS[name].output_shape
    assert shape is not None
    answer = Maker(seed, texts).make(shape, FIELDS_READ[name][1])
    answer.setdefault(FIELDS_READ[name][0], [])
    same(name, answer)


def base(name: str, seed: int) -> bytes:
    shape = OPERATIONS[name].output_shape
    assert shape is not None
    maker = Maker(seed, ["web-1", "a & b", "<item>", "x"])
    answer = maker.make(shape, FIELDS_READ[name][1])
    answer.setdefault(FIELDS_READ[name][0], [])
    return protocol.write_xml(OPERATIONS[name], answer, "r")


SNIPPETS = [
    b"<", b">", b"&", b"/", b"<item>", b"</item>", b"<item/>", b"<!-- </item> -->", b"<![CDATA[</item>]]>", b"<?x </item>?>",
    b"&lt;", b"&#60;", b"&#x1F642;", b"&bogus;", b"\r\n", b"\x00", b"\xff", b"<instanceId>i-2</instanceId>", b"<tagSet/>",
    b"<instanceId/>", b' a="<x>"', b" a='b'", b"<x:y/>", b"<instancesSet>", b"</reservationSet>", b"true", b" ", b"\n",
    b"<ebs a='1'/>", b"<unknown><unknown/></unknown>", b"<unknown><unknown a='</unknown>'/></unknown>",
]  # fmt: skip


@pytest.mark.parametrize("name", FIELDS_READ)
@given(data=st.data(), seed=st.integers(0, 50))
@settings(max_examples=150, deadline=None)
def test_what_nobody_should_send(name: str, data: st.DataObject, seed: int) -> None:
    body = bytearray(base(name, seed))
    for _ in range(data.draw(st.integers(1, 2))):
        start, length = data.draw(st.integers(0, len(body))), data.draw(st.sampled_from([0, 1, 2, 7, 30]))
        if data.draw(
            st.sampled_from([True, True, True, False])
        ):  # what is interesting happens between two tags
            edges = [
                match.start() if match[0] == b"<" else match.end() for match in re.finditer(rb"<|>", body)
            ]
            start, length = data.draw(st.sampled_from(edges or [0])), 0
        body[start : start + length] = data.draw(st.sampled_from([*SNIPPETS, b""]))
    never_different(name, bytes(body))


@pytest.mark.parametrize("name", FIELDS_READ)
def test_a_body_cut_anywhere_is_never_an_answer(name: str) -> None:
    body = base(name, 3)
    for end in range(len(body)):
        with pytest.raises(parser.UnusualError):
            parser.parse_answer(OPERATIONS[name], body[:end])
    assert never_different(name, body)


@pytest.mark.parametrize("name", FIELDS_READ)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>log in</body></html>",
        b"<Response><Errors><Error><Code>x</Code></Error></Errors></Response>",
        b"<DescribeInstancesResponse><requestId>r</requestId></DescribeInstancesResponse>",
        b"<DescribeInstancesResponseX><reservationSet></reservationSet></DescribeInstancesResponseX>",
        b"<Other><reservationSet></reservationSet><instanceStatusSet></instanceStatusSet></Other>",
        b"<a><reservationSet/></a>",
    ],
)
def test_what_is_no_answer_is_left_to_botocore(name: str, body: bytes) -> None:
    with pytest.raises(parser.UnusualError):
        parser.parse_answer(OPERATIONS[name], body)


def test_an_empty_element_with_attributes_is_left_to_botocore() -> None:
    for name in FIELDS_READ:
        body = base(name, 0)
        for edge in [match.start() for match in re.finditer(rb"<", body)]:
            for snippet in (b"<ebs a='1'/>", b"<instanceId a='1' />", b"<tagSet b='2'/>"):
                never_different(name, body[:edge] + snippet + body[edge:])


def test_an_empty_list_is_none_and_a_missing_one_is_not() -> None:
    empty = (
        b"<DescribeInstancesResponse><requestId>r</requestId><reservationSet/></DescribeInstancesResponse>"
    )
    assert parser.parse_answer(OPERATIONS["DescribeInstances"], empty) == ({"Reservations": []}, "r")


def test_botocore_is_left_an_envelope_and_what_is_odd_is_left_as_it_is() -> None:
    op = OPERATIONS["DescribeInstances"]
    body = protocol.write_xml(op, {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]}, "r-1")
    for status, sent, taken in ((200, body, True), (503, body, False), (200, body[:-9], False)):
        response: Doc = {"status_code": status, "headers": {}, "body": sent}
        laid_over: Doc = {}
        parser._before_parse(operation_model=op, response_dict=response, customized_response_dict=laid_over)
        assert bool(laid_over) is taken
        assert (response["body"] == sent) is not taken
        if taken:
            left: Any = create_parser("ec2").parse(response, op.output_shape)  # type: ignore[arg-type]  # as above
            assert left["ResponseMetadata"]["RequestId"] == "r-1"
            assert laid_over == {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]}
    with pytest.raises(ResponseParserError, match="invalid XML"):
        botocore(op, body[:-9])
