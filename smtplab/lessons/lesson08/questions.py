"""The questions of lesson 08."""

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "A server replies 500 to EHLO. What does a good client do?",
        {
            "a": Option("Close: mail cannot be sent.", "It can. The server is old, not broken."),
            "b": Option(
                "Say HELO, and use no extension.",
                "That is how old and new servers get along.",
                right=True,
            ),
            "c": Option(
                "Send MAIL with SIZE= all the same.",
                "Parameters belong to EHLO. After HELO there are none.",
            ),
        },
        "RFC 5321, 3.2",
    ),
    Question(
        "MAIL gets 555. What does it mean?",
        {
            "a": Option(
                "A parameter that this server does not know, or does not offer now.",
                "Look into the EHLO reply, and send MAIL without it.",
                right=True,
            ),
            "b": Option("A known parameter with a bad value.", "That is 501."),
            "c": Option("The content is too big.", "That is 552."),
        },
        "RFC 5321, 4.1.1.11",
    ),
    Question(
        "A server on the way meets a host without 8BITMIME, and the body has eight bits. It may",
        {
            "a": Option(
                "send it as it is; most hosts can take it.",
                "It must not. What was not offered may be lost without a word.",
            ),
            "b": Option(
                "drop the letters that do not fit.",
                "Nobody may change the text. The recipient would read something else.",
            ),
            "c": Option(
                "convert it to seven bits, or give up and report.",
                "MIME knows two ways to write any octets in ASCII.",
                right=True,
            ),
        },
        "RFC 6152, 3",
    ),
    Question(
        "You send MAIL, RCPT, RCPT and DATA in one group. The second RCPT fails. What now?",
        {
            "a": Option(
                "All is lost; begin again.",
                "Each command has its own reply, as if sent alone.",
            ),
            "b": Option(
                "DATA got 354 for the first recipient; send the content, and note the refusal.",
                "One good recipient is enough for DATA.",
                right=True,
            ),
            "c": Option(
                "DATA got 503.",
                "Only if no RCPT at all had been accepted.",
            ),
        },
        "RFC 2920, 3.1",
    ),
    Question(
        "A report says 'Action: delivered'. What do you know?",
        {
            "a": Option("The recipient has read the mail.", "No server can see that."),
            "b": Option(
                "It lies in the mailbox, or a mailing list has it.",
                "Delivered, and no more: the folder, and whether anybody looks, are not told.",
                right=True,
            ),
            "c": Option(
                "It lies in the Inbox, not in Junk.",
                "The report speaks of the mailbox. Which folder it is it does not say.",
            ),
        },
        "RFC 3461, 6.3; RFC 3464, 2.3.3",
    ),
)
