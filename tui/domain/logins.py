"""The logins of a fleet: which profiles one renewal renews, what they read, and how that is going. Trouble first."""

from __future__ import annotations

from msgspec import Struct


class ProfileLogin(Struct, frozen=True):
    """How a profile logs in. `profile` is its name in the AWS files.

    `kind`: sso, login (`aws login`), process, keys. `name` is the same for all profiles of that kind that one renewal renews: an
    SSO session or start page, or the profile at the end of a chain of roles. `command`: the AWS CLI's own renewal as arguments;
    empty where it has none. `account_id`: what the files say its account is; empty where they do not.
    """

    profile: str
    kind: str
    name: str
    command: tuple[str, ...] = ()
    account_id: str = ""

    @property
    def key(self) -> str:
        """The same for all that one renewal renews."""
        return f"{self.kind} {self.name}"
