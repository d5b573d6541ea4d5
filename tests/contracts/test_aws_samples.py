"""Answers in AWS's shapes go through our XML (or JSON) writer and botocore's own parser, and come back equal."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.model import ListShape, Shape, StructureShape
from botocore.parsers import create_parser

from tui.demo import protocol

SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*.json"))
SERVICES = {
    "describe-auto-scaling-instances": "autoscaling",
    "describe-target-health": "elbv2",
}


def typed(shape: Shape, value: Any) -> Any:
    """boto3's types in the place of JSON's."""
    if isinstance(shape, StructureShape):
        return {key: typed(shape.members[key], item) for key, item in value.items()}
    if isinstance(shape, ListShape):
        return [typed(shape.member, item) for item in value]
    if shape.type_name == "timestamp":
        return datetime.fromisoformat(value)
    return value


@pytest.mark.parametrize("path", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_a_sample_comes_back_as_it_went_in(path: Path) -> None:
    name = path.name.split(".")[0]
    service = "health" if name.startswith("health-") else SERVICES.get(name, "ec2")
    wanted = name.removeprefix("health-").replace("-", "").lower()
    model = protocol.service(service)
    operation = next(one for one in model.operation_names if one.lower() == wanted)
    op = protocol.operation(service, operation)
    assert op is not None
    assert op.output_shape is not None
    answer = typed(op.output_shape, json.loads(path.read_text()))
    is_json = service == "health"
    body = protocol.write_json(answer) if is_json else protocol.write_xml(op, answer, "request-1")
    parser = create_parser("json" if is_json else model.protocol)
    read = parser.parse({"body": body, "headers": {}, "status_code": 200}, op.output_shape)
    read.pop("ResponseMetadata", None)
    assert read == answer


def test_a_key_the_model_does_not_have_is_an_error_not_a_silence() -> None:
    op = protocol.operation("ec2", "DescribeInstances")
    assert op is not None
    with pytest.raises(KeyError):
        protocol.write_xml(op, {"Reservations": [{"Instances": [{"InstanceIdd": "i-1"}]}]}, "request-1")
