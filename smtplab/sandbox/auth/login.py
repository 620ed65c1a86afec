"""LOGIN at the server: never standardised; the challenges are what everybody sends."""

from __future__ import annotations

from smtplab.sandbox.auth.desk import Desk, Exchange


def login(desk: Desk, initial: bytes | None) -> Exchange:
    """Some clients send the username with AUTH itself, so that is taken."""
    username = (yield b"Username:") if initial is None else initial
    password = yield b"Password:"
    account = desk.directory.with_password(
        username.decode("utf-8", "replace"), password.decode("utf-8", "replace")
    )
    if account is None:
        raise desk.refused()
    return account
