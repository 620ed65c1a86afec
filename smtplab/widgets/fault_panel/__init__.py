"""The fault panel: servers that misbehave on purpose, by rules that are built by hand."""

from smtplab.widgets.fault_panel.view import FaultPanel

__all__ = ["FaultPanel"]
