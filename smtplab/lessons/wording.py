"""What a mail program shows of a mail object: encoded words and bodies decoded (RFC 2047; 2045)."""

from __future__ import annotations

from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from smtplab.mail_object import MailObject


def all_that_is_read(mail: MailObject) -> str:
    """In small letters: the octets, and what encoded words and base64 hide in them."""
    message = message_from_bytes(mail.content)
    fields = " ".join(decoded(str(value)) for value in message.values())
    bodies = [part.get_payload(decode=True) for part in message.walk()]
    text = b" ".join([mail.content, *(body for body in bodies if isinstance(body, bytes))])
    return (fields + " " + text.decode("utf-8", "replace")).lower()


def decoded(value: str) -> str:
    """A field as a mail program shows it; what cannot be decoded stays as it is."""
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, HeaderParseError):  # an unknown charset, broken base64
        return str(value)
