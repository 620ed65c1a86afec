"""Lesson 07: right ways and wrong ones."""

from base64 import b64encode
from datetime import timedelta

from smtplab.lessons import fresh_session

EHLO = "EHLO laptop.example.org"
ALICE, SECRET = "alice@example.org", "looking-glass"
PLAIN = b"From: Alice <alice@example.org>\r\nSubject: Hello\r\n\r\nHello.\r\n"
OUTLOOK = "outlook.profile.example"
LEARNER = f"learner@{OUTLOOK}"


def inside_tls(sandbox, *lines):
    client = fresh_session(sandbox, "smtp.example.org", 587, EHLO)
    client.starttls()
    client.ehlo()
    for line in lines:
        client.send_raw(line.encode() + b"\r\n")
    return client


def at_465(sandbox, *lines):
    return fresh_session(sandbox, "smtp.example.org", 465, EHLO, *lines)


def coded(text):
    return b64encode(text.encode()).decode()


def login_by_hand(sandbox):
    inside_tls(sandbox, "AUTH LOGIN", coded("carol@example.org"), coded("winter-song"))


def login_by_method(sandbox):
    client = inside_tls(sandbox)
    client.auth(ALICE, SECRET, "LOGIN", initial_response=False)


def login_by_smtplib_after_a_wrong_password(sandbox):
    client = inside_tls(sandbox)
    client.auth(ALICE, "looking-glas", "LOGIN", initial_response=False)
    server = sandbox.smtplib()
    server.starttls()
    server.ehlo()
    server.user, server.password = "carol@example.org", "winter-song"
    server.auth("LOGIN", server.auth_login, initial_response_ok=False)
    server.quit()


def login_wrong_and_then_plain(sandbox):
    client = inside_tls(sandbox)
    client.auth(ALICE, "looking-glas", "LOGIN", initial_response=False)
    client.auth(ALICE, SECRET, "PLAIN")


def login_with_the_name_at_once(sandbox):
    inside_tls(sandbox, f"AUTH LOGIN {coded(ALICE)}", coded(SECRET))


def login_with_a_wrong_password(sandbox):
    inside_tls(sandbox, "AUTH LOGIN", coded(ALICE), coded("looking-glas"))


def login_on_465(sandbox):
    at_465(sandbox, "AUTH LOGIN", coded(ALICE), coded(SECRET))


def login_without_base64(sandbox):
    inside_tls(sandbox, "AUTH LOGIN", "carol@example.org")


def plain_in_two_lines(sandbox):
    inside_tls(sandbox, "AUTH PLAIN", coded(f"\0{ALICE}\0{SECRET}"))


def star_then_scram(sandbox):
    client = inside_tls(sandbox, "AUTH LOGIN", "*")
    client.auth(ALICE, SECRET, "SCRAM-SHA-256")


def cancelled_scram_then_scram(sandbox):
    client = inside_tls(sandbox)
    exchange = client.begin_auth(ALICE, SECRET, "SCRAM-SHA-256")
    exchange.step()
    exchange.cancel()
    client.auth(ALICE, SECRET, "SCRAM-SHA-256", initial_response=False)


def star_twice_in_small_letters(sandbox):
    client = inside_tls(sandbox, "auth cram-md5", "*", "auth plain", "*")
    client.auth(ALICE, "looking-glas", "SCRAM-SHA-256")
    client.auth(ALICE, SECRET, "SCRAM-SHA-256")


def star_as_the_initial_response(sandbox):
    client = inside_tls(sandbox, "AUTH PLAIN *")
    client.auth(ALICE, SECRET, "SCRAM-SHA-256")


def two_stars(sandbox):
    client = inside_tls(sandbox, "AUTH LOGIN", "**")
    client.auth(ALICE, SECRET, "SCRAM-SHA-256")


def star_and_no_more(sandbox):
    inside_tls(sandbox, "AUTH LOGIN", "*")


def star_then_plain(sandbox):
    client = inside_tls(sandbox, "AUTH LOGIN", "*")
    client.auth(ALICE, SECRET, "PLAIN")


def star_then_scram_elsewhere(sandbox):
    inside_tls(sandbox, "AUTH LOGIN", "*")
    inside_tls(sandbox).auth(ALICE, SECRET, "SCRAM-SHA-256")


def star_as_a_command(sandbox):
    client = inside_tls(sandbox, "*")
    client.auth(ALICE, SECRET, "SCRAM-SHA-256")


def hand_in(client, reverse_path=ALICE, forward_path="bob@example.net"):
    client.mail(reverse_path)
    client.rcpt(forward_path)
    client.data()
    client.content(PLAIN)


def wrong_scope_then_right(sandbox):
    client = inside_tls(sandbox)
    client.auth(ALICE, token=sandbox.issue_token(ALICE, scope="calendar"))
    client.auth(ALICE, token=sandbox.issue_token(ALICE))
    hand_in(client)


def expired_then_new(sandbox):
    old = sandbox.issue_token(ALICE, lifetime=timedelta(minutes=5))
    sandbox.clock.advance(timedelta(minutes=6))
    client = inside_tls(sandbox)
    client.auth(ALICE, token=old, mechanism="XOAUTH2")
    client.auth(ALICE, token=sandbox.issue_token(ALICE), mechanism="XOAUTH2")
    hand_in(client)


def one_by_xoauth2_and_one_by_oauthbearer(sandbox):
    client = inside_tls(sandbox)
    client.auth(ALICE, token=sandbox.issue_token("carol@example.org"), mechanism="XOAUTH2")
    client.auth(ALICE, token=sandbox.issue_token(ALICE))
    hand_in(client, forward_path="Bob@Example.Net")


def wrong_token_only(sandbox):
    inside_tls(sandbox).auth(ALICE, token=sandbox.issue_token(ALICE, scope="calendar"))


def wrong_password_then_token(sandbox):
    client = inside_tls(sandbox)
    client.auth(ALICE, "looking-glas", "PLAIN")
    client.auth(ALICE, token=sandbox.issue_token(ALICE))
    hand_in(client)


def wrong_token_then_password(sandbox):
    client = inside_tls(sandbox)
    client.auth(ALICE, token=sandbox.issue_token(ALICE, scope="calendar"))
    client.auth(ALICE, SECRET, "PLAIN")
    hand_in(client)


def both_tokens_and_no_mail(sandbox):
    client = inside_tls(sandbox)
    client.auth(ALICE, token=sandbox.issue_token(ALICE, scope="calendar"))
    client.auth(ALICE, token=sandbox.issue_token(ALICE))
    hand_in(client, forward_path="carol@example.org")


def at_outlook(sandbox):
    sandbox.add_host("outlook")
    client = fresh_session(sandbox, OUTLOOK, 587, EHLO)
    client.starttls()
    client.ehlo()
    return client


def in_outlook(sandbox):
    client = at_outlook(sandbox)
    client.auth(LEARNER, "app-password-of-16", "LOGIN")
    return client


def foreign_then_own(sandbox):
    client = in_outlook(sandbox)
    client.mail("bob@example.net")
    hand_in(client, LEARNER)


def foreign_then_own_by_token(sandbox):
    client = at_outlook(sandbox)
    client.auth(LEARNER, token=sandbox.issue_token(LEARNER))
    client.mail("bob@example.net")
    client.rset()
    hand_in(client, LEARNER)


def foreign_in_capitals_then_own_by_smtplib(sandbox):
    sandbox.add_host("outlook")
    server = sandbox.smtplib(OUTLOOK, 587)
    server.starttls()
    server.login(LEARNER, "app-password-of-16")
    server.mail("BOB@Example.Net")
    server.sendmail(LEARNER, ["bob@example.net"], PLAIN)
    server.quit()


def own_then_foreign(sandbox):
    client = in_outlook(sandbox)
    hand_in(client, LEARNER)
    client.mail("bob@example.net")
    client.mail(LEARNER)


def own_only(sandbox):
    hand_in(in_outlook(sandbox), LEARNER)


def foreign_only(sandbox):
    in_outlook(sandbox).mail("bob@example.net")


def foreign_before_signing_in(sandbox):
    client = at_outlook(sandbox)
    client.mail("bob@example.net")
    client.auth(LEARNER, "app-password-of-16", "LOGIN")
    hand_in(client, LEARNER)


def foreign_then_own_in_another_session(sandbox):
    in_outlook(sandbox).mail("bob@example.net")
    hand_in(in_outlook(sandbox), LEARNER)


def at_another_server(sandbox):
    client = inside_tls(sandbox)
    client.auth(ALICE, SECRET, "PLAIN")
    hand_in(client, "carol@example.org")


RIGHT = {
    "7.1": (login_by_hand, login_by_method, login_by_smtplib_after_a_wrong_password),
    "7.2": (star_then_scram, cancelled_scram_then_scram, star_twice_in_small_letters),
    "7.3": (wrong_scope_then_right, expired_then_new, one_by_xoauth2_and_one_by_oauthbearer),
    "7.4": (foreign_then_own, foreign_then_own_by_token, foreign_in_capitals_then_own_by_smtplib),
}
WRONG = {
    "7.1": (
        (login_with_the_name_at_once, "AUTH LOGIN, with nothing behind LOGIN"),
        (login_with_a_wrong_password, "the reply 235 after the second answer."),
        (login_without_base64, "an answer to its first question"),
        (login_on_465, "on port 587 of smtp.example.org"),
        (plain_in_two_lines, "AUTH LOGIN, with nothing behind LOGIN"),
        (login_wrong_and_then_plain, "the reply 235 after the second answer."),
    ),
    "7.2": (
        (star_and_no_more, "a sign-in with SCRAM-SHA-256 and the reply 235"),
        (star_then_plain, "a sign-in with SCRAM-SHA-256 and the reply 235"),
        (star_then_scram_elsewhere, "in the same session and after the *."),
        (star_as_a_command, "an exchange that you cancelled"),
        (star_as_the_initial_response, "an exchange that you cancelled"),
        (two_stars, "then a line that holds one * and gets 501"),
    ),
    "7.3": (
        (wrong_token_only, "a good token in the same session"),
        (wrong_password_then_token, "a token that port 587 of smtp.example.org refused"),
        (wrong_token_then_password, "a good token in the same session"),
        (both_tokens_and_no_mail, "a mail object for bob@example.net alone"),
    ),
    "7.4": (
        (own_only, "in that session MAIL FROM:<bob@example.net>"),
        (foreign_only, "MAIL with your own mailbox there"),
        (foreign_before_signing_in, "in that session MAIL FROM:<bob@example.net>"),
        (foreign_then_own_in_another_session, "MAIL with your own mailbox there"),
        (at_another_server, "a sign-in at outlook.profile.example"),
        (own_then_foreign, "that this session handed in after the refusal"),
    ),
}
