"""What the exercises of lesson 03 look for: reply codes, their order, and second attempts."""

from __future__ import annotations

from itertools import dropwhile

from smtplab.lessons.evidence import Conversation, Evidence
from smtplab.lessons.steps import BOB, lies_in_the_inbox, mail_for, said_goodbye
from smtplab.mail_object import MailObject
from smtplab.transcript import Kind

_BEGIN_ANEW = ("MAIL", "RSET", "EHLO", "HELO", "STARTTLS")  # RFC 5321, 4.1.4; RFC 3207, 4.2

# 3.1


def told_not_now(evidence: Evidence, one: Conversation) -> bool:
    return any(_refused(earlier, 451) for earlier in _up_to(evidence, one))


def came_back(evidence: Evidence, one: Conversation) -> bool:
    return bool(_second_attempts(evidence, one))


def is_there(evidence: Evidence, one: Conversation) -> bool:
    return any(lies_in_the_inbox(evidence, *found) for found in _second_attempts(evidence, one))


def _second_attempts(evidence: Evidence, one: Conversation) -> list[tuple[MailObject, str]]:
    """The mail taken here whose reverse-path and forward-path got 451 before."""
    *earlier, _ = _up_to(evidence, one) or [one]
    before = {pair for other in earlier for pair in _refused(other, 451)}
    found = [pair for mail in one.accepted() for pair in _pairs(mail)]
    found = [(mail, path) for mail, path in found if (_sender(mail), path) in before]
    for (sender, path), position in _refused(one, 451).items():
        later = one.after(position).accepted()
        found += [(m, path) for m in later if path in _paths(m) and _sender(m) == sender]
    return found


# 3.2


def data_without_transaction(_: Evidence, one: Conversation) -> bool:
    return False in _too_early(one)


def data_inside_transaction(_: Evidence, one: Conversation) -> bool:
    return True in _too_early(one)


def still_delivered(evidence: Evidence, one: Conversation) -> bool:
    rest = one.after(max(_too_early(one).values()))
    return any(evidence.arrived(mail, BOB) for mail in mail_for(rest, (BOB,)))


def _too_early(one: Conversation) -> dict[bool, int]:
    """Where DATA got 503 first: outside (False) and inside (True) of a mail transaction."""
    found: dict[bool, int] = {}
    is_open = False
    for position, exchange in enumerate(one.exchanges):
        if (exchange.verb, exchange.code) == ("DATA", 503):
            found.setdefault(is_open, position)
        elif exchange.kind is Kind.MAIL_DATA:
            is_open = False
        elif exchange.code // 100 == 2 and exchange.verb in _BEGIN_ANEW:
            is_open = exchange.verb == "MAIL"
    return found


# 3.3


def unknown(_: Evidence, one: Conversation) -> bool:
    return _has_code(one, 500)


def wrong_argument(_: Evidence, one: Conversation) -> bool:
    return _has_code(one, 501)


def wrong_moment(_: Evidence, one: Conversation) -> bool:
    return _has_code(one, 503)


def unharmed(evidence: Evidence, one: Conversation) -> bool:
    codes = [exchange.code for exchange in one.exchanges]
    last = max(codes.index(code) for code in (500, 501, 503))
    return one.at("NOOP", 250, after=last) is not None and said_goodbye(evidence, one)


def _has_code(one: Conversation, code: int) -> bool:
    return any(exchange.code == code for exchange in one.exchanges)


# 3.4


def lost_for_bob(evidence: Evidence, one: Conversation) -> bool:
    return any(_loses_bob(earlier) for earlier in _up_to(evidence, one))


def taken_later(evidence: Evidence, one: Conversation) -> bool:
    return bool(_repaired(evidence, one))


def at_bob(evidence: Evidence, one: Conversation) -> bool:
    return any(evidence.arrived(mail, BOB) for mail in _repaired(evidence, one))


def at_bob_once(evidence: Evidence, one: Conversation) -> bool:
    """Since the server went away this content was taken for him once."""
    since = list(dropwhile(lambda other: not _loses_bob(other), _up_to(evidence, one)[::-1]))
    after = evidence.conversations[len(since) :]
    sent = [mail.content for other in after for mail in mail_for(other, (BOB,))]
    return any(
        evidence.arrived(mail, BOB) and sent.count(mail.content) == 1
        for mail in _repaired(evidence, one)
    )


def _loses_bob(one: Conversation) -> bool:
    """Bob was accepted, and the server went away with 421 before any content was taken."""
    named = next(
        (
            position
            for position, exchange in enumerate(one.exchanges)
            if (exchange.verb, exchange.code) == ("RCPT", 250) and _path(exchange.argument) == BOB
        ),
        None,
    )
    return (
        named is not None and one.exchanges[-1].code == 421 and not one.after(named - 1).accepted()
    )


def _repaired(evidence: Evidence, one: Conversation) -> tuple[MailObject, ...]:
    *earlier, _ = _up_to(evidence, one) or [one]
    return mail_for(one, (BOB,)) if any(_loses_bob(other) for other in earlier) else ()


# What they share.


def _up_to(evidence: Evidence, one: Conversation) -> list[Conversation]:
    """The learner's conversations up to and with this one; none if it is no real one."""
    found: list[Conversation] = []
    for other in evidence.conversations:
        found.append(other)
        if other is one:
            return found
    return []


def _refused(one: Conversation, code: int) -> dict[tuple[str, str], int]:
    """The reverse-path and forward-path of each RCPT that got this code, and where first."""
    found: dict[tuple[str, str], int] = {}
    sender = ""
    for position, exchange in enumerate(one.exchanges):
        if (exchange.verb, exchange.code) == ("MAIL", 250):
            sender = _path(exchange.argument)
        if (exchange.verb, exchange.code) == ("RCPT", code):
            found.setdefault((sender, _path(exchange.argument)), position)
    return found


def _sender(mail: MailObject) -> str:
    return mail.envelope.reverse_path.lower()


def _path(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0].lower()


def _pairs(mail: MailObject) -> list[tuple[MailObject, str]]:
    return [(mail, path) for path in _paths(mail)]


def _paths(mail: MailObject) -> list[str]:
    return [path.lower() for path in mail.envelope.forward_paths]
