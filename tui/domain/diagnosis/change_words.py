"""What a recorded call changed, in words: of its parameters those that matter, out of a CloudTrail record. Pure.

Parameters are as AWS records them, names beginning in lower case (CloudTrail user guide, event reference; EC2 API reference).
The texts are not cleaned yet: who makes a `Change` of them does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
LONGEST = 300
MOST_PARTS = 8
_NOISE = re.compile(
    r"clienttoken|nexttoken|dryrun|_xmlns|instanceset|nonce|version$|^maxresults$|^instanceid$", re.IGNORECASE
)
_SELF = frozenset({"instanceId", "instancesSet", "resourcesSet", "attribute"})
_PLAIN = frozenset(
    {"StartInstances", "RebootInstances", "TerminateInstances", "MonitorInstances", "UnmonitorInstances"}
)


def change_words(events: Sequence[tuple[str, str, Record]]) -> list[str]:
    """For each of a resource's events, the newest first: its name, its error code and its record. A type is told as
    `instanceType m6i.xlarge → m6i.large` where an earlier event says what it was, else as `instanceType → m6i.large`.
    """
    told: list[str] = []
    kind = ""
    for name, error, record in reversed(events):
        params = _dict(record.get("requestParameters"))
        new = _new_type(name, params)
        if new and name == "ModifyInstanceAttribute":
            before = f"{kind} " if kind and kind != new else ""
            told.append(f"instanceType {before}→ {new}")
        else:
            told.append(_words(name, params)[:LONGEST])
        if new and not error:
            kind = new
    return told[::-1]


def _new_type(name: str, params: Record) -> str:
    if name == "RunInstances":
        return _text(params.get("instanceType"))
    if name != "ModifyInstanceAttribute":
        return ""
    if params.get("attribute") == "instanceType":
        return _text(params.get("value"))
    return _text(_value(params.get("instanceType")))


def _words(name: str, params: Record) -> str:
    if name in _PLAIN:
        return ""
    made = _MAKERS.get(name)
    parts = list(made(params)) if made is not None else []
    if not parts:
        parts = [f"{key} {value}" for key, value in _flat(params)]
    return ", ".join(part for part in parts[:MOST_PARTS] if part)


def _stop(params: Record) -> Iterator[str]:
    yield "forced" if params.get("force") is True else "hibernated" if params.get("hibernate") is True else ""


def _run(params: Record) -> Iterator[str]:
    yield _text(params.get("instanceType"))
    images = [_text(one.get("imageId")) for one in _items(params.get("instancesSet"))]
    yield next((f"from {one}" for one in images if one), "")


def _attribute(params: Record) -> Iterator[str]:
    if params.get("attribute"):
        yield f"{_text(params['attribute'])} → {_text(params.get('value'))}".removesuffix(" → ")
    for key, value in params.items():
        if key == "groupSet":
            yield "security groups → " + " ".join(_text(one.get("groupId")) for one in _items(value))
        elif key == "userData":
            yield "userData changed"
        elif key not in _SELF and key != "value" and isinstance(value, dict) and "value" in value:
            yield f"{key} → {_text(value['value'])}"


def _tags(params: Record) -> Iterator[str]:
    for one in _items(params.get("tagSet")):
        value = _text(one.get("value"))
        yield f"{_text(one.get('key'))}={value}" if value else _text(one.get("key"))


def _attachment(params: Record) -> Iterator[str]:
    device = _text(params.get("device"))
    words = f"{_text(params.get('volumeId'))} as {device}" if device else _text(params.get("volumeId"))
    yield f"{words}, forced" if params.get("force") is True else words


def _volume(params: Record) -> Iterator[str]:
    told = {key.lower(): value for key, value in _dict(params.get("ModifyVolumeRequest") or params).items()}
    yield _text(told.get("volumeid"))
    for key, words in (("volumetype", "type"), ("size", "GiB"), ("iops", "IOPS"), ("throughput", "MiB/s")):
        if told.get(key) is not None:
            yield f"{words} → {_text(told[key])}"


def _rules(params: Record) -> Iterator[str]:
    yield _text(params.get("groupId"))
    for one in _items(params.get("ipPermissions")):
        first, last = _text(one.get("fromPort")), _text(one.get("toPort"))
        protocol = _text(one.get("ipProtocol")).replace("-1", "all")
        ports = (
            f" {first}" if first and first == last else f" {first}-{last}" if first and first != "-1" else ""
        )
        others = [
            *(_text(it.get("cidrIp")) for it in _items(one.get("ipRanges"))),
            *(_text(it.get("cidrIpv6")) for it in _items(one.get("ipv6Ranges"))),
            *(_text(it.get("groupId")) for it in _items(one.get("groups"))),
            *(_text(it.get("prefixListId")) for it in _items(one.get("prefixListIds"))),
        ]
        yield f"{protocol}{ports} {' '.join(others)}".rstrip()


_MAKERS: dict[str, Callable[[Record], Iterator[str]]] = {
    "StopInstances": _stop,
    "RunInstances": _run,
    "ModifyInstanceAttribute": _attribute,
    "ModifyNetworkInterfaceAttribute": _attribute,
    "CreateTags": _tags,
    "DeleteTags": _tags,
    "AttachVolume": _attachment,
    "DetachVolume": _attachment,
    "ModifyVolume": _volume,
    "AuthorizeSecurityGroupIngress": _rules,
    "AuthorizeSecurityGroupEgress": _rules,
    "RevokeSecurityGroupIngress": _rules,
    "RevokeSecurityGroupEgress": _rules,
}


def _flat(params: Record, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Whatever has a name and a plain value, of a call that is not known by name."""
    for key, value in params.items():
        if key in _SELF or _NOISE.search(key):
            continue
        if isinstance(value, dict) and depth < 2:
            yield from ((key, _text(value["value"])),) if set(value) == {"value"} else _flat(value, depth + 1)
        elif isinstance(value, str | int | float) and (text := _text(value)):
            yield key, text


def _items(value: Any) -> list[Record]:
    """EC2 records a list as `{"items": […]}`, others as a list."""
    found = value.get("items") if isinstance(value, dict) else value
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _value(value: Any) -> Any:
    return value.get("value") if isinstance(value, dict) else value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def _dict(value: Any) -> Record:
    return value if isinstance(value, dict) else {}
