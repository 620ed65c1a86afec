"""The questions of lesson 11."""

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "What makes a server an open relay?",
        {
            "a": Option(
                "It takes mail from strangers on port 25.",
                "Every mail exchanger does, for its own domains. So mail between providers works.",
            ),
            "b": Option(
                "It offers no TLS.",
                "Then others can read along. Who may send through it is another question.",
            ),
            "c": Option(
                "It takes mail from strangers for strangers.",
                "Neither end is its own. That is what 'relaying denied' refuses.",
                right=True,
            ),
        },
        "RFC 5321, 7.9",
    ),
    Question(
        "A mail says From: Your Bank. What does plain SMTP promise about that?",
        {
            "a": Option(
                "Nothing: it is a line of the content.",
                "The server passes it on unread. SPF, DKIM and DMARC were added to judge it.",
                right=True,
            ),
            "b": Option(
                "That the reverse-path is the same.",
                "They may differ, and in honest mail they often do.",
            ),
            "c": Option(
                "That the bank's server sent it.",
                "Anyone can write the line. What counts is what the bank's domain publishes.",
            ),
        },
        "RFC 5321, 7.1",
    ),
    Question(
        "Your Inbox fills with reports about mail that you never sent. Why?",
        {
            "a": Option("Your password is known.", "Possible, but nobody needs it for this."),
            "b": Option(
                "Somebody uses your mailbox as reverse-path, and servers accept before they look.",
                "They owe a report then, and it goes to the reverse-path: to you.",
                right=True,
            ),
            "c": Option(
                "Your server is an open relay.",
                "Then the reports would go to those whose names were used.",
            ),
        },
        "RFC 5321, 6.1",
    ),
    Question(
        "Where does a contact form go wrong, so that a visitor adds header fields?",
        {
            "a": Option(
                "It lets CR LF from a field of the form into a line of the header section.",
                "A header field ends at CR LF, so what follows is the next one.",
                right=True,
            ),
            "b": Option("It sends without TLS.", "That lets others read, not write."),
            "c": Option(
                "It does not double the dots.",
                "Then lines get lost. Header fields come from line ends.",
            ),
        },
        "RFC 5322, 2.2",
    ),
    Question(
        "SMTP smuggling needs two servers. Which two?",
        {
            "a": Option(
                "Two that both end mail data at CR LF dot CR LF only.",
                "Then both see the same one mail.",
            ),
            "b": Option(
                "Two without TLS.",
                "In the demonstration both offer TLS. It protects the way, not the reading.",
            ),
            "c": Option(
                "One that passes lone line feeds on, and one that ends mail data at them.",
                "The first sees one mail, the second sees two.",
                right=True,
            ),
        },
        "RFC 5321, 4.1.1.4",
    ),
)
