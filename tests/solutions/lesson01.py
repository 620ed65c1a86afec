"""Lesson 01: right ways and wrong ones."""

from smtplab import Console
from smtplab.lessons import signed_in

ALICE, CAROL, BOB = "alice@example.org", "carol@example.org", "bob@example.net"
NOBODY = "nobody@example.net"
CONTENT = b"From: Alice <alice@example.org>\r\nSubject: Tea\r\n\r\nAt five?\r\n"


def hand_in(sandbox, *forward_paths, reverse_path=ALICE, goodbye=True):
    client = signed_in(sandbox)
    client.mail(reverse_path)
    for forward_path in forward_paths:
        client.rcpt(forward_path)
    client.data()
    client.content(CONTENT)
    if goodbye:
        client.quit()


def to_carol(sandbox):
    hand_in(sandbox, CAROL)


def to_carol_by_octets_on_465(sandbox):
    client = sandbox.connect("smtp.example.org", 465)
    client.ehlo()
    client.auth(ALICE, "looking-glass", "LOGIN")
    client.send_raw(b"MAIL FROM:<alice@example.org> SIZE=70\r\n")
    client.send_raw(b"RCPT TO:<CAROL@EXAMPLE.ORG>\r\n")
    client.data()
    client.send_raw(b"Subject: Tea\r\n\r\nAt five?\r\n.\r\n")
    client.quit()


def to_carol_by_console(sandbox):
    console = Console(sandbox)
    for line in ("EHLO a.example", "STARTTLS", "EHLO a.example"):
        console.send(line)
    console.press("AUTH")
    console.send("MAIL FROM:<alice@example.org>")
    console.send("RCPT TO:<carol@example.org>")
    console.send("DATA")
    console.send("Subject: Tea\n\nAt five?")
    console.send("QUIT")


def to_carol_by_smtplib(sandbox):
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login("carol@example.org", "winter-song")
    server.sendmail("Alice@Example.ORG", [CAROL], CONTENT)
    server.quit()


def to_carol_in_chunks(sandbox):
    client = signed_in(sandbox)
    client.mail(ALICE)
    client.rcpt(CAROL)
    client.bdat(CONTENT[:30])
    client.bdat(CONTENT[30:], last=True)
    client.quit()


def to_carol_unsigned(sandbox):
    client = sandbox.connect("smtp.example.org", 25)
    client.ehlo()
    client.mail(ALICE)
    client.rcpt(CAROL)
    client.data()
    client.content(CONTENT)
    client.quit()


def to_carol_from_bob(sandbox):
    hand_in(sandbox, CAROL, reverse_path=BOB)


def to_carol_without_reverse_path(sandbox):
    hand_in(sandbox, CAROL, reverse_path="")


def to_carol_without_goodbye(sandbox):
    hand_in(sandbox, CAROL, goodbye=False)


def to_carol_without_content(sandbox):
    client = signed_in(sandbox)
    client.mail(ALICE)
    client.rcpt(CAROL)
    client.quit()


def to_bob(sandbox):
    hand_in(sandbox, BOB)


def to_both(sandbox):
    hand_in(sandbox, CAROL, BOB)


def to_both_in_the_other_order(sandbox):
    hand_in(sandbox, BOB, CAROL, reverse_path=CAROL, goodbye=False)


def to_each_alone(sandbox):
    hand_in(sandbox, BOB)
    hand_in(sandbox, CAROL)


def to_both_and_nobody(sandbox):
    hand_in(sandbox, BOB, CAROL, NOBODY)


def to_nobody(sandbox):
    hand_in(sandbox, NOBODY)


def to_nobody_and_bob_in_turn(sandbox):
    client = signed_in(sandbox)
    for forward_path in (BOB, NOBODY):
        client.mail(ALICE)
        client.rcpt(forward_path)
        client.data()
        client.content(CONTENT)


def to_nobody_in_capitals(sandbox):
    hand_in(sandbox, "NOBODY@Example.Net", reverse_path="ALICE@EXAMPLE.ORG")


def to_nobody_with_a_report_of_her_own(sandbox):
    client = signed_in(sandbox)
    client.mail(ALICE)
    client.rcpt(NOBODY, {"NOTIFY": "NEVER"})
    client.data()
    client.content(CONTENT)
    client.mail("")
    client.rcpt(ALICE)
    client.data()
    client.content(b"Final-Recipient: rfc822; nobody@example.net\r\n\r\n" + CONTENT)


def to_nobody_straight(sandbox):
    client = sandbox.connect("mx.example.net", 25)
    client.ehlo()
    client.mail(ALICE)
    client.rcpt(NOBODY)
    client.quit()


def to_nobody_from_carol(sandbox):
    hand_in(sandbox, NOBODY, reverse_path=CAROL)


def to_nobody_without_reverse_path(sandbox):
    hand_in(sandbox, NOBODY, reverse_path="")


RIGHT = {
    "1.1": (
        to_carol,
        to_carol_by_octets_on_465,
        to_carol_by_console,
        to_carol_by_smtplib,
        to_carol_in_chunks,
    ),
    "1.2": (to_both, to_both_in_the_other_order),
    "1.3": (to_nobody, to_nobody_and_bob_in_turn, to_nobody_in_capitals),
}
WRONG = {
    "1.1": (
        (to_bob, "a mail object for carol@example.org alone, with alice@example.org as"),
        (to_carol_unsigned, "steps 1 and 2: a session with smtp.example.org in which AUTH got 235"),
        (to_carol_from_bob, "with alice@example.org as reverse-path"),
        (to_carol_without_reverse_path, "with alice@example.org as reverse-path"),
        (to_carol_without_content, "the content is still to come."),
        (to_carol_without_goodbye, "the fifth step: QUIT as the last command"),
        (to_both, "a mail object for carol@example.org alone, with alice@example.org as"),
    ),
    "1.2": (
        (to_each_alone, "Two separate mails do not count."),
        (to_carol, "one mail transaction with two RCPT commands"),
        (to_both_and_nobody, "one mail transaction with two RCPT commands"),
    ),
    "1.3": (
        (to_nobody_straight, "that the submission server took with 250."),
        (to_nobody_from_carol, "a mail object from alice@example.org for nobody@example.net"),
        (to_nobody_without_reverse_path, "a mail object from alice@example.org"),
        (to_nobody_with_a_report_of_her_own, "the report in Alice's Inbox."),
    ),
}
