"""What the exercises of lesson 04 look for: in envelopes, header sections, parts and reports."""

from __future__ import annotations

from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.steps import BOB, mail_for
from smtplab.mail_object import MailObject, header_section
from smtplab.sandbox import StoredMail

WITNESS = "postmaster@example.net"
EVERY_OCTET = bytes(range(256))


# 4.1


def for_both(_: Evidence, one: Conversation) -> bool:
    return bool(_pairs(one))


def to_names_bob(_: Evidence, one: Conversation) -> bool:
    return bool(_addressed(one))


def names_no_witness(_: Evidence, one: Conversation) -> bool:
    return bool(_secret(one))


def both_have_it(evidence: Evidence, one: Conversation) -> bool:
    return any(
        evidence.arrived(for_bob, BOB) and evidence.arrived(for_witness, WITNESS)
        for for_bob, for_witness in _secret(one)
    )


Pair = tuple[MailObject, MailObject]


def _pairs(one: Conversation) -> list[Pair]:
    """Bob's copy and the witness's: one mail object, or two with the same Subject and body."""
    taken = one.accepted()
    return [
        (for_bob, for_witness)
        for for_bob in taken
        for for_witness in taken
        if BOB in _paths(for_bob)
        and WITNESS in _paths(for_witness)
        and _letter(for_bob) == _letter(for_witness)
    ]


def _addressed(one: Conversation) -> list[Pair]:
    return [pair for pair in _pairs(one) if BOB in _named(pair[0], "To")]


def _secret(one: Conversation) -> list[Pair]:
    return [pair for pair in _addressed(one) if b"postmaster" not in pair[0].content.lower()]


def _letter(mail: MailObject) -> tuple[str, bytes]:
    return _subject(mail), mail.content.partition(b"\r\n\r\n")[2]


# 4.2


def two_senders(_: Evidence, one: Conversation) -> bool:
    return bool(_with_two_senders(one))


def failed(evidence: Evidence, one: Conversation) -> bool:
    reports = [report for box in evidence.sandbox.mailboxes for report in box.folder("Inbox")]
    return any(_is_report(report, mail) for report in reports for mail in _with_two_senders(one))


def told_there(evidence: Evidence, one: Conversation) -> bool:
    names = {mailbox.name for mailbox in evidence.sandbox.mailboxes}
    return any(
        _is_report(report, mail)
        for mail in _with_two_senders(one)
        if mail.envelope.reverse_path.lower() in names
        for report in evidence.inbox(mail.envelope.reverse_path.lower())
    )


def _with_two_senders(one: Conversation) -> list[MailObject]:
    """What was taken with a From and a reverse-path that are two mailboxes."""
    return [
        mail
        for mail in one.accepted()
        if mail.envelope.reverse_path
        and _named(mail, "From")
        and mail.envelope.reverse_path.lower() not in _named(mail, "From")
    ]


def _is_report(report: StoredMail, mail: MailObject) -> bool:
    """Whether a server reports there that this mail failed; it quotes the header section."""
    return (
        report.envelope.reverse_path == ""
        and b"\r\nAction: failed\r\n" in report.content
        and any(path in str(report) for path in mail.envelope.forward_paths)
        and header_section(mail.content) in report.content
    )


# 4.3


def with_attachment(_: Evidence, one: Conversation) -> bool:
    return any(_attachments(mail.content) for mail in mail_for(one, (BOB,)))


def with_every_octet(_: Evidence, one: Conversation) -> bool:
    return any(EVERY_OCTET in _attachments(mail.content) for mail in mail_for(one, (BOB,)))


def came_out(evidence: Evidence, one: Conversation) -> bool:
    return any(
        EVERY_OCTET in _attachments(mail.content) and evidence.arrived(mail, BOB)
        for mail in mail_for(one, (BOB,))
    )


def _attachments(content: bytes) -> list[object]:
    """What a mail program would save to files; a part that cannot be read counts as none."""
    return [
        part.get_payload(decode=True)
        for part in message_from_bytes(content).walk()
        if part.get_content_disposition() == "attachment" and not part.is_multipart()
    ]


# 4.4


def other_letters(_: Evidence, one: Conversation) -> bool:
    return any(_beyond_ascii(mail) for mail in mail_for(one, (BOB,)))


def ascii_on_the_wire(_: Evidence, one: Conversation) -> bool:
    return bool(_well_encoded(one))


def subject_arrived(evidence: Evidence, one: Conversation) -> bool:
    return any(evidence.arrived(mail, BOB) for mail in _well_encoded(one))


def _well_encoded(one: Conversation) -> list[MailObject]:
    return [
        mail
        for mail in mail_for(one, (BOB,))
        if _beyond_ascii(mail) and header_section(mail.content).isascii()
    ]


def _beyond_ascii(mail: MailObject) -> bool:
    return not _subject(mail).isascii()


# What they share.


def _subject(mail: MailObject) -> str:
    """The Subject as a mail program shows it; what cannot be decoded stays as it is."""
    value = message_from_bytes(mail.content).get("Subject", "")
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, HeaderParseError):  # an unknown charset, broken base64
        return str(value)


def _named(mail: MailObject, field: str) -> set[str]:
    """The mailboxes that a header field names."""
    values = [str(value) for value in message_from_bytes(mail.content).get_all(field, [])]
    return {mailbox.lower() for _, mailbox in getaddresses(values)}


def _paths(mail: MailObject) -> set[str]:
    return {path.lower() for path in mail.envelope.forward_paths}
