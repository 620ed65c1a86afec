"""Fresh sessions: what a cell starts from, so that it can be run again."""

from __future__ import annotations

from smtplab import commands
from smtplab.client import Client
from smtplab.sandbox import Sandbox


def fresh_session(sandbox: Sandbox, host: str, port: int, *lines: str) -> Client:
    """Connect, and send each line with its CR LF; the replies are in `client.transcript`."""
    client = sandbox.connect(host, port)
    for line in lines:
        client.send_raw(commands.line(line))
    return client


def signed_in(sandbox: Sandbox, username: str = "alice@example.org") -> Client:
    """A session with smtp.example.org on 587, ready for MAIL: EHLO, STARTTLS, EHLO, AUTH.

    Where this Python has no TLS, STARTTLS is not offered, and the two steps for it fall away.
    """
    password = next(a.password for a in sandbox.accounts if a.username == username)
    client = sandbox.connect()
    client.ehlo()
    if client.extensions and "STARTTLS" in client.extensions:
        client.starttls()
        client.ehlo()
    client.auth(username, password, "PLAIN")  # one line each way: the lesson is about MAIL
    return client
