"""Commands: the exact octets, and no line that ends early."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab import commands
from smtplab.errors import LocalProtocolError

EXACT = {
    "EHLO": (commands.ehlo("laptop.example.org"), b"EHLO laptop.example.org\r\n"),
    "HELO": (commands.helo("[192.0.2.1]"), b"HELO [192.0.2.1]\r\n"),
    "STARTTLS": (commands.starttls(), b"STARTTLS\r\n"),
    "AUTH alone": (commands.auth("LOGIN"), b"AUTH LOGIN\r\n"),
    "AUTH with a response": (commands.auth("PLAIN", b"\0a\0b"), b"AUTH PLAIN AGEAYg==\r\n"),
    "AUTH with an empty response": (commands.auth("EXTERNAL", b""), b"AUTH EXTERNAL =\r\n"),
    "MAIL": (commands.mail("alice@example.org"), b"MAIL FROM:<alice@example.org>\r\n"),
    "MAIL, null reverse-path": (commands.mail(""), b"MAIL FROM:<>\r\n"),
    "MAIL with parameters": (
        commands.mail("alice@example.org", {"SIZE": 0, "BODY": "8BITMIME", "SMTPUTF8": None}),
        b"MAIL FROM:<alice@example.org> SIZE=0 BODY=8BITMIME SMTPUTF8\r\n",
    ),
    "RCPT in UTF-8": (commands.rcpt("bøb@example.net"), "RCPT TO:<bøb@example.net>\r\n".encode()),
    "RCPT with parameters": (
        commands.rcpt("bob@example.net", {"NOTIFY": "NEVER"}),
        b"RCPT TO:<bob@example.net> NOTIFY=NEVER\r\n",
    ),
    "RCPT, broken on purpose": (commands.rcpt("a b>c"), b"RCPT TO:<a b>c>\r\n"),
    "DATA": (commands.data(), b"DATA\r\n"),
    "BDAT": (commands.bdat(86, last=False), b"BDAT 86\r\n"),
    "BDAT LAST": (commands.bdat(0, last=True), b"BDAT 0 LAST\r\n"),
    "RSET": (commands.rset(), b"RSET\r\n"),
    "NOOP": (commands.noop(), b"NOOP\r\n"),
    "NOOP with text": (commands.noop("still here"), b"NOOP still here\r\n"),
    "VRFY": (commands.vrfy("bob"), b"VRFY bob\r\n"),
    "EXPN": (commands.expn("staff"), b"EXPN staff\r\n"),
    "HELP": (commands.help_(), b"HELP\r\n"),
    "HELP on a topic": (commands.help_("MAIL"), b"HELP MAIL\r\n"),
    "QUIT": (commands.quit_(), b"QUIT\r\n"),
}


@pytest.mark.parametrize(("octets", "expected"), EXACT.values(), ids=EXACT)
def test_a_command_is_exactly_these_octets(octets: bytes, expected: bytes) -> None:
    assert octets == expected


TAKES_TEXT: dict[str, Callable[[str], bytes]] = {
    "ehlo": commands.ehlo,
    "helo": commands.helo,
    "auth mechanism": commands.auth,
    "mail": commands.mail,
    "mail keyword": lambda text: commands.mail("alice@example.org", {text: None}),
    "mail value": lambda text: commands.mail("alice@example.org", {"ENVID": text}),
    "rcpt": commands.rcpt,
    "rcpt keyword": lambda text: commands.rcpt("bob@example.net", {text: "x"}),
    "rcpt value": lambda text: commands.rcpt("bob@example.net", {"ORCPT": text}),
    "noop": commands.noop,
    "vrfy": commands.vrfy,
    "expn": commands.expn,
    "help_": commands.help_,
}


@pytest.mark.parametrize("bad", ["\r\nRCPT TO:<eve@example.com>", "\n", "\r", "\0"], ids=repr)
@pytest.mark.parametrize("command", TAKES_TEXT.values(), ids=TAKES_TEXT)
def test_an_argument_cannot_end_its_line(command: Callable[[str], bytes], bad: str) -> None:
    """A form field with CR LF in it would otherwise smuggle a second command in."""
    for text in (bad, bad + "x", "x" + bad, "x" + bad + "x"):
        with pytest.raises(LocalProtocolError, match="nothing was sent"):
            command(text)


@given(st.text(), st.sampled_from(list(TAKES_TEXT.values())))
def test_any_text_makes_one_line_or_a_local_protocol_error(
    text: str, command: Callable[[str], bytes]
) -> None:
    try:
        octets = command(text)
    except LocalProtocolError:
        assert set(text) & set("\r\n\0") or not text.isprintable()
    else:
        assert octets.endswith(b"\r\n")
        assert not set(octets[:-2]) & set(b"\r\n\0")
        assert text.encode() in octets


def test_octets_that_are_no_utf8_pass_as_surrogates() -> None:
    """Python hands raw octets over in this form; a half character of another kind has none."""
    assert commands.vrfy("gr\udcfc\udcdf") == b"VRFY gr\xfc\xdf\r\n"
    with pytest.raises(LocalProtocolError, match="half a character"):
        commands.vrfy("\ud83d")


@pytest.mark.parametrize(
    ("octets", "verb"),
    [
        (b"QUIT\r\n", "QUIT"),
        (b"mail from:<a@example.org>\r\n", "MAIL"),
        (b"  NOOP  x\r\n", "NOOP"),
        (b"STARTTLS\nEHLO", "STARTTLS"),
        (b"\r\n", ""),
        (b"", ""),
        (b"\xff\xfe x\r\n", "\ufffd\ufffd"),
        (b"X" * 1000, "X" * 512),
    ],
)
def test_the_verb_is_the_first_word_in_upper_case(octets: bytes, verb: str) -> None:
    assert commands.verb_of(octets) == verb
