"""Delivery status notifications: what the sender hears (RFC 3464, 6522; RFC 6533 in UTF-8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from smtplab.mail_object import Envelope, MailObject
from smtplab.parameters import decode_xtext
from smtplab.replies import Reply
from smtplab.sandbox.mta import timing

# hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits (RFC 3461, 4)

# A header section: fields, each with its continuation lines (RFC 5322, 2.2).
_FIELDS = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*")

_SUBJECTS = {
    "failed": "Your mail could not be delivered",
    "delayed": "Your mail is delayed",
    "delivered": "Your mail was delivered",
    "relayed": "Your mail was passed on",
}
_OPENINGS = {
    "failed": ("Your mail could not be delivered to:", "It will not be tried again."),
    "delayed": ("Your mail could not be delivered yet to:", "You need not send it again."),
    "delivered": ("Your mail was delivered to:", "That says nothing of its being read."),
    "relayed": (
        "Your mail was passed on for:",
        "The next host reports no deliveries, so nothing more will be heard of it.",
    ),
}


@dataclass(frozen=True)
class Entry:
    """What is said of one forward-path; `remote` is the host whose reply it is, "" for our own."""

    forward_path: str
    action: str  # "failed", "delayed", "delivered" or "relayed" (RFC 3464, 2.3.3)
    reply: Reply
    remote: str = ""

    @property
    def status(self) -> str:
        """RFC 3464, 2.3.4, and RFC 3463, 2: what is said of a delay is never permanent."""
        if self.reply.enhanced:
            return str(self.reply.enhanced)
        return f"{self.reply.code // 100}.0.0"


@dataclass(frozen=True)
class Report:
    """One report of one host about one mail object."""

    host: str
    mail: MailObject
    entries: tuple[Entry, ...]
    times: tuple[datetime, datetime]  # when the mail arrived, and now
    retry_until: datetime | None = None

    @property
    def is_international(self) -> bool:
        """RFC 6533, 3: in UTF-8 where the mail was, because then its sender can read it."""
        return "SMTPUTF8" in self.mail.envelope.parameters

    def mail_object(self, queue_id: str) -> MailObject:
        """A `multipart/report` from the null reverse-path."""
        returned_type, returned = self._returned()
        status_type = "message/global-delivery-status"
        if not self.is_international:
            status_type = "message/delivery-status"
        text = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit"
        parts = (
            text.encode() + b"\r\n\r\n" + self._for_people().encode(),
            f"Content-Type: {status_type}\r\n\r\n{self._for_programs()}".encode(),
            f"Content-Type: {returned_type}\r\n\r\n".encode() + returned,
        )
        boundary = f"={queue_id}="
        while any(boundary.encode() in part for part in parts):  # RFC 2046, 5.1.1
            boundary += "="
        opening = f"--{boundary}\r\n".encode()
        body = b"".join(opening + part + b"\r\n" for part in parts)
        header_section = self._header_section(queue_id, boundary).encode()
        content = header_section + b"\r\n" + body + f"--{boundary}--\r\n".encode()
        reverse_path = self.mail.envelope.reverse_path
        return MailObject(Envelope("", (reverse_path,), self._parameters()), content)

    def _parameters(self) -> dict[str, str | None]:
        parameters: dict[str, str | None] = {}
        if self.is_international:
            parameters = {"BODY": "8BITMIME", "SMTPUTF8": None}
        if "REQUIRETLS" in self.mail.envelope.parameters:  # RFC 8689, 5
            parameters["REQUIRETLS"] = None
        return parameters

    def _header_section(self, queue_id: str, boundary: str) -> str:
        return (
            f"From: Mail delivery system <postmaster@{self.host.partition('.')[2]}>\r\n"
            f"To: <{self.mail.envelope.reverse_path}>\r\n"
            f"Subject: {_SUBJECTS[self.entries[0].action]}\r\n"
            f"Date: {format_datetime(self.times[1])}\r\n"
            f"Message-ID: <{queue_id}.{len(self.mail.content)}@{self.host}>\r\n"
            "Auto-Submitted: auto-replied\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status;\r\n"
            f'\tboundary="{boundary}"\r\n'
        )

    def _for_people(self) -> str:
        opening, closing = _OPENINGS[self.entries[0].action]
        told = "\r\n".join(
            f"  {entry.forward_path}: {_one_line(entry.reply)}" for entry in self.entries
        )
        if self.retry_until is not None:
            closing += f" It is tried until {format_datetime(self.retry_until)}."
        return f"This is {self.host}. {opening}\r\n\r\n{told}\r\n\r\n{closing}\r\n"

    def _for_programs(self) -> str:
        """Fields about the mail object, an empty line, and fields about each forward-path."""
        envelope_id = self.mail.envelope.parameters.get("ENVID")
        lines = [f"Original-Envelope-Id: {_from_xtext(envelope_id)}"] if envelope_id else []
        lines += [
            f"Reporting-MTA: dns; {self.host}",
            f"Arrival-Date: {format_datetime(self.times[0])}",
            *timing.told_of(self.mail.envelope.parameters, self.times[0]),
        ]
        for entry in self.entries:
            lines += ["", *self._about(entry)]
        return "\r\n".join(lines) + "\r\n"

    def _about(self, entry: Entry) -> list[str]:
        parameters = self.mail.envelope.recipient_parameters.get(entry.forward_path) or {}
        original = parameters.get("ORCPT")
        lines = []
        if original and ";" in original:
            kind, _, address = original.partition(";")
            lines.append(f"Original-Recipient: {kind.lower()}; {_from_xtext(address)}")
        kind = "rfc822" if entry.forward_path.isascii() else "utf-8"
        lines += [
            f"Final-Recipient: {kind}; {entry.forward_path}",
            f"Action: {entry.action}",
            f"Status: {entry.status}",
        ]
        if entry.remote:
            lines.append(f"Remote-MTA: dns; {entry.remote}")
        lines += [
            f"Diagnostic-Code: smtp; {_one_line(entry.reply)}",
            f"Last-Attempt-Date: {format_datetime(self.times[1])}",
        ]
        if self.retry_until is not None:
            lines.append(f"Will-Retry-Until: {format_datetime(self.retry_until)}")
        return lines

    def _returned(self) -> tuple[str, bytes]:
        """What comes back of the mail: all of it only where it failed and the sender asked with
        RET=FULL (RFC 3461, 4.3), and never where TLS was required (RFC 8689, 5)."""
        envelope, content = self.mail.envelope, self.mail.content
        in_full = (envelope.parameters.get("RET") or "").upper() == "FULL"
        failed = any(entry.action == "failed" for entry in self.entries)
        if in_full and failed and "REQUIRETLS" not in envelope.parameters:
            kind = "message/global" if self.is_international else "message/rfc822"
            if not (self.is_international or content.isascii()):
                kind += "\r\nContent-Transfer-Encoding: 8bit"
            return kind, content
        kind = "message/global-headers" if self.is_international else "text/rfc822-headers"
        return kind, header_section_of(content)


def header_section_of(content: bytes) -> bytes:
    """The header fields that a content begins with, with their line ends.

    >>> header_section_of(b"Subject: x\\r\\n y\\r\\n\\r\\nbody\\r\\n")
    b'Subject: x\\r\\n y\\r\\n'
    """
    match = _FIELDS.match(content)
    return match[0] if match else b""


def _from_xtext(text: str) -> str:
    """What an xtext stands for, as far as it can stand in a header field (RFC 3461, 4)."""
    return "".join(char if char.isprintable() else "?" for char in decode_xtext(text))


def _one_line(reply: Reply) -> str:
    return str(reply).replace("\n", " / ")
