"""The questions of lesson 04."""

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "The content says 'To: carol@example.org'. The server heard RCPT TO:<bob@example.net>. "
        "Who gets the mail?",
        {
            "a": Option("Carol.", "To is read by people. No server delivers by it."),
            "b": Option("Bob.", "Only the forward-paths of the envelope decide.", right=True),
            "c": Option("Both.", "Carol is named in the content, and there is no RCPT for her."),
        },
        "RFC 5321, 2.3.1",
    ),
    Question(
        "Who has to see to it that a Bcc field does not reach Bob?",
        {
            "a": Option(
                "The program that sends.",
                "It reads the addresses for RCPT and takes the field out of the content.",
                right=True,
            ),
            "b": Option("Bob's server.", "It delivers the content as it was handed in."),
            "c": Option(
                "Bob's mail program.",
                "The octets are in his mailbox by then. Anybody can look at the source.",
            ),
        },
        "RFC 5322, 3.6.3",
    ),
    Question(
        "Why does a report of failure have the null reverse-path?",
        {
            "a": Option(
                "So that nobody knows who sent it.",
                "Its From says who: the mail system of a host.",
            ),
            "b": Option(
                "Because servers have no mailbox.",
                "They have: postmaster. But reports to it could go round in a circle.",
            ),
            "c": Option(
                "So that no report about the report is made.",
                "Otherwise two servers could report to each other for ever.",
                right=True,
            ),
        },
        "RFC 5321, 6.1",
    ),
    Question(
        "A header field is longer than 78 characters. What does a good program do?",
        {
            "a": Option(
                "Fold it: CR LF before a space or tab.",
                "The next line begins with it, so readers join it to the field.",
                right=True,
            ),
            "b": Option("Cut it.", "Then text is lost. Nothing demands that."),
            "c": Option(
                "Put an equals sign at the line's end.",
                "That is quoted-printable, and it belongs into a body.",
            ),
        },
        "RFC 5322, 2.2.3",
    ),
    Question(
        "A server takes contents of 10 MB. Which file still fits as an attachment?",
        {
            "a": Option("One of 10 MB.", "Base64 makes more than 13 MB of it."),
            "b": Option("One of 9 MB.", "Base64 makes more than 12 MB of it."),
            "c": Option(
                "One of 7 MB.",
                "Three octets become four letters, and each line gets a CR LF: about 9.6 MB.",
                right=True,
            ),
        },
        "RFC 2045, 6.8",
    ),
)
