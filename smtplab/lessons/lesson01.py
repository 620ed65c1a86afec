"""Lesson 01, what SMTP is and a message's whole journey: its exercises and questions."""

from __future__ import annotations

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.question import Option, Question
from smtplab.lessons.steps import (
    ALICE,
    BOB,
    CAROL,
    SUBMISSION,
    arrived_for,
    is_with,
    mail_for,
    said_goodbye,
    taken_for,
)
from smtplab.lessons.task import Exercise, Step
from smtplab.mail_object import MailObject

TITLE = "what SMTP is"

NOBODY = "nobody@example.net"


def _of_alice(one: Conversation, forward_path: str) -> list[MailObject]:
    """Mail with her reverse-path for one recipient alone; the case of letters is no matter."""
    mails = mail_for(one, (forward_path,))
    return [mail for mail in mails if mail.envelope.reverse_path.lower() == ALICE]


def _at_provider(evidence: Evidence, one: Conversation) -> bool:
    return is_with(SUBMISSION)(evidence, one) and one.signed_in()


def _from_alice_to_carol(_: Evidence, one: Conversation) -> bool:
    return bool(_of_alice(one, CAROL))


def _in_carols_inbox(evidence: Evidence, one: Conversation) -> bool:
    return any(evidence.arrived(mail, CAROL) for mail in _of_alice(one, CAROL))


def _from_alice_to_nobody(_: Evidence, one: Conversation) -> bool:
    return one.host == SUBMISSION and bool(_of_alice(one, NOBODY))


def _report_came_back(evidence: Evidence, one: Conversation) -> bool:
    """It returns this mail's header section, and names the forward-path that failed."""
    wanted = f"final-recipient: rfc822; {NOBODY}".encode()
    return any(
        wanted in report.content.lower()
        for mail in _of_alice(one, NOBODY)
        for report in evidence.reports(ALICE, mail)
    )


EXERCISES = (
    Exercise(
        "1.1",
        "the five steps, to a neighbour",
        (
            Step(
                "a session with smtp.example.org, signed in",
                "steps 1 and 2: a session with smtp.example.org in which AUTH got 235.",
                _at_provider,
                1,
            ),
            Step(
                "mail from Alice for carol@example.org and nobody else, taken with 250",
                "a mail object for carol@example.org alone, with alice@example.org as "
                "reverse-path, that the server took with 250. If the last reply you read was "
                "354, the content is still to come.",
                _from_alice_to_carol,
                2,
            ),
            Step(
                "that mail in Carol's Inbox",
                "the mail in Carol's Inbox.",
                _in_carols_inbox,
                2,
            ),
            Step(
                "QUIT at the end, with the reply 221",
                "the fifth step: QUIT as the last command of the same session.",
                said_goodbye,
                3,
            ),
        ),
        (
            "signed_in(sandbox) does steps 1 and 2. Section 3 shows the methods for 3, 4 and 5.",
            'After client.mail("alice@example.org") come client.rcpt(...), client.data() and '
            "client.content(...). The content is bytes: header section, empty line, body.",
            "Use the same client for the fifth step: client.quit().",
        ),
        "Carol's mailbox is on the same provider: no MX look-up, no second session, and so only "
        "one Received header field. Print sandbox.inbox('carol@example.org')[-1] and count.",
    ),
    Exercise(
        "1.2",
        "one content, two ways",
        (
            Step(
                "one mail transaction with the forward-paths Carol and Bob, taken with 250",
                "one mail transaction with two RCPT commands, carol@example.org and "
                "bob@example.net, and one content. Two separate mails do not count.",
                taken_for(CAROL, BOB),
                1,
            ),
            Step(
                "the same content in both Inboxes",
                "the same content in both Inboxes.",
                arrived_for(CAROL, BOB),
                2,
            ),
        ),
        (
            "RCPT may be sent more than once between MAIL and DATA, one forward-path each time.",
            "mail, rcpt, rcpt, data, content. Do not send mail a second time in between.",
        ),
        "You sent the content once. The provider laid one copy into Carol's Inbox and handed the "
        "other to mx.example.net. Relaying is the server's work, not yours.",
    ),
    Exercise(
        "1.3",
        "the mail that comes back",
        (
            Step(
                "mail from Alice for nobody@example.net, taken by smtp.example.org with 250",
                "a mail object from alice@example.org for nobody@example.net that the submission "
                "server took with 250.",
                _from_alice_to_nobody,
                1,
            ),
            Step(
                "a report about it in Alice's Inbox, with the null reverse-path",
                "the report in Alice's Inbox. The queue sends it after the next host has refused.",
                _report_came_back,
                2,
            ),
        ),
        (
            "Send it through smtp.example.org, as in section 3. Straight to mx.example.net the "
            "refusal comes at once, and to you; here it shall come later, and by mail.",
            "The reverse-path must be Alice's own, or the report goes elsewhere: "
            'client.mail("alice@example.org"), client.rcpt("nobody@example.net").',
        ),
        "250 was true: the server took responsibility. When the next host said 550, that "
        "responsibility meant a report to the reverse-path. Reports themselves carry <>, so that "
        "a report about a report is never sent.",
    ),
)

QUESTIONS = (
    Question(
        "smtp.example.org replied 250 after the end of mail data. What do you know?",
        {
            "a": Option(
                "Bob has read the mail.",
                "SMTP knows nothing of reading. It ends where the mail is stored.",
            ),
            "b": Option(
                "The mail is in Bob's Inbox.",
                "Between this 250 and the Inbox stand a queue, a look-up and another server, and "
                "each can delay or refuse.",
            ),
            "c": Option(
                "This server is now responsible for the mail.",
                "It must deliver it, hand it on, or report that it could not.",
                right=True,
            ),
            "d": Option(
                "Bob's server has accepted the mail.",
                "Your server had not even asked Bob's server when it sent this 250.",
            ),
        },
        "RFC 5321, 6.1",
    ),
    Question(
        "How does smtp.example.org find the server for bob@example.net?",
        {
            "a": Option(
                "It asks the DNS for the MX records of example.net.",
                "MX records name the hosts that take a domain's mail, with a preference each.",
                right=True,
            ),
            "b": Option(
                "It reads the header field To.",
                "Servers route by the forward-path of the envelope, never by To.",
            ),
            "c": Option(
                "You told it when you connected.",
                "You named a forward-path. No command of SMTP names the next host today; the old "
                "source routes that did should be ignored.",
            ),
        },
        "RFC 5321, 5.1",
    ),
    Question(
        "Bob opens his mail program and sees the mail. Which protocol brought it there?",
        {
            "a": Option(
                "SMTP, on port 25.",
                "SMTP brought it as far as the mailbox on the server. It has no command to read.",
            ),
            "b": Option(
                "SMTP, on port 587.",
                "587 is where mail programs hand mail in. Nothing is fetched there.",
            ),
            "c": Option(
                "IMAP or POP3.",
                "These read a mailbox. SMTP fills it. A mail program speaks both kinds.",
                right=True,
            ),
        },
        "RFC 9051, 6.4.5; RFC 1939, 1",
    ),
    Question(
        "A mail has three Received header fields. Which one was written first?",
        {
            "a": Option(
                "The uppermost.",
                "Each server puts its own above what is there, so the uppermost is the newest.",
            ),
            "b": Option(
                "The lowest.",
                "Each server adds on top. Read from the bottom up and you follow the journey. The "
                "lowest ones may be forged: you can trust only servers you know.",
                right=True,
            ),
            "c": Option(
                "That cannot be known.",
                "The order is the record: a server must not change or reorder those below its own.",
            ),
        },
        "RFC 5321, 4.4",
    ),
)
