"""Commands: one function a verb, each returning the command line (RFC 5321, 4.1.1).

Only framing is policed: a CR, LF or NUL in an argument would end the line early or be cut off,
so it raises `LocalProtocolError`. Everything else goes out as asked, also what a server refuses.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from smtplab.errors import LocalProtocolError, check_text

MAX_COMMAND_LINE = 512  # octets with CR LF (RFC 5321, 4.5.3.1.4)
MAX_AUTH_LINE = 12288  # octets with CR LF, for AUTH and its responses (RFC 4954, 4)

Parameters = Mapping[str, str | int | None]


def line(text: str) -> bytes:
    """One command line from its text: UTF-8 and CR LF.

    >>> line("NOOP")
    b'NOOP\\r\\n'
    """
    if text.isprintable():  # so it holds none of the three, nor half a character
        return text.encode() + b"\r\n"
    for bad in "\r\n\0":
        if bad in text:
            raise LocalProtocolError(
                f"{text!r} holds {bad!r}, which would end the command line early; nothing was "
                "sent. Take it out, or use send_raw() to send exactly these octets."
            )
    try:
        return text.encode("utf-8", "surrogateescape") + b"\r\n"
    except UnicodeEncodeError:
        raise LocalProtocolError(
            f"{text!r} holds half a character, which has no octets; nothing was sent"
        ) from None


_STARTTLS, _DATA, _RSET, _NOOP, _QUIT = map(line, ("STARTTLS", "DATA", "RSET", "NOOP", "QUIT"))


def ehlo(name: str) -> bytes:
    return line(f"EHLO {check_text(name, 'EHLO')}")


def helo(name: str) -> bytes:
    return line(f"HELO {check_text(name, 'HELO')}")


def starttls() -> bytes:
    """RFC 3207, 4."""
    return _STARTTLS


def auth(mechanism: str, initial_response: bytes | None = None) -> bytes:
    """RFC 4954, 4: the initial response in base64, an empty one as `=`.

    >>> auth("PLAIN", b"")
    b'AUTH PLAIN =\\r\\n'
    """
    if initial_response is None:
        return line(f"AUTH {mechanism}")
    return line(f"AUTH {mechanism} {b64encode(initial_response).decode() or '='}")


def mail(reverse_path: str, parameters: Parameters | None = None) -> bytes:
    """The null reverse-path is the empty string.

    >>> mail("alice@example.org", {"SIZE": 120, "SMTPUTF8": None})
    b'MAIL FROM:<alice@example.org> SIZE=120 SMTPUTF8\\r\\n'
    """
    return line(f"MAIL FROM:<{check_text(reverse_path, 'MAIL')}>{_tail(parameters)}")


def rcpt(forward_path: str, parameters: Parameters | None = None) -> bytes:
    return line(f"RCPT TO:<{check_text(forward_path, 'RCPT')}>{_tail(parameters)}")


def data() -> bytes:
    return _DATA


def bdat(size: int, *, last: bool) -> bytes:
    """RFC 3030, 2: `size` octets follow the line at once."""
    return line(f"BDAT {size} LAST" if last else f"BDAT {size}")


def rset() -> bytes:
    return _RSET


def noop(text: str = "") -> bytes:
    return line(f"NOOP {check_text(text, 'NOOP')}") if text else _NOOP


def vrfy(text: str) -> bytes:
    return line(f"VRFY {check_text(text, 'VRFY')}")


def expn(text: str) -> bytes:
    return line(f"EXPN {check_text(text, 'EXPN')}")


def help_(topic: str = "") -> bytes:
    return line(f"HELP {check_text(topic, 'HELP')}" if topic else "HELP")


def quit_() -> bytes:
    return _QUIT


def verb_of(octets: bytes) -> str:
    """The verb of a command line in upper case; "" if it has none.

    >>> verb_of(b"mail from:<a@example.org>\\r\\n")
    'MAIL'
    """
    words = octets[:MAX_COMMAND_LINE].split(maxsplit=1)
    return words[0].upper().decode("ascii", "replace") if words else ""


def _tail(parameters: Parameters | None) -> str:
    if not parameters:
        return ""
    if not isinstance(parameters, Mapping):
        raise TypeError(
            'parameters are a dict, such as {"SIZE": 120, "SMTPUTF8": None}, not '
            f"{type(parameters).__name__}; nothing was sent"
        )
    return "".join(
        f" {keyword}" if value is None else f" {keyword}={value}"
        for keyword, value in parameters.items()
    )
