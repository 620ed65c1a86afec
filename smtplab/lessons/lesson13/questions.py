"""Lesson 13: its questions."""

from __future__ import annotations

from smtplab.lessons.question import Option, Question

QUESTIONS = (
    Question(
        "A visitor types a line end and 'Bcc: ...' into the form's field for the subject. Where "
        "must that be stopped?",
        {
            "a": Option(
                "Where the header section is made: no CR or LF may stand in a value.",
                "A header field ends at CR LF. Whatever comes behind it is the next field.",
                right=True,
            ),
            "b": Option(
                "In the browser, by a script.",
                "Whoever attacks does not use your page. The server must check.",
            ),
            "c": Option(
                "At the mail server.",
                "It cannot know that you did not mean this Bcc.",
            ),
        },
        "RFC 5322, 2.2",
    ),
    Question(
        "Why must the visitor's mailbox not stand in From?",
        {
            "a": Option(
                "It is impolite.",
                "There is a harder reason: receivers check the domain in From.",
            ),
            "b": Option(
                "Then nobody could answer.",
                "Answers would go there. But the mail may not arrive at all.",
            ),
            "c": Option(
                "Your host may not send for the visitor's domain, so DMARC fails.",
                "Reply-To does what was wanted, and makes no claim about who wrote the mail.",
                right=True,
            ),
        },
        "RFC 9989, 4.4; RFC 5322, 3.6.2",
    ),
    Question(
        "Your program sent the content, and the connection broke before the reply came. What is "
        "sure?",
        {
            "a": Option(
                "It was not delivered.",
                "The server may have stored it before its reply was lost.",
            ),
            "b": Option(
                "Nothing: it may be delivered or not.",
                "A second attempt may deliver it twice, none may lose it. Use the same "
                "Message-ID, so that the receiver can tell.",
                right=True,
            ),
            "c": Option(
                "It was delivered.",
                "Only the reply 250 would say so.",
            ),
        },
        "RFC 5321, 6.1",
    ),
    Question(
        "A customer's mailbox answers 550 5.1.1 to your newsletter. What should the program do?",
        {
            "a": Option(
                "Try again in an hour.",
                "5yz says that the same attempt will fail again. That is for 4yz.",
            ),
            "b": Option(
                "Send it from another host.",
                "The mailbox will not exist for that host either.",
            ),
            "c": Option(
                "Take the mailbox off the list.",
                "Whoever goes on sending to mailboxes that do not exist looks like a spammer.",
                right=True,
            ),
        },
        "RFC 5321, 4.2.1",
    ),
    Question(
        "A one-time code is good for five minutes. Which reply makes that a problem?",
        {
            "a": Option(
                "550: the mailbox does not exist.",
                "Then no code would have come in any case.",
            ),
            "b": Option(
                "451: try again later.",
                "Greylisting makes a stranger wait. A later attempt brings a code that is dead.",
                right=True,
            ),
            "c": Option(
                "250: queued.",
                "That is what should happen. But it is no promise about minutes, either.",
            ),
        },
        "RFC 6647, 2",
    ),
)
