"""Lesson 11, caveat: easily abused: its exercises and questions."""

from __future__ import annotations

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.question import Option, Question
from smtplab.lessons.steps import BOB, EXCHANGE, is_with
from smtplab.lessons.task import Exercise, Step
from smtplab.mail_object import MailObject
from smtplab.sandbox.header_section import Fields

TITLE = "caveat: easily abused"

RELAY, RITA = "mail.relay.example", "rita@relay.example"
CARELESS, LAX = "smtp.careless.example", "mx.lax.example"
BANK = "bank.example"
_SMUGGLED = (b"\n.\r\nMAIL FROM:", b"\n.\nMAIL FROM:")


def _domain(mailbox: str) -> str:
    return mailbox.rpartition("@")[2].strip("<> ").lower()


def _author_domain(mail: MailObject) -> str:
    return _domain(Fields(mail.content).get("From"))


def _stranger_refused(_: Evidence, one: Conversation) -> bool:
    """A forward-path in another domain got 550: relaying denied."""
    refused = [e.argument for e in one.exchanges if (e.verb, e.code) == ("RCPT", 550)]
    return any(_domain(path) != _domain(RITA) for path in refused)


def _rita_accepted(_: Evidence, one: Conversation) -> bool:
    accepted = [e.argument.lower() for e in one.exchanges if (e.verb, e.code) == ("RCPT", 250)]
    return any(f"<{RITA}>" in path for path in accepted)


def _bank_refused(_: Evidence, one: Conversation) -> bool:
    return any(_author_domain(mail) == BANK for mail in one.refused())


def _two_names_taken(evidence: Evidence, one: Conversation) -> bool:
    """From and reverse-path of different domains, and in Bob's Inbox all the same."""
    return any(
        _author_domain(mail) not in ("", _domain(mail.envelope.reverse_path))
        and evidence.arrived(mail, BOB)
        for mail in one.accepted()
    )


def _smuggler_taken(_: Evidence, one: Conversation) -> bool:
    return any(_smuggles(mail) for mail in one.accepted())


def _smuggles(mail: MailObject) -> bool:
    """A second MAIL stands in the content, behind a dot between lone line feeds."""
    return any(mark in mail.content for mark in _SMUGGLED)


def _receiver_refused_it(evidence: Evidence, one: Conversation) -> bool:
    """The next server got this very content, and refused it whole."""
    between = [c for c in evidence.of(CARELESS) if c.host == LAX]
    refused = [mail.content for other in between for mail in other.refused()]
    return any(
        _smuggles(mail) and any(content.endswith(mail.content) for content in refused)
        for mail in one.accepted()
    )


def _asked(one: Conversation, verb: str, code: int) -> dict[str, int]:
    """The local-parts that a verb was asked with, where this was its reply; and the last place."""
    return {
        exchange.argument.removeprefix("TO:").strip("<> ").partition("@")[0].lower(): place
        for place, exchange in enumerate(one.exchanges)
        if (exchange.verb, exchange.code) == (verb, code)
    }


def _told(_: Evidence, one: Conversation) -> bool:
    return bool(_asked(one, "VRFY", 250))


def _told_no_more(_: Evidence, one: Conversation) -> bool:
    told, silent = _asked(one, "VRFY", 250), _asked(one, "VRFY", 252)
    return any(name in silent and silent[name] > place for name, place in told.items())


def _rcpt_tells(_: Evidence, one: Conversation) -> bool:
    return bool(_asked(one, "VRFY", 252).keys() & _asked(one, "RCPT", 550).keys())


EXERCISES = (
    Exercise(
        "11.1",
        "close the door",
        (
            Step(
                "a session with mail.relay.example",
                "a session of yours with mail.relay.example, port 25. "
                'sandbox.add_host("open-relay") brings this host.',
                is_with(RELAY, 25),
                1,
            ),
            Step(
                "RCPT for a mailbox elsewhere, refused with 550",
                "a refusal: this relay still takes a recipient of any domain, or was not asked. "
                "Change its policy, then send RCPT for somebody elsewhere.",
                _stranger_refused,
                2,
            ),
            Step(
                "in the same session, RCPT for rita@relay.example with 250",
                "RCPT for rita@relay.example with 250, in the same session: a closed relay still "
                "takes mail for its own people.",
                _rita_accepted,
                3,
            ),
        ),
        (
            'sandbox.add_host("open-relay"), then a session with mail.relay.example on port 25.',
            'sandbox.policy("mail.relay.example").open_relay = False. The next command sees it.',
            "EHLO, MAIL, RCPT for bob@example.net (550), RCPT for rita@relay.example (250).",
        ),
        "One switch, and strangers no longer send through it. Its own mail goes on.",
    ),
    Exercise(
        "11.2",
        "whose name is it?",
        (
            Step(
                "a session with mx.example.net on port 25",
                "a session of yours with mx.example.net on port 25.",
                is_with(EXCHANGE, 25),
                1,
            ),
            Step(
                "a content with From in bank.example, refused with 550",
                "a mail whose From is a mailbox at bank.example, and the refusal that its domain "
                "asks for.",
                _bank_refused,
                2,
            ),
            Step(
                "in the same session, From and reverse-path of different domains, in Bob's Inbox",
                "a mail for Bob in this session with one domain in MAIL and another one in From, "
                "and Bob finds it in his Inbox.",
                _two_names_taken,
                3,
            ),
        ),
        (
            'fresh_session(sandbox, "mx.example.net", 25, ...) as in section 3.',
            'The content begins with b"From: Bank <service@bank.example>\\r\\n".',
            "MAIL FROM:<win@spam.example> and From: Alice <alice@example.org>: example.org asks "
            "nobody to refuse.",
        ),
        "SMTP lets anyone write any From. Whether it is believed is up to the domain's records.",
    ),
    Exercise(
        "11.3",
        "one stays one",
        (
            Step(
                "a session with smtp.careless.example",
                "a session of yours with smtp.careless.example. "
                'sandbox.add_host("careless-sender") and "lax-receiver" bring both hosts.',
                is_with(CARELESS),
                1,
            ),
            Step(
                "a content that hides a second MAIL behind LF dot, taken with 250",
                "the smuggler's content, taken by smtp.careless.example with 250: LF, a dot, a "
                "line end, MAIL FROM and so on, all inside one content.",
                _smuggler_taken,
                2,
            ),
            Step(
                "refused whole by mx.lax.example",
                "the refusal of this content by mx.lax.example. As long as its line ends are lax, "
                "it takes two.",
                _receiver_refused_it,
                3,
            ),
        ),
        (
            "Port 465, mallory@careless.example with the password two-in-one.",
            "Section 6 has the octets: the variable both. send_raw sends them after DATA.",
            'sandbox.policy("mx.lax.example").line_ends = "strict", and then send again.',
        ),
        "A server that ends a line with CR LF only cannot be made to see two mails in one.",
    ),
    Exercise(
        "11.4",
        "ask, and be told nothing",
        (
            Step(
                "VRFY with the reply 250",
                'VRFY with the reply 250. sandbox.policy("mx.example.net").vrfy = "answers" makes '
                "this server talk.",
                lambda evidence, one: one.host == EXCHANGE and _told(evidence, one),
                1,
            ),
            Step(
                "later in the same session, the same VRFY with 252",
                "the repair: in the same session the same VRFY gets 252. The policy counts from "
                "the next command on.",
                _told_no_more,
                2,
            ),
            Step(
                "a name that gets 252 from VRFY, and 550 from RCPT",
                "the other way to ask: a name that VRFY leaves open with 252, and that RCPT "
                "refuses with 550 in the same session.",
                _rcpt_tells,
                3,
            ),
        ),
        (
            "EHLO, then VRFY bob. Where RFC 5321 wants silence the reply is 252.",
            'sandbox.policy("mx.example.net").vrfy = "not told", and VRFY bob again.',
            "VRFY nina, then MAIL, then RCPT for nina@example.net.",
        ),
        "VRFY can be silenced. RCPT must refuse unknown names, so it needs limits instead.",
    ),
)

QUESTIONS = (
    Question(
        "What makes a server an open relay?",
        {
            "a": Option(
                "It takes mail from strangers on port 25.",
                "Every mail exchanger does, for its own domains. So mail between providers works.",
            ),
            "b": Option(
                "It offers no TLS.",
                "Then others can read along. Who may send through it is another question.",
            ),
            "c": Option(
                "It takes mail from strangers for strangers.",
                "Neither end is its own. That is what 'relaying denied' refuses.",
                right=True,
            ),
        },
        "RFC 5321, 7.9",
    ),
    Question(
        "A mail says From: Your Bank. What does plain SMTP promise about that?",
        {
            "a": Option(
                "Nothing: it is a line of the content.",
                "The server passes it on unread. SPF, DKIM and DMARC were added to judge it.",
                right=True,
            ),
            "b": Option(
                "That the reverse-path is the same.",
                "They may differ, and in honest mail they often do.",
            ),
            "c": Option(
                "That the bank's server sent it.",
                "Anyone can write the line. What counts is what the bank's domain publishes.",
            ),
        },
        "RFC 5321, 7.1",
    ),
    Question(
        "Your Inbox fills with reports about mail that you never sent. Why?",
        {
            "a": Option("Your password is known.", "Possible, but nobody needs it for this."),
            "b": Option(
                "Somebody uses your mailbox as reverse-path, and servers accept before they look.",
                "They owe a report then, and it goes to the reverse-path: to you.",
                right=True,
            ),
            "c": Option(
                "Your server is an open relay.",
                "Then the reports would go to those whose names were used.",
            ),
        },
        "RFC 5321, 6.1",
    ),
    Question(
        "Where does a contact form go wrong, so that a visitor adds header fields?",
        {
            "a": Option(
                "It lets CR LF from a field of the form into a line of the header section.",
                "A header field ends at CR LF, so what follows is the next one.",
                right=True,
            ),
            "b": Option("It sends without TLS.", "That lets others read, not write."),
            "c": Option(
                "It does not double the dots.",
                "Then lines get lost. Header fields come from line ends.",
            ),
        },
        "RFC 5322, 2.2",
    ),
    Question(
        "SMTP smuggling needs two servers. Which two?",
        {
            "a": Option(
                "Two that both end mail data at CR LF dot CR LF only.",
                "Then both see the same one mail.",
            ),
            "b": Option(
                "Two without TLS.",
                "In the demonstration both offer TLS. It protects the way, not the reading.",
            ),
            "c": Option(
                "One that passes lone line feeds on, and one that ends mail data at them.",
                "The first sees one mail, the second sees two.",
                right=True,
            ),
        },
        "RFC 5321, 4.1.1.4",
    ),
)
