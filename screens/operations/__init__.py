"""Running and past operations. It reads the journal; what it changes there, a runner or the operator's word carries out."""

from screens.operations.screen import OperationsScreen

__all__ = ["OperationsScreen"]
