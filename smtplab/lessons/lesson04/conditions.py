"""What the exercises of lesson 04 look for: in envelopes, header sections, parts and reports."""

from __future__ import annotations

from email import message_from_bytes
from email.utils import getaddresses

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.steps import BOB, mail_for
from smtplab.lessons.wording import all_that_is_read, decoded
from smtplab.mail_object import MailObject, header_section

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
        and WITNESS in _whole_paths(one, for_witness)
        and _letter(for_bob) == _letter(for_witness)
    ]


def _addressed(one: Conversation) -> list[Pair]:
    return [pair for pair in _pairs(one) if BOB in _named(pair[0], "To")]


def _secret(one: Conversation) -> list[Pair]:
    return [pair for pair in _addressed(one) if "postmaster" not in all_that_is_read(pair[0])]


def _whole_paths(one: Conversation, mail: MailObject) -> set[str]:
    """Postmaster without a domain is the server's own (RFC 5321, 4.5.1)."""
    own = f"@{one.host.partition('.')[2]}"
    return {path + own * (path == "postmaster") for path in _paths(mail)}


def _letter(mail: MailObject) -> tuple[str, bytes]:
    return _subject(mail), mail.content.partition(b"\r\n\r\n")[2]


# 4.2


def two_senders(_: Evidence, one: Conversation) -> bool:
    return bool(_with_two_senders(one))


def failed(evidence: Evidence, one: Conversation) -> bool:
    boxes = [box.name for box in evidence.sandbox.mailboxes]
    return any(_failed(evidence, box, mail) for box in boxes for mail in _with_two_senders(one))


def told_there(evidence: Evidence, one: Conversation) -> bool:
    mails = _with_two_senders(one)
    return any(_failed(evidence, mail.envelope.reverse_path, mail) for mail in mails)


def _with_two_senders(one: Conversation) -> list[MailObject]:
    """What was taken with a From and a reverse-path that are two mailboxes."""
    return [
        mail
        for mail in one.accepted()
        if mail.envelope.reverse_path
        and _named(mail, "From")
        and mail.envelope.reverse_path.lower() not in _named(mail, "From")
    ]


def _failed(evidence: Evidence, mailbox: str, mail: MailObject) -> bool:
    """Whether a server reports there that this mail failed."""
    reports = evidence.reports(mailbox, mail)
    return any(b"\r\nAction: failed\r\n" in report.content for report in reports)


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
    """A letter: an emoji or a dash is none. What was not encoded reads as U+FFFD."""
    signs = [sign for sign in _subject(mail) if not sign.isascii()]
    return any(sign.isalpha() or sign == "\N{REPLACEMENT CHARACTER}" for sign in signs)


# What they share.


def _subject(mail: MailObject) -> str:
    """The Subject as a mail program shows it; what cannot be decoded stays as it is."""
    return decoded(message_from_bytes(mail.content).get("Subject", ""))


def _named(mail: MailObject, field: str) -> set[str]:
    """The mailboxes that a header field names."""
    values = [str(value) for value in message_from_bytes(mail.content).get_all(field, [])]
    return {mailbox.lower() for _, mailbox in getaddresses(values)}


def _paths(mail: MailObject) -> set[str]:
    return {path.lower() for path in mail.envelope.forward_paths}
