"""What every mechanism gets and does at the client's end (RFC 4422, 3; RFC 4954, 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from smtplab.errors import check_text


class Part(NamedTuple):
    """A piece of a challenge or response, and what it is for."""

    text: str
    meaning: str
    is_secret: bool = False  # a password or a token; proofs are none


@dataclass(frozen=True)
class Credentials:
    """Who wants to sign in, and what proves it: a password, or a bearer token."""

    username: str
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for given in (self.username, self.password, self.token):
            check_text(given, "auth()")


class Binding(NamedTuple):
    """What ties an exchange to its TLS connection (RFC 5929)."""

    type: str  # "tls-unique" or "tls-server-end-point"
    octets: bytes


@dataclass(frozen=True)
class Surroundings:
    """What a mechanism may have to know about the connection."""

    nonce: Callable[[], str]  # printable ASCII without a comma, new at each call
    host: str = ""
    port: int = 0
    binding: Binding | None = None
    plus_offered: bool = False  # the server offers to bind channels


class Mechanism(Protocol):
    """What the client does for one mechanism; octets here are before base64."""

    name: str

    def initial_response(self) -> bytes | None:
        """What may go out with AUTH itself; None if the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """The response to one challenge; `RemoteProtocolError` if it makes no sense."""

    def signed_in(self) -> None:
        """The server says 235; `RemoteProtocolError` if it still owes a proof of its own."""

    def explain(self, octets: bytes) -> list[Part]:
        """A challenge or response of this mechanism, part by part."""


def shown(octets: bytes) -> str:
    """Octets as text for people; what is no UTF-8 is escaped."""
    return octets.decode("utf-8", "backslashreplace")
