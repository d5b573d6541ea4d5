"""A credential_process: without a terminal to ask on, and with a time limit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess

from botocore.exceptions import CredentialRetrievalError

HELPER_WITHIN = 20
"""Seconds."""
EMPTY_OUTPUT = "it is empty"


class Helper:
    """Popen, as far as botocore uses it."""

    def __init__(self, command: list[str], stdout: int, stderr: int) -> None:
        if not command:
            raise _failed(EMPTY_OUTPUT)
        self._command = command
        self._process = subprocess.Popen(  # noqa: S603 - the user's own config names it
            _ending(command), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True
        )
        self.returncode: int | None = None

    def communicate(self) -> tuple[bytes, bytes]:
        """Its output. Raises CredentialRetrievalError after HELPER_WITHIN seconds."""
        try:
            out, err = self._process.communicate(timeout=HELPER_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            raise _failed(f"{self._command[0]} took longer than {HELPER_WITHIN} s") from None
        self.returncode = self._process.returncode
        if self.returncode == 0 and not _is_object(out):  # botocore would fail in json's own words
            raise _failed(f"{self._command[0]} did not answer with a JSON object")
        return out, err.decode("utf-8", "replace").encode()  # which botocore decodes strictly


def _failed(why: str) -> CredentialRetrievalError:
    return CredentialRetrievalError(provider="custom-process", error_msg=why)


def _ending(command: list[str]) -> list[str]:
    """The command wrapped in `timeout`, so that it ends in time even if this process is killed meanwhile."""
    timeout = shutil.which("timeout")
    if timeout is None or shutil.which(command[0]) is None:  # what is not there is told in Popen's words
        return command
    return [timeout, "--signal=KILL", str(HELPER_WITHIN + 1), *command]


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
