"""Trace header fields: Received and Return-Path (RFC 5321, 4.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smtplab.mail_object import header_section

if TYPE_CHECKING:
    from smtplab.sandbox.hosts import Arrival

MOST_HOPS = 100  # RFC 5321, 6.3: a loop is not suspected before


def received(host: str, arrival: Arrival, mail_id: str, stamp: str) -> bytes:
    """The line that each server writes in front of the content it takes."""
    text = (
        f"Received: from {arrival.ehlo_name} ([{arrival.source}])\r\n"
        f"\tby {host} with {arrival.protocol} id {mail_id};\r\n"
        f"\t{stamp}\r\n"
    )
    return text.encode("utf-8", "backslashreplace")


def hops(content: bytes) -> int:
    r"""How many Received header fields a content has (RFC 5321, 6.3).

    >>> hops(b"Received: a\r\nreceived: b\r\n\r\nReceived: c\r\n")
    2
    """
    header = b"\n" + header_section(content).lower()
    return header.count(b"\nreceived:")


def return_path(reverse_path: str) -> bytes:
    """The line that final delivery writes: the envelope's reverse-path.

    >>> return_path("")
    b'Return-Path: <>\\r\\n'
    """
    return f"Return-Path: <{reverse_path}>\r\n".encode("utf-8", "surrogateescape")


_RECEIVED = re.compile(rb"Received: from [^\r\n]*\r\n\tby (\S+) with \S+ id (\S+);")


def trace_id(content: bytes) -> str:
    """ "ID at HOST" of the server that stored a content, as its topmost Received says; or ""."""
    match = _RECEIVED.search(header_section(content))
    return b" at ".join(match.group(2, 1)).decode("utf-8", "replace") if match else ""
