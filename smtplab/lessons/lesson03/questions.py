"""The questions of lesson 03."""

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "A reply has a code that your program has never seen: 459. What does it do?",
        {
            "a": Option(
                "Look for known words in the text.",
                "The text is for people, and differs from server to server.",
            ),
            "b": Option(
                "Treat it as any other 4yz: try again later.",
                "The first digit alone is enough to know what to do next.",
                right=True,
            ),
            "c": Option(
                "Give the mail up.",
                "That is right after 5yz. 4 says that it can succeed later.",
            ),
        },
        "RFC 5321, 4.2",
    ),
    Question(
        "Where does a reply of several lines end?",
        {
            "a": Option(
                "At the line with a space behind the code.",
                "A hyphen behind the code says: more follows.",
                right=True,
            ),
            "b": Option(
                "At the first line that does not begin with the code.",
                "Every line begins with the code. Such a line would be a broken server's.",
            ),
            "c": Option(
                "When no more octets arrive.",
                "A network may pause in the middle. Only the format tells where the end is.",
            ),
        },
        "RFC 5321, 4.2.1",
    ),
    Question(
        "MAIL and RCPT were accepted. Which command keeps the mail transaction?",
        {
            "a": Option("EHLO.", "It resets everything, as RSET does."),
            "b": Option("RSET.", "That is its one purpose: to drop the transaction."),
            "c": Option("NOOP.", "It does nothing, and so it drops nothing.", right=True),
        },
        "RFC 5321, 4.1.4",
    ),
    Question(
        "RCPT gets '451 4.7.1 Try again in 300 seconds'. When does a good client try again?",
        {
            "a": Option(
                "At once, and then again until it works.",
                "The same refusal would come each time, and some servers would shut you out.",
            ),
            "b": Option(
                "After a while, from its queue, for some days if need be.",
                "30 minutes between attempts, and four or five days at least before giving up.",
                right=True,
            ),
            "c": Option(
                "Never: the address is wrong.",
                "A wrong address gets 5yz, such as 550 5.1.1.",
            ),
        },
        "RFC 5321, 4.5.4.1",
    ),
    Question(
        "In a log you find: 503, and then 500, 500, 500 for the lines of a mail. What happened?",
        {
            "a": Option(
                "The server is broken.",
                "It does what it must: it answers each line that it gets.",
            ),
            "b": Option(
                "The content holds forbidden words.",
                "No content was ever read; each line was taken for a command.",
            ),
            "c": Option(
                "DATA was refused, and the client sent its content all the same.",
                "Without 354 every line is a command. The first refusal is the one to read.",
                right=True,
            ),
        },
        "RFC 5321, 4.1.1.4",
    ),
)
