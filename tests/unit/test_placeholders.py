"""What is put into the arguments of a program named in the configuration: only what looks like it, and never an option."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.domain.placeholders import filled, placeholder_fault

WORDS = {
    "id": "i-0abc12345678def00",
    "region": "eu-west-1",
    "profile": "prod",
    "private_ip": "10.0.0.7",
    "public_ip": "2001:db8::7",
}


def test_each_is_put_in_where_it_stands_and_nothing_else_is_touched() -> None:
    given = [
        "silence",
        "--host={id}",
        "{region}/{profile}",
        "{private_ip}",
        "[{public_ip}]",
        '{"a": 1}',
        "$(id)",
    ]
    assert filled(given, WORDS) == [
        "silence", "--host=i-0abc12345678def00", "eu-west-1/prod", "10.0.0.7", "[2001:db8::7]", '{"a": 1}', "$(id)"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("id", "-rf"),
        ("id", "i-1; rm -rf /"),
        ("id", ""),
        ("region", "-eu"),
        ("region", "eu west"),
        ("profile", "--output"),
        ("profile", "a\nb"),
        ("private_ip", "10.0.0.7 -x"),
        ("private_ip", "999.0.0.1"),
        ("public_ip", "fe80"),
    ],
)
def test_a_word_that_is_not_one_is_refused(name: str, word: str) -> None:
    with pytest.raises(ValueError, match=r"is not|does not appear"):
        filled(["silence", f"{{{name}}}"], WORDS | {name: word})


@settings(max_examples=int(os.environ.get("EVAC_FUZZ", "40")), deadline=None)
@given(
    st.sampled_from(sorted(WORDS)),
    st.text(max_size=60) | st.text("-.:/@=+ 0123456789abcdefi\n\0", max_size=60),
)
def test_no_other_word_gets_through(name: str, word: str) -> None:
    try:
        found = filled(["silence", f"{{{name}}}"], {name: word})
    except ValueError:
        return
    assert found == ["silence", word]
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.@+/: -]*", word) or word.startswith(("_", ":"))


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), ""),
        (("silence", "{id}", "{}", "{ID}"), ""),
        (("silence", "{name}"), "{name} is none of {id}"),
        (("/opt/{id}",), "the first is the program"),
        (("silence", "a\0"), "one line of plain text"),
        (("silence", "a\nb"), "one line of plain text"),
        (("bin/silence",), "its whole path"),
        (("./silence",), "its whole path"),
        (("-x",), "its whole path"),
        ((" ",), "its whole path"),
    ],
)
def test_what_stands_in_the_configuration_is_judged_as_it_is_read(
    arguments: tuple[str, ...], fault: str
) -> None:
    assert fault in placeholder_fault(arguments)
    assert bool(fault) is bool(placeholder_fault(arguments))
