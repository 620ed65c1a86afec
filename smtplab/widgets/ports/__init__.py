"""Three doors of a mail server, 25, 465 and 587, and what is behind each (RFC 8314; RFC 6409)."""

from smtplab.widgets.ports.view import Ports

__all__ = ["Ports"]
