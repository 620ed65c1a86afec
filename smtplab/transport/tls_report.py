"""What TLS with a server came to: protocol, cipher, and the certificate chain (RFC 5280)."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape


@dataclass(frozen=True)
class Certificate:
    """One certificate of a chain; `names` are those that it was issued for."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    key: str  # such as "RSA, 2048 bits"
    sha256: str  # the fingerprint, in hexadecimal

    @property
    def is_self_signed(self) -> bool:
        return self.subject == self.issuer

    def is_valid_at(self, moment: datetime) -> bool:
        return self.not_before <= moment <= self.not_after

    @classmethod
    def from_der(cls, octets: bytes) -> Certificate:
        """Read a certificate; `ValueError` if the octets are none."""
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256

        read = x509.load_der_x509_certificate(octets)
        return cls(
            read.subject.rfc4514_string(),
            read.issuer.rfc4514_string(),
            _names(read),
            read.not_valid_before_utc,
            read.not_valid_after_utc,
            _key(read.public_key()),
            read.fingerprint(SHA256()).hex(),
        )

    def rows(self) -> tuple[tuple[str, str], ...]:
        """What a person looks at; the fingerprint differs at each start of a sandbox."""
        names = ", ".join(self.names) or "none: it names no host"
        days = f"{self.not_before:%Y-%m-%d} to {self.not_after:%Y-%m-%d}"
        signed = "itself" if self.is_self_signed else self.issuer
        return (
            ("Issued to", self.subject or "(no subject)"),
            ("Names", names),
            ("Signed by", signed),
            ("Valid", days),
            ("Key", self.key),
        )


@dataclass(frozen=True)
class TLSReport:
    """What was agreed; the chain starts with the server's own certificate."""

    server_name: str
    protocol: str  # such as "TLS 1.3"
    cipher: str
    verified: bool  # whether the certificate was checked against name, dates and authorities
    chain: tuple[Certificate, ...]

    def __repr__(self) -> str:
        lines = [f"{label}: {text}" for label, text in self._rows()]
        for number, certificate in enumerate(self.chain):
            lines.append(f"Certificate {number}")
            lines += (f"  {label}: {text}" for label, text in certificate.rows())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [_table(self._rows())]
        for number, certificate in enumerate(self.chain):
            parts.append(f"<h5>Certificate {number}</h5>{_table(certificate.rows())}")
        return "".join(parts)

    def _rows(self) -> tuple[tuple[str, str], ...]:
        checked = (
            "yes: name, dates and authority are right"
            if self.verified
            else "no: anybody could have shown it"
        )
        return (
            ("Server", self.server_name),
            ("Protocol", self.protocol),
            ("Cipher", self.cipher),
            ("Certificate checked", checked),
        )


def chain_of(tls: ssl.SSLObject) -> tuple[bytes, ...]:
    """The certificates that the server showed, in DER, as it sent them.

    From Python 3.13 on `ssl` tells; before, only the object behind it does.
    """
    tell = getattr(tls, "get_unverified_chain", None)
    if tell is not None:
        return tuple(tell() or ())
    found = tls._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
    return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in found or ())


def _names(read: object) -> tuple[str, ...]:
    from cryptography import x509

    assert isinstance(read, x509.Certificate)
    try:
        found = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in found)


def _key(key: object) -> str:
    kind = type(key).__name__.removesuffix("PublicKey")
    kind = {"EC": "ECDSA"}.get(kind, kind)
    size = getattr(key, "key_size", None)
    return f"{kind}, {size} bits" if size else kind


def _table(rows: Iterable[tuple[str, str]]) -> str:
    body = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in rows
    )
    return f"<table><tbody>{body}</tbody></table>"
