"""What else can be copied of instances than their ids: shown whole before it is copied, or written to a file."""

from screens.copies.marked import MarkedCopiesScreen
from screens.copies.screen import CopiesScreen

__all__ = ["CopiesScreen", "MarkedCopiesScreen"]
