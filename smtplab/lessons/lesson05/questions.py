"""The questions of lesson 05."""

from __future__ import annotations

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "A mail program should hand in mail. Which settings fit together?",
        {
            "a": Option(
                "465 and SSL/TLS",
                "TLS comes first at 465. RFC 8314 recommends it for submission.",
                right=True,
            ),
            "b": Option(
                "587 and SSL/TLS",
                "587 begins in plaintext. A client that begins with TLS reads 220 as a record: "
                "wrong version number.",
            ),
            "c": Option(
                "25 and STARTTLS",
                "25 is for servers. There is no AUTH, and mail for other domains is refused.",
            ),
        },
        "RFC 8314, 3.3",
    ),
    Question(
        "Is port 25 outdated?",
        {
            "a": Option(
                "Yes, 587 has replaced it.",
                "587 replaced it for people only. Servers do not call each other there.",
            ),
            "b": Option(
                "No. Servers hand mail to each other there.",
                "An MX record has no place for a port, so all servers meet at 25.",
                right=True,
            ),
            "c": Option(
                "Yes, since it has no TLS.",
                "It has: STARTTLS, where both servers can.",
            ),
        },
        "RFC 8314, 7.3; RFC 5321, 4.5.4.2",
    ),
    Question(
        "At port 25 of your provider you read 550 5.7.1 Relaying denied. What helps?",
        {
            "a": Option(
                "Another recipient's address.",
                "The address is right. This server is not the one that has its mailbox.",
            ),
            "b": Option(
                "Trying again in an hour.",
                "5 says: it will fail again. Nothing changes with time here.",
            ),
            "c": Option(
                "465 or 587, and signing in.",
                "There the server knows you, and relays for its own users.",
                right=True,
            ),
        },
        "RFC 5321, 7.9; RFC 6409, 4.3",
    ),
    Question(
        "A program prints 'wrong version number' when it connects. What happened?",
        {
            "a": Option(
                "The server's TLS is too old.",
                "Then the two would have spoken TLS. The text would name a protocol version.",
            ),
            "b": Option(
                "It began TLS where the server speaks plaintext first.",
                "The greeting's first octets were read as the head of a TLS record.",
                right=True,
            ),
            "c": Option(
                "The program is too old for the server.",
                "A new program says the same at a port that begins in plaintext.",
            ),
        },
        "RFC 8446, 5.1",
    ),
    Question(
        "From a rented server in a cloud, port 25 times out for every host. 587 works. Why?",
        {
            "a": Option(
                "All those hosts are down.",
                "All of them at once, on one port only? Something stands in front of you.",
            ),
            "b": Option(
                "Port 25 needs a certificate.",
                "It does not. And a missing certificate would be told, not silence.",
            ),
            "c": Option(
                "The cloud blocks port 25.",
                "Many do, against spam. Hand the mail to a provider at 587 or 465.",
                right=True,
            ),
        },
        "RFC 5068",
    ),
)
