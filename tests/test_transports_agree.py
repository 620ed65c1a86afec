"""The same dialogue over TCP and in memory: the same events at each end, the same plain octets."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from smtplab import Client, ConnectionLost, RemoteProtocolError, Sandbox, Settings, Transcript
from smtplab.transcript import Event
from tests.life_cycle import ALICE, BOB, MSA, MX, PASSWORD
from tests.peers import ImpatientAfter
from tests.watch import wait_until

CONTENT = b"From: alice@example.org\r\nSubject: Tea\r\n\r\n.At five?\r\n" + bytes(range(128, 256))


def submission(sandbox: Sandbox) -> Client:
    with sandbox.connect() as client:
        client.ehlo()
        client.starttls()
        client.ehlo()
        client.auth(ALICE, PASSWORD)
        client.mail(ALICE, {"SIZE": len(CONTENT)})
        client.rcpt(BOB)
        client.rcpt("carol@example.org")
        client.rcpt("nobody@example.org")
        client.data()
        client.content(CONTENT)
    return client


def implicit_tls(sandbox: Sandbox) -> Client:
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, PASSWORD, "LOGIN")
        client.mail(ALICE)
        client.rcpt("nobody@example.net")  # comes back as a report
        client.data()
        client.content(CONTENT)
        sandbox.settle()
        sandbox.clock.advance(timedelta(hours=1))
        client.noop("an hour later")
    return client


def relaying_denied(sandbox: Sandbox) -> Client:
    with sandbox.connect(MX, 25) as client:
        client.helo()
        client.mail("")
        client.rcpt("bob@example.com")
        client.rcpt(BOB)
        client.data()
        client.content(b"")
    return client


def wrong_password(sandbox: Sandbox) -> Client:
    with sandbox.connect() as client:
        client.ehlo()
        client.send_raw(b"AUTH PLAIN AGFsaWNlAHdyb25n\r\n")
        client.starttls()
        client.ehlo()
        client.auth(ALICE, "wrong")
        client.auth(ALICE, "wrong again", "LOGIN")
        client.send_raw(b"AUTH LOGIN\r\n")
        client.send_raw(b"*\r\n")
        client.mail(ALICE)
    return client


def out_of_order(sandbox: Sandbox) -> Client:
    with sandbox.connect(MX, 25) as client:
        for step in (client.data, client.ehlo, client.data, client.rset, client.starttls):
            step()
        client.mail("a@example.org")
        client.ehlo()
        client.mail("a@example.org")
        client.mail("a@example.org")
        client.starttls()
    return client


def bad_syntax(sandbox: Sandbox) -> Client:
    with sandbox.connect(MX, 25) as client:
        for line in (b"", b"FROB", b" EHLO a", b"EHLO a b", b"NOOP\0", b"MAIL FROM:a", b"\xff\xfe"):
            client.send_raw(line + b"\r\n")
        client.send_raw(b"NOOP\n")
    return client


def pipelined_group(sandbox: Sandbox) -> Client:
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.send_raw(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nRCPT TO:<x@y>\r\nDATA\r\n")
        for _ in range(3):
            client.read_reply()
        client.send_raw(b"Subject: group\r\n\r\n.\r\nNOOP\r\nQUIT\r\n")
        for _ in range(2):
            client.read_reply()
    return client


def line_too_long(sandbox: Sandbox) -> Client:
    with sandbox.connect(MX, 25) as client:
        for length in (507, 506, 5_000, 15_000, 400_000):
            client.send_raw(b"NOOP " + b"x" * length + b"\r\n")
    return client


def mail_data_refused(sandbox: Sandbox) -> Client:
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        for octets in (b"a\nb\r\n.\r\n", b"x" * 200_000 + b"\r\n.\r\n", b"\0\r\n.\r\n"):
            client.mail("")
            client.rcpt(BOB)
            client.data()
            client.send_raw(octets)
    return client


def large_content(sandbox: Sandbox) -> Client:
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.mail("")
        client.rcpt(BOB)
        client.data()
        client.content(b"0123456789abcde\r\n" * 30_000)
    return client


def cut_in_data(sandbox: Sandbox) -> Client:
    limit = ImpatientAfter(replies=5, seconds=0.3)
    client = sandbox.connect(MX, 25, settings=Settings(timeout=limit))
    client.ehlo()
    client.mail("")
    client.rcpt(BOB)
    client.data()
    with pytest.raises(ConnectionLost):
        client.send_raw(b"Subject: cut\r\n")  # no reply comes to a part of mail data
    client.close()
    return client


def handshake_refused(sandbox: Sandbox) -> Client:
    client = sandbox.connect()
    client.ehlo()
    client.host = "other.example.org"  # a name that the certificate does not have
    with pytest.raises(RemoteProtocolError):
        client.starttls()
    return client


def left_without_quit(sandbox: Sandbox) -> Client:
    client = sandbox.connect(MX, 25)
    client.ehlo()
    client.close()
    return client


DIALOGUES: tuple[Callable[[Sandbox], Client], ...] = (
    submission,
    implicit_tls,
    relaying_denied,
    wrong_password,
    out_of_order,
    bad_syntax,
    pipelined_group,
    line_too_long,
    mail_data_refused,
    large_content,
    cut_in_data,
    handshake_refused,
    left_without_quit,
)

Ends = dict[tuple[str, str], object]


def hold(transport: str, dialogue: Callable[[Sandbox], Client]) -> tuple[Ends, Ends]:
    """One dialogue: the events and the plain wire octets, by connection and end."""
    with Sandbox(transport) as sandbox:
        client = dialogue(sandbox)
        sandbox.settle()
        wait_until(lambda: not sandbox._world.live)
        sandbox.stop()
        assert not sandbox.errors
        events: Ends = {}
        wires: Ends = {}
        for transcript in (client.transcript, sandbox.transcript):
            for event in transcript.events:
                key = event.connection, event.end
                events.setdefault(key, []).append(  # type: ignore[attr-defined]
                    (event.kind, event.step, event.octets, event.length, event.sha256, event.tls)
                    + (event.secrets, event.world_time, details(event))
                )
            for key in {(event.connection, event.end) for event in transcript.events}:
                if key[0]:
                    wires[key] = plain_octets(transcript, *key)
    return events, wires


def details(event: Event) -> dict[str, object]:
    """What an event tells beside its octets; some of it is worked out when asked for."""
    return {name: told() if callable(told) else told for name, told in event.detail.items()}


def plain_octets(transcript: Transcript, connection: str, end: str) -> tuple[bytes, bytes]:
    """What client and server sent outside TLS, each joined, as one end saw it."""
    events = transcript.of(connection, end)
    if any(event.kind == "connect" and event.detail["port"] == 465 for event in events):
        return b"", b""
    wire = transcript.wire(connection, end)
    sent, received = wire.octets("client"), wire.octets("server")
    go_ahead = b"220 2.0.0 Ready to start TLS\r\n"
    if go_ahead in received:
        return sent.partition(b"STARTTLS\r\n")[0], received.partition(go_ahead)[0]
    return sent, received


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.__name__)
def test_both_transports_give_the_same_events_and_octets(
    dialogue: Callable[[Sandbox], Client],
) -> None:
    tcp_events, tcp_wires = hold("tcp", dialogue)
    memory_events, memory_wires = hold("memory", dialogue)
    assert ("c1", "client") in tcp_events and ("c1", "server") in tcp_events
    assert tcp_events.keys() == memory_events.keys()
    for key, events in tcp_events.items():
        assert events == memory_events[key], key
    assert tcp_wires == memory_wires


@pytest.mark.parametrize("transport", ["tcp", "memory"])
@pytest.mark.parametrize(
    "dialogue",
    [one for one in DIALOGUES if one not in (pipelined_group, cut_in_data, line_too_long)],
    ids=lambda dialogue: dialogue.__name__,
)
def test_both_ends_saw_the_same_commands_and_replies(
    transport: str, dialogue: Callable[[Sandbox], Client]
) -> None:
    """Joined by (connection, step): never by time."""
    events, wires = hold(transport, dialogue)
    told = ("greeting", "command", "challenge", "response", "reply", "mail-data")
    for connection in {name for name, _ in events if name}:
        ends = [
            sorted(event[:6] for event in events[connection, end] if event[0] in told)  # type: ignore[attr-defined]
            for end in ("client", "server")
        ]
        assert ends[0] == ends[1], connection
        assert wires[connection, "client"] == wires[connection, "server"], connection
