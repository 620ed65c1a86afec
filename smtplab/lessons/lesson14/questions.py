"""Lesson 14: its questions."""

from __future__ import annotations

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "Python's smtplib, starttls() without an argument: is the server's certificate checked?",
        {
            "a": Option("Yes.", "Many believe so. In the standard library it is not."),
            "b": Option(
                "No. Give it ssl.create_default_context().",
                "Without a context the connection is encrypted, but to whom is not known.",
                right=True,
            ),
            "c": Option(
                "Only on port 465.",
                "SMTP_SSL without a context does not check either.",
            ),
        },
        "RFC 8314, 5.3",
    ),
    Question(
        "A mail program says 'SSL/TLS' for port 587, and cannot connect. Why?",
        {
            "a": Option(
                "It begins TLS at once, and the server waits with a greeting in plain text.",
                "587 wants STARTTLS, 465 wants TLS from the first octet.",
                right=True,
            ),
            "b": Option(
                "The password is wrong.",
                "The program did not come as far as the password.",
            ),
            "c": Option(
                "Port 587 is never encrypted.",
                "It is, after STARTTLS.",
            ),
        },
        "RFC 8314, 3.3; RFC 3207, 4",
    ),
    Question(
        "Your program signs in at Gmail with the password of the account, and reads 534 5.7.9. "
        "What does it want?",
        {
            "a": Option(
                "Another port.",
                "The reply came after TLS and AUTH: the way was right.",
            ),
            "b": Option(
                "A pause.",
                "The code begins with 5. The same attempt will fail again.",
            ),
            "c": Option(
                "An app password, or an OAuth token.",
                "Large providers do not take the account's own password from programs.",
                right=True,
            ),
        },
        "RFC 4954, 6",
    ),
    Question(
        "Why does a mail program need POP3 or IMAP beside SMTP?",
        {
            "a": Option(
                "SMTP brings mail to a server; it has no command that fetches it from a mailbox.",
                "POP3 hands mail over, IMAP lets several programs work in one mailbox.",
                right=True,
            ),
            "b": Option(
                "SMTP is not encrypted.",
                "All three can be, and all three can be used without.",
            ),
            "c": Option(
                "SMTP is too slow for reading.",
                "It is not a question of speed: reading is no part of it.",
            ),
        },
        "RFC 5321, 1.1; RFC 1939, 1",
    ),
    Question(
        "At home every connection to port 25 times out; 587 and 465 work. What is the matter?",
        {
            "a": Option(
                "All mail servers are down.",
                "Then 587 would not work either.",
            ),
            "b": Option(
                "Your access provider blocks outgoing port 25, against spam. Use submission.",
                "A program of yours hands mail in at 465 or 587. Port 25 is between servers.",
                right=True,
            ),
            "c": Option(
                "Port 25 was replaced by 587.",
                "Between servers it is still the one port.",
            ),
        },
        "RFC 6409, 3.1; RFC 5321, 4.5.4.2",
    ),
)
