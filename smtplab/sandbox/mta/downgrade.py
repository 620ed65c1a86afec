"""What is done with a content that the next host cannot take as it is (RFC 6152, 3030, 6531).

Text of eight bits, or binary parts, are re-encoded for a host that takes neither, if the content
is MIME: RFC 6152, 3 allows that or a bounce, and the recipient can read what was re-encoded. Such
a change breaks DKIM signatures; RFC 6376, 5.3 therefore tells signers to send seven bits. What
cannot be changed without guessing comes back with 5.6.3, and what needs SMTPUTF8 with 5.6.7.
Octets of eight bits are never sent to a host that did not offer to take them.
"""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Collection
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from quopri import encodestring

from smtplab.line_rules import MAX_TEXT_LINE
from smtplab.mail_object import MailObject
from smtplab.sandbox.mta.dsn import header_section_of
from smtplab.sandbox.mta.outcome import HostRefusal


class _Verbatim(Compat32):
    """Header fields as they came: nothing is folded anew, and no blank is lost."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, _, value = "".join(sourcelines).partition(":")
        return name, value.rstrip("\r\n")

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}:{value}{self.linesep}".encode("ascii", "surrogateescape")


_VERBATIM = _Verbatim(linesep="\r\n", mangle_from_=False)


@dataclass(frozen=True)
class Prepared:
    """A content as one next host can take it, and the BODY that it has then."""

    content: bytes
    body: str  # "7BIT", "8BITMIME" or "BINARYMIME"


def prepare(mail: MailObject, offered: Collection[str]) -> Prepared:
    """Fit a content to what the next host offers; `HostRefusal` with 5.6.3 if that cannot be."""
    body = body_of(mail)
    if body == "BINARYMIME" and not {"BINARYMIME", "CHUNKING"} <= set(offered):
        return Prepared(_in_seven_bits(mail.content), "7BIT")
    if body == "8BITMIME" and "8BITMIME" not in offered:
        return Prepared(_in_seven_bits(mail.content), "7BIT")
    return Prepared(mail.content, body)


def body_of(mail: MailObject) -> str:
    """What the octets of a content need; the sender's BODY counts only for binary content.

    >>> from smtplab.mail_object import Envelope
    >>> body_of(MailObject(Envelope("a@example.org", ()), "é".encode()))
    '8BITMIME'
    """
    content = mail.content
    declared = (mail.envelope.parameters.get("BODY") or "").upper()
    if declared == "BINARYMIME" and _is_binary(content):
        return "BINARYMIME"
    return "7BIT" if content.isascii() else "8BITMIME"


def needs_smtputf8(mail: MailObject) -> bool:
    """Whether a header field, of a part too, or the reverse-path is not ASCII (RFC 6531, 3.4)."""
    if not mail.envelope.reverse_path.isascii():
        return True
    if mail.content.isascii():
        return False
    if not header_section_of(mail.content).isascii():
        return "SMTPUTF8" in mail.envelope.parameters
    if "SMTPUTF8" not in mail.envelope.parameters:
        return False
    message = message_from_bytes(mail.content, policy=_VERBATIM)
    parts = list(message.walk())[1:]
    return any(not value.isascii() for part in parts for _, value in part.raw_items())


def _is_binary(content: bytes) -> bool:
    ends = content.count(b"\r\n")
    if b"\0" in content or content.count(b"\r") != ends or content.count(b"\n") != ends:
        return True
    return not content.endswith(b"\r\n") or any(
        len(line) > MAX_TEXT_LINE for line in content.split(b"\r\n")
    )


def _in_seven_bits(content: bytes) -> bytes:
    """The same MIME entity with every part in seven bits."""
    header_section = header_section_of(content)
    if not header_section.isascii():
        raise HostRefusal(554, "5.6.3 A header field is not ASCII, so it cannot be converted")
    message = message_from_bytes(content, policy=_VERBATIM)
    if "MIME-Version" not in message:
        raise HostRefusal(554, "5.6.3 The content is not MIME, so its charset is not known")
    for part in message.walk():
        _re_encode(part)
    converted = message.as_bytes(policy=_VERBATIM)
    if not converted.isascii() or _is_binary(converted):
        raise HostRefusal(554, "5.6.3 The content cannot be converted to seven bits")
    return converted


def _re_encode(part: Message) -> None:
    kind = part.get_content_type()
    if kind in ("multipart/signed", "multipart/encrypted"):
        raise HostRefusal(554, f"5.6.3 To convert {kind} would spoil it (RFC 1847, 2.1)")
    if part.is_multipart():
        if "Content-Transfer-Encoding" in part:  # RFC 2045, 6.4: 7bit, 8bit or binary
            part.replace_header("Content-Transfer-Encoding", " 7bit")
        return
    encoding = str(part.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    if encoding not in ("7bit", "8bit", "binary"):
        return  # encoded already
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes) or (octets.isascii() and not _is_binary(octets + b"\r\n")):
        if encoding != "7bit":
            part.replace_header("Content-Transfer-Encoding", " 7bit")
        return
    del part["Content-Transfer-Encoding"]
    if part.get_content_maintype() == "text" and not _is_binary(octets.rstrip(b"\r\n") + b"\r\n"):
        lines = (encodestring(line, quotetabs=False) for line in octets.split(b"\r\n"))
        encoded = b"\r\n".join(line.replace(b"=\n", b"=\r\n").rstrip(b"\n") for line in lines)
        part.set_payload(encoded.decode("ascii"))
        part["Content-Transfer-Encoding"] = " quoted-printable"
    else:
        part.set_payload(encodebytes(octets).decode("ascii").rstrip("\n"))
        part["Content-Transfer-Encoding"] = " base64"
