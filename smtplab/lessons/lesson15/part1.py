"""Exam, part 1: the journey, the conversation, replies, envelope and message (lessons 00 to 04)."""

from smtplab.lessons.lesson15.asking import ask

QUESTIONS = (
    ask(
        "What does SMTP do, and what not?",
        "RFC 5321, 1.1; RFC 5321, 2.1",
        "a",
        (
            "It carries mail to the mailbox; it does not read it.",
            "For reading there are IMAP and POP3.",
        ),
        (
            "It carries mail and lets people read it.",
            "Reading a mailbox is the work of IMAP or POP3.",
        ),
        (
            "It carries mail, but only inside one provider.",
            "Between providers it is the one protocol that all of them speak.",
        ),
    ),
    ask(
        "Which one puts a mail into the mailbox of its reader?",
        "RFC 5598, 4.3",
        "c",
        ("The MUA.", "A mail user agent is the program that people write and read with."),
        ("The MSA.", "A mail submission agent takes mail from people who may send."),
        ("The MDA.", "A mail delivery agent is the last one on the way."),
    ),
    ask(
        "Who speaks first after the TCP connection is there?",
        "RFC 5321, 3.1",
        "b",
        ("The client, with EHLO.", "EHLO comes second. A client waits for the greeting."),
        ("The server, with its greeting.", "220 opens the session; 554 refuses it at once."),
        ("Whoever is ready first.", "Talking before the greeting is a mark of spam programs."),
    ),
    ask(
        "The server sends '250-SIZE 1000' and then '250 HELP'. How many replies are that?",
        "RFC 5321, 4.2.1",
        "a",
        ("One.", "The hyphen says that more lines follow; the space marks the last one."),
        ("Two.", "Both lines belong together: the first has a hyphen behind its code."),
        ("It depends on the segments.", "How TCP cuts the octets means nothing to SMTP."),
    ),
    ask(
        "A program meets the reply 259, which no RFC lists. What should it do?",
        "RFC 5321, 4.2; RFC 5321, 4.3.2",
        "c",
        ("Close the connection.", "The first digit says enough to go on."),
        ("Wait for another reply.", "There is one reply for one command. None follows."),
        ("Treat it as done.", "A client that meets an unknown code goes by its first digit."),
    ),
    ask(
        "RCPT got 451. What does a mail server do with this recipient?",
        "RFC 5321, 4.2.1; RFC 5321, 4.5.4.1",
        "b",
        ("It sends a bounce at once.", "That is for 5yz. 4yz says: not now."),
        (
            "It keeps the mail and tries again later.",
            "For days if need be; then the report goes to the reverse-path.",
        ),
        (
            "It sends RCPT again in the same session until it is accepted.",
            "Not in a loop: at least half an hour lies between attempts.",
        ),
    ),
    ask(
        "Three RCPT got 250, 550 and 250. The content got 250. Who gets the mail?",
        "RFC 5321, 3.3; RFC 5321, 4.1.1.4",
        "a",
        ("The first and the third.", "Each recipient has a reply of its own."),
        ("All three.", "550 was a no for the second one."),
        ("Nobody: one was refused.", "A refused RCPT leaves the others in the envelope."),
    ),
    ask(
        "Where does a server learn to whom it has to deliver?",
        "RFC 5321, 2.3.1; RFC 5321, 3.3",
        "c",
        ("From the header field To.", "To is for the reader's eyes. It may name anybody."),
        (
            "From the header fields To, Cc and Bcc together.",
            "A client may make RCPT of them; the server does not.",
        ),
        ("From RCPT.", "The forward-paths of the envelope, and nothing else."),
    ),
    ask(
        "How does a Bcc recipient stay unseen?",
        "RFC 5322, 3.6.3; RFC 5321, 7.2",
        "b",
        (
            "The server takes the header field Bcc out.",
            "It passes the content on as it came. The client has to leave the field out.",
        ),
        ("It is named in RCPT and in no header field.", "Envelope yes, header section no."),
        (
            "It is written as Bcc, and readers hide it.",
            "Anybody can look at the source of a message.",
        ),
    ),
    ask(
        "MAIL FROM:<> - what is that?",
        "RFC 5321, 4.5.5; RFC 5321, 6.1",
        "b",
        ("A mistake in the command.", "The null reverse-path is legal and needed."),
        (
            "A mail about which no report shall be sent.",
            "Reports carry it, so that two servers never bounce to each other for ever.",
        ),
        (
            "Anonymous mail, whose sender nobody can find out.",
            "The header field From can still name somebody.",
        ),
    ),
)
