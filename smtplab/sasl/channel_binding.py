"""What ties a SASL exchange to its TLS connection, as far as Python can say (RFC 5929).

Python's `ssl` gives tls-unique, which means something up to TLS 1.2 only, and the certificate,
whose hash is tls-server-end-point in every version. tls-exporter, the one that RFC 9266 asks for
with TLS 1.3, needs a function of OpenSSL that Python does not hand on.
"""

from __future__ import annotations

from hashlib import new as new_hash

# The object identifiers of signature algorithms, in DER, with the hash that RFC 5929, 4.1 takes.
# MD5 and SHA-1 count as SHA-256.
_RSA, _ECDSA = bytes.fromhex("2a864886f70d0101"), bytes.fromhex("2a8648ce3d04")
_HASHES = {
    _RSA + b"\x04": "sha256", _RSA + b"\x05": "sha256", _RSA + b"\x0b": "sha256",
    _RSA + b"\x0c": "sha384", _RSA + b"\x0d": "sha512", _RSA + b"\x0e": "sha224",
    _ECDSA + b"\x01": "sha256", _ECDSA + b"\x03\x01": "sha224", _ECDSA + b"\x03\x02": "sha256",
    _ECDSA + b"\x03\x03": "sha384", _ECDSA + b"\x03\x04": "sha512",
}  # fmt: skip


def server_end_point(certificate: bytes) -> bytes | None:
    """The hash of a server's certificate in DER (RFC 5929, 4); None if none is defined."""
    try:
        whole, _ = _value(certificate)
        _, rest = _value(whole)  # tbsCertificate
        algorithm, _ = _value(rest)
        name, _ = _value(algorithm)
    except ValueError:
        return None
    hash_name = _HASHES.get(name)
    return new_hash(hash_name, certificate).digest() if hash_name else None


def _value(der: bytes) -> tuple[bytes, bytes]:
    """The content of the first element in DER (X.690, 8.1), and what follows it."""
    if len(der) < 2:
        raise ValueError("DER is cut short")
    length, start = der[1], 2
    if length >= 0x80:
        start += length - 0x80
        length = int.from_bytes(der[2:start], "big")
    if len(der) < start + length:
        raise ValueError("DER is cut short")
    return der[start : start + length], der[start + length :]
