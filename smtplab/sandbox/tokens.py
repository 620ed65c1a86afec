"""The toy authorization server: bearer tokens that expire on the world clock (RFC 6750, 7519).

A token is a JSON Web Token: its middle part is JSON in base64url that anybody can read, its last
part a keyed hash, so that nobody can change it. Its key comes from the seed: a toy.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta

SCOPE = "smtp"  # what a token must be good for
ISSUER = "https://issuer.example.org"
LIFETIME = timedelta(hours=1)  # as long as most real ones

_HEADER = {"alg": "HS256", "typ": "JWT"}  # RFC 7515, 4.1.1; RFC 7519, 5.1


class BadToken(Exception):
    """Why a token is refused, by its name in RFC 6750, 3.1."""

    @property
    def name(self) -> str:
        return str(self.args[0])


class TokenIssuer:
    """Issues tokens, and tells a server whose they are."""

    def __init__(self, key: bytes, now: Callable[[], datetime]) -> None:
        self._key, self._now = key, now

    def issue(self, username: str, scope: str = SCOPE, lifetime: timedelta = LIFETIME) -> str:
        issued = int(self._now().timestamp())
        claims = {
            "iss": ISSUER,
            "sub": username,
            "scope": scope,
            "iat": issued,
            "exp": issued + int(lifetime.total_seconds()),
        }
        signed = f"{_encoded(_as_json(_HEADER))}.{_encoded(_as_json(claims))}"
        return f"{signed}.{self._signature(signed)}"

    def holder(self, token: str) -> str:
        """Whose token it is; `BadToken` if it is forged, expired, or good for something else."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(signed).encode(), signature.encode()):
            raise BadToken("invalid_token")
        # We signed it, so its claims are as we wrote them.
        encoded = signed.partition(".")[2]
        claims = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        if self._now().timestamp() >= claims["exp"]:
            raise BadToken("invalid_token")
        if SCOPE not in claims["scope"].split():
            raise BadToken("insufficient_scope")
        return str(claims["sub"])

    def _signature(self, signed: str) -> str:
        return _encoded(hmac.digest(self._key, signed.encode(), "sha256"))


def _as_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(octets: bytes) -> str:
    """base64url without padding (RFC 7515, 2)."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
