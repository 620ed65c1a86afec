"""The questions of lesson 09."""

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "example.net has MX 10 north and MX 20 south. Which host is tried first?",
        {
            "a": Option(
                "north: the smaller number is preferred.",
                "The number is a preference, and small means better. south is tried if north "
                "is not reached.",
                right=True,
            ),
            "b": Option("south: the bigger number wins.", "It is the other way round."),
            "c": Option("Either: the load is shared.", "Only among equal numbers it is."),
        },
        "RFC 5321, 5.1",
    ),
    Question(
        "The next host says 451 to RCPT. What does the sending server do?",
        {
            "a": Option(
                "It sends a report of failure at once.",
                "4yz says: not now. A failure is told after the last attempt.",
            ),
            "b": Option("It drops the mail.", "It said 250 once, and is responsible since then."),
            "c": Option(
                "It keeps the mail and tries again later.",
                "At least 30 minutes between attempts, for at least four to five days.",
                right=True,
            ),
        },
        "RFC 5321, 4.2.1; RFC 5321, 4.5.4.1",
    ),
    Question(
        "Why has a report the reverse-path <>?",
        {
            "a": Option(
                "So that nobody can answer it.",
                "People can still answer its From. The envelope is about something else.",
            ),
            "b": Option(
                "So that no report is ever sent about a report.",
                "Else two servers could report to each other for ever.",
                right=True,
            ),
            "c": Option(
                "Because the server has no mailbox.",
                "It has one: postmaster. It is not named there on purpose.",
            ),
        },
        "RFC 5321, 4.5.5; RFC 5321, 6.1",
    ),
    Question(
        "A domain has no MX record, but an A record. Where does its mail go?",
        {
            "a": Option("Nowhere: it comes back.", "That needs a null MX, or no address either."),
            "b": Option("To the parent domain.", "Nobody asks the parent about mail."),
            "c": Option(
                "To the domain's own address.",
                "The domain itself counts as its only MX, with preference 0.",
                right=True,
            ),
        },
        "RFC 5321, 5.1",
    ),
    Question(
        "The connection broke after the final dot, and no reply came. Was the mail taken?",
        {
            "a": Option(
                "Nobody on the sending side can know.",
                "So a mail server sends it again. Twice is better than never.",
                right=True,
            ),
            "b": Option("No, else there were a 250.", "The 250 may have been lost on its way."),
            "c": Option("Yes, the dot was sent.", "Only a 250 says that it was taken."),
        },
        "RFC 5321, 4.5.3.2.6",
    ),
)
