"""Lesson 14: its four exercises, and what they look for in the sessions."""

from __future__ import annotations

from smtplab.lessons.evidence import Conversation, Evidence, Exchange
from smtplab.lessons.steps import (
    ALICE,
    BOB,
    CAROL,
    SUBMISSION,
    arrived_for,
    is_with,
    signed_in,
    taken_for,
)
from smtplab.lessons.task import Exercise, Step

SENDGRID = "sendgrid.profile.example"
POP = "pop.example.org"
NOBODY = "nobody@example.org"


def _by_smtplib(_: Evidence, one: Conversation) -> bool:
    """Its habit gives it away: it writes its verbs in small letters."""
    return any(exchange.octets.startswith(b"mail FROM:") for exchange in one.exchanges)


def _encrypted(_: Evidence, one: Conversation) -> bool:
    mails = [exchange for exchange in one.exchanges if exchange.verb == "MAIL"]
    return bool(mails) and all(exchange.tls for exchange in mails)


def _sender_refused(_: Evidence, one: Conversation) -> bool:
    return _refused_alice(one) is not None


def _refused_alice(one: Conversation) -> int | None:
    for position, exchange in enumerate(one.exchanges):
        if (exchange.verb, exchange.code) == ("MAIL", 550) and _names(exchange, ALICE):
            return position
    return None


def _sender_mended(_: Evidence, one: Conversation) -> bool:
    refused = _refused_alice(one)
    return refused is not None and bool(one.after(refused).accepted())


def _names(exchange: Exchange, mailbox: str) -> bool:
    return f"<{mailbox}>" in exchange.argument.lower()


def _alice_may_read(_: Evidence, one: Conversation) -> bool:
    """The password that was right belongs to the name before it."""
    user = ""
    for exchange in one.exchanges:
        if exchange.verb == "USER":
            user = exchange.argument.lower()
        if (exchange.verb, exchange.code) == ("PASS", 250):
            return user == ALICE
    return False


def _read(_: Evidence, one: Conversation) -> bool:
    return one.has("RETR", 250)


def _nothing_left_to_say(_: Evidence, one: Conversation) -> bool:
    return one.has("QUIT", 250)


def _recipient(mailbox: str, code: int, one: Conversation) -> bool:
    return any(
        (exchange.verb, exchange.code) == ("RCPT", code) and _names(exchange, mailbox)
        for exchange in one.exchanges
    )


def _carol_taken(_: Evidence, one: Conversation) -> bool:
    return _recipient(CAROL, 250, one)


def _nobody_refused(_: Evidence, one: Conversation) -> bool:
    return _recipient(NOBODY, 550, one)


def _left_without_content(_: Evidence, one: Conversation) -> bool:
    return one.has("QUIT", 221) and not one.accepted()


EXERCISES = (
    Exercise(
        "14.1",
        "smtplib, encrypted",
        (
            Step(
                "a session with smtp.example.org, by smtplib",
                "a session with smtp.example.org in which smtplib sends a mail. It is known by "
                "its small letters: 'mail FROM:'.",
                lambda evidence, one: (
                    is_with(SUBMISSION)(evidence, one) and _by_smtplib(evidence, one)
                ),
                1,
            ),
            Step(
                "the mail went through TLS, after signing in",
                "TLS and a sign-in before the mail. On port 587 that is starttls(), then login().",
                lambda evidence, one: _encrypted(evidence, one) and signed_in(evidence, one),
                2,
            ),
            Step(
                f"one mail for {BOB} and {CAROL}, taken with 250",
                "one mail for Bob and Carol together, taken with 250. Neither refused, nobody "
                "else.",
                taken_for(BOB, CAROL),
                3,
            ),
            Step("in both Inboxes", "this mail in both Inboxes.", arrived_for(BOB, CAROL), 3),
        ),
        (
            "server = sandbox.smtplib() connects to port 587.",
            'server.starttls(), then server.login("alice@example.org", "looking-glass").',
            'Put both into To: "bob@example.net, carol@example.org". Then '
            "server.send_message(mail) and server.quit().",
        ),
        "smtplib reads the envelope off the header fields, unless you say it yourself.",
    ),
    Exercise(
        "14.2",
        "a provider's no, and a yes",
        (
            Step(
                f"signed in at {SENDGRID}",
                f'a session with {SENDGRID} that got 235. First: sandbox.add_host("sendgrid").',
                lambda evidence, one: is_with(SENDGRID)(evidence, one) and signed_in(evidence, one),
                1,
            ),
            Step(
                "MAIL from alice@example.org with the reply 550",
                "its refusal: MAIL FROM:<alice@example.org>, a sender that the account has not "
                "verified, answered with 550.",
                _sender_refused,
                2,
            ),
            Step(
                "later in the same session: MAIL with 250, and a mail taken",
                "the repair in the same session: MAIL with the account's own mailbox, then RCPT, "
                "DATA and a content taken with 250.",
                _sender_mended,
                3,
            ),
        ),
        (
            "The user name is apikey, the password app-password-of-16: sandbox.accounts tells.",
            'client.mail("alice@example.org") is a sender that this account may not use.',
            f'client.mail("learner@{SENDGRID}"), then rcpt, data and content. Leave no command '
            "out: a refused MAIL opens no transaction.",
        ),
        "A service lets you send as those you have shown to be yours. It says so after AUTH.",
    ),
    Exercise(
        "14.3",
        "read by POP3",
        (
            Step(
                f"a session with {POP}",
                f"a session with {POP}, where Alice reads.",
                is_with(POP),
                1,
            ),
            Step(
                "signed in as Alice",
                "USER alice@example.org and PASS, both answered with +OK.",
                _alice_may_read,
                2,
            ),
            Step(
                "RETR with +OK",
                "a mail fetched with RETR. Is her Inbox empty? Then send her one first.",
                _read,
                3,
            ),
            Step(
                "QUIT with +OK",
                "a QUIT at the end: only then does a POP3 server delete what was marked.",
                _nothing_left_to_say,
                3,
            ),
        ),
        (
            'sandbox.poplib("pop.example.org") connects on port 995, with TLS.',
            'user("alice@example.org"), then pass_("looking-glass").',
            "Somebody must write to her: a mail by smtplib with To: alice@example.org, as in "
            "exercise 14.1. Then retr(1) and quit().",
        ),
        "SMTP brought the mail to a server. POP3 brought it to a reader. They are two protocols.",
    ),
    Exercise(
        "14.4",
        "a rehearsal",
        (
            Step(
                "signed in at smtp.example.org",
                "a session with smtp.example.org that got 235.",
                lambda evidence, one: (
                    is_with(SUBMISSION)(evidence, one) and signed_in(evidence, one)
                ),
                1,
            ),
            Step(
                f"RCPT for {CAROL} with 250",
                f"RCPT for {CAROL}, accepted.",
                _carol_taken,
                1,
            ),
            Step(
                f"RCPT for {NOBODY} with 550",
                f"RCPT for {NOBODY} in the same session, refused with 550.",
                _nobody_refused,
                2,
            ),
            Step(
                "then QUIT, and no content",
                "an end without a content: QUIT with 221, and nothing that anybody could receive.",
                _left_without_content,
                3,
            ),
        ),
        (
            "rehearse(client, mail, until=..., sign_in=...) walks for you. The client must have "
            "read its greeting: sandbox.connect().",
            f"Both recipients stand in the mail: To with {CAROL} and {NOBODY}.",
            'until="RCPT" stops before DATA, drops the transaction and says QUIT.',
        ),
        "Up to RCPT a server tells you nearly everything, and nobody gets a mail.",
    ),
)
