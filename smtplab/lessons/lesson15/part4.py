"""Exam, part 4: packets, use cases, tools and services, and all together (lessons 12 to 14)."""

from smtplab.lessons.lesson15.asking import ask

QUESTIONS = (
    ask(
        "'EHLO a.example' arrives in two TCP segments. What does the server do?",
        "RFC 9293, 3.4; RFC 5321, 2.3.8",
        "a",
        ("It waits for CR LF and reads one command.", "TCP is a stream; lines are made of it."),
        ("It replies 500 to the first half.", "Without CR LF there is no command yet."),
        ("It replies twice.", "One command, one reply, however the octets travel."),
    ),
    ask(
        "Which part of TCP/IP knows the name mx.example.net?",
        "RFC 1035, 3.4.1; RFC 9293, 3.1",
        "c",
        ("IP.", "An IP header holds addresses."),
        ("TCP.", "A TCP header holds port numbers."),
        ("Neither: DNS turns it into an address before.", "Then only numbers are on the wire."),
    ),
    ask(
        "What makes sending many small mails slow, and what helps?",
        "RFC 2920, 1; RFC 2920, 3.1",
        "b",
        (
            "The size of the contents; packing them before they are sent helps.",
            "Small ones are small already.",
        ),
        (
            "Waiting for replies; one session and PIPELINING help.",
            "Round trips cost the time, not octets.",
        ),
        ("The servers' disks; nothing helps.", "The wait on the network is mostly the longer one."),
    ),
    ask(
        "A capture of port 465 shows octets that nobody can read. What can still be seen?",
        "RFC 8446, 5.4",
        "a",
        ("Who talks to whom, when and how much.", "Addresses, ports and lengths stay in the open."),
        ("The envelope.", "MAIL and RCPT are inside TLS."),
        ("Nothing at all.", "IP and TCP headers are never inside TLS."),
    ),
    ask(
        "An alert goes out and RCPT gets 450. The program logs 'sent' and ends. What is wrong?",
        "RFC 5321, 4.5.4.1",
        "c",
        ("It should have used port 25.", "The port changes nothing about 450."),
        ("It should have used HTML.", "The content was never asked for."),
        (
            "It has no queue: 4yz has to be tried again.",
            "Or it hands in at a submission server that has one, and checks each reply.",
        ),
    ),
    ask(
        "What must a campaign carry so that readers leave it with one click?",
        "RFC 8058, 3.1",
        "b",
        (
            "A line at its end that says: reply with the word STOP.",
            "A person can do that, a button cannot.",
        ),
        ("List-Unsubscribe and List-Unsubscribe-Post.", "And a DKIM signature that covers both."),
        ("Precedence: bulk.", "That says how it was sent; there is nothing to click."),
    ),
    ask(
        "A one-time code arrives after nine minutes and is valid for ten. What was the mistake?",
        "RFC 5321, 4.5.4.1",
        "a",
        (
            "To rely on a time that SMTP does not promise.",
            "Queues and greylisting may take minutes or days; the code needs another way as well.",
        ),
        ("To send it in plain text.", "The format does not slow it down."),
        ("To send it without TLS.", "That is a danger, and not the delay."),
    ),
    ask(
        "smtplib's sendmail() returns {'eve@example.net': (550, ...)}. What happened?",
        "RFC 5321, 3.3; RFC 5321, 4.1.1.3",
        "b",
        ("Nobody got the mail.", "Then it raises SMTPRecipientsRefused."),
        (
            "Eve was refused; all others were accepted.",
            "The dictionary lists who was refused. An empty one is the best news.",
        ),
        ("Eve got it later than the others.", "550 is final."),
    ),
    ask(
        "A provider says 535 though the password is right in its web page. What is likely?",
        "RFC 4954, 6; RFC 7628, 3.1",
        "c",
        ("The server is down.", "Then no 535 would come."),
        ("TLS is missing.", "That is 530 or 538."),
        (
            "It wants an app password or a token.",
            "Many big services take the account's own password no longer on SMTP.",
        ),
    ),
    ask(
        "'250 Queued as q7', and the reader says: nothing came. What do you ask first?",
        "RFC 5321, 6.1; RFC 5321, 4.4",
        "a",
        (
            "Is there a report at the reverse-path, and is it in Junk?",
            "250 means that the server is responsible. Then comes its log, by the queue id.",
        ),
        ("Did the client close without QUIT?", "What got its 250 is safe."),
        ("Was the port 465 or 587?", "Both lead to the same queue."),
    ),
)
