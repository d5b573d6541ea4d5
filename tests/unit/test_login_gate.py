"""One that finds an SSO login expired has found it for all; one that has been renewed is asked for in earnest at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import TokenRetrievalError

from tui.aws.login_gate import Gate
from tui.aws.shared_config import Login

EXPIRED = TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed")


def sso(folder: Path) -> Login:
    token = folder / "token.json"
    token.write_text("old")
    return Login("sso", "acme", "dev", token=token)


def expired(gate: Gate, login: Login, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Somebody asks, and hears that; `meanwhile`: what happens before the answer is here."""

    def asked() -> None:
        with gate.look(login):
            meanwhile()
            raise EXPIRED

    with pytest.raises(TokenRetrievalError):
        asked()


def renew(login: Login) -> None:
    """As the AWS CLI does: a new file in the old one's place."""
    assert login.token is not None
    new = login.token.with_suffix(".new")
    new.write_text("new")
    new.replace(login.token)


def test_an_expired_login_is_refused_to_the_others_without_asking(tmp_path: Path) -> None:
    gate, login = Gate(), sso(tmp_path)
    gate.refuse(login)
    expired(gate, login)
    with pytest.raises(TokenRetrievalError):
        gate.refuse(login)


def test_a_renewed_one_is_let_through_at_once(tmp_path: Path) -> None:
    gate, login = Gate(), sso(tmp_path)
    expired(gate, login)
    renew(login)
    gate.refuse(login)


def test_an_answer_of_before_the_renewal_says_nothing_of_the_new_login(tmp_path: Path) -> None:
    gate, login = Gate(), sso(tmp_path)
    expired(gate, login, lambda: renew(login))
    gate.refuse(login)


def test_what_somebody_says_is_renewed_is_asked_for_whatever_its_file_looks_like(tmp_path: Path) -> None:
    gate, login = Gate(), sso(tmp_path)
    expired(gate, login)
    gate.forget(login)
    gate.refuse(login)
    with gate.look(login):
        pass
