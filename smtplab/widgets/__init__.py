"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console
from smtplab.widgets.ports import Ports

__all__ = ["Console", "Ports"]
