"""A session as commands of other tools: each is run for real, and the servers' records compared."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtplab import Client, Sandbox, Settings, Transcript
from smtplab.cli import main
from smtplab.transcript import Kind
from smtplab.transcript.events import Event
from smtplab.translating import TOOLS, Place, Translation, as_curl, as_openssl, as_smtplib, as_swaks
from smtplab.translating.quoting import quoted, writing
from tests.life_cycle import ALICE, BOB, PASSWORD
from tests.peers import Peer
from tests.tools import tool

CONTENT = (
    b"From: alice@example.org\r\nSubject: it's $HOME \xe2\x98\x95 `id`\r\n\r\n"
    b'.one dot\r\n..two\r\n%FROM_ADDRESS% \\n "quoted" \\\\ $(id)\r\n.\r\nend\r\n'
)
BINARY = b"Subject: x\r\n\r\n" + bytes(range(1, 10)) + b"\xff\t\r\n"  # no line for a person
MSA, MX = "smtp.example.org", "mx.example.net"
tools = pytest.mark.parametrize("name", TOOLS)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("tcp") as running:
        yield running


def run(
    sandbox: Sandbox, translation: Translation, secret: str = PASSWORD
) -> tuple[list[Event], str]:
    """What the servers recorded while the translation ran, and what it printed."""
    variables = {"SMTPLAB_PASSWORD": secret, "SMTPLAB_USER": ALICE, "LC_ALL": "C.UTF-8"}
    quiet = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    shell = [tool("bash"), "-c", translation.text]
    words = [sys.executable, "-c", translation.text] if translation.tool == "smtplib" else shell
    _, before = sandbox.transcript.events_since(0)
    done = subprocess.run(
        words,
        capture_output=True,
        timeout=180,
        env={**quiet, **variables},
        stdin=subprocess.DEVNULL,
    )
    sandbox.settle()
    fresh, _ = sandbox.transcript.events_since(before)
    outside = [event for event in fresh if event.connection.startswith("x")]
    return outside, (done.stdout + done.stderr).decode("utf-8", "replace")


def said(events: list[Event], *kinds: Kind) -> list[bytes]:
    """What the server heard; smtplib writes its verbs small, and that means the same."""
    wanted = kinds or (Kind.COMMAND, Kind.RESPONSE, Kind.MAIL_DATA)
    heard = [event for event in events if event.end == "server" and event.kind in wanted]
    return [
        e.octets[:4].upper() + e.octets[4:] if e.kind is Kind.COMMAND else e.octets for e in heard
    ]


def envelope(events: list[Event]) -> list[bytes]:
    """MAIL and RCPT without parameters, and the verb that hands over the content."""
    lines = said(events, Kind.COMMAND)
    kept = (b"MAIL", b"RCPT", b"DATA", b"BDAT")
    return [line.split(b">")[0] for line in lines if line[:4] in kept]


def signed_in(events: list[Event]) -> bool:
    return any(e.kind is Kind.REPLY and e.octets.startswith(b"235") for e in events)


def place(sandbox: Sandbox, client: Client) -> Place:
    return Place.in_sandbox(sandbox, client.host, client.port)


def a_session(sandbox: Sandbox, port: int, content: bytes = CONTENT) -> Client:
    client = sandbox.connect(MX if port == 25 else MSA, port)
    client.ehlo()
    if port == 587:
        client.starttls()
        client.ehlo()
    if port != 25:
        assert client.auth(ALICE, PASSWORD, "PLAIN").code == 235
    client.mail(ALICE)
    assert client.rcpt(BOB).code == 250
    client.data()
    assert client.content(content).code == 250
    client.quit()
    return client


# openssl speaks TLS only; another test shows what it says without.
DOORS = [
    (name, port) for name in TOOLS for port in (587, 465, 25) if (name, port) != ("openssl", 25)
]


@pytest.mark.parametrize("content", [CONTENT, BINARY, b"", b"."], ids=["text", "octets", "", "."])
@pytest.mark.parametrize(("name", "port"), DOORS)
def test_the_same_envelope_content_tls_and_sign_in_arrive(
    sandbox: Sandbox, name: str, content: bytes, port: int
) -> None:
    client = a_session(sandbox, port, content)
    translation = TOOLS[name](client, place=place(sandbox, client))
    assert PASSWORD not in translation.text
    events, told = run(sandbox, translation)
    ours = [e for e in sandbox.transcript.events if e.connection == client.connection]
    assert envelope(events) == envelope(ours), told
    if (name, content) == ("swaks", b""):
        assert "an empty line goes before it" in translation.text
    else:
        assert said(events, Kind.MAIL_DATA) == said(ours, Kind.MAIL_DATA)
    began = [e.tls for e in events if e.octets[:4].upper() == b"MAIL"]
    assert began == [port != 25] and signed_in(events) == (port != 25)
    assert not sandbox.errors


@tools
def test_a_session_step_by_step_is_said_line_by_line_where_the_tool_can(
    sandbox: Sandbox, name: str
) -> None:
    """What cannot be said stands in a comment: nothing is left out in silence."""
    with sandbox.connect(MSA, 465) as client:
        client.ehlo("client.example")
        client.noop("hello there")
        client.auth(ALICE, PASSWORD, "LOGIN")
        client.vrfy("alice")
        client.mail(ALICE, {"RET": "HDRS", "ENVID": "QQ314159"})
        client.rset()
        client.mail(ALICE, {"BODY": "BINARYMIME"})
        client.rcpt(BOB, {"NOTIFY": "SUCCESS,FAILURE"})
        client.bdat(b"Subject: chunks\r\n\r\n\0", last=False)
        client.bdat(b"two\r\n", last=True)
    translation = TOOLS[name](client, place=place(sandbox, client))
    events, told = run(sandbox, translation)
    if name in ("openssl", "smtplib"):
        ours = [e for e in sandbox.transcript.events if e.connection == client.connection]
        assert said(events) == said(ours), told
        return
    remarks = " ".join(translation.remarks)
    for word in ("NOTIFY", "BODY", "BDAT", "RSET"):
        assert word in remarks, (word, translation.text)
    assert ("cannot say: NOOP hello there" in remarks) == (name == "swaks")
    assert said(events, Kind.COMMAND).count(b"NOOP hello there\r\n") == (name == "curl")


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"])
@tools
def test_it_signs_in_by_the_mechanism_or_says_which_stands_for_it(
    sandbox: Sandbox, name: str, mechanism: str
) -> None:
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        assert client.auth(ALICE, PASSWORD, mechanism).code == 235
        client.mail(ALICE)
        client.rcpt(BOB)
    translation = TOOLS[name](client, place=place(sandbox, client))
    events, told = run(sandbox, translation)
    used = [line.split()[1].decode() for line in said(events) if line[:4] == b"AUTH"]
    assert used and signed_in(events), told
    if used[-1] != mechanism:
        assert f"{used[-1]} stands for it" in " ".join(translation.remarks)
    if name == "curl":
        assert "curl cannot stop before the content" in " ".join(translation.remarks)
        assert not envelope(events)
    else:
        assert envelope(events) == [b"MAIL FROM:<alice@example.org", b"RCPT TO:<bob@example.net"]


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize("name", ["curl", "openssl", "smtplib"])
def test_a_token_is_asked_for_like_a_password(sandbox: Sandbox, name: str, mechanism: str) -> None:
    token = sandbox.issue_token(ALICE)
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        assert client.auth(ALICE, mechanism=mechanism, token=token).code == 235
    translation = TOOLS[name](client, place=place(sandbox, client))
    assert token not in translation.text and ALICE in translation.text
    events, told = run(sandbox, translation, token)
    assert signed_in(events), told


def test_swaks_knows_no_token_and_says_so(sandbox: Sandbox) -> None:
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        client.auth(ALICE, mechanism="XOAUTH2", token=sandbox.issue_token(ALICE))
    assert "swaks cannot sign in by XOAUTH2." in as_swaks(client).remarks


@pytest.mark.parametrize("name", ["swaks", "curl", "smtplib", "openssl"])
def test_a_refused_sign_in_is_refused_again(sandbox: Sandbox, name: str) -> None:
    with sandbox.connect(MSA, 465) as client:
        client.ehlo()
        assert client.auth(ALICE, "wrong horse", "PLAIN").code == 535
        client.noop()
    translation = TOOLS[name](client, place=place(sandbox, client))
    # What stood in the place of the name may have been a password, so it is not shown.
    assert ALICE not in translation.text and "SMTPLAB_USER" in translation.text
    events, told = run(sandbox, translation, "wrong horse")
    assert any(e.octets.startswith(b"535 5.7.8 ") for e in events), told


def test_several_mail_transactions_are_several_commands(sandbox: Sandbox) -> None:
    with sandbox.connect(MX, 25) as client:
        client.helo()
        for number in (1, 2):
            client.mail("")
            client.rcpt(BOB)
            client.rcpt("nobody@example.net")
            client.data()
            client.content(b"Subject: %d\r\n\r\n" % number)
    ours = [e for e in sandbox.transcript.events if e.connection == client.connection]
    for name in ("swaks", "curl", "smtplib"):
        translation = TOOLS[name](client, place=place(sandbox, client))
        events, told = run(sandbox, translation)
        assert envelope(events) == envelope(ours), told
        assert len({e.connection for e in events}) == (1 if name == "smtplib" else 2)
        first = [line for line in said(events, Kind.COMMAND) if line[1:4] in (b"HLO", b"ELO")]
        assert first[0].startswith(b"EHLO" if name == "curl" else b"HELO")
    assert "curl says EHLO first, and HELO only where that is refused." in as_curl(client).remarks


def test_openssl_says_that_it_speaks_tls_only(sandbox: Sandbox) -> None:
    client = a_session(sandbox, 25)
    translation = as_openssl(client)
    assert "speaks TLS only" in translation.text and "MAIL FROM" in translation.text
    assert all(line.startswith("#") for line in translation.text.splitlines())


def test_a_certificate_that_was_not_checked_is_not_checked_again(sandbox: Sandbox) -> None:
    import ssl

    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    client = sandbox.connect(MSA, 465, settings=Settings(tls_context=careless))
    client.ehlo()
    client.quit()
    address, port, _ = vars(place(sandbox, client)).values()
    for name in TOOLS:
        translation = TOOLS[name](client, place=Place(address, port))
        assert "not checked here" in " ".join(translation.remarks)
        events, told = run(sandbox, translation)
        assert any(line.startswith(b"EHLO") for line in said(events)), told


# Octets that want to be commands.

EVIL = [
    b"MAIL FROM:<$(touch pwned)@example.org>\r\n",
    b"MAIL FROM:<`touch pwned`@example.org>\r\n",
    b"MAIL FROM:<a@example.org>'; touch pwned; '\r\n",
    b"EHLO $(touch pwned)\0\r\n",
    b"EHLO -x';touch pwned;'\r\n",
    b"NOOP \x1b]0;title\x07\x1b[2J\r\n",
    b"NOOP $'\\n touch pwned\r\n",
    b"NOOP \xe2\x80\xae gpj.exe\r\n",
    b"NOOP a\nb\r\n",
    b"NOOP \0\xff\r\n",
    b"# NOOP\n touch pwned\r\n",
    b"RCPT TO:<-oProxy@example.org>\r\n",
    b"RCPT TO:<@/etc/passwd>\r\n",
]


def recorded(*lines: bytes, content: bytes = b"") -> Transcript:
    """A session that nobody held; only its record is there."""
    transcript = Transcript(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    recorder = transcript.recorder("c1", "client")
    where = {"source": "x", "host": "127.0.0.1", "port": 1}
    recorder.record(Kind.CONNECT, 0, detail=where)
    recorder.record(Kind.GREETING, 0, b"220 x\r\n")
    recorder.record(Kind.TLS, 0, detail={"protocol": "TLS 1.3", "verified": "yes"})
    for number, line in enumerate((b"EHLO x\r\n", *lines), 1):
        recorder.record(Kind.COMMAND, number, line)
        recorder.record(Kind.REPLY, number, b"250 x\r\n")
    if content:
        recorder.record(Kind.COMMAND, 50, b"DATA\r\n")
        recorder.record(Kind.REPLY, 50, b"354 x\r\n")
        recorder.record(Kind.MAIL_DATA, 51, content)
        recorder.record(Kind.REPLY, 51, b"250 x\r\n")
    return transcript


@pytest.mark.parametrize("line", EVIL, ids=ascii)
@tools
def test_no_octets_of_a_session_become_a_command(tmp_path: Path, name: str, line: bytes) -> None:
    """A transcript may come from anywhere, and its translation is pasted into a shell."""
    mail = (b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<b@example.net>\r\n")
    around = recorded(line, *mail, line, content=line + b"EOF\r\n.\r\n")
    text = TOOLS[name](around).text
    assert all(char.isprintable() or char == "\n" for char in text)
    if name == "smtplib":
        compile(text, "translation", "exec")
        return
    # The tools are nothing here: only the shell reads the words.
    quiet = "swaks() { :; }; curl() { :; }; openssl() { cat; }; say() { :; }; hear() { :; }\n"
    body = text.replace("\nsay() {", "\nnot_say() {").replace("\nhear() {", "\nnot_hear() {")
    done = subprocess.run(
        [tool("bash"), "-c", f"{quiet}{body}\necho the end"], cwd=tmp_path, capture_output=True,
        timeout=180, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.stdout.endswith(b"the end\n"), done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("host", ["-oProxy", "$(id)", "a b", "\0", "\ud800", "the server"])
@tools
def test_a_host_that_is_no_name_is_not_taken_for_one(name: str, host: str) -> None:
    """The place of a connection is what somebody wrote into a file, too."""
    told = json.dumps({"host": host})[1:-1]
    lines = recorded(b"NOOP\r\n").to_json().replace('"host": "127.0.0.1"', told)
    text = TOOLS[name](Transcript.from_json(lines)).text
    assert "which server it was is not told" in text and "HOST" in text
    words = [line for line in text.splitlines() if not line.startswith("#")]
    assert not any(host in line for line in words)


@given(st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_any_octets_come_out_of_the_shell_as_they_went_in(octets: bytes) -> None:
    script = writing(octets)
    if b"\0" not in octets:
        script += f"; printf %s {quoted(octets)}"
        octets += octets
    done = subprocess.run([tool("bash"), "-c", script], capture_output=True, check=True)
    assert done.stdout == octets


@tools
def test_a_known_secret_is_left_out_wherever_it_stands(name: str) -> None:
    transcript = recorded(
        b"NOOP swordfish\r\n", b"MAIL FROM:<swordfish@example.org>\r\n",
        b"RCPT TO:<b@example.net>\r\n", content=b"the word is swordfish\r\n.\r\n",
    )  # fmt: skip
    transcript.secrets.add("swordfish")
    text = TOOLS[name](transcript).text
    assert "swordfish" not in text and b64encode(b"swordfish").decode() not in text
    assert "********" in text


# What was not kept.


@tools
def test_a_content_that_was_not_kept_whole_comes_from_a_file(name: str) -> None:
    mail = (b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<b@example.net>\r\n")
    text = TOOLS[name](recorded(*mail, content=b"x" * 70_000 + b"\r\n.\r\n")).text
    assert "content.eml" in text and "70005 octets" in text


@tools
def test_a_connection_without_its_beginning_is_refused_by_name(name: str) -> None:
    transcript = Transcript(lambda: datetime(2026, 1, 1, tzinfo=UTC), max_events=2)
    with Peer(b"220 x\r\n", b"250 x\r\n", b"250 x\r\n") as peer:
        client = peer.connect(settings=Settings(transcript=transcript))
        client.ehlo()
        client.noop()
        with pytest.raises(ValueError, match="beginning of this connection is not kept"):
            TOOLS[name](client)
    with pytest.raises(ValueError, match="no connection 'c9'"):
        TOOLS[name](client, "c9")


def test_a_place_that_no_program_can_reach_is_an_error() -> None:
    with Sandbox("memory") as closed, pytest.raises(ValueError, match="smtplab serve"):
        Place.in_sandbox(closed, MSA, 587)


def test_a_reserved_host_without_a_place_gets_a_remark(sandbox: Sandbox) -> None:
    assert "is a host of the sandbox" in as_smtplib(a_session(sandbox, 25)).text


# Where a person meets it.


def test_a_notebook_shows_text_that_can_be_copied(sandbox: Sandbox) -> None:
    client = a_session(sandbox, 25, b"Subject: <script>&\r\n\r\n")
    translation = as_swaks(client)
    page = translation._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;&amp;" in page and "<pre" in page
    assert str(translation) == translation.text


def test_a_saved_transcript_is_translated_in_the_terminal(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The saved form holds no secret, so the name is asked for too."""
    client = a_session(sandbox, 465)
    saved = tmp_path / "talk.json"
    saved.write_text(client.transcript.to_json())
    assert main(["read", str(saved), "--as", "smtplib", "--connection", client.connection]) == 0
    told = capsys.readouterr().out
    assert "server.auth('PLAIN', server.auth_plain)" in told and "SMTPLAB_USER" in told
    assert main(["read", str(saved), "--as", "curl", "--connection", "c999"]) == 2
    assert "there are " in capsys.readouterr().err


def test_somebody_elses_dialogue_is_translated_too(capsys: pytest.CaptureFixture[str]) -> None:
    from smtplab import read_dialogue

    listing = "S: 220 x\nC: EHLO client.example\nS: 250 x\nC: MAIL FROM:<>\nS: 250 ok\nC: QUIT\n"
    text = as_swaks(read_dialogue(listing)).text
    assert "which server it was is not told" in text and "--from '<>'" in text
    assert "--quit-after MAIL" in text
