"""Whose AMI it is, and who made it: CreateImage's own sign, Data Lifecycle Manager's, AWS Backup's.

SourceInstanceId is of images made by CreateImage (user guide, ami-ancestry); whether the two services fill it is nowhere said.
Theirs are known by what they write beside it: Data Lifecycle Manager tags its AMIs with keys that begin with `aws:dlm:`, and
with the instance's id under whatever key its policy says, `instance-id` unless somebody chose another (user guide, ami-policy;
API reference, dlm Schedule VariableTags); AWS Backup names them `AwsBackup_i-…_…` and tags them `aws:backup:source-resource`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from tui.aws import describe, mapping
from tui.domain.instance import Image
from tui.domain.sanitize import EMPTY, SafeText, clean

_Doc = Mapping[str, Any]
DLM, BACKUP = clean("Data Lifecycle Manager"), clean("AWS Backup")
_ID = r"i-(?:[0-9a-f]{17}|[0-9a-f]{8})"
_TOLD = re.compile(rf"(?<![0-9A-Za-z-]){_ID}(?![0-9A-Za-z-])")
_NAMED = re.compile(rf"(?:.*[^0-9A-Za-z])?AwsBackup_({_ID})(?:[^0-9A-Za-z].*)?", re.DOTALL | re.IGNORECASE)
_COUNTED = ("available", "pending")


def source(item: _Doc) -> tuple[str, SafeText]:
    """The instance it was made of (empty: it does not say), and the service that made it (empty: CreateImage, by anybody)."""
    tags = {str(one.get("Key")): str(one.get("Value")) for one in item.get("Tags") or ()}
    named = _NAMED.fullmatch(str(item.get("Name") or ""))
    saved = [value for key, value in tags.items() if key.startswith("aws:backup:source-resource")]
    resource = next((found[0] for value in saved if (found := _TOLD.search(value))), "")
    managed = "dlm:managed" in tags or any(key.startswith("aws:dlm:") for key in tags)
    maker = BACKUP if named or resource else DLM if managed else EMPTY
    told = (
        str(clean(item.get("SourceInstanceId"))).strip(),
        resource,
        named and named[1],
        _tagged(tags, managed),
    )
    return next((one for one in told if one), ""), maker


def _tagged(tags: Mapping[str, str], managed: bool) -> str:
    """The id that a tag holds: by the usual key, or of an AMI of Data Lifecycle Manager by any, if no other tag holds another."""
    ids = {key: value.strip() for key, value in tags.items() if re.fullmatch(_ID, value.strip())}
    if "instance-id" in ids:
        return ids["instance-id"]
    return next(iter(ids.values())) if managed and len(set(ids.values())) == 1 else ""


def image_with_maker(item: _Doc) -> Image:
    """Image, with its maker."""
    return replace(mapping.map_image(item), maker=source(item)[1])


def newest(client: Any) -> dict[str, Image]:
    """The newest AMI of each instance: one read a region. A `pending` one counts only where no `available` one is."""
    found: dict[str, Image] = {}
    for page in describe.pages(client.describe_images, "Images", Owners=["self"], MaxResults=describe.PAGE):
        for item in page:
            origin, maker = source(item)
            if origin and item.get("State") in _COUNTED:
                one = replace(mapping.map_image(item), maker=maker)
                if origin not in found or _rank(one) > _rank(found[origin]):
                    found[origin] = one
    return found


def of(client: Any, instance_id: str) -> tuple[Image, ...]:
    """Those of one instance, the newest first, disabled ones too. A small call for each sign: different filters are ANDed."""
    found: dict[str, Image] = {}
    for name, value in (
        ("source-instance-id", instance_id),
        ("tag:instance-id", instance_id),
        ("tag:aws:backup:source-resource", f"*{instance_id}*"),
        ("name", f"*AwsBackup_{instance_id}*"),
    ):
        filters = [{"Name": name, "Values": [value]}]
        asked = {"Owners": ["self"], "Filters": filters, "IncludeDisabled": True}
        for page in describe.pages(client.describe_images, "Images", **asked):
            found.update(
                {
                    str(item.get("ImageId")): image_with_maker(item)
                    for item in page
                    if source(item)[0] == instance_id
                }
            )
    return tuple(sorted(found.values(), key=lambda one: str(one.created or ""), reverse=True))


def _rank(one: Image) -> tuple[bool, datetime]:
    return one.state == "available", one.created or datetime.min.replace(tzinfo=UTC)
