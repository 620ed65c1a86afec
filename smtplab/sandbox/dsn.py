"""Delivery status notifications: what the sender hears when delivery failed (RFC 3464, 6522)."""

from __future__ import annotations

from smtplab.mail_object import Envelope, MailObject
from smtplab.replies import Reply


def failure_report(
    host: str, mail: MailObject, failed: list[tuple[str, Reply]], mark: tuple[str, str]
) -> MailObject:
    """A `multipart/report` from the null reverse-path; `mark` is its queue id and its date."""
    queue_id, date = mark
    told = "\r\n".join(f"  {path}: {_one_line(reply)}" for path, reply in failed)
    statuses = "\r\n".join(_status_of(path, reply) for path, reply in failed)
    header_section = mail.content.partition(b"\r\n\r\n")[0]
    boundary = f"={queue_id}="
    while boundary.encode() in header_section:  # it may not end a part early (RFC 2046, 5.1.1)
        boundary += "="
    text = f"""\
From: Mail delivery system <postmaster@{host.partition(".")[2]}>\r
To: <{mail.envelope.reverse_path}>\r
Subject: Your mail could not be delivered\r
Date: {date}\r
Message-ID: <{queue_id}.{len(mail.content)}@{host}>\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"\r
\r
--{boundary}\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
This is {host}. Your mail could not be delivered to:\r
\r
{told}\r
\r
It will not be tried again.\r
\r
--{boundary}\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; {host}\r
\r
{statuses}\r
--{boundary}\r
Content-Type: text/rfc822-headers\r
\r
"""
    content = text.encode() + header_section + f"\r\n\r\n--{boundary}--\r\n".encode()
    return MailObject(Envelope("", (mail.envelope.reverse_path,)), content)


def _status_of(forward_path: str, reply: Reply) -> str:
    status = reply.enhanced or f"{reply.code // 100}.0.0"
    return (
        f"Final-Recipient: rfc822; {forward_path}\r\n"
        f"Action: failed\r\n"
        f"Status: {status}\r\n"
        f"Diagnostic-Code: smtp; {_one_line(reply)}\r\n"
    )


def _one_line(reply: Reply) -> str:
    return str(reply).replace("\n", " / ")
