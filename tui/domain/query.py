"""The filter language: words, `field:value`, `due<24h`, `ami>7d`, `-term`; all terms must hold, in any order.

Words match name, id, addresses, DNS names and tag values, in any case. What is separated by commas are alternatives; instance
ids and ARNs in a row are alternatives too, as a list of them is pasted. A value with blanks goes in double quotes. A term that
cannot be read is an answer too (QueryError), with its place, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from tui.domain.instance import CheckName, CheckStatus, Instance, InstanceState, Target
from tui.domain.sanitize import EMPTY
from tui.domain.time_format import parse_duration

Test = Callable[[Instance, datetime], bool]

FIELDS: dict[str, str] = {
    "name": "part of the name",
    "id": "part of the instance id",
    "ip": "part of a private or public address",
    "state": "running, stopped, stopping, pending, unknown …",
    "check": "a failing check (system, instance, ebs, application, performance) or a status (impaired, ok, unknown …)",
    "event": "part of an open event's code, or any, none",
    "profile": "the profile (any name of the same account)",
    "account": "part of the account id",
    "region": "part of the region",
    "az": "part of the availability zone",
    "type": "part of the instance type",
    "tag.KEY": "part of the tag's value; without a value: the tag is there",
    "due": "due<24h: an open event starts within that time",
    "ami": "ami>7d: the newest AMI is older than that, or there is none; ami:none",
    "recovery": "gap, nobody, partly, unknown, covered, not-needed; who acts: auto, alarm, group; host-gap, hang-nobody …",
    "copy": "gap, nobody, partly, unknown, covered, not-needed; from what: ami, dlm, backup, snapshot",
}
"""What the help screen prints; the keys are the language."""

COPY_MAX_AGE = timedelta(days=7)
"""How old a copy may be where nobody says otherwise (`actions.image_max_age`)."""
_COVER = ("recovery", "copy")

# Compiled when first asked for, and kept by `re`: the first frame has no filter.
_TERM = r'(?:[^\s"]|"[^"]*"?)+'
_FIELD = r"(?is)(?P<field>[a-z]+(?:\.[^:<>]*)?)(?P<op>[:<>])(?P<value>.*)"
_RESOURCE = r"(vol|eni|subnet|vpc)-[0-9a-f]+"
_CHECKS = {name.value: name for name in CheckName} | {
    "ebs": CheckName.ATTACHED_EBS,
    "volume": CheckName.ATTACHED_EBS,
    "app": CheckName.APPLICATION,
}
_STATUSES = {status.value: status for status in CheckStatus} | {"failed": CheckStatus.IMPAIRED}


class QueryError(Struct, frozen=True):
    """`text[start:end]` is the term that cannot be read, and why."""

    start: int
    end: int
    message: str


class Query(Struct, frozen=True):
    """A readable filter. The empty one matches everything.

    `cover`: it asks who covers an instance, which is read only once somebody wants to know. `max_age` as it was read with.
    """

    text: str
    tests: tuple[Test, ...] = ()
    cover: bool = False
    max_age: timedelta = COPY_MAX_AGE

    def matches(self, instance: Instance, now: datetime) -> bool:
        """Whether every term holds at `now` (UTC)."""
        return all(test(instance, now) for test in self.tests)


def terms(text: str) -> list[str]:
    """Its terms, as they were typed."""
    return [match.group() for match in re.finditer(_TERM, text)]


def parse_query(text: str, max_age: timedelta = COPY_MAX_AGE) -> Query | QueryError:
    """Read a filter; the first term that makes no sense is reported. Never raises. `max_age`: an older copy counts as none."""
    tests: list[Test] = []
    cover = False
    listed: list[Test] = []  # ids and ARNs in a row
    for match in re.finditer(_TERM, text):
        term = match.group()
        negated = term.startswith("-")
        try:
            found = _listed(term)
            test = found or _term(term[1:] if negated else term, max_age)
        except ValueError as problem:
            return QueryError(match.start(), match.end(), str(problem))
        if found is not None:
            listed.append(test)
            continue
        cover = cover or _asks_cover(term.removeprefix("-"))
        if listed:
            tests.append(_any(listed))
            listed = []
        tests.append(_not(test) if negated else test)
    if listed:
        tests.append(_any(listed))
    return Query(text, tuple(tests), cover, max_age)


def _asks_cover(term: str) -> bool:
    match = None if term.startswith('"') else re.fullmatch(_FIELD, term)
    return match is not None and match["field"].lower() in _COVER


def _listed(term: str) -> Test | None:
    """The test of an id, an ARN, or several as they are copied from anywhere; None: it is another term. Raises ValueError of
    an ARN."""
    # Like the expressions above: the first frame has no filter.
    from tui.domain.identifiers import ids_in, is_listed, parts_of

    parts = parts_of(term)
    if parts and not term.startswith("-") and all(map(is_listed, parts)):
        return _any([_arn(part) if part.lower().startswith("arn:") else _word(part) for part in parts])
    if term.startswith("-") or _is_field(term) or not ids_in(term):
        return None
    return _any([_word(one) for one in _words(term)])


def _is_field(term: str) -> bool:
    match = re.fullmatch(_FIELD, term)
    return match is not None and match["field"].lower().partition(".")[0] in (
        *_MAKERS,
        "tag",
        "due",
        "ami",
        *_COVER,
    )


def _arn(text: str) -> Test:
    from tui.domain.identifiers import check_arn, is_arn_of

    check_arn(text)
    return lambda instance, now: is_arn_of(instance, text)


def _not(test: Test) -> Test:
    return lambda instance, now: not test(instance, now)


def _term(term: str, max_age: timedelta) -> Test:
    match = None if term.startswith('"') else re.fullmatch(_FIELD, term)
    if match is None:
        return _any([_word(one) for one in _words(term)])
    name, op, value = match["field"], match["op"], _unquote(match["value"])
    field = name.lower()
    if field in ("due", "ami"):
        return _duration_term(field, op, value)
    if op != ":":
        raise ValueError(f"{field} is compared with ':', only due and ami with '<' or '>'")
    if field.startswith("tag."):
        return _tag(name[4:], value)
    if field == "tag":
        raise ValueError("name the tag: tag.KEY:value")
    make = _cover_maker(field, max_age) if field in _COVER else _MAKERS.get(field)
    if make is None and _is_place(field, value):
        return _word(_unquote(term))
    if make is None:
        raise ValueError(f"no field {field!r}; there are {', '.join(FIELDS)}")
    values = [part for part in value.lower().split(",") if part]
    if not values:
        raise ValueError(f"{field}: wants a value: {FIELDS[field]}")
    return _any([make(part) for part in values])


def _cover_maker(field: str, max_age: timedelta) -> Callable[[str], Test]:
    from tui.domain.cover.filter_words import copy_test, recovery_test  # as the rest: no filter, no module

    make = recovery_test if field == "recovery" else copy_test
    return lambda value: make(value, max_age)


def _words(term: str) -> list[str]:
    """The word, the ids within it, and where it has commas what stands between them. In quotes a comma is a comma."""
    from tui.domain.identifiers import ids_in

    word, ids = _unquote(term), ids_in(term)
    parts = [] if ids or '"' in term else [part for part in re.split("[,;]", term) if part]
    return list(dict.fromkeys((word, *ids, *parts)))


def _is_place(field: str, value: str) -> bool:
    """Whether `FIELD:value` is no field but a host with its port, a URL, an IPv6 address."""
    from tui.domain.identifiers import is_ipv6

    return (
        bool(re.fullmatch(r"\d{2,5}", value, re.ASCII))
        or value.startswith("//")
        or is_ipv6(f"{field}:{value}")
    )


def _unquote(text: str) -> str:
    # Values are single lines: a line break in the filter can match none, so it is read as a blank.
    return text.replace('"', "").replace("\n", " ")


def _any(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda instance, now: any(test(instance, now) for test in tests)


def _word(word: str) -> Test:
    needle = word.lower()
    if not needle:
        raise ValueError("an empty term: write a word or field:value")

    from tui.domain.identifiers import host, place_of

    if kind := re.fullmatch(_RESOURCE, needle):
        read = _RESOURCES[kind[1]]
        return lambda instance, now: (
            needle in _haystack(instance) or any(needle in one for one in read(instance))
        )
    if place := place_of(needle):  # with its port or its scheme, as monitoring writes it
        return _any([lambda instance, now: needle in _haystack(instance), _place(place)])
    if host(_NOBODY, needle) is not None:  # a whole DNS name: ip-10-2-0-4 is not ip-10-2-0-45
        return _place(needle)
    return lambda instance, now: needle in _haystack(instance)


def _place(name: str) -> Test:
    """The test for a whole name or address: one that is longer does not match."""
    from tui.domain.identifiers import address_pattern, host

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
    from tui.domain.identifiers import addresses, private_name

    parts: list[str] = [instance.name, instance.instance_id, *addresses(instance)]
    # Of a public name the first label alone: each of them holds `compute` and `aws`. The whole one `_word` knows.
    parts += (instance.private_dns, instance.public_dns.partition(".")[0])
    if instance.private_ip:
        parts.append(private_name(instance.private_ip))
    parts += [value for _, value in instance.tags]
    text = "\n".join(parts).lower()
    if len(_HAYSTACKS) >= _HAYSTACKS_MAX:
        _HAYSTACKS.clear()
    _HAYSTACKS[instance.instance_id] = (instance, text)
    return text


def _has_ip(instance: Instance, needle: str) -> bool:
    from tui.domain.identifiers import addresses

    return any(needle in one for one in addresses(instance))


def _part_of(read: Callable[[Instance], Iterable[str]]) -> Callable[[str], Test]:
    return lambda value: lambda instance, now: any(value in text.lower() for text in read(instance))


def _state(value: str) -> Test:
    states = [state for state in InstanceState if state.value.startswith(value)]
    if not states:
        raise ValueError(f"no state {value!r}; there are {', '.join(InstanceState)}")
    return lambda instance, now: instance.state in states


def _check(value: str) -> Test:
    name = _CHECKS.get(value)
    if name is not None:
        return lambda instance, now: instance.checks.get(name).status is CheckStatus.IMPAIRED
    status = _STATUSES.get(value)
    if status is None:
        raise ValueError(f"no check or status {value!r}; try system, instance, ebs, impaired, ok, unknown")
    if status is CheckStatus.OK:
        # The two every instance has; others may not be reported at all.
        return lambda instance, now: (
            instance.checks.system.status is instance.checks.instance.status is CheckStatus.OK
            and not instance.checks.impaired()
        )
    if status is CheckStatus.IMPAIRED:
        return lambda instance, now: bool(instance.checks.impaired())
    return lambda instance, now: any(instance.checks.get(check).status is status for check in CheckName)


def _event(value: str) -> Test:
    if value == "any":
        return lambda instance, now: bool(instance.open_events(now))
    if value == "none":
        return lambda instance, now: not instance.open_events(now)
    return lambda instance, now: any(value in event.code_text.lower() for event in instance.open_events(now))


def _tag(key: str, value: str) -> Test:
    if not key:
        raise ValueError("name the tag: tag.KEY:value")
    wanted, part = key.lower(), value.lower()
    return lambda instance, now: any(
        name.lower() == wanted and part in text.lower() for name, text in instance.tags
    )


def _duration_term(field: str, op: str, value: str) -> Test:
    if field == "ami" and op == ":" and value.lower() == "none":
        return lambda instance, now: instance.images_at is not None and instance.newest_image is None
    if op == ":":
        raise ValueError(f"compare {field} with a time: {'due<24h' if field == 'due' else 'ami>7d'}")
    length = parse_duration(value)
    return _due(op, length) if field == "due" else _image_age(op, length)


def _due(op: str, length: timedelta) -> Test:
    def test(instance: Instance, now: datetime) -> bool:
        waits = [
            event.not_before - now for event in instance.open_events(now) if event.not_before is not None
        ]
        return bool(waits) and (min(waits) < length if op == "<" else min(waits) > length)

    return test


def _image_age(op: str, length: timedelta) -> Test:
    def test(instance: Instance, now: datetime) -> bool:
        if instance.images_at is None:  # nobody asked yet: neither old nor new
            return False
        created = None if instance.newest_image is None else instance.newest_image.created
        if created is None:
            return op == ">"
        return now - created > length if op == ">" else now - created < length

    return test


TEXTS: dict[str, Callable[[Instance], Iterable[str]]] = {
    "name": lambda row: (row.name,),
    "id": lambda row: (row.instance_id,),
    "profile": lambda row: (*row.profiles, row.target.profile),
    "account": lambda row: (row.account_id,),
    "region": lambda row: (row.target.region,),
    "az": lambda row: (row.zone,),
    "type": lambda row: (row.instance_type,),
}
"""Fields whose value is a part of one of these texts."""
_MAKERS: dict[str, Callable[[str], Test]] = {
    **{name: _part_of(read) for name, read in TEXTS.items()},
    "ip": lambda value: lambda instance, now: _has_ip(instance, value),
    "state": _state,
    "check": _check,
    "event": _event,
}
