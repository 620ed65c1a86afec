"""The server's replies to single lines: a table by hand, with the RFC section of each row."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from smtplab import Client, Sandbox, Settings
from smtplab.session import State
from tests import conformance_rows, extension_rows
from tests.conformance_rows import Row

MSA, MX = "smtp.example.org", "mx.example.net"
ALICE, PASSWORD = "alice@example.org", "looking-glass"

ROWS = [*conformance_rows.ROWS, *extension_rows.ROWS]
EVERYTHING = (
    "SIZE 8BITMIME SMTPUTF8 PIPELINING CHUNKING BINARYMIME DSN LIMITS DELIVERBY MT-PRIORITY "
    "FUTURERELEASE REQUIRETLS VRFY EXPN ETRN STARTTLS AUTH HELP"
).split()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("memory") as running:
        yield running


def _inside_tls(client: Client) -> None:
    client.ehlo()
    client.starttls()
    client.ehlo()


def _signed_in(client: Client) -> None:
    if client.port == 587:
        _inside_tls(client)
    else:
        client.ehlo()
    assert client.auth(ALICE, PASSWORD).code == 235


def _with_mail(client: Client) -> None:
    client.ehlo()
    assert client.mail("carol@example.org").code == 250


def _with_recipient(client: Client) -> None:
    _with_mail(client)
    assert client.rcpt("bob@example.net").code == 250


def _full(client: Client) -> None:
    _with_mail(client)
    for _ in range(100):
        assert client.rcpt("bob@example.net").code == 250


def _submitting(client: Client) -> None:
    _signed_in(client)
    assert client.mail(ALICE).code == 250


def _submitting_to_bob(client: Client) -> None:
    _submitting(client)
    assert client.rcpt("bob@example.net").code == 250


def _with_utf8_mail(client: Client) -> None:
    client.ehlo()
    assert client.mail("ä@example.org", {"SMTPUTF8": None}).code == 250


def _with_binary_recipient(client: Client) -> None:
    client.ehlo()
    assert client.mail("", {"BODY": "BINARYMIME"}).code == 250
    assert client.rcpt("bob@example.net").code == 250


def _with_chunk(client: Client) -> None:
    _with_recipient(client)
    assert client.bdat(b"Subject: x\r\n\r\n").code == 250


def _with_failed_chunk(client: Client) -> None:
    _with_chunk(client)
    assert client.send_raw(b"BDAT 6 FIRST\r\nRSET\r\n").code == 501
    assert client.state is State.BDAT_FAILED


def _with_last_chunk(client: Client) -> None:
    _with_chunk(client)
    assert client.bdat(b"", last=True).code == 250


def _second_mail(client: Client) -> None:
    _with_mail(client)
    client.rset()


def _secured(client: Client) -> None:
    client.ehlo()
    client.starttls()


class Situation(NamedTuple):
    host: str
    port: int
    prepare: Callable[[Client], object]
    world: str = "usual"  # a key of WORLDS


SITUATIONS: dict[str, Situation] = {
    "25 greeted": Situation(MX, 25, lambda client: None),
    "25 HELO": Situation(MX, 25, Client.helo),
    "25 ready": Situation(MX, 25, Client.ehlo),
    "25 mail": Situation(MX, 25, _with_mail),
    "25 rcpt": Situation(MX, 25, _with_recipient),
    "25 full": Situation(MX, 25, _full),
    "25 TLS": Situation(MX, 25, _inside_tls),
    "25 UTF-8 mail": Situation(MX, 25, _with_utf8_mail),
    "25 binary rcpt": Situation(MX, 25, _with_binary_recipient),
    "25 chunk": Situation(MX, 25, _with_chunk),
    "25 chunk failed": Situation(MX, 25, _with_failed_chunk),
    "25 last chunk sent": Situation(MX, 25, _with_last_chunk),
    "25 bare": Situation(MX, 25, Client.ehlo, "bare"),
    "25 bare, mail": Situation(MX, 25, _with_mail, "bare"),
    "25 without 8BITMIME": Situation(MX, 25, Client.ehlo, "without 8BITMIME"),
    "25 without CHUNKING": Situation(MX, 25, Client.ehlo, "without CHUNKING"),
    "25 open": Situation(MX, 25, Client.ehlo, "open"),
    "25 open, mail": Situation(MX, 25, _with_mail, "open"),
    "25 second mail": Situation(MX, 25, _second_mail, "limited"),
    "25 one domain": Situation(MX, 25, _with_recipient, "limited"),
    "587 greeted": Situation(MSA, 587, lambda client: None),
    "587 clear": Situation(MSA, 587, Client.ehlo),
    "587 TLS, no EHLO": Situation(MSA, 587, _secured),
    "587 TLS": Situation(MSA, 587, _inside_tls),
    "587 in": Situation(MSA, 587, _signed_in),
    "587 mail": Situation(MSA, 587, _submitting),
    "587 rcpt": Situation(MSA, 587, _submitting_to_bob),
    "587 bare": Situation(MSA, 587, Client.ehlo, "bare"),
    "465 ready": Situation(MSA, 465, Client.ehlo),
    "465 in": Situation(MSA, 465, _signed_in),
    "465 mail": Situation(MSA, 465, _submitting),
}


def _bare(sandbox: Sandbox) -> None:
    for host in (MX, MSA):
        sandbox.policy(host).switched_off.update(EVERYTHING)


def _open(sandbox: Sandbox) -> None:
    policy = sandbox.policy(MX)
    policy.vrfy = policy.expn = "answers"
    policy.etrn_domains.add("example.com")
    lists = {"staff@example.net": ("bob@example.net", "carol@example.org")}
    sandbox._world.hosts[MX].members = lambda name: lists.get(name, ())  # type: ignore[method-assign]


def _limited(sandbox: Sandbox) -> None:
    sandbox.policy(MX).max_transactions = 2
    sandbox.policy(MX).max_recipient_domains = 1


WORLDS: dict[str, Callable[[Sandbox], object]] = {
    "usual": lambda sandbox: None,
    "bare": _bare,
    "without 8BITMIME": lambda sandbox: sandbox.policy(MX).switched_off.add("8BITMIME"),
    "without CHUNKING": lambda sandbox: sandbox.policy(MX).switched_off.add("CHUNKING"),
    "open": _open,
    "limited": _limited,
}


@pytest.fixture(scope="module")
def worlds() -> Iterator[dict[str, Sandbox]]:
    with ExitStack() as stack:
        running = {name: stack.enter_context(Sandbox("memory")) for name in WORLDS}
        for name, change in WORLDS.items():
            change(running[name])
        yield running


def test_the_table_has_no_row_twice() -> None:
    assert len({(row.situation, row.line) for row in ROWS}) == len(ROWS) >= 330
    assert {row.situation for row in ROWS} == set(SITUATIONS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.situation}: {row.line[:40]!r}")
def test_the_server_replies_as_the_rfc_says(worlds: dict[str, Sandbox], row: Row) -> None:
    host, port, prepare, world = SITUATIONS[row.situation]
    sandbox = worlds[world]
    with sandbox.connect(host, port) as client:
        prepare(client)
        line = row.line if row.line.endswith(b"\n") else row.line + b"\r\n"
        reply = client.send_raw(line)
        got = " ".join(str(part) for part in (reply.code, reply.enhanced) if part)
        assert got == row.expected, f"{row.source}; the server said {reply.text!r}"
        _check_lengths(reply.octets)
        # One line has one reply, and the session goes on.
        assert client.noop().texts == (b"2.0.0 Nothing done",)
    assert not sandbox.errors


@pytest.mark.parametrize(
    ("situation", "line", "advised"),
    [
        ("25 greeted", b"STARTTLS", b"EHLO laptop.example.org"),
        ("25 ready", b"DATA", b"MAIL FROM:<a@example.org>"),
        ("25 mail", b"DATA", b"RCPT TO:<bob@example.net>"),
        ("25 mail", b"STARTTLS", b"RSET"),
        ("25 rcpt", b"STARTTLS", b"RSET"),
        ("587 mail", b"AUTH PLAIN", b"RSET"),
    ],
)
def test_what_a_503_advises_leads_on(
    worlds: dict[str, Sandbox], situation: str, line: bytes, advised: bytes
) -> None:
    """STARTTLS inside a mail transaction was answered with "send RCPT first": a way astray."""
    host, port, prepare, world = SITUATIONS[situation]
    with worlds[world].connect(host, port) as client:
        prepare(client)
        told = client.send_raw(line + b"\r\n").text
        assert re.search(rf"\b{advised[:4].decode()}\b", told), told
        assert client.send_raw(advised + b"\r\n").code == 250
        assert told not in client.send_raw(line + b"\r\n").text


def _check_lengths(octets: bytes) -> None:
    """RFC 5321, 4.5.3.1.5: a reply line holds 512 octets at most."""
    assert max(len(line) for line in octets.splitlines(keepends=True)) <= 512


@pytest.mark.parametrize(
    "line",
    [b"MAIL FROM:" + b"\xff" * 900, b"MAIL FROM:<a@b> " + "😀".encode() * 200, b"\xff" * 500],
    ids=["path", "parameter", "verb"],
)
def test_a_reply_line_stays_short_whatever_it_quotes(sandbox: Sandbox, line: bytes) -> None:
    """A reply that quotes the line in full could be longer than a client may have to take."""
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        reply = client.send_raw(line + b"\r\n")
    assert reply.code // 100 == 5
    _check_lengths(reply.octets)


@pytest.mark.parametrize("port", [587, 465])
def test_both_submission_ports_offer_what_fits_their_tls(sandbox: Sandbox, port: int) -> None:
    with sandbox.connect(MSA, port) as client:
        client.ehlo()
        before = client.extensions
        if port == 587:
            assert before is not None and "STARTTLS" in before and "AUTH" not in before
            client.starttls()
            client.ehlo()
        inside = client.extensions
    assert inside is not None and "STARTTLS" not in inside
    assert inside.auth_mechanisms == sandbox.policy(MSA).auth_mechanisms
    assert inside.size_limit == 10 * 2**20
    assert {"8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES", "HELP"} <= set(inside)


def test_the_exchange_offers_tls_and_never_auth(sandbox: Sandbox) -> None:
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        assert client.extensions is not None and "STARTTLS" in client.extensions
        assert "AUTH" not in client.extensions
        client.starttls()
        client.ehlo()
        assert "AUTH" not in client.extensions


@pytest.mark.parametrize("mechanism", ["PLAIN", "plain", "LOGIN", "Login"])
def test_mechanisms_are_known_in_any_case(sandbox: Sandbox, mechanism: str) -> None:
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        line = f"AUTH {mechanism}\r\n".encode()
        challenge = client.send_raw(line)
        assert challenge.code == 334
        if mechanism.upper() == "LOGIN":
            assert challenge.texts == (b"VXNlcm5hbWU6",)  # "Username:"
            assert client.respond(ALICE.encode()).texts == (b"UGFzc3dvcmQ6",)  # "Password:"
            reply = client.respond(PASSWORD.encode())
        else:
            assert challenge.texts == (b"",)
            reply = client.respond(f"\0{ALICE}\0{PASSWORD}".encode())
        assert (reply.code, str(reply.enhanced)) == (235, "2.7.0")


RESPONSES = {
    "cancelled": (b"*\r\n", "501 5.7.0"),
    "no base64": (b"!!!\r\n", "501 5.5.2"),
    "no NUL in it": (b"YWJj\r\n", "501 5.5.2"),
    "too long": (b"A" * 13_000 + b"\r\n", "500 5.5.6"),
    "wrong password": (b"AGFsaWNlAHdyb25n\r\n", "535 5.7.8"),
}


@pytest.mark.parametrize("case", RESPONSES)
def test_a_response_that_does_not_sign_in_has_one_reply(sandbox: Sandbox, case: str) -> None:
    response, expected = RESPONSES[case]
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.send_raw(b"AUTH PLAIN\r\n")
        reply = client.send_raw(response)
        assert f"{reply.code} {reply.enhanced}" == expected
        assert client.state is State.READY
        assert client.mail(ALICE).code == 530
        assert client.auth(ALICE, PASSWORD).code == 235


@pytest.mark.parametrize(
    "line", [b"AUTH PLAIN c29tZWJvZHk=", b" auth plain c29tZWJvZHk=", b"AUTH\tPLAIN\tc29tZWJvZHk="]
)
def test_what_stands_behind_auth_is_hidden_however_it_is_spaced(
    sandbox: Sandbox, line: bytes
) -> None:
    """A password of nobody's that the server knows is no less somebody's."""
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.send_raw(line + b"\r\n")
    for transcript in (sandbox.transcript, client.transcript):
        assert "c29tZWJvZHk" not in transcript.to_text()
        assert "c29tZWJvZHk" in transcript.to_text(secrets=True)


def test_the_third_wrong_password_ends_the_session(sandbox: Sandbox) -> None:
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        for _ in range(3):
            assert client.auth(ALICE, "wrong").code == 535
        assert client.read_reply().code == 421
        assert client.state is State.CLOSED


def test_an_unknown_mechanism_is_no_failed_attempt(sandbox: Sandbox) -> None:
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        for _ in range(10):
            assert client.send_raw(b"AUTH GSSAPI\r\n").code == 504
        assert client.auth(ALICE, PASSWORD).code == 235


def test_a_hundred_bad_commands_end_the_session(sandbox: Sandbox) -> None:
    with sandbox.connect(MX, 25) as client:
        for _ in range(100):
            assert client.data().code == 503
        assert client.read_reply().code == 421


def test_plaintext_after_starttls_in_the_same_segment_is_discarded(sandbox: Sandbox) -> None:
    """Injected before the handshake, it would be obeyed as if the client had said it in TLS."""
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        assert client.send_raw(b"STARTTLS\r\nEHLO evil.example\r\n").code == 220
        client._begin_tls(None)
        assert client.mail("a@example.org").code == 503  # no EHLO was taken
        assert client.ehlo().code == 250
    lines = [e.octets for e in sandbox.transcript.of(client.connection, "server")]
    assert b"EHLO evil.example\r\n" not in lines


def test_what_was_said_before_tls_is_forgotten(sandbox: Sandbox) -> None:
    with sandbox.connect(MX, 25) as client:
        client.ehlo()
        client.starttls()
        assert client.state is State.GREETED
        assert client.mail("a@example.org").code == 503


def test_ehlo_and_rset_drop_the_mail_transaction(sandbox: Sandbox) -> None:
    for drop in (Client.ehlo, Client.rset, Client.helo):
        with sandbox.connect(MX, 25) as client:
            _with_recipient(client)
            drop(client)
            assert client.data().code == 503
            assert client.mail("a@example.org").code == 250
            assert client.data().code == 503


def test_an_auth_after_helo_asks_for_ehlo(sandbox: Sandbox) -> None:
    with sandbox.connect(MSA, 465) as client:
        client.helo()
        reply = client.send_raw(b"AUTH PLAIN\r\n")
        assert (reply.code, str(reply.enhanced)) == (503, "5.5.1")


def test_a_fault_of_ours_is_told_as_451_and_the_transaction_goes_on() -> None:
    with Sandbox("memory") as broken:
        host = broken._world.hosts[MX]
        with broken.connect(MX, 25) as client:
            _with_mail(client)
            host.mailboxes = None  # type: ignore[assignment]  # looking it up fails
            reply = client.rcpt("bob@example.net")
            assert (reply.code, str(reply.enhanced)) == (451, "4.3.0")
            assert client.noop().code == 250
            assert client.state is State.MAIL
            host.mailboxes = broken._world.mailboxes
            assert client.rcpt("bob@example.net").code == 250
            assert client.data().code == 354
            assert client.content(b"x").code == 250
        assert [type(error) for error in broken.errors] == [AttributeError]


def test_a_server_waits_five_minutes_for_a_command(sandbox: Sandbox) -> None:
    """RFC 5321, 4.5.3.2.7. The wire clock of the memory is virtual."""
    stream = sandbox.open(MX, 25, source=None, timeout=299)
    assert stream.read(65_536).startswith(b"220 ")
    with pytest.raises(TimeoutError):
        stream.read(1)
    stream.write(b"NOOP\r\n")
    assert stream.read(65_536).startswith(b"250 ")
    with pytest.raises(TimeoutError):
        stream.read(1)
    stream.close()


def test_an_idle_client_is_told_before_the_connection_ends(sandbox: Sandbox) -> None:
    with sandbox.connect(MX, 25, settings=Settings(timeout=400)) as client:
        reply = client.read_reply()  # five minutes of the wire clock pass
        assert (reply.code, str(reply.enhanced)) == (421, "4.4.2")
        assert client.state is State.CLOSED
