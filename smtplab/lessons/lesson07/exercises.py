"""The exercises of lesson 07: who signed in, by which mechanism, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smtplab.lessons.evidence import Conversation, Evidence, Exchange
from smtplab.lessons.steps import BOB, SUBMISSION, arrived_for, taken_for
from smtplab.lessons.task import Exercise, Step
from smtplab.transcript import Kind

OUTLOOK = "outlook.profile.example"
_BY_TOKEN = ("OAUTHBEARER", "XOAUTH2")


@dataclass(frozen=True)
class SignIn:
    """One AUTH exchange: its mechanism, where its last line stands, and how it went."""

    mechanism: str
    has_initial: bool
    end: int
    codes: tuple[int, ...]  # of the command, then of each response
    is_cancelled: bool

    @property
    def code(self) -> int:
        return self.codes[-1]


def sign_ins(one: Conversation) -> Iterator[SignIn]:
    """Every AUTH of a session, in order."""
    for start, command in enumerate(one.exchanges):
        words = command.argument.split()
        if command.verb != "AUTH" or not words:
            continue
        end = start
        while end + 1 < len(one.exchanges) and one.exchanges[end + 1].kind is Kind.RESPONSE:
            end += 1
        lines = one.exchanges[start : end + 1]
        yield SignIn(
            words[0].upper(),
            len(words) > 1,
            end,
            tuple(line.code for line in lines),
            end > start and lines[-1].octets.rstrip(b"\r\n") == b"*",
        )


def _here(one: Conversation) -> bool:
    """The demonstrations of the notebook went to port 465; what counts is 587."""
    return (one.host, one.port) == (SUBMISSION, 587)


def _asked_for_the_name(_: Evidence, one: Conversation) -> bool:
    return _here(one) and any(
        auth.mechanism == "LOGIN" and not auth.has_initial and auth.codes[:2] == (334, 334)
        for auth in sign_ins(one)
    )


def _by_both_answers(_: Evidence, one: Conversation) -> bool:
    return any(
        auth.mechanism == "LOGIN" and auth.codes == (334, 334, 235) for auth in sign_ins(one)
    )


def _cancelled(one: Conversation) -> SignIn | None:
    """The first exchange that ended with `*` and 501."""
    return next((a for a in sign_ins(one) if a.is_cancelled and a.code == 501), None)


def _changed_mind(_: Evidence, one: Conversation) -> bool:
    return _here(one) and _cancelled(one) is not None


def _scram_after_it(_: Evidence, one: Conversation) -> bool:
    first = _cancelled(one)
    return first is not None and any(
        auth.mechanism == "SCRAM-SHA-256" and auth.code == 235 and auth.end > first.end
        for auth in sign_ins(one)
    )


def _refused_token(one: Conversation) -> SignIn | None:
    """The first token that the server read, explained with 334 and refused with 535."""
    return next(
        (a for a in sign_ins(one) if a.mechanism in _BY_TOKEN and a.codes[-2:] == (334, 535)), None
    )


def _token_refused(_: Evidence, one: Conversation) -> bool:
    return _here(one) and _refused_token(one) is not None


def _token_taken_after_it(_: Evidence, one: Conversation) -> bool:
    first = _refused_token(one)
    return first is not None and any(
        auth.mechanism in _BY_TOKEN and auth.code == 235 and auth.end > first.end
        for auth in sign_ins(one)
    )


def _refused_as_bob(one: Conversation) -> int | None:
    """Where MAIL with Bob's mailbox got 550."""
    for position, exchange in enumerate(one.exchanges):
        if (exchange.verb, exchange.code) == ("MAIL", 550) and _names_bob(exchange):
            return position
    return None


def _names_bob(exchange: Exchange) -> bool:
    return f"<{BOB}>" in exchange.argument.lower()


def _foreign_name_refused(_: Evidence, one: Conversation) -> bool:
    return one.host == OUTLOOK and one.signed_in() and _refused_as_bob(one) is not None


def _own_name_after_it(_: Evidence, one: Conversation) -> bool:
    refused = _refused_as_bob(one)
    return refused is not None and one.at("MAIL", 250, after=refused) is not None


def _own_mail_after_it(evidence: Evidence, one: Conversation) -> bool:
    refused = _refused_as_bob(one)
    return refused is not None and arrived_for(BOB)(evidence, one.after(refused))


EXERCISES = (
    Exercise(
        "7.1",
        "two questions",
        (
            Step(
                "AUTH LOGIN without an initial response, and the server asks twice",
                "AUTH LOGIN, with nothing behind LOGIN, on port 587 of smtp.example.org, and an "
                "answer to its first question. The server says 334 twice then.",
                _asked_for_the_name,
                1,
            ),
            Step(
                "both answers right: 235",
                "the reply 235 after the second answer. Both are in base64: first the name, then "
                "the password.",
                _by_both_answers,
                2,
            ),
        ),
        (
            "sandbox.connect() goes to 587; then ehlo(), starttls(), ehlo(). The line is AUTH "
            'LOGIN and no more: client.send_raw(b"AUTH LOGIN\\r\\n").',
            'Each answer is a line: b64encode(b"carol@example.org") + b"\\r\\n".',
            'Or let the method do it: client.auth("carol@example.org", "winter-song", "LOGIN", '
            "initial_response=False).",
        ),
        "Three lines of the client, two challenges. PLAIN says the same in one line.",
    ),
    Exercise(
        "7.2",
        "the other way after all",
        (
            Step(
                "a challenge answered with *, and the reply 501",
                "an exchange that you cancelled on port 587 of smtp.example.org: AUTH that gets "
                "334, then a line that holds one * and gets 501.",
                _changed_mind,
                1,
            ),
            Step(
                "later in the same session: SCRAM-SHA-256 with 235",
                "a sign-in with SCRAM-SHA-256 and the reply 235, in the same session and after "
                "the *.",
                _scram_after_it,
                2,
            ),
        ),
        (
            'AUTH LOGIN gets 334. Then client.send_raw(b"*\\r\\n"); or exchange.cancel() of '
            "begin_auth.",
            'Go on with the same client: client.auth("alice@example.org", "looking-glass", '
            '"SCRAM-SHA-256").',
        ),
        "A cancelled or failed AUTH leaves the session as it was: another mechanism may follow.",
    ),
    Exercise(
        "7.3",
        "the wrong ticket",
        (
            Step(
                "a token refused: 334 with the reason, then 535",
                "a token that port 587 of smtp.example.org refused by OAUTHBEARER or XOAUTH2: 334 "
                "with the reason, your answer, then 535.",
                _token_refused,
                1,
            ),
            Step(
                "later in the same session: a token with 235",
                "a good token in the same session, after the refused one, with the reply 235.",
                _token_taken_after_it,
                2,
            ),
            Step(
                "mail for bob@example.net alone, taken with 250",
                "a mail object for bob@example.net alone that this session handed in.",
                taken_for(BOB),
                3,
            ),
            Step("that mail in Bob's Inbox", "the mail in Bob's Inbox.", arrived_for(BOB), 3),
        ),
        (
            'sandbox.issue_token("alice@example.org", scope="calendar") is good for something '
            'else. Give it to client.auth("alice@example.org", token=...).',
            'The same client, and client.auth with sandbox.issue_token("alice@example.org").',
            "Then mail, rcpt for bob@example.net, data, content as always.",
        ),
        "The reason stands in the challenge before 535. A new token repaired it; a new password "
        "would not have.",
    ),
    Exercise(
        "7.4",
        "your own name",
        (
            Step(
                f"signed in at {OUTLOOK}, and <{BOB}> refused with 550",
                f"a sign-in at {OUTLOOK}, and in that session MAIL FROM:<{BOB}>, which gets 550.",
                _foreign_name_refused,
                1,
            ),
            Step(
                "later in the same session: MAIL with 250",
                "MAIL with your own mailbox there, in the same session and after the refusal.",
                _own_name_after_it,
                3,
            ),
            Step(
                "mail for bob@example.net alone in his Inbox",
                "a mail object for bob@example.net alone, in Bob's Inbox, that this session handed "
                "in after the refusal.",
                _own_mail_after_it,
                3,
            ),
        ),
        (
            f'sandbox.add_host("outlook"), then sandbox.connect("{OUTLOOK}", 587), ehlo(), '
            "starttls(), ehlo().",
            f'client.auth("learner@{OUTLOOK}", "app-password-of-16", "LOGIN"), then '
            'client.mail("bob@example.net").',
            f'client.mail("learner@{OUTLOOK}"), then rcpt, data, content.',
        ),
        "The same sign-in, two reverse-paths, two replies: this server asks what you may send as.",
    ),
)
