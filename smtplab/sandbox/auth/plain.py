"""PLAIN at the server (RFC 4616, 2)."""

from __future__ import annotations

from smtplab.sandbox.auth.desk import Desk, Exchange, malformed


def plain(desk: Desk, initial: bytes | None) -> Exchange:
    message = (yield b"") if initial is None else initial
    parts = [octets.decode("utf-8", "replace") for octets in message.split(b"\0")]
    if len(parts) != 3:
        raise malformed("PLAIN is three words with a NUL between them: whom to act as, who, what")
    act_as, username, password = parts
    account = desk.directory.with_password(username, password)
    if account is None or act_as not in ("", username):  # nobody acts for another here
        raise desk.refused()
    return account
