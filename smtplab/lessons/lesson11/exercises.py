"""The exercises of lesson 11."""

from smtplab.lessons.lesson11.conditions import (
    CARELESS,
    RELAY,
    bank_refused,
    rcpt_tells,
    receiver_refused_it,
    rita_accepted,
    smuggler_taken,
    stranger_refused,
    told,
    told_no_more,
    two_names_taken,
)
from smtplab.lessons.steps import EXCHANGE, is_with
from smtplab.lessons.task import Exercise, Step

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
                "RCPT for bob@example.net, refused with 550 by a closed relay",
                "a refusal: this relay still takes a recipient of any domain, or was not asked. "
                "Change its policy and leave it so, then send RCPT for bob@example.net.",
                stranger_refused,
                2,
            ),
            Step(
                "in the same session, RCPT for rita@relay.example with 250",
                "RCPT for rita@relay.example with 250, in the same session: a closed relay still "
                "takes mail for its own people.",
                rita_accepted,
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
                "a mail for Bob whose From is a mailbox at bank.example, and the refusal that its "
                "domain asks for.",
                bank_refused,
                2,
            ),
            Step(
                "in the same session, From and reverse-path of different domains, in Bob's Inbox",
                "a mail for Bob in this session with one domain in MAIL and another one in From, "
                "and Bob finds it in his Inbox.",
                two_names_taken,
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
                smuggler_taken,
                2,
            ),
            Step(
                "refused whole by mx.lax.example",
                "the refusal of this content by mx.lax.example. As long as its line ends are lax, "
                "it takes two.",
                receiver_refused_it,
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
                "VRFY for Bob with the reply 250",
                'VRFY for Bob with the reply 250. sandbox.policy("mx.example.net").vrfy = '
                '"answers" makes this server talk.',
                lambda evidence, one: one.host == EXCHANGE and told(evidence, one),
                1,
            ),
            Step(
                "later in the same session, the same VRFY with 252",
                "the repair: in the same session the same VRFY gets 252. The policy counts from "
                "the next command on.",
                told_no_more,
                2,
            ),
            Step(
                "a name that gets 252 from VRFY, and 550 from RCPT",
                "the other way to ask: a name that VRFY leaves open with 252, and that RCPT "
                "refuses with 550 in the same session.",
                rcpt_tells,
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
