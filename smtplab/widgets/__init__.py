"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console
from smtplab.widgets.eavesdropper import Eavesdropper
from smtplab.widgets.extension_board import ExtensionBoard
from smtplab.widgets.ports import Ports

__all__ = ["Console", "Eavesdropper", "ExtensionBoard", "Ports"]
