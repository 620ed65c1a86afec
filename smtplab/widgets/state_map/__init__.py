"""The state map: the session table as a picture in which one can walk (RFC 5321, 4.1.4)."""

from smtplab.widgets.state_map.view import StateMap

__all__ = ["StateMap"]
