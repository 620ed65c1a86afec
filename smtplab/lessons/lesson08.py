"""Lesson 08: each service extension used, and what is different without it (RFC 5321, 2.2)."""

from __future__ import annotations

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.question import Option, Question
from smtplab.lessons.steps import CAROL, SUBMISSION, arrived_for, mail_for, taken_for
from smtplab.lessons.task import Exercise, Step
from smtplab.sandbox import StoredMail

TITLE = "ESMTP: the list behind EHLO"
OSKAR = "oskar@old.example"
ENVELOPE_ID, WORD = "order-66", "Grüße"
_DOT_LINE = b"\r\n.\r\n"


def _here(one: Conversation) -> bool:
    """The demonstrations of the notebook went to other doors."""
    return (one.host, one.port) == (SUBMISSION, 25)


def _words(argument: str) -> list[str]:
    """The parameters of MAIL or RCPT, in upper case."""
    return argument.upper().partition(">")[2].split()


def _declared_too_much(_: Evidence, one: Conversation) -> bool:
    return _here(one) and _refused_size(one) is not None


def _refused_size(one: Conversation) -> int | None:
    """Where MAIL with SIZE= got 552."""
    for position, exchange in enumerate(one.exchanges):
        if (exchange.verb, exchange.code) == ("MAIL", 552) and _has_size(exchange.argument):
            return position
    return None


def _has_size(argument: str) -> bool:
    return any(word.startswith("SIZE=") for word in _words(argument))


def _declared_less_after_it(_: Evidence, one: Conversation) -> bool:
    refused = _refused_size(one)
    return refused is not None and any(
        exchange.verb == "MAIL" and exchange.code == 250 and _has_size(exchange.argument)
        for exchange in one.exchanges[refused:]
    )


def _marked(_: Evidence, one: Conversation) -> bool:
    return _here(one) and any(
        exchange.verb == "MAIL"
        and exchange.code == 250
        and f"ENVID={ENVELOPE_ID.upper()}" in _words(exchange.argument)
        for exchange in one.exchanges
    )


def _asked_for_success(_: Evidence, one: Conversation) -> bool:
    asked = any(
        exchange.verb == "RCPT"
        and exchange.code == 250
        and any(w.startswith("NOTIFY=") and "SUCCESS" in w for w in _words(exchange.argument))
        for exchange in one.exchanges
    )
    return asked and bool(mail_for(one, (CAROL,)))


def _reported(evidence: Evidence, _: Conversation) -> bool:
    """A report about this envelope says delivered; only servers write mail with <>."""
    wanted = f"\r\nOriginal-Envelope-Id: {ENVELOPE_ID}\r\n".encode().lower()
    return any(
        not mail.envelope.reverse_path
        and wanted in mail.content.lower()
        and b"\r\nAction: delivered\r\n" in mail.content
        for mail in evidence.inbox("alice@example.org")
    )


def _two_chunks(_: Evidence, one: Conversation) -> bool:
    taken = [e for e in one.exchanges if (e.verb, e.code) == ("BDAT", 250)]
    return _here(one) and len(taken) >= 2 and taken[-1].argument.upper().endswith("LAST")


def _with_a_dot_line(_: Evidence, one: Conversation) -> bool:
    return not one.has("DATA", 354) and any(
        _DOT_LINE in mail.content for mail in mail_for(one, (CAROL,))
    )


def _with_mime(_: Evidence, one: Conversation) -> bool:
    return any(b"mime-version" in mail.content.lower() for mail in mail_for(one, (OSKAR,)))


def _reads_whole(evidence: Evidence, _: Conversation) -> bool:
    known = any(account.mailbox == OSKAR for account in evidence.sandbox.accounts)
    return known and any(WORD in _text(mail) for mail in evidence.inbox(OSKAR))


def _text(mail: StoredMail) -> str:
    """The body as a mail program shows it; "" if there is none to show."""
    try:
        part = mail.message.get_body(("plain", "html"))
        return str(part.get_content()) if part else ""
    except (LookupError, ValueError):  # a charset or an encoding that nobody knows
        return ""


EXERCISES = (
    Exercise(
        "8.1",
        "how much is too much?",
        (
            Step(
                "MAIL with SIZE= refused with 552",
                "MAIL with a SIZE= that is too much for port 25 of smtp.example.org: it gets 552 "
                "before any content.",
                _declared_too_much,
                1,
            ),
            Step(
                "later in the same session: MAIL with another SIZE= and 250",
                "MAIL with a SIZE= that is taken with 250, in the same session and after the 552.",
                _declared_less_after_it,
                2,
            ),
            Step(
                "mail for carol@example.org alone, taken with 250",
                "a mail object for carol@example.org alone that this session handed in.",
                taken_for(CAROL),
                3,
            ),
            Step("that mail in Carol's Inbox", "the mail in Carol's Inbox.", arrived_for(CAROL), 3),
        ),
        (
            'The EHLO reply names the limit. client.mail("alice@example.org", {"SIZE": ...}) with '
            "more than that.",
            "A refused MAIL opens nothing. Send MAIL again with a small number.",
            "Then rcpt, data, content. The content may be a little smaller than declared.",
        ),
        "552 came after one line instead of after the whole content.",
    ),
    Exercise(
        "8.2",
        "tell me when it is there",
        (
            Step(
                "MAIL with ENVID=order-66 and 250",
                "MAIL with ENVID=order-66 and the reply 250, at port 25 of smtp.example.org.",
                _marked,
                1,
            ),
            Step(
                "NOTIFY with SUCCESS, and the mail for carol@example.org alone taken",
                "in that session: RCPT for carol@example.org alone with NOTIFY=SUCCESS, and then a "
                "content that is taken.",
                _asked_for_success,
                2,
            ),
            Step(
                "the report on order-66 in Alice's Inbox: delivered",
                "a report that says delivered for order-66, in Alice's Inbox. It goes to the "
                "reverse-path.",
                _reported,
                3,
            ),
        ),
        (
            'client.mail("alice@example.org", {"ENVID": "order-66"}).',
            'client.rcpt("carol@example.org", {"NOTIFY": "SUCCESS"}), then data and content.',
            "The reverse-path must be alice@example.org: with <> nobody is told anything.",
        ),
        "Your own mark came back in the report, so a program knows which mail it is about.",
    ),
    Exercise(
        "8.3",
        "two chunks and a dot",
        (
            Step(
                "two BDAT or more with 250, the last with LAST",
                "at least two BDAT with the reply 250 in one session with port 25 of "
                "smtp.example.org, the last one with LAST.",
                _two_chunks,
                1,
            ),
            Step(
                "in chunks: a mail for carol@example.org alone with a line that is one dot",
                "a line that is one dot in a content that came by BDAT, for carol@example.org "
                "alone. With BDAT nothing is doubled.",
                _with_a_dot_line,
                2,
            ),
            Step("that mail in Carol's Inbox", "the mail in Carol's Inbox.", arrived_for(CAROL), 3),
        ),
        (
            'After mail and rcpt: client.bdat(b"Subject: Chunks\\r\\n\\r\\n"), then another with '
            "last=True.",
            'The line needs CR LF on both sides: b"before\\r\\n.\\r\\nafter\\r\\n".',
            "The forward-path is carol@example.org, and no other.",
        ),
        "The dot was one octet among others: nobody looked for it.",
    ),
    Exercise(
        "8.4",
        "an umlaut for Oskar",
        (
            Step(
                "a mail with MIME fields for oskar@old.example alone, taken with 250",
                "a mail object for oskar@old.example alone, with MIME-Version in its header "
                "section, that some server took from you.",
                _with_mime,
                1,
            ),
            Step(
                "Grüße, whole, in Oskar's Inbox",
                "the word Grüße as Oskar's mail program shows it. What goes to his server must be "
                "ASCII on the wire: quoted-printable or base64.",
                _reads_whole,
                2,
            ),
        ),
        (
            'sandbox.add_host("old-server"). MIME-Version: 1.0, Content-Type: text/plain; '
            "charset=utf-8, and Content-Transfer-Encoding stand in the header section.",
            "In quoted-printable the word is Gr=C3=BC=C3=9Fe.",
            "Or hand it in with eight bits at a server that offers 8BITMIME and delivers to "
            "others: signed_in(sandbox), BODY=8BITMIME. It converts for you.",
        ),
        "Seven bits are enough for any text, if both ends agree how it is written.",
    ),
)

QUESTIONS = (
    Question(
        "A server replies 500 to EHLO. What does a good client do?",
        {
            "a": Option("Close: mail cannot be sent.", "It can. The server is old, not broken."),
            "b": Option(
                "Say HELO, and use no extension.",
                "That is how old and new servers get along.",
                right=True,
            ),
            "c": Option(
                "Send MAIL with SIZE= all the same.",
                "Parameters belong to EHLO. After HELO there are none.",
            ),
        },
        "RFC 5321, 3.2",
    ),
    Question(
        "MAIL gets 555. What does it mean?",
        {
            "a": Option(
                "A parameter that this server does not know, or does not offer now.",
                "Look into the EHLO reply, and send MAIL without it.",
                right=True,
            ),
            "b": Option("A known parameter with a bad value.", "That is 501."),
            "c": Option("The content is too big.", "That is 552."),
        },
        "RFC 5321, 4.1.1.11",
    ),
    Question(
        "A server on the way meets a host without 8BITMIME, and the body has eight bits. It may",
        {
            "a": Option(
                "send it as it is; most hosts can take it.",
                "It must not. What was not offered may be lost without a word.",
            ),
            "b": Option(
                "drop the letters that do not fit.",
                "Nobody may change the text. The recipient would read something else.",
            ),
            "c": Option(
                "convert it to seven bits, or give up and report.",
                "MIME knows two ways to write any octets in ASCII.",
                right=True,
            ),
        },
        "RFC 6152, 3",
    ),
    Question(
        "You send MAIL, RCPT, RCPT and DATA in one group. The second RCPT fails. What now?",
        {
            "a": Option(
                "All is lost; begin again.",
                "Each command has its own reply, as if sent alone.",
            ),
            "b": Option(
                "DATA got 354 for the first recipient; send the content, and note the refusal.",
                "One good recipient is enough for DATA.",
                right=True,
            ),
            "c": Option(
                "DATA got 503.",
                "Only if no RCPT at all had been accepted.",
            ),
        },
        "RFC 2920, 3.1",
    ),
    Question(
        "A report says 'Action: delivered'. What do you know?",
        {
            "a": Option("The recipient has read the mail.", "No server can see that."),
            "b": Option(
                "It lies in the mailbox, or a mailing list has it.",
                "Delivered, and no more: the folder, and whether anybody looks, are not told.",
                right=True,
            ),
            "c": Option(
                "It lies in the Inbox, not in Junk.",
                "The report speaks of the mailbox. Which folder it is it does not say.",
            ),
        },
        "RFC 3461, 6.3; RFC 3464, 2.3.3",
    ),
)
