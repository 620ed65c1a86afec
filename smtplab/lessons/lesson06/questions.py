"""The questions of lesson 06."""

from __future__ import annotations

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "A program sent AUTH PLAIN without TLS, and the server refused it. What now?",
        {
            "a": Option(
                "Nothing: it was refused, so no harm was done.",
                "The password had crossed the wire before the reply came.",
            ),
            "b": Option(
                "Change the password.",
                "Whoever was on the way has it. The refusal came too late.",
                right=True,
            ),
            "c": Option(
                "Nothing: base64 had encrypted it.",
                "Base64 is a way to write octets. Anybody reads it back.",
            ),
        },
        "RFC 3207, 6; RFC 4954, 9",
    ),
    Question(
        "A session runs on 465, with a good certificate. What can Eve still tell?",
        {
            "a": Option(
                "Hosts, the server's name, sizes and times.",
                "Packets need addresses, SNI is readable, and lengths show through TLS.",
                right=True,
            ),
            "b": Option(
                "The envelope, since MAIL and RCPT come before TLS.",
                "On 465 nothing comes before TLS. Even on 587 MAIL and RCPT come after it.",
            ),
            "c": Option(
                "Nothing at all.",
                "TLS hides what is said, not that somebody speaks, nor with whom.",
            ),
        },
        "RFC 6066, 3; RFC 8446, 5.4",
    ),
    Question(
        "'certificate verify failed: Hostname mismatch'. What is the repair?",
        {
            "a": Option(
                "Switch the check off.",
                "Then anybody's certificate will do, also that of somebody in the middle.",
            ),
            "b": Option(
                "Wait until the certificate is renewed.",
                "Its dates are in order. Its name is not the one that was asked for.",
            ),
            "c": Option(
                "Use the name that stands in the certificate, or have yours added to it.",
                "The client compares the name in its settings with those in the certificate.",
                right=True,
            ),
        },
        "RFC 9525, 6",
    ),
    Question(
        "Yesterday port 587 offered STARTTLS, today the EHLO reply lacks it. A good client ...",
        {
            "a": Option(
                "... goes on without TLS, since the server offers none.",
                "The line may have been taken out on the way. Then the password is read.",
            ),
            "b": Option(
                "... stops, and says why.",
                "It was set to require TLS. Later, or on 465, it may work.",
                right=True,
            ),
            "c": Option(
                "... sends AUTH and lets the server decide.",
                "The server's 530 comes after the password has crossed the wire.",
            ),
        },
        "RFC 3207, 6; RFC 8314, 5.2",
    ),
    Question(
        "Between servers a bad certificate is mostly accepted. Why is that no nonsense?",
        {
            "a": Option(
                "Without it the mail would go in plaintext, which is worse.",
                "Unchecked TLS keeps out listeners. MTA-STS or DANE can ask for more.",
                right=True,
            ),
            "b": Option(
                "Servers know each other's keys from earlier calls.",
                "They do not keep them. Only a TLSA record names a key beforehand.",
            ),
            "c": Option(
                "Between servers nobody can listen.",
                "The wires are longer there, not safer.",
            ),
        },
        "RFC 7435, 4; RFC 3207, 4",
    ),
    Question(
        "From Alice to Bob all hops use TLS. Who can read the letter?",
        {
            "a": Option(
                "Nobody but Bob.",
                "That would be end-to-end encryption, and SMTP has none.",
            ),
            "b": Option(
                "Whoever copies the packets at the routers.",
                "They get records, and no way to open them.",
            ),
            "c": Option(
                "Each mail server on the way, and who gets into the mailbox.",
                "TLS ends at each hop. There the mail is stored as it is.",
                right=True,
            ),
        },
        "RFC 3207, 6",
    ),
)
