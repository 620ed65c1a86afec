"""Lesson 05: right ways and wrong ones."""

from datetime import timedelta

from smtplab import ConnectionLost, Settings, Timeouts
from smtplab.lessons import fresh_session, signed_in
from tests.solutions.lesson02 import through_465, through_587

EHLO, MAIL = "EHLO laptop.example.org", "MAIL FROM:<alice@example.org>"
TO_BOB, TO_CAROL = "RCPT TO:<bob@example.net>", "RCPT TO:<carol@example.org>"
ALICE, BOB, CAROL = "alice@example.org", "bob@example.net", "carol@example.org"
LETTER = b"Subject: One letter\r\n\r\nThree doors.\r\n"
FILTER = "connect@port:25;source:laptop.example.org=stall"


def send(client, forward_path, letter=LETTER):
    client.mail(ALICE)
    client.rcpt(forward_path)
    client.data()
    client.content(letter)


def at_587(sandbox, forward_path=BOB, letter=LETTER):
    send(signed_in(sandbox), forward_path, letter)


def at_465(sandbox, forward_path=BOB, letter=LETTER):
    client = sandbox.connect("smtp.example.org", 465)
    client.ehlo()
    client.auth(ALICE, "looking-glass")
    send(client, forward_path, letter)


def at_25(sandbox, forward_path=CAROL, letter=LETTER, host="smtp.example.org"):
    send(fresh_session(sandbox, host, 25, EHLO), forward_path, letter)


# 5.1


def bob_refused_then_carol(sandbox):
    fresh_session(sandbox, "smtp.example.org", 25, EHLO, MAIL, TO_BOB, TO_CAROL, "DATA").content(
        LETTER
    )


def carol_refused_then_bob_inside_tls(sandbox):
    client = sandbox.connect("mx.example.net", 25)
    client.ehlo()
    client.starttls()
    client.ehlo()
    client.mail(ALICE)
    assert client.rcpt(CAROL).code == 550
    client.rset()
    send(client, BOB)


def both_by_smtplib(sandbox):
    server = sandbox.smtplib("mx.example.net", 25)
    server.sendmail(ALICE, [CAROL, BOB], LETTER)
    server.quit()


def postmaster_without_a_domain(sandbox):
    client = fresh_session(sandbox, "smtp.example.org", 25, EHLO)
    lines = b"MAIL FROM:<>", b"RCPT TO:<Bob@Example.Net>", b"RCPT TO:<Postmaster>", b"DATA"
    client.group(*(line + b"\r\n" for line in lines))
    client.content(LETTER)


def refused_by_a_mailbox_of_its_own_sub_domain(sandbox):
    lines = EHLO, MAIL, "RCPT TO:<550@fault.example.net>", TO_BOB, "DATA"
    fresh_session(sandbox, "mx.example.net", 25, *lines).content(LETTER)


def refused_and_left(sandbox):
    fresh_session(sandbox, "smtp.example.org", 25, EHLO, MAIL, TO_BOB, "QUIT")


def unknown_mailbox(sandbox):
    lines = EHLO, MAIL, "RCPT TO:<nina@example.net>", TO_BOB, "DATA"
    fresh_session(sandbox, "mx.example.net", 25, *lines).content(LETTER)


def never_refused(sandbox):
    at_25(sandbox, BOB, host="mx.example.net")


def in_two_sessions(sandbox):
    refused_and_left(sandbox)
    at_25(sandbox)


# 5.2


def both_refusals_by_methods(sandbox):
    client = sandbox.connect()
    client.ehlo()
    client.mail(ALICE)
    client.starttls()
    client.ehlo()
    client.mail(ALICE)
    client.auth(ALICE, "looking-glass")
    send(client, BOB)


def both_refusals_by_lines(sandbox):
    client = fresh_session(sandbox, "smtp.example.org", 587, EHLO, MAIL)
    client.starttls()
    for line in (EHLO, MAIL, TO_BOB):
        client.send_raw(line.encode() + b"\r\n")
    client.auth(CAROL, "winter-song", "LOGIN")
    client.mail(CAROL)
    client.rcpt(BOB)
    client.data()
    client.send_raw(LETTER + b".\r\n")


def both_refusals_by_smtplib(sandbox):
    server = sandbox.smtplib()
    server.ehlo()
    server.mail(ALICE)
    server.starttls()
    server.ehlo()
    server.mail(ALICE)
    server.login(ALICE, "looking-glass")
    server.sendmail(ALICE, [BOB], LETTER)
    server.quit()


def refused_at_rcpt_instead(sandbox):
    client = fresh_session(sandbox, "smtp.example.org", 587, EHLO, TO_BOB)
    client.starttls()
    client.ehlo()
    client.rcpt(BOB)
    client.auth(ALICE, "looking-glass")
    send(client, BOB)


def only_before_tls(sandbox):
    client = fresh_session(sandbox, "smtp.example.org", 587, EHLO, MAIL)
    client.starttls()
    client.ehlo()
    client.auth(ALICE, "looking-glass")
    send(client, BOB)


def refused_and_no_mail(sandbox):
    client = fresh_session(sandbox, "smtp.example.org", 587, EHLO, MAIL)
    client.starttls()
    client.ehlo()
    client.mail(ALICE)
    client.auth(ALICE, "looking-glas")


# 5.3


def three_doors(sandbox):
    for way in (at_25, at_465, at_587):
        way(sandbox, CAROL)


def three_doors_and_more(sandbox):
    at_587(sandbox, CAROL, b"Subject: Another\r\n\r\nFirst.\r\n")
    for way in (at_587, at_25, at_465):
        way(sandbox, CAROL, b"From: Alice <alice@example.org>\r\n\r\n.dot\r\n")


def three_doors_in_chunks(sandbox):
    at_465(sandbox, "Carol@Example.Org")
    for client in (fresh_session(sandbox, "smtp.example.org", 25, EHLO), signed_in(sandbox)):
        client.mail(ALICE)
        client.rcpt(CAROL)
        client.bdat(LETTER[:10])
        client.bdat(LETTER[10:], last=True)


def the_end_of_a_letter(sandbox):
    at_25(sandbox, CAROL)
    for way in (at_465, at_587):
        way(sandbox, CAROL, b"Three doors.\r\n")


def two_doors(sandbox):
    at_25(sandbox)
    at_465(sandbox, CAROL)


def three_letters(sandbox):
    for number, way in enumerate((at_25, at_465, at_587)):
        way(sandbox, CAROL, b"Subject: %d\r\n\r\nx\r\n" % number)


def three_to_bob(sandbox):
    at_25(sandbox, BOB, host="mx.example.net")
    through_465(sandbox)
    through_587(sandbox)


# 5.4


def knock(sandbox, host="mx.example.net"):
    try:
        sandbox.connect(host, 25, settings=Settings(timeout=0.01))
    except ConnectionLost:
        pass


def filtered_then_587(sandbox):
    sandbox.faults.add(FILTER)
    knock(sandbox)
    at_587(sandbox)


def filtered_by_another_rule_then_465(sandbox):
    sandbox.faults.add("greeting@host:mx.example.net;source:laptop.example.org=stall")
    try:
        short = Settings(timeout=Timeouts.all(0.01))
        sandbox.connect("mx.example.net", 25, settings=short)
    except ConnectionLost:
        pass
    at_465(sandbox)


def filtered_once_for_everybody(sandbox):
    sandbox.faults.add("connect@port:25#1=stall")
    knock(sandbox, "smtp.example.org")
    at_587(sandbox)


def mail_before_the_filter(sandbox):
    at_587(sandbox)
    filtered_and_given_up(sandbox)


def only_the_provider_was_filtered(sandbox):
    sandbox.faults.add("connect@port:25#1=stall")
    at_587(sandbox)
    sandbox.settle()
    sandbox.clock.advance(timedelta(minutes=30))


def filter_for_everybody(sandbox):
    sandbox.faults.add("connect@port:25=stall")
    knock(sandbox)
    at_587(sandbox)


def filter_never_met(sandbox):
    sandbox.faults.add(FILTER)
    at_587(sandbox)


def filter_taken_off(sandbox):
    filtered_then_587(sandbox)
    sandbox.faults.clear()


def filtered_and_given_up(sandbox):
    sandbox.faults.add(FILTER)
    knock(sandbox)


RIGHT = {
    "5.1": (
        bob_refused_then_carol,
        carol_refused_then_bob_inside_tls,
        both_by_smtplib,
        postmaster_without_a_domain,
    ),
    "5.2": (both_refusals_by_methods, both_refusals_by_lines, both_refusals_by_smtplib),
    "5.3": (three_doors, three_doors_and_more, three_doors_in_chunks),
    "5.4": (filtered_then_587, filtered_by_another_rule_then_465, filtered_once_for_everybody),
}
WRONG = {
    "5.1": (
        (at_587, "a session of yours on port 25"),
        (refused_and_left, "the mail for somebody at that server, in the same session"),
        (unknown_mailbox, "A mailbox that the server should have and has not is another"),
        (never_refused, "RCPT for a mailbox of another domain, with the reply 550"),
        (in_two_sessions, "the mail for somebody at that server, in the same session"),
        (refused_by_a_mailbox_of_its_own_sub_domain, "RCPT for a mailbox of another domain"),
    ),
    "5.2": (
        (at_587, "MAIL before TLS on port 587, with the reply 530."),
        (only_before_tls, "MAIL inside TLS and before AUTH, with the reply 530"),
        (refused_at_rcpt_instead, "MAIL before TLS on port 587, with the reply 530."),
        (refused_and_no_mail, "in the same session. AUTH comes first."),
    ),
    "5.3": (
        (two_doors, "for Carol alone at port 587."),
        (three_letters, "for Carol alone at port 465."),
        (the_end_of_a_letter, "the same content, to the last octet, for Carol alone at port 465."),
        (three_to_bob, "a mail for carol@example.org alone at port 25"),
    ),
    "5.4": (
        (filter_for_everybody, "name your laptop as its source"),
        (filter_never_met, "one connection of your laptop that it struck"),
        (only_the_provider_was_filtered, "one connection of your laptop that it struck"),
        (mail_before_the_filter, "handed in after that where the filter does not"),
        (filter_taken_off, "It must still be set."),
        (filtered_and_given_up, "handed in after that where the filter"),
    ),
}
