"""The fault dial at work: each action as a client meets it, over TCP and in memory."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest

from smtplab import (
    Client,
    ConnectionLost,
    LocalProtocolError,
    RemoteProtocolError,
    Reply,
    Sandbox,
    Settings,
)
from smtplab.errors import SMTPLabError
from smtplab.sandbox.faults import Fault
from smtplab.sandbox.faults.magic import DOMAIN
from smtplab.session import State
from smtplab.transcript import Kind
from tests.peers import ImpatientAfter

MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, BOB, PASSWORD = "alice@example.org", "bob@example.net", "looking-glass"
CONTENT = b"Subject: fault\r\n\r\nHello\r\n"

Outcome = Literal["ok"] | type[SMTPLabError] | int


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert running.errors == ()


SILENT_AFTER = {
    "connect=stall": 0, "MAIL=stall": 2, "MAIL=merge": 2, "stall": 3, "mail-data=stall": 5,
    "end-of-data=stall": 5,
}  # fmt: skip
"""How many replies of a transaction come all the same. Over TCP the silence is waited out."""


def connected(sandbox: Sandbox, port: int = 25, *, replies: int = 100) -> Client:
    settings = Settings(timeout=ImpatientAfter(replies=replies, seconds=0.3))
    return sandbox.connect(MX if port == 25 else MSA, port, settings=settings)


def transaction(client: Client, forward_path: str = BOB) -> list[int]:
    replies = [client.ehlo()]
    if client.port == 587:
        replies += [client.starttls(), client.ehlo(), client.auth(ALICE, PASSWORD)]
    replies += [client.mail(ALICE), client.rcpt(forward_path), client.data()]
    if replies[-1].code == 354:
        replies.append(client.content(CONTENT))
    return [reply.code for reply in replies]


# Each action.


@pytest.mark.parametrize(
    ("rule", "outcome", "delivered"),
    [
        ("RCPT=451 4.3.0 Try later", [250, 250, 451, 503], 0),
        ("MAIL=250 other words", [250, 250, 250, 354, 250], 1),
        ("DATA=421 bye", [250, 250, 250, 421], 0),
        ("end-of-data=451 4.3.0 Try\\nlater", [250, 250, 250, 354, 451], 0),
        ("end-of-data=250 2.0.0 other words", [250, 250, 250, 354, 250], 1),
        ("mail-data=421 bye", [250, 250, 250, 354, 421], 0),
        ("mail-data=delay:0.1", [250, 250, 250, 354, 250], 1),
        ("any=split:1", [250, 250, 250, 354, 250], 1),
        ("EHLO=cut:3,10", [250, 250, 250, 354, 250], 1),
        ("MAIL=delay:0.1", [250, 250, 250, 354, 250], 1),
        ("MAIL=raw:hello\\r\\n", RemoteProtocolError, 0),
        ("MAIL=raw:250 no carriage return\\n", RemoteProtocolError, 0),
        ("MAIL=extra:250 2.1.0 Twice", RemoteProtocolError, 0),
        ("end-of-data=extra:250 Twice", [250, 250, 250, 354, 250], 1),
        ("MAIL=stall", ConnectionLost, 0),
        ("mail-data=stall", ConnectionLost, 0),
        ("MAIL=merge", ConnectionLost, 0),
        ("MAIL=drop", ConnectionLost, 0),
        ("MAIL=drop-after", ConnectionLost, 0),
        ("MAIL=reset", ConnectionLost, 0),
        ("MAIL=reset-after", ConnectionLost, 0),
        ("MAIL=half-close", ConnectionLost, 0),
        ("mail-data=drop", ConnectionLost, 0),
        ("end-of-data=drop", ConnectionLost, 0),
        ("end-of-data=lose", ConnectionLost, 1),
        ("end-of-data=reset", ConnectionLost, 0),
        ("end-of-data=stall", ConnectionLost, 0),
        ("connect=drop", ConnectionLost, 0),
        ("connect=reset", ConnectionLost, 0),
        ("connect=stall", ConnectionLost, 0),
        ("greeting=drop", ConnectionLost, 0),
    ],
)
def test_an_action_is_met_and_nothing_is_taken_that_was_not_promised(
    sandbox: Sandbox, rule: str, outcome: list[int] | type[SMTPLabError], delivered: int
) -> None:
    fault = sandbox.faults.add(rule)
    if isinstance(outcome, list):
        with connected(sandbox) as client:
            assert transaction(client) == outcome
    else:
        with pytest.raises(outcome):
            transaction(connected(sandbox, replies=SILENT_AFTER.get(rule, 100)))
    assert sandbox.faults.hits[fault] >= 1
    assert len(sandbox.inbox(BOB)) == delivered
    sandbox.faults.clear()
    with connected(sandbox) as client:
        assert transaction(client)[-1] == 250


@pytest.mark.parametrize(
    ("rule", "port", "words"),
    [
        ("STARTTLS=broken-tls", 587, "failed"),
        ("STARTTLS=plaintext", 587, "did not speak TLS"),
        ("connect=broken-tls", 465, "failed"),
        ("connect=plaintext", 465, "did not speak TLS"),
        ("STARTTLS=454 4.7.0 Not now", 587, None),
    ],
)
def test_tls_fails_as_the_rule_says(
    sandbox: Sandbox, rule: str, port: int, words: str | None
) -> None:
    sandbox.faults.add(rule)
    if words is None:
        with connected(sandbox, port) as client:
            client.ehlo()
            assert client.starttls().code == 454
            assert not client.session.tls
        return
    with pytest.raises(RemoteProtocolError, match=words):
        client = connected(sandbox, port)
        client.ehlo()
        client.starttls()


def test_a_refused_response_signs_nobody_in(sandbox: Sandbox) -> None:
    """A server that said 454 and counted the user as signed in would relay for them."""
    sandbox.faults.add("challenge=454 4.7.0 Temporary failure")
    with connected(sandbox, 465) as client:
        client.ehlo()
        assert client.auth(ALICE, PASSWORD, "LOGIN").code == 454
        assert client.mail(ALICE).code == 530


def test_a_positive_reply_changes_the_words_and_never_the_decision(sandbox: Sandbox) -> None:
    """A rule that could say 250 for what was refused would make the server lose mail."""
    for phase in ("RCPT", "end-of-data"):
        sandbox.faults.add(f"{phase}=250 2.0.0 Of course")
    with connected(sandbox) as client:
        client.ehlo()
        client.mail(ALICE)
        assert client.rcpt("nobody@example.net").code == 550
        assert client.rcpt(BOB).lines == ("Of course",)
        client.data()
        assert client.send_raw(b"a bare\nline feed\r\n.\r\n").code == 554


def test_a_delay_longer_than_the_time_out_is_a_time_out_without_waiting() -> None:
    with Sandbox("memory") as sandbox:
        sandbox.faults.add("MAIL=delay:3600")
        before = sandbox.clock.now()
        client = sandbox.connect(MX, 25)
        client.ehlo()
        with pytest.raises(ConnectionLost, match="no reply to MAIL within 30 seconds"):
            client.mail(ALICE)
        assert client.state is State.OUT_OF_STEP
        assert sandbox.clock.now() == before  # the wire clock never moves the world


def test_a_delay_shorter_than_the_time_out_is_only_late() -> None:
    with Sandbox("memory") as sandbox:
        sandbox.faults.add("MAIL=delay:3600")
        with sandbox.connect(MX, 25, settings=Settings(timeout=4000.0)) as client:
            client.ehlo()
            assert client.mail(ALICE).code == 250
            assert client.rcpt(BOB).code == 250  # the idle server has not hung up meanwhile


def test_a_delay_over_tcp_is_cut_short_unless_it_is_asked_for_in_full() -> None:
    with Sandbox("tcp") as sandbox:
        assert sandbox.faults.longest_delay == 2.0
        sandbox.faults.longest_delay = 0.05
        sandbox.faults.add("MAIL#1=delay:3600")
        sandbox.faults.add("MAIL#2=delay:3600!")
        limit = ImpatientAfter(replies=4, seconds=0.5)
        with sandbox.connect(MX, 25, settings=Settings(timeout=limit)) as client:
            client.ehlo()
            assert client.mail(ALICE).code == 250
            client.rset()
            with pytest.raises(ConnectionLost, match="no reply to MAIL"):
                client.mail(ALICE)


def test_a_reset_is_a_real_reset_over_tcp() -> None:
    with Sandbox("tcp") as sandbox:
        sandbox.faults.add("NOOP=reset")
        bound = next(b for one, b in sandbox.bound_ports.items() if one.port == 25)
        with socket.create_connection(("127.0.0.1", bound), 60) as stream:
            assert stream.recv(1000).startswith(b"220 ")
            stream.sendall(b"NOOP\r\n")
            with pytest.raises(ConnectionResetError):
                stream.recv(1000)


def test_a_stalled_client_that_leaves_leaves_nothing_behind(sandbox: Sandbox) -> None:
    """A connection that is kept for every stall would fill the server."""
    sandbox.faults.add("NOOP=stall")
    for _ in range(3):
        client = connected(sandbox, replies=1)
        with pytest.raises(ConnectionLost):
            client.noop()
        client.close()
    sandbox.faults.clear()
    with connected(sandbox) as client:
        client.noop()
    closes = [e for e in sandbox.transcript.events if e.kind is Kind.CLOSE and e.end == "server"]
    assert len([e for e in closes if e.connection != client.connection]) == 3


def test_two_replies_of_a_group_come_in_one_segment(sandbox: Sandbox) -> None:
    sandbox.faults.add("MAIL=merge")
    with connected(sandbox) as client:
        client.ehlo()
        client._stream.write(b"MAIL FROM:<>\r\n")  # half a group, without waiting for its reply
        client.session.sent("MAIL")
        assert client.send_raw(b"RCPT TO:<bob@example.net>\r\n").code == 250
        client.read_reply()
        octets = [s.octets for s in sandbox.transcript.wire(client.connection, "server").segments]
    assert any(one.count(b"\r\n") == 2 and one.startswith(b"250 2.1.0") for one in octets)


def test_each_segment_of_a_split_reply_is_sent_alone(sandbox: Sandbox) -> None:
    sandbox.faults.add("NOOP=cut:1,4")
    with connected(sandbox) as client:
        client.noop()
        segments = sandbox.transcript.wire(client.connection, "server").segments
        if sandbox.transport == "memory":  # over TCP a reader may be slow and get two at once
            segments = client.transcript.wire(client.connection, "client").segments
    said = [s.octets for s in segments if s.sender == "server"]
    start = said.index(b"2")
    assert said[start : start + 3] == [b"2", b"50 ", b"2.0.0 Nothing done\r\n"]


# Match, nth, and the dial itself.


@pytest.mark.parametrize(
    ("match", "strikes"),
    [
        ("bob@example.net", True), ("BOB@", True), ("carol", False), ("re:^to:<b[op]b@", True),
        ("re:^<", False), ("to:bob@example.net", True), ("to:@example.net", True),
        ("to:bob@example.com", False), ("from:alice@example.org", True), ("from:<>", False),
        ("host:mx.example.net", True), ("host:smtp.example.org", False), ("port:25", True),
        ("port:587", False), ("source:laptop.example.org", True), ("source:198.51.100.10", True),
        ("source:smtp.example.org", False), ("host:mx.example.net;to:bob@example.net", True),
        ("host:mx.example.net;to:carol@example.org", False),
    ],
)  # fmt: skip
def test_a_match_decides_by_what_it_names(match: str, strikes: bool) -> None:
    with Sandbox("memory") as sandbox, connected(sandbox) as client:
        sandbox.faults.add(f"RCPT@{match}=451 4.3.0 Struck")
        client.ehlo()
        client.mail(ALICE)
        assert client.rcpt(BOB).code == (451 if strikes else 250)


def test_the_nth_time_is_counted_over_all_connections(sandbox: Sandbox) -> None:
    fault = sandbox.faults.add("NOOP#/2=450 4.0.0 Even")
    codes = []
    for _ in range(2):
        with connected(sandbox) as client:
            codes += [client.noop().code for _ in range(3)]
    assert codes == [250, 450, 250, 450, 250, 450]
    assert sandbox.faults.hits == {fault: 3}


def test_of_two_rules_the_first_that_is_due_strikes_and_both_count(sandbox: Sandbox) -> None:
    first = sandbox.faults.add("NOOP#2=450 4.0.0 First")
    second = sandbox.faults.add("any#2+=451 4.0.0 Second")
    with connected(sandbox) as client:  # the greeting is the first of any
        assert [client.noop().code for _ in range(3)] == [451, 450, 451]
    assert sandbox.faults.hits[first] == 1
    assert sandbox.faults.hits[second] >= 2


def test_each_strike_is_noted_in_the_transcript_with_its_rule(sandbox: Sandbox) -> None:
    """Without the note a learner would take the dial's doing for the server's own."""
    sandbox.faults.add("NOOP=450 4.0.0 Struck")
    with connected(sandbox) as client:
        client.noop()
    (event,) = [e for e in sandbox.transcript.events if e.kind is Kind.FAULT]
    assert event.detail == {"fault": "NOOP=450 4.0.0 Struck"}
    assert "-- fault dial: NOOP=450 4.0.0 Struck\nS: 450 4.0.0 Struck" in str(sandbox.transcript)


def test_the_dial_adds_lists_removes_and_clears() -> None:
    dial = Sandbox("memory").faults
    one, two = dial.add("NOOP=drop"), dial.add(Fault("RCPT", Reply(451)))
    assert dial.rules == (one, two) == tuple(dial) and len(dial) == 2 and one in dial
    with pytest.raises(LocalProtocolError, match="is set already"):
        dial.add("NOOP=drop")
    dial.remove("NOOP=drop")
    with pytest.raises(KeyError, match="RCPT=451"):
        dial.remove(one)
    assert "RCPT=451   struck: 0" in repr(dial)
    assert '<td style="text-align:left"><code>RCPT=451</code></td>' in dial._repr_html_()
    assert '<th style="text-align:left">Rule</th>' in dial._repr_html_()
    dial.clear()
    assert not dial and "no rule" in repr(dial)


# Magic addresses.


@pytest.mark.parametrize(
    ("local_part", "outcome"),
    [
        ("451", [250, 250, 451, 503]),
        ("550-5.7.1", [250, 250, 550, 503]),
        ("data-451-4.3.0", [250, 250, 250, 451]),
        ("end-452-4.3.1", [250, 250, 250, 354, 452]),
        ("END-452-4.3.1", [250, 250, 250, 354, 452]),
        ("delay-0.1", [250, 250, 250, 354, 250]),
        ("ok", [250, 250, 250, 354, 250]),
        ("bob", [250, 250, 550, 503]),
        ("end-delay-x", [250, 250, 550, 503]),
        ("drop", ConnectionLost),
        ("end-drop", ConnectionLost),
        ("end-lose", ConnectionLost),
        ("stall", ConnectionLost),
        ("end-reset", ConnectionLost),
    ],
)
def test_a_magic_address_misbehaves_without_a_rule(
    sandbox: Sandbox, local_part: str, outcome: list[int] | type[SMTPLabError]
) -> None:
    if isinstance(outcome, list):
        with connected(sandbox) as client:
            assert transaction(client, f"{local_part}@{DOMAIN}") == outcome
    else:
        with pytest.raises(outcome):
            client = connected(sandbox, replies=SILENT_AFTER.get(local_part, 100))
            transaction(client, f"{local_part}@{DOMAIN}")
    taken = local_part in ("ok", "delay-0.1", "end-lose")
    assert len(sandbox.inbox(f"postmaster@{DOMAIN}")) == taken


def test_a_magic_address_is_reached_through_the_queue_and_comes_back_as_a_report() -> None:
    with Sandbox("memory") as sandbox:
        with sandbox.connect() as client:
            assert transaction(client, f"550-5.7.1@{DOMAIN}")[-1] == 250
        sandbox.clock.advance(timedelta(hours=1))
        (report,) = sandbox.inbox(ALICE)
        assert b"5.7.1" in report.content


@pytest.mark.parametrize("rule", ["end-of-data#1=451 4.3.0 Later", "end-of-data#1=lose"])
def test_a_relay_tries_again_after_a_fault_and_loses_nothing(sandbox: Sandbox, rule: str) -> None:
    sandbox.faults.add(f"{rule.replace('#', '@host:mx.example.net#', 1)}")
    with connected(sandbox, 587) as client:
        assert transaction(client)[-1] == 250
    sandbox.settle()
    sandbox.clock.advance(timedelta(hours=6))
    assert len(sandbox.inbox(BOB)) == (2 if rule.endswith("lose") else 1)
    assert sandbox.queue == ()
