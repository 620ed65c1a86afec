"""From the submission server through queue and MX to an Inbox, or back to the sender."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime

import pytest

from smtplab import Client, ConnectionLost, Envelope, MailObject, Reply, Sandbox, Settings
from smtplab.sandbox.clock import START

MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, BOB, PASSWORD = "alice@example.org", "bob@example.net", "looking-glass"


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running


def submit(sandbox: Sandbox, content: bytes, *forward_paths: str, sender: str = ALICE) -> Reply:
    """One mail object from Alice's session; the reply to its content."""
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        assert client.mail(sender).code == 250
        for forward_path in forward_paths or (BOB,):
            assert client.rcpt(forward_path).code == 250
        client.data()
        return client.content(content)


CONTENTS = {
    "ordinary": b"From: alice@example.org\r\nSubject: Tea\r\n\r\nAt five?\r\n",
    "empty": b"",
    "one empty line": b"\r\n",
    "no final line end": b"Subject: x\r\n\r\nend",
    "dots": b"Subject: .\r\n\r\n.\r\n..\r\n.a\r\n...b\r\n",
    "only a dot": b".\r\n",
    "every octet of eight bits": b"Subject: 8\r\n\r\n" + bytes(range(128, 256)) + b"\r\n",
    "control characters": b"\r\n" + bytes(set(range(1, 32)) - {10, 13}) + b"\x7f\r\n",
    "longest line": b"\r\n" + b"x" * 998 + b"\r\n",
    "no header section": b"a body alone\r\n",
    "looks like trace": b"Received: from nowhere\r\nReturn-Path: <x@y.example>\r\n\r\n\r\n\r\n",
    "a whole megabyte": b"\r\n" + b"0123456789\r\n" * 87_382,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_the_stored_content_ends_with_exactly_what_was_accepted(
    sandbox: Sandbox, content: bytes
) -> None:
    assert submit(sandbox, content).code == 250
    (stored,) = sandbox.inbox(BOB)
    accepted = content if content.endswith(b"\r\n") or not content else content + b"\r\n"
    assert stored.content.endswith(accepted)
    trace = stored.content.removesuffix(accepted)
    if b"From:" in accepted:  # what can be signed is signed (RFC 6376, 5.4)
        trace, found, signature = trace.partition(b"DKIM-Signature: v=1; a=rsa-sha256; ")
        assert found and b"d=example.org;" in signature
        authenticated = (
            b' dkim=pass reason="2048-bit RSA key" header.d=example.org header.s=toy\r\n'
            b" header.a=rsa-sha256 header.b=" + signature.partition(b" b=")[2][:8] + b";\r\n"
            b" dmarc=pass header.from=example.org policy.dmarc=none\r\n"
        )
    else:
        authenticated = b" dkim=none;\r\n dmarc=none\r\n"
    assert trace == (
        b"Return-Path: <alice@example.org>\r\n"
        b"Authentication-Results: mx.example.net;\r\n"
        b" spf=pass smtp.mailfrom=alice@example.org;\r\n"
        + authenticated
        + b"Received: from smtp.example.org ([192.0.2.10])\r\n"
        b"\tby mx.example.net with ESMTPS id m1;\r\n"
        b"\tMon, 02 Mar 2026 09:00:00 +0000\r\n"
        b"Received: from laptop.example.org ([198.51.100.10])\r\n"
        b"\tby smtp.example.org with ESMTPSA id q1;\r\n"
        b"\tMon, 02 Mar 2026 09:00:00 +0000\r\n"
    )
    assert stored.envelope.reverse_path == ALICE and stored.envelope.forward_paths == (BOB,)
    assert not sandbox.queue and not sandbox.errors


def test_received_names_how_a_mail_object_came(sandbox: Sandbox) -> None:
    """RFC 3848: SMTP after HELO, ESMTP after EHLO, with S in TLS and A when signed in."""
    for start, expected in ((Client.helo, "SMTP"), (Client.ehlo, "ESMTP")):
        with sandbox.connect(MX, 25) as client:
            start(client)
            client.mail("carol@example.org")
            client.rcpt(BOB)
            client.data()
            client.content(b"\r\n")
        field = sandbox.inbox(BOB)[-1].message["Received"]
        assert f" with {expected} id " in field
        assert parsedate_to_datetime(field.rpartition(";")[2].strip()) == START


def test_mail_to_the_senders_own_domain_stays_on_the_host(sandbox: Sandbox) -> None:
    submit(sandbox, b"Subject: in house\r\n\r\n", "carol@example.org", "Postmaster")
    assert len(sandbox.inbox("carol@example.org")) == 1
    assert len(sandbox.inbox("postmaster@example.org")) == 1
    assert len(sandbox.inbox("carol@example.org")[0].message.get_all("Received", [])) == 1
    assert not [name for name in sandbox.transcript.connections if name.startswith("r")]


def test_each_recipient_has_a_copy_and_one_session_carries_them(sandbox: Sandbox) -> None:
    submit(sandbox, b"\r\n", BOB, "abuse@example.net", "carol@example.org")
    for name in (BOB, "postmaster@example.net", "carol@example.org"):
        assert len(sandbox.inbox(name)) == 1
    assert [n for n in sandbox.transcript.connections if n.startswith("r")] == ["r1"]


def test_the_same_recipient_twice_has_one_copy(sandbox: Sandbox) -> None:
    submit(sandbox, b"\r\n", BOB, "Bob@EXAMPLE.net", BOB)
    assert len(sandbox.inbox(BOB)) == 1


# Failure: what the sender hears.


def report_of(sandbox: Sandbox, name: str = ALICE) -> EmailMessage:
    (stored,) = (mail for mail in sandbox.inbox(name) if mail.subject != "Your mail is delayed")
    assert stored.envelope.reverse_path == ""
    message = stored.message
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def status_of(report: Message) -> list[Message]:
    parts = list(report.iter_parts())  # type: ignore[attr-defined]
    assert [part.get_content_type() for part in parts] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    about_mta, *about_recipients = parts[1].get_payload()
    assert about_mta["Reporting-MTA"] == "dns; smtp.example.org"
    return about_recipients


def test_an_unknown_mailbox_comes_back_as_a_report(sandbox: Sandbox) -> None:
    submit(sandbox, b"Subject: Lost\r\nX: y\r\n\r\nsecret body\r\n", "nobody@example.net", BOB)
    assert len(sandbox.inbox(BOB)) == 1
    report = report_of(sandbox)
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    assert report["To"] == ALICE and report["From"] and report["Message-ID"]
    assert report["Auto-Submitted"] == "auto-replied"
    (recipient,) = status_of(report)
    assert recipient["Final-Recipient"] == "rfc822; nobody@example.net"
    assert recipient["Action"] == "failed" and recipient["Status"] == "5.1.1"
    assert recipient["Diagnostic-Code"].startswith("smtp; 550 5.1.1 ")
    headers = list(report.iter_parts())[2].get_content()
    assert "Subject: Lost" in headers and "secret body" not in headers


def test_every_failed_recipient_stands_in_one_report(sandbox: Sandbox) -> None:
    submit(sandbox, b"\r\n", "a@example.net", "b@example.net", "c@nowhere.example")
    told = {r["Final-Recipient"]: r["Status"] for r in status_of(report_of(sandbox))}
    assert told == {
        "rfc822; a@example.net": "5.1.1",
        "rfc822; b@example.net": "5.1.1",
        "rfc822; c@nowhere.example": "5.1.2",
    }


def test_a_content_cannot_end_a_part_of_its_report(sandbox: Sandbox) -> None:
    """A boundary that the sender can foresee would let a content forge delivery statuses."""
    content = b"Subject: x\r\n--=q1.1=\r\nContent-Type: text/html\r\n\r\nbody\r\n"
    submit(sandbox, content, "nobody@example.net")
    (recipient,) = status_of(report_of(sandbox))
    assert recipient["Status"] == "5.1.1"


@pytest.mark.parametrize(
    "domain",
    ["nowhere.example", "x" * 64 + ".example", "[192.0.2.99]", "[tag:a..b]", "[IPv6:2001:db8::1]"],
)
def test_a_domain_that_cannot_be_reached_comes_back_at_once(sandbox: Sandbox, domain: str) -> None:
    """A name that the DNS library chokes on must not jam the queue for everybody else."""
    submit(sandbox, b"\r\n", f"bob@{domain}")
    submit(sandbox, b"\r\n", BOB)
    (recipient,) = status_of(report_of(sandbox))
    assert recipient["Status"] == "5.1.2"
    assert len(sandbox.inbox(BOB)) == 1 and not sandbox.queue and not sandbox.errors


def test_there_is_no_report_about_a_report(sandbox: Sandbox) -> None:
    """Two hosts could send reports about reports to each other for ever (RFC 5321, 6.1)."""
    submit(sandbox, b"Subject: lost\r\n\r\n", "nobody@example.net", sender="")
    (kept,) = sandbox.inbox("postmaster@example.org")
    assert kept.subject == "lost" and not sandbox.queue
    assert len(sandbox.inbox(ALICE)) == 0


@pytest.mark.parametrize("sender", ["nobody@example.org", "x@nowhere.example", "y@example.net"])
def test_a_report_that_reaches_nobody_lands_at_postmaster(sandbox: Sandbox, sender: str) -> None:
    submit(sandbox, b"\r\n", "nobody@example.net", sender=sender)
    (kept,) = sandbox.inbox("postmaster@example.org")
    assert kept.message.get_content_type() == "multipart/report"
    assert not sandbox.queue and not sandbox.errors


# Not now: retries on the world clock.


def break_mx(sandbox: Sandbox) -> None:
    sandbox._world.hosts[MX].mailboxes = None  # type: ignore[assignment]  # each RCPT gets 451


def mend_mx(sandbox: Sandbox) -> None:
    sandbox._world.hosts[MX].mailboxes = sandbox._world.mailboxes


def attempts(sandbox: Sandbox) -> int:
    return len([n for n in sandbox.transcript.connections if n.startswith("r")])


def test_mail_that_was_put_off_is_tried_again_when_the_clock_moves(sandbox: Sandbox) -> None:
    break_mx(sandbox)
    assert submit(sandbox, b"Subject: late\r\n\r\n").code == 250
    (item,) = sandbox.queue
    assert item.attempts == 1 and "451" in item.last_reply
    sandbox.settle()
    sandbox.clock.advance(timedelta(minutes=29))
    assert attempts(sandbox) == 1, "RFC 5321, 4.5.4.1: not before 30 minutes"
    mend_mx(sandbox)
    sandbox.clock.advance(timedelta(minutes=1))
    (stored,) = sandbox.inbox(BOB)
    assert stored.subject == "late" and not sandbox.queue
    by_mx, by_msa = stored.message.get_all("Received", [])
    assert "09:30:00" in by_mx and "09:00:00" in by_msa


def test_only_the_recipients_who_were_put_off_are_tried_again(sandbox: Sandbox) -> None:
    break_mx(sandbox)
    submit(sandbox, b"\r\n", "carol@example.org", BOB)
    assert [item.waiting for item in sandbox.queue] == [[BOB]]
    mend_mx(sandbox)
    sandbox.clock.advance(timedelta(hours=1))
    assert len(sandbox.inbox("carol@example.org")) == len(sandbox.inbox(BOB)) == 1


def test_after_five_days_the_sender_is_told(sandbox: Sandbox) -> None:
    break_mx(sandbox)
    submit(sandbox, b"Subject: old\r\n\r\n")
    sandbox.clock.advance(timedelta(days=4))
    assert len(sandbox.queue) == 1
    assert [mail.subject for mail in sandbox.inbox(ALICE)] == ["Your mail is delayed"]
    sandbox.clock.advance(timedelta(days=1, minutes=1))
    (recipient,) = status_of(report_of(sandbox))
    assert recipient["Action"] == "failed" and recipient["Status"] == "4.3.0"
    assert not sandbox.queue
    assert 10 < attempts(sandbox) < 240


def test_a_host_that_nobody_runs_is_a_reason_to_wait(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sandbox._world, "listener", lambda host, port: None)
        mail = MailObject(Envelope(ALICE, (BOB,)), b"\r\n")
        sandbox._carrier.call(lambda: sandbox._world.queue.put(MSA, "q1", mail))
        (item,) = sandbox.queue
        assert item.last_reply.startswith("451 4.4.1 ")
    sandbox.clock.advance(timedelta(minutes=30))
    assert len(sandbox.inbox(BOB)) == 1


def test_a_fault_in_one_delivery_is_kept_and_does_not_jam_the_queue(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sandbox._world.zones, "mail_hosts", lambda domain: 1 / 0)
        submit(sandbox, b"Subject: first\r\n\r\n")
        submit(sandbox, b"\r\n", "carol@example.org")
        assert len(sandbox.inbox("carol@example.org")) == 1
        (item,) = sandbox.queue
        assert item.attempts == 1 and item.last_reply.startswith("451 4.3.0 ")
    assert [type(error) for error in sandbox.errors] == [ZeroDivisionError]
    sandbox.clock.advance(timedelta(minutes=30))
    assert len(sandbox.inbox(BOB)) == 1 and not sandbox.queue


# Several at once, and a stop in the middle.


def test_nothing_that_got_250_is_lost_when_the_sandbox_stops() -> None:
    sandbox = Sandbox("tcp").start()
    accepted: list[bytes] = []
    enough = threading.Event()

    def send(name: int) -> None:
        settings = Settings(timeout=60)
        try:
            with sandbox.connect(MSA, 465, settings=settings) as client:
                client.ehlo()
                client.auth(ALICE, PASSWORD)
                for n in range(1000):
                    token = b"token-%d-%d\r\n" % (name, n)
                    client.mail(ALICE)
                    client.rcpt(BOB)
                    client.data()
                    if client.content(token).code == 250:
                        accepted.append(token)
                    if len(accepted) > 20:
                        enough.set()
        except (ConnectionLost, OSError):
            pass  # the stop in the middle

    with ThreadPoolExecutor(2) as senders:
        for name in range(2):
            senders.submit(send, name)
        assert enough.wait(120)
        sandbox.stop()
    delivered = [mail.content for mail in sandbox.inbox(BOB)]
    waiting = [item.mail.content for item in sandbox.queue]
    for token in accepted:
        assert any(content.endswith(token) for content in (*delivered, *waiting)), token
    assert 20 < len(accepted) < 2000 and not sandbox.errors


def test_settling_from_several_threads_delivers_each_once(sandbox: Sandbox) -> None:
    for n in range(10):
        submit(sandbox, b"Subject: %d\r\n\r\n" % n)
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: len(sandbox.inbox(BOB)), range(8)))
    assert seen == [10] * 8
    assert sorted(mail.subject for mail in sandbox.inbox(BOB)) == sorted(map(str, range(10)))
    assert not sandbox.errors


def test_mail_is_delivered_without_settling_over_tcp() -> None:
    with Sandbox("tcp") as sandbox:
        arrived = threading.Event()
        mailbox = sandbox.mailbox(BOB)
        store = mailbox.store

        def stored(folder: str, mail: object) -> None:
            store(folder, mail)  # type: ignore[arg-type]
            arrived.set()

        mailbox.store = stored  # type: ignore[method-assign, assignment]
        submit(sandbox, b"\r\n")
        assert arrived.wait(120)
