"""A walk through a session that stops where it was told to, and sends nothing beyond."""

from collections.abc import Iterator

import pytest

from smtplab import ConnectionLost, Envelope, LocalProtocolError, MailObject, Sandbox
from smtplab.rehearsal import PHASES, rehearse
from tests.peers import Peer

MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, BOB, PASSWORD = "alice@example.org", "bob@example.net", "looking-glass"
MAIL = MailObject(Envelope(ALICE, (BOB,)), b"From: alice@example.org\r\n\r\nsecret\r\n")


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running


def sign_in(client):
    return client.auth(ALICE, PASSWORD)


WALKS = {
    "greeting": ["greeting"],
    "EHLO": ["greeting", "EHLO"],
    "STARTTLS": ["greeting", "EHLO", "STARTTLS", "EHLO"],
    "AUTH": ["greeting", "EHLO", "STARTTLS", "EHLO", "AUTH"],
    "MAIL": ["greeting", "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL"],
    "RCPT": ["greeting", "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT"],
    "DATA": ["greeting", "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"],
    "content": ["greeting", "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "content"],
}


@pytest.mark.parametrize("until", PHASES)
def test_it_goes_to_the_phase_that_was_named_and_no_further(sandbox: Sandbox, until: str) -> None:
    rehearsal = rehearse(sandbox.connect(MSA, 587), MAIL, until=until, sign_in=sign_in)
    assert [one.phase for one in rehearsal] == WALKS[until]
    assert rehearsal.failed is None and f"It went well up to {until}." in repr(rehearsal)
    assert len(sandbox.inbox(BOB)) == (until == "content")
    assert not sandbox.queue


def test_by_default_no_content_leaves(sandbox: Sandbox) -> None:
    """Somebody who looks why a server refuses mail does not want to send any."""
    client = sandbox.connect(MX, 25)
    assert [one.phase for one in rehearse(client, MAIL)][-1] == "RCPT"
    assert b"secret" not in client.transcript.wire(client.connection, "client").octets("client")
    assert not sandbox.inbox(BOB)


def test_it_stops_at_the_first_refusal_and_says_what_to_do(sandbox: Sandbox) -> None:
    rehearsal = rehearse(sandbox.connect(MSA, 465), MAIL, until="content")
    assert rehearsal.failed is not None
    assert (rehearsal.failed.phase, rehearsal.failed.reply.code) == ("MAIL", 530)
    assert "The server refused MAIL." in repr(rehearsal)


def test_each_recipient_is_tried(sandbox: Sandbox) -> None:
    mail = MailObject(Envelope(ALICE, ("nobody@example.net", BOB, "x@elsewhere.example")), b"\r\n")
    rehearsal = rehearse(sandbox.connect(MX, 25), mail)
    assert [one.reply.code for one in rehearsal if one.phase == "RCPT"] == [550, 250, 550]


def test_without_a_recipient_there_is_no_content(sandbox: Sandbox) -> None:
    mail = MailObject(Envelope(ALICE, ("nobody@example.net",)), b"\r\n")
    rehearsal = rehearse(sandbox.connect(MX, 25), mail, until="content")
    assert [one.phase for one in rehearsal][-1] == "RCPT"


def test_a_server_that_knows_no_ehlo_is_greeted_in_the_way_of_1982() -> None:
    script = (b"220 x\r\n", b"500 what?\r\n", b"250 x\r\n", b"250 m\r\n", b"250 r\r\n", b"250 \r\n")
    with Peer(*script, b"221 bye\r\n") as peer:
        rehearsal = rehearse(peer.connect(), MAIL)
    assert rehearsal.failed is None
    assert [line[:4] for line in peer.commands] == [
        b"EHLO", b"HELO", b"MAIL", b"RCPT", b"RSET", b"QUIT",
    ]  # fmt: skip


def test_who_stops_after_354_breaks_the_connection() -> None:
    """Every further line, QUIT included, would be mail data and be delivered."""
    script = (b"220 x\r\n", b"250 x\r\n", b"250 mail\r\n", b"250 rcpt\r\n", b"354 go on\r\n")
    with Peer(*script) as peer:
        rehearse(peer.connect(), MAIL, until="DATA")
    assert peer.commands[-1] == b"DATA\r\n"


def test_a_phase_that_is_none_is_named_before_anything_is_sent(sandbox: Sandbox) -> None:
    client = sandbox.connect(MX, 25)
    with pytest.raises(LocalProtocolError, match="'rcpt' is no phase; the phases are greeting,"):
        rehearse(client, MAIL, until="rcpt")
    client.close()


def test_a_connection_that_breaks_is_an_error() -> None:
    with Peer(b"220 x\r\n") as peer:
        client = peer.connect()
        peer._client_end.close()
        with pytest.raises(ConnectionLost):
            rehearse(client, MAIL)
