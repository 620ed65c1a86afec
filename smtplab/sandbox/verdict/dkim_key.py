"""DKIM's tag lists, and the public key that a domain publishes (RFC 6376, 3.2 and 3.6.1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smtplab.sandbox.verdict.lookups import shown

SHORTEST_RSA = 1024  # bits (RFC 8301, 3.2)
LONGEST_RSA = 8192  # bits: our own limit, so that a hostile key costs little
_LARGEST_EXPONENT = 2**32 - 1  # the same

_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class KeyFault(ValueError):
    """A key record that cannot be used. The result is permerror, or policy where it says so."""

    def __init__(self, text: str, section: str, rfc: int = 6376, result: str = "permerror") -> None:
        super().__init__(text)
        self.section, self.rfc, self.result = section, rfc, result


def tags(text: str) -> dict[str, str]:
    """A tag=value list; raises ValueError where it is none (RFC 6376, 3.2).

    >>> tags("v=DKIM1; k = rsa ; p=AB CD;")
    {'v': 'DKIM1', 'k': 'rsa', 'p': 'AB CD'}
    """
    found: dict[str, str] = {}
    parts = text.split(";")
    if not parts[-1].strip():
        parts.pop()
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip(" \t\r\n")
        if not equals or not _TAG.fullmatch(name):
            raise ValueError(f"{shown(part.strip())!r} is no tag=value pair")
        if name in found:
            raise ValueError(f"the tag {name} stands twice")
        found[name] = value.strip(" \t\r\n")
    return found


def listed(value: str) -> list[str]:
    """A colon-separated value, lower case, without white space.

    >>> listed("From : To:Subject")
    ['from', 'to', 'subject']
    """
    return [re.sub(r"[ \t\r\n]", "", item).lower() for item in value.split(":")]


def from_base64(value: str) -> bytes:
    """Decode base64 that may be folded; raises ValueError."""
    try:
        return base64.b64decode(re.sub(r"[ \t\r\n]", "", value), validate=True)
    except binascii.Error as error:
        raise ValueError(f"{shown(value)!r} is no base64") from error


@dataclass
class OwnKey:
    """A public key as dkimpy calls an Ed25519 one. `cryptography` does the mathematics.

    dkimpy itself wants PyNaCl for Ed25519, a second library for the same thing, and does RSA by
    itself, slowly. It takes the outcome from an exception of PyNaCl's, which is not there: so
    `verify` never raises, and `verified` tells.
    """

    check: Callable[[bytes, bytes], bool]
    verified: bool = False

    def verify(self, digest: bytes, signature: bytes) -> None:
        self.verified = self.check(digest, signature)


@dataclass(frozen=True)
class PublicKey:
    """A usable key record."""

    kind: str  # "rsa" or "ed25519"
    bits: int
    material: Any  # what dkimpy takes: an OwnKey, or a dict for RSA
    fingerprint: str  # SHA-256 of the p= octets, short
    testing: bool  # t=y
    strict: bool  # t=s: i= must have exactly the domain of d=


def parse_key(text: str, algorithm: str) -> PublicKey:
    """Read the key record for a signature with a= `algorithm`; raises `KeyFault` (3.6.1)."""
    try:
        found = tags(text)
    except ValueError as error:
        raise KeyFault(f"the key record is broken: {error}", "3.6.1") from None
    if "v" in found and (found["v"] != "DKIM1" or next(iter(found)) != "v"):
        raise KeyFault("the key record's v= is not DKIM1, or not first", "3.6.1")
    kind, _, digest = algorithm.partition("-")
    if (published := found.get("k", "rsa").lower()) != kind:
        raise KeyFault(f"the key is for {shown(published)}, the signature uses {kind}", "6.1.2")
    if "h" in found and digest not in listed(found["h"]):
        raise KeyFault(f"the key record's h= does not allow {digest}", "6.1.2")
    if not {"*", "email"} & set(listed(found.get("s", "*"))):
        raise KeyFault("the key record's s= does not allow its use for mail", "3.6.1")
    if "p" not in found:
        raise KeyFault("the key record has no p=, so no key", "3.6.1")
    if not re.sub(r"[ \t\r\n]", "", found["p"]):
        raise KeyFault("the key is revoked: its p= is empty", "3.6.1")
    try:
        octets = from_base64(found["p"])
    except ValueError as error:
        raise KeyFault(f"the key's p= is broken: {error}", "3.6.1") from None
    bits, material = _ed25519(octets) if kind == "ed25519" else _rsa(octets)
    fingerprint = hashlib.sha256(octets).hexdigest()[:16]
    flags = listed(found.get("t", ""))
    return PublicKey(kind, bits, material, fingerprint, "y" in flags, "s" in flags)


def _ed25519(octets: bytes) -> tuple[int, OwnKey]:
    if len(octets) != 32:
        raise KeyFault(f"an Ed25519 key has 32 octets, not {len(octets)}", "4.2", 8463)
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:  # in a browser tab
        raise KeyFault("this Python has no Ed25519", "3", 8463, "neutral") from None

    def check(digest: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(octets).verify(signature, digest)
        except (InvalidSignature, ValueError):
            return False
        return True

    return 256, OwnKey(check)


def _rsa(octets: bytes) -> tuple[int, OwnKey | dict[str, int]]:
    from dkim.crypto import UnparsableKeyError, parse_public_key

    try:
        key: dict[str, int] = parse_public_key(octets)
        modulus, exponent = int(key["modulus"]), int(key["publicExponent"])
    except (UnparsableKeyError, LookupError, TypeError, ValueError):
        raise KeyFault("the key's p= holds no RSA public key", "3.6.1") from None
    bits = modulus.bit_length()
    if bits > LONGEST_RSA or not 2 < exponent <= _LARGEST_EXPONENT or modulus % 2 == 0:
        raise KeyFault(f"an RSA key of {bits} bits of this kind is not tried here", "3.3.3")
    if bits < SHORTEST_RSA:
        text = f"an RSA key of {bits} bits is too short: {SHORTEST_RSA} is the least"
        raise KeyFault(text, "3.2", 8301, "policy")
    own = _own_rsa(modulus, exponent)
    return bits, key if own is None else own


def _own_rsa(modulus: int, exponent: int) -> OwnKey | None:
    """The key for `cryptography`; None in a browser tab, and where it wants no such key."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except (ImportError, ValueError):
        return None

    def check(digest: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    return OwnKey(check)
