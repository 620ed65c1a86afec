"""Programs of others against our sandbox, and our client against servers of others."""

import json
import os
import signal
import ssl
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smtplab import Client, RemoteProtocolError, Sandbox, Settings, State
from tests.free_ports import free_port, is_listening
from tests.life_cycle import ALICE, BOB, PASSWORD
from tests.outside_clients import CLIENTS, LOOPBACK, Order, Outcome
from tests.peers import authority, trusting
from tests.tools import node_module, tool
from tests.watch import wait_until

CONTENT = (
    b"From: alice@example.org\r\nTo: bob@example.net\r\nSubject: =?utf-8?b?w5/wn5iA?=\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\n"
    b".one dot\r\n..two dots\r\n.\r\n\r\n \ttrailing blanks \t\r\n"
    + "Grüße 😀\r\n".encode()
    + b"x" * 990
    + b"\r\n\r\n\r\nFrom the end\r\n"
)

Program = Callable[[Order], Outcome]
programs = pytest.mark.parametrize("program", CLIENTS, ids=lambda program: program.__name__)
submission = pytest.mark.parametrize("port", [587, 465])


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running


def order(sandbox: Sandbox, port: int, **changes: object) -> Order:
    """Alice's mail to Bob through one port, with what is to be different."""
    listener, bound = next(door for door in sandbox.bound_ports.items() if door[0].port == port)
    told = {
        "host": listener.host,
        "port": bound,
        "tls": listener.tls,
        "ca_file": sandbox.ca_file,
        "content": CONTENT,
        "forward_path": BOB,
        "username": ALICE,
        "password": PASSWORD,
    }
    return Order(**{**told, **changes})  # type: ignore[arg-type]


@programs
@submission
def test_each_program_delivers_exactly_what_it_was_given(
    sandbox: Sandbox, program: Program, port: int
) -> None:
    before = len(sandbox.inbox(BOB))
    outcome = program(order(sandbox, port))
    assert outcome.sent, outcome.told
    stored = sandbox.inbox(BOB)
    assert len(stored) == before + 1
    front, _, rest = stored[-1].content.partition(CONTENT)
    assert front.endswith(b"\r\n") and not rest and stored[-1].content.endswith(CONTENT)
    verdict = stored[-1].verdict
    assert verdict is not None and verdict.checks is not None
    assert verdict.checks.dmarc.aligned == ("spf example.org", "dkim example.org")
    assert stored[-1].envelope.reverse_path == ALICE
    assert not sandbox.errors


@programs
@submission
def test_without_auth_each_program_is_told_530(
    sandbox: Sandbox, program: Program, port: int
) -> None:
    outcome = program(order(sandbox, port, username="", password=""))
    assert not outcome.sent and "530 5.7.0 " in outcome.told


@programs
@submission
def test_with_a_wrong_password_each_program_is_told_535(
    sandbox: Sandbox, program: Program, port: int
) -> None:
    outcome = program(order(sandbox, port, password="wrong"))
    assert not outcome.sent and "535 5.7.8 " in outcome.told


@programs
def test_relaying_through_the_exchange_is_told_550(sandbox: Sandbox, program: Program) -> None:
    wrong = {"username": "", "password": "", "forward_path": "somebody@example.com"}
    outcome = program(order(sandbox, 25, tls="none", **wrong))
    assert not outcome.sent and "550 5.7.1 " in outcome.told


@programs
@submission
def test_each_program_checks_the_certificate(sandbox: Sandbox, program: Program, port: int) -> None:
    """A program that took any certificate would make the tests above prove less."""
    before = len(sandbox.inbox(BOB))
    with Sandbox("memory") as stranger:
        outcome = program(order(sandbox, port, ca_file=stranger.ca_file))
    assert not outcome.sent
    assert len(sandbox.inbox(BOB)) == before


# Our client against servers of others.


@contextmanager
def running(words: list[str], **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A server for the time of the block; ended by its process id."""
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)


def test_our_client_delivers_to_smtp_sink(tmp_path: Path) -> None:
    port = free_port()
    words = [tool("smtp-sink"), "-d", str(tmp_path / "mail."), f"{LOOPBACK}:{port}", "10"]
    if os.name == "posix" and os.getuid() == 0:
        words[1:1] = ["-u", "root"]  # it asks to be told
    with running(words):
        wait_until(lambda: is_listening(port))
        with Client.connect(LOOPBACK, port) as client:
            assert client.greeting.code == 220
            assert client.ehlo().code == 250
            assert client.extensions is not None and "PIPELINING" in client.extensions
            for _ in range(2):
                assert client.mail(ALICE).code == 250
                assert client.rcpt(BOB).code == 250
                assert client.data().code == 354
                assert client.content(CONTENT).code == 250
            assert client.noop().code == 250 and client.rset().code == 250
            assert client.quit().code == 221
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        dumps = [path.read_bytes() for path in tmp_path.iterdir()]
    assert len(dumps) == 2
    for dump in dumps:
        assert dump.endswith(CONTENT.replace(b"\r\n", b"\n") + b"\n"), dump[-200:]


_SMTP_SERVER = """
const { SMTPServer } = require("smtp-server");
const say = (told) => console.log(JSON.stringify(told));
const options = JSON.parse(process.env.OPTIONS);
const server = new SMTPServer({
  ...options, name: "mail.example.com", disableReverseLookup: true,
  key: require("fs").readFileSync(process.env.KEY),
  cert: require("fs").readFileSync(process.env.KEY),
  onAuth(auth, session, done) {
    const secret = "looking-glass";
    const right = auth.validatePassword ? auth.validatePassword(secret)
      : (auth.password || auth.accessToken) === secret;
    const known = auth.username === "alice@example.org" && right;
    done(known ? null : new Error("Wrong"), known && { user: auth.username });
  },
  onData(stream, session, done) {
    const pieces = [];
    stream.on("data", (piece) => pieces.push(piece));
    stream.on("end", () => {
      const content = Buffer.concat(pieces).toString("base64");
      say({ content, envelope: session.envelope, secure: session.secure, user: session.user });
      done();
    });
  },
});
server.on("error", (error) => {});
server.listen(0, "127.0.0.1", () => say(server.server.address()));
process.on("SIGTERM", () => process.exit(0));
"""


@contextmanager
def smtp_server(folder: Path, **options: object) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """npm's smtp-server with a certificate for 127.0.0.1; its port, and the process."""
    key = folder / "key.pem"
    authority().issue_cert(LOOPBACK).private_key_and_cert_chain_pem.write_to_path(str(key))
    variables = {"NODE_PATH": node_module("smtp-server"), "KEY": str(key)}
    words = [tool("node"), "-e", _SMTP_SERVER]
    with running(words, **variables, OPTIONS=json.dumps(options)) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["port"], process


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "implicit TLS"])
def test_our_client_delivers_to_smtp_server(tmp_path: Path, mechanism: str, implicit: bool) -> None:
    settings = Settings(tls_context=trusting(), implicit_tls=implicit, timeout=60)
    with smtp_server(tmp_path, secure=implicit) as (port, process):
        with Client.connect(LOOPBACK, port, settings=settings) as client:
            client.ehlo()
            if not implicit:
                assert client.starttls().code == 220
                client.ehlo()
            assert client.session.tls
            assert client.auth(ALICE, "wrong", mechanism).code == 535
            assert client.mail(ALICE).code == 530
            assert client.auth(ALICE, PASSWORD, mechanism).code == 235
            assert client.mail(ALICE, {"SIZE": len(CONTENT)}).code == 250
            assert client.rcpt(BOB).code == 250
            assert client.rcpt("not a path").code // 100 == 5
            assert client.data().code == 354
            assert client.content(CONTENT).code == 250
            assert client.quit().code == 221
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
    assert b64decode(told["content"]) == CONTENT
    assert told["envelope"]["mailFrom"]["address"] == ALICE
    assert [path["address"] for path in told["envelope"]["rcptTo"]] == [BOB]
    assert told["secure"] and told["user"] == ALICE


def test_our_client_refuses_a_server_that_it_does_not_trust(tmp_path: Path) -> None:
    with smtp_server(tmp_path) as (port, _), Client.connect(LOOPBACK, port) as client:
        client.ehlo()
        with pytest.raises(RemoteProtocolError, match="authority that is not trusted here"):
            client.starttls()


def check_too_old(error: RemoteProtocolError) -> None:
    said = str(error)
    assert "share no TLS version" in said and "the server needs newer software" in said
    assert "\n" not in said and said.count(". ") == 0  # one sentence


def test_a_server_that_speaks_only_tls_1_1_is_named_with_the_remedy(tmp_path: Path) -> None:
    """npm's smtp-server with Node's TLS, held to what was usual before 2008."""
    old = {"minVersion": "TLSv1", "maxVersion": "TLSv1.1", "ciphers": "DEFAULT@SECLEVEL=0"}
    settings = Settings(tls_context=trusting(), timeout=60)
    with smtp_server(tmp_path, **old) as (port, _):
        with Client.connect(LOOPBACK, port, settings=settings) as client:
            client.ehlo()
            with pytest.raises(RemoteProtocolError) as caught:
                client.starttls()
            check_too_old(caught.value)
            assert client.state is State.CLOSED
        lenient = trusting()
        lenient.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        lenient.set_ciphers("DEFAULT@SECLEVEL=0")
        settings = Settings(tls_context=lenient, timeout=60)
        with Client.connect(LOOPBACK, port, settings=settings) as client:
            client.ehlo()
            assert client.starttls().code == 220
            assert client.tls_report is not None and client.tls_report.protocol == "TLS 1.1"


@pytest.mark.parametrize("option", ["-tls1", "-tls1_1"])
def test_an_openssl_of_old_versions_only_is_named_with_the_remedy(
    tmp_path: Path, option: str
) -> None:
    key, port = tmp_path / "key.pem", free_port()
    authority().issue_cert(LOOPBACK).private_key_and_cert_chain_pem.write_to_path(str(key))
    words = [tool("openssl"), "s_server", option, "-cipher", "DEFAULT@SECLEVEL=0", "-quiet"]
    settings = Settings(tls_context=trusting(), implicit_tls=True, timeout=60)
    with running([*words, "-accept", f"{LOOPBACK}:{port}", "-cert", str(key), "-key", str(key)]):
        wait_until(lambda: is_listening(port))
        with pytest.raises(RemoteProtocolError) as caught:
            Client.connect(LOOPBACK, port, settings=settings)
    check_too_old(caught.value)
