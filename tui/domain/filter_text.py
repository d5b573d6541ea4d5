"""Words of a filter that are no field: parts of a name, an id, a tag's value; whole addresses and DNS names; ids of resources.

Loaded when somebody filters: the first frame does without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from tui.domain.identifiers import address_pattern, addresses, host, ids_in, place_of, private_name
from tui.domain.instance import Instance, Target
from tui.domain.sanitize import EMPTY

_Test = Callable[[Instance, datetime], bool]
_RESOURCE = r"(vol|eni|subnet|vpc)-[0-9a-f]+"


def unquoted(text: str) -> str:
    """Without its quotes, in one line."""
    # Values are single lines: a line break in the filter can match none, so it is read as a blank.
    return text.replace('"', "").replace("\n", " ")


def any_of(tests: list[_Test]) -> _Test:
    """The test that holds where one of these does."""
    if len(tests) == 1:
        return tests[0]
    return lambda instance, now: any(test(instance, now) for test in tests)


def words_of(term: str) -> list[str]:
    """The word, the ids within it, and where it has commas what stands between them. In quotes a comma is a comma."""
    word, ids = unquoted(term), ids_in(term)
    parts = [] if ids or '"' in term else [part for part in re.split("[,;]", term) if part]
    return list(dict.fromkeys((word, *ids, *parts)))


def word_test(word: str) -> _Test:
    """The test for a word as it may be copied from anywhere. ValueError of an empty one."""
    needle = word.lower()
    if not needle:
        raise ValueError("an empty term: write a word or field:value")

    if kind := re.fullmatch(_RESOURCE, needle):
        read = _RESOURCES[kind[1]]
        return lambda instance, now: (
            needle in _haystack(instance) or any(needle in one for one in read(instance))
        )
    if place := place_of(needle):  # with its port or its scheme, as monitoring writes it
        return any_of([lambda instance, now: needle in _haystack(instance), _place(place)])
    if host(_NOBODY, needle) is not None:  # a whole DNS name: ip-10-2-0-4 is not ip-10-2-0-45
        return _place(needle)
    return lambda instance, now: needle in _haystack(instance)


def _place(name: str) -> _Test:
    """The test for a whole name or address: one that is longer does not match."""
    whole = address_pattern(name) or re.compile(rf"(?<![0-9a-z]){re.escape(name)}(?![0-9a-z])")
    return lambda instance, now: bool(host(instance, name) or whole.search(_haystack(instance)))


_NOBODY = Instance(Target("", ""), EMPTY)
_RESOURCES: dict[str, Callable[[Instance], Iterable[str]]] = {
    "vol": lambda instance: (volume.volume_id for volume in instance.volumes),
    "eni": lambda instance: (interface.interface_id for interface in instance.interfaces),
    "subnet": lambda instance: (instance.subnet_id,),
    "vpc": lambda instance: (instance.vpc_id,),
}
"""What an alert names that is an instance's: the beginning of its id → those of the instance. Only looked at when asked."""

# One lowered text an instance, kept while the very same object is asked again: a keystroke asks every row.
# Bounded by the fleet (one entry an id), and emptied should ids come and go for months.
_HAYSTACKS: dict[str, tuple[Instance, str]] = {}
_HAYSTACKS_MAX = 200_000


def _haystack(instance: Instance) -> str:
    kept = _HAYSTACKS.get(instance.instance_id)
    if kept is not None and kept[0] is instance:
        return kept[1]
    parts: list[str] = [instance.name, instance.instance_id, *addresses(instance)]
    # Of a public name the first label alone: each of them holds `compute` and `aws`. The whole one `word_test` knows.
    parts += (instance.private_dns, instance.public_dns.partition(".")[0])
    if instance.private_ip:
        parts.append(private_name(instance.private_ip))
    parts += [value for _, value in instance.tags]
    text = "\n".join(parts).lower()
    if len(_HAYSTACKS) >= _HAYSTACKS_MAX:
        _HAYSTACKS.clear()
    _HAYSTACKS[instance.instance_id] = (instance, text)
    return text
