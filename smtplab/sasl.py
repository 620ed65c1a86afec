"""The client's side of SASL mechanisms, one challenge at a time (RFC 4954, 4; RFC 4422, 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from smtplab.errors import LocalProtocolError, RemoteProtocolError


class Mechanism(Protocol):
    """What the client does for one mechanism; octets here are before base64."""

    name: str

    def initial_response(self) -> bytes | None:
        """What may go out with AUTH itself; None if the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """The response to one challenge; `RemoteProtocolError` if it makes no sense."""


class Plain:
    """User and password in one response (RFC 4616, 2)."""

    name = "PLAIN"

    def __init__(self, username: str, password: str) -> None:
        if "\0" in username + password:
            raise LocalProtocolError("a username or password for PLAIN cannot hold NUL")
        self._response = f"\0{username}\0{password}".encode()
        self._asked = False

    def initial_response(self) -> bytes | None:
        return self._response

    def respond(self, challenge: bytes) -> bytes:
        if self._asked:
            raise RemoteProtocolError(f"PLAIN has one challenge; a second came: {challenge!r}")
        self._asked = True
        return self._response


class Login:
    """Username and password, each asked for; never standardised, offered by nearly all."""

    name = "LOGIN"

    def __init__(self, username: str, password: str) -> None:
        self._left = [username.encode(), password.encode()]

    def initial_response(self) -> bytes | None:
        return None

    def respond(self, challenge: bytes) -> bytes:
        if not self._left:
            raise RemoteProtocolError(f"LOGIN has two challenges; a third came: {challenge!r}")
        return self._left.pop(0)


# In the order in which the client prefers them.
MECHANISMS: dict[str, Callable[[str, str], Mechanism]] = {
    "PLAIN": Plain,
    "LOGIN": Login,
}
