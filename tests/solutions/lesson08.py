"""Lesson 08: right ways and wrong ones."""

from smtplab.lessons import fresh_session, signed_in

EHLO, HELO = "EHLO laptop.example.org", "HELO laptop.example.org"
ALICE, CAROL, OSKAR = "alice@example.org", "carol@example.org", "oskar@old.example"
TEXT = b"From: Alice <alice@example.org>\r\nSubject: Hello\r\n\r\nHello.\r\n"
MIME = "Subject: Word\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"


def at_25(sandbox, *lines):
    return fresh_session(sandbox, "smtp.example.org", 25, EHLO, *lines)


def hand_in(client, forward_path=CAROL, content=TEXT):
    client.rcpt(forward_path)
    client.data()
    client.content(content)


def too_big_then_small(sandbox):
    client = at_25(sandbox)
    client.mail(ALICE, {"SIZE": 10485761})
    client.mail(ALICE, {"SIZE": len(TEXT)})
    hand_in(client)


def too_big_then_small_by_lines(sandbox):
    client = at_25(sandbox, f"mail from:<{ALICE}> size=99999999", f"MAIL FROM:<{ALICE}> SIZE=500")
    hand_in(client)


def too_big_then_small_by_smtplib(sandbox):
    server = sandbox.smtplib("smtp.example.org", 25)
    server.ehlo()
    server.mail(ALICE, ["size=99999999"])
    server.sendmail(ALICE, [CAROL], TEXT)
    server.quit()


def small_declared_and_dropped(sandbox):
    lines = f"MAIL FROM:<{ALICE}> SIZE=99999999", f"MAIL FROM:<{ALICE}> SIZE=500", "RSET"
    hand_in(at_25(sandbox, *lines, f"MAIL FROM:<{ALICE}>"))


def small_before_the_refusal(sandbox):
    client = at_25(sandbox, f"MAIL FROM:<{ALICE}> SIZE=500")
    hand_in(client)
    client.mail(ALICE, {"SIZE": 99999999})
    client.mail(ALICE, {"SIZE": 500})


def too_big_and_no_more(sandbox):
    at_25(sandbox, f"MAIL FROM:<{ALICE}> SIZE=99999999")


def too_big_then_nothing_said(sandbox):
    client = at_25(sandbox, f"MAIL FROM:<{ALICE}> SIZE=99999999", f"MAIL FROM:<{ALICE}>")
    hand_in(client)


def small_in_another_session(sandbox):
    too_big_and_no_more(sandbox)
    hand_in(at_25(sandbox, f"MAIL FROM:<{ALICE}> SIZE=500"))


def small_for_alice(sandbox):
    client = at_25(sandbox, f"MAIL FROM:<{ALICE}> SIZE=99999999", f"MAIL FROM:<{ALICE}> SIZE=500")
    hand_in(client, ALICE)


def report_wanted(sandbox, mail=f"MAIL FROM:<{ALICE}> ENVID=order-66", notify="SUCCESS"):
    client = at_25(sandbox, mail, f"RCPT TO:<{CAROL}> NOTIFY={notify}", "DATA")
    client.content(TEXT)


def report_wanted_by_methods(sandbox):
    client = at_25(sandbox)
    client.mail(ALICE, {"RET": "FULL", "ENVID": "order-66"})
    client.rcpt(CAROL, {"NOTIFY": "FAILURE,SUCCESS"})
    client.data()
    client.content(TEXT)


def report_wanted_in_small_letters(sandbox):
    line = f"rcpt to:<{CAROL}> notify=success,delay"
    at_25(sandbox, f"mail from:<{ALICE}> envid=Order-66 ret=hdrs", line, "DATA").content(TEXT)


def mark_and_report_in_two_transactions(sandbox):
    client = at_25(sandbox, f"MAIL FROM:<{ALICE}> ENVID=order-66")
    client.rcpt(ALICE, {"NOTIFY": "SUCCESS"})
    client.data()
    client.content(TEXT)
    client.mail(ALICE)
    client.rcpt(CAROL, {"NOTIFY": "SUCCESS"})
    client.data()
    client.content(TEXT)


def report_of_ones_own(sandbox):
    report_to_carol(sandbox)
    made = b"Original-Envelope-Id: order-66\r\nAction: delivered\r\n"
    client = at_25(sandbox, "MAIL FROM:<>")
    hand_in(client, ALICE, b"X: y\r\n" + made + b"\r\n" + TEXT)


def report_on_failure_only(sandbox):
    report_wanted(sandbox, notify="FAILURE")


def report_without_a_mark(sandbox):
    report_wanted(sandbox, f"MAIL FROM:<{ALICE}>")


def report_to_nobody(sandbox):
    report_wanted(sandbox, "MAIL FROM:<> ENVID=order-66")


def report_to_carol(sandbox):
    report_wanted(sandbox, f"MAIL FROM:<{CAROL}> ENVID=order-66")


def opened(sandbox, forward_path=CAROL):
    client = at_25(sandbox)
    client.mail(ALICE)
    client.rcpt(forward_path)
    return client


def in_chunks(sandbox, forward_path=CAROL, second=b"before\r\n.\r\nafter\r\n"):
    client = opened(sandbox, forward_path)
    client.bdat(b"Subject: Chunks\r\n\r\n")
    client.bdat(second, last=True)


def in_chunks_with_an_empty_last(sandbox):
    client = opened(sandbox)
    client.bdat(b"Subject: Chunks\r\n\r\nbefore\r\n.")
    client.bdat(b"\r\nafter\r\n")
    client.send_raw(b"BDAT 0 LAST\r\n")


def in_chunks_after_a_vain_attempt(sandbox):
    by_data(sandbox)
    client = opened(sandbox)
    client.data()
    client.content(TEXT)
    client.mail(ALICE)
    client.rcpt("Carol@Example.Org")
    client.bdat(b"\r\n.\r\n")
    client.bdat(b"after\r\n", last=True)


def one_chunk_each(sandbox):
    client = opened(sandbox)
    for again in (True, False):
        client.bdat(b"Subject: Chunk\r\n\r\nbefore\r\n.\r\nafter\r\n", last=True)
        if again:
            client.mail(ALICE)
            client.rcpt(CAROL)


def a_dot_among_the_fields(sandbox):
    client = opened(sandbox)
    client.bdat(b"Subject: Chunk\r\n")
    client.bdat(b".\r\n\r\nafter\r\n", last=True)


def the_dot_in_another_mail(sandbox):
    client = opened(sandbox)
    client.bdat(b"Subject: Chunk\r\n\r\nbefore\r\n.\r\nafter\r\n", last=True)
    client.mail(ALICE)
    client.rcpt(ALICE)
    client.bdat(b"Subject: Chunks\r\n")
    client.bdat(b"\r\nHello.\r\n", last=True)


def in_one_chunk(sandbox):
    client = opened(sandbox)
    client.bdat(b"Subject: Chunk\r\n\r\nbefore\r\n.\r\nafter\r\n", last=True)


def in_chunks_doubled(sandbox):
    in_chunks(sandbox, second=b"before\r\n..\r\nafter\r\n")


def in_chunks_for_alice(sandbox):
    in_chunks(sandbox, ALICE)


def by_data(sandbox):
    client = opened(sandbox)
    client.data()
    client.content(b"Subject: Data\r\n\r\nbefore\r\n.\r\nafter\r\n")


def to_oskar(sandbox, content):
    sandbox.add_host("old-server")
    client = fresh_session(sandbox, "mail.old.example", 25, HELO)
    client.mail(ALICE)
    hand_in(client, OSKAR, content.encode())


def quoted_printable(sandbox):
    to_oskar(
        sandbox, f"{MIME}Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
    )


def base64(sandbox):
    to_oskar(sandbox, f"{MIME}Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ==\r\n")


def latin_1_as_html(sandbox):
    fields = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=iso-8859-1\r\n"
    coded = "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Gr=FC=DFe</p>\r\n"
    to_oskar(sandbox, fields + coded)


def in_two_signs(sandbox):
    """u and a diaeresis: another way to write the same letter (Unicode's form NFD)."""
    coded = "Content-Transfer-Encoding: quoted-printable\r\n\r\nGru=CC=88=C3=9Fe\r\n"
    to_oskar(sandbox, MIME + coded)


def converted_on_the_way(sandbox):
    sandbox.add_host("old-server")
    client = signed_in(sandbox)
    client.mail(ALICE, {"BODY": "8BITMIME"})
    content = f"{MIME}Content-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n"
    hand_in(client, OSKAR, content.encode())


def eight_bits_to_1982(sandbox):
    to_oskar(sandbox, f"{MIME}Content-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n")


def without_mime(sandbox):
    to_oskar(sandbox, "Subject: Word\r\n\r\nGrüße\r\n")


def without_the_dots(sandbox):
    to_oskar(sandbox, f"{MIME}\r\nGruesse\r\n")


def to_carol_instead(sandbox):
    client = at_25(sandbox, f"MAIL FROM:<{ALICE}> BODY=8BITMIME")
    hand_in(client, CAROL, f"{MIME}Content-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n".encode())


RIGHT = {
    "8.1": (too_big_then_small, too_big_then_small_by_lines, too_big_then_small_by_smtplib),
    "8.2": (report_wanted, report_wanted_by_methods, report_wanted_in_small_letters),
    "8.3": (in_chunks, in_chunks_with_an_empty_last, in_chunks_after_a_vain_attempt),
    "8.4": (quoted_printable, base64, converted_on_the_way, latin_1_as_html, in_two_signs),
}
WRONG = {
    "8.1": (
        (too_big_and_no_more, "in the same session and after the 552."),
        (too_big_then_nothing_said, "MAIL with a SIZE= that is taken with 250"),
        (small_in_another_session, "in the same session and after the 552."),
        (small_for_alice, "a mail object for carol@example.org alone"),
        (small_declared_and_dropped, "handed in with that declared size"),
        (small_before_the_refusal, "handed in with that declared size"),
    ),
    "8.2": (
        (report_on_failure_only, "with NOTIFY=SUCCESS"),
        (report_without_a_mark, "MAIL with ENVID=order-66"),
        (report_to_nobody, "a report that says delivered for order-66"),
        (report_to_carol, "It goes to the reverse-path."),
        (mark_and_report_in_two_transactions, "in that mail transaction: RCPT for carol"),
        (report_of_ones_own, "a report that says delivered for order-66"),
    ),
    "8.3": (
        (in_one_chunk, "at least two BDAT with the reply 250"),
        (in_chunks_doubled, "With BDAT nothing is doubled."),
        (in_chunks_for_alice, "for carol@example.org alone"),
        (by_data, "at least two BDAT with the reply 250"),
        (one_chunk_each, "in one mail transaction"),
        (a_dot_among_the_fields, "a line that is one dot in the body"),
        (the_dot_in_another_mail, "for carol@example.org alone"),
    ),
    "8.4": (
        (eight_bits_to_1982, "the word Grüße as Oskar's mail program shows it."),
        (without_mime, "with MIME-Version in its header section"),
        (without_the_dots, "the word Grüße as Oskar's mail program shows it."),
        (to_carol_instead, "a mail object for oskar@old.example alone"),
    ),
}
