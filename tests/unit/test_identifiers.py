"""What alerts call a server is found, by the filter and by the commands alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tui.aws import mapping
from tui.domain import identifiers
from tui.domain.instance import Address, Instance, Interface, Target, Volume
from tui.domain.query import Query, QueryError, parse_query
from tui.domain.sanitize import clean

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
ID, OTHER, OLD = "i-0123456789abcdef0", "i-0fedcba9876543210", "i-0a1b2c3d"
ACCOUNT = "111122223333"
ARN = f"arn:aws:ec2:ap-northeast-2:{ACCOUNT}:instance/{ID}"
TEXT = {"private_ip", "public_ip", "name", "public_dns", "private_dns", "subnet_id", "vpc_id"}


def made(ident: str, region: str = "ap-northeast-2", **given: Any) -> Instance:
    texts = {key: clean(value) if key in TEXT else value for key, value in given.items()}
    row = Instance(Target("prod", region), clean(ident), account_id=clean(ACCOUNT))
    return replace(row, **texts)


WEB = made(
    ID,
    name="Web-1",
    private_ip="10.2.0.4",
    public_ip="203.0.113.7",
    public_dns="ec2-203-0-113-7.ap-northeast-2.compute.amazonaws.com",
    interfaces=(
        Interface(
            clean("eni-2"),
            1,
            (Address(clean("10.2.9.9"), True, clean("198.51.100.9")),),
            (clean("fdab:1::4"),),
        ),
    ),
    volumes=(Volume(clean("/dev/xvda"), clean("vol-0aa1")),),
)
DB = made(
    OTHER, "us-east-1", name="payments-db", private_ip="10.2.0.45", subnet_id="subnet-0b", vpc_id="vpc-1"
)
TWIN = made(OLD, "eu-west-1", name="web-1", private_ip="10.2.0.4", private_dns="odd.corp.example")
ROWS = [WEB, DB, TWIN]


def ids(text: str) -> list[str]:
    query = parse_query(text)
    assert isinstance(query, Query), query
    return [str(row.instance_id) for row in ROWS if query.matches(row, NOW)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ip-10-2-0-4", [ID, OLD]),
        ("IP-10-2-0-4", [ID, OLD]),
        ("ip-10-2-0-45", [OTHER]),
        ("ip-10-2-0", [ID, OTHER, OLD]),
        ("ip-10-2-9-9", [ID]),
        ("ip-10-2-0-4.ap-northeast-2.compute.internal", [ID]),
        ("ip-10-2-0-4.ap-northeast-2.compute.internal.", [ID]),
        ("ip-10-2-0-4.eu-west-1.compute.internal", [OLD]),
        ("ip-10-2-0-4.corp.example.com", [ID, OLD]),
        ("ip-10-2-0-45.ec2.internal", [OTHER]),
        ("ip-10-2-0-4.ec2.internal", []),
        ("ip-10-9-9-9", []),
        ("ec2-203-0-113-7.ap-northeast-2.compute.amazonaws.com", [ID]),
        ("ec2-203-0-113-7", [ID]),
        ("ec2-198-51-100-9.ap-northeast-2.compute.amazonaws.com", [ID]),
        ("ec2-203-0-113-70.ap-northeast-2.compute.amazonaws.com", []),
        (f"{ID}.ap-northeast-2.compute.internal", [ID]),
        ("odd.corp.example", [OLD]),
        (ARN, [ID]),
        (ARN.upper(), [ID]),
        (ARN.replace("aws:", "aws-cn:"), [ID]),
        (ARN.replace("ap-northeast-2", "eu-west-1"), []),
        (ARN.replace(ACCOUNT, "999988887777"), []),
        (f"-{ID}", [OTHER, OLD]),
        (ID, [ID]),
        (f"{ID} {OTHER}", [ID, OTHER]),
        (f"{ID} {OTHER} {OLD}", [ID, OTHER, OLD]),
        (f"{ID},{OTHER}", [ID, OTHER]),
        (f"{ID}, {OTHER},", [ID, OTHER]),
        (f"{ARN} {OTHER}", [ID, OTHER]),
        (f"{ID} i-0fed", [ID, OTHER]),
        (f"{ID} {OTHER} web", [ID]),
        (f"web {ID} {OTHER}", [ID]),
        (f"{ID} web {OTHER}", []),
        (f"{ID} -{OTHER}", [ID]),
        (f"region:us-east-1 {ID} {OTHER}", [OTHER]),
        ("10.2.0.4:9100", [ID, OLD]),
        ("10.2.0.45:9100", [OTHER]),
        ("10.2.0.4:", []),
        ("ip-10-2-0-45:9100", [OTHER]),
        ("ip-10-2-0-45.ec2.internal:9100", [OTHER]),
        ("http://10.2.0.45:9100/metrics", [OTHER]),
        ("https://ec2-203-0-113-7.ap-northeast-2.compute.amazonaws.com/health?x=1", [ID]),
        ("ec2-user@10.2.0.45", [OTHER]),
        ("ssh://ec2-user@10.2.0.45:22", [OTHER]),
        ("web-1:9100", [ID, OLD]),
        ("payments:443", [OTHER]),
        ("payments-db:443", [OTHER]),
        ("fdab:1::4", [ID]),
        ("[fdab:1::4]:9100", [ID]),
        ("kim@web-1", []),
        (f"{ID}:9100", [ID]),
        (f'["{ID}", "{OTHER}"]', [ID, OTHER]),
        (f'["{ID}","{OTHER}"]', [ID, OTHER]),
        (f'"{ID}","{OTHER}"', [ID, OTHER]),
        (f"{ID};{OTHER}", [ID, OTHER]),
        (f"{ID}|{OTHER}", [ID, OTHER]),
        (f"({ID})", [ID]),
        (f"<{ID.upper()}>.", [ID]),
        (f"InstanceId={ID}", [ID]),
        (f"InstanceId:{ID} InstanceId:{OTHER}", [ID, OTHER]),
        (f"https://console.aws.amazon.com/ec2/home?region=x#InstanceDetails:instanceId={ID}", [ID]),
        (f"-InstanceId={ID}", [OTHER, OLD]),
        (f"x{ID}", []),
        (f"{ID}0", []),
        ("web-1,payments", [ID, OTHER, OLD]),
        ("10.2.0.45,203.0.113.7", [ID, OTHER]),
        ("-web-1,payments", []),
        ('"web-1,payments"', []),
        ("vol-0aa", [ID]),
        ("eni-2", [ID]),
        ("subnet-0b", [OTHER]),
        ("vpc", []),
        ("vol", []),
        ("web payments", []),
        ("compute", []),
        ("amazonaws", []),
    ],
)
def test_the_filter_finds_what_alerts_call_it(text: str, found: list[str]) -> None:
    assert ids(text) == found


@pytest.mark.parametrize(
    "text",
    ["arn:", "arn:aws:ec2:eu-west-1:1:volume/vol-1", "arn:aws:s3:::bucket", "arn:aws:ec2:r:1:instance/i-xyz", f"{ID},arn:x"],
)  # fmt: skip
def test_another_arn_is_a_bad_term(text: str) -> None:
    problem = parse_query(text)
    assert isinstance(problem, QueryError)
    assert "an instance's ARN is arn:aws:ec2:REGION:ACCOUNT:instance/i-" in problem.message


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ID, [ID]),
        (ID.upper(), [ID]),
        (ARN, [ID]),
        (ARN.replace(ACCOUNT, "999988887777"), []),
        ("ip-10-2-0-45", [OTHER]),
        ("ip-10-2-0-4", [ID, OLD]),
        ("ip-10-2-0-4.eu-west-1.compute.internal", [OLD]),
        ("10.2.0.45", [OTHER]),
        ("198.51.100.9", [ID]),
        ("10.2.0.45:9100", [OTHER]),
        ("https://10.2.0.45:9100/metrics", [OTHER]),
        ("root@10.2.0.45", [OTHER]),
        ("fdab:1::4", [ID]),
        ("[fdab:1::4]:443", [ID]),
        (f"{ID}:9100", [ID]),
        ("Web-1", [ID]),
        ("web-1", [OLD]),
        ("WEB-1", [ID, OLD]),
        ("Payments-DB", [OTHER]),
        ("payments", []),
        ("", []),
        ("arn:aws:s3:::bucket", []),
    ],
)
def test_the_commands_find_the_same_and_an_exact_name_before_any_case(wanted: str, found: list[str]) -> None:
    assert [str(row.instance_id) for row in identifiers.find_rows(ROWS, wanted)] == found


def test_a_name_is_compared_in_one_normal_form() -> None:
    composed, apart = "\ud55c\uad6d", "\u1112\u1161\u11ab\u1100\u116e\u11a8"
    row = made(ID, name=composed)
    assert identifiers.find_rows([row], apart) == [row]


@pytest.mark.parametrize(
    ("region", "name", "kept"),
    [
        ("eu-west-1", "ip-10-0-0-1.eu-west-1.compute.internal", ""),
        ("us-east-1", "ip-10-0-0-1.ec2.internal", ""),
        ("eu-west-1", f"{ID}.eu-west-1.compute.internal", f"{ID}.eu-west-1.compute.internal"),
        ("eu-west-1", "", ""),
        ("eu-west-1", "other.example", "other.example"),
    ],
)
def test_a_private_name_is_kept_only_where_it_does_not_follow(region: str, name: str, kept: str) -> None:
    item = {"InstanceId": ID, "PrivateIpAddress": "10.0.0.1", "PrivateDnsName": name}
    assert mapping.map_instance(item, region, NOW).private_dns == kept


@pytest.mark.parametrize(
    ("told", "kept"), [(3, 3), (0, 0), (None, None), ("3", None), (-1, None), (2**63, None)]
)
def test_a_partition_is_a_number_or_not_known(told: object, kept: int | None) -> None:
    item = {"InstanceId": ID, "Placement": {"GroupName": "hdfs", "PartitionNumber": told}}
    assert mapping.map_instance(item, "eu-west-1", NOW).partition == kept


@pytest.mark.parametrize("name", ["", " ", "\u3000\u00a0", "\t\n"])
def test_a_name_of_blanks_is_none(name: str) -> None:
    item = {"InstanceId": ID, "Tags": [{"Key": "Name", "Value": name}]}
    row = mapping.map_instance(item, "eu-west-1", NOW)
    assert row.name == ""
    assert row.label == ID
    named = mapping.map_instance({**item, "Tags": [{"Key": "Name", "Value": "web "}]}, "eu-west-1", NOW)
    assert named.name == "web "
