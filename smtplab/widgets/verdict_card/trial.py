"""A trial: one message sent for real from a host of one's choice, perhaps with an octet changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from smtplab.client import Settings
from smtplab.mail_object import header_section
from smtplab.replies import Reply
from smtplab.sandbox import Sandbox
from smtplab.sandbox.dns import Query
from smtplab.sandbox.reception.delivery_verdict import DeliveryVerdict

EXCHANGE = "mx.example.net"  # where every trial is handed over
MOST_OCTETS = 20_000  # of a body
UNSIGNED = "X-Mailer"  # none of the header fields that the sandbox signs


@dataclass(frozen=True)
class Host:
    """Who sends: the host, its reverse-path, the domain that signs, and a From to begin with."""

    name: str
    source: str
    reverse_path: str
    signs: str  # d= of the DKIM signature
    author: str
    recipient: str = ""  # "" for the one that was chosen


# The provider signs what Alice submits. The forwarder gets it from the provider and sends it on
# with the reverse-path kept, so the verdict is that of Carol's host.
HOSTS = {
    one.name: one
    for one in (
        Host(
            "own provider",
            "smtp.example.org",
            "alice@example.org",
            "example.org",
            "Alice <alice@example.org>",
        ),
        Host(
            "spammer",
            "spam.example",
            "bounce@spam.example",
            "spam.example",
            "Your bank <service@bank.example>",
        ),
        Host(
            "shop",
            "shop.example",
            "bounce@news.shop.example",
            "shop.example",
            "The shop <offers@shop.example>",
        ),
        Host(
            "forwarder",
            "smtp.example.org",
            "alice@example.org",
            "example.org",
            "Alice <alice@example.org>",
            "forwarded@example.net",
        ),
    )
}
RECIPIENTS = ("bob@example.net", "grey@example.net")
PLACES = ("nowhere", "body", "signed header field", "unsigned header field")


@dataclass(frozen=True)
class Message:
    """What is sent, and by whom."""

    host: Host
    author: str  # the value of From
    subject: str = "Tea at five"
    body: str = "Will you come?\n"
    tamper: str = "nowhere"
    recipient: str = "bob@example.net"


@dataclass(frozen=True)
class Change:
    """One octet that was changed after signing."""

    where: str
    at: int  # in the content as it was signed, the signature in front of it
    before: int
    after: int
    line: str  # that holds it now

    def __str__(self) -> str:
        return (
            f"octet {self.at} ({self.where}): {self.before:02x} {chr(self.before)!r} became "
            f"{self.after:02x} {chr(self.after)!r}; the line is now: {self.line}"
        )


@dataclass(frozen=True)
class Trial:
    """What was sent and what came of it."""

    message: Message
    reply: Reply
    verdict: DeliveryVerdict | None  # of the last host that decided; None if nobody did
    change: Change | None
    look_ups: tuple[Query, ...]


def run(sandbox: Sandbox, message: Message, number: int) -> Trial:
    """Send it, and wait until the last host has decided. `ValueError` if it cannot be signed."""
    content = _content(message, sandbox.clock.now(), number)
    signed = sandbox.dkim_signed(content, message.host.signs)
    octets, change = tampered(signed, message.tamper)
    asked, decided = len(sandbox.look_ups), sandbox.verdicts
    reply = _hand_over(sandbox, message, octets)
    known = set(map(id, decided))
    fresh = [one for one in sandbox.verdicts if id(one) not in known]
    verdict = fresh[-1] if fresh else None
    return Trial(message, reply, verdict, change, sandbox.look_ups[asked:])


def _content(message: Message, now: datetime, number: int) -> bytes:
    author, subject = (_one_line(one) for one in (message.author, message.subject))
    body = message.body.replace("\r\n", "\n").replace("\r", "\n")
    if len(body.encode()) > MOST_OCTETS:
        raise ValueError(f"the body has more than {MOST_OCTETS} octets")
    return (
        f"From: {author}\r\nTo: <{message.recipient}>\r\nSubject: {subject}\r\n"
        f"Date: {format_datetime(now)}\r\nMessage-ID: <trial-{number}@{message.host.source}>\r\n"
        f"{UNSIGNED}: smtplab\r\n\r\n" + body.replace("\n", "\r\n")
    ).encode()


def _one_line(value: str) -> str:
    if "\r" in value or "\n" in value or len(value) > 900:
        raise ValueError("a header field is one line here, of at most 900 characters")
    return value


def _hand_over(sandbox: Sandbox, message: Message, octets: bytes) -> Reply:
    host = message.host
    settings = Settings(source=host.source)
    with sandbox.connect(EXCHANGE, 25, settings=settings) as client:
        reply: Reply = client.greeting
        steps: tuple[Callable[[], Reply], ...] = (
            client.ehlo,
            lambda: client.mail(host.reverse_path),
            lambda: client.rcpt(host.recipient or message.recipient),
            client.data,
            lambda: client.content(octets),
        )
        for step in steps:
            if reply.code >= 400:
                break
            reply = step()
    return reply


# One octet.


def tampered(content: bytes, where: str) -> tuple[bytes, Change | None]:
    """The content with the lowest bit of one octet turned over, at a place of one's choice.

    >>> octets, change = tampered(b"Subject: Tea\\r\\n\\r\\nHi\\r\\n", "body")
    >>> octets, str(change)[:40]
    (b'Subject: Tea\\r\\n\\r\\nIi\\r\\n', "octet 16 (body): 48 'H' became 49 'I'; t")
    """
    if where == "nowhere":
        return content, None
    at = _place(content, where)
    octets = bytearray(content)
    octets[at] ^= 1
    start = octets.rfind(b"\n", 0, at) + 1
    line = bytes(octets[start:]).split(b"\r\n")[0].decode("utf-8", "backslashreplace")
    return bytes(octets), Change(where, at, content[at], octets[at], line[:200])


def _place(content: bytes, where: str) -> int:
    header = len(header_section(content))
    if where == "body":
        start, end = header + 4, len(content)
    else:
        name = b"\r\nSubject: " if where.startswith("signed") else f"\r\n{UNSIGNED}: ".encode()
        start = (b"\r\n" + content).index(name) + len(name) - 2
        end = content.index(b"\r\n", start)
    for at in range(start, end):
        if chr(content[at]).isalnum() and content[at] < 128 and chr(content[at] ^ 1).isalnum():
            return at
    raise ValueError(f"the {where} holds no letter or digit to change")
