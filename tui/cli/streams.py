"""stdout and stderr as a command finds them: of any encoding, closed, full, or with nobody at the other end. None ends it.

What can't be delivered is dropped, and the command goes on: it may be in the middle of an operation. At the end `verdict`
makes of it what is right: a reader that has gone (head, say) had enough; a list that could not be written is a failure.
"""

from __future__ import annotations

import codecs
import errno
import os
import select
import sys
from contextlib import suppress
from typing import TextIO

from tui.domain.sanitize import clean
from tui.presentation.ascii import in_ascii, stand_in

_ERRORS = "evac"
_GONE = frozenset({errno.EPIPE, errno.ECONNRESET})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.ENXIO, *_GONE})
_state: dict[str, OSError | bool | None] = {"lost": None, "acts": False, "ascii": False}


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """A codec error handler: characters the encoding lacks become ASCII of the same width."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(stand_in, error.object[error.start : error.end])), error.end


def prepare() -> None:
    """Prepare the streams at a command's start: no encoding errors, and no file opened later gets a closed stream's number."""
    _state.update(lost=None, acts=False, ascii=False)
    codecs.register_error(_ERRORS, _replaced)
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors=_ERRORS)  # type: ignore[union-attr] # of a real stream; a test's may lack it


def is_terminal(stream: TextIO | None) -> bool:
    """Whether the stream exists and is a terminal."""
    try:
        return stream is not None and stream.isatty()
    except (OSError, ValueError):
        return False


def is_utf8(stream: TextIO | None) -> bool:
    """Whether the stream takes any character."""
    name = getattr(stream, "encoding", None) or "utf-8"
    try:
        return codecs.lookup(name).name.startswith("utf")
    except LookupError:
        return False


def draws_ascii(wanted: bool) -> None:
    """From here on `drawn` replaces evac's signs by ASCII; documents and JSON stay as they are."""
    _state["ascii"] = wanted


def in_plain_ascii() -> bool:
    """Whether what is printed has to be drawn in ASCII: it was asked for, or stdout takes no other character."""
    return bool(_state["ascii"]) or not is_utf8(sys.stdout)


def drawn(text: str) -> str:
    """A line for people, with signs the terminal can draw."""
    return in_ascii(text) if _state["ascii"] else text


def put(text: str, *, flush: bool = False, document: bool = False) -> None:
    """Write to stdout, if there is one. `document`: to a file or pipe in UTF-8, whatever the terminal's encoding."""
    stream = sys.stdout
    if _state["lost"] is not None:
        return
    try:
        if stream is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        buffer = getattr(stream, "buffer", None)
        if document and buffer is not None and not is_utf8(stream) and not is_terminal(stream):
            stream.flush()
            buffer.write(text.encode("utf-8", "replace"))
        else:
            stream.write(text)
        if flush:
            stream.flush()
    except (OSError, ValueError) as error:
        _lose(error)


def is_lost() -> bool:
    """Whether nobody gets what is written to stdout any more: a write has failed, or the reader has gone. Writes nothing."""
    if _state["lost"] is None:
        poll = select.poll()
        try:
            poll.register(sys.stdout.fileno(), 0)
            if any(events & (select.POLLERR | select.POLLNVAL) for _, events in poll.poll(0)):
                _lose(OSError(errno.EPIPE, os.strerror(errno.EPIPE)))
        except (OSError, ValueError, AttributeError):  # none, or no descriptor of the system's
            pass
    return _state["lost"] is not None


def narrate(text: str) -> None:
    """Write to stderr and flush; dropped where that fails."""
    if sys.stderr is None:  # print would take stdout instead
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        _to_nowhere(sys.stderr)


def acts() -> None:
    """From here on the exit code tells how an operation went, whether or not the output could be written."""
    _state["acts"] = True


def is_ours(error: OSError) -> bool:
    """Whether stdout failed while click wrote to it (help, a version); then it is dropped from here on."""
    if error.errno not in _FULL or error.filename is not None or sys.stdout is None:
        return False
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is not None and str(last.tb_frame.f_globals.get("__name__")).startswith("click."):
        _lose(error)
        return True
    return False


def verdict(code: int) -> int:
    """The final exit code, given what could be written."""
    if sys.stdout is not None and _state["lost"] is None:
        try:
            sys.stdout.flush()
        except (OSError, ValueError) as error:
            _lose(error)
    lost = _state["lost"]
    if not isinstance(lost, OSError) or lost.errno in _GONE:
        return code
    why = clean(lost.strerror or lost)
    narrate(f"evac: standard output can't be written ({why}): what was to be shown there is not complete\n")
    return 1 if code == 0 and not _state["acts"] else code


def _lose(error: OSError | ValueError) -> None:
    _state["lost"] = error if isinstance(error, OSError) else OSError(errno.EBADF, clean(error))
    _to_nowhere(sys.stdout)


def _to_nowhere(stream: TextIO | None) -> None:
    """What is still kept for it must not fail once more while Python ends, which would take the exit code."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr] # None has no fileno: suppressed
        os.close(nowhere)
