"""Accounts and their logins, trouble first: what is shown of them, what renews them, and which more are to be read."""

from screens.profiles.screen import ProfilesScreen

__all__ = ["ProfilesScreen"]
