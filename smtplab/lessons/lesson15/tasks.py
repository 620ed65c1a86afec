"""The six practical tasks of the exam; each is one clean piece of work, judged on evidence."""

from __future__ import annotations

from smtplab.lessons.lesson15.proofs import (
    arrived_for_bob,
    asked_for_success,
    both_have_it,
    deferred,
    delivered_to_grey,
    failed_first,
    is_blind,
    passes_now,
    signed_in_by_scram,
    still_greylists,
    strangers_fail,
    success_reported,
    taken_and_failed,
    told_carol,
)
from smtplab.lessons.steps import BOB, CAROL, SUBMISSION, is_with, taken_for
from smtplab.lessons.task import Exercise, Step

EXERCISES = (
    Exercise(
        "15.1",
        "the safe door",
        (
            Step(
                "a session with smtp.example.org on port 465",
                "a session of yours with smtp.example.org on port 465.",
                is_with(SUBMISSION, 465),
                1,
            ),
            Step(
                "signed in there with SCRAM-SHA-256",
                "235 on port 465 after AUTH SCRAM-SHA-256. PLAIN and LOGIN do not count here.",
                signed_in_by_scram,
                2,
            ),
            Step(
                "mail for bob@example.net alone, taken and in his Inbox",
                "a mail for bob@example.net alone that this session handed in, in Bob's Inbox.",
                arrived_for_bob,
                3,
            ),
        ),
        (
            'sandbox.connect("smtp.example.org", 465), then EHLO. TLS is there from the start.',
            'client.auth("alice@example.org", "looking-glass", "SCRAM-SHA-256") names it.',
            "MAIL from alice@example.org, RCPT to bob@example.net, DATA, content. From and Subject "
            "in the header section keep it out of Junk.",
        ),
        "No password crossed the network, not even inside TLS: SCRAM proves it.",
    ),
    Exercise(
        "15.2",
        "a bounce, made and read",
        (
            Step(
                "a mail of Alice's that failed, and its report in her Inbox",
                "a mail from alice@example.org, handed in at smtp.example.org, whose report about "
                "a failure lies in her Inbox. A refused RCPT makes no report.",
                taken_and_failed,
                1,
            ),
            Step(
                "then a mail for carol@example.org, whose Subject is the report's Status",
                "a mail for carol@example.org alone, in her Inbox, whose Subject is the status "
                "that this report gives, and nothing else: three numbers with dots. It has to "
                "come after the report.",
                told_carol,
                2,
            ),
        ),
        (
            "Sign in and write to a mailbox at example.net that does not exist. smtp.example.org "
            "takes it, and finds out later.",
            'print(sandbox.inbox("alice@example.org")[-1]) shows the report. Look for "Status:".',
            "Write to Carol in the same way; Subject: and the three numbers, such as 4.2.2.",
        ),
        "The report has the null reverse-path, and its Status is made for programs.",
    ),
    Exercise(
        "15.3",
        "a blind copy",
        (
            Step(
                "one mail object for bob@example.net and carol@example.org",
                "one mail object that went to bob@example.net and carol@example.org, with two RCPT "
                "in one mail transaction.",
                taken_for(BOB, CAROL),
                1,
            ),
            Step(
                "To names Bob; nothing in it names Carol, and there is no Bcc",
                "a header section with Bob in To and without a trace of Carol: no Cc, no Bcc, and "
                "no word of her in the body.",
                is_blind,
                2,
            ),
            Step("in the Inbox of both", "this content in both Inboxes.", both_have_it, 3),
        ),
        (
            "The envelope names two forward-paths: rcpt() twice, then data().",
            "Who reads the content sees its header section. Leave Carol out of it.",
            "From: Alice, To: Bob, a Subject, an empty line, the body. Signed in at 587 or 465.",
        ),
        "Bcc lives in the envelope. A server does not take the field out for you.",
    ),
    Exercise(
        "15.4",
        "a zone repaired",
        (
            Step(
                "from this machine, a mail of shop.example that DMARC sent to Junk",
                "a mail from news@shop.example, by envelope and by From, that your machine brings "
                "to mx.example.net on port 25, and that ends in Junk because DMARC fails.",
                failed_first,
                1,
            ),
            Step(
                "after a repair of the zone, one that passes by SPF",
                "the same mail after the repair. The newest one has to pass, by SPF: the zone of "
                "shop.example must name the address of your machine.",
                passes_now,
                2,
            ),
            Step(
                "everybody else still fails, and the policy stays",
                "a zone that still says no to others: no +all, no range of everybody or of "
                "neighbours, no p=none, and a policy.",
                strangers_fail,
                3,
            ),
        ),
        (
            "Connect to mx.example.net on port 25. MAIL FROM:<news@shop.example>, and the same "
            "mailbox in From. Why it went to Junk is told by sandbox.verdicts[-1].",
            'print(sandbox.zones.text("shop.example")) shows the zone. Your machine\'s address is '
            'sandbox.addresses["laptop.example.org"].',
            'sandbox.zones.replace("shop.example", \'@ IN TXT "v=spf1 a ip4:... -all"\') with the '
            "address in place of the dots. Then send again.",
        ),
        "A DMARC pass needs a name that is proved and the same as in From. The zone decides.",
    ),
    Exercise(
        "15.5",
        "patience",
        (
            Step(
                "a mail for grey@example.net, which the greylisting put off with 451",
                "a mail for grey@example.net alone that smtp.example.org took from you, and a 451 "
                "that mx.example.net gave it.",
                deferred,
                1,
            ),
            Step(
                "the same mail in the Inbox of grey@example.net",
                "this mail in the Inbox of grey@example.net. It waits in the queue; time has to "
                "pass before the next attempt.",
                delivered_to_grey,
                2,
            ),
            Step(
                "with greylisting still on",
                "greylisting at the mailbox. You switched it off; that is cheating the postmaster.",
                still_greylists,
                2,
            ),
        ),
        (
            "Sign in at smtp.example.org and write to grey@example.net. sandbox.queue shows it.",
            "The next attempt comes half an hour later; sandbox.clock.advance(...) gets you there.",
            "timedelta(minutes=30) is enough for advance; timedelta is in the first cell.",
        ),
        "451 is no failure. A queue and half an hour were all it took.",
    ),
    Exercise(
        "15.6",
        "proof of delivery",
        (
            Step(
                "a RCPT for bob@example.net with NOTIFY=SUCCESS at smtp.example.org, accepted",
                "RCPT for bob@example.net with NOTIFY=SUCCESS that smtp.example.org answered with "
                "250.",
                asked_for_success,
                1,
            ),
            Step(
                "a report in Alice's Inbox: Action: delivered",
                "a report with Action: delivered in Alice's Inbox about this mail. The "
                "reverse-path must be hers, and the mail must have arrived.",
                success_reported,
                2,
            ),
        ),
        (
            'client.rcpt("bob@example.net", {"NOTIFY": "SUCCESS"}) adds the parameter.',
            "MAIL FROM:<alice@example.org>: the report goes to the reverse-path. "
            'print(sandbox.inbox("alice@example.org")[-1]) shows it.',
        ),
        "The report says that the mail lies in the mailbox. It says nothing of its being read.",
    ),
)
