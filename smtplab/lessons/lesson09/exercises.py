"""The exercises of lesson 09: what the evidence must show."""

from __future__ import annotations

from smtplab.lessons.evidence import Conversation, Evidence, is_copy
from smtplab.lessons.relayed import Relayed, relayed
from smtplab.lessons.steps import ALICE, BOB, EXCHANGE
from smtplab.lessons.task import Exercise, Step


def _for_bob(evidence: Evidence, one: Conversation) -> list[Relayed]:
    return relayed(evidence, one, BOB)


def _handed_in(evidence: Evidence, one: Conversation) -> bool:
    return bool(_for_bob(evidence, one))


def _copies(evidence: Evidence, way: Relayed) -> int:
    """How often the content lies in Bob's Inbox."""
    return sum(is_copy(stored, way.mail) for stored in evidence.inbox(BOB))


def _hand_ins(evidence: Evidence, way: Relayed) -> int:
    """How often the learner handed this content in: who tries again may write the same words."""
    sent = (mail for one in evidence.conversations for mail in one.accepted())
    return sum(mail.content == way.mail.content for mail in sent)


HANDED_IN = Step(
    "a mail for bob@example.net alone, taken by smtp.example.org",
    "a mail for bob@example.net alone that smtp.example.org took with 250. (A fault without "
    "@host:mx.example.net strikes when you hand in, too.)",
    _handed_in,
    1,
)


# 9.1


def _second_in_the_list(way: Relayed) -> bool:
    """A better host stands before Bob's: not an equal one."""
    hosts = way.mail_hosts("example.net")
    own = [number for number, host in hosts if host == EXCHANGE]
    return bool(own) and hosts[0][0] < min(own)


def _is_second(evidence: Evidence, one: Conversation) -> bool:
    return any(map(_second_in_the_list, _for_bob(evidence, one)))


def _came_by_the_second(evidence: Evidence, one: Conversation) -> bool:
    return any(
        _second_in_the_list(way) and way.results == ["relayed"] and _copies(evidence, way) > 0
        for way in _for_bob(evidence, one)
    )


# 9.2


def _had_to_wait(evidence: Evidence, one: Conversation) -> bool:
    return any(way.results[:1] == ["deferred"] for way in _for_bob(evidence, one))


def _came_the_second_time(evidence: Evidence, one: Conversation) -> bool:
    return any(
        way.results == ["deferred", "relayed"]
        and 0 < _copies(evidence, way) <= _hand_ins(evidence, way)
        for way in _for_bob(evidence, one)
    )


# 9.3


def _given_up(evidence: Evidence, one: Conversation) -> bool:
    return any(way.results[-1:] == ["given up"] for way in _for_bob(evidence, one))


def _came_back(evidence: Evidence, one: Conversation) -> bool:
    return any(
        way.results[-1:] == ["given up"] and _is_reported(evidence, way)
        for way in _for_bob(evidence, one)
    )


def _is_reported(evidence: Evidence, way: Relayed) -> bool:
    """A failure report that returns this mail's header section lies with Alice, who sent it."""
    reports = evidence.reports(ALICE, way.mail)
    return way.mail.envelope.reverse_path.lower() == ALICE and any(
        b"\r\nAction: failed\r\n" in report.content for report in reports
    )


# 9.4


def _tried_again(evidence: Evidence, one: Conversation) -> bool:
    return any(
        way.results[:1] == ["deferred"] and way.results[-1] == "relayed"
        for way in _for_bob(evidence, one)
    )


def _came_twice(evidence: Evidence, one: Conversation) -> bool:
    return any(
        way.results[:1] == ["deferred"]
        and way.results[-1] == "relayed"
        and _copies(evidence, way) > _hand_ins(evidence, way)
        for way in _for_bob(evidence, one)
    )


EXERCISES = (
    Exercise(
        "9.1",
        "the second host",
        (
            HANDED_IN,
            Step(
                "for which the DNS names a better host than mx.example.net",
                "a better host in front of mx.example.net: an MX record of example.net with a "
                "smaller number, in the zone before you hand the mail in.",
                _is_second,
                2,
            ),
            Step(
                "which came to Bob's Inbox at the first attempt all the same",
                "this mail in Bob's Inbox, at the first attempt. The better host must be one that "
                "nobody reaches, and must not be the sender itself.",
                _came_by_the_second,
                3,
            ),
        ),
        (
            'hand_in("bob@example.net", "second host") hands a mail in. Do the zone first.',
            'sandbox.zones.replace("example.net", ...) takes the lines of a zone file. Two MX '
            "records: one for a host that is not there, and one for mx.",
            'sandbox.zones.replace("example.net", "@ IN MX 10 first\\n@ IN MX 20 mx"), then '
            "hand_in.",
        ),
        "One host was gone, and nobody noticed: that is what a second MX record is for.",
    ),
    Exercise(
        "9.2",
        "the second attempt",
        (
            HANDED_IN,
            Step(
                "whose first attempt ended with: not now",
                "a first attempt that ended with a 4yz reply. A fault with #1 strikes once.",
                _had_to_wait,
                2,
            ),
            Step(
                "and whose second attempt brought it to Bob's Inbox, once",
                "the second attempt, and one copy in Bob's Inbox. The world clock moves only when "
                "you turn it, and the second attempt comes after 30 minutes.",
                _came_the_second_time,
                3,
            ),
        ),
        (
            'hand_in("bob@example.net", "second attempt") hands a mail in. What shall go wrong '
            "must be set before.",
            'A rule that strikes once: sandbox.faults.add("RCPT@host:mx.example.net#1=451 4.3.0 '
            'Later").',
            "sandbox.clock.advance(timedelta(minutes=30)), and let the host behave by then.",
        ),
        "4yz is no failure. The sender waits, and tries again: nobody had to do anything.",
    ),
    Exercise(
        "9.3",
        "after five days",
        (
            HANDED_IN,
            Step(
                "which the host tried for days, and gave up",
                "a mail that was tried for days and given up. The trouble must last, and must be "
                "one that may pass: 5yz ends it at once, and then nothing is tried. This server "
                "gives up after five days.",
                _given_up,
                2,
            ),
            Step(
                "and the report of the failure in Alice's Inbox",
                "the report with Action: failed in Alice's Inbox. It goes to the reverse-path: "
                "sign in as alice@example.org and name her in MAIL.",
                _came_back,
                3,
            ),
        ),
        (
            'hand_in("bob@example.net", "five days") hands a mail in. What shall go wrong must be '
            "set before.",
            "A rule without # strikes each time. Let it refuse with 4yz, or close the connection. "
            "Then turn the clock by five days.",
            'sandbox.faults.add("connect@host:mx.example.net=drop"), hand_in, '
            "sandbox.clock.advance(timedelta(days=5)), sandbox.faults.clear().",
        ),
        "Delivered, or reported: after 250 there is no third way.",
    ),
    Exercise(
        "9.4",
        "the lost reply",
        (
            HANDED_IN,
            Step(
                "which was sent to mx.example.net again, because an attempt ended without a reply",
                "a first attempt that failed, and a later one that got its 250. A fault with #1 "
                "strikes once. Turn the clock between the attempts.",
                _tried_again,
                2,
            ),
            Step(
                "and lies in Bob's Inbox twice, although you handed it in once",
                "two copies in Bob's Inbox. The first attempt must be taken, and its reply must "
                "be lost on the way back.",
                _came_twice,
                3,
            ),
        ),
        (
            'hand_in("bob@example.net", "lost reply"), once. What shall go wrong must be set '
            "before.",
            "The fault strikes in the phase end-of-data, once, at mx.example.net. Then 30 minutes "
            "must pass.",
            'sandbox.faults.add("end-of-data@host:mx.example.net#1=lose"), hand_in, '
            "sandbox.clock.advance(timedelta(minutes=30)).",
        ),
        "Without the reply the sender cannot know. SMTP would rather bring a mail twice than lose "
        "it.",
    ),
)
