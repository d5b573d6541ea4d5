"""Reads which machine evac runs on (DMI, cloud-init's record of this boot), and what its network paths depend on.

Files and the environment only, no network. The metadata service is not asked: behind a router instance it answers for another
machine, and off EC2 somebody else may answer. Whatever is missing, odd or unreadable is *not known*, never an error.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tui.config.schema import Settings
from tui.domain.this_machine import Here, Way, elsewhere
from tui.operations import network_mounts

ROOT = Path("/")
_DMI = "sys/devices/virtual/dmi/id"
_VENDORS = ("board_vendor", "sys_vendor", "bios_vendor", "chassis_vendor")
_VERSIONS = ("bios_version", "product_version")
_INSTANCE = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_SMALL, _LARGE = 4096, 4 * 1024 * 1024
_NO_REACH = "the runner can't reach AWS"
_STUB = "127.0.0.53"


def root(environ: Mapping[str, str]) -> Path:
    """`/`; in a demonstration, whose clients reach nothing but this machine, also what EVAC_DEMO_ROOT names."""
    told = environ.get("EVAC_DEMO_ROOT", "") if environ.get("EVAC_DEMO") == "1" else ""
    return Path(told) if told else ROOT


def read_this_machine(
    environ: Mapping[str, str], settings: Settings, folder: Path, at: Path | None = None
) -> Here:
    """Which machine this is, and which hosts its operations depend on. `folder`: the journal's. Never raises."""
    place = root(environ) if at is None else at
    found = _who(place)
    ways = tuple(dict.fromkeys(way for way in _ways(environ, settings, folder, place) if elsewhere(way.host)))
    return msgspec.structs.replace(found, ways=ways)


def _text(path: Path, most: int = _SMALL) -> str | None:
    """A regular file's text; None if it is not one, can't be read, or is longer than expected."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            return None
        with os.fdopen(os.dup(number), "rb") as file:
            data = file.read(most + 1)
    except OSError:
        return None
    finally:
        os.close(number)
    return data.decode("utf-8", "replace") if len(data) <= most else None


def _who(at: Path) -> Here:
    """Which instance this is: from DMI, then cloud-init; else whether it is on EC2. A missing DMI tag proves nothing."""
    dmi = at / _DMI
    amazon = any((_text(dmi / name) or "").strip() == "Amazon EC2" for name in _VENDORS)
    tag = (_text(dmi / "board_asset_tag") or "").strip()
    if amazon and _INSTANCE.fullmatch(tag):  # other vendors write an asset tag of their own there
        return Here(tag, source="dmi")
    told = _cloud_init(at)
    if told is not None:
        return told
    if amazon or _xen(at):
        return Here(known=False, why="this is an EC2 instance whose DMI and cloud-init do not say which")
    return Here()


def _cloud_init(at: Path) -> Here | None:
    """What cloud-init found at this boot: /run is of this boot. /var/lib is of the disk, and a clone has its original's."""
    text = _text(at / "run/cloud-init/instance-data.json", _LARGE)
    try:
        held: Any = msgspec.json.decode(text) if text else None
    except (msgspec.MsgspecError, RecursionError):
        return None
    one = held.get("v1") if isinstance(held, dict) else None
    if not isinstance(one, dict):
        return None
    cloud = {str(one.get(key, "")).lower() for key in ("cloud_name", "cloud-name", "platform")}
    if not cloud & {"aws", "ec2"}:
        return None
    ident = one.get("instance_id") or one.get("instance-id")
    region = one.get("region")
    if isinstance(ident, str) and _INSTANCE.fullmatch(ident):
        return Here(ident, source="cloud-init", region=region if isinstance(region, str) else "")
    return Here(known=False, why="this is an EC2 instance, and cloud-init does not say which")


def _xen(at: Path) -> bool:
    """Xen's uuid begins with ec2 there, and its version ends in `.amazon`.

    So does DMI's uuid begin, in either byte order, where it may be read (user guide, identify).
    """
    if (_text(at / "sys/hypervisor/uuid") or "").strip().lower().startswith("ec2"):
        return True
    if any((_text(at / _DMI / name) or "").strip().endswith(".amazon") for name in _VERSIONS):
        return True
    uuid = (_text(at / _DMI / "product_uuid") or "").strip().lower()
    return uuid.startswith("ec2") or uuid[6:8] + uuid[4:5] == "ec2"


def _ways(environ: Mapping[str, str], settings: Settings, folder: Path, at: Path) -> Iterator[Way]:
    for name in ("HTTPS_PROXY", "https_proxy"):
        yield Way(f"its proxy ({name})", _host(environ.get(name, "")), _NO_REACH)
    for name in sorted(environ):
        if name.startswith("AWS_ENDPOINT_URL"):
            yield Way(f"AWS's address ({name})", _host(environ[name]), _NO_REACH)
    for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "VAULT_ADDR"):
        yield Way(
            f"where its credentials come from ({name})",
            _host(environ.get(name, "")),
            "the runner has no login",
        )
    for server in _servers(at):
        yield Way("its name server (DNS)", server, "the runner finds no address of AWS's and can't reach it")
    if server := network_mounts.server(folder, at / "proc/self/mountinfo"):
        yield Way("the journal's folder", server, "the runner hangs with its journal and can't go on")
    lock, cache = settings.lock.url, settings.cache.url
    for what, url, breaks in (
        ("the lock service (lock.url)", lock, "other operations are refused until it is back"),
        ("the shared cache (cache.url)", cache, "every console reads by itself until it is back"),
    ):
        yield Way(what, _host(url), breaks, need=False)
    client = environ.get("SSH_CONNECTION", "").split(" ")[0]
    yield Way("your way in (SSH)", client, "it breaks meanwhile, and the runner goes on", need=False)


def _host(url: str) -> str:
    """The host of a URL; empty where it has none."""
    try:
        return (urlsplit(url if "://" in url else f"//{url}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _servers(at: Path) -> tuple[str, ...]:
    """The name servers of resolv.conf; behind systemd-resolved's stub, those that it asks."""
    found = _nameservers(at / "etc/resolv.conf")
    if _STUB in found:
        found = tuple(one for one in found if one != _STUB) + _nameservers(
            at / "run/systemd/resolve/resolv.conf"
        )
    return tuple(dict.fromkeys(found))


def _nameservers(path: Path) -> tuple[str, ...]:
    lines = (line.split() for line in (_text(path, _LARGE) or "").splitlines())
    return tuple(words[1] for words in lines if len(words) > 1 and words[0] == "nameserver")
