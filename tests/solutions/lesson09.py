"""Lesson 09: right ways and wrong ones."""

from datetime import timedelta

from smtplab.lessons import fresh_session, signed_in
from smtplab.transcript import Kind

HALF_AN_HOUR, FIVE_DAYS = timedelta(minutes=30), timedelta(days=5)
LATER = "RCPT@host:mx.example.net#1=451 4.3.0 Later"
LOST = "end-of-data@host:mx.example.net#1=lose"
DOWN = "connect@host:mx.example.net=drop"


def hand_in(sandbox, subject, forward_path="bob@example.net", who="alice@example.org"):
    client = signed_in(sandbox, who)
    client.mail(who)
    client.rcpt(forward_path)
    client.data()
    client.content(f"From: {who}\r\nSubject: {subject}\r\n\r\nHello.\r\n".encode())
    client.quit()
    sandbox.settle()


def with_mail_hosts(sandbox, records, subject):
    before = sandbox.zones.text("example.net")
    sandbox.zones.replace("example.net", records)
    hand_in(sandbox, subject)
    sandbox.zones.set("example.net", before)


def with_faults(sandbox, *rules):
    sandbox.faults.clear()
    for rule in rules:
        sandbox.faults.add(rule)


# 9.1


def first_host_has_no_address(sandbox):
    with_mail_hosts(sandbox, "@ IN MX 10 first\n@ IN MX 20 mx", "no address")


def first_host_does_not_listen(sandbox):
    with_mail_hosts(sandbox, "@ IN MX 0 pop\n@ IN MX 5 mx\n@ IN MX 9 pop", "no door")


def first_host_is_far_away(sandbox):
    with_mail_hosts(sandbox, "@ IN MX 1 www.shop.example.\n@ IN MX 2 mx", "other zone")


def the_backup_is_worse(sandbox):
    with_mail_hosts(sandbox, "@ IN MX 10 mx\n@ IN MX 20 backup", "worse")


def both_are_equal(sandbox):
    with_mail_hosts(sandbox, "@ IN MX 10 a\n@ IN MX 10 mx", "equal")


def the_sender_itself_is_best(sandbox):
    with_mail_hosts(sandbox, "@ IN MX 10 smtp.example.org.\n@ IN MX 20 mx", "itself")


def the_zone_changes_too_late(sandbox):
    hand_in(sandbox, "too late")
    before = sandbox.zones.text("example.net")
    sandbox.zones.replace("example.net", "@ IN MX 10 first\n@ IN MX 20 mx")
    sandbox.settle()
    sandbox.zones.set("example.net", before)


def a_look_up_told_by_hand(sandbox):
    hand_in(sandbox, "by hand")
    accepted = next(e for e in sandbox.transcript.events if e.kind is Kind.ACCEPTED)
    told = {"host": accepted.detail["host"], "id": accepted.detail["id"], "name": "example.net"}
    records = ["10 first.example.net.", "20 mx.example.net."]
    recorder = sandbox.transcript.recorder("", "server")
    recorder.record(Kind.LOOKED_UP, 0, detail=told | {"type": "MX", "records": records})


def first_host_is_away_for_smtplib(sandbox):
    before = sandbox.zones.text("example.net")
    sandbox.zones.replace("example.net", "@ IN MX 10 pop\n@ IN MX 20 mx")
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login("alice@example.org", "looking-glass")
    server.sendmail("alice@example.org", ["Bob@Example.Net"], b"Subject: away\r\n\r\nHi.\r\n")
    server.quit()
    sandbox.settle()
    sandbox.zones.set("example.net", before)


def only_at_the_second_attempt(sandbox):
    with_faults(sandbox, "connect@host:mx.example.net#1=drop")
    sandbox.zones.replace("example.net", "@ IN MX 10 first\n@ IN MX 20 mx")
    hand_in(sandbox, "second attempt")
    sandbox.clock.advance(HALF_AN_HOUR)


# 9.2


def refused_once(sandbox):
    with_faults(sandbox, LATER)
    hand_in(sandbox, "refused once")
    sandbox.clock.advance(HALF_AN_HOUR)
    sandbox.faults.clear()


def without_dns_for_a_while(sandbox):
    sandbox.zones.fail("example.net")
    hand_in(sandbox, "no dns", who="carol@example.org")
    sandbox.zones.mend("example.net")
    sandbox.clock.advance(timedelta(hours=2))


def host_away_for_a_while(sandbox):
    with_faults(sandbox, DOWN)
    hand_in(sandbox, "away")
    sandbox.faults.clear()
    sandbox.clock.advance(HALF_AN_HOUR)


def refused_once_after_a_vain_attempt(sandbox):
    hand_in(sandbox, "refused once")
    refused_once(sandbox)


def put_off_after_the_content(sandbox):
    with_faults(sandbox, "end-of-data@host:mx.example.net#1=451 4.3.0 Later")
    hand_in(sandbox, "after the content")
    sandbox.clock.advance(timedelta(hours=1))


def brought_by_hand_instead(sandbox):
    never_waited(sandbox)
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(b"From: alice@example.org\r\nSubject: never waited\r\n\r\nHello.\r\n")


def never_waited(sandbox):
    with_faults(sandbox, LATER)
    hand_in(sandbox, "never waited")
    sandbox.faults.clear()


def refused_twice(sandbox):
    with_faults(sandbox, LATER, LATER.replace("#1", "#2"))
    hand_in(sandbox, "refused twice")
    sandbox.clock.advance(timedelta(hours=4))
    sandbox.faults.clear()


def no_trouble_at_all(sandbox):
    hand_in(sandbox, "no trouble")
    sandbox.clock.advance(HALF_AN_HOUR)


def refused_for_good(sandbox):
    with_faults(sandbox, LATER.replace("451 4.3.0", "550 5.3.0"))
    hand_in(sandbox, "for good")
    sandbox.clock.advance(HALF_AN_HOUR)
    sandbox.faults.clear()


# 9.3


def down_for_days(sandbox):
    with_faults(sandbox, DOWN)
    hand_in(sandbox, "down")
    sandbox.clock.advance(FIVE_DAYS)
    sandbox.faults.clear()


def put_off_for_days(sandbox):
    with_faults(sandbox, LATER.replace("#1", ""))
    hand_in(sandbox, "put off")
    for _ in range(7):
        sandbox.clock.advance(timedelta(days=1))
    sandbox.faults.clear()


def without_dns_for_days_from_alice_in_capitals(sandbox):
    sandbox.zones.fail("example.net")
    client = signed_in(sandbox)
    client.mail("Alice@Example.Org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(b"From: alice@example.org\r\n\r\nNo Subject at all.\r\n")
    sandbox.settle()
    sandbox.clock.advance(timedelta(days=6))
    sandbox.zones.mend("example.net")


def back_to_carol(sandbox):
    with_faults(sandbox, DOWN)
    hand_in(sandbox, "to Carol", who="carol@example.org")
    sandbox.clock.advance(FIVE_DAYS)
    sandbox.faults.clear()


def only_late(sandbox):
    with_faults(sandbox, DOWN)
    hand_in(sandbox, "late")
    sandbox.clock.advance(timedelta(days=4))
    sandbox.faults.clear()


def back_at_once(sandbox):
    with_faults(sandbox, LATER.replace("#1=451 4", "=550 5"))
    hand_in(sandbox, "at once")
    sandbox.clock.advance(FIVE_DAYS)
    sandbox.faults.clear()


def without_a_way_back(sandbox):
    with_faults(sandbox, DOWN)
    client = signed_in(sandbox)
    client.mail("")
    client.rcpt("bob@example.net")
    client.data()
    client.content(b"Subject: no way back\r\n\r\nHello.\r\n")
    sandbox.settle()
    sandbox.clock.advance(FIVE_DAYS)
    sandbox.faults.clear()


def for_nobody(sandbox):
    hand_in(sandbox, "nobody", "nina@example.net")


# 9.4


def reply_lost(sandbox):
    with_faults(sandbox, LOST)
    hand_in(sandbox, "lost")
    sandbox.clock.advance(HALF_AN_HOUR)
    sandbox.faults.clear()


def reply_lost_twice(sandbox):
    with_faults(sandbox, LOST, LOST.replace("#1", "#2"))
    hand_in(sandbox, "lost twice", who="carol@example.org")
    sandbox.clock.advance(timedelta(hours=3))
    sandbox.faults.clear()


def reply_lost_for_chunks(sandbox):
    with_faults(sandbox, LOST)
    client = signed_in(sandbox)
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.bdat(b"Subject: lost\r\n\r\nHello.\r\n", last=True)
    sandbox.settle()
    sandbox.clock.advance(HALF_AN_HOUR)
    sandbox.faults.clear()


def handed_in_twice(sandbox):
    hand_in(sandbox, "twice")
    hand_in(sandbox, "twice")


def handed_in_twice_and_waited(sandbox):
    with_faults(sandbox, LATER)
    hand_in(sandbox, "twice, and waited")
    hand_in(sandbox, "twice, and waited")
    sandbox.clock.advance(HALF_AN_HOUR)
    sandbox.faults.clear()


def dropped_before_it_was_taken(sandbox):
    with_faults(sandbox, LOST.replace("lose", "drop"))
    hand_in(sandbox, "dropped")
    sandbox.clock.advance(HALF_AN_HOUR)
    sandbox.faults.clear()


def lost_and_not_waited_for(sandbox):
    with_faults(sandbox, LOST)
    hand_in(sandbox, "not waited")
    sandbox.faults.clear()


def turned_too_little(sandbox):
    with_faults(sandbox, LATER)
    hand_in(sandbox, "ten minutes")
    sandbox.clock.advance(timedelta(minutes=10))


def four_days_only(sandbox):
    with_faults(sandbox, DOWN)
    hand_in(sandbox, "four days")
    sandbox.clock.advance(timedelta(days=4))


def lost_each_time(sandbox):
    with_faults(sandbox, LOST.replace("#1", ""))
    hand_in(sandbox, "lost each time")
    sandbox.clock.advance(HALF_AN_HOUR)


RIGHT = {
    "9.1": (
        first_host_has_no_address,
        first_host_does_not_listen,
        first_host_is_far_away,
        first_host_is_away_for_smtplib,
    ),
    "9.2": (
        refused_once,
        without_dns_for_a_while,
        refused_once_after_a_vain_attempt,
        host_away_for_a_while,
        put_off_after_the_content,
    ),
    "9.3": (down_for_days, put_off_for_days, without_dns_for_days_from_alice_in_capitals),
    "9.4": (reply_lost, reply_lost_twice, reply_lost_for_chunks),
}

WRONG = {
    "9.1": (
        (the_backup_is_worse, "a better host in front of mx.example.net"),
        (both_are_equal, "a better host in front of mx.example.net"),
        (the_sender_itself_is_best, "must not be the sender itself"),
        (the_zone_changes_too_late, "in the zone before you hand the mail in"),
        (for_nobody, "a mail for bob@example.net alone that smtp.example.org took"),
        (only_at_the_second_attempt, "this mail in Bob's Inbox, at the first attempt."),
    ),
    "9.2": (
        (never_waited, "The world clock moves only when you turn it,"),
        (refused_twice, "the second attempt, and one copy in Bob's Inbox."),
        (no_trouble_at_all, "a first attempt that ended with a 4yz reply."),
        (refused_for_good, "a first attempt that ended with a 4yz reply."),
        (reply_lost, "the second attempt, and one copy in Bob's Inbox."),
        (brought_by_hand_instead, "the second attempt, and one copy in Bob's Inbox."),
        (turned_too_little, "the second attempt comes after 30 minutes"),
    ),
    "9.3": (
        (only_late, "a mail that was tried for days and given up."),
        (back_at_once, "5yz ends it at once"),
        (four_days_only, "gives up after five days"),
        (without_a_way_back, "the report with Action: failed"),
        (back_to_carol, "the report with Action: failed in Alice's Inbox."),
    ),
    "9.4": (
        (handed_in_twice, "a first attempt that failed, and a later one that got its 250."),
        (handed_in_twice_and_waited, "two copies in Bob's Inbox."),
        (dropped_before_it_was_taken, "two copies in Bob's Inbox."),
        (lost_and_not_waited_for, "Turn the clock between the attempts."),
        (lost_each_time, "A fault with #1 strikes once."),
    ),
}
