"""The client against scripted peers: each step, and each way in which a peer can break it."""

import json
import select
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress

import pytest

from smtplab import Sandbox, commands
from smtplab.client import Client, Settings
from smtplab.errors import (
    ConnectionLost,
    LocalProtocolError,
    RemoteProtocolError,
    StepInterrupted,
)
from smtplab.replies import MAX_REPLY_LINE, Reply
from smtplab.session import State
from smtplab.step_reply import StepReply
from smtplab.transcript import Kind, Transcript
from smtplab.transcript.events import FROM_CLIENT, FROM_SERVER
from smtplab.transport import Stream, StreamWrapper
from tests.peers import (
    HOST,
    PATIENCE,
    WORLD_TIME,
    Cut,
    ImpatientAfter,
    Interrupted,
    Item,
    Peer,
    server_context,
)

PASSWORD = "looking-glass"
GREETING = b"220 smtp.example.org\r\n"
OK = b"250 OK\r\n"
GO_ON = b"354 go on\r\n"
BYE = b"221 bye\r\n"
EHLO = b"250-smtp.example.org\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"

Step = Callable[[Client], StepReply]

STEPS: dict[str, tuple[Step, bytes]] = {
    "ehlo": (lambda c: c.ehlo(), b"EHLO laptop.example.org\r\n"),
    "ehlo by name": (lambda c: c.ehlo("[192.0.2.1]"), b"EHLO [192.0.2.1]\r\n"),
    "ehlo, empty": (lambda c: c.ehlo(""), b"EHLO \r\n"),
    "helo": (lambda c: c.helo(), b"HELO laptop.example.org\r\n"),
    "helo by name": (lambda c: c.helo("x.example"), b"HELO x.example\r\n"),
    "mail": (lambda c: c.mail("a@example.org"), b"MAIL FROM:<a@example.org>\r\n"),
    "mail SIZE": (lambda c: c.mail("", {"SIZE": 9}), b"MAIL FROM:<> SIZE=9\r\n"),
    "rcpt": (lambda c: c.rcpt("b@example.net"), b"RCPT TO:<b@example.net>\r\n"),
    "rcpt NOTIFY": (lambda c: c.rcpt("b", {"NOTIFY": "NEVER"}), b"RCPT TO:<b> NOTIFY=NEVER\r\n"),
    "data": (lambda c: c.data(), b"DATA\r\n"),
    "rset": (lambda c: c.rset(), b"RSET\r\n"),
    "noop": (lambda c: c.noop(), b"NOOP\r\n"),
    "noop with text": (lambda c: c.noop("x y"), b"NOOP x y\r\n"),
    "vrfy": (lambda c: c.vrfy("bob"), b"VRFY bob\r\n"),
    "expn": (lambda c: c.expn("staff"), b"EXPN staff\r\n"),
    "help": (lambda c: c.help(), b"HELP\r\n"),
    "help on": (lambda c: c.help("MAIL"), b"HELP MAIL\r\n"),
    "quit": (lambda c: c.quit(), b"QUIT\r\n"),
    "send_raw": (lambda c: c.send_raw(b"\xff anything\r\n"), b"\xff anything\r\n"),
    "starttls, refused": (lambda c: c.starttls(), b"STARTTLS\r\n"),
    "auth, refused": (lambda c: c.auth("a", "b"), b"AUTH PLAIN AGEAYg==\r\n"),
    "respond, unasked": (lambda c: c.respond(b"x"), b"eA==\r\n"),
}


@pytest.mark.parametrize(("step", "octets"), STEPS.values(), ids=STEPS)
def test_a_step_sends_its_command_and_returns_the_reply_good_or_bad(
    step: Step, octets: bytes
) -> None:
    with Peer(GREETING, b"550-5.7.1 not\r\n550 5.7.1 here\r\n", OK) as peer:
        client = peer.connect()
        reply = step(client)
        assert reply == Reply(550, (b"5.7.1 not", b"5.7.1 here"))
        assert step(client) == Reply(250, (b"OK",))
    assert peer.commands == [octets, octets]


def transaction(client: Client) -> None:
    """A whole session, each step as soon as the one before has succeeded."""
    client.ehlo()
    client.starttls()
    client.ehlo()
    client.auth("alice@example.org", PASSWORD, "LOGIN")
    client.mail("alice@example.org")
    client.rcpt("bob@example.net")
    client.data()
    client.content(b"Subject: x\r\n\r\n.hello")
    client.quit()


SERVER_CONTEXT = server_context()
WHOLE: list[Item] = [
    GREETING, EHLO, b"220 go ahead\r\n", SERVER_CONTEXT, EHLO, b"334 VXNlcm5hbWU6\r\n",
    b"334 UGFzc3dvcmQ6\r\n", b"235 2.7.0 welcome\r\n", OK, OK, GO_ON, b"250 taken\r\n", BYE,
]  # fmt: skip
"""The script of a peer that `transaction` passes; after 220 comes the handshake, unasked."""


def whole() -> list[Item]:
    # The EHLO reply after the handshake must wait for EHLO: an empty send makes the peer hear.
    at = WHOLE.index(SERVER_CONTEXT) + 1
    return [*WHOLE[:at], b"", *WHOLE[at:]]


def test_a_whole_session_over_tls() -> None:
    with Peer(*whole()) as peer:
        client = peer.connect()
        transaction(client)
        assert client.state is State.CLOSED
        assert client.session.identity == "alice@example.org"
    assert peer.commands == [
        b"EHLO laptop.example.org\r\n",
        b"STARTTLS\r\n",
        b"EHLO laptop.example.org\r\n",
        b"AUTH LOGIN\r\n",
        b64encode(b"alice@example.org") + b"\r\n",
        b64encode(PASSWORD.encode()) + b"\r\n",
        b"MAIL FROM:<alice@example.org>\r\n",
        b"RCPT TO:<bob@example.net>\r\n",
        b"DATA\r\n",
        b"Subject: x\r\n\r\n..hello\r\n.\r\n",
        b"QUIT\r\n",
    ]
    assert client.transcript.to_text().split("\n") == [
        "-- laptop.example.org connects to smtp.example.org : 587",
        "S: 220 smtp.example.org",
        "C: EHLO laptop.example.org",
        "S: 250-smtp.example.org",
        "S: 250-STARTTLS",
        "S: 250 AUTH PLAIN LOGIN",
        "C: STARTTLS",
        "S: 220 go ahead",
        "-- TLS begins: TLS 1.3, certificate checked",
        "C: EHLO laptop.example.org",
        "S: 250-smtp.example.org",
        "S: 250-STARTTLS",
        "S: 250 AUTH PLAIN LOGIN",
        "C: AUTH LOGIN",
        "S: 334 VXNlcm5hbWU6",
        "C: ********",
        "S: 334 UGFzc3dvcmQ6",
        "C: ********",
        "S: 235 2.7.0 welcome",
        "C: MAIL FROM:<alice@example.org>",
        "S: 250 OK",
        "C: RCPT TO:<bob@example.net>",
        "S: 250 OK",
        "C: DATA",
        "S: 354 go on",
        "C: Subject: x",
        "C: ",
        "C: ..hello",
        "C: .",
        "S: 250 taken",
        "C: QUIT",
        "S: 221 bye",
        "-- connection closed: by the server",
    ]
    events = client.transcript.events
    assert [event.seq for event in events] == list(range(len(events)))
    of_sent = [event.step for event in events if event.kind in FROM_CLIENT]
    of_received = [event.step for event in events if event.kind in FROM_SERVER]
    assert (of_sent, of_received) == (list(range(1, 12)), list(range(12)))
    assert [event.tls for event in events] == [False] * 6 + [True] * (len(events) - 6)
    wire = client.transcript.wire("c1", "client")
    assert b"EHLO" in wire.octets("client") and b"MAIL FROM" not in wire.octets("client")


CUTS = [n for n, item in enumerate(whole()) if item is not SERVER_CONTEXT and item != b""]


HANDSHAKE = whole().index(SERVER_CONTEXT)


@pytest.mark.parametrize(
    ("place", "end"),
    [*((place, end) for place in CUTS for end in Cut), (HANDSHAKE, Cut.AT_ONCE)],
)
def test_a_connection_that_is_cut_is_one_clear_error_at_every_step(place: int, end: Cut) -> None:
    with Peer(*whole()[:place], end) as peer:
        clients: list[Client] = []
        with pytest.raises((ConnectionLost, RemoteProtocolError)) as caught:
            clients.append(peer.connect())
            transaction(clients[0])
        message = str(caught.value)
        assert message.startswith(HOST)
        assert "closed the connection" in message or "took no more octets" in message
        assert caught.value.__cause__ is None and caught.value.__suppress_context__
        for client in clients:
            assert client.state is State.CLOSED
            assert client.transcript.events[-1].kind is Kind.CLOSE
            with pytest.raises(ConnectionLost, match="session is closed; connect again"):
                client.noop()


def test_a_cut_in_the_middle_of_a_large_content_is_told_and_not_taken_for_success() -> None:
    with Peer(GREETING, OK, OK, OK, GO_ON, Cut.AT_ONCE) as peer:
        client = peer.connect()
        client.ehlo(), client.mail("a@example.org"), client.rcpt("b@example.net"), client.data()
        with pytest.raises(ConnectionLost):
            client.content(b"x" * 50 + b"\r\n" * 2_000_000)
        assert client.state is State.CLOSED


class Deaf(StreamWrapper):
    """A stream on which nothing can be written any more, while a last reply can be read."""

    broken: OSError = BrokenPipeError()

    def write(self, octets: bytes) -> None:
        raise self.broken


class HungUp(StreamWrapper):
    """The octets go out, and yet the system says that the other end has hung up."""

    def write(self, octets: bytes) -> None:
        super().write(octets)
        raise BrokenPipeError


class Blocked(Deaf):
    broken = TimeoutError()


def test_the_last_words_of_a_server_that_hung_up_are_read() -> None:
    """It may have said 421 and why; a broken pipe alone would tell the learner nothing."""
    with Peer(GREETING, b"421 4.3.2 shutting down\r\n", Cut.AT_ONCE).through(HungUp) as peer:
        client = peer.connect()
        assert client.noop() == Reply(421, (b"4.3.2 shutting down",))
        assert client.state is State.CLOSED


def test_a_server_that_hung_up_without_a_word_is_one_clear_error() -> None:
    with Peer(GREETING, Cut.AT_ONCE).through(Deaf) as peer:
        client = peer.connect()
        with pytest.raises(ConnectionLost, match="closed the connection|took no more octets"):
            client.noop()
        assert client.state is State.CLOSED


def test_a_server_that_takes_no_octets_in_time_is_left() -> None:
    with Peer(GREETING).through(Blocked) as peer:
        client = peer.connect()
        with pytest.raises(ConnectionLost, match="took no more octets"):
            client.noop()
        assert client.state is State.CLOSED


@pytest.mark.parametrize("place", [n for n in CUTS if n > 0])
def test_421_closes_the_session_at_each_step(place: int) -> None:
    script = [*whole()[:place], b"421 4.3.2 shutting down\r\n"]
    with Peer(*script) as peer:
        client = peer.connect()
        with suppress(ConnectionLost, LocalProtocolError):
            transaction(client)
        assert client.state is State.CLOSED
        text = client.transcript.to_text()
        assert text.endswith("S: 421 4.3.2 shutting down\n-- connection closed: by the server")


def test_421_instead_of_a_greeting_is_a_reply_like_any_other() -> None:
    with Peer(b"421 too busy\r\n") as peer:
        client = peer.connect()
        assert client.greeting == Reply(421, (b"too busy",))
        assert client.state is State.CLOSED


GARBAGE = {
    "no reply at all": b"SSH-2.0-OpenSSH\r\n",
    "bare LF": b"250 OK\n",
    "a megabyte without end": b"250 " + b"x" * 2**20,
    "a megabyte of lines": b"250-x\r\n" * 150_000,
    "another code inside": b"250-a\r\n550 b\r\n",
    "NUL": b"250 \0\r\n",
    "8-bit": b"250 \xff\r\n",
}


@pytest.mark.parametrize("octets", GARBAGE.values(), ids=GARBAGE)
def test_garbage_instead_of_a_reply_is_one_clear_error(octets: bytes) -> None:
    with Peer(GREETING, octets, OK) as peer:
        client = peer.connect()
        with pytest.raises(RemoteProtocolError) as caught:
            client.noop()
        assert "b'" in str(caught.value)
        assert len(str(caught.value)) < 600
        assert client.state is State.OUT_OF_STEP
        with pytest.raises(ConnectionLost, match="a reply is missing"):
            client.noop()


@pytest.mark.parametrize("octets", GARBAGE.values(), ids=GARBAGE)
def test_garbage_instead_of_a_greeting_leaves_no_open_socket(octets: bytes) -> None:
    """The caller never gets this client, so nobody could close it."""
    transcript = Transcript(lambda: WORLD_TIME)
    with Peer(octets) as peer:
        with pytest.raises(RemoteProtocolError):
            peer.connect(settings=Settings(transcript=transcript))
        peer._thread.join(PATIENCE)  # it ends only when the client has closed
        assert not peer._thread.is_alive()
    assert transcript.events[-1].kind is Kind.CLOSE


# Out of step.


def impatient_after(replies: int) -> Settings:
    return Settings(timeout=ImpatientAfter(replies=replies))


def test_no_reply_in_time_leaves_the_session_out_of_step() -> None:
    with Peer(GREETING, OK, b"") as peer:
        client = peer.connect(settings=impatient_after(2))
        client.ehlo()
        with pytest.raises(ConnectionLost) as caught:
            client.mail("a@example.org")
        assert str(caught.value) == (
            "smtp.example.org sent no reply to MAIL within 0.05 seconds; "
            "a reply is missing on this connection; close it and connect again"
        )
        assert client.state is State.OUT_OF_STEP
        for step in (client.noop, client.read_reply, client.quit, client.starttls):
            with pytest.raises(ConnectionLost, match="a reply is missing"):
                step()
        client.close()
        with pytest.raises(ConnectionLost, match="session is closed"):
            client.noop()
    assert peer.commands == [b"EHLO laptop.example.org\r\n", b"MAIL FROM:<a@example.org>\r\n"]


def test_silence_after_354_is_explained_by_the_dot_that_is_missing() -> None:
    with Peer(GREETING, OK, OK, OK, b"354 Go on\r\n", b"") as peer:
        client = peer.connect(settings=impatient_after(5))
        client.ehlo()
        client.mail("a@example.org")
        client.rcpt("b@example.net")
        client.data()
        with pytest.raises(ConnectionLost) as caught:
            client.quit()
        assert str(caught.value) == (
            "smtp.example.org sent no reply to QUIT within 0.05 seconds; after 354 it takes "
            "everything for content, until a line that holds one dot; close this connection and "
            "connect again"
        )
        assert client.state is State.OUT_OF_STEP
        client.close()


def test_no_greeting_in_time_is_one_clear_error() -> None:
    with Peer(b"") as peer, pytest.raises(ConnectionLost, match="no reply to greeting within 0.05"):
        peer.connect(settings=impatient_after(0))


def test_half_a_reply_is_no_reply() -> None:
    with Peer(GREETING, b"250-a\r\n250") as peer:
        client = peer.connect(settings=impatient_after(1))
        with pytest.raises(ConnectionLost, match="no reply to EHLO"):
            client.ehlo()
        assert client.state is State.OUT_OF_STEP
        assert client.extensions is None


def test_a_late_reply_is_never_taken_for_the_next_one() -> None:
    """The 250 to MAIL would otherwise look like a 250 to RCPT, for a mailbox that was refused."""
    was_given_up = threading.Event()
    with Peer(GREETING, OK, was_given_up, OK) as peer:
        client = peer.connect(settings=impatient_after(2))
        client.noop()
        with pytest.raises(ConnectionLost):
            client.mail("a@example.org")
        was_given_up.set()
        with pytest.raises(ConnectionLost, match="a reply is missing"):
            client.rcpt("b@example.net")
    assert b"RCPT" not in b"".join(peer.commands)


def test_a_server_that_ends_the_session_by_itself_is_quoted_not_accused() -> None:
    """421 may come unasked (RFC 5321, 3.8): after a third wrong password, or when it is idle."""
    with Peer(GREETING, b"535 5.7.8 no\r\n421 4.7.0 too many\r\n") as peer:
        client = peer.connect()
        assert client.auth("a", "wrong").code == 535
        with pytest.raises(ConnectionLost, match="ended the session: 421 4.7.0 too many"):
            client.noop()
        assert client.state is State.CLOSED
        last = [event for event in client.transcript.events if event.kind is Kind.REPLY][-1]
        assert last.octets == b"421 4.7.0 too many\r\n"


@pytest.mark.parametrize("extra", [OK, b"250-x", b"\0"], ids=ascii)
def test_a_line_that_nobody_asked_for_is_never_taken_for_a_reply(extra: bytes) -> None:
    with Peer(GREETING, OK + extra) as peer:
        client = peer.connect()
        assert client.noop() == Reply(250, (b"OK",))
        with pytest.raises(RemoteProtocolError, match="before it was asked"):
            client.mail("a@example.org")
        assert client.state is State.OUT_OF_STEP
    assert peer.commands == [b"NOOP\r\n"]


@pytest.mark.parametrize("extra", [OK, b"250-x", b"\0"], ids=ascii)
@pytest.mark.parametrize("way", ["plain", "TLS", "group"])
def test_an_unasked_line_in_a_segment_of_its_own_is_noticed_too(extra: bytes, way: str) -> None:
    """It would be taken for the reply to the next command, and each later one be off by one."""
    was_answered = threading.Event()
    script: tuple[Item, ...] = (GREETING, OK, was_answered, extra)
    with Peer(*((server_context(), *script) if way == "TLS" else script)) as peer:
        client = peer.connect(465 if way == "TLS" else 587)
        client.noop()
        was_answered.set()
        assert select.select([peer._client_end], [], [], PATIENCE)[0]
        with pytest.raises(RemoteProtocolError, match="before it was asked"):
            if way == "group":
                client.group(commands.mail("a@example.org"), commands.rcpt("b@example.net"))
            else:
                client.mail("a@example.org")
        assert client.state is State.OUT_OF_STEP
    assert peer.commands == [b"NOOP\r\n"]


def test_content_that_is_refused_before_it_was_read_is_answered_by_that() -> None:
    """A reply of 5yz beside 354 comes early and tells no lie; a 250 there would be one."""
    with Peer(GREETING, OK, OK, b"354 go\r\n550 no\r\n", b"", OK) as peer:
        client = peer.connect()
        client.mail("a@example.org"), client.rcpt("b@example.net"), client.data()
        assert client.content(b"x").code == 550 and client.state is State.READY
    with Peer(GREETING, OK, OK, b"354 go\r\n250 yes\r\n") as peer:
        client = peer.connect()
        client.mail("a@example.org"), client.rcpt("b@example.net"), client.data()
        with pytest.raises(RemoteProtocolError, match="before it was asked"):
            client.content(b"x")


def test_plaintext_in_a_segment_of_its_own_before_the_handshake_is_noticed() -> None:
    """RFC 3207, 5: what came before TLS may be an attacker's, however it was cut."""
    with Peer(GREETING, b"220 go\r\n") as peer:

        def slow(stream: Stream) -> Stream:
            return SaysMore(stream, peer)

        client = peer.through(slow).connect()
        with pytest.raises(RemoteProtocolError, match="in plaintext after it agreed to TLS"):
            client.starttls()
        assert client.state is State.CLOSED


class SaysMore(StreamWrapper):
    """Behind the reply to STARTTLS the server says more, before the client goes on."""

    def __init__(self, inner: Stream, peer: Peer) -> None:
        super().__init__(inner)
        self._peer = peer
        self.waiting = inner.waiting  # type: ignore[method-assign]

    def read(self, n: int) -> bytes:
        octets = super().read(n)
        if octets.startswith(b"220 go"):
            self._peer._socket.sendall(b"250 injected\r\n")
            assert select.select([self._peer._client_end], [], [], PATIENCE)[0]
        return octets


def test_further_replies_are_read_when_asked_for() -> None:
    with Peer(GREETING, b"250 one\r\n502 two\r\n") as peer:
        client = peer.connect()
        assert client.send_raw(b"NOOP\r\nXYZZY\r\n").text == "one"
        assert client.read_reply().text == "two"
        assert client.state is State.GREETED


@pytest.mark.parametrize("where", ["read", "write"])
def test_the_stop_button_leaves_the_session_out_of_step(where: str) -> None:
    """What was sent may be half a command, and its reply may still come."""

    def interrupted(stream: Stream) -> Stream:
        return Interrupted(stream, **{where: 3 if where == "read" else 2})

    with Peer(GREETING, OK, OK, OK).through(interrupted) as peer:
        client = peer.connect()
        client.ehlo()
        with pytest.raises(KeyboardInterrupt) as stop:
            client.mail("a@example.org")
        assert client.state is State.OUT_OF_STEP
        awaited = "the reply to MAIL was awaited" if where == "read" else "MAIL was being sent"
        told = f"stopped while {awaited}; {HOST} may still act on it. "
        assert str(stop.value).startswith(f"{told}The session is now: a reply is missing")
        assert isinstance(stop.value, StepInterrupted)
        assert stop.value._render_traceback_() == [f"StepInterrupted: {stop.value}"]
        with pytest.raises(ConnectionLost, match="a reply is missing"):
            client.rcpt("b@example.net")
        assert client.transcript.events[-1].octets == b"MAIL FROM:<a@example.org>\r\n"


def test_the_stop_button_before_the_greeting_closes_the_connection() -> None:
    with Peer(b"").through(lambda stream: Interrupted(stream, read=1)) as peer:
        with pytest.raises(KeyboardInterrupt, match="the reply to greeting was awaited"):
            peer.connect()
        peer._thread.join(PATIENCE)
        assert not peer._thread.is_alive()


def test_the_stop_button_in_a_handshake_closes_the_connection() -> None:
    """A command after it would go out in plaintext, perhaps with a password."""

    def interrupted(stream: Stream) -> Stream:
        return Interrupted(stream, read=3)

    with Peer(GREETING, b"220 go\r\n", b"").through(interrupted) as peer:
        client = peer.connect()
        with pytest.raises(KeyboardInterrupt, match="TLS was being begun.*is now: closed"):
            client.starttls()
        assert client.state is State.CLOSED


# TLS.


@pytest.mark.parametrize("extra", [b"250 injected\r\n", b"2", b"\x16\x03\x01"], ids=ascii)
def test_octets_between_220_and_the_handshake_close_the_session(extra: bytes) -> None:
    """RFC 3207, 5: an attacker on the way could inject a reply that would count as encrypted."""
    with Peer(GREETING, EHLO, b"220 go\r\n" + extra) as peer:
        client = peer.connect()
        client.ehlo()
        with pytest.raises(RemoteProtocolError, match="in plaintext after it agreed to TLS"):
            client.starttls()
        assert client.state is State.CLOSED
        assert not client.session.tls
    assert peer.commands == [b"EHLO laptop.example.org\r\n", b"STARTTLS\r\n"]


def test_what_was_offered_before_tls_does_not_count_inside() -> None:
    with Peer(GREETING, EHLO, b"220 go\r\n", server_context()) as peer:
        client = peer.connect()
        client.ehlo()
        assert client.extensions is not None
        assert client.starttls().code == 220
        assert (client.extensions, client.session.tls) == (None, True)
        assert repr(client) == (
            "<Client of smtp.example.org : 587, greeted, EHLO is next, inside TLS>"
        )


def test_on_port_465_tls_comes_first() -> None:
    with Peer(server_context(), GREETING, OK) as peer:
        client = peer.connect(465)
        assert client.session.tls
        assert [event.kind for event in client.transcript.events] == [
            Kind.CONNECT, Kind.TLS, Kind.GREETING,
        ]  # fmt: skip
        client.noop()


@pytest.mark.parametrize(("port", "implicit", "tls"), [(465, False, False), (2465, True, True)])
def test_settings_overrule_the_port(port: int, implicit: bool, tls: bool) -> None:
    script: list[Item] = [server_context(), GREETING] if tls else [GREETING]
    with Peer(*script) as peer:
        client = peer.connect(port, settings=Settings(implicit_tls=implicit))
        assert client.session.tls is tls


def test_a_context_of_ones_own_is_used_for_starttls() -> None:
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    with Peer(GREETING, b"220 go\r\n", server_context()) as peer:
        client = peer.connect(host="mx.example.net")
        client.use_tls_context(unchecked)
        client.starttls()
        assert client.transcript.events[-1].detail["verified"] == "no"


# Content and raw octets.


def test_content_is_refused_while_the_server_waits_for_commands() -> None:
    with Peer(GREETING, OK, b"503 not yet\r\n", OK) as peer:
        client = peer.connect()
        client.ehlo()
        assert client.data().code == 503
        with pytest.raises(LocalProtocolError, match="take each line as a command"):
            client.content(b"RCPT TO:<eve@example.com>\r\n")
        assert client.noop().code == 250
    assert peer.commands[-2:] == [b"DATA\r\n", b"NOOP\r\n"]


def test_raw_octets_count_as_what_the_state_asks_for() -> None:
    with Peer(GREETING, OK, OK, OK, GO_ON, OK, b"334 \r\n", b"535 no\r\n", OK, OK, OK) as peer:
        client = peer.connect()
        client.ehlo(), client.mail("a@example.org"), client.rcpt("b@example.net"), client.data()
        assert client.send_raw(b"x\r\n.\r\n").step == "end-of-data"
        assert client.send_raw(b"auth plain\r\n").step == "AUTH"
        assert client.state is State.AUTH
        assert client.send_raw(b"AGEAYg==\r\n").step == "challenge"
        assert client.send_raw(b"bdat 0 last\r\n").step == "BDAT LAST"
        assert client.send_raw(b"bdat 0\r\n").step == "BDAT"
    kinds = [event.kind for event in client.transcript.events if event.kind.startswith("re")]
    assert kinds.count(Kind.RESPONSE) == 1


ARGUMENTS: dict[str, Callable[[Client, str], object]] = {
    "ehlo": lambda c, text: c.ehlo(text),
    "helo": lambda c, text: c.helo(text),
    "mail": lambda c, text: c.mail(text),
    "mail parameter": lambda c, text: c.mail("a@example.org", {"ENVID": text}),
    "rcpt": lambda c, text: c.rcpt(text),
    "rcpt parameter": lambda c, text: c.rcpt("b@example.net", {text: None}),
    "noop": lambda c, text: c.noop(text),
    "vrfy": lambda c, text: c.vrfy(text),
    "expn": lambda c, text: c.expn(text),
    "help": lambda c, text: c.help(text),
    "auth mechanism": lambda c, text: c.auth("a", "b", text),
}


@pytest.mark.parametrize("call", ARGUMENTS.values(), ids=ARGUMENTS)
def test_cr_or_lf_in_an_argument_raises_and_nothing_is_sent(
    call: Callable[[Client, str], object],
) -> None:
    with Peer(GREETING, OK) as peer:
        client = peer.connect()
        for text in ("x\r\nDATA", "x\n", "x\r", "\r\n"):
            with pytest.raises(LocalProtocolError):
                call(client, text)
        client.noop()
    assert peer.commands == [b"NOOP\r\n"]


def test_an_over_long_line_goes_out_and_the_server_decides() -> None:
    with Peer(GREETING, b"500 5.5.2 line too long\r\n") as peer:
        client = peer.connect()
        reply = client.noop("x" * 100_000)
        assert (reply.code, reply.lines) == (500, ("line too long",))
    assert len(peer.commands[0]) == 100_007


def test_the_longest_reply_line_is_read() -> None:
    line = b"250 " + b"x" * (MAX_REPLY_LINE - 6) + b"\r\n"
    with Peer(GREETING, line) as peer:
        assert len(peer.connect().noop().text) == MAX_REPLY_LINE - 6


# AUTH.


@pytest.mark.parametrize(
    ("offered", "asked", "command"),
    [
        (b"250-x\r\n250 AUTH LOGIN PLAIN\r\n", None, b"AUTH PLAIN AGEAYg==\r\n"),
        (b"250-x\r\n250 AUTH GSSAPI LOGIN\r\n", None, b"AUTH LOGIN\r\n"),
        (b"250-x\r\n250 AUTH LOGIN PLAIN CRAM-MD5\r\n", None, b"AUTH CRAM-MD5\r\n"),
        (b"250-x\r\n250 AUTH PLAIN\r\n", "login", b"AUTH LOGIN\r\n"),
        (b"250 x\r\n", None, b"AUTH PLAIN AGEAYg==\r\n"),
    ],
)
def test_auth_uses_the_first_mechanism_that_both_ends_know(
    offered: bytes, asked: str | None, command: bytes
) -> None:
    with Peer(GREETING, offered, b"504 no\r\n") as peer:
        client = peer.connect()
        client.ehlo()
        client.auth("a", "b", asked)
    assert peer.commands[-1] == command


def test_an_unknown_mechanism_is_refused_by_name() -> None:
    with Peer(GREETING) as peer:
        with pytest.raises(LocalProtocolError, match="'GSSAPI' is not known.*PLAIN, LOGIN"):
            peer.connect().auth("a", "b", "GSSAPI")
    assert peer.commands == []


@pytest.mark.parametrize("challenge", [b"334 not base64!\r\n", b"334 Zg\r\n"])
def test_a_challenge_that_is_no_base64_cancels_auth(challenge: bytes) -> None:
    with Peer(GREETING, OK, challenge, b"501 cancelled\r\n") as peer:
        client = peer.connect()
        client.ehlo()
        assert client.auth("a", "b", "LOGIN").code == 501
        assert client.state is State.READY
    assert peer.commands[-1] == b"*\r\n"
    assert "C: *" in client.transcript.to_text().split("\n")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_server_that_asks_without_end_is_left(mechanism: str) -> None:
    """The client would otherwise respond for ever, and hand out the password each time."""
    with Peer(GREETING, OK, *[b"334 \r\n"] * 50) as peer:
        client = peer.connect()
        client.ehlo()
        with pytest.raises(RemoteProtocolError, match="after AUTH was cancelled"):
            client.auth("a", "b", mechanism)
        assert client.state is State.OUT_OF_STEP
    assert len(peer.commands) <= 5


def test_a_real_server_gets_no_password_in_plaintext() -> None:
    with Peer(GREETING) as peer:
        client = Client.connect("192.0.2.10", 587, network=peer, real=True)
        with pytest.raises(LocalProtocolError, match="readable for anyone; use starttls"):
            client.auth("alice@example.org", PASSWORD)
    assert peer.commands == []


FORMS = {PASSWORD, *(b64encode(b"x" * n + PASSWORD.encode())[4:-4].decode() for n in range(3))}


def test_a_password_is_in_no_rendering_unless_asked_for() -> None:
    """By state: what AUTH and its responses carry. By value: what comes up anywhere else."""
    echo = b64encode(b"ab" + PASSWORD.encode())
    with Peer(
        GREETING, EHLO, b"535 looking-glass? " + echo + b"\r\n", b"334 VXNlcm5hbWU6\r\n",
        b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n", OK, OK,
    ) as peer:  # fmt: skip
        client = peer.connect()
        client.ehlo()
        client.auth("alice@example.org", PASSWORD, "PLAIN")
        client.auth("alice@example.org", PASSWORD, "LOGIN")
        client.vrfy(PASSWORD)
        client.send_raw(b"NOOP " + b64encode(PASSWORD.encode()) + b"\r\n")
    transcript = client.transcript
    in_json = json.dumps([event["octets_base64"] for event in map(json.loads, lines(transcript))])
    assert b64encode(b"AUTH PLAIN ********").decode()[:12] in in_json
    for view in (
        transcript.to_text(), transcript.to_html(), transcript._repr_html_(), str(transcript),
        repr(transcript), repr(client), shown_json(transcript),
    ):  # fmt: skip
        for form in FORMS:
            assert form not in view
    shown = transcript.to_text(secrets=True)
    assert PASSWORD in shown
    assert "AUTH PLAIN " + b64encode(b"\0alice@example.org\0looking-glass").decode() in shown


def lines(transcript: Transcript) -> list[str]:
    return transcript.to_json().splitlines()


def shown_json(transcript: Transcript) -> str:
    """The JSON form with its octets decoded, since base64 of base64 hides nothing."""
    events = map(json.loads, lines(transcript))
    return "".join(b64decode(event["octets_base64"]).decode() for event in events)


@pytest.mark.parametrize(
    "octets",
    [
        b"AUTH PLAIN AGEAc2VjcmV0\r\n",
        b"auth plain AGEAc2VjcmV0\r\n",
        b"AUTH\tPLAIN\tAGEAc2VjcmV0\r\n",
        b"  AUTH  PLAIN  AGEAc2VjcmV0\r\n",
        b"AUTH PLAIN AGEAc2VjcmV0 \r\n",
        b"EHLO x\r\nAUTH PLAIN AGEAc2VjcmV0\r\n",
        b"AUTH LOGIN\r\nYQ==\r\nAGEAc2VjcmV0\r\n",
    ],
    ids=ascii,
)
def test_what_follows_auth_is_hidden_also_when_it_is_sent_raw(octets: bytes) -> None:
    with Peer(GREETING, b"535 no\r\n") as peer:
        client = peer.connect()
        client.send_raw(octets)
    assert "AGEAc2VjcmV0" not in client.transcript.to_text()
    assert "AGEAc2VjcmV0" in client.transcript.to_text(secrets=True)
    assert "AUTH" in client.transcript.to_text().upper()


def test_a_response_is_hidden_also_where_none_was_asked_for() -> None:
    with Peer(GREETING, b"500 what\r\n") as peer:
        client = peer.connect()
        client.respond(b"another secret")
    assert b64encode(b"another secret").decode() not in client.transcript.to_text()


# The end.


def test_the_end_of_a_with_block_says_quit_where_that_is_legal() -> None:
    with Peer(GREETING, OK, BYE) as peer, peer.connect() as client:
        client.ehlo()
    assert client.state is State.CLOSED
    assert peer.commands[-1] == b"QUIT\r\n"


def test_a_with_block_that_fails_closes_without_quit_and_keeps_the_error() -> None:
    with Peer(GREETING, OK) as peer:
        with pytest.raises(ZeroDivisionError), peer.connect() as client:
            raise ZeroDivisionError
        assert client.state is State.CLOSED
    assert peer.commands == []


def test_a_quit_that_fails_at_the_end_of_a_with_block_changes_nothing() -> None:
    with Peer(GREETING, Cut.AFTER_HEARING) as peer:
        with peer.connect() as client:
            pass
        assert client.state is State.CLOSED


def test_closing_twice_is_recorded_once() -> None:
    with Peer(GREETING) as peer:
        client = peer.connect()
        client.close()
        client.close()
    assert [event.kind for event in client.transcript.events].count(Kind.CLOSE) == 1
    assert str(client.transcript).endswith("-- connection closed: by the client")


def test_two_clients_may_share_a_transcript() -> None:
    transcript = Transcript(lambda: WORLD_TIME)
    for _ in range(2):
        with Peer(GREETING) as peer:
            peer.connect(settings=Settings(transcript=transcript))
    assert len(transcript) == 4


@pytest.mark.parametrize("method", ["send_raw", "content", "bdat"])
def test_text_where_octets_belong_is_told_and_nothing_was_sent(
    method: str, sandbox: Sandbox
) -> None:
    with sandbox.connect("mx.example.net", 25) as client:
        client.ehlo()
        if method != "send_raw":
            client.mail("alice@example.org")
            client.rcpt("bob@example.net")
        if method == "content":
            client.data()
        with pytest.raises(TypeError, match=f"{method}.* wants octets, not text: put b before"):
            getattr(client, method)("text")
        assert client.transcript.events[-1].kind is Kind.REPLY
        if method == "content":
            assert client.content(b"text\r\n").code == 250
        else:
            assert client.noop().code == 250
