"""The four errors that smtplab raises, named by whose fault they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtplab.replies import Reply


class SMTPLabError(Exception):
    """The root of every error that smtplab raises on purpose."""


class LocalProtocolError(SMTPLabError, ValueError):
    """We were about to break the rules; nothing was sent."""


class RemoteProtocolError(SMTPLabError):
    """The other end broke the rules."""


class ConnectionLost(SMTPLabError, ConnectionError):
    """There is no connection any more, or there never was one."""


class NegativeReply(SMTPLabError):
    """A one-shot helper met a 4yz or 5yz reply; `reply` holds it."""

    def __init__(self, message: str, reply: Reply) -> None:
        super().__init__(message)
        self.reply = reply


class Interrupted(KeyboardInterrupt):
    """Stopped by hand; the message says what was under way and how things stand."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: whoever stops a step need not see where inside it was."""
        return [f"{type(self).__name__}: {self}"]


class StepInterrupted(Interrupted):
    """A step of the client was stopped by hand."""


def check_octets(given: object, method: str) -> None:
    """TypeError for text where octets belong: which octets stand for it is for the caller to say.

    >>> check_octets("NOOP", "send_raw()")
    Traceback (most recent call last):
    TypeError: send_raw() wants octets, not text: put b before the quotes, or add .encode()
    """
    if isinstance(given, str):
        raise TypeError(
            f"{method} wants octets, not text: put b before the quotes, or add .encode()"
        )
    if not isinstance(given, bytes | bytearray):
        raise TypeError(f"{method} wants octets, such as b'...', not {type(given).__name__}")


def check_text(given: object, taker: str) -> str:
    """The text, or TypeError for what is none: `None` in a command would be a name like others.

    >>> check_text(None, "RCPT")
    Traceback (most recent call last):
    TypeError: RCPT wants text, in quotes, not NoneType; nothing was sent
    """
    if isinstance(given, str):
        return given
    if isinstance(given, bytes):
        raise TypeError(
            f"{taker} wants text, not octets: leave out the b before the quotes; nothing was sent"
        )
    raise TypeError(f"{taker} wants text, in quotes, not {type(given).__name__}; nothing was sent")
