"""The ladder: a session or a journey as a sequence diagram, its round trips counted."""

from smtplab.widgets.ladder.view import Ladder

__all__ = ["Ladder"]
