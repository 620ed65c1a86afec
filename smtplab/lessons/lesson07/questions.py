"""The quiz of lesson 07."""

from __future__ import annotations

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "A log file shows 'AUTH PLAIN AGFsaWNl...'. What has leaked?",
        {
            "a": Option("Nothing: it is encrypted.", "Base64 has no key. Anyone can turn it back."),
            "b": Option(
                "The password itself.",
                "The line holds name and password, written in other letters. Change the password.",
                right=True,
            ),
            "c": Option(
                "A digest that is good once.",
                "That would be CRAM-MD5 or SCRAM. PLAIN sends the password.",
            ),
        },
        "RFC 4616, 2; RFC 4954, 4",
    ),
    Question(
        "Your program reads 535 5.7.8 at night. What should it do?",
        {
            "a": Option(
                "Stop, keep the mail, and tell somebody.",
                "5 means: the same again will fail again. New credentials are needed.",
                right=True,
            ),
            "b": Option(
                "Try again every minute.",
                "That looks like an attack, and may lock the account.",
            ),
            "c": Option(
                "Send the mail without AUTH.",
                "The submission server will refuse MAIL with 530.",
            ),
        },
        "RFC 4954, 6",
    ),
    Question(
        "What does a server keep to check SCRAM-SHA-256?",
        {
            "a": Option(
                "The password.",
                "That is what CRAM-MD5 comes down to. SCRAM was made to avoid it.",
            ),
            "b": Option(
                "The client key.",
                "Whoever had the client key could sign in. The server keeps only its hash.",
            ),
            "c": Option(
                "Salt, count, a hash of the client key, and the server key.",
                "With these it can check a proof and make its own, but not sign in as you.",
                right=True,
            ),
        },
        "RFC 5802, 3",
    ),
    Question(
        "Port 587, before STARTTLS: you send AUTH PLAIN and read 530. Is your password safe?",
        {
            "a": Option(
                "Yes: the server refused it.",
                "It refused after the line had crossed the network in the clear.",
            ),
            "b": Option(
                "No: it was readable on the way.",
                "Only the client can prevent that: TLS first, then AUTH.",
                right=True,
            ),
            "c": Option(
                "Yes: 587 is always encrypted.",
                "587 begins in the clear. STARTTLS changes that, and 465 begins with TLS.",
            ),
        },
        "RFC 4954, 4; RFC 3207, 4",
    ),
    Question(
        "Alice has signed in. Whose mailbox may stand in From?",
        {
            "a": Option(
                "Only hers: SMTP makes sure of it.",
                "SMTP does not look into the header section. A server may, if it wants.",
            ),
            "b": Option(
                "Anybody's: that is her right.",
                "Many servers refuse or rewrite what is not hers, and they may.",
            ),
            "c": Option(
                "What her server lets her use; the protocol itself does not say.",
                "Submission servers may check the rights of who signed in.",
                right=True,
            ),
        },
        "RFC 6409, 6.1",
    ),
)
