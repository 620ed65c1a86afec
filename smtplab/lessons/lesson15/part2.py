"""Exam, part 2: ports, TLS, AUTH, service extensions (lessons 05 to 08)."""

from smtplab.lessons.lesson15.asking import ask

QUESTIONS = (
    ask(
        "Your program hands in mail at its provider. Which port does RFC 8314 recommend?",
        "RFC 8314, 3.3",
        "c",
        ("25.", "That is the port between servers; many networks close it for customers."),
        ("587.", "It is in wide use, and STARTTLS there is fine. It is not the first choice."),
        ("465.", "TLS from the first octet on, so nothing crosses the network unprotected."),
    ),
    ask(
        "Is port 25 out of date?",
        "RFC 5321, 4.5.4.2; RFC 6409, 3.1",
        "a",
        ("No: servers hand mail to each other there.", "Every MX listens on it, today as ever."),
        (
            "Yes, 587 with STARTTLS has taken its place.",
            "587 is for people and programs that sign in.",
        ),
        ("Yes, 465 has taken its place.", "No server delivers to another domain on 465."),
    ),
    ask(
        "A client speaks TLS at once on port 587. What does it tell its user?",
        "RFC 8314, 3.3; RFC 3207, 4",
        "b",
        ("'535 Authentication failed'.", "It does not come so far as to sign in."),
        (
            "'wrong version number' or the like.",
            "It takes the greeting for a TLS record: 587 begins in plain text.",
        ),
        ("Nothing: both ports are the same.", "465 begins with TLS, 587 with a line of text."),
    ),
    ask(
        "What has to follow STARTTLS, 220 and the handshake?",
        "RFC 3207, 4.2",
        "a",
        ("EHLO again.", "What was learnt before TLS does not count; the list may be another one."),
        ("AUTH at once.", "The server has forgotten EHLO, and answers 503."),
        ("A new connection.", "TLS goes on in the same one."),
    ),
    ask(
        "Somebody on the way takes STARTTLS out of the EHLO reply. Who notices?",
        "RFC 3207, 6; RFC 8461, 2",
        "c",
        ("Every client: TLS is always checked.", "Without STARTTLS there is no TLS to check."),
        ("The server: it gets a wrong list.", "It sent the right list and sees a plain session."),
        (
            "Only a client that insists on TLS.",
            "Port 465, or MTA-STS or DANE between servers, is what makes it insist.",
        ),
    ),
    ask(
        "What does base64 add to AUTH PLAIN?",
        "RFC 4954, 9; RFC 4616, 5",
        "b",
        ("Encryption.", "Anyone can turn base64 back without a key."),
        ("A form that fits in a line of text.", "That is all. TLS has to keep it secret."),
        ("A check that the password is right.", "It says nothing about what is in it."),
    ),
    ask(
        "What does a listener learn from SCRAM-SHA-256 that it could send again tomorrow?",
        "RFC 5802, 9; RFC 7677, 4",
        "a",
        (
            "Nothing that works: each proof is for one pair of nonces.",
            "Still, a weak password can be guessed from it. TLS is wanted all the same.",
        ),
        ("The password.", "It never crosses the network in SCRAM."),
        (
            "The stored key of the server, which stands for the password.",
            "The server keeps that to itself.",
        ),
    ),
    ask(
        "What is a client to do with an EHLO keyword that it does not know?",
        "RFC 5321, 2.2.1; RFC 5321, 4.1.1.1",
        "c",
        ("Send QUIT: they do not fit.", "An extension is an offer. Nobody has to take it."),
        ("Ask with HELP.", "HELP is for people; a program needs nothing from it."),
        ("Leave it alone and go on.", "It uses what it knows, and nothing that is not listed."),
    ),
    ask(
        "What does SIZE=5000000 behind MAIL FROM save?",
        "RFC 1870, 6.1",
        "b",
        ("Octets: the content is packed.", "Nothing is packed. The number is only told."),
        (
            "The sending of a content that would be refused.",
            "552 comes before DATA, and not after five million octets.",
        ),
        ("A round trip.", "The number of commands is the same."),
    ),
    ask(
        "How does BDAT tell where the content ends?",
        "RFC 3030, 2",
        "a",
        ("By the number of octets and the word LAST.", "So no line has to be searched for a dot."),
        ("By a line with one dot.", "That is DATA. BDAT counts."),
        (
            "By closing the connection after the last octet of it.",
            "The session goes on after LAST.",
        ),
    ),
)
