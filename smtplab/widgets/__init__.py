"""The widgets: views on conversations, for notebooks."""

from smtplab.widgets.console import Console
from smtplab.widgets.fault_panel import FaultPanel
from smtplab.widgets.inbox import Inbox
from smtplab.widgets.provider_card import ProviderCard

__all__ = ["Console", "FaultPanel", "Inbox", "ProviderCard"]
