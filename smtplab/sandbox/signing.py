"""DKIM signatures on what a host's own users submit (RFC 6376, 5)."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtplab.sandbox.verdict.dkim_sign import Signer

SELECTOR = "toy"  # where the zones publish the sandbox's RSA key, which everybody knows


def signed(content: bytes, domain: str, now: datetime) -> bytes:
    """The content with a domain's DKIM-Signature in front; ValueError if it has no From."""
    from smtplab.sandbox.verdict.dkim_sign import sign  # late: dkimpy takes 80 ms

    return sign(content, _signer(domain), now)


def signature(content: bytes, domain: str, now: datetime) -> bytes:
    """The header field alone; b"" where there is no From to sign."""
    from smtplab.sandbox.verdict.dkim_sign import signature_field

    try:
        return signature_field(content, _signer(domain), now)
    except ValueError:  # RFC 6376, 5.4 wants From signed
        return b""


@cache
def _signer(domain: str) -> Signer:
    from smtplab.sandbox.verdict.dkim_sign import Signer, toy_keys

    return Signer(domain, SELECTOR, toy_keys()["rsa"].private)
