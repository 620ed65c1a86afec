"""The exercises of lesson 08."""

from smtplab.lessons.lesson08.conditions import (
    asked_for_success,
    declared_less_after_it,
    declared_too_much,
    dot_line_arrived,
    mail_with_size,
    mail_with_size_arrived,
    marked,
    reads_whole,
    reported,
    two_chunks,
    with_a_dot_line,
    with_mime,
)
from smtplab.lessons.task import Exercise, Step

EXERCISES = (
    Exercise(
        "8.1",
        "how much is too much?",
        (
            Step(
                "MAIL with SIZE= refused with 552",
                "MAIL with a SIZE= that is too much for port 25 of smtp.example.org: it gets 552 "
                "before any content.",
                declared_too_much,
                1,
            ),
            Step(
                "later in the same session: MAIL with another SIZE= and 250",
                "MAIL with a SIZE= that is taken with 250, in the same session and after the 552.",
                declared_less_after_it,
                2,
            ),
            Step(
                "with it, mail for carol@example.org alone, taken with 250",
                "a mail object for carol@example.org alone, handed in with that declared size.",
                mail_with_size,
                3,
            ),
            Step(
                "that mail in Carol's Inbox",
                "the mail in Carol's Inbox.",
                mail_with_size_arrived,
                3,
            ),
        ),
        (
            'The EHLO reply names the limit. client.mail("alice@example.org", {"SIZE": ...}) with '
            "more than that.",
            "A refused MAIL opens nothing. Send MAIL again with a small number.",
            "Then rcpt, data, content. The content may be a little smaller than declared.",
        ),
        "552 came after one line instead of after the whole content.",
    ),
    Exercise(
        "8.2",
        "tell me when it is there",
        (
            Step(
                "MAIL with ENVID=order-66 and 250",
                "MAIL with ENVID=order-66 and the reply 250, at port 25 of smtp.example.org.",
                marked,
                1,
            ),
            Step(
                "NOTIFY with SUCCESS, and the mail for carol@example.org alone taken",
                "in that mail transaction: RCPT for carol@example.org alone with NOTIFY=SUCCESS, "
                "and then a content that is taken.",
                asked_for_success,
                2,
            ),
            Step(
                "the report on order-66 in Alice's Inbox: delivered",
                "a report that says delivered for order-66, in Alice's Inbox. It goes to the "
                "reverse-path.",
                reported,
                3,
            ),
        ),
        (
            'client.mail("alice@example.org", {"ENVID": "order-66"}).',
            'client.rcpt("carol@example.org", {"NOTIFY": "SUCCESS"}), then data and content.',
            "The reverse-path must be alice@example.org: with <> nobody is told anything.",
        ),
        "Your own mark came back in the report, so a program knows which mail it is about.",
    ),
    Exercise(
        "8.3",
        "two chunks and a dot",
        (
            Step(
                "two BDAT or more with 250, the last with LAST",
                "at least two BDAT with the reply 250 in one mail transaction at port 25 of "
                "smtp.example.org, the last one with LAST.",
                two_chunks,
                1,
            ),
            Step(
                "in chunks: a mail for carol@example.org alone with a line that is one dot",
                "a line that is one dot in the body of a content that came by those BDAT, for "
                "carol@example.org alone. With BDAT nothing is doubled.",
                with_a_dot_line,
                2,
            ),
            Step("that mail in Carol's Inbox", "the mail in Carol's Inbox.", dot_line_arrived, 3),
        ),
        (
            'After mail and rcpt: client.bdat(b"Subject: Chunks\\r\\n\\r\\n"), then another with '
            "last=True.",
            'The line needs CR LF on both sides: b"before\\r\\n.\\r\\nafter\\r\\n".',
            "The forward-path is carol@example.org, and no other.",
        ),
        "The dot was one octet among others: nobody looked for it.",
    ),
    Exercise(
        "8.4",
        "an umlaut for Oskar",
        (
            Step(
                "a mail with MIME fields for oskar@old.example alone, taken with 250",
                "a mail object for oskar@old.example alone, with MIME-Version in its header "
                "section, that some server took from you.",
                with_mime,
                1,
            ),
            Step(
                "Grüße, whole, in Oskar's Inbox",
                "the word Grüße as Oskar's mail program shows it. What goes to his server must be "
                "ASCII on the wire: quoted-printable or base64.",
                reads_whole,
                2,
            ),
        ),
        (
            'sandbox.add_host("old-server"). MIME-Version: 1.0, Content-Type: text/plain; '
            "charset=utf-8, and Content-Transfer-Encoding stand in the header section.",
            "In quoted-printable the word is Gr=C3=BC=C3=9Fe.",
            "Or hand it in with eight bits at a server that offers 8BITMIME and delivers to "
            "others: signed_in(sandbox), BODY=8BITMIME. It converts for you.",
        ),
        "Seven bits are enough for any text, if both ends agree how it is written.",
    ),
)
