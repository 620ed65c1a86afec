"""Lesson 12: right ways and wrong ones."""

from smtplab import Envelope, MailObject, send
from smtplab.lessons import fresh_session, signed_in

EHLO, MAIL = "EHLO laptop.example.org", "MAIL FROM:<alice@example.org>"
TO_BOB, TO_POSTMASTER = "RCPT TO:<bob@example.net>", "RCPT TO:<postmaster@example.net>"
PLAIN = b"From: Alice <alice@example.org>\r\nSubject: Hello\r\n\r\nHello.\r\n"
JUNK = PLAIN.replace(b"alice@example.org", b"win@shop.example")  # its domain asks for that
LONG = b"From: Alice <alice@example.org>\r\nSubject: Long\r\n\r\n" + b"All the same.\r\n" * 200


def at_mx(sandbox, *lines):
    return fresh_session(sandbox, "mx.example.net", 25, EHLO, *lines)


def octets(*lines):
    return [line.encode() + b"\r\n" for line in lines]


def mail_cut_behind_a_reset(sandbox):
    client = at_mx(sandbox)
    client.send_raw(b"RSET\r\nMAIL FR")
    client.send_raw(b"OM:<alice@example.org>\r\n")


def mail_cut_by_a_stream_of_its_own(sandbox):
    stream = sandbox.open("mx.example.net", 25, source=None, timeout=10)
    stream.read(1000)
    stream.write(octets(EHLO)[0] + b"M")
    stream.read(10_000)
    stream.write(b"AIL FROM:<alice@example.org>\r\n")
    stream.read(1000)
    stream.close()


def mail_cut_in_its_line_end(sandbox):
    client = sandbox.connect("mx.example.net", 25)
    client.send_raw(b"ehlo a.example\r\nmail from:<>\r")
    client.send_raw(b"\n")


def by_send(sandbox):
    mail = MailObject(Envelope("alice@example.org", ("bob@example.net",)), PLAIN)
    send([mail], lambda: at_mx_greeted(sandbox))


def at_mx_greeted(sandbox):
    client = sandbox.connect("mx.example.net", 25)
    client.ehlo()
    return client


def through_465_by_smtplib(sandbox):
    server = sandbox.smtplib("smtp.example.org", 465)
    server.login("alice@example.org", "looking-glass")
    server.sendmail("alice@example.org", ["Bob@Example.Net"], LONG)
    server.quit()


def mail_in_one_piece(sandbox):
    at_mx(sandbox, MAIL)


def a_noop_in_two(sandbox):
    client = at_mx(sandbox, MAIL)
    client.send_raw(b"RSET\r\nNO")
    client.send_raw(b"OP\r\n")


def a_mail_cut_by_a_line_end(sandbox):
    client = at_mx(sandbox)
    client.send_raw(b"MAIL FR\r\n")
    client.send_raw(b"OM:<alice@example.org>\r\n")


def at_587(sandbox):
    signed_in(sandbox).mail("alice@example.org")


def by_group(sandbox, recipients=(TO_BOB,), content=PLAIN):
    client = at_mx(sandbox)
    client.group(*octets(MAIL, *recipients, "DATA"))
    client.content(content)
    return client


def by_octets(sandbox):
    client = at_mx(sandbox)
    client.send_raw(b"".join(octets("RSET", MAIL, TO_BOB, "DATA")))
    for _ in range(3):
        client.read_reply()
    client.send_raw(PLAIN + b".\r\n")


def step_by_step(sandbox):
    at_mx(sandbox, MAIL, TO_BOB, "DATA").content(PLAIN)


def group_for_another_and_bob_alone(sandbox):
    client = by_group(sandbox, (TO_POSTMASTER,))
    for line in octets(MAIL, TO_BOB, "DATA"):
        client.send_raw(line)
    client.content(PLAIN)


def data_by_itself(sandbox):
    client = at_mx(sandbox)
    client.group(*octets(MAIL, TO_BOB))
    client.data()
    client.content(PLAIN)


def group_without_content(sandbox):
    at_mx(sandbox).group(*octets(MAIL, TO_BOB, "DATA"))


def group_for_two(sandbox):
    by_group(sandbox, (TO_BOB, TO_POSTMASTER))


def group_for_junk(sandbox):
    by_group(sandbox, content=JUNK)


def group_on_587(sandbox):
    client = signed_in(sandbox)
    client.group(*octets(MAIL, TO_BOB, "DATA"))
    client.content(PLAIN)


def through_465(sandbox, content=LONG, forward_path="bob@example.net"):
    client = sandbox.connect("smtp.example.org", 465)
    client.ehlo()
    client.auth("alice@example.org", "looking-glass")
    client.mail("alice@example.org")
    client.rcpt(forward_path)
    client.data()
    client.content(content)
    client.quit()


def through_465_in_a_group(sandbox):
    client = sandbox.connect("smtp.example.org", 465)
    client.ehlo()
    client.auth("alice@example.org", "looking-glass", "PLAIN")
    client.group(*octets(MAIL, TO_BOB, "DATA"))
    client.content(LONG)


def through_587(sandbox):
    client = signed_in(sandbox)
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(LONG)


def through_465_with_a_short_text(sandbox):
    through_465(sandbox, PLAIN)


def through_465_for_junk(sandbox):
    through_465(sandbox, LONG.replace(b"alice@example.org", b"win@shop.example"))


def through_another_465(sandbox):
    sandbox.add_host("careless-sender")
    client = sandbox.connect("smtp.careless.example", 465)
    client.ehlo()


def through_465_to_carol(sandbox):
    through_465(sandbox, LONG, "carol@example.org")


def in_four_turns(sandbox):
    by_group(sandbox, (TO_BOB, TO_POSTMASTER)).quit()


def in_three_turns(sandbox):
    client = at_mx(sandbox)
    client.group(*octets(MAIL, TO_POSTMASTER, TO_BOB, "DATA"))
    client.send_raw(PLAIN + b".\r\nQUIT\r\n")
    client.read_reply()


def in_three_turns_for_a_bare_postmaster(sandbox):
    client = sandbox.connect("mx.example.net", 25)
    client.ehlo()
    lines = octets(MAIL, "rcpt to:<Postmaster>", TO_BOB, f"bdat {len(PLAIN)} last")
    client.send_raw(b"".join(lines) + PLAIN + b"quit\r\n")


def in_seven_turns(sandbox):
    client = at_mx(sandbox, MAIL, TO_BOB, TO_POSTMASTER, "DATA")
    client.content(PLAIN)
    client.quit()


def without_quit(sandbox):
    by_group(sandbox, (TO_BOB, TO_POSTMASTER))


def for_bob_alone(sandbox):
    by_group(sandbox).quit()


RIGHT = {
    "12.1": (
        mail_cut_behind_a_reset,
        mail_cut_by_a_stream_of_its_own,
        mail_cut_in_its_line_end,
    ),
    "12.2": (by_group, by_octets, by_send),
    "12.3": (through_465, through_465_in_a_group, through_465_by_smtplib),
    "12.4": (in_four_turns, in_three_turns, in_three_turns_for_a_bare_postmaster),
}
WRONG = {
    "12.1": (
        (mail_in_one_piece, "the cut: this MAIL crossed in one segment."),
        (a_noop_in_two, "the cut: this MAIL crossed in one segment."),
        (a_mail_cut_by_a_line_end, "Were all of its octets sent, with CR LF at the end?"),
        (at_587, "a session of yours with mx.example.net on port 25."),
    ),
    "12.2": (
        (step_by_step, "one segment that holds MAIL, RCPT for bob@example.net and DATA"),
        (data_by_itself, "one segment that holds MAIL, RCPT for bob@example.net and DATA"),
        (group_for_another_and_bob_alone, "one segment that holds MAIL, RCPT for bob@example.net"),
        (group_without_content, "the content, sent after 354, for bob@example.net alone."),
        (group_for_junk, "the mail in Bob's Inbox."),
        (group_on_587, "a session of yours with mx.example.net on port 25."),
        (group_for_two, "the content, sent after 354, for bob@example.net alone."),
    ),
    "12.3": (
        (through_587, "With STARTTLS the first lines stay readable."),
        (step_by_step, "a session in which nothing of SMTP crossed outside TLS."),
        (through_465_with_a_short_text, "a content of more than 1460 octets"),
        (through_465_for_junk, "the mail in Bob's Inbox."),
        (through_another_465, "such a session with smtp.example.org."),
        (through_465_to_carol, "for bob@example.net alone."),
    ),
    "12.4": (
        (in_seven_turns, "in this session the client spoke more than 4 times."),
        (without_quit, "QUIT as the last command, with the reply 221."),
        (for_bob_alone, "bob@example.net and postmaster@example.net together"),
    ),
}
