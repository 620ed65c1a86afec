"""Lesson 02, first conversation by hand: its exercises and questions."""

from __future__ import annotations

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.question import Option, Question
from smtplab.lessons.steps import (
    BOB,
    EXCHANGE,
    SUBMISSION,
    arrived_for,
    is_with,
    mail_for,
    signed_in,
    taken_for,
)
from smtplab.lessons.task import Exercise, Step
from smtplab.mail_object import header_section
from smtplab.transcript import Kind

TITLE = "first conversation"
POSTMASTER = "postmaster@example.net"


def _rcpt_too_early(_: Evidence, one: Conversation) -> bool:
    return one.has("RCPT", 503)


def _mail_then_rcpt(_: Evidence, one: Conversation) -> bool:
    """The line that was refused is the one that is accepted behind a MAIL."""
    for refused, path in _rcpts(one, 503):
        mail = one.at("MAIL", 250, after=refused)
        if mail is not None and any(at > mail and path == p for at, p in _rcpts(one, 250)):
            return True
    return False


def _rcpts(one: Conversation, code: int) -> list[tuple[int, str]]:
    """Where RCPT got this code, and with which argument."""
    return [
        (position, exchange.argument.lower())
        for position, exchange in enumerate(one.exchanges)
        if (exchange.verb, exchange.code) == ("RCPT", code)
    ]


def _dot_line_sent(_: Evidence, one: Conversation) -> bool:
    return any(b"\r\n.\r\n" in mail.content for mail in one.accepted())


def _line_after_the_dot(_: Evidence, one: Conversation) -> bool:
    return any(_has_text_after_dot(mail.content) for mail in mail_for(one, (BOB,)))


def _dot_arrived(evidence: Evidence, one: Conversation) -> bool:
    return any(
        _has_text_after_dot(mail.content) and evidence.arrived(mail, BOB)
        for mail in mail_for(one, (BOB,))
    )


def _has_text_after_dot(content: bytes) -> bool:
    """Whether a line that holds one dot is followed by a line of text."""
    body = content[len(header_section(content)) :]  # it begins with the line end before it
    return bool(body.partition(b"\r\n.\r\n")[2].strip(b" .\t\r\n"))


def _postmaster_named(_: Evidence, one: Conversation) -> bool:
    return _named_postmaster(one) is not None


def _reset_after_it(_: Evidence, one: Conversation) -> bool:
    named, reset = _named_postmaster(one), _reset(one)
    return reset is not None and not any(
        exchange.kind is Kind.MAIL_DATA for exchange in one.exchanges[named:reset]
    )


def _reset(one: Conversation) -> int | None:
    named = _named_postmaster(one)
    return None if named is None else one.at("RSET", 250, after=named)


def _only_bob_got_it(evidence: Evidence, one: Conversation) -> bool:
    """Bob alone, after a RSET, and nothing in this session went to postmaster."""
    reset = _reset(one)
    paths = [path.lower() for mail in one.accepted() for path in mail.envelope.forward_paths]
    spared = not any(path.startswith("postmaster") for path in paths)
    return spared and reset is not None and arrived_for(BOB)(evidence, one.after(reset))


def _named_postmaster(one: Conversation) -> int | None:
    """Where that postmaster was accepted; without a domain it is the server's own (4.5.1)."""
    names = (POSTMASTER, "postmaster" if one.host == EXCHANGE else POSTMASTER)
    rcpts = ((at, path.partition("<")[2].partition(">")[0]) for at, path in _rcpts(one, 250))
    return next((at for at, path in rcpts if path in names), None)


EXERCISES = (
    Exercise(
        "2.1",
        "refused, then repaired",
        (
            Step(
                "RCPT with the reply 503",
                "RCPT that got 503. Send it when no mail transaction is open. Port 25 of "
                "mx.example.net is the place: 587 would say 530 first.",
                _rcpt_too_early,
                1,
            ),
            Step(
                "later in the same session: MAIL with 250, then the same RCPT with 250",
                "the repair, in the same session and after the 503: first MAIL, then the same "
                "RCPT, each with the reply 250.",
                _mail_then_rcpt,
                2,
            ),
        ),
        (
            "After EHLO no mail transaction is open. What does RCPT do there?",
            "A refusal changes nothing. Go on with the same client: MAIL, then the same RCPT.",
            'fresh_session(sandbox, "mx.example.net", 25, ...) with four lines: EHLO, RCPT, MAIL, '
            "RCPT. Copy their form from section 3.",
        ),
        "503 says: wrong moment, not wrong command. The session stayed where it was.",
    ),
    Exercise(
        "2.2",
        "the lonely dot",
        (
            Step(
                "a content with a line that holds one dot, taken with 250",
                "a mail object whose content has a line that is one dot. If you wrote one dot "
                "with send_raw, the content ended there.",
                _dot_line_sent,
                1,
            ),
            Step(
                "for bob@example.net, with at least one line of text behind the dot",
                "a body with text behind that line, in a mail for bob@example.net alone: only then "
                "is it sure that the dot did not end the content. An empty line begins the body.",
                _line_after_the_dot,
                2,
            ),
            Step(
                "dot and text in Bob's Inbox",
                "this content in Bob's Inbox.",
                _dot_arrived,
                3,
            ),
        ),
        (
            "On the wire such a line needs a second dot. The server takes it away again.",
            'With send_raw you write b"..\\r\\n" yourself. The method content() does it for you: '
            'there you write b".\\r\\n".',
            'A content that works: b"Subject: Dot\\r\\n\\r\\nbefore\\r\\n.\\r\\nafter\\r\\n", '
            "given to content() after data().",
        ),
        "Transparency: the wire carried two dots, the mailbox holds one.",
    ),
    Exercise(
        "2.3",
        "a change of mind",
        (
            Step(
                "RCPT for postmaster@example.net with the reply 250",
                "a mail transaction in which postmaster@example.net was accepted by RCPT.",
                _postmaster_named,
                1,
            ),
            Step(
                "then RSET with the reply 250, before any content",
                "RSET after that RCPT, in the same session and before any content.",
                _reset_after_it,
                2,
            ),
            Step(
                "then, in the same session, mail for bob@example.net alone, in his Inbox",
                "a mail for bob@example.net alone, sent after RSET in the same session. RSET "
                "dropped the reverse-path too, so MAIL is needed again.",
                _only_bob_got_it,
                3,
            ),
        ),
        (
            "Begin as if you would write to postmaster@example.net: EHLO, MAIL, RCPT.",
            "client.rset(), or the line RSET.",
            "After RSET: MAIL, RCPT for bob@example.net, DATA, content.",
        ),
        "RSET drops the mail transaction and keeps the session: no new EHLO was needed.",
    ),
    Exercise(
        "2.4",
        "the other door",
        (
            Step(
                "a session with smtp.example.org on port 465",
                "a session of yours with smtp.example.org on port 465.",
                is_with(SUBMISSION, 465),
                1,
            ),
            Step(
                "signed in there, with the reply 235",
                "AUTH with the reply 235 on port 465.",
                signed_in,
                2,
            ),
            Step(
                "mail for bob@example.net alone, taken with 250",
                "a mail object for bob@example.net alone that this server took with 250.",
                taken_for(BOB),
                3,
            ),
            Step("that mail in Bob's Inbox", "the mail in Bob's Inbox.", arrived_for(BOB), 3),
        ),
        (
            'sandbox.connect("smtp.example.org", 465) connects; TLS begins before the greeting.',
            'No STARTTLS here: ehlo(), then auth("alice@example.org", "looking-glass").',
            "From here on all is as on 587: mail, rcpt, data, content, quit.",
        ),
        "STARTTLS and the EHLO before it fall away: on 465 no command of yours ever crosses the "
        "network unprotected. RFC 8314 prefers this door; 587 with STARTTLS is in wide use, too.",
    ),
)

QUESTIONS = (
    Question(
        "What ends a command line on the wire?",
        {
            "a": Option("LF, octet 10.", "Many programs do that in files. SMTP lines end in both."),
            "b": Option(
                "CR LF, octets 13 and 10.",
                "Always both, in this order. A lone CR or LF must not be sent as a line's end.",
                right=True,
            ),
            "c": Option(
                "The end of the TCP segment.",
                "TCP carries a stream of octets. Where a segment ends means nothing to SMTP.",
            ),
        },
        "RFC 5321, 2.3.8",
    ),
    Question(
        "You sent DATA too early and read 503. What now?",
        {
            "a": Option(
                "Connect again: the session is spoilt.",
                "A refused command leaves the session as it was.",
            ),
            "b": Option(
                "Send the content all the same.",
                "The server did not say 354. It would take each line of it as a command.",
            ),
            "c": Option(
                "Send what was missing, then DATA again.",
                "503 speaks about the order. MAIL, RCPT, then DATA, in this same session.",
                right=True,
            ),
        },
        "RFC 5321, 4.1.4",
    ),
    Question(
        "The body holds the line '.profile'. What goes over the wire?",
        {
            "a": Option(
                ".profile",
                "The server takes away one leading dot of each line, so Bob would read 'profile'.",
            ),
            "b": Option(
                "..profile",
                "Every line that begins with a dot gets one more. The server takes it away.",
                right=True,
            ),
            "c": Option(
                "Nothing: a line must not begin with a dot.",
                "Any text may be sent. That is what transparency is for.",
            ),
        },
        "RFC 5321, 4.5.2",
    ),
    Question(
        "On port 587 you read '530 5.7.0 Must issue a STARTTLS command first'. Why?",
        {
            "a": Option(
                "The password is wrong.",
                "No password was sent yet. A wrong one gets 535.",
            ),
            "b": Option(
                "The server wants TLS before anything that matters.",
                "EHLO, NOOP, STARTTLS and QUIT work before TLS. Everything else waits.",
                right=True,
            ),
            "c": Option(
                "Port 587 is full.",
                "A server without room says 421 or 452, not 530.",
            ),
        },
        "RFC 3207, 4",
    ),
    Question(
        "AUTH PLAIN sends base64. Is the password encrypted by it?",
        {
            "a": Option(
                "Yes.",
                "Base64 writes octets in letters, digits and signs. Anyone can turn it back.",
            ),
            "b": Option(
                "No. Only TLS around it keeps it secret.",
                "So good servers offer PLAIN inside TLS only, and 587 wants STARTTLS first.",
                right=True,
            ),
            "c": Option(
                "Yes, if the server offers it.",
                "The server's offer changes nothing about what base64 is.",
            ),
        },
        "RFC 4954, 9; RFC 4616, 1",
    ),
)
