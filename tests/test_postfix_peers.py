"""A real Postfix: our client talks to it, it relays to our sandbox, and its log is read."""

from collections.abc import Iterator

import pytest

from smtplab import (
    Client,
    Envelope,
    Fate,
    MailObject,
    Sandbox,
    Settings,
    State,
    commands,
    explained,
    send,
)
from tests.door import door
from tests.dovecot import PASSWORD, dovecot_auth
from tests.life_cycle import ALICE, BOB, MX
from tests.next_hop import NextHop
from tests.peers import trusting
from tests.postfix import NAME, Postfix, postfix
from tests.test_client_real_peers import sink
from tests.test_importing import read
from tests.told import Exchange, exchanges
from tests.watch import wait_until

CONTENT = b"From: alice@example.org\r\nSubject: tea\r\n\r\n.one\r\n"
LAPTOP, LOOPBACK = "laptop.example.org", "127.0.0.1"
MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
OFFERED = {
    "PIPELINING", "SIZE", "VRFY", "ETRN", "STARTTLS", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN",
    "SMTPUTF8", "CHUNKING",
}  # fmt: skip


def greeted(server: Postfix, *, tls: bool = False) -> Client:
    """A client after EHLO; Postfix's certificate has its name, and we know its address only."""
    context = trusting()
    context.check_hostname = False
    settings = Settings(tls_context=context, timeout=60, name=LAPTOP)
    client = Client.connect(LOOPBACK, server.port, settings=settings)
    client.ehlo()
    if tls:
        assert client.starttls().code == 220
        client.ehlo()
    return client


def test_every_verb_and_parameter_that_postfix_offers() -> None:
    """What it understood shows in what it says to the next host."""
    joerg = "jörg@example.net"
    with NextHop("PIPELINING", "8BITMIME", "DSN", "SMTPUTF8") as hop, postfix(hop.port) as server:
        with greeted(server) as client:
            assert client.extensions is not None and set(client.extensions) == OFFERED
            assert client.starttls().code == 220 and client.ehlo().code == 250
            assert set(client.extensions) == OFFERED - {"STARTTLS"}
            assert client.tls_report is not None and NAME in client.tls_report.chain[0].names
            assert client.noop().code == 250 and client.vrfy(BOB).code == 252
            assert client.expn("x").code == 500 and client.help().code == 500
            assert client.send_raw(b"ETRN example.net\r\n").code // 100 in (2, 4)
            given: commands.Parameters = {
                "SIZE": 200, "BODY": "8BITMIME", "RET": "HDRS", "ENVID": "QQ1", "SMTPUTF8": None,
            }  # fmt: skip
            assert client.mail(ALICE, {"SIZE": 10**9}).code == 552
            assert client.mail(ALICE, given).code == 250
            told = {"NOTIFY": "SUCCESS,FAILURE", "ORCPT": f"rfc822;{BOB}"}
            assert client.rcpt(BOB, told).code == 250 and client.rcpt(joerg).code == 250
            assert client.rcpt("nobody@example.net").code == 550
            assert client.rcpt("somebody@example.com").code == 554
            assert client.data().code == 354 and client.content(CONTENT).code == 250
            assert client.mail(ALICE).code == 250 and client.rset().code == 250
            assert client.mail("").code == 250 and client.rcpt(BOB, {"NOTIFY": "NEVER"}).code == 250
            assert client.bdat(CONTENT[:20], last=False).code == 250
            assert client.bdat(CONTENT[20:], last=True).code == 250
            group = client.group(commands.mail(ALICE), commands.rcpt(BOB), commands.data())
            assert [reply.code for reply in group.replies] == [250, 250, 354]
            assert group.round_trips == 1 and client.content(CONTENT).code == 250
            assert client.rcpt(BOB).code == 503 and client.state is State.READY
            assert client.helo().code == 250 and client.mail(ALICE).code == 250
            assert client.quit().code == 221
        server.wait_for("status=sent", 4)
    assert [content.endswith(b"\r\n\r\n.one\r\n") for content in hop.contents] == [True] * 3
    (first,) = [line for line in hop.said("MAIL") if "ENVID" in line]
    assert first.split()[1] == f"FROM:<{ALICE}>"
    assert {"BODY=8BITMIME", "RET=HDRS", "ENVID=QQ1", "SMTPUTF8"} <= set(first.split())
    wishes = {"NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;{BOB}"}
    assert any(wishes <= set(line.split()) for line in hop.said("RCPT"))
    assert any(line.startswith(f"RCPT TO:<{joerg}>") for line in hop.said("RCPT"))
    assert any("FROM:<>" in line for line in hop.said("MAIL"))
    assert any("NOTIFY=NEVER" in line for line in hop.said("RCPT"))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running
        assert not running.errors


@pytest.fixture(scope="module")
def exchange(sandbox: Sandbox) -> Iterator[int]:
    """A port through which any user may reach the exchange."""
    bound = next(bound for one, bound in sandbox.bound_ports.items() if one.key == (MX, 25))
    with door(bound) as opened:
        yield opened


@pytest.fixture(scope="module")
def relay(sandbox: Sandbox, exchange: int) -> Iterator[Postfix]:
    """A Postfix that relays to the exchange, over TLS whose certificate it checks."""
    with postfix(exchange, ca_file=sandbox.ca_file) as server:
        yield server


def test_many_go_to_postfix_in_one_pipelined_session_and_arrive(
    sandbox: Sandbox, relay: Postfix
) -> None:
    """One wait for each mail object; what Postfix refuses is told with its recipient."""
    before = len(sandbox.inbox(BOB))
    paths = [(BOB,), (BOB, "nobody@example.net"), ("nobody@example.net",), (BOB,)]
    mails = [MailObject(Envelope(ALICE, some), CONTENT) for some in paths]
    client = greeted(relay)
    waits = client.round_trips
    report = send(mails, lambda: client, progress=lambda done, total: None)
    fates = [Fate.ACCEPTED, Fate.PARTLY_ACCEPTED, Fate.REFUSED, Fate.ACCEPTED]
    assert [one.fate for one in report] == fates
    assert [path for one in report for path, _ in one.refused] == ["nobody@example.net"] * 2
    assert client.round_trips - waits <= len(mails) + 3
    wait_until(lambda: len(sandbox.inbox(BOB)) == before + 3)
    assert all(mail.content.endswith(b"\r\n\r\n.one\r\n") for mail in sandbox.inbox(BOB))


# Its log: what `smtpd -v` and `smtp -v` write is read, and equals what the other ends saw.


def session_with_refusals(server: Postfix, *, tls: bool) -> Client:
    """A whole session, one mail object accepted; Postfix logs everything but the content."""
    client = greeted(server, tls=tls)
    client.mail(ALICE, {"BODY": "8BITMIME"}), client.rcpt(BOB), client.rcpt("nobody@example.net")
    client.data(), client.content(CONTENT)
    client.mail("jörg@example.net", {"SMTPUTF8": None}), client.rcpt("somebody@example.com")
    client.group(commands.rset(), commands.noop("tea"), commands.mail(""))
    client.send_raw("FOO ü\r\n".encode()), client.quit()
    return client


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "STARTTLS"])
def test_its_log_is_read_and_is_what_the_other_ends_saw(
    sandbox: Sandbox, relay: Postfix, tls: bool
) -> None:
    """Two connections in one log: ours to smtpd, and that of smtp to the exchange."""
    before = len(relay.log)
    client = session_with_refusals(relay, tls=tls)
    wait_until(lambda: "status=sent" in relay.log[before:])
    transcript = read(relay.log[before:], "postfix")
    assert transcript.connections == ("c1", "c2")
    ours = client.transcript.connections[0]
    assert exchanges(transcript, "c1", "client") == exchanges(client.transcript, ours, "client")
    sandbox.settle()
    onward = exchanges(sandbox.transcript, sandbox.transcript.connections[-1], "server")
    *before_quit, (name, inside, line, _) = onward  # Postfix does not wait for 221
    assert exchanges(transcript, "c2", "client") == [*before_quit, (name, inside, line, [])]
    refusals = [(one.step, one.code) for one in explained(transcript).refusals]
    assert refusals == [("RCPT", 550), ("RCPT", 554), ("FOO", 500)]
    told = [line for line in transcript.to_text().splitlines() if line.startswith("-- TLS")]
    unknown = "-- TLS begins: TLSv1.3, nobody told whether the certificate was checked"
    assert told == [unknown] * tls + ["-- TLS begins: TLSv1.3, certificate checked"]


def test_every_mechanism_that_postfix_offers_and_its_log_shows_no_password() -> None:
    """Its AUTH is Dovecot's, as on many hosts; after it, Postfix relays to anywhere.

    At its usual level the log has no line about TLS: the reply to STARTTLS tells.
    """
    seen: list[list[Exchange]] = []
    with (
        sink() as hop,
        dovecot_auth() as auth,
        postfix(hop, auth=auth, tells_tls=False) as server,
    ):
        for mechanism in MECHANISMS:
            for at_once in (True, False):
                with greeted(server, tls=True) as client:
                    assert client.extensions is not None
                    assert set(client.extensions.auth_mechanisms) == set(MECHANISMS)
                    reply = client.auth(ALICE, PASSWORD, mechanism, initial_response=at_once)
                    assert reply.code == 235, (mechanism, str(reply))
                    assert client.mail(ALICE, {"AUTH": ALICE}).code == 250
                    assert client.rcpt("somebody@example.com").code == 250
                seen.append(
                    exchanges(client.transcript, client.transcript.connections[0], "client")
                )
        with greeted(server, tls=True) as client:
            assert client.auth(ALICE, "wrong", "SCRAM-SHA-1").code == 535
            assert client.state is State.READY and client.session.identity is None
        transcript = read(server.wait_for("disconnect from", len(seen) + 1), "postfix")
    names = transcript.connections
    assert [exchanges(transcript, name, "client") for name in names[:-1]] == seen
    (refusal,) = explained(transcript).refusals
    assert refusal.code == 535
    shown = transcript.to_text() + transcript.to_json() + str(explained(transcript))
    assert PASSWORD not in shown
    assert transcript.to_text().count("-- TLS begins: TLS, nobody told") == len(names)
