"""EHLO as the session goes on: before TLS, inside TLS, signed in (RFC 3207, 4.2; RFC 4954, 4)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from smtplab.client import Client
from smtplab.sandbox import Account


class Stage(Enum):
    """How far a session has come; each begins with a new EHLO."""

    BEFORE_TLS = "before TLS"
    INSIDE_TLS = "after TLS"
    SIGNED_IN = "after AUTH"


def stages(client: Client, account: Account) -> Iterator[Stage]:
    """Walk as far as the server's offers lead; at each stage the EHLO reply has been read.

    Whoever walks may use the client between two stages, and ends what was opened.
    """
    if not client.session.tls:
        client.ehlo()
        yield Stage.BEFORE_TLS
        if offers(client, "STARTTLS"):
            client.starttls()
    if client.session.tls:
        client.ehlo()
        yield Stage.INSIDE_TLS
    if offers(client, "AUTH") and sign_in(client, account):
        client.ehlo()
        yield Stage.SIGNED_IN


def offers(client: Client, keyword: str) -> bool:
    """Whether the last EHLO reply had a keyword."""
    return client.extensions is not None and keyword in client.extensions


def sign_in(client: Client, account: Account) -> bool:
    """AUTH PLAIN, which every lesson can read; whether the server took it."""
    return client.auth(account.username, account.password, "PLAIN").is_positive
