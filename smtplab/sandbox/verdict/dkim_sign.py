"""DKIM signatures made inside the sandbox, with toy keys that everybody knows (RFC 6376, 5).

The signature is a function of content, signer and world time: signing twice gives the same octets.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import dkim
from dkim.canonicalization import CanonicalizationPolicy

from smtplab.sandbox.verdict.dkim_content import canonical_body, split

SIGNED = (  # RFC 6376, 5.4.1
    "from", "reply-to", "subject", "date", "message-id", "to", "cc", "sender", "mime-version",
    "content-type", "content-transfer-encoding", "in-reply-to", "references",
    "list-id", "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip


@dataclass(frozen=True)
class PrivateKey:
    """A private key: PEM (PKCS #1 or #8) for RSA, 32 octets in base64 for Ed25519."""

    algorithm: str  # "rsa-sha256" or "ed25519-sha256"
    material: str

    def __repr__(self) -> str:
        return f"PrivateKey({self.algorithm!r})"


@dataclass(frozen=True)
class Signer:
    """Who signs, with what, and in which canonical form."""

    domain: str
    selector: str
    key: PrivateKey
    form: str = "relaxed/relaxed"
    lifetime: timedelta | None = None  # until x=


@dataclass(frozen=True)
class ToyKey:
    """A key pair of the sandbox. Its private half is public: never use it elsewhere."""

    name: str
    private: PrivateKey
    record: str  # the TXT record's text

    def zone_line(self, selector: str) -> str:
        """The key record for a zone file, in strings of at most 255 octets (RFC 6376, 3.6.2.2)."""
        parts = [self.record[i : i + 200] for i in range(0, len(self.record), 200)]
        strings = " ".join(f'"{part}"' for part in parts)
        return f"{selector}._domainkey IN TXT {strings}"


@cache
def toy_keys() -> dict[str, ToyKey]:
    """The sandbox's keys by name: "rsa" and "ed25519"."""
    data = resources.files("smtplab.sandbox.verdict").joinpath("toy_keys.toml").read_text("ascii")
    return {
        name: ToyKey(name, PrivateKey(item["algorithm"], item["private"]), item["record"])
        for name, item in tomllib.loads(data).items()
    }


def sign(content: bytes, signer: Signer, now: datetime) -> bytes:
    """The content with a DKIM-Signature header field in front; raises ValueError without From."""
    return signature_field(content, signer, now) + content


def signature_field(content: bytes, signer: Signer, now: datetime) -> bytes:
    """The DKIM-Signature header field alone, with its last CRLF."""
    message, body = split(content)
    algorithm = signer.key.algorithm.encode()
    names = [name.lower() for name, _ in message.headers if name.lower().decode() in SIGNED]
    if b"from" not in names:
        raise ValueError("a content without a From header field cannot be signed (RFC 6376, 5.4)")
    names.append(b"from")  # once more than it stands there, so that nobody can add another one
    digest = hashlib.sha256(canonical_body(body, signer.form.partition("/")[2])).digest()
    seconds = int(now.timestamp())
    expires = [] if signer.lifetime is None else [int(signer.lifetime.total_seconds()) + seconds]
    fields = [
        (b"v", b"1"),
        (b"a", algorithm),
        (b"c", signer.form.encode()),
        (b"d", signer.domain.encode()),
        (b"s", signer.selector.encode()),
        (b"t", str(seconds).encode()),
        *((b"x", str(moment).encode()) for moment in expires),
        (b"h", b" : ".join(names)),
        (b"bh", base64.b64encode(digest)),
        (b"b", b"0" * 60),  # as dkimpy does: it folds here, then puts the signature in
    ]
    private = _dkimpy_key(signer.key)
    # By this name dkimpy lets an object sign; for RSA it would do the mathematics itself, slowly.
    by_object = isinstance(private, (_Ed25519, _RSA))
    message.signature_algorithm = b"ed25519-sha256" if by_object else algorithm
    message.hasher = hashlib.sha256
    policy = CanonicalizationPolicy.from_c_value(signer.form.encode())
    value: bytes = message.gen_header(fields, names, policy, b"DKIM-Signature", private)
    return b"DKIM-Signature: " + value


class _Signed(NamedTuple):
    signature: bytes


class _Ed25519:
    """An Ed25519 private key as dkimpy calls one, by `cryptography` instead of PyNaCl."""

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def sign(self, digest: bytes) -> _Signed:
        return _Signed(self._key.sign(digest))


class _RSA:
    """An RSA private key by `cryptography`: the octets that dkimpy would give, ten times sooner."""

    def __init__(self, pem: bytes) -> None:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, utils

        self._key: Any = serialization.load_pem_private_key(pem, None)
        self._how = padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())

    def sign(self, digest: bytes) -> _Signed:
        return _Signed(self._key.sign(digest, *self._how))


@cache
def _dkimpy_key(key: PrivateKey) -> Any:
    """What dkimpy signs with; in a browser tab, without `cryptography`, it does RSA itself."""
    if key.algorithm == "ed25519-sha256":
        return _Ed25519(base64.b64decode(key.material))
    try:
        return _RSA(key.material.encode())
    except ImportError:
        return dkim.parse_pem_private_key(key.material.encode())
