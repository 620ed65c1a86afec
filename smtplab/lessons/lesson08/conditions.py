"""What the exercises of lesson 08 look for: parameters, chunks, reports (RFC 5321, 2.2)."""

from __future__ import annotations

from unicodedata import normalize

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.steps import CAROL, SUBMISSION, mail_for
from smtplab.mail_object import MailObject, header_section
from smtplab.sandbox import StoredMail

OSKAR = "oskar@old.example"
ENVELOPE_ID, WORD = "order-66", "Grüße"
_DOT_LINE = b"\r\n.\r\n"


def _here(one: Conversation) -> bool:
    """The demonstrations of the notebook went to other doors."""
    return (one.host, one.port) == (SUBMISSION, 25)


def _words(argument: str) -> list[str]:
    """The parameters of MAIL or RCPT, in upper case."""
    return argument.upper().partition(">")[2].split()


def declared_too_much(_: Evidence, one: Conversation) -> bool:
    return _here(one) and _refused_size(one) is not None


def _refused_size(one: Conversation) -> int | None:
    """Where MAIL with SIZE= got 552."""
    for position, exchange in enumerate(one.exchanges):
        if (exchange.verb, exchange.code) == ("MAIL", 552) and _has_size(exchange.argument):
            return position
    return None


def _has_size(argument: str) -> bool:
    return any(word.startswith("SIZE=") for word in _words(argument))


def declared_less_after_it(_: Evidence, one: Conversation) -> bool:
    refused = _refused_size(one)
    return refused is not None and any(
        exchange.verb == "MAIL" and exchange.code == 250 and _has_size(exchange.argument)
        for exchange in one.exchanges[refused:]
    )


def mail_with_size(evidence: Evidence, one: Conversation) -> bool:
    return bool(_sized(one))


def mail_with_size_arrived(evidence: Evidence, one: Conversation) -> bool:
    return any(evidence.arrived(mail, CAROL) for mail in _sized(one))


def _sized(one: Conversation) -> list[MailObject]:
    """What Carol was sent after the refusal, in a transaction that had declared its size."""
    refused = _refused_size(one)
    rest = () if refused is None else one.after(refused).transactions()
    return [m for t in rest if _has_size(t.exchanges[0].argument) for m in mail_for(t, (CAROL,))]


def marked(_: Evidence, one: Conversation) -> bool:
    return _here(one) and bool(_with_mark(one))


def _with_mark(one: Conversation) -> list[Conversation]:
    mark = f"ENVID={ENVELOPE_ID.upper()}"
    return [t for t in one.transactions() if mark in _words(t.exchanges[0].argument)]


def asked_for_success(_: Evidence, one: Conversation) -> bool:
    return bool(_to_be_told(one))


def _to_be_told(one: Conversation) -> list[MailObject]:
    """What Carol alone was sent with that mark, and with NOTIFY=SUCCESS."""
    return [
        mail
        for transaction in _with_mark(one)
        if any(
            (e.verb, e.code) == ("RCPT", 250)
            and any(w.startswith("NOTIFY=") and "SUCCESS" in w for w in _words(e.argument))
            for e in transaction.exchanges
        )
        for mail in mail_for(transaction, (CAROL,))
    ]


def reported(evidence: Evidence, one: Conversation) -> bool:
    """A report about this envelope says delivered."""
    wanted = f"\r\nOriginal-Envelope-Id: {ENVELOPE_ID}\r\n".encode().lower()
    return any(
        wanted in report.content.lower() and b"\r\nAction: delivered\r\n" in report.content
        for mail in _to_be_told(one)
        for report in evidence.reports("alice@example.org", mail)
    )


def two_chunks(_: Evidence, one: Conversation) -> bool:
    return _here(one) and bool(_in_chunks(one))


def _in_chunks(one: Conversation) -> list[Conversation]:
    """The transactions of two chunks or more."""
    taken = [
        (t, [e for e in t.exchanges if (e.verb, e.code) == ("BDAT", 250)])
        for t in one.transactions()
    ]
    return [t for t, c in taken if len(c) > 1 and c[-1].argument.upper().endswith("LAST")]


def with_a_dot_line(_: Evidence, one: Conversation) -> bool:
    return bool(_dotted(one))


def dot_line_arrived(evidence: Evidence, one: Conversation) -> bool:
    return any(evidence.arrived(mail, CAROL) for mail in _dotted(one))


def _dotted(one: Conversation) -> list[MailObject]:
    mails = [mail for transaction in _in_chunks(one) for mail in mail_for(transaction, (CAROL,))]
    return [m for m in mails if _DOT_LINE in m.content[len(header_section(m.content)) :]]


def with_mime(_: Evidence, one: Conversation) -> bool:
    return any(b"mime-version" in mail.content.lower() for mail in mail_for(one, (OSKAR,)))


def reads_whole(evidence: Evidence, _: Conversation) -> bool:
    known = any(account.mailbox == OSKAR for account in evidence.sandbox.accounts)
    return known and any(WORD in normalize("NFC", _text(m)) for m in evidence.inbox(OSKAR))


def _text(mail: StoredMail) -> str:
    """The body as a mail program shows it; "" if there is none to show."""
    try:
        part = mail.message.get_body(("plain", "html"))
        return str(part.get_content()) if part else ""
    except (LookupError, ValueError):  # a charset or an encoding that nobody knows
        return ""
