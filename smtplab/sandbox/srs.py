"""SRS, the sender rewriting scheme: a forwarder puts its own domain into the reverse-path.

SPF asks whether the connecting host may send for the reverse-path's domain (RFC 7208, 2.4), and a
forwarder may not. The scheme is Meng Weng Wong's of 2003; no RFC has it. The form is
`SRS0=HASH=DAY=domain=local-part@forwarder`. The hash keeps others from using the forwarder as an
open relay, and the day makes old ones useless. A second forwarder writes SRS1, so that the
local-part does not grow with each: `SRS1=HASH=first-forwarder==HASH=DAY=domain=local-part`.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from smtplab.errors import LocalProtocolError
from smtplab.grammar import parse_path

SECRET = b"a toy secret, printed in the source"
MAX_AGE = timedelta(days=21)  # as libsrs2 has it: longer than any queue keeps a mail object
HASH_LENGTH = 4  # characters, as in libsrs2

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DAYS = len(_BASE32) ** 2  # two characters: the day comes round again after 1,024 of them


def rewrite(reverse_path: str, forwarder: str, now: datetime) -> str:
    """The reverse-path that a forwarder sends on; the null one stays as it is.

    So does one that would become too long: to fail SPF is better than to be no path at all.

    >>> when = datetime(2026, 3, 2, tzinfo=UTC)
    >>> rewrite("bob@example.net", "example.com", when)
    'SRS0=EHUW=BC=example.net=bob@example.com'
    >>> reverse(rewrite("bob@example.net", "example.com", when), when)
    'bob@example.net'
    """
    local_part, at, domain = reverse_path.rpartition("@")
    tag, rest = local_part[:5].upper(), local_part[5:]
    if not at:
        return reverse_path
    if tag == "SRS0=":
        payload = f"{domain}=={rest}"
    elif tag == "SRS1=":  # the first forwarder stays, the one before us goes
        payload = rest.partition("=")[2]
    else:
        payload = f"{_written(_day(now))}={domain}={local_part}"
    tag = "SRS1=" if "==" in payload and tag in ("SRS0=", "SRS1=") else "SRS0="
    return _if_valid(f"{tag}{_hash(payload)}={payload}@{forwarder}") or reverse_path


def reverse(forward_path: str, now: datetime) -> str | None:
    """Where a bounce to a rewritten reverse-path goes on to; None if it is not one of ours.

    It is ours if the hash fits and the day is not longer ago than `MAX_AGE`.
    """
    local_part = forward_path.rpartition("@")[0]
    if local_part[:5].upper() not in ("SRS0=", "SRS1="):  # nearly every path: no hash is made
        return None
    given, _, payload = local_part[5:].partition("=")
    if not hmac.compare_digest(given.upper().encode("utf-8", "replace"), _hash(payload).encode()):
        return None
    if local_part[:5].upper() == "SRS1=":
        first, _, inner = payload.partition("==")
        return _if_valid(f"SRS0={inner}@{first}")
    if payload.count("=") >= 2:
        day, domain, original = payload.split("=", 2)
        return _if_valid(f"{original}@{domain}") if _is_fresh(day, now) else None
    return None


def _if_valid(path: str) -> str | None:
    """The local-part may have become too long, or quoted in the middle (RFC 5321, 4.5.3.1.1)."""
    try:
        return path if parse_path(f"<{path}>")[0].mailbox else None
    except LocalProtocolError:
        return None


def _hash(payload: str) -> str:
    """Of lower case, because hosts on the way may have changed the case (RFC 5321, 2.4)."""
    text = payload.lower().encode("utf-8", "surrogateescape")
    digest = hmac.new(SECRET, text, "sha256").digest()
    return "".join(_BASE32[octet % len(_BASE32)] for octet in digest[:HASH_LENGTH])


def _day(now: datetime) -> int:
    return (now - datetime(1970, 1, 1, tzinfo=UTC)).days % _DAYS


def _written(day: int) -> str:
    high, low = divmod(day, len(_BASE32))
    return _BASE32[high] + _BASE32[low]


def _is_fresh(day: str, now: datetime) -> bool:
    digits = [_BASE32.find(character) for character in day.upper()]
    if len(digits) != 2 or min(digits) < 0:
        return False
    age = (_day(now) - digits[0] * len(_BASE32) - digits[1]) % _DAYS
    return age <= MAX_AGE.days
