"""`smtplab talk` as a process of its own, fed by a pipe: replies, exit codes, scripts, secrets."""

import json
import re
import socket
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from smtplab import cli, rehearsal
from smtplab.cli.talk import options
from smtplab.cli.talk.exit_codes import CODES
from tests.listening import ListeningPeer
from tests.peers import Cut, Item, authority, server_context
from tests.terminal import ROOT, WITHIN, environment

ALICE, BOB, PASSWORD = "alice@example.org", "bob@example.net", "looking-glass"
GREETING, EHLO, OK = b"220 smtp.example.org\r\n", b"250-x\r\n250 PIPELINING\r\n", b"250 ok\r\n"
MAIL = "Subject: Hello\n\n.dots\nlast\n"

Run = subprocess.CompletedProcess[str]


def talk(*words: str, lines: str = "", **variables: str) -> Run:
    """Run it with lines from a pipe."""
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "smtplab", "talk", *words],
        input=lines, capture_output=True, text=True, timeout=2 * WITHIN, encoding="utf-8",
        env=environment(SMTPLAB_TRANSPORT="memory", **variables),
    )  # fmt: skip


def to_peer(peer: ListeningPeer, *words: str, lines: str = "", **variables: str) -> Run:
    words = ("--timeout", "120", *words)  # of two, the later one counts
    return talk(f"127.0.0.1:{peer.port}", *words, lines=lines, **variables)


def forms(secret: str) -> set[str]:
    """A secret as it is, and inside base64 at each of its three alignments."""
    return {secret, *(b64encode(b"x" * n + secret.encode())[4:-4].decode() for n in range(3))}


def all_decoded(text: str) -> str:
    """`text` with everything that is base64 decoded behind it, as often as that goes."""
    seen, fresh = [text], [text]
    while fresh:
        words = {word for one in fresh for word in re.findall(r"[A-Za-z0-9+/]{8,}=*", one)}
        fresh = []
        for word in words:
            with_padding = word.rstrip("=") + "=" * (-len(word.rstrip("=")) % 4)
            try:
                fresh.append(b64decode(with_padding).decode("ascii"))
            except ValueError:
                continue
        seen += fresh
    return "\n".join(seen)


def assert_hidden(run: Run, secret: str = PASSWORD) -> None:
    everything = all_decoded(run.stdout + run.stderr)
    assert not [form for form in forms(secret) if form in everything]


# Lines from a pipe.


def test_each_line_is_sent_and_each_reply_explained() -> None:
    run = talk("sandbox", lines="EHLO laptop.example.org\nRCPT TO:<x@example.org>\n")
    assert run.stdout.startswith("-- laptop.example.org connects to smtp.example.org : 587\nS: 220")
    assert "C: RCPT TO:<x@example.org>\nS: 530 5.7.0" in run.stdout
    assert "Usual cause: You sent MAIL to a submission server without AUTH" in run.stdout
    assert "Legal next: EHLO, HELO, STARTTLS, MAIL," in run.stdout
    assert run.stdout.endswith("closes the connection\n-- connection closed: by the server\n")
    assert (run.returncode, run.stderr) == (CODES["RCPT"], "")


def test_a_whole_message_goes_out_by_short_forms(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_text(MAIL, newline="\n")
    run = talk(
        "sandbox",
        lines=f"/hello\n/tls\n/auth {ALICE} plain\nMAIL FROM:<{ALICE}>\nRCPT TO:<{BOB}>\n"
        f"/content {tmp_path / 'mail.eml'}\n/inbox {BOB}\n/transcript {tmp_path / 't.txt'}\n"
        "/explain 550\n/certificate\n/help\n/quit\nNOOP\n",
    )
    assert run.returncode == 0, run.stdout
    assert "S: 250 2.0.0 Queued as q1" in run.stdout
    assert "Subject: Hello\n\n.dots\nlast\n" in run.stdout
    assert "TLS 1.3, TLS_AES_256_GCM_SHA384; certificate for smtp.example.org, " in run.stdout
    assert "550: " in run.stdout and "Certificate 0" in run.stdout
    assert "/transcript FILE" in run.stdout
    assert "NOOP\n" not in run.stdout.replace("RSET, NOOP", "")
    assert "C: AUTH PLAIN ********" in (tmp_path / "t.txt").read_text()
    assert_hidden(run)


def test_lines_after_354_are_content_up_to_the_dot() -> None:
    with ListeningPeer(GREETING, b"354 go on\r\n", OK, b"221 bye\r\n") as peer:
        run = to_peer(peer, lines="DATA\n/quit\nQUIT\n.dot\n\n.\nQUIT\n")
    assert peer.commands == [b"DATA\r\n", b"/quit\r\nQUIT\r\n..dot\r\n\r\n.\r\n", b"QUIT\r\n"]
    assert run.returncode == 0


def test_content_without_its_end_is_not_sent() -> None:
    """Half a message that was accepted would be delivered as if it were whole."""
    with ListeningPeer(GREETING, b"354 go on\r\n", OK) as peer:
        run = to_peer(peer, lines="DATA\nSubject: half\n")
    assert peer.commands == [b"DATA\r\n"]
    assert "The content was not sent" in run.stdout
    assert run.returncode == CODES["content"]


def test_empty_input_says_quit_and_leaves() -> None:
    with ListeningPeer(GREETING, b"221 bye\r\n") as peer:
        run = to_peer(peer)
    assert peer.commands == [b"QUIT\r\n"]
    assert run.returncode == 0


@pytest.mark.parametrize("line", ["BDAT 10 LAST", "/xyzzy", "/content", "/content no-such-file",
                                  "/explain xyzzy", "/inbox bob@example.net", "a\0b"])  # fmt: skip
def test_what_cannot_be_sent_is_said_and_the_talk_goes_on(line: str) -> None:
    with ListeningPeer(GREETING, OK, b"221 bye\r\n") as peer:
        run = to_peer(peer, lines=f"{line}\nNOOP\n")
    assert peer.commands == [b"NOOP\r\n", b"QUIT\r\n"]
    assert "!! Nothing was sent: " in run.stdout
    assert run.returncode == 2


def test_a_chunk_carries_the_file_behind_its_command(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_text("Subject: x\n\n.\n", newline="\n")
    lines = (b"",) * 3  # of the chunk: no reply, or 221 might come before QUIT is said
    with ListeningPeer(GREETING, OK, *lines, b"221 bye\r\n") as peer:
        to_peer(peer, lines=f"/chunk {tmp_path / 'mail.eml'}\n")
    assert b"".join(peer.commands).startswith(b"BDAT 17 LAST\r\nSubject: x\r\n\r\n.\r\nQUIT")


def test_a_session_is_translated_where_it_is_held() -> None:
    lines = "EHLO client.example\nMAIL FROM:<>\n/translate swaks\n/translate telnet\n"
    done = talk("sandbox:25", lines=lines)
    assert "--helo client.example" in done.stdout and "--quit-after MAIL" in done.stdout
    assert "'telnet' is not one of swaks, curl, openssl, smtplib" in done.stdout


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("250 \u202etxt.exe\r\n".encode(), "S: 250 \\u202etxt.exe"),
        ("250 \x9b2J\r\n".encode(), "S: 250 \\x9b2J"),
        (b"250 \x1b[2J\r\n", "b'250 \\x1b[2J\\r\\n'"),
    ],
    ids=ascii,
)
def test_control_characters_from_a_server_are_shown_escaped(reply: bytes, shown: str) -> None:
    """They could move the cursor, or forge the lines above."""
    with ListeningPeer(GREETING, reply, b"221 bye\r\n") as peer:
        run = to_peer(peer, lines="NOOP\n")
    assert shown in run.stdout
    assert not set(run.stdout) & set(map(chr, (*range(10), *range(11, 32), 0x7F, 0x9B, 0x202E)))


# Exit codes.


HELLO: tuple[Item, ...] = (GREETING, EHLO)
FAILURES: dict[str, tuple[tuple[Item, ...], str]] = {
    "a greeting that refuses": ((b"554 no\r\n", OK), "greeting"),
    "silence": ((b"",), "greeting"),
    "no SMTP at all": ((b"HTTP/1.1 400 no\r\n",), "greeting"),
    "EHLO and HELO refused": ((GREETING, b"502 no\r\n", b"502 no\r\n", OK), "EHLO"),
    "EHLO cut": ((GREETING, Cut.AFTER_HEARING), "EHLO"),
    "no TLS offered": ((*HELLO, b"502 no\r\n", OK), "STARTTLS"),
    "a wrong certificate": ((*HELLO, b"220 go\r\n", server_context()), "STARTTLS"),
    "octets before TLS": ((*HELLO, b"220 go\r\n250 injected\r\n"), "STARTTLS"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_the_exit_code_names_the_phase_that_failed(case: str) -> None:
    script, phase = FAILURES[case]
    seconds = "1" if case == "silence" else "60"
    words = ["--until", "STARTTLS", "--tls", "starttls", "--timeout", seconds, "--json"]
    with ListeningPeer(*script) as peer:
        run = to_peer(peer, *words)
    end = json.loads(run.stdout.splitlines()[-1])
    assert (end["event"], end["phase"]) == ("end", phase)
    assert run.returncode == end["exit_code"] == CODES[phase]
    assert run.stderr == ""


REFUSALS = {
    "AUTH": (b"250-x\r\n250 AUTH PLAIN\r\n", b"535 no\r\n"),
    "MAIL": (EHLO, b"550 no\r\n"),
    "RCPT": (EHLO, OK, b"550 no\r\n", OK),
    "DATA": (EHLO, OK, OK, b"451 no\r\n", OK),
    "content": (EHLO, OK, OK, b"354 go on\r\n", b"552 no\r\n"),
}


@pytest.mark.parametrize("phase", REFUSALS)
def test_a_walk_ends_where_it_is_refused(phase: str, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_text(MAIL)
    words = ["--until", "content", "--from", ALICE, "--to", BOB, "--data", f"{tmp_path}/mail.eml"]
    words += ["--auth-user", "alice"] if phase == "AUTH" else []
    with ListeningPeer(GREETING, *REFUSALS[phase], b"221 bye\r\n") as peer:
        run = to_peer(peer, *words, SMTPLAB_PASSWORD=PASSWORD)
    assert run.returncode == CODES[phase]
    verdict, _, meaning = run.stdout.partition(f"The server refused {phase}.\n")
    assert verdict.endswith("-- connection closed: by the server\n")
    assert "What to do: " in meaning
    assert "Now: " not in run.stdout  # the session is over, and nothing is legal next
    assert_hidden(run)


def test_nothing_past_rcpt_is_sent_unless_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_text(MAIL)
    words = ["--from", "", "--to", BOB, "--to", ALICE, "--data", f"{tmp_path}/mail.eml"]
    with ListeningPeer(GREETING, EHLO, OK, OK, OK, OK, b"221 bye\r\n") as peer:
        run = to_peer(peer, *words)
    assert [line[:9] for line in peer.commands] == [
        b"EHLO [127", b"MAIL FROM", b"RCPT TO:<", b"RCPT TO:<", b"RSET\r\n", b"QUIT\r\n",
    ]  # fmt: skip
    assert peer.commands[1] == b"MAIL FROM:<>\r\n"
    assert run.returncode == 0 and "It went well up to RCPT." in run.stdout


def test_a_walk_delivers_where_content_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_text(MAIL)
    words = ["--until", "Content", "--from", ALICE, "--to", BOB, "--auth-user", ALICE]
    run = talk("sandbox", *words, "--data", f"{tmp_path}/mail.eml")
    assert run.returncode == 0, run.stdout
    assert "S: 250 2.0.0 Queued as q1" in run.stdout
    assert_hidden(run)


def test_with_tls_none_a_walk_stays_in_plaintext() -> None:
    run = talk("--world", "mx.example.net:25", "--tls", "none", "--from", ALICE, "--to", BOB)
    assert run.returncode == 0
    assert "C: STARTTLS" not in run.stdout
    run = talk("--world", "mx.example.net:25", "--from", ALICE, "--to", BOB)
    assert "C: STARTTLS" in run.stdout


def test_the_hosts_of_a_domain_are_found_by_its_mx() -> None:
    run = talk("--world", "--mx", "example.net", "--until", "EHLO")
    assert run.returncode == 0
    assert "connects to mx.example.net : 25" in run.stdout


def test_the_exit_code_is_that_of_the_first_failure() -> None:
    with ListeningPeer(GREETING, OK, b"550 no\r\n", b"503 first MAIL\r\n", b"221 bye\r\n") as peer:
        run = to_peer(peer, lines="EHLO x\nMAIL FROM:<a@example.org>\nRCPT TO:<b@example.net>\n")
    assert run.returncode == CODES["MAIL"]


def test_a_name_that_is_typed_is_no_secret_and_the_password_is() -> None:
    name, secret = (b64encode(text.encode()).decode() for text in (ALICE, PASSWORD))
    asks = (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n")
    welcome = f"235 {ALICE} is {PASSWORD}\r\n".encode()
    with ListeningPeer(GREETING, OK, *asks, welcome, b"221 bye\r\n") as peer:
        run = to_peer(peer, lines=f"EHLO x\nAUTH LOGIN\n{name}\n{secret}\n")
    assert f"235 {ALICE} is ********" in run.stdout


def test_mailboxes_of_a_walk_may_have_their_angle_brackets() -> None:
    with ListeningPeer(GREETING, OK, OK, OK, OK, b"221 bye\r\n") as peer:
        to_peer(peer, "--until", "RCPT", "--from", f"<{ALICE}>", "--to", f"<{BOB}>")
    assert peer.commands[1:3] == [
        f"MAIL FROM:<{ALICE}>\r\n".encode(),
        f"RCPT TO:<{BOB}>\r\n".encode(),
    ]


def test_a_connection_that_breaks_in_a_chunk_fails_in_the_content(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_text("x\n")
    with ListeningPeer(GREETING, Cut.AFTER_HEARING) as peer:
        run = to_peer(peer, lines=f"/chunk {tmp_path / 'mail.eml'}\n")
    assert run.returncode == CODES["content"]


def test_the_source_address_is_the_one_that_was_asked_for() -> None:
    with ListeningPeer(GREETING, b"221 bye\r\n") as peer:
        run = to_peer(peer, "--source", "127.0.0.5")
    assert run.returncode == 0 and peer.came_from == "127.0.0.5"


def test_a_source_that_this_machine_does_not_have_is_no_connection() -> None:
    with ListeningPeer(GREETING) as peer:
        run = to_peer(peer, "--source", "192.0.2.1")
    assert run.returncode == 3 and "has no address to connect from" in run.stdout


@pytest.mark.parametrize(
    ("option", "address", "code"),
    [("-4", "127.0.0.1", 0), ("-6", "::1", 0), ("-6", "127.0.0.1", 3), ("-4", "::1", 3)],
)
def test_one_version_of_ip_is_used_only(option: str, address: str, code: int) -> None:
    with ListeningPeer(GREETING, b"221 bye\r\n", address=address) as peer:
        host = f"[{address}]" if ":" in address else address
        run = talk(f"{host}:{peer.port}", option)
    assert run.returncode == code, run.stdout
    assert peer.came_from == ("" if code else address)


def test_the_two_versions_of_ip_exclude_each_other() -> None:
    assert "not allowed with argument" in talk("127.0.0.1", "-4", "-6").stderr


def test_a_port_may_stand_behind_the_host_as_for_telnet() -> None:
    run = talk("sandbox", "25", "--until", "greeting")
    assert run.returncode == 0 and "mx.example.net : 25" in run.stdout


def test_what_python_would_do_about_a_silent_server_is_said_as_an_option() -> None:
    with ListeningPeer(b"") as peer:
        run = to_peer(peer, "--until", "EHLO", "--timeout", "0.3")
    told = " ".join(run.stdout.split())
    assert "connect again with --tls implicit" in told and "Settings" not in told


def test_a_port_where_nobody_listens_is_no_connection() -> None:
    with socket.socket() as bound:  # and not listening, so that nobody else has the port
        bound.bind(("127.0.0.1", 0))
        run = talk(f"127.0.0.1:{bound.getsockname()[1]}")
    assert (run.returncode, run.stderr) == (3, "")
    assert "!! No connection: 127.0.0.1 port" in run.stdout


USAGE = {
    "no host": ([], "name one HOST"),
    "two hosts": (["localhost", "--mx", "mail.lan"], "name one HOST"),
    "a reserved name": (["smtp.example.org"], "reserved name.*add --world"),
    "a real server": (["mail.lan:25"], "add --real"),
    "a real domain": (["--mx", "mail.lan"], "add --real"),
    "a port that is none": (["localhost:99999"], "99999 is no port"),
    "no such port in the sandbox": (["sandbox:2525"], "there are sandbox:587, sandbox:465"),
    "consent for the sandbox": (["sandbox", "--real"], "exclude each other"),
    "a CA file that is none": (["localhost", "--ca", "no-such-file"], "cannot be read as a PEM"),
    "a script that is none": (["localhost", "--script", "no-such-file"], "cannot be read"),
    "MAIL without its reverse-path": (["localhost", "--until", "MAIL"], "wants --from"),
    "RCPT without a recipient": (["localhost", "--from", ""], "wants --to"),
    "AUTH as nobody": (["localhost", "--until", "AUTH"], "wants --auth-user"),
    "content without any": (
        ["localhost", "--from", "", "--to", BOB, "--until", "content"], "wants --data",
    ),
    "a line end in a mailbox": (["localhost", "--from", "a\r\nDATA", "--to", BOB], "line early"),
    "no phase": (["localhost", "--until", "xyzzy"], "is no phase"),
    "a port twice": (["localhost:25", "587"], "has a port, and 587 is a second one"),
    "a word for a port": (["localhost", "smtp"], "'smtp' is no port"),
    "a time that is none": (["localhost", "--timeout", "nan"], "no number of seconds"),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGE)
def test_what_the_user_can_mend_is_said_before_anything_is_sent(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words, told = USAGE[case]
    try:
        code = cli.main(["talk", *words])
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert re.search(told, captured.err), captured.err


def test_the_phases_of_the_options_are_those_of_a_rehearsal() -> None:
    assert options.PHASES == rehearsal.PHASES == tuple(CODES)


# TLS.


def test_a_server_of_ones_own_is_trusted_by_its_ca_file(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(str(ca))
    script = (server_context("127.0.0.1"), GREETING, EHLO, b"221 bye\r\n")
    with ListeningPeer(*script) as peer:
        run = to_peer(peer, "--tls", "implicit", "--ca", str(ca), "--until", "EHLO")
    assert run.returncode == 0 and "certificate checked" in run.stdout


def test_a_check_that_was_switched_off_is_marked() -> None:
    script = (server_context(), GREETING, EHLO, b"221 bye\r\n")
    with ListeningPeer(*script) as peer:
        run = to_peer(peer, "--tls", "implicit", "--no-verify", lines="NOOP\n")
    assert run.returncode == 0 and "certificate NOT checked" in run.stdout
    assert "NOT checked: anybody could have shown it" in run.stdout


def test_without_tls_nothing_is_said_that_was_meant_for_tls() -> None:
    with ListeningPeer(GREETING, EHLO, b"502 no\r\n", b"221 bye\r\n") as peer:
        run = to_peer(peer, "--tls", "starttls", lines="MAIL FROM:<alice@example.org>\n")
    assert run.returncode == CODES["STARTTLS"]
    assert not [line for line in peer.commands if line.startswith(b"MAIL")]


# JSON.


def test_json_is_one_event_a_line_in_the_schema_that_the_help_gives() -> None:
    run = talk(
        "sandbox:25", "--json", "--until", "RCPT", "--from", ALICE, "--to", "eve@example.com"
    )
    objects = [json.loads(line) for line in run.stdout.splitlines()]
    assert [one["event"] for one in objects][-3:] == ["told", "explanation", "end"]
    assert {one["schema"] for one in objects} == {1}
    documented = set(re.findall(r"[a-z_0-9-]+", options.EPILOG))
    details = {"source", "host", "port", "protocol", "verified", "state", "why"}  # of an event
    assert {name for one in objects for name in one} <= documented | details
    refused = next(one for one in objects if one["event"] == "explanation")
    assert (refused["code"], refused["enhanced"], refused["state"]) == (550, "5.7.1", "MAIL")
    assert objects[-1] == {"schema": 1, "event": "end", "exit_code": 15, "phase": "RCPT"}


# Secrets.


TYPED = b64encode(f"\0alice\0{PASSWORD}".encode()).decode()
PLAIN_ECHO = (GREETING, b"250-x\r\n250 AUTH PLAIN LOGIN\r\n", b"535 you said looking-glass\r\n")
SECRETS = {
    "by short form": "/hello\n/auth alice\n",
    "by hand": f"EHLO x\nAUTH PLAIN {TYPED}\n",
    "in small letters": f"EHLO x\nauth  plain  {TYPED}\n",
}


@pytest.mark.parametrize("options_", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("case", SECRETS)
def test_a_password_is_in_no_output_also_if_the_server_says_it_again(
    case: str, options_: tuple[str, ...]
) -> None:
    with ListeningPeer(*PLAIN_ECHO, b"250 looking-glass\r\n", b"221 bye\r\n") as peer:
        run = to_peer(peer, *options_, lines=f"{SECRETS[case]}NOOP\n", SMTPLAB_PASSWORD=PASSWORD)
    assert any(TYPED in line.decode() or b"AUTH PLAIN" in line for line in peer.commands)
    assert_hidden(run)


def test_a_response_that_is_typed_is_hidden_too() -> None:
    user, password = (b64encode(one.encode()).decode() for one in ("alice", PASSWORD))
    script = (GREETING, EHLO, b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"535 no\r\n")
    echo = f"250 {TYPED}\r\n".encode()
    with ListeningPeer(*script, echo, b"221 bye\r\n") as peer:
        run = to_peer(peer, lines=f"EHLO x\nAUTH LOGIN\n{user}\n{password}\nNOOP\n")
    assert password.encode() + b"\r\n" in peer.commands
    assert_hidden(run)


def test_an_error_that_quotes_the_server_hides_the_password_too() -> None:
    with ListeningPeer(GREETING, b"25x looking-glass\r\n") as peer:
        run = to_peer(peer, lines="NOOP\n", SMTPLAB_PASSWORD=PASSWORD)
    assert "The server broke the rules" in run.stdout
    assert_hidden(run)


@pytest.mark.parametrize("options_", [(), ("--json",)], ids=["text", "json"])
def test_a_password_that_is_a_word_of_ours_leaves_the_explanation_whole(
    options_: tuple[str, ...],
) -> None:
    """Stars in a text that everybody knows would tell the password."""
    script = (GREETING, b"250-x\r\n250 AUTH PLAIN\r\n", b"535 5.7.8 wrong\r\n", b"221 bye\r\n")
    walk = ("--until", "AUTH", "--auth-user", "alice", *options_)
    with ListeningPeer(*script) as peer:
        run = to_peer(peer, *walk, SMTPLAB_PASSWORD="wrong")
    assert "It does not say which part is wrong." in " ".join(run.stdout.split())
    assert "5.7.8 wrong" not in run.stdout  # what the server says stays hidden


def test_without_a_terminal_a_password_comes_from_the_environment_only() -> None:
    script = (GREETING, b"250-x\r\n250 AUTH PLAIN\r\n", b"221 bye\r\n")
    with ListeningPeer(*script) as peer:
        run = to_peer(peer, "--auth-user", "alice")
    assert run.returncode == CODES["AUTH"]
    assert "set the variable SMTPLAB_PASSWORD" in " ".join(run.stdout.split())


# Scripts.


def script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "check.smtp"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_script_that_meets_what_it_expects_ends_well(tmp_path: Path) -> None:
    name = script(
        tmp_path,
        "# an open relay?\nexpect 220\nEHLO x\nexpect 2yz pipelining\n\n"
        f"MAIL FROM:<{ALICE}>\nRCPT TO:<eve@example.com>\nexpect 550 5.7.1\n"
        f"RCPT TO:<{BOB}>\nDATA\nexpect 354\n"
        f"Subject: x\n\n# no comment\nexpect 250\n.\nexpect 250\n/inbox {BOB}\n",
    )
    run = talk("sandbox:25", "--script", name)
    assert run.returncode == 0, run.stdout
    assert "# no comment\nexpect 250\n" in run.stdout


DIFFERENCES = {
    "another code": ("EHLO x\nexpect 250\nMAIL FROM:<a@example.org>\nexpect 550\nNOOP\n", 4),
    "another text": ("EHLO x\nexpect 250 xyzzy\nNOOP\n", 2),
    "no expectation": ("expect\n", 1),
    "a code that is none": ("expect 999\n", 1),
    "content that may be commands": ("EHLO x\nDATA\nRCPT TO:<eve@example.com>\n.\n", 3),
    "more than a session": ("QUIT\nNOOP\n", 2),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_a_script_stops_at_the_first_difference_and_names_its_line(
    case: str, tmp_path: Path
) -> None:
    text, number = DIFFERENCES[case]
    name = script(tmp_path, text)
    run = talk("sandbox:25", "--script", name)
    assert run.returncode == 20, run.stdout
    joined = re.sub(r"\s+", " ", run.stdout)
    assert f"{name}, line {number}: " in joined
    assert "C: NOOP" not in run.stdout and "C: RCPT" not in run.stdout


def test_a_refusal_that_no_line_expected_is_the_exit_code_of_a_script(tmp_path: Path) -> None:
    run = talk("sandbox:25", "--script", script(tmp_path, "MAIL FROM:<a@example.org>\n"))
    assert run.returncode == CODES["MAIL"]
    run = talk(
        "sandbox:25", "--script", script(tmp_path, "MAIL FROM:<a@example.org>\nexpect 503\n")
    )
    assert run.returncode == 0


def test_a_script_whose_connection_breaks_names_the_line_and_the_phase(tmp_path: Path) -> None:
    with ListeningPeer(GREETING, OK, Cut.AFTER_HEARING) as peer:
        run = to_peer(peer, "--script", script(tmp_path, "EHLO x\nMAIL FROM:<>\nNOOP\n"))
    assert run.returncode == CODES["MAIL"]
    assert "line 2: " in re.sub(r"\s+", " ", run.stdout)


def test_output_that_nobody_reads_is_no_traceback() -> None:
    words = [sys.executable, "-m", "smtplab", "talk", "sandbox"]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(SMTPLAB_TRANSPORT="memory"), cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, told = process.communicate(b"NOOP\n" * 100, timeout=WITHIN)
    assert (process.returncode, told) == (0, b"")
