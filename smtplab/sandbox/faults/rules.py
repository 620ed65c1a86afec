"""Rules of the fault dial: phase, match, nth, action."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import Literal

from smtplab import session
from smtplab.errors import LocalProtocolError
from smtplab.sandbox.faults.actions import TLS_ACTIONS, Action, why_not

MAIL_DATA = "mail-data"  # between 354 and the end of mail data; it has no reply of its own
TLS_AT_CONNECT = "connect, TLS"  # a connect after which TLS begins at once
ANY = "any"  # every phase that ends with a reply
PHASES = (
    "connect", session.GREETING, "EHLO", "HELO", "STARTTLS", "AUTH", session.CHALLENGE, "MAIL",
    "RCPT", "DATA", MAIL_DATA, session.END_OF_DATA, "BDAT", "RSET", "NOOP", "VRFY", "EXPN",
    "HELP", "QUIT", ANY,
)  # fmt: skip

MAX_VALUE = 320  # characters of one value to match: a path holds 256 (RFC 5321, 4.5.3.1.3)
MAX_LOOKED_AT = 256  # characters of an argument that a pattern sees
MAX_NTH = 1_000_000

# `re` backtracks. With two repetitions at most, none of them around a group, and 256 characters
# to look at, it is done in well under a second whatever the argument is.
_REPETITION = re.compile(r"[*+?{]")
_TOO_CLEVER = re.compile(r"\)[*+?{]|\\[1-9]")
MAX_REPETITIONS = 2

_NO_ARGUMENT = frozenset(
    {"connect", session.GREETING, session.CHALLENGE, MAIL_DATA, session.END_OF_DATA}
)


@dataclass(frozen=True)
class Circumstances:
    """What happens at a server right now, as far as a rule may look at it."""

    phases: tuple[str, ...]
    place: tuple[str, int]  # the listener's host and port
    sources: tuple[str, ...]  # the client's host and address, in lower case
    argument: str = ""
    reverse_path: str | None = None  # None: no mail transaction
    forward_paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """Which steps of a phase are meant; what is left out matches everything.

    `source` is the client's host or address, `contains` a part of the command's argument and
    `pattern` a regular expression for it. `reverse_path` and `forward_path` are mailboxes of the
    mail transaction, or `@domain`; the null reverse-path is "". Upper and lower case are one.
    """

    host: str | None = None
    port: int | None = None
    source: str | None = None
    contains: str | None = None
    pattern: str | None = None
    reverse_path: str | None = None
    forward_path: str | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, str):
                if len(value) > MAX_VALUE or not value.isprintable():
                    raise LocalProtocolError(
                        f"{value[:40]!r} is no {name} to match: printable text of at most "
                        f"{MAX_VALUE} characters is"
                    )
                if not value and name != "reverse_path":
                    raise LocalProtocolError(f"an empty {name} matches nothing; leave it out")
        for path in (self.reverse_path or "", self.forward_path or ""):
            if path.startswith("<"):
                raise LocalProtocolError(f"{path[:40]!r}: write a path without angle brackets")
        if self.port is not None and not 0 < self.port < 65536:
            raise LocalProtocolError(f"{self.port} is no port; a number from 1 to 65535 is")
        if self.pattern is not None:
            _check_pattern(self.pattern)

    def fits(self, now: Circumstances) -> bool:
        """Whether the step that begins is one of those that are meant."""
        host, port = now.place
        return (
            (self.host is None or self.host.lower() == host)
            and (self.port is None or self.port == port)
            and (self.source is None or self.source.lower() in now.sources)
            and (self.contains is None or self.contains.lower() in now.argument.lower())
            and (self.pattern is None or _is_found(self.pattern, now.argument))
            and (self.reverse_path is None or _is_path(self.reverse_path, now.reverse_path))
            and (
                self.forward_path is None
                or any(_is_path(self.forward_path, path) for path in now.forward_paths)
            )
        )


@dataclass(frozen=True)
class Nth:
    """Which of the matching steps: all, only the nth, each from the nth on, or every nth."""

    how: Literal["always", "only", "from", "every"] = "always"
    number: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= MAX_NTH or (self.how == "always" and self.number != 1):
            raise LocalProtocolError(f"steps are counted from 1 to {MAX_NTH}, not {self.number}")

    def covers(self, count: int) -> bool:
        """Whether the step with this number, from 1 on, is meant.

        >>> [count for count in range(1, 8) if Nth("every", 3).covers(count)]
        [3, 6]
        """
        match self.how:
            case "only":
                return count == self.number
            case "from":
                return count >= self.number
            case "every":
                return count % self.number == 0
            case _:
                return True


@dataclass(frozen=True)
class Fault:
    """One rule: in this phase, at this match, the nth time, the server does this instead.

    An action that is a `Reply` with 4yz or 5yz refuses the step. One with 2yz or 3yz changes the
    words and never the decision: what the server itself refuses stays refused, so that a rule
    cannot make it promise what it does not do (RFC 5321, 6.1).
    """

    phase: str
    action: Action
    match: Match = field(default_factory=Match)
    nth: Nth = field(default_factory=Nth)

    def __post_init__(self) -> None:
        if self.phase not in PHASES:
            raise LocalProtocolError(
                f"{self.phase[:40]!r} is no phase; the phases are {', '.join(PHASES)}"
            )
        problem = why_not(self.phase, self.action)
        if problem:
            raise LocalProtocolError(problem)
        if self.phase in _NO_ARGUMENT and (self.match.contains or self.match.pattern):
            raise LocalProtocolError(
                f"{self.phase} has no argument to look at; match host:, port:, source:, from: or "
                "to: instead"
            )

    @property
    def strikes_in(self) -> str:
        """The phase, or the part of it in which the action can be done."""
        if self.phase == "connect" and self.action in TLS_ACTIONS:
            return TLS_AT_CONNECT
        return self.phase

    def __str__(self) -> str:
        from smtplab.sandbox.faults.notation import as_text

        return as_text(self)


class Refused(Exception):
    """The step that just began is refused with this reply, before anything of it is done."""

    def __init__(self, status: bytes) -> None:
        super().__init__(status)
        self.status = status


def _check_pattern(pattern: str) -> None:
    repetitions = len(_REPETITION.findall(pattern))
    if repetitions > MAX_REPETITIONS or _TOO_CLEVER.search(pattern):
        raise LocalProtocolError(
            f"the pattern {pattern[:40]!r} could take for ever: at most {MAX_REPETITIONS} of * + ? "
            "and { are allowed, none behind a group, and no back-reference"
        )
    try:
        with warnings.catch_warnings(action="error"):
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning):
        raise LocalProtocolError(f"{pattern[:40]!r} is no regular expression") from None


def _is_found(pattern: str, argument: str) -> bool:
    return re.search(pattern, argument[:MAX_LOOKED_AT], re.IGNORECASE) is not None


def _is_path(wanted: str, path: str | None) -> bool:
    if path is None:
        return False
    wanted, path = wanted.lower(), path.lower()
    return path.endswith(wanted) if wanted.startswith("@") else path == wanted
