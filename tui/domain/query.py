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

from tui.domain.filter_choices import CHECKS, STATES, STATUSES, choices, no_choice
from tui.domain.instance import CheckName, CheckStatus, Instance
from tui.domain.time_format import parse_duration

Test = Callable[[Instance, datetime], bool]

FIELDS: dict[str, str] = {
    "name": "part of the name",
    "id": "part of the instance id",
    "ip": "part of a private or public address",
    "state": choices("state"),
    "check": f"a failing check or a status: {choices('check')}",
    "event": "part of an open event's code, or any, none",
    "profile": "the profile (any name of the same account)",
    "account": "part of the account id",
    "region": "part of the region",
    "az": "part of the availability zone",
    "type": "part of the instance type",
    "tag.KEY": "part of the tag's value; without a value: the tag is there",
    "due": "due<24h: an open event starts within that time",
    "ami": "ami>7d: the newest AMI is older than that, or there is none; ami:none",
    "recovery": f"if the host dies or the system hangs: {choices('recovery')}",
    "copy": f"if the data is lost: {choices('copy')}",
}
"""What the help screen prints; the keys are the language."""

COPY_MAX_AGE = timedelta(days=7)
"""How old a copy may be where nobody says otherwise (`actions.image_max_age`)."""
_COVER = ("recovery", "copy")

# Compiled when first asked for, and kept by `re`: the first frame has no filter.
_TERM = r'(?:[^\s"]|"[^"]*"?)+'
_FIELD = r"(?is)(?P<field>[a-z]+(?:\.[^:<>]*)?)(?P<op>[:<>])(?P<value>.*)"


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
    from tui.domain.filter_text import any_of  # the first frame has no filter

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
            tests.append(any_of(listed))
            listed = []
        tests.append(_not(test) if negated else test)
    if listed:
        tests.append(any_of(listed))
    return Query(text, tuple(tests), cover, max_age)


def _asks_cover(term: str) -> bool:
    match = None if term.startswith('"') else re.fullmatch(_FIELD, term)
    return match is not None and match["field"].lower() in _COVER


def _listed(term: str) -> Test | None:
    """The test of an id, an ARN, or several as they are copied from anywhere; None: it is another term. Raises ValueError of
    an ARN."""
    from tui.domain.filter_text import any_of, word_test, words_of
    from tui.domain.identifiers import ids_in, is_listed, parts_of

    parts = parts_of(term)
    if parts and not term.startswith("-") and all(map(is_listed, parts)):
        return any_of([_arn(part) if part.lower().startswith("arn:") else word_test(part) for part in parts])
    if term.startswith("-") or _is_field(term) or not ids_in(term):
        return None
    return any_of([word_test(one) for one in words_of(term)])


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
    from tui.domain.filter_text import any_of, unquoted, word_test, words_of

    match = None if term.startswith('"') else re.fullmatch(_FIELD, term)
    if match is None:
        return any_of([word_test(one) for one in words_of(term)])
    name, op, value = match["field"], match["op"], unquoted(match["value"])
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
        return word_test(unquoted(term))
    if make is None:
        raise ValueError(f"no field {field!r}; there are {', '.join(FIELDS)}")
    values = [part for part in value.lower().split(",") if part]
    if not values:
        raise ValueError(f"{field}: wants a value: {FIELDS[field]}")
    return any_of([make(part) for part in values])


def _cover_maker(field: str, max_age: timedelta) -> Callable[[str], Test]:
    from tui.domain.cover_filter import copy_test, recovery_test  # as the rest: no filter, no module

    make = recovery_test if field == "recovery" else copy_test
    return lambda value: make(value, max_age)


def _is_place(field: str, value: str) -> bool:
    """Whether `FIELD:value` is no field but a host with its port, a URL, an IPv6 address."""
    from tui.domain.identifiers import is_ipv6

    return (
        bool(re.fullmatch(r"\d{2,5}", value, re.ASCII))
        or value.startswith("//")
        or is_ipv6(f"{field}:{value}")
    )


def _has_ip(instance: Instance, needle: str) -> bool:
    from tui.domain.identifiers import addresses

    return any(needle in one for one in addresses(instance))


def _part_of(read: Callable[[Instance], Iterable[str]]) -> Callable[[str], Test]:
    return lambda value: lambda instance, now: any(value in text.lower() for text in read(instance))


def _state(value: str) -> Test:
    states = [state for word, state in STATES.items() if word.startswith(value)]
    if not states:
        raise no_choice("state", value)
    return lambda instance, now: instance.state in states


def _check(value: str) -> Test:
    name = CHECKS.get(value)
    if name is not None:
        return lambda instance, now: instance.checks.get(name).status is CheckStatus.IMPAIRED
    status = STATUSES.get(value)
    if status is None:
        raise no_choice("check", value)
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
        raise ValueError(
            f"compare {field} with a time: {'due<24h' if field == 'due' else 'ami>7d; or ami:none'}"
        )
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
