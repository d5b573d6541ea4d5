"""Addresses of one's own: runbooks and dashboards of an instance, as `[[links]]` of the settings name them.

What a stranger may have written, a tag's value say, comes into an address percent-encoded and behind the host: it cannot lead
to another place, nor leave the part of the path in which it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, urlsplit

from msgspec import Struct

from tui.domain.instance import Instance
from tui.domain.query import Query, QueryError, parse_query

LONGEST_LINK = 2000
"""Characters of an address: browsers and terminals take no longer ones."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_WORDS: dict[str, Callable[[Instance], str]] = {
    "id": lambda one: one.instance_id,
    "region": lambda one: one.target.region,
    "account": lambda one: one.account_id,
    "name": lambda one: one.name,
    "profile": lambda one: one.target.profile,
    "private_ip": lambda one: one.private_ip,
    "public_ip": lambda one: one.public_ip,
    "key_name": lambda one: one.key_name,
}
_TAG = "tag."


class LinkRule(Struct, frozen=True):
    """One of `[[links]]`: the name and the address, with placeholders, for what the filter `when` matches; empty: for all."""

    name: str
    url: str
    when: str = ""


class OwnLink(Struct, frozen=True):
    """A name and a whole address, https, in plain ASCII."""

    name: str
    url: str


def links_of(instance: Instance, rules: Iterable[LinkRule], now: datetime) -> tuple[OwnLink, ...]:
    """Those of the instance, in the order of the settings. One whose placeholder it has nothing for is left out."""
    found = (
        OwnLink(rule.name, url)
        for rule in rules
        if _holds(rule.when, instance, now) and (url := _filled(rule.url, instance))
    )
    return tuple(found)


def link_fault(url: str) -> str:
    """What is wrong with an address as it stands in the configuration; empty: nothing."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return "an address is plain ASCII without spaces; what else it needs is percent-encoded"
    for name in _PLACEHOLDER.findall(url):
        if name not in _WORDS and not (name.startswith(_TAG) and len(name) > len(_TAG)):
            return f"{{{name}}} is none of {', '.join(f'{{{known}}}' for known in _WORDS)} and {{tag.KEY}}"
    begin = re.match(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(?=[/?#]|\Z)", url)
    if begin is None or not urlsplit(url).hostname:
        return "an address begins with https:// and a host in which nothing is put in"
    return ""


def _holds(when: str, instance: Instance, now: datetime) -> bool:
    read = _read(when)
    return isinstance(read, Query) and read.matches(instance, now)


@lru_cache(maxsize=64)
def _read(when: str) -> Query | QueryError:
    return parse_query(when)


def _filled(url: str, instance: Instance) -> str:
    """Empty where something is missing, would lead to another part of the path, or is too long."""
    known = True

    def word(match: re.Match[str]) -> str:
        nonlocal known
        name = match[1]
        value = instance.tag(name.removeprefix(_TAG)) if name.startswith(_TAG) else _WORDS[name](instance)
        known = known and bool(value) and not _climbs(value or "")
        return quote(value or "", safe="")

    made = _PLACEHOLDER.sub(word, url)
    return made if known and len(made) <= LONGEST_LINK and not _climbs(urlsplit(made).path) else ""


def _climbs(text: str) -> bool:
    """Whether a part of it means another folder: some servers read `%2F` as a slash, and all read `..` so."""
    return any(part in (".", "..") for part in re.split(r"[/\\]", text))
