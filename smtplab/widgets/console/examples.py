"""Ready lines for each verb, and a ready content, so that the first click sends something real."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from smtplab.sandbox import Account

# One press of RCPT after the other adds one of these.
_FORWARD_PATHS = ("bob@example.net", "carol@example.org", "postmaster@example.net")

_FIXED = {
    "MAIL": "MAIL FROM:<alice@example.org>",
    "BDAT": "BDAT 0 LAST",  # RFC 3030, 2: the shortest BDAT; no octets follow it
    "VRFY": "VRFY bob",
    "EXPN": "EXPN staff",
}


def ready_line(verb: str, name: str, recipients: int, account: Account) -> str:
    """A command line that shows what the verb looks like; `name` is what EHLO says.

    >>> ready_line("RCPT", "laptop.example.org", 1, Account("a@example.org", "secret"))
    'RCPT TO:<carol@example.org>'
    """
    if verb in ("EHLO", "HELO"):
        return f"{verb} {name}"
    if verb == "RCPT":
        return f"RCPT TO:<{_FORWARD_PATHS[recipients % len(_FORWARD_PATHS)]}>"
    if verb == "AUTH":
        return f"AUTH PLAIN {_plain(account)}"
    return _FIXED.get(verb, verb)


def ready_response(challenge: Sequence[str], account: Account) -> str:
    """A response in base64 to one AUTH challenge: user name, password, or both (RFC 4616, 2).

    >>> ready_response(["VXNlcm5hbWU6"], Account("alice@example.org", "secret"))
    'YWxpY2VAZXhhbXBsZS5vcmc='
    """
    asked = _decoded(challenge[0]).lower() if challenge else b""
    if b"user" in asked:
        return b64encode(account.username.encode()).decode()
    if b"pass" in asked:
        return b64encode(account.password.encode()).decode()
    return _plain(account)


def ready_content(now: datetime) -> str:
    """A short header section and body; the world clock gives the date (RFC 5322, 3.6)."""
    return (
        "From: Alice <alice@example.org>\n"
        "To: Bob <bob@example.net>\n"
        "Subject: My first conversation\n"
        f"Date: {format_datetime(now)}\n"
        "Message-ID: <first@laptop.example.org>\n"
        "\n"
        "Hello Bob,\n"
        "I said every line of this to the server myself.\n"
    )


def who_signs_in(line: str) -> str | None:
    """The user name inside an AUTH command or a response; None if it cannot be read.

    >>> who_signs_in("AUTH PLAIN " + _plain(Account("alice@example.org", "secret")))
    'alice@example.org'
    """
    words = line.split()
    octets = _decoded(words[-1]) if words else b""
    parts = octets.split(b"\0")
    name = parts[1] if len(parts) == 3 else octets
    return name.decode("utf-8", "replace") or None


def _plain(account: Account) -> str:
    return b64encode(f"\0{account.username}\0{account.password}".encode()).decode()


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return b""
