"""The exercises of lesson 03."""

from smtplab.lessons.lesson03.conditions import (
    at_bob,
    at_bob_once,
    came_back,
    data_inside_transaction,
    data_without_transaction,
    is_there,
    lost_for_bob,
    still_delivered,
    taken_later,
    told_not_now,
    unharmed,
    unknown,
    wrong_argument,
    wrong_moment,
)
from smtplab.lessons.task import Exercise, Step

EXERCISES = (
    Exercise(
        "3.1",
        "not now, but then",
        (
            Step(
                "RCPT with the reply 451",
                "RCPT that got 451. At mx.example.net, port 25, one of the mailboxes of this "
                "lesson does that to strangers.",
                told_not_now,
                1,
            ),
            Step(
                "later: a mail with the same reverse-path and forward-path, taken with 250",
                "a mail for the same forward-path, later, from the same reverse-path. At once the "
                "server says 451 again: first time has to pass.",
                came_back,
                2,
            ),
            Step("that mail in that Inbox", "this mail in the Inbox.", is_there, 3),
        ),
        (
            "grey@example.net gets 451 from a server that has not seen you with it before.",
            "sandbox.clock.advance(timedelta(minutes=10)), then a new session with the same MAIL "
            "and RCPT. Another reverse-path would be a stranger again.",
            "After RCPT with 250: client.data(), then client.content(...). If the server knows "
            'you already, use another reverse-path, such as "carol@example.org".',
        ),
        "A client that comes back: 4yz cost time, and no mail.",
    ),
    Exercise(
        "3.2",
        "DATA, twice too early",
        (
            Step(
                "DATA with the reply 503, with no mail transaction open",
                "DATA that got 503 before MAIL. Port 25 of mx.example.net is the place.",
                data_without_transaction,
                1,
            ),
            Step(
                "in the same session: DATA with the reply 503 inside a mail transaction",
                "DATA that got 503 after MAIL was accepted, in the same session. What is "
                "still missing there?",
                data_inside_transaction,
                2,
            ),
            Step(
                "after both, in the same session: mail for bob@example.net alone, in his Inbox",
                "a mail for bob@example.net alone, after both refusals and in the same session.",
                still_delivered,
                3,
            ),
        ),
        (
            "Right after EHLO no transaction is open. DATA gets 503 there.",
            "MAIL opens a transaction. DATA wants one recipient at least.",
            "fresh_session with EHLO, DATA, MAIL, DATA, RCPT, DATA; then client.content(...).",
        ),
        "Two states, the same code: each time the text told what was missing. Nothing was spoilt.",
    ),
    Exercise(
        "3.3",
        "three kinds of wrong",
        (
            Step("a line with the reply 500", "a line that got 500.", unknown, 1),
            Step(
                "in the same session: a command with the reply 501",
                "a command that got 501, in the same session: its verb is known, its argument "
                "is wrong.",
                wrong_argument,
                2,
            ),
            Step(
                "in the same session: a command with the reply 503",
                "a command that got 503, in the same session: a good one at a wrong moment.",
                wrong_moment,
                3,
            ),
            Step(
                "after all three: NOOP with 250, and QUIT with 221 as the last command",
                "NOOP with 250 after the three refusals, and QUIT as the last command.",
                unharmed,
                3,
            ),
        ),
        (
            "A verb that does not exist will do. send_raw sends any line.",
            "MAIL without angle brackets, or RSET with a word behind it.",
            'Lines in this order: EHLO, "HALLO", "RSET now", "DATA", "NOOP", "QUIT". All of '
            "them go to mx.example.net, port 25.",
        ),
        "500, 501 and 503 say three different things, and none of them ends a session.",
    ),
    Exercise(
        "3.4",
        "the server goes away",
        (
            Step(
                "RCPT for bob@example.net with 250, and 421 before any content was taken",
                "a session in which bob@example.net was accepted by RCPT, and then a command "
                "got 421.",
                lost_for_bob,
                1,
            ),
            Step(
                "in a later session: mail for bob@example.net alone, taken with 250",
                "the mail itself, in a new session. After 421 the old one is closed; no "
                "command works there.",
                taken_later,
                2,
            ),
            Step("that mail in Bob's Inbox", "the mail in Bob's Inbox.", at_bob, 3),
            Step(
                "once",
                "one copy only: since the 421 you have sent this mail more than once. Lose "
                "another one, and send that one again once.",
                at_bob_once,
                3,
            ),
        ),
        (
            "Set the rule, then EHLO, MAIL, RCPT for Bob, DATA. The rule strikes once.",
            "sandbox.connect again, or fresh_session: a new session begins with EHLO.",
            "If DATA gets 421 again and again, a rule is still there: sandbox.faults.clear().",
        ),
        "421 ended the session and its transaction. What had no 250 was yours to send again.",
    ),
)
