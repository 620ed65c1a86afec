"""Evidence: contents of any length, copies and look-alikes, reports and what reads like one."""

import pytest

from smtplab import Sandbox
from smtplab.lessons import check, fresh_session, signed_in
from smtplab.lessons.evidence import Evidence

ALICE, CAROL, BOB = "alice@example.org", "carol@example.org", "bob@example.net"
FIELDS = b"From: Alice <alice@example.org>\r\nSubject: Long\r\n\r\n"
LONG = FIELDS + (b"." * 70 + b"\r\n") * 2000


@pytest.fixture
def sandbox():
    with Sandbox("memory") as sandbox:
        yield sandbox


def hand_in(sandbox, forward_path, content, reverse_path=ALICE):
    client = signed_in(sandbox)
    client.mail(reverse_path)
    client.rcpt(forward_path)
    client.data()
    client.content(content)
    client.quit()


def newest(sandbox):
    evidence = Evidence(sandbox)
    return evidence, evidence.conversations[-1].accepted()[-1]


def test_a_long_content_is_read_whole_although_the_transcript_keeps_its_ends_only(sandbox):
    hand_in(sandbox, BOB, LONG)
    evidence, mail = newest(sandbox)
    assert mail.content == LONG
    assert evidence.arrived(mail, BOB)


def test_a_long_content_in_chunks_is_read_whole(sandbox):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    client.mail(ALICE)
    client.rcpt(BOB)
    client.bdat(LONG[:100_000])
    client.bdat(LONG[100_000:], last=True)
    evidence, mail = newest(sandbox)
    assert mail.content == LONG
    assert evidence.arrived(mail, BOB)


def test_a_long_content_that_lies_nowhere_has_not_arrived(sandbox):
    hand_in(sandbox, "nina@example.net", LONG)
    evidence, mail = newest(sandbox)
    assert len(mail.content) < len(LONG)
    assert not evidence.arrived(mail, BOB)


def test_a_long_mail_is_as_right_as_a_short_one(sandbox):
    hand_in(sandbox, CAROL, LONG)
    assert check("1.1", sandbox)


def test_the_end_of_another_mail_is_no_copy(sandbox):
    """A short content stands at the end of many others, and the empty one of all."""
    hand_in(sandbox, BOB, FIELDS + b"Hello.\r\n")
    sandbox.faults.add("connect@host:mx.example.net=drop")
    for content in (b"Hello.\r\n", b""):
        hand_in(sandbox, BOB, content)
        evidence, mail = newest(sandbox)
        assert mail.content == content
        assert not evidence.arrived(mail, BOB)


def test_a_report_is_one_that_a_server_wrote(sandbox):
    hand_in(sandbox, "nina@example.net", FIELDS)
    evidence, mail = newest(sandbox)
    assert len(evidence.reports(ALICE, mail)) == 1
    assert evidence.reports("nobody@example.org", mail) == []
    hand_in(sandbox, CAROL, b"Action: failed\r\n\r\n" + FIELDS, reverse_path="")
    assert Evidence(sandbox).reports(CAROL, mail) == []


def test_which_of_two_mails_crossed_inside_tls_is_known_for_chunks_too(sandbox):
    client = fresh_session(sandbox, "mx.example.net", 25, "EHLO laptop.example.org")
    for text in (b"plain", b"hidden"):
        client.mail(ALICE)
        client.rcpt(BOB)
        client.bdat(b"Subject: x\r\n\r\n")
        client.bdat(text + b"\r\n", last=True)
        if text == b"plain":
            client.starttls()
            client.ehlo()
    one = Evidence(sandbox).conversations[-1]
    assert [mail.content[-7:] for mail in one.accepted(tls=False)] == [b"plain\r\n"]
    assert [mail.content[-8:] for mail in one.accepted(tls=True)] == [b"hidden\r\n"]
