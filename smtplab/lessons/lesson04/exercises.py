"""The exercises of lesson 04."""

from smtplab.lessons.lesson04.conditions import (
    ascii_on_the_wire,
    both_have_it,
    came_out,
    failed,
    for_both,
    names_no_witness,
    other_letters,
    subject_arrived,
    to_names_bob,
    told_there,
    two_senders,
    with_attachment,
    with_every_octet,
)
from smtplab.lessons.task import Exercise, Step

EXERCISES = (
    Exercise(
        "4.1",
        "a witness",
        (
            Step(
                "the same letter taken for bob@example.net and for postmaster@example.net",
                "one letter for both in one session: RCPT for bob@example.net and RCPT for "
                "postmaster@example.net, or one transaction for each.",
                for_both,
                1,
            ),
            Step(
                "To names bob@example.net",
                "the field To with bob@example.net in the header section.",
                to_names_bob,
                2,
            ),
            Step(
                "Bob's copy holds nothing of postmaster",
                "secrecy: the word postmaster stands in Bob's copy. Is it in Bcc, Cc or the body?",
                names_no_witness,
                2,
            ),
            Step("in both Inboxes", "the letter in both Inboxes.", both_have_it, 3),
        ),
        (
            "A blind copy is one more RCPT, and nothing in the content.",
            "from_email(message) reads To and Bcc for the envelope and takes Bcc out of the "
            "content.",
            "mail = from_email(message); then client.mail(...), client.rcpt(path) for each of "
            "mail.envelope.forward_paths, client.data(), client.content(mail.content), at "
            "mx.example.net, port 25.",
        ),
        "The envelope knew two recipients, the content one. That is all of Bcc.",
    ),
    Exercise(
        "4.2",
        "the bounce goes where you say",
        (
            Step(
                "a content taken whose From is not the reverse-path",
                "a mail that was taken, whose From names another mailbox than MAIL FROM did; "
                "neither may be empty.",
                two_senders,
                1,
            ),
            Step(
                "a report that it could not be delivered",
                "a report of failure. The server must have taken the mail first, and then have "
                "met a 5yz at the next server. A mailbox that does not exist does that.",
                failed,
                2,
            ),
            Step(
                "that report in the Inbox of the reverse-path",
                "the report in the Inbox of the reverse-path: is that a mailbox that exists?",
                told_there,
                3,
            ),
        ),
        (
            "client.mail(...) sets the reverse-path. From is a line of the content.",
            "client = signed_in(sandbox), and RCPT for nina@example.net. At mx.example.net you "
            "would hear 550 at once, and there is nothing to report.",
            "Reverse-path carol@example.org, From alice@example.org. Then look into "
            'sandbox.inbox("carol@example.org").',
        ),
        "You said where the report goes, and From had no part in it.",
    ),
    Exercise(
        "4.3",
        "octet by octet",
        (
            Step(
                "a mail with an attachment, taken for bob@example.net alone",
                "a mail for bob@example.net alone with a part that is an attachment "
                "(Content-Disposition).",
                with_attachment,
                1,
            ),
            Step(
                "the attachment holds the 256 octets, in order",
                "bytes(range(256)) as what the attachment holds. Yours holds something else.",
                with_every_octet,
                2,
            ),
            Step("in Bob's Inbox", "this mail in Bob's Inbox.", came_out, 3),
        ),
        (
            "EmailMessage has the method add_attachment. Section 5 shows it.",
            'message.add_attachment(bytes(range(256)), maintype="application", '
            'subtype="octet-stream", filename="all.bin")',
            "Then from_email(message), and its content through mail, rcpt, data, content. The "
            "octets alone, without base64, would be refused with 554.",
        ),
        "Octets 0, 10, 13 and 255 went through a protocol of text lines, because base64 made "
        "letters of them.",
    ),
    Exercise(
        "4.4",
        "a subject beyond ASCII",
        (
            Step(
                "a mail for bob@example.net alone whose Subject has a letter outside ASCII",
                "a mail for bob@example.net alone whose Subject, as a mail program reads it, has "
                "a letter outside ASCII.",
                other_letters,
                1,
            ),
            Step(
                "its header section is ASCII on the wire",
                "encoded words: the header section went out with octets above 127.",
                ascii_on_the_wire,
                2,
            ),
            Step("in Bob's Inbox", "this mail in Bob's Inbox.", subject_arrived, 3),
        ),
        (
            'message["Subject"] takes any text.',
            "from_email(message).content holds encoded words; a text that you encode yourself "
            "with .encode() does not.",
            'By hand: b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\\r\\n\\r\\n..." as the content.',
        ),
        "An encoded word: ASCII for every server on the way, your letters for Bob.",
    ),
)
