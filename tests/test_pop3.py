"""POP3: poplib and curl read what SMTP delivered; what else comes is refused and bounded."""

import poplib
import socket
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtplab import Sandbox
from smtplab.sandbox.certificates import Authority
from smtplab.transcript import Kind
from tests.readers import BOB, CONTENTS, PASSWORD, WITHIN, Lines, curl, put
from tests.watch import wait_until

HOST = "pop.example.net"
SIGN_IN = f"USER {BOB}\r\nPASS {PASSWORD}\r\n".encode()


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(request.param) as running:
        yield running
        assert running.errors == ()


@pytest.fixture
def in_memory() -> Iterator[Sandbox]:
    with Sandbox("memory") as running:
        yield running
        assert running.errors == ()


def signed_in(sandbox: Sandbox) -> poplib.POP3:
    pop = sandbox.poplib()
    pop.user(BOB)
    pop.pass_(PASSWORD)
    return pop


def session(sandbox: Sandbox) -> Lines:
    """Bob signed in, the replies read."""
    lines = Lines(sandbox, HOST, 995)
    lines.say(SIGN_IN)
    assert lines.line().startswith(b"+OK")
    assert lines.line().startswith(b"+OK")
    return lines


# What a mail program does.


def test_what_was_sent_by_smtp_can_be_read_by_pop3(sandbox: Sandbox) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "alice@example.org", BOB, "Tea"
    message.set_content("At five?\n.\n")
    with sandbox.smtplib(port=465) as smtp:
        smtp.login("alice@example.org", "looking-glass")
        smtp.send_message(message)
    pop = signed_in(sandbox)
    lines = pop.retr(1)[1]
    assert b"\r\n".join((*lines, b"")) == sandbox.inbox(BOB)[0].content
    assert lines[0] == b"Return-Path: <alice@example.org>" and lines[-2:] == [b"At five?", b"."]
    pop.quit()


def test_sizes_and_octets_are_those_of_the_mailbox(sandbox: Sandbox) -> None:
    put(sandbox, *CONTENTS.values())
    pop = signed_in(sandbox)
    sizes = [len(content) for content in CONTENTS.values()]
    assert pop.stat() == (len(sizes), sum(sizes))
    assert pop.list()[1] == [b"%d %d" % pair for pair in enumerate(sizes, 1)]
    for number, content in enumerate(CONTENTS.values(), 1):
        reply, lines, _ = pop.retr(number)
        assert reply == b"+OK %d octets" % len(content)
        assert b"\r\n".join((*lines, b"")) == content
    pop.quit()


def test_a_content_without_a_last_line_end_gets_one_and_is_counted_with_it(
    in_memory: Sandbox,
) -> None:
    put(in_memory, b"Subject: x\r\n\r\nend")
    with session(in_memory) as lines:
        assert lines.ask(b"STAT") == b"+OK 1 19\r\n"
        assert lines.ask(b"RETR 1") == b"+OK 19 octets\r\n"
        assert lines.until(b".")[-2:] == [b"end\r\n", b".\r\n"]


def test_only_the_inbox_is_seen(sandbox: Sandbox) -> None:
    put(sandbox, b"Subject: junk\r\n\r\n", folder="Junk")
    assert signed_in(sandbox).stat() == (0, 0)


@pytest.mark.parametrize(
    ("content", "count", "lines"),
    [
        (b"A: b\r\n\r\n1\r\n2\r\n3\r\n", 0, [b"A: b", b""]),
        (b"A: b\r\n\r\n1\r\n2\r\n3\r\n", 2, [b"A: b", b"", b"1", b"2"]),
        (b"A: b\r\n\r\n1\r\n2\r\n3\r\n", 9, [b"A: b", b"", b"1", b"2", b"3"]),
        (b"A: b\r\n\r\n1\r\n\r\n3\r\n", 2, [b"A: b", b"", b"1", b""]),
        (b"A: b\r\n\r\n.1\r\n", 1, [b"A: b", b"", b".1"]),
        (b"A: b\r\n\r\n", 5, [b"A: b", b""]),
        (b"A: b\r\n", 5, [b"A: b"]),
        (b"\r\nbody\r\n\r\nmore\r\n", 1, [b"", b"body"]),
    ],
)
def test_top_is_the_header_section_and_so_many_lines(
    in_memory: Sandbox, content: bytes, count: int, lines: list[bytes]
) -> None:
    put(in_memory, content)
    assert signed_in(in_memory).top(1, count)[1] == lines


def test_marked_messages_are_removed_at_quit_and_not_before(sandbox: Sandbox) -> None:
    put(sandbox, *(b"Subject: %d\r\n\r\n" % n for n in range(1, 5)))
    pop = signed_in(sandbox)
    pop.dele(1)
    pop.rset()
    pop.dele(2)
    pop.dele(4)
    assert pop.stat()[0] == 2 and [one.split()[0] for one in pop.list()[1]] == [b"1", b"3"]
    assert len(sandbox.inbox(BOB)) == 4
    pop.quit()
    assert [mail.subject for mail in sandbox.inbox(BOB)] == ["1", "3"]


def test_a_connection_that_ends_without_quit_removes_nothing(sandbox: Sandbox) -> None:
    put(sandbox, b"Subject: stays\r\n\r\n")
    pop = signed_in(sandbox)
    pop.dele(1)
    pop.close()
    wait_until(lambda: not sandbox._world.live)
    assert len(sandbox.inbox(BOB)) == 1


def test_mail_that_came_meanwhile_is_seen_by_the_next_session_and_survives_quit(
    sandbox: Sandbox,
) -> None:
    put(sandbox, b"Subject: 1\r\n\r\n")
    pop = signed_in(sandbox)
    put(sandbox, b"Subject: 2\r\n\r\n")
    assert pop.stat()[0] == 1
    pop.dele(1)
    pop.quit()
    assert [mail.subject for mail in sandbox.inbox(BOB)] == ["2"]


def test_a_unique_id_stays_with_its_message_and_is_never_used_again(sandbox: Sandbox) -> None:
    put(sandbox, b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n")
    pop = signed_in(sandbox)
    first, second = (one.split()[1] for one in pop.uidl()[1])
    assert isinstance(second, bytes)
    pop.dele(2)
    pop.quit()
    put(sandbox, b"Subject: 3\r\n\r\n", b"Subject: 4\r\n\r\n")
    pop = signed_in(sandbox)
    ids = [one.split()[1] for one in pop.uidl()[1]]
    assert ids[0] == first and len({*ids, second}) == 4
    assert pop.uidl("2").split()[2] == ids[1]


def test_each_provider_knows_its_own_users(sandbox: Sandbox) -> None:
    put(sandbox, b"Subject: for Alice\r\n\r\n", mailbox="alice@example.org")
    pop = sandbox.poplib("pop.example.org")
    pop.user("alice@example.org")
    pop.pass_("looking-glass")
    assert pop.stat()[0] == 1
    other = sandbox.poplib("pop.example.org")
    other.user(BOB)
    with pytest.raises(poplib.error_proto, match="name or the password is wrong"):
        other.pass_(PASSWORD)


def test_the_hosts_have_addresses_in_the_dns_and_answer_at_them(sandbox: Sandbox) -> None:
    for host in ("pop.example.net", "imap.example.net", "pop.example.org", "imap.example.org"):
        (address,) = sandbox.zones.addresses(host)
        with Lines(sandbox, address, 110 if host.startswith("pop") else 143) as lines:
            assert host.encode() in lines.greeting


# One session at a time.


def test_a_mailbox_that_is_open_is_in_use_until_quit(sandbox: Sandbox) -> None:
    first, second = signed_in(sandbox), sandbox.poplib()
    second.user(BOB)
    with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
        second.pass_(PASSWORD)
    first.quit()
    second.user(BOB)
    assert second.pass_(PASSWORD).startswith(b"+OK")


def test_a_lost_connection_gives_the_mailbox_free(sandbox: Sandbox) -> None:
    signed_in(sandbox).close()
    wait_until(lambda: not sandbox._world.live)
    signed_in(sandbox).quit()


def test_after_quit_the_mailbox_is_free_even_if_the_connection_still_stands(
    sandbox: Sandbox,
) -> None:
    with session(sandbox) as lines:
        assert lines.ask(b"QUIT").startswith(b"+OK")
        signed_in(sandbox).quit()


# TLS.


def test_on_110_nobody_signs_in_before_stls(sandbox: Sandbox) -> None:
    pop = sandbox.poplib(port=110)
    assert "STLS" in pop.capa() and "USER" not in pop.capa()
    with pytest.raises(poplib.error_proto, match="STLS comes first"):
        pop.user(BOB)
    with pytest.raises(poplib.error_proto, match="STLS comes first"):
        pop.pass_(PASSWORD)
    pop.stls()
    assert "STLS" not in pop.capa() and "USER" in pop.capa()
    pop.user(BOB)
    pop.pass_(PASSWORD)
    pop.quit()


def test_stls_checks_the_certificate(sandbox: Sandbox) -> None:
    pop = sandbox.poplib(port=110)
    with pytest.raises(Exception, match="not trusted here"):
        pop.stls(ssl.create_default_context())


@pytest.mark.parametrize("port", [995, 110])
def test_a_second_tls_is_refused(sandbox: Sandbox, port: int) -> None:
    with Lines(sandbox, HOST, port) as lines:
        if port == 110:
            assert lines.ask(b"STLS").startswith(b"+OK")
            lines.start_tls()
        assert lines.ask(b"STLS") == b"-ERR TLS is active already\r\n"


def test_commands_that_came_in_plain_behind_stls_do_not_count(sandbox: Sandbox) -> None:
    """A man in the middle could put them there, and they would run inside TLS."""
    with Lines(sandbox, HOST, 110) as lines:
        lines.say(b"STLS\r\nNOOP\r\nUSER mallory\r\n")
        assert lines.line() == b"+OK Begin TLS\r\n"
        lines.start_tls()
        assert lines.ask(b"CAPA").startswith(b"+OK Capabilities")


@pytest.mark.parametrize("port", [995, 110])
def test_a_handshake_that_fails_ends_the_connection_and_is_told(
    sandbox: Sandbox, port: int
) -> None:
    stream = sandbox.open(HOST, port, source=None, timeout=WITHIN)
    if port == 110:
        assert stream.read(100).startswith(b"+OK")
        stream.write(b"STLS\r\n")
        assert stream.read(100).startswith(b"+OK")
    stream.write(b"this is not TLS\r\n")
    while stream.read(100):
        pass
    stream.close()
    wait_until(lambda: not sandbox._world.live)
    assert sandbox.transcript.events[-1].detail == {"why": "in the TLS handshake"}


def test_without_tls_in_this_python_the_ports_are_private_and_take_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Authority, "is_available", staticmethod(lambda: False))
    with Sandbox("memory") as sandbox:
        pop = sandbox.poplib(port=110)
        assert "USER" in pop.capa() and "STLS" not in pop.capa()
        pop.user(BOB)
        assert pop.pass_(PASSWORD).startswith(b"+OK")
        pop.quit()
        with pytest.raises(poplib.error_proto, match="not offered here"):
            sandbox.poplib(port=110)._shortcmd("STLS")  # type: ignore[attr-defined]


# What is refused.

BEFORE = {
    "password without a name": (b"PASS x", b"-ERR USER comes first"),
    "no name": (b"USER", b"-ERR USER wants a name"),
    "too early": (b"STAT", b"-ERR STAT comes after signing in"),
    "unknown": (b"XYZZY 1", b"-ERR Command 'XYZZY' is not known"),
    "APOP is not offered": (b"APOP bob c4c9334bac560ecc", b"-ERR Command 'APOP' is not known"),
    "AUTH is not offered": (b"AUTH PLAIN AGJvYgB4", b"-ERR Command 'AUTH' is not known"),
    "empty": (b"", b"-ERR Command '' is not known"),
    "a space first": (b" QUIT", b"-ERR Command '' is not known"),
    "eight bits": (b"\xff\xfe\xe9", b"-ERR Command '\\ufffd\\ufffd\\ufffd' is not known"),
    "NUL": (b"USER bob\0", b"-ERR A command line ends in CR LF"),
    "CR inside": (b"USER bob\rPASS x", b"-ERR A command line ends in CR LF"),
    "LF alone": (b"CAPA\nCAPA", b"-ERR A command line ends in CR LF"),
    "QUIT with an argument": (b"QUIT now", b"-ERR This command takes no argument"),
    "too long": (b"USER " + b"x" * 249, b"-ERR The command line is longer than 255 octets"),
    "far too long": (b"USER " + b"x" * 300_000, b"-ERR The command line is longer than 255 octets"),
}


@pytest.mark.parametrize(("line", "start"), BEFORE.values(), ids=BEFORE)
def test_before_signing_in_it_gets_one_clear_refusal(
    sandbox: Sandbox, line: bytes, start: bytes
) -> None:
    with Lines(sandbox, HOST, 995) as lines:
        assert lines.ask(line).startswith(start)
        assert lines.ask(b"CAPA").startswith(b"+OK Cap")


def test_the_longest_line_is_taken(in_memory: Sandbox) -> None:
    with Lines(in_memory, HOST, 995) as lines:
        assert lines.ask(b"USER " + b"x" * 248).startswith(b"+OK")


AFTER = {
    "no such message": (b"RETR 3", b"-ERR There is no message 3; there are 2"),
    "message 0": (b"DELE 0", b"-ERR There is no message 0"),
    "no number": (b"RETR", b"-ERR A number is wanted here"),
    "negative": (b"RETR -1", b"-ERR A number is wanted here"),
    "a digit of another script": ("LIST \u0661".encode(), b"-ERR A number is wanted here"),
    "a huge number": (b"RETR " + b"9" * 200, b"-ERR A number is wanted here"),
    "TOP without a count": (b"TOP 1", b"-ERR A number is wanted here"),
    "TOP with a negative count": (b"TOP 1 -1", b"-ERR A number is wanted here"),
    "two numbers": (b"LIST 1 2", b"-ERR A number is wanted here"),
    "STAT with an argument": (b"STAT 1", b"-ERR This command takes no argument"),
    "signing in again": (b"USER bob", b"-ERR USER comes before signing in"),
    "STLS too late": (b"STLS", b"-ERR STLS comes before signing in"),
    "marked already": (b"DELE 2", b"-ERR Message 2 is marked as deleted"),
    "RETR of a marked one": (b"RETR 2", b"-ERR Message 2 is marked as deleted"),
    "LIST of a marked one": (b"LIST 2", b"-ERR Message 2 is marked as deleted"),
    "lower case works": (b"stat", b"+OK 1 "),
}


@pytest.mark.parametrize(("line", "start"), AFTER.values(), ids=AFTER)
def test_after_signing_in_it_gets_one_clear_reply(
    sandbox: Sandbox, line: bytes, start: bytes
) -> None:
    put(sandbox, b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n")
    with session(sandbox) as lines:
        assert lines.ask(b"DELE 2").startswith(b"+OK")
        assert lines.ask(line).startswith(start)
        assert lines.ask(b"NOOP") == b"+OK Nothing done\r\n"


def test_a_wrong_name_and_a_wrong_password_read_alike(sandbox: Sandbox) -> None:
    with Lines(sandbox, HOST, 995) as lines:
        lines.say(f"USER {BOB}\r\nPASS wrong\r\nUSER nobody\r\nPASS wrong\r\n".encode())
        replies = [lines.line() for _ in range(4)]
    assert replies[:2] == replies[2:]
    assert replies[1] == b"-ERR [AUTH] The name or the password is wrong\r\n"


def test_each_password_needs_its_own_name(in_memory: Sandbox) -> None:
    with Lines(in_memory, HOST, 995) as lines:
        lines.say(f"USER {BOB}\r\nPASS wrong\r\nPASS {PASSWORD}\r\n".encode())
        assert [lines.line() for _ in range(3)][2] == b"-ERR USER comes first\r\n"


def test_the_third_wrong_password_ends_the_connection(sandbox: Sandbox) -> None:
    with Lines(sandbox, HOST, 995) as lines:
        lines.say(f"USER {BOB}\r\nPASS wrong\r\n".encode() * 3 + SIGN_IN)
        replies = [lines.line() for _ in range(7)]
    assert replies[5].endswith(b"wrong; closing\r\n") and replies[6] == b""


def test_the_hundredth_bad_command_ends_the_connection(sandbox: Sandbox) -> None:
    with Lines(sandbox, HOST, 995) as lines:
        lines.say(b"XYZZY\r\n" * 200)
        replies = iter(lines.line, b"")
        assert len(list(replies)) == 100


def test_commands_sent_together_are_answered_in_order(sandbox: Sandbox) -> None:
    put(sandbox, b"Subject: 1\r\n\r\n")
    with Lines(sandbox, HOST, 995) as lines:
        lines.say(SIGN_IN + b"STAT\r\nRETR 1\r\nDELE 1\r\nSTAT\r\nQUIT\r\n")
        replies = list(iter(lines.line, b""))
    starts = [line.split()[1] for line in replies if line.startswith(b"+OK")]
    assert starts == [b"The", b"Signed", b"1", b"14", b"Message", b"0", b"pop.example.net"]
    assert sandbox.inbox(BOB) == ()


def test_commands_octet_by_octet_are_the_same(in_memory: Sandbox) -> None:
    with Lines(in_memory, HOST, 995) as lines:
        for octet in SIGN_IN + b"STAT\r\n":
            lines.say(bytes([octet]))
        assert [lines.line()[:5] for _ in range(3)] == [b"+OK T", b"+OK S", b"+OK 0"]


def test_an_error_of_ours_is_told_and_kept_and_the_session_goes_on() -> None:
    with Sandbox("memory") as sandbox, Lines(sandbox, HOST, 995) as lines:
        sandbox._world.hosts[HOST].mailboxes = None  # type: ignore[assignment]
        lines.say(SIGN_IN)
        assert lines.line().startswith(b"+OK")
        assert lines.line().startswith(b"-ERR [SYS/TEMP] Local error")
        assert lines.ask(b"CAPA").startswith(b"+OK")
        assert isinstance(sandbox.errors[0], TypeError)


# Time and memory.


def test_ten_minutes_of_silence_end_the_session_without_a_word(in_memory: Sandbox) -> None:
    with Lines(in_memory, HOST, 995, timeout=601) as lines:
        assert lines.line() == b""
    assert in_memory.transcript.events[-1].detail == {"why": "by the server: idle too long"}


def test_a_line_that_never_ends_does_not_keep_the_session_alive(in_memory: Sandbox) -> None:
    with Lines(in_memory, HOST, 995, timeout=599) as lines:
        with pytest.raises(TimeoutError):
            lines.line()
        lines.say(b"USER")
        lines.stream.timeout = 2
        assert lines.line() == b""


def test_a_client_that_reads_nothing_costs_no_memory_and_others_are_served() -> None:
    with Sandbox("tcp") as sandbox:
        content = b"Subject: big\r\n\r\n" + b"x" * 70 * 2**16 + b"\r\n"
        put(sandbox, content)
        with session(sandbox) as lines:
            lines.say(b"RETR 1\r\n" * 100)
            pop = sandbox.poplib("pop.example.org")
            pop.user("carol@example.org")
            pop.pass_("winter-song")
            pop.quit()
            held = sandbox._carrier.call(
                lambda: max(tap.get_write_buffer_size() for tap in sandbox._world.live)
            )
            assert 0 < held < 2 * len(content)
            said = [one for one in sandbox.transcript.of("c1") if one.length > len(content)]
            assert 0 < len(said) < 5


def test_a_client_that_asks_on_and_on_and_reads_nothing_is_not_listened_to() -> None:
    with Sandbox("tcp") as sandbox:
        put(sandbox, b"Subject: big\r\n\r\n" + b"x" * 70 * 2**16 + b"\r\n")
        with session(sandbox) as lines:
            lines.say(b"RETR 1\r\n" * 10)
            lines.stream.timeout = 0.5
            with pytest.raises(TimeoutError):
                for _ in range(1000):
                    lines.say(b"NOOP\r\n" * 10_000)


def test_what_was_asked_for_is_still_sent_to_a_client_that_has_ended_its_direction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `printf ... | nc` does; in plain, because TLS has no half-closed state here."""
    monkeypatch.setattr(Authority, "is_available", staticmethod(lambda: False))
    content = b"Subject: big\r\n\r\n" + b"x" * 70 * 2**16 + b"\r\n"
    with Sandbox("tcp") as sandbox:
        put(sandbox, content)
        bound = {one.key: port for one, port in sandbox.bound_ports.items()}[HOST, 110]
        with socket.create_connection(("127.0.0.1", bound), WITHIN) as client:
            client.sendall(SIGN_IN + b"RETR 1\r\nRETR 1\r\n")
            client.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: client.recv(65536), b""))
    assert received.count(content + b".\r\n") == 2


PIECES = [
    b"USER ", b"PASS ", BOB.encode(), PASSWORD.encode(), b"\r\n", b"\r\n", b"\n", b"\r", b"\0",
    b"CAPA", b"STLS", b"QUIT", b"STAT", b"LIST ", b"RETR ", b"TOP ", b"UIDL ", b"DELE ", b"RSET",
    b"NOOP", b"1", b"2", b"-1", b" ", b"\xff", b"x" * 300, SIGN_IN,
]  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_no_octets_are_an_error_of_ours(pieces: list[bytes]) -> None:
    with Sandbox("memory") as sandbox:
        put(sandbox, b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n")
        with Lines(sandbox, HOST, 995) as lines:
            for piece in pieces:
                try:
                    lines.say(piece)
                except OSError:
                    break
        assert sandbox.errors == ()
    replies = [one for one in sandbox.transcript.events if one.kind is Kind.REPLY]
    assert all(one.octets.startswith((b"+OK", b"-ERR")) for one in replies)


# What is recorded.


def dialogue(sandbox: Sandbox, **options: Any) -> str:
    return sandbox.transcript.to_text(**options)


def test_the_transcript_shows_the_session_and_hides_the_password(sandbox: Sandbox) -> None:
    put(sandbox, b"Subject: 1\r\n\r\n.\r\n")
    with session(sandbox) as lines:
        lines.say(b"RETR 1\r\nQUIT\r\n")
        lines.until(b"+OK pop.example.net closes")
    wait_until(lambda: not sandbox._world.live)
    assert dialogue(sandbox).splitlines() == [
        "-- laptop.example.org connects to pop.example.net : 995",
        "-- TLS begins: TLS 1.3, as the server sees it",
        "S: +OK pop.example.net POP3 smtplab",
        "C: USER bob@example.net",
        "S: +OK The password is next: PASS",
        "C: PASS ********",
        "S: +OK Signed in; 1 message, 17 octets",
        "C: RETR 1",
        "S: +OK 17 octets",
        "S: Subject: 1",
        "S: ",
        "S: ..",
        "S: .",
        "C: QUIT",
        "S: +OK pop.example.net closes the connection",
        "-- connection closed: by the server",
    ]
    assert f"C: PASS {PASSWORD}" in dialogue(sandbox, secrets=True)


@pytest.mark.parametrize(
    "line",
    [b"PASS wrong secret", b"pass  secret", b" PASS secret", b"PASS\tsecret", b"PASSsecret",
     b"AUTH PLAIN secret", b"APOP bob secret", b"PASS secret\0", b"PASS secret\rX"],
)  # fmt: skip
def test_a_wrong_password_is_hidden_too_also_where_the_command_is_refused(
    in_memory: Sandbox, line: bytes
) -> None:
    with Lines(in_memory, HOST, 110) as lines:
        lines.ask(line)
    assert "secret" not in dialogue(in_memory)
    assert "********" in dialogue(in_memory)


def test_the_wire_under_tls_shows_neither_password_nor_mail(sandbox: Sandbox) -> None:
    put(sandbox, b"Subject: nobody reads this\r\n\r\n")
    signed_in(sandbox).retr(1)
    wire = sandbox.transcript.wire("c1", "server")
    both = wire.octets("client") + wire.octets("server")
    assert len(both) > 500
    assert PASSWORD.encode() not in both and b"nobody reads this" not in both


# curl.


def test_curl_reads_over_pop3s_and_after_stls(tool: Callable[[str], str]) -> None:
    with Sandbox("tcp") as sandbox:
        put(sandbox, *CONTENTS.values())
        for number, content in enumerate(CONTENTS.values(), 1):
            assert curl(sandbox, tool, f"pop3s://{HOST}/{number}").stdout == content
        listed = curl(sandbox, tool, f"pop3://{HOST}/").stdout.split(b"\r\n")
        assert listed[0] == b"1 %d" % len(CONTENTS["ordinary"])
        assert curl(sandbox, tool, f"pop3s://{HOST}/2", "-X", "DELE", "-l").returncode == 0
        assert len(sandbox.inbox(BOB)) == len(CONTENTS) - 1
        refused = curl(sandbox, tool, f"pop3s://{HOST}/1", user="carol@example.org")
        assert refused.returncode == 67  # CURLE_LOGIN_DENIED
