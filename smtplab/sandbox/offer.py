"""The offer: which service extensions a listener has at this moment (RFC 5321, 2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from datetime import datetime

from smtplab.sandbox.little_internet import Listener
from smtplab.sandbox.policy import Policy

_ALWAYS = frozenset({
    "SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING", "BINARYMIME", "ENHANCEDSTATUSCODES",
    "DSN", "LIMITS", "DELIVERBY", "MT-PRIORITY", "HELP",
})  # fmt: skip

# RFC 6531, 3.1, item 8; RFC 3030, 3: BINARYMIME is of no use without BDAT.
_NEEDS = {"SMTPUTF8": "8BITMIME", "BINARYMIME": "CHUNKING"}

# Which extension brings a verb. A server without it does not know the verb either.
VERBS = {"BDAT": "CHUNKING", "STARTTLS": "STARTTLS", "AUTH": "AUTH", "ETRN": "ETRN"}


class Offer(Container[str]):
    """What one listener offers; `"SIZE" in offer`.

    `special` are the keywords that depend on the connection: AUTH and STARTTLS.
    """

    def __init__(
        self, policy: Policy, listener: Listener, *, tls: bool, special: Container[str] = ()
    ) -> None:
        self._policy, self._listener, self._tls = policy, listener, tls
        self._special = special

    def __contains__(self, keyword: object) -> bool:
        assert isinstance(keyword, str)
        if not self._policy.offers(keyword):
            return False
        if keyword in _NEEDS and _NEEDS[keyword] not in self:
            return False
        return keyword in _ALWAYS or keyword in self._special or self._depends(keyword)

    def _depends(self, keyword: str) -> bool:
        match keyword:
            case "REQUIRETLS":  # RFC 8689, 2: a promise about TLS is made inside TLS only
                return self._tls
            case "FUTURERELEASE":  # RFC 4865, 4.2: on submission only
                return self._listener.auth
            case "ETRN":  # RFC 6409, 7: never on submission
                return bool(self._policy.etrn_domains) and not self._listener.auth
            case "VRFY":
                return self._policy.vrfy == "answers"
            case "EXPN":
                return self._policy.expn == "answers"
        return False

    def lines(self, now: Callable[[], datetime]) -> list[str]:
        """The keywords with their parameters, as the EHLO reply shows them."""
        return [keyword + self._parameters(keyword, now) for keyword in _ORDER if keyword in self]

    def _parameters(self, keyword: str, now: Callable[[], datetime]) -> str:
        policy = self._policy
        match keyword:
            case "SIZE":
                return f" {policy.size_limit}"
            case "LIMITS":
                return _limits(policy)
            case "MT-PRIORITY":  # RFC 6710, 9.2 and B: the assignment policy of general mail
                return " MIXER"
            case "FUTURERELEASE":  # RFC 4865, 3: the longest time, and the latest date
                latest = now() + policy.longest_hold
                return f" {policy.longest_hold.total_seconds():.0f} {latest:%Y-%m-%dT%H:%M:%SZ}"
        return ""


# As a client meets them; HELP stands last.
_ORDER = (
    "SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING", "BINARYMIME", "ENHANCEDSTATUSCODES",
    "DSN", "LIMITS", "DELIVERBY", "MT-PRIORITY", "FUTURERELEASE", "REQUIRETLS", "VRFY", "EXPN",
    "ETRN", "STARTTLS",
)  # fmt: skip


def _limits(policy: Policy) -> str:
    """RFC 9422, 4: what is not bounded is not named."""
    named = {
        "MAILMAX": policy.max_transactions,
        "RCPTMAX": policy.max_recipients,
        "RCPTDOMAINMAX": policy.max_recipient_domains,
    }
    return "".join(f" {name}={number}" for name, number in named.items() if number is not None)


_CODE_AND_ENHANCED = re.compile(
    rb"^([245][0-9]{2}[ -])[245]\.[0-9]{1,3}\.[0-9]{1,3} ", re.MULTILINE
)


def without_enhanced_codes(reply: bytes) -> bytes:
    """A reply as a server without ENHANCEDSTATUSCODES says it (RFC 2034, 4).

    >>> without_enhanced_codes(b"550 5.1.1 No mailbox here")
    b'550 No mailbox here'
    """
    return _CODE_AND_ENHANCED.sub(rb"\1", reply)


def reply_octets(status: str | bytes, policy: Policy) -> bytes:
    """A reply as it goes out under this policy, with its last CR LF."""
    octets = status if isinstance(status, bytes) else status.encode("utf-8", "backslashreplace")
    if not policy.offers("ENHANCEDSTATUSCODES"):
        octets = without_enhanced_codes(octets)
    return octets + b"\r\n"
