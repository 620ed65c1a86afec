"""Exam, part 3: relaying, DNS, queues, bounces, the Inbox, abuse (lessons 09 to 11)."""

from smtplab.lessons.lesson15.asking import ask

QUESTIONS = (
    ask(
        "How does a server find the host that takes mail for example.net?",
        "RFC 5321, 5.1",
        "b",
        (
            "It asks for the A record of the name smtp.example.net.",
            "A name is a habit, and no rule.",
        ),
        (
            "It asks for the MX records of example.net.",
            "Lowest preference first. Without MX the domain's own address counts.",
        ),
        ("It asks the sender's provider.", "DNS is open to all; nobody in between is needed."),
    ),
    ask(
        "A domain has the MX records '10 a' and '20 b'. Which one is tried first?",
        "RFC 5321, 5.1",
        "a",
        ("a.", "The lower preference is the better one."),
        ("b.", "20 is the spare: it is tried when a cannot be reached."),
        ("Either, by chance.", "By chance only among equal preferences."),
    ),
    ask(
        "550 5.7.1 Relaying denied. What did you ask for?",
        "RFC 5321, 7.9; RFC 3463, 3.8",
        "c",
        ("Mail to a mailbox that does not exist.", "That is 5.1.1."),
        ("Mail without TLS.", "That is 530 on a submission port."),
        (
            "Mail to somebody else's domain, without signing in.",
            "A server takes mail for its own domains, and else for its own users.",
        ),
    ),
    ask(
        "After 250 to the end of mail data delivery fails. What must the server do?",
        "RFC 5321, 6.1; RFC 5321, 4.5.5",
        "a",
        (
            "Report it to the reverse-path.",
            "With 250 it took the responsibility. Only about a null reverse-path nobody is told.",
        ),
        ("Report it to the header field From.", "From is content. Reports follow the envelope."),
        ("Nothing: the client has gone.", "Then mail could vanish without a trace."),
    ),
    ask(
        "What does a DSN with 'Action: delivered' say?",
        "RFC 3464, 2.3.3; RFC 3461, 4.1",
        "b",
        ("The recipient has read the mail.", "No server knows that."),
        (
            "The mail lies in the mailbox.",
            "Delivered (to a mailing list counts, too), and nothing about eyes.",
        ),
        ("The mail is in the Inbox, and not in Junk.", "It does not tell folders apart."),
    ),
    ask(
        "Which name does SPF look at?",
        "RFC 7208, 2.3; RFC 7208, 2.4",
        "c",
        ("That of the header field From.", "Nothing in SPF looks into the content."),
        ("That of the MX.", "SPF is about who sends, not about who receives."),
        (
            "That of the reverse-path.",
            "The EHLO name may be checked, too, and stands in where the reverse-path is null.",
        ),
    ),
    ask(
        "SPF passes for bounce.example, From says bank.example. What says DMARC without DKIM?",
        "RFC 9989, 4.4; RFC 9989, 5.3",
        "a",
        (
            "fail: the names do not belong together.",
            "DMARC wants an authenticated domain that is aligned with From.",
        ),
        ("pass: SPF has passed.", "It passed for a name that the reader never sees."),
        ("none: there is no signature.", "One of the two is enough, if it is aligned."),
    ),
    ask(
        "451 4.7.1 Greylisted. What makes the mail arrive?",
        "RFC 6647, 2",
        "b",
        ("Another sender's address.", "That is a new triple, and the wait begins anew."),
        (
            "The same mail again, some minutes later.",
            "A queue does that by itself; programs without one lose the mail here.",
        ),
        ("A phone call to the postmaster.", "Nothing is wrong. The server only waits."),
    ),
    ask(
        "SPF, DKIM and DMARC all pass. Where does the mail land?",
        "RFC 7208, 2.6.3; RFC 5321, 7.1",
        "c",
        (
            "In the Inbox: by all three it is proved to be good.",
            "It is proved whose it is. Spam can pass, too.",
        ),
        ("In Junk, if it is long.", "Length decides nothing here."),
        (
            "Where the recipient's server judges right.",
            "A pass says who. Content, reputation and the reader's rules decide, too.",
        ),
    ),
    ask(
        "A contact form puts the visitor's text into 'Subject: '. What must it look for?",
        "RFC 5322, 2.2; RFC 5321, 7.1",
        "b",
        ("Rude words.", "Not nice, and no danger to the header section."),
        ("CR and LF.", "A line break in it begins a header field of the visitor's choice."),
        ("Letters outside ASCII.", "Those have to be encoded; they add no field."),
    ),
)
