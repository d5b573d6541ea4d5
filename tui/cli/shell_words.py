"""Shell completion: click's own, and what evac offers for the values of its options and arguments.

Whatever is offered matches `OFFERED`: no shell sees a name that somebody else chose (a Name tag), nor a sign that it could take
for more than a word. Nothing is asked of AWS, nothing started, nothing written: ids are those of the last snapshot.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import click

OFFERED = re.compile(r"[A-Za-z0-9._/][A-Za-z0-9._/-]*")
"""What is offered: words without a meaning to any shell, and none that an option could be."""
MOST_IDS = 2000
"""Of more ids none is offered until another letter is typed: a part of them would be completed to what they alone share."""
_SECTION = re.compile(r"^\[\s*(?P<profile>profile\s+)?[\"']?(?P<name>.+?)[\"']?\s*\]", re.MULTILINE)
_REGION = re.compile(r"^region\s*=\s*(\S+)\s*$", re.MULTILINE)
_REGION_NAME = re.compile(r"[a-z]+(-[a-z]+)+-\d+")
_LARGEST_FILE = 4_000_000


def shell_profiles(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The profiles of AWS's two files, for `--profile`; of `a,b` the last is completed."""
    return _offer(_profiles(), incomplete, ctx)


def shell_regions(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Regions for `--region`: those that the last snapshot or a profile has, or, where none of these fits, all of AWS's."""
    from tui.fleet.snapshot import last_rows

    configured = _REGION.findall(_text("AWS_CONFIG_FILE", "config"))
    known = {row.target.region for row in last_rows(os.environ)} | set(configured)
    return _offer(known, incomplete, ctx) or _offer(_all_regions(), incomplete, ctx)


def shell_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Instance ids of the last snapshot, of the profiles and regions that the line names if it names any."""
    from tui.fleet.snapshot import last_rows

    profiles, regions = _given(ctx, "profiles"), _given(ctx, "regions")
    found = _offer(
        (
            row.instance_id
            for row in last_rows(os.environ)
            if (not profiles or profiles & {row.target.profile, *row.profiles})
            and (not regions or row.target.region in regions)
        ),
        incomplete,
        ctx,
        listed=False,
    )
    return found if len(found) <= MOST_IDS else []


def shell_views(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """For `--view`: evac's views, and those of the config file, whose errors are for the command to tell."""
    from tui.config.loader import read_toml
    from tui.domain.listing import FleetView
    from tui.errors import EvacError
    from tui.paths import default_config_path

    path = next((one.params["config_path"] for one in _line(ctx) if one.params.get("config_path")), None)
    try:
        own = read_toml(path or default_config_path(os.environ)).get("views")
    except (EvacError, OSError):
        own = None
    usual = [str(one) for one in FleetView if one.startswith(incomplete)]
    return usual + _offer(own if isinstance(own, dict) else (), incomplete, ctx, listed=False)


def shell_codes_and_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """For `evac explain`: event codes, then ids."""
    from tui.domain.events import KNOWN_CODES

    return _offer(KNOWN_CODES, incomplete, ctx) + shell_ids(ctx, param, incomplete)


def _offer(names: Iterable[str], incomplete: str, ctx: click.Context, *, listed: bool = True) -> list[str]:
    """Those that go on with what is typed, in order; with `--demo` none, for they are of the real fleet."""
    if any(one.params.get("demo") for one in _line(ctx)):
        return []
    before, comma, typed = incomplete.rpartition(",") if listed else ("", "", incomplete)
    taken = set(before.split(","))
    fits = {one for one in names if one.startswith(typed) and one not in taken and OFFERED.fullmatch(one)}
    return [f"{before}{comma}{one}" for one in sorted(fits)]


def _line(ctx: click.Context | None) -> Iterator[click.Context]:
    while ctx is not None:
        yield ctx
        ctx = ctx.parent


def _given(ctx: click.Context, option: str) -> set[str]:
    """What the line says for a shared option, before its command or behind it: the nearer counts, as when it is run."""
    for one in _line(ctx):
        values = one.params.get(option) or ()
        if values:
            return {part.strip() for value in values for part in value.split(",")}
    return set()


def _profiles() -> set[str]:
    """As `aws configure list-profiles` tells them; the files are AWS's, and their errors are for the command to tell."""
    found = {
        section["name"]
        for section in _SECTION.finditer(_text("AWS_CONFIG_FILE", "config"))
        if section["profile"] or section["name"] == "default"
    }
    return found | {
        section["name"]
        for section in _SECTION.finditer(_text("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
        if not section["profile"]
    }


def _text(variable: str, name: str) -> str:
    path = Path(os.environ.get(variable) or f"~/.aws/{name}")
    try:
        with path.expanduser().open(encoding="utf-8", errors="replace") as file:
            return file.read(_LARGEST_FILE)
    except (OSError, RuntimeError):  # RuntimeError: no home folder
        return ""


def _all_regions() -> list[str]:
    """AWS's, as botocore's data have them; botocore itself is not loaded for it."""
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        return []
    try:
        body = Path(spec.origin).with_name("data").joinpath("partitions.json").read_bytes()
        names = [name for one in json.loads(body)["partitions"] for name in one["regions"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in names if _REGION_NAME.fullmatch(name)]
