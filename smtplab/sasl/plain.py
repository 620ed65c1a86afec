"""PLAIN: user and password in one response (RFC 4616, 2)."""

from __future__ import annotations

from smtplab.errors import LocalProtocolError, RemoteProtocolError
from smtplab.sasl.mechanism import Part, shown

_MEANINGS = (
    "the authorization identity, whom to act as; empty: the same as the username",
    "the username",
    "the password itself; only TLS hides it on the way",
)


class Plain:
    """The password crosses as it is, and the server learns it."""

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

    def signed_in(self) -> None:
        """PLAIN asks no proof of the server; its certificate is all there is."""

    def explain(self, octets: bytes) -> list[Part]:
        values = octets.split(b"\0")
        if len(values) != 3:
            return [Part(shown(octets), "the server asks for the response")]
        secret = (False, False, True)
        return [Part(shown(v), m, s) for v, m, s in zip(values, _MEANINGS, secret, strict=True)]
