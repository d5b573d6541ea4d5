"""What else can be copied of an instance than its id: shown whole before it is copied, or written to a file."""

from screens.copies.screen import CopiesScreen

__all__ = ["CopiesScreen"]
