"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console
from smtplab.widgets.state_map import StateMap

__all__ = ["Console", "StateMap"]
