"""DANE for SMTP: certificates that are pinned in the DNS (RFC 6698; RFC 7672)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256, sha512
from hmac import compare_digest

from smtplab.sandbox.dns import Zones
from smtplab.sandbox.verdict.lookups import NoSuchName

DANE_TA, DANE_EE = 2, 3  # certificate usages: a trust anchor, the host's own (RFC 7218, 2.1)
_CERT, _SPKI = 0, 1  # selectors: the whole certificate, its public key (RFC 7218, 2.2)
_FULL, _SHA256, _SHA512 = 0, 1, 2  # matching types (RFC 7218, 2.3)


@dataclass(frozen=True)
class TLSA:
    """One record: usage, selector, matching type and data (RFC 6698, 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @classmethod
    def read(cls, record: str) -> TLSA:
        """From zone-file text.

        >>> TLSA.read("3 1 1 00ff").data
        b'\\x00\\xff'
        """
        usage, selector, matching, *data = record.split()
        return cls(int(usage), int(selector), int(matching), bytes.fromhex("".join(data)))

    @property
    def is_usable(self) -> bool:
        """RFC 7672, 3.1.3: the usages 0 and 1 are not for SMTP."""
        return (
            self.usage in (DANE_TA, DANE_EE)
            and self.selector in (_CERT, _SPKI)
            and self.matching in (_FULL, _SHA256, _SHA512)
        )

    def matches(self, certificate: bytes) -> bool:
        """Whether a certificate in DER is the one that the record tells of."""
        selected = certificate if self.selector == _CERT else public_key_of(certificate)
        if self.matching == _SHA256:
            selected = sha256(selected).digest()
        elif self.matching == _SHA512:
            selected = sha512(selected).digest()
        return compare_digest(selected, self.data)


def look_up(zones: Zones, host: str) -> tuple[TLSA, ...] | None:
    """The usable TLSA records of a host's port 25; () if none is usable, None if there are none.

    Raises `TemporaryFailure`.
    """
    try:
        records = zones.ask(f"_25._tcp.{host}", "TLSA")
    except NoSuchName:
        return None
    if not records:
        return None
    return tuple(one for one in map(TLSA.read, records) if one.is_usable)


def record_for(certificate: bytes) -> str:
    """The record that RFC 7672, 3.1 recommends: "3 1 1", the SHA-256 of the public key."""
    return f"{DANE_EE} {_SPKI} {_SHA256} {sha256(public_key_of(certificate)).hexdigest()}"


def public_key_of(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, both in DER (RFC 5280, 4.1)."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
