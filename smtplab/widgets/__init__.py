"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console
from smtplab.widgets.journey_player import JourneyPlayer

__all__ = ["Console", "JourneyPlayer"]
