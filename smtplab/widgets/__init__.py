"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console
from smtplab.widgets.inbox import Inbox

__all__ = ["Console", "Inbox"]
