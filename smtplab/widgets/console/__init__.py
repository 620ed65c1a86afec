"""The console: a window on one SMTP session, by click, by keyboard and from code (RFC 5321, 4)."""

from smtplab.widgets.console.view import Console

__all__ = ["Console"]
