"""Lesson 04: right ways and wrong ones."""

from email.message import EmailMessage

from smtplab import from_email
from smtplab.lessons import fresh_session, signed_in

ALICE, BOB, CAROL = "alice@example.org", "bob@example.net", "carol@example.org"
POSTMASTER, NINA = "postmaster@example.net", "nina@example.net"
OCTETS = bytes(range(256))


def hand_in(sandbox, forward_paths, content):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    transaction(client, ALICE, forward_paths, content)


def transaction(client, reverse_path, forward_paths, content):
    client.mail(reverse_path)
    for forward_path in forward_paths:
        client.rcpt(forward_path)
    client.data()
    client.content(content)


def message(subject="Hello", **fields):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = ALICE, BOB, subject
    for name, value in fields.items():
        made[name] = value
    made.set_content("Hello.\n")
    return made


# 4.1


def witness_by_from_email(sandbox):
    mail = from_email(message(Bcc=POSTMASTER))
    hand_in(sandbox, mail.envelope.forward_paths, mail.content)


def witness_in_a_transaction_of_its_own(sandbox):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    transaction(client, ALICE, [BOB], message().as_bytes().replace(b"\n", b"\r\n"))
    own = message(Bcc=POSTMASTER).as_bytes().replace(b"\n", b"\r\n")
    transaction(client, ALICE, ["Postmaster@Example.net"], own)


def witness_through_the_msa(sandbox):
    content = b"From: alice@example.org\r\nTo: Bob <BOB@example.net>\r\nSubject: x\r\n\r\nHi.\r\n"
    transaction(signed_in(sandbox), ALICE, [BOB, POSTMASTER], content)


def witness_left_in_the_content(sandbox):
    content = message(Bcc=POSTMASTER).as_bytes().replace(b"\n", b"\r\n")
    hand_in(sandbox, [BOB, POSTMASTER], content)


def witness_in_cc(sandbox):
    mail = from_email(message(Cc=POSTMASTER))
    hand_in(sandbox, mail.envelope.forward_paths, mail.content)


def witness_forgotten(sandbox):
    hand_in(sandbox, [BOB], from_email(message(Bcc=POSTMASTER)).content)


def witness_without_to(sandbox):
    hand_in(sandbox, [BOB, POSTMASTER], b"From: alice@example.org\r\nSubject: x\r\n\r\nHi.\r\n")


# 4.2


def from_alice_report_to_carol(sandbox, forward_path=NINA):
    transaction(signed_in(sandbox), CAROL, [forward_path], from_email(message()).content)


def by_the_field_sender(sandbox):
    mail = from_email(message(Sender=CAROL, Cc="disabled@example.net"))
    reverse_path, forward_paths = mail.envelope.reverse_path, mail.envelope.forward_paths
    transaction(signed_in(sandbox), reverse_path, forward_paths, mail.content)


def report_to_the_other_provider(sandbox):
    transaction(signed_in(sandbox, CAROL), BOB, [NINA], from_email(message()).content)


def both_the_same(sandbox):
    transaction(signed_in(sandbox), ALICE, [NINA], from_email(message()).content)


def it_was_delivered(sandbox):
    from_alice_report_to_carol(sandbox, BOB)


def refused_at_once(sandbox):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    client.mail(CAROL)
    client.rcpt(NINA)


def no_report_wanted(sandbox):
    transaction(signed_in(sandbox), "", [NINA], from_email(message()).content)


def only_not_now(sandbox):
    from_alice_report_to_carol(sandbox, "full@example.net")


def nobody_there_to_read_it(sandbox):
    transaction(signed_in(sandbox), "ghost@example.org", [NINA], from_email(message()).content)


# 4.3


def parcel(octets=OCTETS, **how):
    made = message("A file")
    how = how or {"maintype": "application", "subtype": "octet-stream"}
    made.add_attachment(octets, filename="all.bin", **how)
    return from_email(made).content


def every_octet(sandbox):
    hand_in(sandbox, [BOB], parcel())


def every_octet_quoted_printable_through_the_msa(sandbox):
    made = parcel(maintype="image", subtype="x-all", cte="quoted-printable")
    transaction(signed_in(sandbox), ALICE, [BOB], made)


def one_octet_missing(sandbox):
    hand_in(sandbox, [BOB], parcel(OCTETS[:-1]))


def octets_as_a_body(sandbox):
    made = message()
    made.set_content(OCTETS, maintype="application", subtype="octet-stream")
    hand_in(sandbox, [BOB], from_email(made).content)


def octets_as_they_are(sandbox):
    hand_in(sandbox, [BOB], b"Subject: A file\r\n\r\n" + OCTETS)


def as_hexadecimal_digits(sandbox):
    hand_in(sandbox, [BOB], parcel(OCTETS.hex().encode()))


def octets_for_postmaster(sandbox):
    hand_in(sandbox, [POSTMASTER], parcel())


# 4.4


def greetings_by_from_email(sandbox):
    hand_in(sandbox, [BOB], from_email(message("Grüße")).content)


def greetings_by_hand(sandbox):
    hand_in(sandbox, [BOB], b"Subject: =?ISO-8859-1?Q?Gr=FC=DFe?=\r\n\r\nHi.\r\n")


def greetings_in_raw_utf_8(sandbox):
    hand_in(sandbox, [BOB], "Subject: Grüße\r\n\r\nHi.\r\n".encode())


def greetings_in_the_body(sandbox):
    made = message()
    made.set_content("Grüße\n")
    hand_in(sandbox, [BOB], from_email(made).content)


def a_charset_that_nobody_knows(sandbox):
    hand_in(sandbox, [BOB], b"Subject: =?x-none?B?w7w=?=\r\n\r\nHi.\r\n")


def broken_base64(sandbox):
    hand_in(sandbox, [BOB], b"Subject: =?utf-8?B?a?=\r\n\r\nHi.\r\n")


RIGHT = {
    "4.1": (
        witness_by_from_email,
        witness_in_a_transaction_of_its_own,
        witness_through_the_msa,
    ),
    "4.2": (from_alice_report_to_carol, by_the_field_sender, report_to_the_other_provider),
    "4.3": (every_octet, every_octet_quoted_printable_through_the_msa),
    "4.4": (greetings_by_from_email, greetings_by_hand),
}
WRONG = {
    "4.1": (
        (witness_forgotten, "one letter for both in one session"),
        (witness_without_to, "the field To with bob@example.net in the header section."),
        (witness_left_in_the_content, "secrecy: the word postmaster stands in Bob's copy."),
        (witness_in_cc, "secrecy: the word postmaster stands in Bob's copy."),
    ),
    "4.2": (
        (both_the_same, "a mail that was taken, whose From names another mailbox"),
        (refused_at_once, "a mail that was taken, whose From names another mailbox"),
        (no_report_wanted, "neither may be empty."),
        (it_was_delivered, "a report of failure."),
        (only_not_now, "a report of failure."),
        (nobody_there_to_read_it, "in the Inbox of the reverse-path: is that a mailbox that"),
    ),
    "4.3": (
        (octets_as_they_are, "a mail for bob@example.net alone with a part that is an attachment"),
        (octets_as_a_body, "a mail for bob@example.net alone with a part that is an attachment"),
        (octets_for_postmaster, "a mail for bob@example.net alone with a part"),
        (one_octet_missing, "bytes(range(256)) as what the attachment holds."),
        (as_hexadecimal_digits, "bytes(range(256)) as what the attachment holds."),
    ),
    "4.4": (
        (greetings_in_the_body, "has a letter outside ASCII."),
        (a_charset_that_nobody_knows, "has a letter outside ASCII."),
        (broken_base64, "has a letter outside ASCII."),
        (greetings_in_raw_utf_8, "encoded words: the header section went out with octets"),
    ),
}
