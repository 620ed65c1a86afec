"""SCRAM: the client proves that it knows the password, the server that it holds a key made of it;
neither shows what it has (RFC 5802, 3; RFC 7677)."""

from __future__ import annotations

import hmac

from smtplab.errors import LocalProtocolError, RemoteProtocolError
from smtplab.sasl.mechanism import Credentials, Part, Surroundings, shown
from smtplab.sasl.saslname import escape, prepared
from smtplab.sasl.scram_keys import (
    HASHES,
    MAX_ITERATIONS,
    MIN_ITERATIONS,
    PLUS,
    ScramKeys,
    attributes,
    from_base64,
    to_base64,
)

MEANINGS = {
    "n": "the username (= and , are written =3D and =2C)",
    "r": "the nonce: the client's part first, the server's behind it; new each time",
    "s": "the salt: makes the same password a different key on each server",
    "i": "how often the password is hashed; many times make guessing slow",
    "c": "the channel binding in base64: the header of the first message, and with -PLUS what "
    "ties this exchange to its TLS connection",
    "p": "the client's proof: it knows the password for this salt, and saw these very messages",
    "v": "the server's proof: it holds the key that was stored for this password (ServerKey)",
    "e": "the server's error",
    "a": "the authorization identity, whom to act as",
}
_BINDING_FLAGS = {
    "n": "the client does not bind the channel",
    "y": "the client could bind the channel, and thinks the server cannot",
    "p": "the client binds the channel in this way",
}


class Scram:
    """One exchange of four messages."""

    def __init__(self, name: str, who: Credentials, where: Surroundings) -> None:
        self.name = name
        self._who = who
        self._header, self._bound = _gs2_header(name, where)
        self._nonce = where.nonce()
        self._first_bare = f"n={escape(prepared(who.username))},r={self._nonce}"
        self._keys: ScramKeys | None = None
        self._auth_message = b""
        self._verified = self._refused = False

    def initial_response(self) -> bytes | None:
        return (self._header + self._first_bare).encode()

    def respond(self, challenge: bytes) -> bytes:
        if self._keys is None:
            return self._final(challenge)
        if self._verified or self._refused:
            raise RemoteProtocolError(f"SCRAM has two challenges; a third came: {challenge!r}")
        text = _text(challenge)
        if text.startswith("e="):  # the server's error; 535 comes next
            self._refused = True
            return b""
        signature = to_base64(self._keys.server_signature(self._auth_message))
        if not hmac.compare_digest(text.partition(",")[0].encode(), f"v={signature}".encode()):
            raise RemoteProtocolError(
                "the server could not prove that it holds the key stored for this password "
                "(RFC 5802, 3: v= is wrong); it may be an impostor, so nothing was signed in"
            )
        self._verified = True
        return b""

    def _final(self, challenge: bytes) -> bytes:
        """The client's final message: the proof over all that was said."""
        salt, iterations, nonce = self._server_first(challenge)
        self._keys = ScramKeys.derive(
            HASHES[self.name], prepared(self._who.password), salt, iterations
        )
        bound = to_base64(self._header.encode() + self._bound)
        without_proof = f"c={bound},r={nonce}"
        self._auth_message = b",".join(
            (self._first_bare.encode(), challenge, without_proof.encode())
        )
        proof = to_base64(self._keys.client_proof(self._auth_message))
        return f"{without_proof},p={proof}".encode()

    def _server_first(self, challenge: bytes) -> tuple[bytes, int, str]:
        try:
            (r, nonce), (s, salted), (i, count), *_ = attributes(_text(challenge))
            salt = from_base64(salted)
            if (r, s, i) != ("r", "s", "i") or not (count.isascii() and count.isdigit()):
                raise ValueError
        except ValueError:
            raise RemoteProtocolError(
                f"SCRAM's first challenge is r=nonce,s=salt,i=count; this came: {challenge!r}"
            ) from None
        if not (nonce.startswith(self._nonce) and len(nonce) > len(self._nonce)):
            raise RemoteProtocolError(
                "the server's nonce does not begin with ours and go on; the exchange may be a "
                "replay of an old one"
            )
        if len(count) > 9 or not MIN_ITERATIONS <= int(count) <= MAX_ITERATIONS:
            raise RemoteProtocolError(
                f"the server asks to hash {count[:20]} times; {MIN_ITERATIONS} to "
                f"{MAX_ITERATIONS} are taken (RFC 7677, 4)"
            )
        return salt, int(count), nonce

    def signed_in(self) -> None:
        if not self._verified:
            raise RemoteProtocolError(
                "the server said 235 without proving that it holds the key stored for this "
                "password (RFC 5802, 3); it may be an impostor, so the connection was closed"
            )

    def explain(self, octets: bytes) -> list[Part]:
        return explain(shown(octets))


def _gs2_header(name: str, where: Surroundings) -> tuple[str, bytes]:
    """The header that opens the first message, and the octets that c= adds (RFC 5802, 6)."""
    binding = where.binding
    if name.endswith(PLUS):
        if binding is None:
            raise LocalProtocolError(
                f"{name} binds to TLS, and there is nothing to bind to here; use TLS first, or "
                f"{name.removesuffix(PLUS)}"
            )
        return f"p={binding.type},,", binding.octets
    # "y" lets the server find out that somebody took -PLUS out of its EHLO reply.
    return ("y,," if binding is not None and not where.plus_offered else "n,,"), b""


def _text(challenge: bytes) -> str:
    try:
        return challenge.decode()
    except UnicodeDecodeError:
        raise RemoteProtocolError(f"SCRAM's messages are UTF-8; this came: {challenge!r}") from None


def explain(message: str) -> list[Part]:
    """Any of the four messages, attribute by attribute.

    >>> [part.text for part in explain("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")]
    ['n', '', 'n=user', 'r=rOprNGfwEbeRWgbNEkqO']
    """
    if not message:
        return [Part("", "nothing more to say")]
    texts = message.split(",")
    parts = []
    if texts[0][:1] in _BINDING_FLAGS and texts[0][:2] in ("n", "y", "p=") and len(texts) > 2:
        parts = [
            Part(texts[0], _BINDING_FLAGS[texts[0][0]]),
            Part(texts[1], "whom to act as; empty: the same as the username"),
        ]
    for text in texts[len(parts) :]:
        parts.append(Part(text, MEANINGS.get(text[:1], "an extension")))
    return parts
