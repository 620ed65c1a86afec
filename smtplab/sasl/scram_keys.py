"""SCRAM's arithmetic and attributes, the same at both ends (RFC 5802, 3 and 5; RFC 7677)."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import new as new_hash

try:
    from hashlib import pbkdf2_hmac
except ImportError:  # a browser's Python may be built without OpenSSL
    pbkdf2_hmac = None  # type: ignore[assignment, unused-ignore]

HASHES = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-256-PLUS": "sha256"}
PLUS = "-PLUS"  # the form with channel binding
MIN_ITERATIONS = 4096  # RFC 5802, 5.1 and RFC 7677, 4
MAX_ITERATIONS = 1_000_000  # ours: about a second; a hostile server may ask for any number


@dataclass(frozen=True)
class ScramKeys:
    """What the two ends derive from one password, one salt and one count (RFC 5802, 3)."""

    hash_name: str
    client_key: bytes  # the client's only; a server would keep the two below
    stored_key: bytes
    server_key: bytes

    @classmethod
    def derive(cls, hash_name: str, password: str, salt: bytes, iterations: int) -> ScramKeys:
        """`password` is prepared already."""
        salted = hi(hash_name, password.encode(), salt, iterations)
        client_key = hmac.digest(salted, b"Client Key", hash_name)
        stored_key = new_hash(hash_name, client_key).digest()
        return cls(hash_name, client_key, stored_key, hmac.digest(salted, b"Server Key", hash_name))

    def client_signature(self, auth_message: bytes) -> bytes:
        return hmac.digest(self.stored_key, auth_message, self.hash_name)

    def client_proof(self, auth_message: bytes) -> bytes:
        return xor(self.client_key, self.client_signature(auth_message))

    def server_signature(self, auth_message: bytes) -> bytes:
        return hmac.digest(self.server_key, auth_message, self.hash_name)

    def proves(self, proof: bytes, auth_message: bytes) -> bool:
        """Whether whoever made `proof` has the client key: its hash is all that is stored."""
        if len(proof) != len(self.stored_key):
            return False
        client_key = xor(proof, self.client_signature(auth_message))
        return hmac.compare_digest(new_hash(self.hash_name, client_key).digest(), self.stored_key)


def hi(hash_name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
    """Hi() of RFC 5802, 2.2: PBKDF2 with HMAC, one block; slow on purpose."""
    if pbkdf2_hmac is not None:
        return pbkdf2_hmac(hash_name, password, salt, iterations)
    return hi_by_hand(hash_name, password, salt, iterations)


def hi_by_hand(hash_name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
    """The same in ten lines."""
    keyed = hmac.new(password, digestmod=hash_name)

    def mac(octets: bytes) -> bytes:
        one = keyed.copy()
        one.update(octets)
        return one.digest()

    block = mac(salt + b"\0\0\0\1")
    total = int.from_bytes(block, "big")
    for _ in range(iterations - 1):
        block = mac(block)
        total ^= int.from_bytes(block, "big")
    return total.to_bytes(len(block), "big")


def xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def attributes(message: str) -> list[tuple[str, str]]:
    """Letter and value of each attribute (RFC 5802, 5.1); `ValueError` if malformed.

    >>> attributes("r=abc,i=4096")
    [('r', 'abc'), ('i', '4096')]
    """
    found = []
    for text in message.split(","):
        letter, is_one, value = text.partition("=")
        if not (is_one and len(letter) == 1 and letter.isascii() and letter.isalpha() and value):
            raise ValueError("an attribute is a letter, an equals sign and a value")
        found.append((letter, value))
    return found


def from_base64(text: str) -> bytes:
    """`ValueError` if it is none; `binascii.Error` is one."""
    return b64decode(text.encode("ascii", "replace"), validate=True)


def to_base64(octets: bytes) -> str:
    return b64encode(octets).decode()
