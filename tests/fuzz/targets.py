"""Every reader as a function of bytes, for fuzzers that learn from what the code does with them (`make fuzz`, with atheris).

Each may raise nothing: what a reader is allowed to raise is caught here. With each its seeds, bytes that are read well.
"""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.journal_file import to_single_file
from tui.config import loader
from tui.config.schema import ConfigError, decode_settings
from tui.domain import query
from tui.domain.actions import ActionOptions
from tui.domain.console_output import console_lines
from tui.domain.instance import Instance, InstanceState, Phase, Target, TargetStatus
from tui.domain.plan import draft
from tui.domain.policy import Policy
from tui.domain.sanitize import clean, csv_cell
from tui.domain.time_format import parse_duration, parse_moment
from tui.fleet import protocol, snapshot
from tui.fleet.store import Store
from tui.operations import audit_log
from tui.operations.journal import Journal, JournalError

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
ROW = Instance(
    Target("prod", "eu-west-1"),
    clean("i-0123456789abcdef0"),
    name=clean("web-7"),
    state=InstanceState.RUNNING,
)
DELTA = protocol.Delta(TargetStatus(ROW.target, Phase.LIVE, status_at=NOW), (ROW,), ("k",), (ROW.target,))
UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@cache
def folder() -> Path:
    """Of this process; in memory where the system has such a place."""
    base = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="evac-fuzz-", dir=base if base.is_dir() else None))


def _text(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def _line(text: object) -> None:
    assert not UNSAFE & {unicodedata.category(char) for char in str(text)}, ascii(text)


def sanitiser(body: bytes) -> None:
    """One line that is clean, and stays so."""
    for raw in (_text(body), body.decode("utf-16-le", "surrogatepass") if len(body) % 2 == 0 else ""):
        line = clean(raw)
        _line(line)
        assert clean(line) == line
        assert len(line) <= 1024
        for one in console_lines(raw):
            _line(one)
        assert csv_cell(line)[:1] not in ("=", "+", "-", "@")


def filters(body: bytes) -> None:
    """A filter, or the place where it is wrong."""
    text = _text(body)
    parsed = query.parse_query(text)
    if isinstance(parsed, query.QueryError):
        assert 0 <= parsed.start <= parsed.end <= len(text)
        _line(clean(parsed.message))
    else:
        for test in parsed.tests:
            test(ROW, NOW)


def times(body: bytes) -> None:
    """A duration or a moment, or ValueError."""
    text = _text(body)
    for read in (parse_duration, lambda word: parse_moment(word, NOW)):
        with suppress(ValueError):
            read(text)


def configuration(body: bytes) -> None:
    """The user's file, and the site's."""
    path = folder() / "config.toml"
    path.write_bytes(body)
    loader.POLICY = folder() / "no-policy.toml"
    for environ in ({}, {"EVAC_POLICY": str(path)}):
        try:
            loader.load_settings(
                path if not environ else None, profiles=(), regions=(), read_only=False,
                environ={"HOME": str(folder()), **environ},
            )  # fmt: skip
        except ConfigError as error:
            _line(error)
    with suppress(ConfigError):
        decode_settings(body)


def frames(body: bytes) -> None:
    """What comes through the pipe between console and collector."""
    with suppress(protocol.WireError):
        protocol.length(body[:4].ljust(4, b"\0"))
    try:
        frame = protocol.decode_frame(body)
    except protocol.WireError as error:
        _line(error)
        return
    if isinstance(frame, protocol.Delta):
        Store().apply(frame)


def last_state(body: bytes) -> None:
    """The snapshot."""
    path = folder() / "snapshot.mpk"
    path.write_bytes(body)
    path.chmod(0o600)
    kept, said = snapshot.restore(path)
    _line(said)
    assert bool(kept) != bool(said)
    if kept is not None:
        store = Store()
        store.load_snapshot(kept.deltas, kept.count)
        for rows in kept.rest():
            store.load_rest(rows)


def journal(body: bytes) -> None:
    """A file in the journal's place."""
    path = folder() / "journal.sqlite3"
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    path.write_bytes(body)
    try:
        book = Journal(path)
    except JournalError as error:
        _line(error)
        return
    try:
        for one in book.list():
            book.get(one.id)
        book.unfinished()
        book.check()
    except JournalError as error:
        _line(error)
    finally:
        book.close()


def read_audit_log(body: bytes) -> None:
    """It is checked, and added to."""
    path = folder() / "audit.jsonl"
    path.write_bytes(body)
    audit_log.check(path)
    with suppress(OSError):
        audit_log.append(path, NOW, step="x", result="y")


def answers(body: bytes) -> None:
    """The fast parser: what it takes is what botocore's own parser finds in it."""
    from tests.unit.test_parser import never_different
    from tui.aws import errors

    for name in ("DescribeInstances", "DescribeInstanceStatus"):
        try:
            never_different(name, body)
        except (
            ArithmeticError,
            ValueError,
            RuntimeError,
        ) as error:  # botocore's own trouble with a time that is none
            told = errors.trouble(error, "prod", "eu-west-1")
        else:
            continue
        assert told.kind == "network"


def pages(body: bytes) -> None:
    """An error page that may be anybody's: botocore's parser can read what is left of it."""
    from botocore.parsers import create_parser

    from tests.unit.test_parser import OPERATIONS
    from tui.aws import errors, non_aws_errors

    operation = OPERATIONS["DescribeInstances"]
    for status in (403, 407, 502):
        response: dict[str, Any] = {"status_code": status, "headers": {}, "body": body}
        non_aws_errors._before_parse(operation_model=operation, response_dict=response)
        if response["body"] is not body:
            found: Any = create_parser("ec2").parse(response, operation.output_shape)  # type: ignore[arg-type]  # our dict
            assert found["Error"]["Code"] == str(status)
        else:
            try:
                create_parser("ec2").parse(response, operation.output_shape)  # type: ignore[arg-type]  # our dict
            except Exception as error:  # whatever botocore's parser makes of it is told as a network's fault
                told = errors.trouble(error, "prod", "eu-west-1")
            else:
                continue
            assert told.kind == "network"


@dataclass(frozen=True)
class Reader:
    """One target: what reads, what it reads well, and how long an input may grow."""

    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    longest: int = 4096


def _good_snapshot() -> list[bytes]:
    store = Store()
    store.apply(DELTA)
    snapshot.write_snapshot(store.targets(), store.rows(), folder() / "good.mpk", NOW)
    return [(folder() / "good.mpk").read_bytes()]


def _good_journal() -> list[bytes]:
    path = folder() / "good.sqlite3"
    book = Journal(path)
    book.create(draft("reboot", ROW, None, ActionOptions(), Policy(), NOW), NOW)
    book.close()
    to_single_file(path)
    body = path.read_bytes()
    path.unlink()
    return [body, b"SQLite format 3\0"]


def _good_audit() -> list[bytes]:
    path = folder() / "good.jsonl"
    audit_log.append(path, NOW, step="x", result="y")
    body = path.read_bytes()
    path.unlink()
    return [body]


def _good_answers() -> list[bytes]:
    from tests.unit.test_parser import base

    return [base(name, seed) for name in ("DescribeInstances", "DescribeInstanceStatus") for seed in range(3)]


ERROR = b"<Response><Errors><Error><Code>x</Code></Error></Errors></Response>"
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
READERS = {
    "sanitiser": Reader(sanitiser, lambda: ["web-1 한국 🙂 e\u0301".encode(), b"\x1b]0;x\x07[@click=x]", b"=1+1"]),
    "filters": Reader(filters, lambda: [b"state:running -tag.env:prod due<24h ami>7d \"a b\" check:impaired", b"event:x"]),
    "times": Reader(times, lambda: [b"36h", b"7d", b"2026-11-24T03:00:00+09:00", b"tomorrow 03:00"], 64),
    "configuration": Reader(configuration, lambda: [EXAMPLE.read_bytes(), b"read_only = true\n[profiles.x]\nlabel='y'\n"], 16384),
    "frames": Reader(
        frames,
        lambda: [
            protocol.encode_frame(one)[4:]
            for one in (DELTA, protocol.ReadRequest(1, protocol.ReadKind.LOOK, ROW.target, "i"))
        ],
    ),
    "last_state": Reader(last_state, _good_snapshot),
    "journal": Reader(journal, _good_journal, 131072),
    "audit_log": Reader(read_audit_log, _good_audit),
    "answers": Reader(answers, _good_answers, 16384),
    "pages": Reader(pages, lambda: [b"<html><body>502</body></html>", ERROR, b""]),
}  # fmt: skip
