"""Lesson 06: right ways and wrong ones."""

import ssl
from datetime import timedelta

from smtplab import CertificateCard, RemoteProtocolError, Settings
from smtplab.lessons import signed_in
from tests.solutions.lesson05 import ALICE, BOB, LETTER, at_25, at_465, at_587, send

MSA, MX = "smtp.example.org", "mx.example.net"
AN_HOUR = timedelta(hours=1)


def inside_tls(sandbox, letter=LETTER):
    client = sandbox.connect(MX, 25)
    client.ehlo()
    client.starttls()
    client.ehlo()
    send(client, BOB, letter)


# 6.1


def readable(sandbox, letter=LETTER):
    at_25(sandbox, BOB, letter, MX)


def both_ways(sandbox):
    readable(sandbox)
    inside_tls(sandbox)


def both_ways_in_one_session(sandbox):
    client = sandbox.connect(MX, 25)
    client.ehlo()
    send(client, BOB, b"Subject: Twice\r\n\r\n.dot\r\n")
    client.starttls()
    client.ehlo()
    send(client, BOB, b"Subject: Twice\r\n\r\n.dot\r\n")


def both_ways_in_chunks_of_one_session(sandbox):
    client = sandbox.connect(MX, 25)
    client.ehlo()
    for tls in (False, True):
        if tls:
            client.starttls()
            client.ehlo()
        client.mail(ALICE)
        client.rcpt("Bob@Example.net")
        client.bdat(LETTER[:20])
        client.bdat(LETTER[20:], last=True)


def readable_twice(sandbox):
    readable(sandbox)
    readable(sandbox)


def another_text_inside(sandbox):
    readable(sandbox)
    inside_tls(sandbox, b"Subject: Another\r\n\r\nText.\r\n")


def inside_on_587(sandbox):
    readable(sandbox)
    at_587(sandbox)


# 6.2


def spoil(sandbox, kind="expired", port=465, settings=None):
    sandbox.policy(MSA).certificate = kind
    try:
        client = sandbox.connect(MSA, port, settings=settings or Settings())
        client.ehlo()
        client.starttls()
    except RemoteProtocolError:
        pass


def unchecked():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return Settings(tls_context=context)


def spoilt_and_repaired(sandbox):
    spoil(sandbox)
    sandbox.policy(MSA).certificate = "good"
    at_587(sandbox)


def spoilt_at_587_and_repaired(sandbox):
    spoil(sandbox, "wrong host", 587)
    sandbox.policy(MSA).certificate = "good"
    at_465(sandbox)


def spoilt_by_the_card(sandbox):
    CertificateCard(MSA, sandbox).attempt("self-signed")
    at_465(sandbox)


def check_turned_off(sandbox):
    spoil(sandbox, "self-signed")
    client = sandbox.connect(MSA, 465, settings=unchecked())
    client.ehlo()
    client.auth(ALICE, "looking-glass")
    send(client, BOB)


def check_turned_off_and_repaired_later(sandbox):
    check_turned_off(sandbox)
    sandbox.policy(MSA).certificate = "good"


def sent_before_and_not_after(sandbox):
    at_465(sandbox)
    spoilt_repaired_and_no_mail(sandbox)


def never_spoilt(sandbox):
    at_465(sandbox)


def spoilt_elsewhere(sandbox):
    sandbox.policy(MX).certificate = "expired"
    try:
        client = sandbox.connect(MX, 25)
        client.ehlo()
        client.starttls()
    except RemoteProtocolError:
        pass
    at_465(sandbox)


def spoilt_repaired_and_no_mail(sandbox):
    spoil(sandbox)
    sandbox.policy(MSA).certificate = "good"


# 6.3


def insisted(sandbox):
    client = sandbox.connect(MSA, 587)
    client.ehlo()
    client.starttls()
    return client


def strict_then_465(sandbox):
    with sandbox.in_the_middle():
        insisted(sandbox).quit()
        at_465(sandbox)


def strict_by_lines_then_smtplib(sandbox):
    with sandbox.in_the_middle(host=MSA):
        client = sandbox.connect(MSA, 587)
        client.send_raw(b"EHLO laptop.example.org\r\n")
        client.send_raw(b"starttls\r\n")
        client.close()
        server = sandbox.smtplib(MSA, 465)
        server.login(ALICE, "looking-glass")
        server.sendmail(ALICE, [BOB], LETTER)
        server.quit()


def strict_after_a_careless_session(sandbox):
    careless(sandbox)
    strict_then_465(sandbox)


def strict_when_the_mail_was_there_already(sandbox):
    with sandbox.in_the_middle():
        at_465(sandbox)
        insisted(sandbox).quit()


def strict_and_465_when_he_had_gone(sandbox):
    stopped_and_gave_up(sandbox)
    at_465(sandbox)


def strict_on_port_25(sandbox):
    with sandbox.in_the_middle():
        client = sandbox.connect(MSA, 25)
        client.ehlo()
        client.starttls()
        client.quit()
        at_465(sandbox)


def careless(sandbox):
    with sandbox.in_the_middle():
        insisted(sandbox).auth(ALICE, "looking-glass", "PLAIN")
        at_465(sandbox)


def nobody_in_the_middle(sandbox):
    insisted(sandbox).quit()
    at_465(sandbox)


def typed_by_hand(sandbox):
    sandbox.connect(MSA, 587).send_raw(b"XXXXXXXX\r\n")
    at_465(sandbox)


def typed_by_hand_past_mallory(sandbox):
    with sandbox.in_the_middle():
        sandbox.connect(MSA, 587).send_raw(b"XXXXXXXX\r\n")
        at_465(sandbox)


def stopped_and_gave_up(sandbox):
    with sandbox.in_the_middle():
        insisted(sandbox).quit()


def strict_then_587_later(sandbox):
    stopped_and_gave_up(sandbox)
    at_587(sandbox)


# 6.4


def attacked(sandbox):
    with sandbox.in_the_middle(source=MSA):
        send(signed_in(sandbox), BOB)
        sandbox.settle()


def attack_that_ends_before_the_call(sandbox):
    sandbox.mta_sts.publish("example.net", "enforce", [MX])
    with sandbox.in_the_middle(source=MSA):
        send(signed_in(sandbox), BOB)
    sandbox.settle()


def refused_by_a_fault(sandbox):
    policy_in_enforce(sandbox)
    sandbox.faults.add("RCPT@host:mx.example.net#1=451 4.3.0 Later")
    at_465(sandbox)
    sandbox.settle()
    sandbox.clock.advance(AN_HOUR)


def policy_in_enforce(sandbox):
    sandbox.mta_sts.publish("example.net", "enforce", [MX])


def policy_against_the_stripper(sandbox):
    sandbox.mta_sts.publish("example.net", "enforce", [MX])
    attacked(sandbox)
    sandbox.clock.advance(AN_HOUR)


def pinned_against_another_key(sandbox):
    sandbox.publish_tlsa(MX)
    sandbox.policy(MX).certificate = "self-signed"
    at_465(sandbox)
    sandbox.settle()
    sandbox.policy(MX).certificate = "good"
    sandbox.clock.advance(AN_HOUR)


def no_promise(sandbox):
    attacked(sandbox)


def policy_in_testing(sandbox):
    sandbox.mta_sts.publish("example.net", "testing", [MX])
    attacked(sandbox)


def still_waiting(sandbox):
    sandbox.mta_sts.publish("example.net", "enforce", [MX])
    attacked(sandbox)


def promise_and_no_attack(sandbox):
    sandbox.publish_tlsa(MX)
    at_587(sandbox)


RIGHT = {
    "6.1": (both_ways, both_ways_in_one_session, both_ways_in_chunks_of_one_session),
    "6.2": (spoilt_and_repaired, spoilt_at_587_and_repaired, spoilt_by_the_card),
    "6.3": (strict_then_465, strict_by_lines_then_smtplib, strict_after_a_careless_session),
    "6.4": (policy_against_the_stripper, pinned_against_another_key),
}
WRONG = {
    "6.1": (
        (inside_tls, "took on port 25 in plaintext."),
        (readable_twice, "taken by mx.example.net inside TLS."),
        (another_text_inside, "the same content, to the last octet"),
        (inside_on_587, "taken by mx.example.net inside TLS."),
    ),
    "6.2": (
        (check_turned_off, "A client that does not look repairs nothing."),
        (never_spoilt, "because the client did not accept the certificate."),
        (spoilt_elsewhere, "with smtp.example.org that ended in the TLS handshake"),
        (spoilt_repaired_and_no_mail, "smtp.example.org after the repair, that arrived."),
        (sent_before_and_not_after, "Mail from before shows nothing"),
        (check_turned_off_and_repaired_later, "a client that took the bad certificate."),
    ),
    "6.3": (
        (careless, "after the 500 no AUTH and no MAIL."),
        (nobody_in_the_middle, "the server reads XXXXXXXX and says 500."),
        (typed_by_hand, "the server reads XXXXXXXX and says 500."),
        (typed_by_hand_past_mallory, "the server reads XXXXXXXX and says 500."),
        (stopped_and_gave_up, "that came in at port 465 and arrived."),
        (strict_then_587_later, "that came in at port 465 and arrived."),
        (strict_when_the_mail_was_there_already, "later and still past Mallory"),
        (strict_and_465_when_he_had_gone, "later and still past Mallory"),
        (strict_on_port_25, "a session on port 587 of smtp.example.org"),
    ),
    "6.4": (
        (no_promise, "an MTA-STS policy that was fetched, or a TLSA record"),
        (policy_in_testing, "The policy's mode is to be enforce"),
        (attack_that_ends_before_the_call, "sandbox.settle() waits for it."),
        (still_waiting, "Time has to pass for the next attempt."),
        (promise_and_no_attack, "an attack that the promise stopped"),
        (refused_by_a_fault, "a call of smtp.example.org at mx.example.net in which it sent no"),
    ),
}
