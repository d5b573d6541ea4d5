"""Kinds of trouble of a person's own: what may be written, how a mistake is told, and that they are found before evac's."""

from __future__ import annotations

from typing import Any

import pytest

from tui.config.kinds import own_kinds
from tui.config.schema import ConfigError, decode_settings, encode_settings, validate
from tui.domain.diagnosis.log_findings import diagnose_log

KIND: dict[str, Any] = {
    "contains": ["payments*ledger is behind", "^ledgerd: stuck"],
    "words": "the ledger is behind",
    "remedy": "page the payments team",
}


def kinds(*tables: dict[str, Any]) -> Any:
    return own_kinds(validate({"diagnosis": list(tables)}, "config.toml"))


def test_they_are_found_first_and_say_what_their_owner_wrote() -> None:
    mine = kinds(
        KIND, {**KIND, "contains": ["out of memory: kill"], "key": "heap", "severity": 3, "unless": ["oom"]}
    )
    log = "[ 1.000000] x\npayments[7]: the Ledger is behind by 9\n[ 9.000000] Out of memory: Killed process 8 (java)\n"
    heap, behind = diagnose_log(log, mine).findings
    assert (heap.key, heap.severity, heap.source) == ("heap", 3, "config.toml")
    assert (behind.key, behind.severity, behind.line) == ("own-1", 2, 2)
    assert (behind.words, behind.remedy) == ("the ledger is behind", "page the payments team")
    assert diagnose_log("a ledgerd: stuck", mine).findings == ()


def test_they_pass_to_a_child_process() -> None:
    settings = validate({"diagnosis": [KIND]}, "config.toml")
    assert own_kinds(decode_settings(encode_settings(settings))) == own_kinds(settings)


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"contains": []}, "diagnosis", "1"),
        ({"contains": ["oom"]}, "diagnosis[0].contains", "expected 4 characters or more in a row"),
        ({"contains": ["a*b*c"]}, "diagnosis[0].contains", "expected 4 characters or more in a row"),
        ({"contains": ["x" * 201]}, "diagnosis[0].contains", "expected at most 200 characters"),
        ({"contains": ["word"] * 21}, "diagnosis", "20"),
        ({"unless": ["*"]}, "diagnosis[0].unless", "expected 1 characters or more"),
        ({"words": ""}, "diagnosis", "1"),
        ({"words": "two\nlines"}, "diagnosis[0].words", "one line"),
        ({"severity": 4}, "diagnosis", "3"),
        ({"remedies": "x"}, "diagnosis", "remedies"),
    ],
)
def test_a_mistake_is_told_with_file_key_and_what_was_expected(
    change: dict[str, Any], key: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        kinds({**KIND, **change})
    assert caught.value.file == "config.toml"
    assert caught.value.key.startswith(key)
    assert said in caught.value.expected or said in caught.value.key


def test_there_is_a_limit_to_how_many() -> None:
    kinds(*[KIND] * 50)
    with pytest.raises(ConfigError, match="50"):
        kinds(*[KIND] * 51)
