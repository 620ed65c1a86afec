"""The service extensions of a server: what EHLO offers when, and what for (RFC 5321, 2.2)."""

from smtplab.widgets.extension_board.view import ExtensionBoard

__all__ = ["ExtensionBoard"]
