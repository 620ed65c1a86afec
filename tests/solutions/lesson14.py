"""Lesson 14: right ways and wrong ones."""

from email.message import EmailMessage

from smtplab import from_email, rehearse
from smtplab.lessons import fresh_session, signed_in

ALICE, BOB, CAROL = "alice@example.org", "bob@example.net", "carol@example.org"
NOBODY, PASSWORD = "nobody@example.org", "looking-glass"
SENDGRID = "sendgrid.profile.example"
LEARNER = f"learner@{SENDGRID}"


def letter(*to):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ALICE, ", ".join(to), "Tea"
    mail.set_content("At five?\n")
    return mail


# 14.1


def by_smtplib(sandbox, *to):
    with sandbox.smtplib() as server:
        server.starttls()
        server.login(ALICE, PASSWORD)
        server.send_message(letter(*(to or (BOB, CAROL))))


def by_smtplib_on_465(sandbox):
    with sandbox.smtplib("smtp.example.org", 465) as server:
        server.login(ALICE, PASSWORD)
        server.sendmail(ALICE, [CAROL, BOB], letter(BOB).as_string())


def by_smtplib_in_capitals(sandbox):
    for_bob_alone(sandbox)
    with sandbox.smtplib("smtp.example.org", 465) as server:
        server.login(ALICE, PASSWORD)
        server.sendmail(CAROL, [CAROL.upper(), "Bob <bob@Example.Net>"], letter(BOB).as_string())


def by_our_client(sandbox):
    client = signed_in(sandbox)
    client.mail(ALICE)
    for mailbox in (BOB, CAROL):
        client.rcpt(mailbox)
    client.data()
    client.content(from_email(letter(BOB, CAROL)).content)


def without_tls_at_the_exchange(sandbox):
    with sandbox.smtplib("mx.example.net", 25) as server:
        server.send_message(letter(BOB))


def unencrypted_at_port_25(sandbox):
    with sandbox.smtplib("smtp.example.org", 25) as server:
        server.send_message(letter(CAROL))


def for_bob_alone(sandbox):
    by_smtplib(sandbox, BOB)


def in_two_mails(sandbox):
    by_smtplib(sandbox, BOB)
    by_smtplib(sandbox, CAROL)


# 14.2


def at_sendgrid(sandbox, port=587):
    sandbox.add_host("sendgrid")
    client = sandbox.connect(SENDGRID, port)
    client.ehlo()
    if port == 587:
        client.starttls()
        client.ehlo()
    client.auth("apikey", "app-password-of-16")
    return client


def finish(client, to=BOB):
    client.rcpt(to)
    client.data()
    client.content(from_email(letter(to)).content)


def refused_then_mended(sandbox):
    client = at_sendgrid(sandbox)
    client.mail(ALICE)
    client.mail(LEARNER)
    finish(client)


def refused_then_mended_on_465(sandbox):
    client = at_sendgrid(sandbox, 465)
    client.mail("Alice@example.org")
    client.rset()
    client.mail(LEARNER)
    finish(client, LEARNER)


def refused_then_mended_by_smtplib(sandbox):
    sandbox.add_host("sendgrid")
    server = sandbox.smtplib(SENDGRID, 587)
    server.starttls()
    server.login("apikey", "app-password-of-16")
    server.mail("Alice@Example.Org")
    server.sendmail(LEARNER, [BOB], letter(BOB).as_string())
    server.quit()


def bob_was_refused_instead(sandbox):
    client = at_sendgrid(sandbox)
    client.mail(BOB)
    client.mail(LEARNER)
    finish(client)


def mended_before_it_was_refused(sandbox):
    client = at_sendgrid(sandbox)
    client.mail(LEARNER)
    finish(client)
    client.mail(ALICE)
    client.mail(LEARNER)


def never_refused(sandbox):
    client = at_sendgrid(sandbox)
    client.mail(LEARNER)
    finish(client)


def refused_and_left(sandbox):
    at_sendgrid(sandbox).mail(ALICE)


def mended_in_another_session(sandbox):
    refused_and_left(sandbox)
    never_refused(sandbox)


def never_signed_in(sandbox):
    sandbox.add_host("sendgrid")
    client = sandbox.connect(SENDGRID, 587)
    client.ehlo()
    client.starttls()
    client.ehlo()
    client.auth("learner", "wrong")


# 14.3


def mail_for_alice(sandbox):
    client = signed_in(sandbox, CAROL)
    client.mail(CAROL)
    client.rcpt(ALICE)
    client.data()
    client.content(b"Subject: Hello\r\n\r\nHello.\r\n")
    client.quit()


def by_poplib(sandbox, port=995):
    mail_for_alice(sandbox)
    reader = sandbox.poplib("pop.example.org", port)
    if port == 110:
        reader.stls()
    reader.user(ALICE)
    reader.pass_(PASSWORD)
    reader.retr(1)
    reader.quit()


def by_poplib_with_stls(sandbox):
    by_poplib(sandbox, 110)


def as_carol_after_all(sandbox):
    by_smtplib(sandbox, CAROL)
    reader = sandbox.poplib("pop.example.org")
    reader.user(ALICE)
    reader.user(CAROL)
    reader.pass_("winter-song")
    reader.retr(1)
    reader.quit()


def by_poplib_and_deleted(sandbox):
    by_smtplib(sandbox, ALICE)
    reader = sandbox.poplib("pop.example.org")
    reader.user(ALICE)
    reader.pass_(PASSWORD)
    reader.retr(1)
    reader.dele(1)
    reader.quit()


def counted_only(sandbox):
    mail_for_alice(sandbox)
    reader = sandbox.poplib("pop.example.org")
    reader.user(ALICE)
    reader.pass_(PASSWORD)
    reader.stat()
    reader.quit()


def read_but_did_not_quit(sandbox):
    mail_for_alice(sandbox)
    reader = sandbox.poplib("pop.example.org")
    reader.user(ALICE)
    reader.pass_(PASSWORD)
    reader.retr(1)
    reader.close()


def as_bob(sandbox):
    reader = sandbox.poplib("pop.example.net")
    reader.user(BOB)
    reader.pass_("blue-print")
    reader.quit()


def by_imap(sandbox):
    mail_for_alice(sandbox)
    reader = sandbox.imaplib("imap.example.org")
    reader.login(ALICE, PASSWORD)
    reader.select("INBOX", readonly=True)
    reader.fetch("1", "(BODY.PEEK[])")
    reader.logout()


# 14.4


def sign_in(client):
    return client.auth(ALICE, PASSWORD)


def rehearsed(sandbox, until="RCPT", to=(CAROL, NOBODY)):
    mail = from_email(letter(*to))
    rehearse(sandbox.connect(), mail, until=until, sign_in=sign_in)


def rehearsed_by_hand(sandbox):
    client = signed_in(sandbox)
    client.mail(ALICE)
    client.rcpt(NOBODY)
    client.rcpt(CAROL)
    client.rset()
    client.quit()


def rehearsed_by_smtplib(sandbox):
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login(ALICE, PASSWORD)
    server.mail("")
    for mailbox in ("NOBODY@example.org", "Carol@Example.Org"):
        server.rcpt(mailbox)
    server.rset()
    server.quit()


def somebody_like_nobody(sandbox):
    rehearsed(sandbox, to=(CAROL, f"not-{NOBODY}"))


def sent_for_real(sandbox):
    rehearsed(sandbox, "content")


def only_carol(sandbox):
    rehearsed(sandbox, to=(CAROL,))


def stopped_at_mail(sandbox):
    rehearsed(sandbox, "MAIL")


def not_signed_in(sandbox):
    fresh_session(
        sandbox, "smtp.example.org", 25, "EHLO laptop.example.org", f"MAIL FROM:<{ALICE}>",
        f"RCPT TO:<{CAROL}>", f"RCPT TO:<{NOBODY}>", "QUIT",
    )  # fmt: skip


RIGHT = {
    "14.1": (by_smtplib, by_smtplib_on_465, by_smtplib_in_capitals),
    "14.2": (
        refused_then_mended,
        refused_then_mended_on_465,
        refused_then_mended_by_smtplib,
    ),
    "14.3": (by_poplib, by_poplib_with_stls, by_poplib_and_deleted),
    "14.4": (rehearsed, rehearsed_by_hand, rehearsed_by_smtplib),
}
WRONG = {
    "14.1": (
        (by_our_client, "It is known by its small letters"),
        (without_tls_at_the_exchange, "a session with smtp.example.org in which smtplib"),
        (unencrypted_at_port_25, "TLS and a sign-in before the mail"),
        (for_bob_alone, "one mail for Bob and Carol together"),
        (in_two_mails, "one mail for Bob and Carol together"),
    ),
    "14.2": (
        (never_signed_in, "that got 235"),
        (never_refused, "a sender that the account has not verified"),
        (bob_was_refused_instead, "its refusal: MAIL FROM:<alice@example.org>"),
        (mended_before_it_was_refused, "the repair in the same session"),
        (refused_and_left, "the repair in the same session"),
        (mended_in_another_session, "the repair in the same session"),
    ),
    "14.3": (
        (as_bob, "a session with pop.example.org"),
        (by_imap, "a session with pop.example.org"),
        (as_carol_after_all, "USER alice@example.org and PASS"),
        (counted_only, "a mail fetched with RETR"),
        (read_but_did_not_quit, "a QUIT at the end"),
    ),
    "14.4": (
        (sent_for_real, "an end without a content"),
        (somebody_like_nobody, "RCPT for nobody@example.org in the same session"),
        (only_carol, "RCPT for nobody@example.org in the same session"),
        (stopped_at_mail, "RCPT for carol@example.org, accepted"),
        (not_signed_in, "that got 235"),
    ),
}
