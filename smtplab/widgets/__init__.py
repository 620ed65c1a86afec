"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console
from smtplab.widgets.journey_player import JourneyPlayer
from smtplab.widgets.verdict_card import VerdictCard

__all__ = ["Console", "JourneyPlayer", "VerdictCard"]
