"""Lesson 03: right ways and wrong ones."""

import smtplib
from contextlib import suppress
from datetime import timedelta

from smtplab import Console, SMTPLabError
from smtplab.lessons import fresh_session, signed_in

EHLO, MAIL = "EHLO laptop.example.org", "MAIL FROM:<alice@example.org>"
TO_BOB, TO_GREY = "RCPT TO:<bob@example.net>", "RCPT TO:<grey@example.net>"
PLAIN = b"From: Alice <alice@example.org>\r\nSubject: Hello\r\n\r\nHello.\r\n"


def at_mx(sandbox, *lines):
    return fresh_session(sandbox, "mx.example.net", 25, *lines)


def wait(sandbox):
    sandbox.clock.advance(timedelta(minutes=10))


# 3.1


def grey_in_two_sessions(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_GREY, "QUIT")
    wait(sandbox)
    at_mx(sandbox, EHLO, MAIL, TO_GREY, "DATA").content(PLAIN)


def grey_in_one_session(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, TO_BOB, TO_GREY)
    wait(sandbox)
    client.rcpt("grey@example.net")
    client.data()
    client.content(PLAIN)


def bob_by_the_fault_dial(sandbox):
    sandbox.faults.add("RCPT#1=451 4.3.0 Not now")
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "QUIT")
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(PLAIN)


def grey_at_once(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_GREY)
    at_mx(sandbox, EHLO, MAIL, TO_GREY)


def somebody_else_instead(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_GREY)
    wait(sandbox)
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(PLAIN)


def never_refused(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(PLAIN)


def another_stranger_after_the_wait(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_GREY)
    wait(sandbox)
    at_mx(sandbox, EHLO, "MAIL FROM:<carol@example.org>", TO_GREY)


def grey_by_smtplib(sandbox):
    for _ in range(2):
        server = sandbox.smtplib("mx.example.net", 25)
        with suppress(smtplib.SMTPRecipientsRefused):
            server.sendmail("Alice@example.org", ["grey@example.net"], PLAIN)
        server.close()
        wait(sandbox)


def bob_from_somebody_else(sandbox):
    sandbox.faults.add("RCPT#1=451 4.3.0 Not now")
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "QUIT")
    at_mx(sandbox, EHLO, "MAIL FROM:<carol@example.org>", TO_BOB, "DATA").content(PLAIN)


def left_to_the_queue(sandbox):
    client = signed_in(sandbox)
    client.mail("alice@example.org")
    client.rcpt("grey@example.net")
    client.data()
    client.content(PLAIN)
    wait(sandbox)


def taken_first_and_refused_later(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA")
    client.content(PLAIN)
    sandbox.faults.add("RCPT#1=451 4.3.0 Not now")
    for step in (client.mail, client.rcpt, client.rcpt):
        step("bob@example.net")


# 3.2


def twice_too_early(sandbox):
    at_mx(sandbox, EHLO, "DATA", MAIL, "DATA", TO_BOB, "DATA").content(PLAIN)


def the_other_way_round(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, "DATA", "RSET", "DATA", MAIL, TO_BOB, "DATA")
    client.content(PLAIN)


def twice_too_early_by_console(sandbox):
    console = Console(sandbox, "mx.example.net", 25)
    for line in (EHLO, "DATA", MAIL, "DATA", TO_BOB, "DATA", "Subject: Hello\n\nHello."):
        console.send(line)


def twice_too_early_and_in_small_letters(sandbox):
    client = sandbox.connect("mx.example.net", 25)
    client.send_raw(b"data\r\n")
    client.helo()
    client.mail("")
    client.send_raw(b"data\r\n")
    client.rcpt("Bob@Example.NET")
    client.data()
    client.content(PLAIN)


def twice_outside_with_tls_between(sandbox):
    client = at_mx(sandbox, EHLO, "DATA")
    client.starttls()
    client.ehlo()
    for step in (client.data, lambda: client.mail("alice@example.org")):
        step()
    client.rcpt("bob@example.net")
    client.data()
    client.content(PLAIN)


def twice_in_the_same_state(sandbox):
    at_mx(sandbox, EHLO, "DATA", "DATA", MAIL, TO_BOB, "DATA").content(PLAIN)


def in_two_sessions(sandbox):
    at_mx(sandbox, EHLO, "DATA", MAIL, TO_BOB, "DATA").content(PLAIN)
    at_mx(sandbox, EHLO, MAIL, "DATA")


def delivered_before(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA")
    client.content(PLAIN)
    for step in (client.data, lambda: client.mail("alice@example.org"), client.data):
        step()


def to_postmaster(sandbox):
    to = "RCPT TO:<postmaster@example.net>"
    at_mx(sandbox, EHLO, "DATA", MAIL, "DATA", to, "DATA").content(PLAIN)


# 3.3


def three_kinds(sandbox):
    at_mx(sandbox, EHLO, "HALLO", "RSET now", "DATA", "NOOP", "QUIT")


def three_kinds_in_another_order(sandbox):
    client = sandbox.connect("mx.example.net", 25)
    client.rcpt("bob@example.net")
    client.ehlo()
    client.send_raw(b"MAIL FROM: <alice@example.org>\r\n")
    client.send_raw(b"NOOP " + b"x" * 600 + b"\r\n")
    client.noop()
    client.quit()


def three_kinds_by_smtplib_and_more(sandbox):
    server = sandbox.smtplib("mx.example.net", 25)
    for line in ("DATA", "ehlo", "ehlo a.example", "mail alice", "Jump", "noop", "rset", "quit"):
        server.docmd(line)
    server.close()


def hung_up(sandbox):
    at_mx(sandbox, EHLO, "HALLO", "RSET now", "DATA", "NOOP").close()


def noop_before(sandbox):
    at_mx(sandbox, EHLO, "NOOP", "HALLO", "RSET now", "DATA", "QUIT")


def one_session_each(sandbox):
    for line in ("HALLO", "RSET now", "DATA"):
        at_mx(sandbox, EHLO, line, "NOOP", "QUIT")


def a_refused_recipient_for_501(sandbox):
    at_mx(sandbox, EHLO, "HALLO", MAIL, "RCPT TO:<nina@example.net>", "NOOP", "QUIT")


# 3.4


def lost(sandbox, rule="DATA#1=421 4.3.2 Back soon", *lines):
    sandbox.faults.add(rule)
    return at_mx(sandbox, *(lines or (EHLO, MAIL, TO_BOB, "DATA")))


def sent_again(sandbox):
    lost(sandbox)
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(PLAIN)


def sent_again_through_the_msa(sandbox):
    lost(sandbox, "NOOP#1=421 4.3.2 Back soon", EHLO, MAIL, TO_BOB, "NOOP")
    client = signed_in(sandbox)
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(PLAIN)


def sent_again_after_a_vain_attempt(sandbox):
    lost(sandbox)
    sandbox.faults.clear()
    lost(sandbox)
    server = sandbox.smtplib("mx.example.net", 25)
    server.sendmail("alice@example.org", ["bob@example.net"], PLAIN)
    server.quit()


def sent_again_twice_and_then_once(sandbox):
    sent_again_twice(sandbox)
    sandbox.faults.clear()
    sent_again(sandbox)


def sent_again_twice(sandbox):
    sent_again(sandbox)
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(PLAIN)


def on_the_closed_session(sandbox):
    client = lost(sandbox)
    with suppress(SMTPLabError):
        client.data()


def gone_before_bob_was_named(sandbox):
    lost(sandbox, "MAIL#1=421 4.3.2 Back soon", EHLO, MAIL)
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(PLAIN)


def delivered_before_it_went_away(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(PLAIN)
    lost(sandbox)


def gone_after_the_mail_was_taken(sandbox):
    client = lost(sandbox, "NOOP#1=421 4.3.2 Back soon", EHLO, MAIL, TO_BOB, "DATA")
    client.content(PLAIN)
    client.noop()
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(PLAIN)


RIGHT = {
    "3.1": (grey_in_two_sessions, grey_in_one_session, bob_by_the_fault_dial, grey_by_smtplib),
    "3.2": (
        twice_too_early,
        the_other_way_round,
        twice_too_early_by_console,
        twice_too_early_and_in_small_letters,
    ),
    "3.3": (three_kinds, three_kinds_in_another_order, three_kinds_by_smtplib_and_more),
    "3.4": (
        sent_again,
        sent_again_through_the_msa,
        sent_again_after_a_vain_attempt,
        sent_again_twice_and_then_once,
    ),
}
WRONG = {
    "3.1": (
        (never_refused, "RCPT that got 451."),
        (left_to_the_queue, "RCPT that got 451."),
        (grey_at_once, "a mail for the same forward-path, later"),
        (somebody_else_instead, "a mail for the same forward-path, later"),
        (another_stranger_after_the_wait, "a mail for the same forward-path, later"),
        (taken_first_and_refused_later, "a mail for the same forward-path, later"),
        (bob_from_somebody_else, "from the same reverse-path"),
    ),
    "3.2": (
        (twice_in_the_same_state, "DATA that got 503 after MAIL was accepted"),
        (twice_outside_with_tls_between, "DATA that got 503 after MAIL was accepted"),
        (in_two_sessions, "DATA that got 503"),
        (delivered_before, "a mail for bob@example.net alone, after both refusals"),
        (to_postmaster, "a mail for bob@example.net alone, after both refusals"),
    ),
    "3.3": (
        (hung_up, "NOOP with 250 after the three refusals, and QUIT as the last command."),
        (noop_before, "NOOP with 250 after the three refusals"),
        (one_session_each, "a command that got 50"),
        (a_refused_recipient_for_501, "a command that got 501, in the same session"),
    ),
    "3.4": (
        (on_the_closed_session, "the mail itself, in a new session."),
        (sent_again_twice, "one copy only: since the 421 you have sent this mail more than once."),
        (gone_before_bob_was_named, "a session in which bob@example.net was accepted by RCPT"),
        (delivered_before_it_went_away, "the mail itself, in a new session."),
        (gone_after_the_mail_was_taken, "a session in which bob@example.net was accepted"),
    ),
}
