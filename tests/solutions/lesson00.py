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


def noop_alone(sandbox):
    sandbox.connect().noop()


RIGHT = {
    "0.1": (kiosk_by_method, kiosk_by_octets_within_tls, kiosk_by_console),
    "0.2": (hello_goodbye, hello_goodbye_by_console),
    "0.3": (jump_and_noop, jump_elsewhere),
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
    ),
    "0.3": (
        (jump_and_noop_on_a_new_connection, "NOOP after the 500, in the same session."),
        (noop_then_jump, "NOOP after the 500, in the same session."),
        (noop_alone, "a command that got the reply 500."),
    ),
}
