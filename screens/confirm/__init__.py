"""What would happen, and the question. It shows the plan and nothing of its own, and sends nothing: the hands do."""

from screens.confirm.screen import ConfirmScreen

__all__ = ["ConfirmScreen"]
