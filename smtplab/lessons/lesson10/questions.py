"""The questions of lesson 10."""

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "The server said 250 after the dot. Where is the mail?",
        {
            "a": Option("In the Inbox.", "It may be. Nothing in the reply says so."),
            "b": Option(
                "With that server. Whether in Inbox or in Junk, the reply does not say.",
                "250 is about responsibility. Which folder is the receiver's own business, and a "
                "report of failure may still come.",
                right=True,
            ),
            "c": Option("On the recipient's screen.", "That takes IMAP or POP3, and a reader."),
        },
        "RFC 5321, 6.1",
    ),
    Question(
        "Which domain does SPF look at?",
        {
            "a": Option(
                "That of the reverse-path, MAIL FROM.",
                "And for a null reverse-path that of EHLO. The reader sees neither.",
                right=True,
            ),
            "b": Option("That of the header field From.", "SPF never sees the content."),
            "c": Option("That of the recipient.", "Its record says nothing about who may send."),
        },
        "RFC 7208, 2.4",
    ),
    Question(
        "A footer of two lines was added after DKIM signed. What does the verifier find?",
        {
            "a": Option("Nothing: only the header section is signed.", "bh= is the body's hash."),
            "b": Option("pass, because the words are the same.", "One octet more is enough."),
            "c": Option(
                "fail: the body hash does not fit.",
                "A list that adds a footer breaks the author's signature.",
                right=True,
            ),
        },
        "RFC 6376, 3.7; RFC 6376, 6.1.3",
    ),
    Question(
        "SPF pass for spam.example, DKIM none, From at bank.example. DMARC?",
        {
            "a": Option("pass: SPF passed.", "For another domain. It is not aligned with From."),
            "b": Option(
                "fail: nothing that passed belongs to the domain in From.",
                "Alignment is what DMARC adds to SPF and DKIM.",
                right=True,
            ),
            "c": Option("none: there is no signature.", "bank.example publishes a policy."),
        },
        "RFC 9989, 4.4",
    ),
    Question(
        "A one-time code is sent by a script that ignores 451. What happens at a greylisting host?",
        {
            "a": Option(
                "The code never arrives.",
                "The host waits for a second attempt, and nobody makes one.",
                right=True,
            ),
            "b": Option("It arrives late.", "Only if somebody tries again: a queue does."),
            "c": Option("It arrives in Junk.", "RCPT was refused: no content was ever sent."),
        },
        "RFC 6647, 3",
    ),
)
