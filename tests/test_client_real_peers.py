"""Our client against servers of others that misbehave on request, and all that they offer."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from smtplab import Client, ConnectionLost, Settings, State, commands
from smtplab.errors import SMTPLabError
from tests.dovecot import PASSWORD, dovecot_submission
from tests.exim_receiver import exim_receiver
from tests.free_ports import free_port, is_listening
from tests.peers import ImpatientAfter, trusting
from tests.test_real_peers import running
from tests.tools import tool
from tests.watch import wait_until

ALICE, LOOPBACK = "alice@example.org", "127.0.0.1"
CONTENT = b"From: alice@example.org\r\nSubject: tea\r\n\r\n.one\r\n"
PATIENT = Settings(timeout=60)


@contextmanager
def sink(*options: str) -> Iterator[int]:
    """smtp-sink with some of its faults switched on; its port."""
    port = free_port()
    words = [tool("smtp-sink"), *options, f"{LOOPBACK}:{port}", "10"]
    if os.name == "posix" and os.getuid() == 0:
        words[1:1] = ["-u", "root"]  # it asks to be told
    with running(words):
        wait_until(lambda: is_listening(port))
        yield port


STEPS: list[tuple[str, Callable[[Client], object]]] = [
    ("EHLO", lambda client: client.ehlo()),
    ("NOOP", lambda client: client.noop()),
    ("VRFY", lambda client: client.vrfy("bob")),
    ("MAIL", lambda client: client.mail(ALICE)),
    ("RSET", lambda client: client.rset()),
    ("MAIL", lambda client: client.mail(ALICE)),
    ("RCPT", lambda client: client.rcpt("bob@example.net")),
    ("DATA", lambda client: client.data()),
    (".", lambda client: client.content(CONTENT)),
    ("QUIT", lambda client: client.quit()),
]  # fmt: skip

Outcome = tuple[str, object]


def walk(port: int, settings: Settings = PATIENT) -> tuple[Outcome, State]:
    """All steps up to the first that is refused or breaks: where, what, and the state then."""
    try:
        client = Client.connect(LOOPBACK, port, settings=settings)
    except SMTPLabError as error:
        return ("CONNECT", error), State.CLOSED
    with client:
        if not client.greeting.is_positive:
            return ("CONNECT", client.greeting.code), client.state
        for name, step in STEPS:
            try:
                reply = step(client)
            except SMTPLabError as error:
                return (name, error), client.state
            if not reply.is_positive:  # type: ignore[attr-defined]
                return (name, reply.code), client.state  # type: ignore[attr-defined]
        return ("", 221), client.state


WHERE = ["CONNECT", "EHLO", "NOOP", "VRFY", "MAIL", "RSET", "RCPT", "DATA", ".", "QUIT"]
AFTER = {
    "CONNECT": State.REFUSED, "EHLO": State.GREETED, "NOOP": State.READY, "VRFY": State.READY,
    "MAIL": State.READY, "RSET": State.MAIL, "RCPT": State.MAIL, "DATA": State.RCPT,
    ".": State.READY, "QUIT": State.READY,
}  # fmt: skip
"""The state after a refusal: a refused step changes nothing, a refused greeting closes."""


@pytest.mark.parametrize("place", WHERE)
@pytest.mark.parametrize(("option", "code"), [("-f", 500), ("-r", 450)], ids=["5yz", "4yz"])
def test_a_refusal_at_each_step_is_a_reply_and_the_state_is_named(
    option: str, code: int, place: str
) -> None:
    with sink(option, place) as port:
        (where, what), state = walk(port)
    assert (where, what) == (place, code)
    assert state is AFTER[place]


@pytest.mark.parametrize("place", WHERE)
def test_a_server_that_hangs_up_at_each_step_is_one_clear_error(place: str) -> None:
    with sink("-q", place) as port:
        (where, error), state = walk(port)
    assert where == place
    assert isinstance(error, ConnectionLost) and "\n" not in str(error)
    assert "closed the connection before its reply" in str(error)
    assert state is State.CLOSED


@pytest.mark.parametrize("place", WHERE)
def test_421_at_each_step_is_a_reply_and_ends_the_session(place: str) -> None:
    with sink("-Q", place) as port:
        (where, what), state = walk(port)
    assert (where, state) == (place, State.CLOSED)
    assert what == 421


def test_550_in_the_middle_of_the_content_is_its_reply() -> None:
    """smtp-sink -A aborts after DATA and reads no more."""
    with sink("-A", "0") as port:
        (where, what), state = walk(port)
    assert (where, what, state) == (".", 550, State.READY)


@pytest.mark.parametrize(
    ("options", "place"), [(("-w", "90"), "DATA"), (("-W", "RCPT:90"), "RCPT")], ids=["-w", "-W"]
)
def test_silence_ends_in_time_and_leaves_the_session_out_of_step(
    options: tuple[str, ...], place: str
) -> None:
    replies = 1 + [name for name, _ in STEPS].index(place)  # the greeting is one more
    limit = ImpatientAfter(replies=replies, seconds=0.5)
    with sink(*options) as port:
        (where, error), state = walk(port, Settings(timeout=limit))
    assert where == place and state is State.OUT_OF_STEP
    assert isinstance(error, ConnectionLost) and "within 0.5 seconds" in str(error)


def test_a_server_that_reads_slowly_gets_all_the_same() -> None:
    with sink("-H", "1", "-T", "2048") as port, Client.connect(LOOPBACK, port) as client:
        client.ehlo(), client.mail(ALICE), client.rcpt(ALICE), client.data()
        assert client.content(b"x" * 70 + b"\r\n" * 20_000).code == 250


def test_a_server_that_waits_no_longer_is_quoted() -> None:
    """smtp-sink -t 1 hangs up on a client that is silent for a second."""
    with sink("-t", "1") as port, Client.connect(LOOPBACK, port) as client:
        try:
            client.ehlo()  # a second may be over before it, on a busy machine
            client.read_reply()
        except ConnectionLost as error:
            assert "closed the connection" in str(error)
        assert client.state is State.CLOSED


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("-b", "450 4.7.1 Come back", "-r", "RCPT"), b"450 4.7.1 Come back\r\n"),
        (("-B", "550 5.7.1 Never", "-f", "RCPT"), b"550 5.7.1 Never\r\n"),
    ],
    ids=["-b", "-B"],
)
def test_a_text_of_its_own_is_the_reply(options: tuple[str, ...], told: bytes) -> None:
    with sink(*options) as port, Client.connect(LOOPBACK, port) as client:
        client.ehlo(), client.mail(ALICE)
        assert client.rcpt(ALICE).octets == told
        assert client.state is State.MAIL


def test_a_server_that_ends_with_the_last_mail_object_is_one_clear_error() -> None:
    """smtp-sink -M 1 takes one content, and ends before it replies."""
    with sink("-M", "1") as port, Client.connect(LOOPBACK, port) as client:
        client.ehlo(), client.mail(ALICE), client.rcpt(ALICE), client.data()
        with pytest.raises(ConnectionLost, match="before its reply to end-of-data"):
            client.content(CONTENT)
        assert client.state is State.CLOSED


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("at_once", [True, False])
def test_an_auth_that_is_only_announced_signs_nobody_in(mechanism: str, at_once: bool) -> None:
    """smtp-sink says 250 to AUTH and looks at nothing; RFC 4954, 6 has 235 for success."""
    with sink() as port, Client.connect(LOOPBACK, port) as client:
        client.ehlo()
        assert client.extensions is not None
        assert set(client.extensions.auth_mechanisms) == {"PLAIN", "LOGIN"}
        assert client.auth(ALICE, PASSWORD, mechanism, initial_response=at_once).code == 250
        assert client.session.identity is None and client.state is State.READY
        assert client.mail(ALICE).code == 250


@pytest.mark.parametrize(
    ("option", "gone"),
    [
        ("-8", "8BITMIME"), ("-a", "AUTH"), ("-E", "ENHANCEDSTATUSCODES"), ("-p", "PIPELINING"),
        ("-C", "XCLIENT"), ("-F", "XFORWARD"), ("-N", "DSN"),
    ],
)  # fmt: skip
def test_what_it_does_not_announce_is_not_offered(option: str, gone: str) -> None:
    with sink() as port, Client.connect(LOOPBACK, port) as client:
        client.ehlo()
        assert client.extensions is not None and gone in client.extensions
    with sink(option) as port, Client.connect(LOOPBACK, port) as client:
        client.ehlo()
        assert client.extensions is not None and gone not in client.extensions


@pytest.mark.parametrize("options", [("-e",), ("-P",)], ids=["no ESMTP", "PIX"])
def test_a_server_without_esmtp_is_spoken_to_with_helo(options: tuple[str, ...]) -> None:
    with sink(*options, "-h", "old.example") as port, Client.connect(LOOPBACK, port) as client:
        assert client.ehlo().code // 100 == 5 or not tuple(client.extensions or ())
        assert client.helo().code == 250
        assert client.mail(ALICE).code == 250
        assert client.rcpt(ALICE).code == 250


@pytest.mark.parametrize("option", ["-n", "-m"])
def test_a_server_that_goes_away_after_one_session_is_named(option: str) -> None:
    with sink(option, "1") as port:
        Client.connect(LOOPBACK, port)  # noqa: B018
        (where, what), _ = walk(port)
    assert where in ("", "CONNECT") or isinstance(what, ConnectionLost)


# Exim and Dovecot.

CERTIFIED = "mail.example.net"


def exim_settings() -> Settings:
    """Exim's certificate has its name, and the test knows its address only."""
    context = trusting()
    context.check_hostname = False
    return Settings(tls_context=context, timeout=60)


@contextmanager
def greeted_by_exim() -> Iterator[Client]:
    with (
        exim_receiver(CERTIFIED) as exim,
        Client.connect(LOOPBACK, exim.port, settings=exim_settings()) as client,
    ):
        client.ehlo("laptop.example.org")
        assert client.starttls().code == 220
        client.ehlo("laptop.example.org")
        yield client


def test_every_verb_and_parameter_that_exim_offers() -> None:
    mailbox = f"carol@{CERTIFIED}"
    with greeted_by_exim() as client:
        assert client.tls_report is not None and CERTIFIED in client.tls_report.chain[0].names
        offered = client.extensions
        assert offered is not None
        assert {"SIZE", "8BITMIME", "DSN", "PIPELINING", "CHUNKING", "SMTPUTF8"} <= set(offered)
        assert client.noop().code == 250 and client.help().code == 214
        assert client.vrfy(mailbox).code in (250, 252) and client.expn("x").code // 100 == 5
        given: commands.Parameters = {
            "SIZE": 200,
            "BODY": "8BITMIME",
            "RET": "HDRS",
            "ENVID": "QQ1",
            "SMTPUTF8": None,
        }
        assert client.mail(ALICE, given).code == 250
        told = {"NOTIFY": "SUCCESS,FAILURE", "ORCPT": f"rfc822;{mailbox}"}
        assert client.rcpt(mailbox, told).code == 250
        assert client.rcpt(f"nobody@{CERTIFIED}").code == 550
        assert client.rcpt("somebody@example.com").code == 550
        assert client.data().code == 354 and client.content(CONTENT).code == 250
        assert client.mail(ALICE).code == 250 and client.rset().code == 250
        assert client.mail(ALICE).code == 250 and client.rcpt(mailbox).code == 250
        assert client.bdat(CONTENT[:20], last=False).code == 250
        assert client.bdat(CONTENT[20:], last=True).code == 250
        group = client.group(commands.mail(ALICE), commands.rcpt(mailbox), commands.data())
        assert [reply.code for reply in group.replies] == [250, 250, 354]
        assert client.content(CONTENT).code == 250
        assert client.rcpt(mailbox).code == 503 and client.state is State.READY
        assert client.send_raw(b"\x80\x81\r\n").code // 100 == 5 and client.state is State.READY


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("at_once", [True, False])
def test_every_mechanism_that_exim_offers(mechanism: str, at_once: bool) -> None:
    with greeted_by_exim() as client:
        assert client.extensions is not None
        assert set(client.extensions.auth_mechanisms) == {"PLAIN", "LOGIN", "CRAM-MD5"}
        assert client.auth(ALICE, "wrong", mechanism, initial_response=at_once).code == 535
        assert client.state is State.READY and client.session.identity is None
        assert client.auth(ALICE, PASSWORD, mechanism, initial_response=at_once).code == 235
        assert client.session.identity == ALICE


DOVECOT = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]


def test_every_mechanism_that_dovecot_offers() -> None:
    settings = Settings(timeout=60)
    with sink() as relay, dovecot_submission(relay) as port:
        for mechanism in DOVECOT:
            for at_once in (True, False):
                with Client.connect(LOOPBACK, port, settings=settings) as client:
                    client.ehlo()
                    assert client.extensions is not None
                    assert set(DOVECOT) == set(client.extensions.auth_mechanisms)
                    reply = client.auth(ALICE, PASSWORD, mechanism, initial_response=at_once)
                    assert reply.code == 235, (mechanism, str(reply))
                    assert client.mail(ALICE).code == 250
                    assert client.rcpt("bob@example.net").code == 250
                    assert client.data().code == 354
                    assert client.content(CONTENT).code == 250
        with Client.connect(LOOPBACK, port, settings=settings) as client:
            client.ehlo()
            assert client.mail(ALICE).code == 530
            for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
                assert client.auth(ALICE, "wrong", mechanism).code == 535
                assert client.state is State.READY and client.session.identity is None
