"""The parameters of MAIL and RCPT: the extension behind each, its form, its refusal.

A keyword that no offered extension brings is refused with 555, a value of another form with 501
(RFC 5321, 4.1.1.11).
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from smtplab.commands import MAX_COMMAND_LINE
from smtplab.errors import LocalProtocolError
from smtplab.grammar import is_mailbox

Values = Mapping[str, str | None]

# xtext = *( xchar / hexchar ); xchar = "!" to "~" without "+" and "="; hexchar = "+" 2 of 0-9A-F
_XTEXT_UNIT = r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})"  # RFC 3461, 4

# date-time of RFC 3339, 5.6
_DATE_TIME = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+\-]\d\d:\d\d)"

_NOTIFY_WHEN = r"(?:SUCCESS|FAILURE|DELAY)"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as its RFC writes it."""

    extension: str  # the EHLO keyword that must have been offered
    form: str  # what a good one looks like, for the refusal
    value: str  # a regular expression, in any case; "" if there is no value
    room: int  # octets by which it lengthens the command line, with its space
    source: str

    def allows(self, value: str | None) -> bool:
        if value is None or not self.value:
            return value is None and not self.value
        return re.fullmatch(self.value, value, re.IGNORECASE | re.ASCII) is not None


# In the order of their RFCs. The room of RET, NOTIFY and BODY=BINARYMIME is counted here, where
# their RFCs leave it to the reader.
MAIL = {
    "SIZE": Parameter("SIZE", "SIZE wants a number of octets", r"\d{1,20}", 26, "RFC 1870, 3"),
    "ENVID": Parameter(
        "DSN", "ENVID wants 1 to 100 characters of xtext", rf"(?=.{{1,100}}\Z){_XTEXT_UNIT}+", 107,
        "RFC 3461, 4.4 and 5.4",
    ),
    "RET": Parameter("DSN", "RET is FULL or HDRS", r"FULL|HDRS", 9, "RFC 3461, 4.3"),
    "BY": Parameter(
        "DELIVERBY", "BY wants seconds, a semicolon, N or R, and may have T",
        r"[+\-]?\d{1,9};[NR]T?", 17, "RFC 2852, 4",
    ),
    "HOLDFOR": Parameter(
        "FUTURERELEASE", "HOLDFOR wants a number of seconds", r"[1-9]\d{0,8}", 34, "RFC 4865, 3"
    ),
    "HOLDUNTIL": Parameter(
        "FUTURERELEASE", "HOLDUNTIL wants a date and time as 2026-03-02T10:00:00Z", _DATE_TIME, 34,
        "RFC 4865, 3",
    ),
    "AUTH": Parameter(
        "AUTH", "AUTH wants a mailbox as xtext, or <>", rf"<>|{_XTEXT_UNIT}+", 500, "RFC 4954, 5"
    ),
    "BODY": Parameter(
        "8BITMIME", "BODY is 7BIT or 8BITMIME", r"7BIT|8BITMIME", 17, "RFC 6152, 2"
    ),
    "SMTPUTF8": Parameter("SMTPUTF8", "SMTPUTF8 takes no value", "", 10, "RFC 6531, 3.1"),
    "MT-PRIORITY": Parameter(
        "MT-PRIORITY", "MT-PRIORITY is a number from -9 to 9", r"-?[1-9]|0", 15, "RFC 6710, 3"
    ),
    "REQUIRETLS": Parameter("REQUIRETLS", "REQUIRETLS takes no value", "", 11, "RFC 8689, 2"),
}  # fmt: skip

# RFC 3030, 3: one more value of BODY, so an entry of its own.
_BODY_WITH_BINARY = Parameter(
    "BINARYMIME", "BODY is 7BIT, 8BITMIME or BINARYMIME", r"7BIT|8BITMIME|BINARYMIME", 16,
    "RFC 3030, 3",
)  # fmt: skip

RCPT = {
    "NOTIFY": Parameter(
        "DSN", "NOTIFY is NEVER, or some of SUCCESS, FAILURE and DELAY with commas",
        rf"NEVER|{_NOTIFY_WHEN}(?:,{_NOTIFY_WHEN})*", 29, "RFC 3461, 4.1",
    ),
    "ORCPT": Parameter(
        "DSN", "ORCPT wants an address type, a semicolon, and 500 characters of xtext at most",
        rf"(?=.{{1,500}}\Z)(?:[A-Z0-9\-]+;{_XTEXT_UNIT}+"
        r"|utf-8;(?:[!-*,-<>-~]|[^\x00-\x7f]|\+[0-9A-F]{2})+)", 507, "RFC 3461, 4.2; RFC 6533, 3",
    ),
}  # fmt: skip

BY_VERB = {"MAIL": MAIL, "RCPT": RCPT}


def refusal_of(verb: str, values: Values, offered: Container[str]) -> str | None:
    """The reply that refuses these parameters of MAIL or RCPT; None if they are in order.

    >>> refusal_of("MAIL", {"SIZE": "ten"}, {"SIZE"})
    '501 5.5.4 SIZE wants a number of octets'
    >>> refusal_of("MAIL", {"RET": "FULL"}, {"SIZE"})
    '555 5.5.4 The parameter RET is not known'
    """
    for keyword, value in values.items():
        known = BY_VERB[verb].get(keyword)
        if keyword == "BODY" and "BINARYMIME" in offered:
            known = _BODY_WITH_BINARY
        if known is None or known.extension not in offered:
            return f"555 5.5.4 The parameter {keyword[:40]} is not known"
        if not known.allows(value):
            return f"501 5.5.4 {known.form}"
    return _refusal_of_meaning(values)


def _refusal_of_meaning(values: Values) -> str | None:
    """What the form alone does not tell."""
    if "HOLDFOR" in values and "HOLDUNTIL" in values:  # RFC 4865, 4.2: one or the other
        return "501 5.5.4 HOLDFOR and HOLDUNTIL exclude each other"
    by = (values.get("BY") or "").upper()
    if ";R" in by and int(by.partition(";")[0]) <= 0:  # RFC 2852, 4
        return "501 5.5.4 BY with R wants more than no seconds"
    identity = values.get("AUTH") or "<>"
    if identity != "<>" and not is_mailbox(decode_xtext(identity)):
        return f"501 5.5.4 {MAIL['AUTH'].form}"
    return None


def line_limit(verb: str, offered: Container[str]) -> int:
    """Octets that a command line may hold with the parameters of what is offered.

    >>> line_limit("NOOP", ()), line_limit("MAIL", {"SIZE", "SMTPUTF8"})
    (512, 548)
    """
    known = BY_VERB.get(verb, {}).values()
    return MAX_COMMAND_LINE + sum(one.room for one in known if one.extension in offered)


def release_time(values: Values, now: datetime) -> datetime | None:
    """Until when a mail object is to be held back; None: not at all (RFC 4865, 3).

    `LocalProtocolError` if HOLDUNTIL names a day or an hour that there is not, and if BY gives it
    less time than that (RFC 4865, 5.2.2).
    """
    release = _release_time(values, now)
    by = values.get("BY")
    if release and by and release > now + timedelta(seconds=int(by.partition(";")[0])):
        raise LocalProtocolError("BY wants it delivered before it is released")
    return release


def _release_time(values: Values, now: datetime) -> datetime | None:
    if interval := values.get("HOLDFOR"):
        return now + timedelta(seconds=int(interval))
    if not (text := values.get("HOLDUNTIL")):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise LocalProtocolError(f"{text!r} is no date and time that there is") from None


def encode_xtext(text: str) -> str:
    """RFC 3461, 4: what may not stand in a parameter, as "+" and two hexadecimal digits.

    >>> encode_xtext("a+b=c d")
    'a+2Bb+3Dc+20d'
    """
    octets = text.encode()
    return "".join(chr(o) if 33 <= o <= 126 and o not in b"+=" else f"+{o:02X}" for o in octets)


def decode_xtext(text: str) -> str:
    """The text that xtext stands for.

    >>> decode_xtext("a+2Bb+3Dc+20d")
    'a+b=c d'
    """
    octets = re.sub(
        rb"\+([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("utf-8")
    )
    return octets.decode("utf-8", "replace")
