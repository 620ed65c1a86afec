"""Lesson 04: right ways and wrong ones."""

from email.message import EmailMessage

from smtplab import from_email, send
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


def witness_by_smtplib(sandbox):
    server = sandbox.smtplib("mx.example.net", 25)
    server.send_message(message(Bcc=POSTMASTER))
    server.quit()


def witness_without_a_domain(sandbox):
    hand_in(sandbox, [BOB, "Postmaster"], from_email(message()).content)


def witness_named_in_base64(sandbox):
    made = message()
    made.set_content("A copy goes to postmaster@example.net.\n", cte="base64")
    hand_in(sandbox, [BOB, POSTMASTER], from_email(made).content)


def witness_in_an_encoded_word(sandbox):
    fields = b"From: alice@example.org\r\nTo: bob@example.net\r\n"
    hand_in(sandbox, [BOB, POSTMASTER], fields + b"Cc: =?utf-8?q?p=6Fstmaster?=\r\n\r\nHi.\r\n")


def witness_in_another_session(sandbox):
    for forward_path in (BOB, POSTMASTER):
        hand_in(sandbox, [forward_path], from_email(message()).content)


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


def two_different_letters(sandbox):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    transaction(client, ALICE, [BOB], from_email(message()).content)
    transaction(client, ALICE, [POSTMASTER], from_email(message("Something else")).content)


# 4.2


def from_alice_report_to_carol(sandbox, forward_path=NINA):
    transaction(signed_in(sandbox), CAROL, [forward_path], from_email(message()).content)


def by_the_field_sender(sandbox):
    mail = from_email(message(Sender=CAROL, Cc="disabled@example.net"))
    reverse_path, forward_paths = mail.envelope.reverse_path, mail.envelope.forward_paths
    transaction(signed_in(sandbox), reverse_path, forward_paths, mail.content)


def report_to_the_other_provider(sandbox):
    transaction(signed_in(sandbox, CAROL), BOB, [NINA], from_email(message()).content)


def report_to_carol_in_capitals(sandbox):
    mail = from_email(message())
    transaction(signed_in(sandbox), "CAROL@Example.Org", [BOB, NINA], mail.content)


def a_report_of_ones_own(sandbox):
    content = from_email(message()).content
    client = signed_in(sandbox)
    transaction(client, CAROL, [BOB], content)
    transaction(client, "", [CAROL], b"Subject: Report\r\n\r\nAction: failed\r\n" + content)


def the_same_content_twice(sandbox):
    client = signed_in(sandbox)
    transaction(client, CAROL, [BOB], from_email(message()).content)
    transaction(client, ALICE, [NINA], from_email(message()).content)


def both_the_same(sandbox):
    transaction(signed_in(sandbox), ALICE, [NINA], from_email(message()).content)


def it_was_delivered(sandbox):
    from_alice_report_to_carol(sandbox, BOB)


def a_report_of_another_mail(sandbox):
    both_the_same(sandbox)
    content = b"From: carol@example.org\r\nTo: bob@example.net\r\nSubject: x\r\n\r\nHi.\r\n"
    transaction(signed_in(sandbox), ALICE, [BOB], content)


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


def every_octet_by_smtplib(sandbox):
    made = message("A file")
    made.add_attachment(OCTETS, maintype="application", subtype="octet-stream", filename="a")
    server = sandbox.smtplib("mx.example.net", 25)
    server.send_message(made)
    server.quit()


def every_octet_as_it_is_in_a_chunk(sandbox):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    client.mail(ALICE, {"BODY": "BINARYMIME"})
    client.rcpt(BOB)
    fields = b"MIME-Version: 1.0\r\nContent-Disposition: attachment\r\n"
    fields += b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
    client.bdat(fields + b"\r\n" + OCTETS, last=True)


def backwards(sandbox):
    hand_in(sandbox, [BOB], parcel(OCTETS[::-1]))


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


def greetings_by_send(sandbox):
    send([from_email(message("Привет"))], lambda: signed_in(sandbox))


def a_smile(sandbox):
    hand_in(sandbox, [BOB], from_email(message("Hello \N{GRINNING FACE} \N{EN DASH} Bob")).content)


def letters_in_another_field_raw(sandbox):
    fields = "From: Ä <alice@example.org>\r\nSubject: =?utf-8?q?=C3=BC?=\r\n"
    hand_in(sandbox, [BOB], fields.encode() + b"\r\nHi.\r\n")


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
        witness_by_smtplib,
        witness_without_a_domain,
    ),
    "4.2": (
        from_alice_report_to_carol,
        by_the_field_sender,
        report_to_the_other_provider,
        report_to_carol_in_capitals,
    ),
    "4.3": (
        every_octet,
        every_octet_quoted_printable_through_the_msa,
        every_octet_by_smtplib,
        every_octet_as_it_is_in_a_chunk,
    ),
    "4.4": (greetings_by_from_email, greetings_by_hand, greetings_by_send),
}
WRONG = {
    "4.1": (
        (witness_forgotten, "one letter for both in one session"),
        (two_different_letters, "one letter for both in one session"),
        (witness_without_to, "the field To with bob@example.net in the header section."),
        (witness_left_in_the_content, "secrecy: the word postmaster stands in Bob's copy."),
        (witness_in_cc, "secrecy: the word postmaster stands in Bob's copy."),
        (witness_named_in_base64, "secrecy: the word postmaster stands in Bob's copy."),
        (witness_in_an_encoded_word, "secrecy: the word postmaster stands in Bob's copy."),
        (witness_in_another_session, "one letter for both in one session"),
    ),
    "4.2": (
        (both_the_same, "a mail that was taken, whose From names another mailbox"),
        (refused_at_once, "a mail that was taken, whose From names another mailbox"),
        (no_report_wanted, "neither may be empty."),
        (it_was_delivered, "a report of failure."),
        (a_report_of_ones_own, "a report of failure."),
        (the_same_content_twice, "in the Inbox of the reverse-path"),
        (a_report_of_another_mail, "a report of failure."),
        (only_not_now, "a report of failure."),
        (nobody_there_to_read_it, "in the Inbox of the reverse-path: is that a mailbox that"),
    ),
    "4.3": (
        (octets_as_they_are, "a mail for bob@example.net alone with a part that is an attachment"),
        (octets_as_a_body, "a mail for bob@example.net alone with a part that is an attachment"),
        (octets_for_postmaster, "a mail for bob@example.net alone with a part"),
        (one_octet_missing, "bytes(range(256)) as what the attachment holds."),
        (backwards, "bytes(range(256)) as what the attachment holds."),
        (as_hexadecimal_digits, "bytes(range(256)) as what the attachment holds."),
    ),
    "4.4": (
        (greetings_in_the_body, "has a letter outside ASCII."),
        (a_charset_that_nobody_knows, "has a letter outside ASCII."),
        (broken_base64, "has a letter outside ASCII."),
        (a_smile, "has a letter outside ASCII."),
        (letters_in_another_field_raw, "encoded words: the header section went out with octets"),
        (greetings_in_raw_utf_8, "encoded words: the header section went out with octets"),
    ),
}
