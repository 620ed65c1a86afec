"""Lesson 15, the practical tasks: right ways and wrong ones."""

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

from smtplab import Console
from smtplab.lessons import fresh_session, signed_in

HEADER = b"From: Alice <alice@example.org>\r\nTo: Bob <bob@example.net>\r\n"
PLAIN = HEADER + b"Subject: Hello\r\n\r\nHello.\r\n"
SHOP = b"From: Shop <news@shop.example>\r\nTo: bob@example.net\r\nSubject: New tea\r\n\r\nTea.\r\n"
ALICE, BOB, CAROL = "alice@example.org", "bob@example.net", "carol@example.org"
GREY, NOBODY = "grey@example.net", "nobody@example.net"


def handed_in(client, content, *forward_paths, reverse_path=ALICE, parameters=None):
    client.mail(reverse_path)
    for path in forward_paths:
        client.rcpt(path, parameters)
    client.data()
    return client.content(content)


def through_465(sandbox, mechanism="SCRAM-SHA-256", content=PLAIN, forward_path=BOB):
    client = sandbox.connect("smtp.example.org", 465)
    client.ehlo()
    client.auth(ALICE, "looking-glass", mechanism)
    handed_in(client, content, forward_path)


def by_scram(sandbox):
    through_465(sandbox)


def by_scram_after_a_wrong_password(sandbox):
    client = sandbox.connect("smtp.example.org", 465)
    client.ehlo()
    client.auth(ALICE, "looking-glas", "SCRAM-SHA-256")
    client.auth(ALICE, "looking-glass", "SCRAM-SHA-256")
    handed_in(client, PLAIN, BOB)


def by_plain(sandbox):
    through_465(sandbox, "PLAIN")


def by_scram_on_587(sandbox):
    client = sandbox.connect()
    client.ehlo()
    client.starttls()
    client.ehlo()
    client.auth(ALICE, "looking-glass", "SCRAM-SHA-256")
    handed_in(client, PLAIN, BOB)


def by_scram_to_carol(sandbox):
    through_465(sandbox, forward_path=CAROL)


def bounced(sandbox, forward_path=NOBODY):
    handed_in(signed_in(sandbox), PLAIN, forward_path)


def told_carol(sandbox, status):
    handed_in(signed_in(sandbox), HEADER + b"Subject: " + status + b"\r\n\r\nSo.\r\n", CAROL)


def bounced_and_told(sandbox):
    bounced(sandbox)
    told_carol(sandbox, b"5.1.1")


def full_and_told(sandbox):
    bounced(sandbox, "left@example.net")
    status = sandbox.inbox(ALICE)[-1].content.partition(b"Status: ")[2].split()[0]
    told_carol(sandbox, status)


def bounced_and_told_in_one_session_by_smtplib(sandbox):
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login(ALICE, "looking-glass")
    server.sendmail("Alice@Example.Org", ["NOBODY@example.net"], PLAIN)
    sandbox.settle()
    server.sendmail(ALICE, [CAROL], b"Subject: 5.1.1\r\n\r\nSo.\r\n")
    server.quit()


def told_before_it_bounced_in_one_session(sandbox):
    client = signed_in(sandbox)
    handed_in(client, HEADER + b"Subject: 5.1.1\r\n\r\nSo.\r\n", CAROL)
    handed_in(client, PLAIN, NOBODY)


def told_more_than_the_status(sandbox):
    bounced(sandbox)
    told_carol(sandbox, b"Status: 5.1.1")


def bounced_and_no_more(sandbox):
    bounced(sandbox)


def bounced_and_told_the_reply_code(sandbox):
    bounced(sandbox)
    told_carol(sandbox, b"550")


def refused_at_rcpt(sandbox):
    lines = "EHLO a.example", f"MAIL FROM:<{ALICE}>", f"RCPT TO:<{NOBODY}>"
    fresh_session(sandbox, "mx.example.net", 25, *lines)


def told_without_a_bounce(sandbox):
    told_carol(sandbox, b"5.1.1")


def told_before_it_bounced(sandbox):
    told_carol(sandbox, b"5.1.1")
    bounced(sandbox)


def blind(sandbox):
    handed_in(signed_in(sandbox), PLAIN, BOB, CAROL)


def blind_by_console(sandbox):
    console = Console(sandbox, "smtp.example.org", 465)
    console.press("EHLO")
    console.press("AUTH")
    for line in (f"MAIL FROM:<{ALICE}>", f"RCPT TO:<{CAROL}>", f"RCPT TO:<{BOB}>", "DATA"):
        console.send(line)
    console.send("From: Alice <alice@example.org>\nTo: bob@example.net\nSubject: Hello\n\nHello.")


def blind_by_smtplib(sandbox):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Bcc"] = ALICE, "Bob <BOB@Example.Net>", CAROL
    mail.set_content("Hello.\n")
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login(ALICE, "looking-glass")
    server.send_message(mail)
    server.quit()


def with_a_bcc_field_for_another(sandbox):
    handed_in(signed_in(sandbox), b"bcc: alice@example.org\r\n" + PLAIN, BOB, CAROL)


def with_carol_in_the_body(sandbox):
    handed_in(signed_in(sandbox), PLAIN + b"Carol got it, too.\r\n", BOB, CAROL)


def with_carol_in_an_encoded_word(sandbox):
    handed_in(signed_in(sandbox), b"Cc: =?utf-8?q?C=61rol?=\r\n" + PLAIN, BOB, CAROL)


def to_somebody_like_bob(sandbox):
    content = PLAIN.replace(b"To: Bob <bob@", b"To: Bob <notbob@")
    handed_in(signed_in(sandbox), content, BOB, CAROL)


def with_a_bcc_field(sandbox):
    handed_in(signed_in(sandbox), b"Bcc: carol@example.org\r\n" + PLAIN, BOB, CAROL)


def with_a_cc_field(sandbox):
    handed_in(signed_in(sandbox), b"Cc: carol@example.org\r\n" + PLAIN, BOB, CAROL)


def in_two_transactions(sandbox):
    client = signed_in(sandbox)
    handed_in(client, PLAIN, BOB)
    handed_in(client, PLAIN, CAROL)


def as_the_shop(sandbox, content=SHOP):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    handed_in(client, content, BOB, reverse_path="news@shop.example")


def spf_is(sandbox, record):
    sandbox.zones.replace("shop.example", f'@ IN TXT "{record}"')


def repaired_by_ip4(sandbox):
    as_the_shop(sandbox)
    spf_is(sandbox, "v=spf1 a ip4:198.51.100.10 -all")
    as_the_shop(sandbox)


def repaired_by_a_name(sandbox):
    as_the_shop(sandbox)
    spf_is(sandbox, "v=spf1 a a:laptop.example.org -all")
    as_the_shop(sandbox)


def repaired_softly(sandbox):
    as_the_shop(sandbox)
    spf_is(sandbox, "v=spf1 ip4:198.51.100.10/32 ip4:203.0.113.80 ~all")
    as_the_shop(sandbox)


def a_range_of_neighbours(sandbox):
    as_the_shop(sandbox)
    spf_is(sandbox, "v=spf1 a ip4:198.51.100.10/31 -all")
    as_the_shop(sandbox)


def another_shop_as_well(sandbox):
    as_the_shop(sandbox)
    spf_is(sandbox, "v=spf1 a ip4:198.51.100.10 a:codes.example -all")
    as_the_shop(sandbox)


def no_policy_at_all(sandbox):
    repaired_by_ip4(sandbox)
    sandbox.zones.remove("shop.example", "_dmarc", "TXT")


def never_failed(sandbox):
    spf_is(sandbox, "v=spf1 a ip4:198.51.100.10 -all")
    as_the_shop(sandbox)


def repaired_and_not_sent_again(sandbox):
    as_the_shop(sandbox)
    spf_is(sandbox, "v=spf1 a ip4:198.51.100.10 -all")


def signed_and_not_repaired(sandbox):
    as_the_shop(sandbox)
    as_the_shop(sandbox, sandbox.dkim_signed(SHOP, "shop.example"))


def open_to_everybody(sandbox):
    as_the_shop(sandbox)
    spf_is(sandbox, "v=spf1 +all")
    as_the_shop(sandbox)


def a_range_of_everybody(sandbox):
    as_the_shop(sandbox)
    spf_is(sandbox, "v=spf1 ip4:0.0.0.0/0 -all")
    as_the_shop(sandbox)


def no_policy_any_more(sandbox):
    repaired_by_ip4(sandbox)
    sandbox.zones.replace("shop.example", '_dmarc IN TXT "v=DMARC1; p=none"')


def waited(sandbox, minutes=30):
    handed_in(signed_in(sandbox), PLAIN, GREY)
    sandbox.settle()
    sandbox.clock.advance(timedelta(minutes=minutes))


def waited_half_an_hour(sandbox):
    waited(sandbox)


def waited_a_day(sandbox):
    waited(sandbox, 24 * 60)


def waited_for_carol_s(sandbox):
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login(CAROL, "winter-song")
    server.sendmail(CAROL, ["Grey@Example.Net"], PLAIN)
    server.quit()
    sandbox.settle()
    sandbox.clock.advance(timedelta(hours=3))


def straight_to_the_exchange(sandbox):
    for _ in range(2):
        client = fresh_session(sandbox, "mx.example.net", 25, "EHLO a.example")
        client.mail(ALICE)
        if client.rcpt(GREY).is_positive:
            client.data()
            client.content(PLAIN)
        sandbox.clock.advance(timedelta(minutes=10))


def did_not_wait(sandbox):
    waited(sandbox, 0)


def waited_five_minutes(sandbox):
    waited(sandbox, 5)


def without_greylisting(sandbox):
    mailbox = sandbox.mailbox(GREY)
    mailbox.terms = replace(mailbox.terms, greylisted=False)


def switched_off_before(sandbox):
    without_greylisting(sandbox)
    waited(sandbox)


def switched_off_after(sandbox):
    waited(sandbox, 0)
    without_greylisting(sandbox)
    sandbox.clock.advance(timedelta(minutes=30))


def with_notify(sandbox, value="SUCCESS", forward_path=BOB, reverse_path=ALICE):
    client = signed_in(sandbox)
    parameters = {"NOTIFY": value} if value else None
    handed_in(client, PLAIN, forward_path, reverse_path=reverse_path, parameters=parameters)


def success(sandbox):
    with_notify(sandbox)


def success_and_failure(sandbox):
    with_notify(sandbox, "SUCCESS,FAILURE")


def success_by_smtplib(sandbox):
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login(ALICE, "looking-glass")
    server.sendmail("Alice@example.org", [BOB], PLAIN, rcpt_options=["notify=delay,success"])
    server.quit()


def success_for_carol(sandbox):
    with_notify(sandbox, forward_path=CAROL)


def success_told_to_carol(sandbox):
    with_notify(sandbox, reverse_path=CAROL)


def bob_away(sandbox):
    sandbox.faults.add("RCPT@host:mx.example.net=550 5.1.1 No")
    with_notify(sandbox, "SUCCESS,FAILURE")


def no_notify(sandbox):
    with_notify(sandbox, "")


def notify_failure(sandbox):
    with_notify(sandbox, "FAILURE")


def success_of_a_failure(sandbox):
    with_notify(sandbox, forward_path=NOBODY)


def success_at_the_wrong_server(sandbox):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    handed_in(client, PLAIN, BOB, parameters={"NOTIFY": "SUCCESS"})


RIGHT = {
    "15.1": (by_scram, by_scram_after_a_wrong_password),
    "15.2": (bounced_and_told, full_and_told, bounced_and_told_in_one_session_by_smtplib),
    "15.3": (blind, blind_by_console, blind_by_smtplib),
    "15.4": (repaired_by_ip4, repaired_by_a_name, repaired_softly),
    "15.5": (waited_half_an_hour, waited_a_day, waited_for_carol_s),
    "15.6": (success, success_and_failure, success_by_smtplib),
}
WRONG = {
    "15.1": (
        (by_plain, "235 on port 465 after AUTH SCRAM-SHA-256."),
        (by_scram_on_587, "a session of yours with smtp.example.org on port 465."),
        (by_scram_to_carol, "a mail for bob@example.net alone that this session handed in"),
    ),
    "15.2": (
        (bounced_and_no_more, "a mail for carol@example.org alone"),
        (bounced_and_told_the_reply_code, "whose Subject is the status"),
        (refused_at_rcpt, "A refused RCPT makes no report"),
        (told_before_it_bounced, "It has to come after the report."),
        (told_before_it_bounced_in_one_session, "It has to come after the report."),
        (told_more_than_the_status, "and nothing else"),
        (told_without_a_bounce, "whose report about a failure lies in her Inbox"),
    ),
    "15.3": (
        (with_a_bcc_field, "a header section with Bob in To and without a trace of Carol"),
        (with_a_cc_field, "a header section with Bob in To and without a trace of Carol"),
        (with_a_bcc_field_for_another, "a header section with Bob in To and without a trace"),
        (with_carol_in_the_body, "no word of her in the body"),
        (with_carol_in_an_encoded_word, "without a trace of Carol"),
        (to_somebody_like_bob, "a header section with Bob in To"),
        (in_two_transactions, "one mail object that went to bob@example.net and carol"),
    ),
    "15.4": (
        (never_failed, "that ends in Junk because DMARC fails"),
        (repaired_and_not_sent_again, "the same mail after the repair."),
        (signed_and_not_repaired, "The newest one has to pass, by SPF"),
        (open_to_everybody, "no +all, no range of everybody"),
        (a_range_of_everybody, "no +all, no range of everybody"),
        (no_policy_any_more, "no p=none"),
        (a_range_of_neighbours, "no range of everybody or of neighbours"),
        (another_shop_as_well, "a zone that still says no to others"),
        (no_policy_at_all, "no p=none, and a policy"),
    ),
    "15.5": (
        (straight_to_the_exchange, "that smtp.example.org took from you"),
        (did_not_wait, "this mail in the Inbox of grey@example.net."),
        (waited_five_minutes, "time has to pass before the next attempt"),
        (switched_off_before, "and a 451 that mx.example.net gave it"),
        (switched_off_after, "greylisting at the mailbox."),
    ),
    "15.6": (
        (
            no_notify,
            "RCPT for bob@example.net with NOTIFY=SUCCESS",
        ),
        (
            notify_failure,
            "RCPT for bob@example.net with NOTIFY=SUCCESS",
        ),
        (success_of_a_failure, "RCPT for bob@example.net with NOTIFY=SUCCESS"),
        (success_for_carol, "RCPT for bob@example.net with NOTIFY=SUCCESS"),
        (success_told_to_carol, "The reverse-path must be hers"),
        (bob_away, "the mail must have arrived"),
        (
            success_at_the_wrong_server,
            "RCPT for bob@example.net with NOTIFY=SUCCESS",
        ),
    ),
}
