"""LOGIN: the username, then the password, each asked for; never standardised."""

from __future__ import annotations

from smtplab.errors import RemoteProtocolError
from smtplab.sasl.mechanism import Part, shown


class Login:
    """As much as PLAIN in twice the round trips; some old servers know nothing else."""

    name = "LOGIN"

    def __init__(self, username: str, password: str) -> None:
        self._username, self._password = username.encode(), password.encode()
        self._left = [self._username, self._password]

    def initial_response(self) -> bytes | None:
        return None

    def respond(self, challenge: bytes) -> bytes:
        if not self._left:
            raise RemoteProtocolError(f"LOGIN has two challenges; a third came: {challenge!r}")
        return self._left.pop(0)

    def signed_in(self) -> None:
        """LOGIN asks no proof of the server; its certificate is all there is."""

    def explain(self, octets: bytes) -> list[Part]:
        if octets == self._password:
            return [Part(shown(octets), "the password itself; only TLS hides it on the way", True)]
        if octets == self._username:
            return [Part(shown(octets), "the username")]
        return [Part(shown(octets), "the server asks; what it says here is free text")]
