"""What people and alerts call an instance: its id, ARN, DNS names, addresses, name. One reader of these for filter and commands.

Forms: `arn:PARTITION:ec2:REGION:ACCOUNT:instance/ID` (IAM guide, reference-arns); `ip-10-2-0-4.REGION.compute.internal`, in
us-east-1 `ip-10-2-0-4.ec2.internal`, `ID.REGION.compute.internal` and `ec2-203-0-113-7.REGION.compute.amazonaws.com` (user
guide, hostname-types and vpc-dns). Agents and Kubernetes use the first label alone, or with a domain of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from tui.domain.instance import Instance, Target
from tui.domain.sanitize import EMPTY

_ID = r"i-(?:[0-9a-f]{17}|[0-9a-f]{8})"
_ARN = re.compile(rf"arn:aws[a-z-]*:ec2:([a-z0-9-]*):([0-9]*):instance/({_ID})")
_PRIVATE = re.compile(r"ip-(\d{1,3}(?:-\d{1,3}){3})(?:\.(.*))?", re.ASCII)
_PUBLIC = re.compile(r"ec2-(\d{1,3}(?:-\d{1,3}){3})(?:\..*)?", re.ASCII)
_RESOURCE = re.compile(rf"({_ID})\.(.+)")
_AWS_DOMAIN = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+(?:\..*)?|ec2\.internal", re.ASCII)
_LISTED = re.compile(r"i-[0-9a-f]{3,17}|arn:\S*", re.ASCII)
_WITHIN = re.compile(rf"(?<![0-9a-z-]){_ID}(?![0-9a-z])", re.ASCII)
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
_IPV6 = re.compile(r"(?=.*:.*:)[0-9a-f:]{3,39}", re.ASCII)
_PORT = re.compile(r"(\[[0-9a-f:]+\]|[^:]+)(?::\d{1,5})?", re.ASCII)
_NOBODY = Instance(Target("", ""), EMPTY)
_AROUND = ",;|\"'()[]{}<>"
"""What stands around ids where a list of them is copied: from JSON, a table, a message."""


def is_listed(word: str) -> bool:
    """Whether it is an id (or the beginning of one that is being typed) or an ARN: several of these in a row are alternatives."""
    return _LISTED.fullmatch(word.lower()) is not None


def parts_of(term: str) -> list[str]:
    """The members of a comma list, without the brackets and quotes around them."""
    return [part for one in re.split(r"[,;|]", term) if (part := one.strip(_AROUND).rstrip("."))]


def ids_in(text: str) -> list[str]:
    """The whole ids that stand in it, with anything around them: `InstanceId=i-…`, an address of AWS's web console."""
    return _WITHIN.findall(text.lower())


def is_ipv6(word: str) -> bool:
    """Whether it may be an IPv6 address, whatever letter it begins with."""
    return _IPV6.fullmatch(word.lower()) is not None


def place_of(text: str) -> str:
    """The host alone of `HOST:PORT` (Prometheus calls a server so), of a URL, of `USER@HOST`. Empty: it is none of these."""
    word = text.strip().strip(",;\"'").rstrip(".").lower()
    _, found, rest = word.partition("://")
    host_port = re.split(r"[/?#]", rest)[0].rpartition("@")[2] if found else word
    user, _, behind = host_port.rpartition("@")
    if user and "@" not in user:
        host_port = behind
    port = _PORT.fullmatch(host_port)
    bare = port[1].strip("[]") if port else ""
    if user and not (_IPV4.fullmatch(bare) or host(_NOBODY, bare) is not None):
        return ""  # somebody's mail address
    return bare if bare != word else ""


def address_pattern(word: str) -> re.Pattern[str] | None:
    """What finds that whole IPv4 address in a text, and no longer one; None: it is none."""
    if _IPV4.fullmatch(word) is None:
        return None
    return re.compile(rf"(?<![0-9.]){re.escape(word)}(?![0-9.])")


def id_of(wanted: str) -> str:
    """The instance id that it states: itself, an ARN's, a resource name's. Empty: none."""
    word = _plain(wanted)
    if re.fullmatch(_ID, word):
        return word
    found = _ARN.fullmatch(word)
    if found is not None:
        return found[3]
    found = _RESOURCE.fullmatch(word)
    return found[1] if found is not None else ""


def is_arn_of(row: Instance, arn: str) -> bool:
    """Whether that ARN is this instance's. Raises ValueError where it is no instance's ARN."""
    check_arn(arn)
    found = _ARN.fullmatch(_plain(arn))
    assert found is not None
    region, account, ident = found.groups()
    return (
        row.instance_id == ident
        and region in ("", row.target.region)
        and (account == row.account_id or not account or not row.account_id)
    )


def check_arn(arn: str) -> None:
    """Raises ValueError where it is no instance's ARN."""
    if _ARN.fullmatch(_plain(arn)) is None:
        raise ValueError("an instance's ARN is arn:aws:ec2:REGION:ACCOUNT:instance/i-…")


def host(row: Instance, name: str) -> bool | None:
    """Whether a DNS name is this instance's; None: it is no name of EC2's making. A domain of somebody's own is any region's."""
    word = _plain(name)
    if (found := _RESOURCE.fullmatch(word)) is not None:
        return row.instance_id == found[1]
    if (found := _PUBLIC.fullmatch(word)) is not None:
        return found[1].replace("-", ".") in _public(row)
    if (found := _PRIVATE.fullmatch(word)) is None:
        return None
    domain = found[2] or ""
    if found[1].replace("-", ".") not in _private(row):
        return False
    return not _AWS_DOMAIN.fullmatch(domain) or internal(row.target.region).startswith(domain)


def internal(region: str) -> str:
    """The domain of private DNS names in that region."""
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"


def private_name(private_ip: str, region: str = "") -> str:
    """`ip-10-2-0-4`, with the domain where a region is given."""
    return f"ip-{private_ip.replace('.', '-')}" + (f".{internal(region)}" if region else "")


def find_rows(rows: Sequence[Instance], wanted: str) -> list[Instance]:
    """The instances it names: by id, ARN, DNS name or address, by the exact name, and only then by the name in any case."""
    word, name = place_of(wanted) or _plain(wanted), unicodedata.normalize("NFC", wanted.strip())

    def named(row: Instance) -> str:
        return unicodedata.normalize("NFC", row.name)

    stages = (
        lambda row: row.instance_id == word,
        lambda row: word.startswith("arn:") and _ARN.fullmatch(word) is not None and is_arn_of(row, word),
        lambda row: bool(host(row, word)) or word in (row.private_dns, row.public_dns),
        lambda row: word in addresses(row),
        lambda row: named(row) == name,
        lambda row: named(row).casefold() == name.casefold(),
    )
    for test in stages if word else ():
        if found := [row for row in rows if test(row)]:
            return found
    return []


def addresses(row: Instance) -> Iterable[str]:
    """Every address of it, private, public and IPv6; some may be empty."""
    yield from _private(row)
    yield from _public(row)
    for interface in row.interfaces:
        yield from interface.ipv6


def _plain(text: str) -> str:
    return text.strip().strip(",;\"'").rstrip(".").lower()


def _private(row: Instance) -> Iterable[str]:
    yield row.private_ip
    for interface in row.interfaces:
        yield from (address.private_ip for address in interface.addresses)


def _public(row: Instance) -> Iterable[str]:
    yield row.public_ip
    for interface in row.interfaces:
        yield from (address.public_ip for address in interface.addresses)
