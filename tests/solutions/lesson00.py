"""Lesson 00: right ways and wrong ones."""

from smtplab import Console
from smtplab.lessons import fresh_session

SUBMISSION, EXCHANGE = "smtp.example.org", "mx.example.net"


def kiosk_by_method(sandbox):
    client = sandbox.connect()
    client.ehlo("kiosk.example")


def kiosk_by_octets_within_tls(sandbox):
    client = sandbox.connect(SUBMISSION, 465)
    client.send_raw(b"ehlo kiosk.example\r\n")
    client.noop()
    client.quit()


def kiosk_by_console(sandbox):
    Console(sandbox).send("EHLO kiosk.example")


def kiosk_by_smtplib_after_a_refusal(sandbox):
    server = sandbox.smtplib(SUBMISSION, 25)
    server.docmd("EHLO")
    server.ehlo("Kiosk.Example")


def own_name_only(sandbox):
    sandbox.connect().ehlo()


def kiosk_by_helo(sandbox):
    sandbox.connect().helo("kiosk.example")


def kiosk_at_the_other_server(sandbox):
    sandbox.connect(EXCHANGE, 25).ehlo("kiosk.example")


def kiosk_with_two_words(sandbox):
    sandbox.connect().ehlo("my kiosk.example")


def hello_goodbye(sandbox):
    client = sandbox.connect(SUBMISSION, 465)
    client.ehlo()
    client.quit()


def hello_goodbye_by_console(sandbox):
    console = Console(sandbox, SUBMISSION, 465)
    console.press("EHLO")
    console.press("QUIT")


def hello_goodbye_in_one_segment(sandbox):
    goodbye_without_hello(sandbox)
    sandbox.connect(SUBMISSION, 465).send_raw(b"ehlo a.example\r\nquit\r\n")


def hello_noop_goodbye(sandbox):
    client = sandbox.connect(SUBMISSION, 465)
    client.ehlo()
    client.noop()
    client.quit()


def hello_and_goodbye_in_two_sessions(sandbox):
    hello_and_hang_up(sandbox)
    goodbye_without_hello(sandbox)


def hello_goodbye_on_587(sandbox):
    client = sandbox.connect()
    client.ehlo()
    client.quit()


def hello_and_hang_up(sandbox):
    client = sandbox.connect(SUBMISSION, 465)
    client.ehlo()
    client.close()


def goodbye_without_hello(sandbox):
    sandbox.connect(SUBMISSION, 465).quit()


def jump_and_noop(sandbox):
    client = sandbox.connect()
    client.send_raw(b"JUMP\r\n")
    client.noop()


def jump_elsewhere(sandbox):
    client = fresh_session(sandbox, EXCHANGE, 25, "EHLO laptop.example.org", "Sing a song")
    client.ehlo()
    client.send_raw(b"noop\r\n")


def jump_and_noop_on_a_new_connection(sandbox):
    sandbox.connect().send_raw(b"JUMP\r\n")
    sandbox.connect().noop()


def noop_then_jump(sandbox):
    client = sandbox.connect()
    client.noop()
    client.send_raw(b"JUMP\r\n")


def jump_and_noop_in_one_segment(sandbox):
    sandbox.connect().send_raw(b"jump\r\nNOOP\r\nQUIT\r\n")


def jump_by_smtplib(sandbox):
    server = sandbox.smtplib()
    server.docmd("JUMP")
    server.noop()
    server.quit()


def hello_again_and_noop(sandbox):
    client = sandbox.connect()
    client.send_raw(b"HELLO\r\n")
    client.noop()


def a_known_verb_in_too_long_a_line(sandbox):
    client = sandbox.connect()
    client.send_raw(b"NOOP " + b"x" * 600 + b"\r\n")
    client.noop()


def a_known_verb_with_a_lone_lf(sandbox):
    client = sandbox.connect()
    client.send_raw(b"NOOP\n")
    client.noop()


def noop_alone(sandbox):
    sandbox.connect().noop()


RIGHT = {
    "0.1": (
        kiosk_by_method,
        kiosk_by_octets_within_tls,
        kiosk_by_console,
        kiosk_by_smtplib_after_a_refusal,
    ),
    "0.2": (hello_goodbye, hello_goodbye_by_console, hello_goodbye_in_one_segment),
    "0.3": (jump_and_noop, jump_elsewhere, jump_and_noop_in_one_segment, jump_by_smtplib),
}
WRONG = {
    "0.1": (
        (own_name_only, "EHLO with the name kiosk.example to smtp.example.org."),
        (kiosk_by_helo, "EHLO with the name kiosk.example to smtp.example.org."),
        (kiosk_at_the_other_server, "EHLO with the name kiosk.example to smtp.example.org."),
        (kiosk_with_two_words, "EHLO with the name kiosk.example to smtp.example.org."),
    ),
    "0.2": (
        (hello_goodbye_on_587, "no session of yours on port 465 was recorded."),
        (hello_and_hang_up, "Closing without QUIT is not enough."),
        (goodbye_without_hello, "EHLO as the first command on port 465."),
        (hello_noop_goodbye, "QUIT right after EHLO, in the same session"),
        (hello_and_goodbye_in_two_sessions, "QUIT right after EHLO, in the same session"),
    ),
    "0.3": (
        (jump_and_noop_on_a_new_connection, "NOOP after the 500, in the same session."),
        (noop_then_jump, "NOOP after the 500, in the same session."),
        (noop_alone, "a verb that the server does not know"),
        (hello_again_and_noop, "JUMP; HELLO was ours"),
        (a_known_verb_in_too_long_a_line, "a line that is too long gets 500 for its length"),
        (a_known_verb_with_a_lone_lf, "a verb that the server does not know"),
    ),
}
