"""AUTHENTICATE PLAIN in IMAP: imaplib and curl sign in by it, and garbage is refused."""

from base64 import b64encode
from collections.abc import Iterator

import pytest

from smtplab import Sandbox
from tests.readers import BOB, IMAP, PASSWORD, Lines, curl, put
from tests.tools import tool

RIGHT = b64encode(f"\0{BOB}\0{PASSWORD}".encode())
SIGNED_IN = b"a OK [CAPABILITY IMAP4rev1] Signed in\r\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("memory") as running:
        yield running


def test_imaplib_signs_in_by_plain(sandbox: Sandbox) -> None:
    with sandbox.imaplib(IMAP, 993) as imap:
        assert {"AUTH=PLAIN", "SASL-IR"} <= set(imap.capabilities)
        answer = f"\0{BOB}\0{PASSWORD}".encode()
        assert imap.authenticate("PLAIN", lambda challenge: answer)[0] == "OK"
        assert imap.select("INBOX", readonly=True)[0] == "OK"


@pytest.mark.parametrize("options", [(), ("--sasl-ir",), ("--login-options", "AUTH=PLAIN")])
def test_curl_reads_over_143_with_starttls(options: tuple[str, ...]) -> None:
    """It remembers LOGINDISABLED from before STARTTLS, and LOGIN is then closed to it."""
    with Sandbox("tcp") as world:
        put(world, b"Subject: Tea\r\n\r\nAt five?\r\n")
        done = curl(world, tool, f"imap://{IMAP}/INBOX;MAILINDEX=1", *options)
        assert done.stdout == b"Subject: Tea\r\n\r\nAt five?\r\n", done.stderr
        refused = curl(world, tool, f"imap://{IMAP}/", *options, user="carol@example.org")
        assert refused.returncode == 67  # CURLE_LOGIN_DENIED


def test_the_response_comes_with_the_command_or_after_it(sandbox: Sandbox) -> None:
    with Lines(sandbox, IMAP, 993) as lines:
        assert lines.ask(b"a authenticate plain " + RIGHT) == SIGNED_IN
        assert lines.ask(b"b AUTHENTICATE PLAIN").startswith(b"b BAD AUTHENTICATE does not fit")
    with Lines(sandbox, IMAP, 993) as lines:
        assert lines.ask(b"a AUTHENTICATE PLAIN") == b"+ \r\n"
        assert lines.ask(RIGHT) == SIGNED_IN
    text = sandbox.transcript.to_text()
    assert RIGHT.decode() not in text and RIGHT.decode() in sandbox.transcript.to_text(secrets=True)


REFUSED = {
    "cancelled": (b"*", b"a NO The exchange was cancelled"),
    "no base64": (b"!", b"a BAD AUTHENTICATE PLAIN wants"),
    "nothing": (b"", b"a BAD AUTHENTICATE PLAIN wants"),
    "an equals sign": (b"=", b"a BAD AUTHENTICATE PLAIN wants"),
    "two words": (b64encode(b"a\0b"), b"a BAD AUTHENTICATE PLAIN wants"),
    "more behind it": (RIGHT + b" x", b"a BAD AUTHENTICATE PLAIN wants"),
    "a wrong password": (b64encode(b"\0" + BOB.encode() + b"\0x"), b"a NO [AUTHENTICATIONFAILED]"),
    "for another": (b64encode(b"carol\0bob@example.net\0blue-print"), b"a NO [AUTHENTICATIONFAIL"),
    "too long": (b"A" * 9000, b"a BAD The command line is longer"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_response_that_does_not_sign_in_has_one_reply(sandbox: Sandbox, case: str) -> None:
    response, expected = REFUSED[case]
    with Lines(sandbox, IMAP, 993) as lines:
        assert lines.ask(b"a AUTHENTICATE PLAIN") == b"+ \r\n"
        assert lines.ask(response).startswith(expected)
        assert lines.ask(b"b NOOP").startswith(b"b OK")
        if case != "nothing":
            assert lines.ask(b"a AUTHENTICATE PLAIN " + response).startswith(expected)
        assert lines.ask(b"a AUTHENTICATE PLAIN " + RIGHT) == SIGNED_IN
    assert not sandbox.errors


def test_another_mechanism_is_no_and_none_is_bad(sandbox: Sandbox) -> None:
    with Lines(sandbox, IMAP, 993) as lines:
        assert lines.ask(b"a AUTHENTICATE SCRAM-SHA-256") == (
            b"a NO [CANNOT] PLAIN is the one mechanism here\r\n"
        )
        assert lines.ask(b"a AUTHENTICATE").startswith(b"a BAD ")
        assert lines.ask(b"a AUTHENTICATE PLAIN\tx").startswith(b"a BAD ")


def test_before_starttls_it_is_refused_and_no_response_is_asked_for(sandbox: Sandbox) -> None:
    with Lines(sandbox, IMAP, 143) as lines:
        assert b"AUTH=PLAIN" not in lines.greeting
        for command in (b"a AUTHENTICATE PLAIN", b"a AUTHENTICATE PLAIN " + RIGHT):
            assert lines.ask(command).startswith(b"a NO [PRIVACYREQUIRED]")


def test_the_third_wrong_password_ends_the_connection(sandbox: Sandbox) -> None:
    wrong = b"a AUTHENTICATE PLAIN " + REFUSED["a wrong password"][0]
    with Lines(sandbox, IMAP, 993) as lines:
        for _ in range(3):
            assert lines.ask(wrong).startswith(b"a NO [AUTHENTICATIONFAILED]")
        assert lines.line().startswith(b"* BYE")
        assert lines.line() == b""
