"""Command groups: many commands in one write, each reply with its command (RFC 2920)."""

from collections.abc import Iterator

import pytest

from smtplab import ConnectionLost, Sandbox, State
from smtplab.commands import data, ehlo, mail, noop, quit_, rcpt, rset
from tests.peers import Cut, Peer

MX = "mx.example.net"


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running


def test_each_reply_stands_with_its_command_and_one_wait_was_enough(sandbox: Sandbox) -> None:
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        before = client.round_trips
        group = client.group(
            mail("carol@example.org"), rcpt("bob@example.net"), rcpt("x@example.net"), data()
        )
        assert [reply.code for reply in group] == [250, 250, 550, 354]
        assert [reply.step for reply in group] == ["MAIL", "RCPT", "RCPT", "DATA"]
        assert group.round_trips == client.round_trips - before == 1
        assert group.pairs[2][0] == rcpt("x@example.net") and not group.too_early
        assert client.state is State.DATA
        assert client.content(b"\r\n").code == 250


def test_the_transcript_joins_each_command_with_its_reply(sandbox: Sandbox) -> None:
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.group(mail("carol@example.org"), rset(), noop())
        events = [(e.step, e.octets[:4]) for e in client.transcript.events if e.step > 1]
        server = [
            (e.step, e.octets[:4])
            for e in sandbox.transcript.of(client.connection, "server")
            if e.step > 1
        ]
    commands = [(2, b"MAIL"), (3, b"RSET"), (4, b"NOOP")]
    replies = [(2, b"250 "), (3, b"250 "), (4, b"250 ")]
    assert events == [*commands, *replies]
    assert sorted(server) == sorted(events)


def test_a_group_shows_its_lines_its_round_trips_and_what_came_too_early(sandbox: Sandbox) -> None:
    with sandbox.connect(MX, 25) as client:
        group = client.group(ehlo("laptop.example.org"), noop("<script>"), quit_())
        shown = repr(group)
        assert "C: NOOP <script>\nS: 250 2.0.0 Nothing done" in shown
        assert "3 commands in 1 round trip. RFC 2920, 3.1 allows EHLO, NOOP only" in shown
        assert "<script>" not in group._repr_html_()
        assert client.state is State.CLOSED


def test_commands_after_quit_have_no_reply() -> None:
    with Peer(b"220 x\r\n", b"221 Bye\r\n") as peer, peer.connect() as client:
        group = client.group(quit_(), noop())
        assert [reply.code for reply in group] == [221]
        assert group.pairs[1] == (noop(), None) and "(no reply)" in repr(group)
        with pytest.raises(ConnectionLost):
            client.group(noop())


def test_a_long_group_goes_out_in_parts_so_that_nobody_waits_for_ever(sandbox: Sandbox) -> None:
    """A server that cannot write its replies stops reading commands (RFC 2920, 3.1)."""
    lines = [noop("x" * 400)] * 1000
    with sandbox.connect(MX, 25) as client:
        group = client.group(*lines)
        assert [reply.code for reply in group] == [250] * 1000
        assert group.round_trips == 25  # 16 KiB each


def test_a_connection_that_breaks_inside_a_group_is_named() -> None:
    with Peer(b"220 x\r\n", b"250 one\r\n", Cut.AT_ONCE) as peer, peer.connect() as client:
        with pytest.raises(ConnectionLost, match="before its reply to"):
            client.group(mail("a@example.org"), rcpt("b@example.org"), data())
        assert client.state is State.CLOSED
