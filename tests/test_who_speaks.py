"""What shows a session names the protocol that is spoken in it: SMTP, POP3 or IMAP."""

from collections.abc import Iterator

import pytest

from smtplab import Ladder, PacketStack, Sandbox, Transcript
from smtplab.transcript import Kind
from smtplab.transcript.rendering import as_html, spoken
from tests.readers import BOB, PASSWORD
from tests.test_capture import new


@pytest.fixture
def read_by_both() -> Iterator[Sandbox]:
    """c1 is a session of SMTP, c2 one of POP3, c3 one of IMAP."""
    with Sandbox("memory") as sandbox:
        with sandbox.connect() as client:
            client.ehlo()
        pop = sandbox.poplib()
        pop.user(BOB)
        pop.pass_(PASSWORD)
        pop.quit()
        with sandbox.imaplib() as imap:
            imap.login(BOB, PASSWORD)
        yield sandbox


@pytest.mark.parametrize(("name", "wanted"), [("c1", "SMTP"), ("c2", "POP3"), ("c3", "IMAP")])
def test_each_view_says_which_protocol_is_spoken(
    read_by_both: Sandbox, name: str, wanted: str
) -> None:
    events = read_by_both.transcript.of(name)
    assert spoken(events) == wanted
    caption = f"<caption>Transcript: C is the {wanted} client, S the {wanted} server</caption>"
    assert caption in as_html(events)
    ladder = Ladder(read_by_both, name).static_text()
    assert f"The {wanted} client waited" in ladder and f" for {wanted}." in ladder
    stack = PacketStack(read_by_both, name).static_text()
    assert f"App layer ({wanted})" in stack
    for other in {"SMTP", "POP3", "IMAP"} - {wanted}:
        assert f"{other} client" not in as_html(events) + ladder
        assert f"({other})" not in stack


def test_a_transcript_of_several_protocols_names_them_all(read_by_both: Sandbox) -> None:
    page = as_html(read_by_both.transcript.events)
    assert "<caption>Transcript (SMTP, POP3, IMAP): C is the client, S the server</caption>" in page


@pytest.mark.parametrize("greeting", [b"", b"220 x\r\n", b"*", b"+\r\n", b"<b>* OK\r\n"])
def test_whatever_greets_otherwise_is_taken_for_smtp(greeting: bytes) -> None:
    transcript, recorder = new()
    recorder.record(Kind.GREETING, 0, greeting)
    assert spoken(transcript.events) == "SMTP"
    assert spoken(Transcript(transcript.now).events) == "SMTP"
