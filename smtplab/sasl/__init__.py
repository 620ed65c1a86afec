"""The client's side of SASL mechanisms, one challenge at a time (RFC 4954, 4; RFC 4422, 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smtplab.errors import LocalProtocolError
from smtplab.sasl.bearer import OAuthBearer, XOAuth2
from smtplab.sasl.cram_md5 import CramMD5
from smtplab.sasl.login import Login
from smtplab.sasl.mechanism import Binding, Credentials, Mechanism, Part, Surroundings
from smtplab.sasl.plain import Plain
from smtplab.sasl.scram import Scram
from smtplab.sasl.scram_keys import PLUS

__all__ = [
    "MECHANISMS", "PLUS", "Binding", "CramMD5", "Credentials", "Login", "Mechanism",
    "OAuthBearer", "Part", "Plain", "Scram", "Surroundings", "XOAuth2", "choose", "make",
]  # fmt: skip

# In the order in which the client prefers them. SCRAM comes first: the password does not cross,
# the server keeps nothing that signs in, and it must prove itself. CRAM-MD5 hides the password
# too, but proves nothing of the server and makes it keep what signs in; inside TLS, PLAIN is as
# good, and RFC 4954, 4 demands that everybody has it. LOGIN is PLAIN with one round trip more.
# OAUTHBEARER is a standard, XOAUTH2 is what came before it.
MECHANISMS: dict[str, Callable[[Credentials, Surroundings], Mechanism]] = {
    "SCRAM-SHA-256-PLUS": lambda who, where: Scram("SCRAM-SHA-256-PLUS", who, where),
    "SCRAM-SHA-256": lambda who, where: Scram("SCRAM-SHA-256", who, where),
    "SCRAM-SHA-1": lambda who, where: Scram("SCRAM-SHA-1", who, where),
    "CRAM-MD5": lambda who, where: CramMD5(who.username, who.password),
    "PLAIN": lambda who, where: Plain(who.username, who.password),
    "LOGIN": lambda who, where: Login(who.username, who.password),
    "OAUTHBEARER": lambda who, where: OAuthBearer(who.username, who.token, where.host, where.port),
    "XOAUTH2": lambda who, where: XOAuth2(who.username, who.token),
}
BEARER = ("OAUTHBEARER", "XOAUTH2")


def choose(offered: Sequence[str], who: Credentials, binding: Binding | None) -> str:
    """The first mechanism that both ends know and that fits what `who` has.

    -PLUS is chosen for tls-unique only, which every server that offers it up to TLS 1.2 has;
    in TLS 1.3 a server may know tls-exporter alone, which Python lacks, so there it is by name.

    >>> choose(["LOGIN", "PLAIN", "XOAUTH2"], Credentials("alice", "secret"), None)
    'PLAIN'
    >>> choose(["PLAIN", "XOAUTH2"], Credentials("alice", token="secret"), None)
    'XOAUTH2'
    """
    has_token = bool(who.token)
    can_bind = binding is not None and binding.type == "tls-unique"
    fitting = [
        name
        for name in MECHANISMS
        if (name in BEARER) is has_token and (can_bind or not name.endswith(PLUS))
    ]
    return next((n for n in fitting if n in offered), "OAUTHBEARER" if has_token else "PLAIN")


def make(mechanism: str, who: Credentials, where: Surroundings) -> Mechanism:
    """A mechanism at its start; `LocalProtocolError` if it is not known, or lacks what it needs."""
    name = mechanism.upper()
    if name not in MECHANISMS:
        raise LocalProtocolError(
            f"{mechanism!r} is not known here; these are: {', '.join(MECHANISMS)}"
        )
    if name in BEARER and not who.token:
        raise LocalProtocolError(f"{name} signs in by an access token; pass token=...")
    if name not in BEARER and who.token:
        raise LocalProtocolError(f"{name} signs in by a password; the token was not sent")
    return MECHANISMS[name](who, where)
