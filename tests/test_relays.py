"""Mail servers of others relay to our exchange: what they do with the extensions it offers."""

import smtplib
from collections.abc import Iterator

import pytest

from smtplab import Client, Sandbox
from smtplab.sandbox.mailboxes import StoredMail
from smtplab.transcript import Kind
from tests.door import door
from tests.dovecot import PASSWORD, USER, dovecot_submission
from tests.exim import exim_relay
from tests.life_cycle import BOB, MX

BODY = b".dot\r\n" + b"".join(b"line %d of the content\r\n" % n for n in range(4000))
CONTENT = b"From: alice@example.org\r\nTo: bob@example.net\r\nSubject: relayed\r\n\r\n" + BODY


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running


@pytest.fixture
def port(sandbox: Sandbox) -> Iterator[int]:
    """A port through which any user may reach the exchange."""
    bound = next(bound for one, bound in sandbox.bound_ports.items() if one.key == (MX, 25))
    with door(bound) as opened:
        yield opened


def lines_of(sandbox: Sandbox, connection: str) -> list[bytes]:
    """The command lines of one connection, as the server saw them."""
    events = sandbox.transcript.of(connection, "server")
    return [event.octets for event in events if event.kind is Kind.COMMAND]


def body_of(mail: StoredMail) -> bytes:
    """A relay may add header fields; the body is nobody's to change."""
    return mail.content.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "STARTTLS"])
def test_exim_relays_in_chunks_and_nothing_is_lost_on_the_way(
    sandbox: Sandbox, port: int, tls: bool
) -> None:
    with exim_relay(port, tls=tls) as exim:
        exim.submit("alice@example.org", [BOB, "postmaster@example.net"], CONTENT)
        exim.run_queue()
        assert "Completed" in exim.log and "**" not in exim.log, exim.log
    (stored,) = sandbox.inbox(BOB)
    assert body_of(stored) == BODY
    assert stored.envelope.reverse_path == "alice@example.org"
    assert len(sandbox.inbox("postmaster@example.net")) == 1
    (connection,) = [name for name in sandbox.transcript.connections if name]
    lines = lines_of(sandbox, connection)
    chunks = [line for line in lines if line.startswith(b"BDAT ")]
    assert chunks and chunks[-1].endswith(b" LAST\r\n") and b"DATA\r\n" not in lines
    events = sandbox.transcript.of(connection, "server")
    sizes = [event.length for event in events if event.kind is Kind.MAIL_DATA]
    assert sizes == [int(chunk.split()[1]) for chunk in chunks]
    assert (b"STARTTLS\r\n" in lines) is tls
    assert not sandbox.errors


def test_exim_sends_a_whole_envelope_in_one_segment(sandbox: Sandbox, port: int) -> None:
    with exim_relay(port) as exim:
        exim.submit("alice@example.org", [BOB, "postmaster@example.net"], b"Subject: x\n\nx\n")
        exim.run_queue()
    segments = sandbox.transcript.wire("x1", "server").segments
    (group,) = [one.octets for one in segments if b"MAIL FROM" in one.octets]
    assert group.count(b"RCPT TO") == 2 and b"BDAT" in group


def test_without_pipelining_exim_waits_for_each_reply(sandbox: Sandbox, port: int) -> None:
    sandbox.policy(MX).switched_off.add("PIPELINING")
    with exim_relay(port) as exim:
        exim.submit("alice@example.org", [BOB], b"Subject: x\n\nx\n")
        exim.run_queue()
    segments = sandbox.transcript.wire("x1", "server").segments
    (group,) = [one.octets for one in segments if b"MAIL FROM" in one.octets]
    assert group.count(b"\r\n") == 1
    assert len(sandbox.inbox(BOB)) == 1


def test_without_chunking_exim_sends_data(sandbox: Sandbox, port: int) -> None:
    sandbox.policy(MX).switched_off.add("CHUNKING")
    with exim_relay(port) as exim:
        exim.submit("alice@example.org", [BOB], CONTENT)
        exim.run_queue()
    assert b"DATA\r\n" in lines_of(sandbox, "x1")
    assert body_of(sandbox.inbox(BOB)[0]) == BODY


def test_exim_heeds_a_limit_that_is_announced(sandbox: Sandbox, port: int) -> None:
    """RCPTMAX=1 (RFC 9422, 4.2): one recipient a transaction, or one session each."""
    sandbox.policy(MX).max_recipients = 1
    with exim_relay(port) as exim:
        exim.submit("alice@example.org", [BOB, "postmaster@example.net"], b"Subject: x\n\nx\n")
        exim.run_queue()
        exim.run_queue()
    assert len(sandbox.inbox(BOB)) == len(sandbox.inbox("postmaster@example.net")) == 1


# Dovecot's submission service relays what it is told, command by command.


def test_dovecot_relays_in_chunks(sandbox: Sandbox, port: int) -> None:
    with (
        dovecot_submission(port) as submission,
        smtplib.SMTP(
            "127.0.0.1", submission, local_hostname="laptop.example.org", timeout=60
        ) as client,
    ):
        client.login(USER, PASSWORD)
        client.sendmail(USER, [BOB, "postmaster@example.net"], CONTENT)
    (stored,) = sandbox.inbox(BOB)
    assert body_of(stored) == BODY
    lines = lines_of(sandbox, "x1")
    assert lines[-2].startswith(b"BDAT ") and lines[-2].endswith(b" LAST\r\n")
    assert b"DATA\r\n" not in lines


def test_octets_and_parameters_pass_through_dovecot_unchanged(sandbox: Sandbox, port: int) -> None:
    """Our client at one end and our server at the other; what stands between is not ours.

    Dovecot 2.3 turns a bare LF into CR LF, also in BINARYMIME, so there is none here.
    """
    octets = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
    octets += b"Content-Transfer-Encoding: binary\r\n\r\n" + bytes(set(range(256)) - {10, 13}) * 300
    with dovecot_submission(port) as submission:
        with Client.connect("127.0.0.1", submission) as client:
            client.ehlo()
            assert client.auth(USER, PASSWORD, "PLAIN").code == 235
            client.ehlo()
            asked = {"BODY": "BINARYMIME", "RET": "HDRS", "ENVID": "Qq1+2B"}
            assert client.mail(USER, asked).code == 250
            wishes = {"NOTIFY": "SUCCESS,DELAY", "ORCPT": "rfc822;Bob+2Bx@example.net"}
            assert client.rcpt(BOB, wishes).code == 250
            assert client.bdat(octets[:1000]).code == 250
            assert client.bdat(octets[1000:], last=True).code == 250
    (stored,) = sandbox.inbox(BOB)
    assert body_of(stored) == octets.partition(b"\r\n\r\n")[2]
    assert stored.envelope.parameters == asked
    assert stored.envelope.recipient_parameters[BOB] == wishes
