"""Lesson 02: right ways and wrong ones."""

from smtplab import Console
from smtplab.lessons import fresh_session, signed_in

EHLO, MAIL = "EHLO laptop.example.org", "MAIL FROM:<alice@example.org>"
TO_BOB, TO_POSTMASTER = "RCPT TO:<bob@example.net>", "RCPT TO:<postmaster@example.net>"
DOT = b"Subject: Dot\r\n\r\nbefore\r\n.\r\nafter\r\n"
PLAIN = b"Subject: Hello\r\n\r\nHello.\r\n"


def at_mx(sandbox, *lines):
    return fresh_session(sandbox, "mx.example.net", 25, *lines)


def rcpt_mail_rcpt(sandbox):
    at_mx(sandbox, EHLO, TO_BOB, MAIL, TO_BOB)


def rcpt_mail_rcpt_on_587(sandbox):
    client = signed_in(sandbox)
    for step in (client.rcpt, client.mail, client.rcpt):
        step("carol@example.org")


def rcpt_mail_rcpt_by_console(sandbox):
    console = Console(sandbox, "mx.example.net", 25)
    for line in (TO_BOB, EHLO, MAIL, TO_BOB):
        console.send(line)


def rcpt_too_early_and_no_more(sandbox):
    at_mx(sandbox, EHLO, TO_BOB)


def repaired_on_a_new_connection(sandbox):
    at_mx(sandbox, EHLO, TO_BOB)
    at_mx(sandbox, EHLO, MAIL, TO_BOB)


def repaired_for_somebody_else(sandbox):
    at_mx(sandbox, EHLO, TO_BOB, MAIL, TO_POSTMASTER)


def data_too_early(sandbox):
    at_mx(sandbox, EHLO, "DATA", MAIL, TO_BOB)


def rcpt_on_587_before_tls(sandbox):
    fresh_session(sandbox, "smtp.example.org", 587, EHLO, TO_BOB)


def dot_by_content(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(DOT)


def dot_by_octets(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA")
    client.send_raw(b"Subject: Dot\r\n\r\n..\r\nafter\r\n.\r\n")


def dot_through_the_queue(sandbox):
    client = signed_in(sandbox)
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(DOT)


def dot_without_a_header_section(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(b"\r\nbefore\r\n.\r\nafter\r\n")


def dot_by_smtplib(sandbox):
    server = sandbox.smtplib("mx.example.net", 25)
    server.sendmail("alice@example.org", ["bob@example.net"], DOT)
    server.quit()


def dot_and_a_second_dot(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(b"Subject: Dot\r\n\r\n.\r\n.\r\n")


def dot_that_ended_it(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA")
    client.send_raw(b"Subject: Dot\r\n\r\nbefore\r\n.\r\n")


def dot_with_text_behind_it_on_its_line(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(b"Subject: Dot\r\n\r\n.after\r\n")


def dot_as_the_last_line(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(b"Subject: Dot\r\n\r\nbefore\r\n.\r\n")


def dot_without_an_empty_line(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(b"before\r\n.\r\nafter\r\n")


def dot_for_somebody_else(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_POSTMASTER, "DATA").content(DOT)


def changed_mind(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, TO_POSTMASTER, "RSET", MAIL, TO_BOB, "DATA")
    client.content(PLAIN)


def changed_mind_twice(sandbox):
    client = signed_in(sandbox, "carol@example.org")
    client.mail("carol@example.org")
    client.rcpt("bob@example.net")
    client.rcpt("Postmaster@example.net")
    client.rset()
    client.mail("carol@example.org")
    client.rcpt("alice@example.org")
    client.rset()
    client.mail("carol@example.org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(PLAIN)


def changed_mind_about_a_bare_postmaster(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, "rcpt to:<Postmaster>", "rset", MAIL, TO_BOB, "data")
    client.content(PLAIN)


def bob_before_the_change_of_mind(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA")
    client.content(PLAIN)
    for line in (MAIL, TO_POSTMASTER, "RSET", "QUIT"):
        client.send_raw(line.encode() + b"\r\n")


def another_postmaster(sandbox):
    client = signed_in(sandbox)
    client.mail("alice@example.org")
    client.rcpt("postmaster@example.org")
    client.rset()
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(PLAIN)


def mail_again_without_reset(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, TO_POSTMASTER, MAIL, TO_BOB, "DATA")
    client.content(PLAIN)


def reset_too_late(sandbox):
    client = at_mx(sandbox, EHLO, MAIL, TO_POSTMASTER, "DATA")
    client.content(PLAIN)
    client.rset()
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(PLAIN)


def bob_in_a_new_session(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_POSTMASTER, "RSET")
    at_mx(sandbox, EHLO, MAIL, TO_BOB, "DATA").content(PLAIN)


def no_mail_after_reset(sandbox):
    at_mx(sandbox, EHLO, MAIL, TO_POSTMASTER, "RSET", TO_BOB)


def through_465(sandbox, forward_path="bob@example.net"):
    client = sandbox.connect("smtp.example.org", 465)
    client.ehlo()
    client.auth("alice@example.org", "looking-glass")
    client.mail("alice@example.org")
    client.rcpt(forward_path)
    client.data()
    client.content(PLAIN)
    client.quit()


def through_465_by_console(sandbox):
    console = Console(sandbox, "smtp.example.org", 465)
    console.press("EHLO")
    console.press("AUTH")
    for line in (MAIL, TO_BOB, "DATA", "Subject: Hello\n\nHello."):
        console.send(line)
    console.press("QUIT")


def through_587(sandbox):
    client = signed_in(sandbox)
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(PLAIN)


def through_465_unsigned(sandbox):
    client = sandbox.connect("smtp.example.org", 465)
    client.ehlo()
    client.mail("alice@example.org")


def through_465_with_a_wrong_password(sandbox):
    client = sandbox.connect("smtp.example.org", 465)
    client.ehlo()
    client.auth("alice@example.org", "looking-glas")


def through_465_to_carol(sandbox):
    through_465(sandbox, "carol@example.org")


RIGHT = {
    "2.1": (rcpt_mail_rcpt, rcpt_mail_rcpt_on_587, rcpt_mail_rcpt_by_console),
    "2.2": (
        dot_by_content,
        dot_by_octets,
        dot_through_the_queue,
        dot_without_a_header_section,
        dot_by_smtplib,
    ),
    "2.3": (changed_mind, changed_mind_twice, changed_mind_about_a_bare_postmaster),
    "2.4": (through_465, through_465_by_console),
}
WRONG = {
    "2.1": (
        (rcpt_too_early_and_no_more, "the repair, in the same session and after the 503"),
        (repaired_on_a_new_connection, "the repair, in the same session and after the 503"),
        (repaired_for_somebody_else, "then the same RCPT, each with the reply 250."),
        (data_too_early, "RCPT that got 503."),
        (rcpt_on_587_before_tls, "RCPT that got 503."),
    ),
    "2.2": (
        (dot_that_ended_it, "If you wrote one dot with send_raw, the content ended there."),
        (dot_with_text_behind_it_on_its_line, "a mail object whose content has a line that is"),
        (dot_as_the_last_line, "text behind that line, in a mail for bob@example.net alone"),
        (dot_without_an_empty_line, "An empty line begins the body."),
        (dot_and_a_second_dot, "a body with text behind that line"),
        (dot_for_somebody_else, "text behind that line, in a mail for bob@example.net alone"),
    ),
    "2.3": (
        (mail_again_without_reset, "RSET after that RCPT, in the same session"),
        (reset_too_late, "RSET after that RCPT, in the same session and before any content."),
        (bob_in_a_new_session, "a mail for bob@example.net alone, sent after RSET"),
        (bob_before_the_change_of_mind, "a mail for bob@example.net alone, sent after RSET"),
        (another_postmaster, "in which postmaster@example.net was accepted by RCPT"),
        (no_mail_after_reset, "RSET dropped the reverse-path too, so MAIL is needed again."),
    ),
    "2.4": (
        (through_587, "a session of yours with smtp.example.org on port 465."),
        (through_465_unsigned, "AUTH with the reply 235 on port 465."),
        (through_465_with_a_wrong_password, "AUTH with the reply 235 on port 465."),
        (through_465_to_carol, "a mail object for bob@example.net alone"),
    ),
}
