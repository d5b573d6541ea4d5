"""One look a login: where hundreds of profiles share one, the first to find it expired has found it for all."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore import exceptions as b

from tui.aws.shared_config import Login, Stamp, file_stamp

RETRY_AFTER = 10.0
"""Seconds until an expired login is asked for again, unless its token's file changes before. Less than the pause after which
each of its profiles is tried again, so that one of them tries in earnest each time."""
_GONE = (b.SSOTokenLoadError, b.UnauthorizedSSOTokenError, b.TokenRetrievalError)


@dataclass
class _State:
    lock: threading.Lock = field(default_factory=threading.Lock)
    well: bool = False
    error: BaseException | None = None
    at: float = 0.0
    token: Stamp = None

    def fails(self, login: Login) -> bool:
        """Whether it is known to have expired."""
        fresh = time.monotonic() - self.at < RETRY_AFTER
        return (
            self.error is not None
            and fresh
            and (login.token is None or file_stamp(login.token) == self.token)
        )


class Gate:
    """What is known of each SSO login. Thread-safe."""

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}
        self._lock = threading.Lock()

    def _of(self, login: Login) -> _State:
        with self._lock:
            return self._states.setdefault(login.name, _State())

    def forget(self, login: Login) -> None:
        """Somebody has renewed it: ask in earnest, whatever those hear who are asking at this moment."""
        with self._lock:
            self._states.pop(login.name, None)

    @contextmanager
    def look(self, login: Login) -> Iterator[None]:
        """Around asking for credentials. While nothing is known of the login one asks, and the others wait for what it hears."""
        if login.kind != "sso":
            yield
            return
        state = self._of(login)
        before = (
            file_stamp(login.token) if login.token else None
        )  # what is heard is of that one at the latest
        alone = not state.well and not state.fails(login)
        if alone:
            state.lock.acquire()
            if alone := not state.well and not state.fails(login):
                state.token = before = file_stamp(login.token) if login.token else None
            else:
                state.lock.release()
        try:
            yield
            state.well, state.error = True, None
        except _GONE as error:
            if not getattr(error, "remembered", False):
                state.well, state.error, state.at = False, error, time.monotonic()
                state.token = before
            raise
        finally:
            if alone:
                state.lock.release()

    def refuse(self, login: Login) -> None:
        """Raise what is known of an SSO login before anything is made for it, unless the AWS CLI may have kept what it gave."""
        if login.kind == "sso" and not login.role and not (login.kept and login.kept.exists()):
            self._known(self._of(login), login)

    @staticmethod
    def _known(state: _State, login: Login) -> None:
        if state.fails(login):
            assert state.error is not None
            again: Any = copy.copy(state.error).with_traceback(None)
            again.remembered = True
            raise again

    def before(self, login: Login, make: Callable[..., Any]) -> Callable[..., Any]:
        """The maker of SSO's client, which botocore calls before it looks for the token; what is known spares both."""

        def checked(*args: Any, **options: Any) -> Any:
            self._known(self._of(login), login)
            return make(*args, **options)

        return checked
