"""What the sender asks about time: DELIVERBY, FUTURERELEASE, MT-PRIORITY (RFC 2852, 4865, 6710).

The server has checked the values at MAIL; what is no value here counts as not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

Parameters = Mapping[str, str | None]

# by-value = by-time ";" by-mode [by-trace]; by-time = ["-" / "+"] 1*9DIGIT   (RFC 2852, 4)
_BY = re.compile(r"(?P<time>[-+]?[0-9]{1,9});(?P<mode>[NR])(?P<trace>T?)", re.IGNORECASE)

# future-release-integer = %x31-39 *8DIGIT                                    (RFC 4865, 3)
_SECONDS = re.compile(r"[1-9][0-9]{0,8}")

# priority-value = (["-"] NZDIGIT) / "0"                                      (RFC 6710, 7)
_PRIORITY = re.compile(r"-?[1-9]|0")


@dataclass(frozen=True)
class DeliverBy:
    """A deadline, and what happens at it: "R" returns the mail, "N" notifies the sender."""

    deadline: datetime
    mode: str
    trace: str  # "T" asks for a report at each relay

    def left(self, now: datetime) -> str:
        """The parameter for the next host: what is left of the time (RFC 2852, 4.1.4)."""
        return f"{self.seconds_left(now)};{self.mode}{self.trace}"

    def seconds_left(self, now: datetime) -> int:
        """Below zero once the deadline has passed."""
        return int((self.deadline - now).total_seconds())


def deliver_by(parameters: Parameters, arrived: datetime) -> DeliverBy | None:
    """
    >>> from smtplab.sandbox.clock import START
    >>> asked = deliver_by({"BY": "120;R"}, START)
    >>> asked.mode, asked.left(START + timedelta(seconds=20))
    ('R', '100;R')
    """
    match = _BY.fullmatch(parameters.get("BY") or "")
    if match is None:
        return None
    deadline = arrived + timedelta(seconds=int(match["time"]))
    return DeliverBy(deadline, match["mode"].upper(), match["trace"].upper())


def release(parameters: Parameters, now: datetime) -> datetime:
    """When the first attempt may be made: HOLDFOR seconds or HOLDUNTIL a time (RFC 4865, 4.2)."""
    held_for = _SECONDS.fullmatch(parameters.get("HOLDFOR") or "")
    if held_for:
        return now + timedelta(seconds=int(held_for[0]))
    try:
        until = datetime.fromisoformat(parameters.get("HOLDUNTIL") or "")
    except ValueError:
        return now
    if until.tzinfo is None:  # RFC 3339 asks for an offset
        return now
    return max(now, until.astimezone(UTC))


def told_of(parameters: Parameters, arrived: datetime) -> list[str]:
    """What a report says of the sender's wishes about time (RFC 2852, 5; RFC 4865, 5.1.2).

    >>> from smtplab.sandbox.clock import START
    >>> told_of({"BY": "60;N", "HOLDFOR": "30"}, START)
    ['Deliver-By-Date: Mon, 02 Mar 2026 09:01:00 +0000', 'Future-Release-Request: for;30']
    """
    by = deliver_by(parameters, arrived)
    lines = [f"Deliver-By-Date: {format_datetime(by.deadline)}"] if by is not None else []
    for keyword, kind in (("HOLDFOR", "for"), ("HOLDUNTIL", "until")):
        if (value := parameters.get(keyword)) and value.isprintable():
            lines.append(f"Future-Release-Request: {kind};{value}")
    return lines


def priority(parameters: Parameters) -> int:
    """From -9, the least urgent, to 9; 0 is what everybody has (RFC 6710, 3 and 4.1)."""
    match = _PRIORITY.fullmatch(parameters.get("MT-PRIORITY") or "")
    return int(match[0]) if match else 0
