"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console
from smtplab.widgets.ladder import Ladder

__all__ = ["Console", "Ladder"]
