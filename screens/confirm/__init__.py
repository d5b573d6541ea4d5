"""What would happen, and the question. It shows the plan and nothing of its own, and sends nothing: the runner does."""

from screens.confirm.screen import ConfirmScreen

__all__ = ["ConfirmScreen"]
