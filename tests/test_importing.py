"""Somebody else's dialogue, read and explained: each format on real output of the real program."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab import LocalProtocolError, Sandbox, State, Transcript, explained, read_dialogue
from smtplab.cli import main
from smtplab.importing import FORMATS, Imported
from smtplab.replay import steps
from smtplab.transcript import Kind
from smtplab.transcript.hiding import hide
from smtplab.transcript.rendering import sender
from tests.foreign_output import (
    of_curl,
    of_nodemailer,
    of_nodemailer_json,
    of_openssl,
    of_smtplib,
    of_smtplib_2,
    of_swaks,
)
from tests.life_cycle import ALICE, BOB, PASSWORD
from tests.outside_clients import Order

CONTENT = (
    b'From: alice@example.org\r\nSubject: tea\r\n\r\n.dot\r\nit\'s "250 ok"\r\n\r\n250 no reply\r\n'
)
Program = Callable[[Order], str]

PROGRAMS = {
    "swaks": of_swaks,
    "smtplib": of_smtplib,
    "smtplib at level 2": of_smtplib_2,
    "curl": of_curl,
    "nodemailer": of_nodemailer,
    "nodemailer-json": of_nodemailer_json,
}
programs = pytest.mark.parametrize(("name", "program"), PROGRAMS.items(), ids=list(PROGRAMS))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running


def order(sandbox: Sandbox, port: int, **changes: object) -> Order:
    listener, bound = next(door for door in sandbox.bound_ports.items() if door[0].port == port)
    told = {
        "host": listener.host,
        "port": bound,
        "tls": listener.tls if port != 25 else "none",
        "ca_file": sandbox.ca_file,
        "content": CONTENT,
        "forward_path": BOB,
    }
    if port != 25:
        told |= {"username": ALICE, "password": PASSWORD}
    return Order(**{**told, **changes})  # type: ignore[arg-type]


def dialogue(transcript: Transcript, connection: str, end: str) -> list[tuple[str, bytes]]:
    """Who said what, secrets hidden, with a mark where TLS began."""
    return [
        (sender(event) or "TLS", hide(event.octets, event.secrets))
        for event in transcript.of(connection, end)
        if sender(event) or event.kind is Kind.TLS
    ]


def as_the_server_saw(sandbox: Sandbox, *, content: bool = True) -> list[tuple[str, bytes]]:
    """The session that was last begun."""
    sandbox.settle()
    names = [name for name in sandbox.transcript.connections if name.startswith("x")]
    events = sandbox.transcript.of(names[-1], "server")
    return [
        (sender(event) or "TLS", hide(event.octets, event.secrets))
        for event in events
        if (sender(event) or event.kind is Kind.TLS)
        and (content or event.kind is not Kind.MAIL_DATA)
    ]


def read(text: str, format: str) -> Imported:
    transcript = read_dialogue(text)
    assert isinstance(transcript, Imported)
    assert (transcript.format, transcript.unread_lines) == (format, 0), transcript.unread
    return transcript


# Real output of real programs.


@programs
@pytest.mark.parametrize("port", [25, 587])
def test_what_a_program_prints_is_what_the_server_saw(
    sandbox: Sandbox, name: str, program: Program, port: int
) -> None:
    transcript = read(program(order(sandbox, port)), name.split(" ")[0])
    seen = as_the_server_saw(sandbox, content=name != "curl")  # it prints no content
    said = dialogue(transcript, "c1", "client")
    if name == "curl":  # it says QUIT after it has stopped printing
        seen = seen[: len(said)]
    assert said == seen
    assert any(words.startswith(b"250 2.0.0 ") for _, words in said), "it was cut short"
    assert (("TLS", b"") in said) == (port == 587)
    assert transcript.connections == ("c1",)
    assert PASSWORD not in transcript.to_text() + transcript.to_json() + str(explained(transcript))
    assert steps(transcript.of("c1"))[-1].reply is not None


@programs
def test_a_refusal_is_explained(sandbox: Sandbox, name: str, program: Program) -> None:
    text = program(order(sandbox, 25, forward_path="nobody@example.net"))
    view = explained(read(text, name.split(" ")[0]))
    (refusal,) = view.refusals
    assert (refusal.step, refusal.code, str(refusal.enhanced)) == ("RCPT", 550, "5.1.1")
    assert "No such mailbox" in str(view) and "What to do: Check the address" in str(view)
    assert "No such mailbox" in view.to_html()


@pytest.mark.parametrize("starttls", [True, False], ids=["STARTTLS", "TLS at once"])
def test_a_terminal_with_openssl_is_read(sandbox: Sandbox, starttls: bool) -> None:
    """The certificate becomes a note, and the lines that were typed stand between the replies."""
    one = order(sandbox, 587 if starttls else 465)
    typed = ["EHLO laptop.example.org", "AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAGxvb2tpbmctZ2xhc3M="]
    typed += [f"MAIL FROM:<{ALICE}>", f"RCPT TO:<{BOB}>", "DATA", "Subject: tea\n", "\n"]
    typed += ["250 no reply\n", "closed\n", ".", "FOO", "QUIT"]
    text = of_openssl(one.port, str(one.ca_file), *typed, starttls=starttls)
    seen = as_the_server_saw(sandbox)
    if starttls:  # what openssl says by itself before TLS is not printed
        seen = seen[seen.index(("TLS", b"")) :]
    if b"FOO\r\n" in text.encode():
        seen = [one for one in seen if one[1] not in (b"FOO\r\n",)]
    transcript = read_dialogue(text)
    assert isinstance(transcript, Imported) and transcript.format == "openssl"
    assert dialogue(transcript, "c1", "client") == seen
    assert [text.split("\n")[number - 1].strip() for number in transcript.unread] == ["FOO"]
    assert "TLS begins: TLSv1.3, certificate checked" in transcript.to_text()
    assert PASSWORD not in transcript.to_text() and "MIIC" not in transcript.to_json()


# Formats that are written here: what a program that is run above, or in test_postfix_peers, does
# not do when it is asked to, and listings from RFCs.

# ruff: noqa: E501
POSTFIX_CLIENT = """\
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 220 mx.example.net ESMTP
Mar  2 09:00:01 mail postfix/smtp[4711]: > mx.example.net[203.0.113.25]:25: EHLO mail.example.org
Mar  2 09:00:01 mail postfix/smtp[4712]: < mx.example.com[192.0.2.9]:25: 554 Not today
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 250-mx.example.net
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 250-PIPELINING
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 250 STARTTLS
Mar  2 09:00:01 mail postfix/smtp[4711]: smtp_stream_setup: maxtime=300 enable_deadline=0
Mar  2 09:00:01 mail postfix/smtp[4711]: > mx.example.net[203.0.113.25]:25: STARTTLS
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 220 2.0.0 Ready
Mar  2 09:00:01 mail postfix/smtp[4711]: Trusted TLS connection established to \
mx.example.net[203.0.113.25]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
Mar  2 09:00:01 mail postfix/smtp[4711]: > mx.example.net[203.0.113.25]:25: EHLO mail.example.org
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 250-mx.example.net
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 250 PIPELINING
Mar  2 09:00:01 mail postfix/smtp[4711]: > mx.example.net[203.0.113.25]:25: MAIL FROM:<a@example.org>
Mar  2 09:00:01 mail postfix/smtp[4711]: > mx.example.net[203.0.113.25]:25: RCPT TO:<bob@example.net>
Mar  2 09:00:01 mail postfix/smtp[4711]: > mx.example.net[203.0.113.25]:25: RCPT TO:<eve@example.net>
Mar  2 09:00:01 mail postfix/smtp[4711]: > mx.example.net[203.0.113.25]:25: DATA
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 250 2.1.0 Ok
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 250 2.1.5 Ok
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 450 4.2.0 Greylisted
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 354 End with a dot
Mar  2 09:00:01 mail postfix/smtp[4711]: > mx.example.net[203.0.113.25]:25: .
Mar  2 09:00:01 mail postfix/smtp[4711]: < mx.example.net[203.0.113.25]:25: 250 2.0.0 Queued
Mar  2 09:00:01 mail postfix/smtp[4711]: > mx.example.net[203.0.113.25]:25: QUIT
"""

POSTFIX_SERVER = """\
Mar  2 09:00:01 mail postfix/smtpd[99]: connect from laptop.example.org[198.51.100.10]
Mar  2 09:00:01 mail postfix/smtpd[99]: > laptop.example.org[198.51.100.10]: 220 mail ESMTP
Mar  2 09:00:01 mail postfix/smtpd[99]: < laptop.example.org[198.51.100.10]: EHLO laptop
Mar  2 09:00:01 mail postfix/smtpd[99]: > laptop.example.org[198.51.100.10]: 250-mail
Mar  2 09:00:01 mail postfix/smtpd[99]: > laptop.example.org[198.51.100.10]: 250 AUTH LOGIN
Mar  2 09:00:01 mail postfix/smtpd[99]: < laptop.example.org[198.51.100.10]: AUTH LOGIN
Mar  2 09:00:01 mail postfix/smtpd[99]: > laptop.example.org[198.51.100.10]: 334 VXNlcm5hbWU6
Mar  2 09:00:01 mail postfix/smtpd[99]: < laptop.example.org[198.51.100.10]: YWxpY2U=
Mar  2 09:00:01 mail postfix/smtpd[99]: > laptop.example.org[198.51.100.10]: 334 UGFzc3dvcmQ6
Mar  2 09:00:01 mail postfix/smtpd[99]: < laptop.example.org[198.51.100.10]: bG9va2luZw==
Mar  2 09:00:01 mail postfix/smtpd[99]: > laptop.example.org[198.51.100.10]: 535 5.7.8 Error
Mar  2 09:00:01 mail postfix/smtpd[99]: lost connection after AUTH from laptop.example.org[198.51.100.10]
Mar  2 09:00:01 mail postfix/smtpd[99]: disconnect from laptop.example.org[198.51.100.10]
"""


def test_a_verbose_log_of_postfix_is_read_by_process_and_pipelined_replies_find_their_steps() -> (
    None
):
    """A log as `tests/test_postfix_peers.py` makes one, but with two processes at once."""
    transcript = read(POSTFIX_CLIENT, "postfix")
    assert transcript.connections == ("c1", "c2")
    found = [(one.name, one.reply.code) for one in steps(transcript.of("c1")) if one.reply]
    assert found[-5:] == [
        ("MAIL", 250), ("RCPT", 250), ("RCPT", 450), ("DATA", 354), ("end-of-data", 250),
    ]  # fmt: skip
    assert "mx.example.net : 25" in transcript.to_text()
    assert "TLS begins: TLSv1.3, certificate NOT checked" in transcript.to_text()
    refusals = explained(transcript).refusals
    assert [(one.step, one.code) for one in refusals] == [("RCPT", 450), ("greeting", 554)]


def test_a_servers_log_of_postfix_is_turned_round() -> None:
    transcript = read(POSTFIX_SERVER, "postfix")
    assert [one.name for one in steps(transcript.of("c1"))] == [
        "greeting", "EHLO", "AUTH", "challenge", "challenge",
    ]  # fmt: skip
    assert "YWxpY2U" not in transcript.to_text() and "bG9va" not in transcript.to_json()
    assert "laptop.example.org[198.51.100.10] connects to" in transcript.to_text()


@pytest.mark.parametrize(
    ("text", "format", "told"),
    [
        ("C: NOOP\nS: 250 OK\n", "listing", [("NOOP", 250)]),
        ("   S: 220 a\n   C: EHLO b\n   S: 250 c\n", "listing", [("greeting", 220), ("EHLO", 250)]),
        (">>> NOOP\n<<< 250 OK\n", "listing", [("NOOP", 250)]),
        ("Client: NOOP\r\r\nServer: 250 OK\r\r\n", "listing", [("NOOP", 250)]),
        ("220 a\nEHLO b\n250-c\n250 d\nquit\n221 e\n", "terminal",
         [("greeting", 220), ("EHLO", 250), ("QUIT", 221)]),
        ("C: BDAT 9 LAST\nC: 354 x\nC: \nS: 250 OK\n", "listing", [("BDAT LAST", 250)]),
        ("C: MAIL FROM:<>\nC: NOOP\nS: 250 a\nS: 550 b\n", "listing", [("MAIL", 250), ("NOOP", 550)]),
        ("send: 'noop\\r\\n'\nreply: b'250 \\xc3\\xa9\\r\\n'\n", "smtplib", [("NOOP", 250)]),
    ],
)  # fmt: skip
def test_small_dialogues_are_recognised(text: str, format: str, told: list) -> None:
    transcript = read(text, format)
    assert [(one.name, one.reply and one.reply.code) for one in steps(transcript.of("c1"))] == told


def test_a_response_is_secret_also_where_its_challenge_is_missing() -> None:
    """A log that lost one line must not show a password for that."""
    transcript = read("C: AUTH LOGIN\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\n", "listing")
    shown = transcript.to_text() + str(explained(transcript)) + explained(transcript).to_html()
    assert "YWxpY2U" not in shown and "c2VjcmV0" not in shown and shown.count("********") == 6


def test_the_view_tells_the_state_at_the_end_and_escapes_what_it_shows() -> None:
    view = explained(read_dialogue("S: 220 <b>\nC: EHLO <script>\nS: 250 x\nC: \x1b[2J\n"))
    assert "Now: ready, no mail transaction. Legal next: EHLO, HELO, " in str(view)
    assert "<script>" not in view.to_html() and "\x1b" not in str(view) + view.to_html()
    assert explained(Transcript(lambda: None)).connections == ()  # type: ignore[arg-type,return-value]


# What cannot be read.


def test_lines_that_are_no_dialogue_are_named_by_their_numbers() -> None:
    transcript = read_dialogue("S: 220 a\nC: NOOP\nS: 25O OK\nS: 250 OK\nS: 250-half\nC: QUIT\n")
    assert isinstance(transcript, Imported)
    assert (transcript.unread, transcript.unread_lines) == ([3, 5], 2)
    assert "2 lines could not be read: 3, 5." in str(explained(transcript))
    many = read_dialogue("S: 220 a\n" + "S: nothing\n" * 100)
    assert "100 lines could not be read: 2, 3," in str(explained(many))


@pytest.mark.parametrize(
    ("text", "format", "told"),
    [
        ("", None, "this is no SMTP dialogue"),
        ("Dear all,\nthe mail is late.\n", None, "'C: ' or 'S: '"),
        ("nothing", "swaks", "no line of this text could be read as swaks output"),
        ("C: NOOP", "word", "no format 'word'; there are json, swaks"),
        ('{"schema": 9}', None, "line 1: it is of schema 9"),
        ("x" * (32 * 2**20 + 1), None, "33554433 characters, and 33554432 are read"),
    ],
    ids=["empty", "prose", "another format", "no such format", "later schema", "too long"],
)
def test_hopeless_input_is_one_error(text: str, format: str | None, told: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        read_dialogue(text, format)
    assert told in str(caught.value)


pieces = st.sampled_from([
    " -> ", "<-  ", "<** ", "C: ", "S: ", "> ", "< ", "* ", "send: '", "reply: b'", "'", "\\r\\n",
    "220 a", "250-x", "250 y", "354 z", "334 eA==", "535 n", "EHLO a", "AUTH PLAIN", "DATA", ".",
    "BDAT 5 LAST", "STARTTLS", "\n", "\n", "\r\n", "-- a connects to b : 9", "-- TLS begins: x, y",
    "  SMTP<< ", "  SMTP>> ", "CONNECTED(3)", "Verify return code: 0", "-----BEGIN CERTIFICATE",
    "=== Trying a:1...", "[2026-03-02 09:00:00] DEBUG [a] C: ", '{"tnx": "client", "msg": "NOOP"}',
    "postfix/smtp[1]: > a[b]:25: ", "connect: ('a', 99999)", "\udcff", "\0", "\u2028", "{", "[" * 99,
])  # fmt: skip


@settings(max_examples=400)
@given(
    st.one_of(st.lists(pieces, max_size=40).map("".join), st.text()),
    st.sampled_from([None, *FORMATS]),
)
def test_any_text_is_read_or_refused_by_one_error(text: str, format: str | None) -> None:
    try:
        transcript = read_dialogue(text, format)
    except LocalProtocolError:
        return
    view = explained(transcript)
    str(view), view.to_html(), transcript.to_json()
    assert Transcript.from_json(transcript.to_json(secrets=True)).events == transcript.events


lines = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
exchanges = st.one_of(
    st.tuples(st.sampled_from(["NOOP", "EHLO a", "MAIL FROM:<>", "RCPT TO:<a@example.org>", "RSET"]),
              st.sampled_from(["250 OK", "250-a\r\n250 SIZE", "550 5.7.1 No", "451 Later"])),
    st.tuples(st.just("AUTH PLAIN AGFsaWNlAHNlY3JldA=="), st.just("235 OK")),
    st.tuples(st.lists(lines, max_size=5), st.just("250 Queued")),
)  # fmt: skip


@given(st.lists(exchanges, max_size=8), st.booleans())
def test_a_listing_of_ours_is_read_back_as_the_same_dialogue(told: list, closed: bool) -> None:
    transcript = Transcript(lambda: datetime(2026, 3, 2, 9, tzinfo=UTC))
    recorder = transcript.recorder("c1", "client")
    place = {"source": "laptop.example.org", "host": "mx.example.net", "port": 25}
    recorder.record(Kind.CONNECT, 0, detail=place)
    recorder.record(Kind.GREETING, 0, b"220 mx.example.net\r\n")
    for step, (sent, reply) in enumerate(told, 1):
        if isinstance(sent, str):
            recorder.record(Kind.COMMAND, step, sent.encode() + b"\r\n")
        else:
            recorder.record(Kind.COMMAND, step, b"DATA\r\n")
            recorder.record(Kind.REPLY, step, b"354 Go\r\n")
            content = "".join(f"{'.' * line.startswith('.')}{line}\r\n" for line in sent)
            recorder.record(Kind.MAIL_DATA, step, f"{content}.\r\n".encode())
        recorder.record(Kind.REPLY, step, reply.encode() + b"\r\n")
    if closed:
        recorder.record(Kind.CLOSE, 9, detail={"why": "by the client"})
    back = read_dialogue(transcript.to_text(), "listing")
    expected = transcript.to_text().replace(
        "AUTH PLAIN AGFsaWNlAHNlY3JldA==", "AUTH PLAIN ********"
    )
    assert back.to_text() == expected
    kinds = [(event.kind, event.octets) for event in transcript.events]
    assert [(event.kind, event.octets) for event in back.events] == kinds


@pytest.mark.parametrize(
    "line",
    ["C: " + "x" * 40 + "\n", "C: x\n", "S: 250-" + "x" * 40 + "\n", "S: nonsense\n", " -> x\n", "send: 'x\\r\\n'\n", "250-x\n", "x" * 99,
     "S: 354 x\n", "{\n", "postfix/" * 9 + "\n", "  SMTP<< 250-x\n", "C: AUTH LOGIN\n",
     "-- a connects to b : 25\n"],
)  # fmt: skip
def test_ten_megabytes_are_read_in_bounded_time(line: str) -> None:
    text = "S: 220 a\nC: NOOP\n" + line * (10_000_000 // len(line))
    begin = time.process_time()
    try:
        assert len(read_dialogue(text).events) <= 100_001
    except LocalProtocolError:
        pass
    assert time.process_time() - begin < 40  # it takes 1 to 8


# The command.


def test_the_command_explains_a_file_and_converts_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"\xef\xbb\xbfC: NOOP\r\nS: 550 5.7.1 No \xff\r\n")
    assert main(["read", str(file)]) == 0
    assert "What to do:" in capsys.readouterr().out
    assert main(["read", "--json", "--format", "listing", str(file)]) == 0
    file.write_text(capsys.readouterr().out)
    assert main(["read", str(file)]) == 0
    assert "What to do:" in capsys.readouterr().out


def test_the_command_says_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", str(tmp_path / "none")]) == 2
    assert "it does not exist" in capsys.readouterr().err
    (tmp_path / "prose").write_text("Dear all")
    assert main(["read", str(tmp_path / "prose")]) == 2
    assert "this is no SMTP dialogue" in capsys.readouterr().err


ERRORS_OF_PROGRAMS = {
    "swaks, no TLS": (
        "=== Connected to 127.0.0.1.\n<-  220 x\n -> EHLO y\n<-  250 STARTTLS\n -> STARTTLS\n"
        "<-  220 go\n*** TLS startup failed (connect(): error:0A000086:SSL routines::certificate "
        "verify failed)\n",
        "No reply refused anything", "certificate is not trusted",
    ),
    "swaks, no connection": (
        "=== Trying 127.0.0.1:25...\n*** Error connecting to 127.0.0.1:25:\n"
        "*** \tIO::Socket::INET: connect: Connection refused\n",
        "No server has said a word", "Nobody listens at this port",
    ),
    "curl, TLS on the wrong port": (
        "* Connected to x\n* OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number\n"
        "curl: (35) OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number\n",
        "No server has said a word", "TLS was spoken where",
    ),
    "a traceback": (
        "Traceback (most recent call last):\nssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong "
        "version number (_ssl.c:1006)\n",
        "No server has said a word", "TLS was spoken where",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS_OF_PROGRAMS)
def test_an_error_of_the_program_is_explained_where_no_reply_tells_the_cause(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, first, meaning = ERRORS_OF_PROGRAMS[case]
    (tmp_path / "log").write_text(log)
    assert main(["read", str(tmp_path / "log")]) == 0
    told = capsys.readouterr().out
    assert first in told and meaning in told and "What to do:" in told
    assert told.count(meaning) == 1  # a program often says it twice


def test_where_a_reply_tells_the_cause_the_program_is_not_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("< 220 x\n> EHLO y\n< 550 no\ncurl: (55) EHLO failed: 550\n")
    assert main(["read", str(tmp_path / "log")]) == 0
    assert "What the program says" not in capsys.readouterr().out


def test_a_session_that_ended_has_no_legal_next() -> None:
    transcript = read("S: 220 a\nC: QUIT\nS: 221 b\n", "listing")
    reply = steps(transcript.of("c1"))[-1].reply
    assert reply is not None and reply.state is State.CLOSED
    assert str(explained(transcript)).endswith("Now: closed")
