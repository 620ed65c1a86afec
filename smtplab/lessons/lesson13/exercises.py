"""Lesson 13: its four exercises."""

from __future__ import annotations

from smtplab.lessons.lesson13.conditions import (
    CODES,
    NEWS,
    READERS,
    SHOP,
    SIGNS_IN,
    VISITOR,
    WARNING,
    WATCH,
    WEB_SERVER,
    author_is_the_site,
    each,
    from_codes,
    hides_the_others,
    holds_a_code,
    no_code_in_front,
    once,
    own_reverse_path_each,
    proven,
    replies_go_to_the_visitor,
    says_it_is_automatic,
    signed,
    some,
    warns,
    was_put_off,
    way_out,
)
from smtplab.lessons.steps import BOB
from smtplab.lessons.task import Exercise, Step

EXERCISES = (
    Exercise(
        "13.1",
        "the form that can be answered",
        (
            Step(
                f"a mail in Bob's Inbox whose Reply-To is {VISITOR}",
                f"a mail in Bob's Inbox with the header field Reply-To: {VISITOR}. If your "
                "form's mail was refused, look at its From.",
                some(BOB, replies_go_to_the_visitor),
                1,
            ),
            Step(
                "its From is a mailbox of example.org",
                "From with a mailbox of example.org: the site wrote this mail, not the visitor.",
                some(BOB, replies_go_to_the_visitor, author_is_the_site),
                2,
            ),
            Step(
                "DMARC passed",
                "a mail for which DMARC passes: it must come from a host that may send for "
                "example.org, or be signed by example.org.",
                some(BOB, replies_go_to_the_visitor, author_is_the_site, proven),
                3,
            ),
        ),
        (
            'Take letter() of section 1. It has a place for more fields: Reply_To="...".',
            'From says who wrote the mail. That is your site: "alice@example.org", for instance.',
            f'send([from_email(letter("alice@example.org", "bob@example.net", "Form", "Hello", '
            f'Reply_To="{VISITOR}"))], at_provider)',
        ),
        "The site writes, the visitor is answered. The domain in From is one that you can prove.",
    ),
    Exercise(
        "13.2",
        "once, and only once",
        (
            Step(
                f"an attempt for {WATCH}, from {WEB_SERVER} or through a queue, that got 451",
                f"an attempt to send to {WATCH} that got the reply 451, from {WEB_SERVER}, from "
                "your laptop, or from your provider's queue.",
                was_put_off,
                1,
            ),
            Step(
                f"the alert '{WARNING}', with a Message-ID, in that Inbox",
                f"a mail with the Subject {WARNING} and a Message-ID in the Inbox of {WATCH}. 451 "
                "means later: turn the world clock, then send the same mail again.",
                some(WATCH, warns),
                2,
            ),
            Step(
                "one copy of it",
                f"one copy only. There are several with the Subject {WARNING}; sandbox.restart() "
                "begins anew.",
                once,
                3,
            ),
        ),
        (
            f"{WATCH} is greylisted: the first attempt of a stranger always gets 451.",
            "sandbox.clock.advance(timedelta(minutes=30)) lets the waiting time pass. Or give the "
            "alert to a server that has a queue.",
            "Build the mail once, outside the loop: a second try then has the same Message-ID. "
            "The function deliver() of section 2 does all of it.",
        ),
        "451 is a promise of nothing: whoever sends must come back, with the same mail, and stop "
        "after the first 250.",
    ),
    Exercise(
        "13.3",
        "a way out",
        (
            Step(
                f"'{NEWS}' from {SHOP} to each of the three readers, one envelope each",
                f"a mail with the Subject {NEWS} in three Inboxes ({', '.join(READERS)}), each "
                f"sent from the host {SHOP} in an envelope of its own.",
                each(),
                1,
            ),
            Step(
                "no reader sees another one",
                "a To with one mailbox in it: each reader sees only his or her own.",
                each(hides_the_others),
                1,
            ),
            Step(
                "List-Unsubscribe with https, and List-Unsubscribe-Post",
                "the two header fields of one-click unsubscription, in each of the three mails.",
                each(hides_the_others, way_out),
                2,
            ),
            Step(
                f"signed by {SHOP}, these fields too",
                "a DKIM signature that covers both fields and makes DMARC pass.",
                each(hides_the_others, way_out, signed),
                3,
            ),
            Step(
                "a reverse-path for each reader",
                "three different reverse-paths: a report that comes back must tell whose mail it "
                "was.",
                own_reverse_path_each,
                3,
            ),
        ),
        (
            "Make one mail object for each reader, and give all of them to send() together.",
            "List-Unsubscribe: <https://shop.example/...> and "
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "newsletter() of section 3 does it for its customers. Give it the Subject and three "
            "other mailboxes, each with its key.",
        ),
        "One mail object a reader: a private To, a link that is theirs, a report that names them.",
    ),
    Exercise(
        "13.4",
        "a code that arrives",
        (
            Step(
                f"a mail from login@{CODES} with a code of six digits in the Inbox of {SIGNS_IN}",
                f"a mail with From: login@{CODES} and six digits in its body, in the Inbox of "
                f"{SIGNS_IN}. If it was refused, look at which host sent it.",
                some(SIGNS_IN, from_codes, holds_a_code),
                1,
            ),
            Step(
                "DMARC passed",
                f"a pass of DMARC: {CODES} signs, or its own host sends.",
                some(SIGNS_IN, from_codes, holds_a_code, proven),
                1,
            ),
            Step(
                "no code in the Subject",
                "a Subject without the code: it is shown on a locked screen.",
                some(SIGNS_IN, from_codes, holds_a_code, proven, no_code_in_front),
                2,
            ),
            Step(
                "Auto-Submitted: auto-generated",
                "the header field that tells other programs not to answer.",
                some(
                    SIGNS_IN,
                    *(from_codes, holds_a_code, proven, no_code_in_front),
                    says_it_is_automatic,
                ),
                3,
            ),
        ),
        (
            f'send([...], lambda: from_host("{CODES}")) sends from the host that may do it.',
            "Put the code in the body only.",
            f'letter("login@{CODES}", "{SIGNS_IN}", "Your sign-in code", "Code: 112358", '
            'Auto_Submitted="auto-generated")',
        ),
        "A code is only good if it comes: at once, into the Inbox, and read by one person.",
    ),
)
