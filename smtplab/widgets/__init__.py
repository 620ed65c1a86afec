"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console

__all__ = ["Console"]
