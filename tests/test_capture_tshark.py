"""Capture files of real sessions, and tshark as the judge that complains of nothing."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import pytest

from smtplab import Client, Sandbox, Settings
from smtplab.sandbox.little_internet import ADDRESSES
from smtplab.transcript import Kind
from tests.pcapng import blocks, packets
from tests.test_capture import MX, PASSWORD, new, say

MSA = "smtp.example.org"
ALICE, BOB = "alice@example.org", "bob@example.net"
CONTENT = b"From: alice@example.org\r\nTo: bob@example.net\r\nSubject: Tea\r\n\r\nAt five?\r\n"
LONG = CONTENT + b"One line of a longer message.\r\n" * 5000


def send(client: Client, content: bytes, *, auth: bool = True) -> None:
    client.ehlo()
    if auth:
        client.auth(ALICE, PASSWORD, "PLAIN")
    client.mail(ALICE)
    client.rcpt(BOB)
    client.data()
    assert client.content(content).code == 250


def converse(sandbox: Sandbox, context: ssl.SSLContext | None = None) -> None:
    """Port 25 in plaintext with a long message, then STARTTLS, then implicit TLS."""
    with sandbox.connect(MX, 25) as client:
        send(client, LONG, auth=False)
    settings = Settings(tls_context=context)
    with sandbox.connect(MSA, 587, settings=settings) as client:
        client.ehlo()
        client.starttls()
        send(client, CONTENT)
    with sandbox.connect(MSA, 465, settings=settings) as client:
        send(client, LONG)


@pytest.fixture(params=["memory", "tcp"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(request.param, key_log=tmp_path / "keys.log") as running:
        yield running


def test_memory_and_tcp_give_the_same_octets() -> None:
    joined = []
    for transport in ("memory", "tcp"):
        with Sandbox(transport) as sandbox:
            with sandbox.connect(MX, 25) as client:
                send(client, LONG, auth=False)
            found = packets(sandbox.to_pcapng())
        data = [(one.source, one.data) for one in found if one.data]
        joined.append(
            [(who, b"".join(o for _, o in run)) for who, run in groupby(data, lambda d: d[0])]
        )
    assert joined[0] == joined[1] and len(joined[0]) == 13


def test_the_same_session_gives_the_same_file() -> None:
    captures = []
    for _ in range(2):
        with Sandbox("memory") as sandbox:
            with sandbox.connect(MX, 25) as client:
                send(client, CONTENT, auth=False)
            captures.append(sandbox.to_pcapng())
            assert packets(client.transcript.to_pcapng(addresses=ADDRESSES)) == packets(captures[0])
    assert captures[0] == captures[1]


class Tshark:
    """Asks tshark about a capture; anything that it says on its own is a failure."""

    def __init__(self, program: str, file: Path) -> None:
        self._command = [
            program, "-r", str(file), "-N", "n",
            "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
        ]  # fmt: skip
        self._home = file.parent

    def ask(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._command, *arguments], capture_output=True, timeout=180, check=True,
            env={"HOME": str(self._home), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert b"malformed" not in done.stderr and b"damaged" not in done.stderr, done.stderr
        return done.stdout.decode()

    def complaints(self) -> str:
        """Frames with a wrong checksum, an oddity of TCP, a warning or an error.

        `smtp.decryption` undoes the base64 of AUTH; without it tshark warns that it does not.
        """
        return self.ask(
            "-o", "smtp.decryption:TRUE", "-Y",
            "tcp.analysis.flags or _ws.malformed or _ws.expert.severity >= 0x600000 "
            "or tcp.checksum.status != 1 or ip.checksum.status != 1",
        )  # fmt: skip

    def fields(self, condition: str, *names: str) -> list[list[str]]:
        wanted = [part for name in names for part in ("-e", name)]
        answer = self.ask("-Y", condition, "-T", "fields", *wanted)
        return [line.split("\t") for line in answer.splitlines()]

    def verbs(self, stream: int) -> list[str]:
        found = self.fields(f"smtp.req.command and tcp.stream == {stream}", "smtp.req.command")
        return [verb for (verb,) in found]


@pytest.fixture
def judge(tool: Callable[[str], str], tmp_path: Path) -> Callable[[bytes], Tshark]:
    program = tool("tshark")

    def read(capture: bytes) -> Tshark:
        file = tmp_path / "session.pcapng"
        file.write_bytes(capture)
        return Tshark(program, file)

    return read


MAIL = ["MAIL", "RCPT", "DATA", "QUIT"]


def test_tshark_reads_smtp_and_the_message_without_complaint(sandbox: Sandbox, judge) -> None:
    converse(sandbox)
    tshark = judge(sandbox.to_pcapng())
    assert tshark.complaints() == ""
    assert tshark.verbs(0) == ["EHLO", *MAIL]
    # The three of the learner, then those from server to server: each with its message.
    subjects = tshark.fields("imf", "tcp.stream", "imf.subject")
    assert subjects == [[str(stream), "Tea"] for stream in range(5)]
    assert tshark.fields("imf", "imf.from")[0] == [ALICE]
    ends = tshark.fields("tcp.flags.syn == 1 and tcp.flags.ack == 0", "ip.src_host", "ip.dst_host")
    laptop = "laptop.example.org"
    assert ends == [[laptop, MX], [laptop, MSA], [laptop, MSA], [MSA, MX], [MSA, MX]]
    addresses = tshark.fields("frame.number == 1", "ip.src", "ip.dst", "tcp.dstport")
    assert addresses == [["198.51.100.10", "203.0.113.25", "25"]]


def test_with_the_secrets_inside_tshark_reads_starttls_and_implicit_tls(sandbox, judge) -> None:
    converse(sandbox)
    tshark = judge(sandbox.to_pcapng(["c2", "c3"]))
    assert tshark.complaints() == ""
    assert tshark.verbs(0) == ["EHLO", "STAR", "EHLO", "AUTH", *MAIL]
    assert tshark.verbs(1) == ["EHLO", "AUTH", *MAIL]
    assert tshark.fields("imf and tls", "imf.subject") == [["Tea"], ["Tea"]]


def test_without_the_secrets_tshark_reads_no_further_than_starttls(sandbox: Sandbox, judge) -> None:
    converse(sandbox)
    tshark = judge(sandbox.transcript.to_pcapng(["c2", "c3"]))
    assert tshark.complaints() == ""
    assert tshark.verbs(0) == ["EHLO", "STAR"] and tshark.verbs(1) == []
    assert tshark.fields("imf", "imf.subject") == []
    assert len(tshark.fields("tls.handshake.type == 1", "frame.number")) == 2


def test_tshark_reads_tls_1_2_too(sandbox: Sandbox, judge) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    converse(sandbox, context)
    tshark = judge(sandbox.to_pcapng(["c2", "c3"]))
    assert tshark.complaints() == ""
    assert tshark.verbs(0)[-4:] == tshark.verbs(1)[-4:] == MAIL


def test_what_the_client_recorded_is_a_capture_too(sandbox: Sandbox, judge, tmp_path) -> None:
    with sandbox.connect(MSA, 465) as client:
        send(client, CONTENT)
    keys = (tmp_path / "keys.log").read_text()
    tshark = judge(client.transcript.to_pcapng(addresses=ADDRESSES, key_log=keys))
    assert tshark.complaints() == ""
    assert tshark.verbs(0) == ["EHLO", "AUTH", *MAIL]


def test_the_judge_would_complain(judge) -> None:
    """Without this, a tshark that says nothing would prove nothing."""
    transcript, recorder = new()
    say(recorder, Kind.GREETING, b"220 mx\r\n")
    say(recorder, Kind.COMMAND, b"NOOP\r\n")
    whole = transcript.to_pcapng()
    assert judge(whole).complaints() == ""
    assert judge(whole.replace(b"NOOP", b"NOPE")).complaints() != "", "checksum"
    *_, (kind, greeting), _ = blocks(whole)
    start = whole.index(greeting) - 8
    assert judge(whole[:start] + whole[start + len(greeting) + 12 :]).complaints() != "", "lost"
