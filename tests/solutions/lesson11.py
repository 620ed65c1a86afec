"""Lesson 11: right ways and wrong ones."""

from smtplab import Console
from smtplab.lessons import fresh_session

EHLO, MAIL = "EHLO laptop.example.org", "MAIL FROM:<win@spam.example>"
TO_BOB, TO_RITA = "RCPT TO:<bob@example.net>", "RCPT TO:<rita@relay.example>"
BANK = b"From: Bank <service@bank.example>\r\nSubject: Urgent\r\n\r\nHello.\r\n"
ALICE = b"From: Alice <alice@example.org>\r\nSubject: Hello\r\n\r\nHello.\r\n"
SPAM = b"From: Win <win@spam.example>\r\nSubject: Hello\r\n\r\nHello.\r\n"
FIRST = b"From: Mallory <mallory@careless.example>\r\nSubject: Hello\r\n\r\nHello.\n.\r\n"
SECOND = (
    b"MAIL FROM:<grace@careless.example>\r\nRCPT TO:<erin@lax.example>\r\nDATA\r\n"
    b"From: Grace <grace@careless.example>\r\nSubject: Two\r\n\r\nPay.\r\n.\r\n"
)


# 11.1


def at_the_relay(sandbox, *lines, is_open=False):
    sandbox.add_host("open-relay")
    sandbox.policy("mail.relay.example").open_relay = is_open
    return fresh_session(sandbox, "mail.relay.example", 25, EHLO, MAIL, *lines)


def closed(sandbox):
    at_the_relay(sandbox, TO_BOB, TO_RITA)


def closed_in_the_middle(sandbox):
    client = at_the_relay(sandbox, TO_BOB, TO_RITA, is_open=True)
    sandbox.policy("mail.relay.example").open_relay = False
    client.rcpt("Bob@example.net")


def closed_by_smtplib(sandbox):
    at_the_relay(sandbox)
    server = sandbox.smtplib("mail.relay.example", 25)
    server.ehlo()
    server.mail("alice@example.org")
    server.rcpt("RITA@relay.example")
    server.rcpt("Bob@Example.Net")
    server.quit()


def open_with_a_fault_in_front(sandbox):
    sandbox.faults.add("RCPT@host:mail.relay.example#1=550 5.7.1 Relaying denied")
    lines = MAIL, "RCPT TO:<bob@example.net>", "RCPT TO:<rita@relay.example>"
    at_the_relay(sandbox, *lines, is_open=True)


def carol_refused_in_place_of_bob(sandbox):
    at_the_relay(sandbox, MAIL, "RCPT TO:<carol@example.org>", "RCPT TO:<rita@relay.example>")


def still_open(sandbox):
    at_the_relay(sandbox, TO_BOB, TO_RITA, is_open=True)


def nobody_at_the_relay(sandbox):
    at_the_relay(sandbox, "RCPT TO:<nobody@relay.example>", TO_RITA)


def only_the_refusal(sandbox):
    at_the_relay(sandbox, TO_BOB)


def refused_elsewhere(sandbox):
    fresh_session(sandbox, "mx.example.net", 25, EHLO, MAIL, TO_RITA)


# 11.2


def contents_at_mx(sandbox, *contents, mail=MAIL):
    client = fresh_session(sandbox, "mx.example.net", 25, EHLO)
    for content in contents:
        for line in (mail, TO_BOB, "DATA"):
            client.send_raw(line.encode() + b"\r\n")
        client.content(content)


def bank_then_alice(sandbox):
    contents_at_mx(sandbox, BANK, ALICE)


def alice_then_bank_by_console(sandbox):
    console = Console(sandbox, "mx.example.net", 25)
    console.send(EHLO)
    for content in (ALICE, BANK):
        for line in (MAIL, TO_BOB, "DATA", content.decode().replace("\r\n", "\n")):
            console.send(line)


def bank_then_a_null_reverse_path(sandbox):
    bank_alone(sandbox)
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    for reverse_path, author in (("win@spam.example", "service@bank.example"), ("", "a@b.example")):
        client.mail(reverse_path)
        client.rcpt("bob@example.net")
        client.data()
        client.content(f"From: {author}\r\nSubject: Hi\r\n\r\nHi.\r\n".encode())


def bank_alone(sandbox):
    contents_at_mx(sandbox, BANK)


def bank_then_a_mail_with_one_name(sandbox):
    contents_at_mx(sandbox, BANK, SPAM)


def alice_alone(sandbox):
    contents_at_mx(sandbox, ALICE)


def bank_in_the_envelope(sandbox):
    contents_at_mx(sandbox, ALICE, mail="MAIL FROM:<service@bank.example>")


def bank_then_one_for_junk(sandbox):
    contents_at_mx(sandbox, BANK, ALICE.replace(b"alice@example.org", b"win@shop.example"))


def bank_at_another_host(sandbox):
    at_the_relay(sandbox, TO_RITA, "DATA").content(BANK)


# 11.3


def smuggle(sandbox, content, line_ends):
    sandbox.add_host("careless-sender")
    sandbox.add_host("lax-receiver")
    sandbox.policy("mx.lax.example").line_ends = line_ends
    client = sandbox.connect("smtp.careless.example", 465)
    client.ehlo()
    client.auth("mallory@careless.example", "two-in-one", "PLAIN")
    client.mail("mallory@careless.example")
    client.rcpt("erin@lax.example")
    client.data()
    client.send_raw(content)
    sandbox.settle()


def refused_by_a_strict_receiver(sandbox):
    smuggle(sandbox, FIRST + SECOND, "strict")


def attacked_then_repaired(sandbox):
    content = FIRST.replace(b"\n.\r\n", b"\n.\n") + SECOND
    smuggle(sandbox, content, "bare-lf")
    smuggle(sandbox, content, "strict")


def smuggled_and_taken(sandbox):
    smuggle(sandbox, FIRST + SECOND, "bare-lf")


def nothing_hidden(sandbox):
    smuggle(sandbox, ALICE + b".\r\n", "strict")


def straight_to_the_receiver(sandbox):
    sandbox.add_host("lax-receiver")
    sandbox.policy("mx.lax.example").line_ends = "strict"
    opening = ["MAIL FROM:<mallory@careless.example>", "RCPT TO:<erin@lax.example>", "DATA"]
    client = fresh_session(sandbox, "mx.lax.example", 25, EHLO, *opening)
    client.send_raw(FIRST + SECOND)


def refused_by_a_strict_sender(sandbox):
    sandbox.add_host("careless-sender")
    sandbox.policy("smtp.careless.example").line_ends = "strict"
    smuggle(sandbox, FIRST + SECOND, "bare-lf")


# 11.4


def ask(sandbox, *lines):
    sandbox.policy("mx.example.net").vrfy = "answers"
    client = fresh_session(sandbox, "mx.example.net", 25, EHLO, "VRFY bob")
    sandbox.policy("mx.example.net").vrfy = "not told"
    for line in lines:
        client.send_raw(line.encode() + b"\r\n")


def told_then_not(sandbox):
    ask(sandbox, "VRFY bob", "VRFY nina", MAIL, "RCPT TO:<nina@example.net>")


def told_then_not_in_full(sandbox):
    ask(sandbox, MAIL, "RCPT TO:<otto@example.net>", "VRFY <otto@example.net>", "VRFY BOB")


def told_then_not_in_small_letters(sandbox):
    ask(sandbox, "vrfy <Bob@example.net>", "vrfy nina", MAIL, "rcpt to:<Nina@Example.Net>")


def told_then_not_about_postmaster(sandbox):
    sandbox.policy("mx.example.net").vrfy = "answers"
    client = fresh_session(sandbox, "mx.example.net", 25, EHLO, "VRFY postmaster")
    sandbox.policy("mx.example.net").vrfy = "not told"
    for line in ("VRFY postmaster", "VRFY nina", MAIL, "RCPT TO:<nina@example.net>"):
        client.send_raw(line.encode() + b"\r\n")


def refused_as_a_stranger(sandbox):
    ask(sandbox, "VRFY bob", MAIL, "RCPT TO:<bob@example.org>")


def told_only(sandbox):
    ask(sandbox)


def never_told(sandbox):
    fresh_session(sandbox, "mx.example.net", 25, EHLO, "VRFY bob")


def another_name_not_told(sandbox):
    ask(sandbox, "VRFY nina")


def asked_by_rcpt_for_bob(sandbox):
    ask(sandbox, "VRFY bob", MAIL, TO_BOB)


RIGHT = {
    "11.1": (closed, closed_in_the_middle, closed_by_smtplib),
    "11.2": (bank_then_alice, alice_then_bank_by_console),
    "11.3": (refused_by_a_strict_receiver, attacked_then_repaired),
    "11.4": (told_then_not, told_then_not_in_full, told_then_not_in_small_letters),
}
WRONG = {
    "11.1": (
        (still_open, "this relay still takes a recipient of any domain"),
        (nobody_at_the_relay, "leave it so, then send RCPT for bob@example.net."),
        (open_with_a_fault_in_front, "Change its policy and leave it so"),
        (carol_refused_in_place_of_bob, "then send RCPT for bob@example.net"),
        (only_the_refusal, "a closed relay still takes mail for its own people."),
        (refused_elsewhere, "a session of yours with mail.relay.example, port 25."),
    ),
    "11.2": (
        (bank_alone, "one domain in MAIL and another one in From"),
        (bank_then_a_mail_with_one_name, "one domain in MAIL and another one in From"),
        (bank_then_one_for_junk, "and Bob finds it in his Inbox."),
        (bank_at_another_host, "a session of yours with mx.example.net on port 25."),
        (bank_then_a_null_reverse_path, "one domain in MAIL and another one in From"),
        (alice_alone, "a mail for Bob whose From is a mailbox at bank.example"),
        (bank_in_the_envelope, "a mail for Bob whose From is a mailbox at bank.example"),
    ),
    "11.3": (
        (smuggled_and_taken, "As long as its line ends are lax, it takes two."),
        (nothing_hidden, "the smuggler's content, taken by smtp.careless.example with 250"),
        (straight_to_the_receiver, "a session of yours with smtp.careless.example."),
        (refused_by_a_strict_sender, "the smuggler's content, taken by smtp.careless.example"),
    ),
    "11.4": (
        (told_only, "in the same session the same VRFY gets 252."),
        (never_told, "VRFY for Bob with the reply 250."),
        (another_name_not_told, "in the same session the same VRFY gets 252."),
        (asked_by_rcpt_for_bob, "a name that VRFY leaves open with 252"),
        (told_then_not_about_postmaster, "VRFY for Bob with the reply 250."),
        (refused_as_a_stranger, "a name that VRFY leaves open with 252"),
    ),
}
