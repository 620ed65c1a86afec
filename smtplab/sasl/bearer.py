"""OAUTHBEARER (RFC 7628) and XOAUTH2: an access token instead of a password."""

from __future__ import annotations

from smtplab.errors import LocalProtocolError, RemoteProtocolError
from smtplab.sasl.mechanism import Part, shown
from smtplab.sasl.saslname import escape

SEPARATOR = "\x01"  # kvsep (RFC 7628, 3.1)

_MEANINGS = {
    "host": "the server that the client means (RFC 7628, 3.1)",
    "port": "the port that the client means (RFC 7628, 3.1)",
    "user": "the username",
    "auth": "the access token: whoever bears it is let in, until it expires",
}


class _Bearer:
    """What both forms share: one message, and on failure a word from the server."""

    name: str
    _acknowledgement: bytes

    def __init__(self, *pieces: str) -> None:
        for char in "".join(pieces):
            if char < " ":
                raise LocalProtocolError(f"a username or token cannot hold {char!r}")
        self._response = SEPARATOR.join((*pieces, "", "")).encode()
        self._told_why = False

    def initial_response(self) -> bytes | None:
        return self._response

    def respond(self, challenge: bytes) -> bytes:
        """The server says in JSON why it refuses; the client acknowledges, then 535 comes."""
        if self._told_why:
            raise RemoteProtocolError(
                f"{self.name} has one challenge; a second came: {challenge!r}"
            )
        self._told_why = True
        return self._acknowledgement

    def signed_in(self) -> None:
        """No proof is asked of the server: that is why a token may go inside TLS only."""

    def explain(self, octets: bytes) -> list[Part]:
        text = shown(octets)
        if octets == self._acknowledgement:
            return [Part(text.replace(SEPARATOR, "^A"), "the client has read why; 535 comes next")]
        if SEPARATOR not in text:
            return [Part(text, "why the server refuses the token, in JSON")]
        parts = []
        for pair in text.rstrip(SEPARATOR).split(SEPARATOR):
            key, is_pair, value = pair.partition("=")
            if not is_pair or key not in _MEANINGS:
                parts.append(Part(pair, "no channel binding, and whom to act as (RFC 5801, 4)"))
            elif key == "auth":
                scheme, _, token = value.rpartition(" ")
                parts.append(Part(f"{key}={scheme}", "how the token is shown (RFC 6750, 2.1)"))
                parts.append(Part(token, _MEANINGS[key], True))
            else:
                parts.append(Part(pair, _MEANINGS[key]))
        return parts


class OAuthBearer(_Bearer):
    """The standard's form; it also says which server is meant."""

    name = "OAUTHBEARER"
    _acknowledgement = SEPARATOR.encode()  # RFC 7628, 3.2.3

    def __init__(self, username: str, token: str, host: str, port: int) -> None:
        where = (f"host={host}", f"port={port}")
        super().__init__(f"n,a={escape(username)},", *where, f"auth=Bearer {token}")


class XOAuth2(_Bearer):
    """The form that Google published before the standard; Microsoft takes it too."""

    name = "XOAUTH2"
    _acknowledgement = b""

    def __init__(self, username: str, token: str) -> None:
        super().__init__(f"user={username}", f"auth=Bearer {token}")


def pairs_of(message: str) -> dict[str, str]:
    """The key/value pairs of a client's message without its GS2 header (RFC 7628, 3.1).

    `ValueError` if it is malformed, or has a key twice.

    >>> pairs_of("host=mx.example\\x01auth=Bearer x\\x01\\x01")
    {'host': 'mx.example', 'auth': 'Bearer x'}
    """
    if not message.endswith(SEPARATOR * 2):
        raise ValueError("a message ends in two separators")
    pairs: dict[str, str] = {}
    for pair in message[:-2].split(SEPARATOR):
        key, is_pair, value = pair.partition("=")
        if not is_pair or not (key.isascii() and key.isalpha()) or key in pairs:
            raise ValueError("a pair is key=value, and no key stands twice")
        pairs[key] = value
    return pairs
