"""CRAM-MD5: a digest of the server's challenge under the password (RFC 2195, 2)."""

from __future__ import annotations

import hmac

from smtplab.errors import RemoteProtocolError
from smtplab.sasl.mechanism import Part, shown


def digest(password: str, challenge: bytes) -> str:
    """The keyed MD5 of a challenge, in hexadecimal; the example of RFC 2195, 2:

    >>> digest("tanstaaftanstaaf", b"<1896.697170952@postoffice.reston.mci.net>")
    'b913a602c7eda7a495b4e6e7334d3890'
    """
    return hmac.new(password.encode(), challenge, "md5").hexdigest()


class CramMD5:
    """The password does not cross, but who hears both lines can guess it at leisure."""

    name = "CRAM-MD5"

    def __init__(self, username: str, password: str) -> None:
        self._username, self._password = username, password
        self._challenge: bytes | None = None

    def initial_response(self) -> bytes | None:
        return None

    def respond(self, challenge: bytes) -> bytes:
        if self._challenge is not None:
            raise RemoteProtocolError(f"CRAM-MD5 has one challenge; a second came: {challenge!r}")
        if not challenge:
            raise RemoteProtocolError("CRAM-MD5 has a challenge to digest; an empty one came")
        self._challenge = challenge
        return f"{self._username} {digest(self._password, challenge)}".encode()

    def signed_in(self) -> None:
        """CRAM-MD5 asks no proof of the server; its certificate is all there is."""

    def explain(self, octets: bytes) -> list[Part]:
        username, _, digested = octets.rpartition(b" ")
        if octets == self._challenge or not username:
            return [Part(shown(octets), "what to digest: new each time, so no answer fits twice")]
        return [
            Part(shown(username), "the username"),
            Part(shown(digested), "HMAC-MD5 of the challenge, with the password as its key"),
        ]
