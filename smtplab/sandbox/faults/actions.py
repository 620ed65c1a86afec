"""What a fault does: each action of the dial as data. A `Reply` is an action, too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from smtplab.errors import LocalProtocolError
from smtplab.replies import MAX_REPLY_LINE, Reply

MAX_DELAY = 86_400.0  # seconds; ours to choose: no client waits a day
MAX_PLACES = 100  # cuts in one reply; `Split` makes more


class Simple(Enum):
    """The actions that need no value, each with what a client meets."""

    STALL = "stall", "no reply ever comes; the client's time-out has to end it (RFC 5321, 4.5.3.2)"
    MERGE = "merge", "the reply waits, and goes out in one segment with the next one (RFC 2920, 3)"
    DROP = "drop", "the server closes instead of doing the step (RFC 5321, 3.8)"
    DROP_AFTER = "drop-after", "the server closes after its reply (RFC 5321, 3.8)"
    LOSE = "lose", "the step is done, its reply is lost, the connection closes (RFC 1047)"
    RESET = "reset", "the connection is reset instead of doing the step (RFC 9293, 3.5.2)"
    RESET_AFTER = "reset-after", "the connection is reset after the reply (RFC 9293, 3.5.2)"
    HALF_CLOSE = "half-close", "the reply is the last that is said; the server goes on listening"
    PLAINTEXT = "plaintext", "plaintext comes where TLS should begin (RFC 3207, 4)"
    BROKEN_TLS = "broken-tls", "the TLS handshake fails with an alert (RFC 8446, 6.2)"

    def __init__(self, word: str, meaning: str) -> None:
        self.word, self.meaning = word, meaning


@dataclass(frozen=True)
class Raw:
    """Exactly these octets stand where the reply should (RFC 5321, 4.2 says what a reply is)."""

    octets: bytes

    def __post_init__(self) -> None:
        if not 0 < len(self.octets) <= MAX_REPLY_LINE:
            raise LocalProtocolError(f"raw octets are at least 1 and at most {MAX_REPLY_LINE}")


@dataclass(frozen=True)
class Extra:
    """The server's own reply, and one more that nobody asked for, in one segment."""

    reply: Reply


@dataclass(frozen=True)
class Delay:
    """The step is done and its reply comes so many seconds late, on the wire clock.

    In memory that clock is virtual. Over TCP the wait is real and cut short, unless `in_full`.
    """

    seconds: float
    in_full: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.seconds <= MAX_DELAY or round(self.seconds, 3) != self.seconds:
            raise LocalProtocolError(
                f"a delay is 0 to {MAX_DELAY:.0f} seconds, in whole milliseconds"
            )


@dataclass(frozen=True)
class Split:
    """The reply goes out in segments of `size` octets; TCP promises no borders (RFC 9293, 3.7)."""

    size: int

    def __post_init__(self) -> None:
        if not 1 <= self.size <= MAX_REPLY_LINE:
            raise LocalProtocolError(f"a segment holds 1 to {MAX_REPLY_LINE} octets")

    def pieces(self, octets: bytes) -> list[bytes]:
        return [octets[n : n + self.size] for n in range(0, len(octets), self.size)]


@dataclass(frozen=True)
class Cut:
    """The reply goes out in segments that end at these places, counted in octets."""

    places: tuple[int, ...]

    def __post_init__(self) -> None:
        places = self.places
        if not 1 <= len(places) <= MAX_PLACES or list(places) != sorted(set(places)):
            raise LocalProtocolError(f"places to cut are 1 to {MAX_PLACES} rising numbers")
        if not (1 <= places[0] and places[-1] <= MAX_REPLY_LINE):
            raise LocalProtocolError(f"a place to cut is a number from 1 to {MAX_REPLY_LINE}")

    def pieces(self, octets: bytes) -> list[bytes]:
        """
        >>> Cut((2, 5)).pieces(b"250 OK")
        [b'25', b'0 O', b'K']
        """
        ends = [*(place for place in self.places if place < len(octets)), len(octets)]
        return [octets[start:end] for start, end in zip([0, *ends], ends, strict=False)]


Action = Reply | Raw | Extra | Delay | Split | Cut | Simple

_FOR_CONNECT = (
    Simple.DROP, Simple.RESET, Simple.STALL, Simple.PLAINTEXT, Simple.BROKEN_TLS,
)  # fmt: skip
_FOR_MAIL_DATA = (Simple.DROP, Simple.RESET, Simple.STALL)
TLS_ACTIONS = (Simple.PLAINTEXT, Simple.BROKEN_TLS)


def why_not(phase: str, action: Action) -> str | None:
    """Why an action makes no sense in a phase; None if it does."""
    if isinstance(action, Reply):
        fault = _why_no_reply(action)
        if fault:
            return fault
    if isinstance(action, Extra) and (fault := _why_no_reply(action.reply)):
        return fault
    if phase == "connect":
        if action not in _FOR_CONNECT:
            return "nothing is said at connect, so it can only drop, reset, stall or break TLS"
    elif phase == "mail-data":
        is_421 = isinstance(action, Reply) and action.code == 421
        if not (is_421 or action in _FOR_MAIL_DATA or isinstance(action, Delay)):
            return "inside mail data a server may only delay, stall, drop, reset or say 421"
    elif action in TLS_ACTIONS and phase != "STARTTLS":
        return "TLS begins only at STARTTLS, or at connect on port 465"
    elif action is Simple.MERGE and phase in ("STARTTLS", "QUIT", "any"):
        return "there is no next reply that it could wait for"
    return None


def _why_no_reply(reply: Reply) -> str | None:
    first, second = reply.code // 100, reply.code // 10 % 10
    if not (200 <= reply.code <= 599 and 2 <= first <= 5 and second <= 5):
        return f"{reply.code} is no reply code (RFC 5321, 4.2); raw: sends any octets"
    if not reply.texts or len(reply.octets) > MAX_REPLY_LINE:
        return f"a reply holds at most {MAX_REPLY_LINE} octets"
    for text in reply.texts:
        decoded = text.decode("utf-8", "replace")
        if "\ufffd" in decoded or not decoded.replace("\t", " ").isprintable():
            return f"the text {text[:40]!r} is not printable; raw: sends any octets"
    return None
