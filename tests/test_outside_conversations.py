"""The stored conversations of outside programs: each is what the real program says today."""

import re

import pytest

from smtplab import explained, read_dialogue
from smtplab.importing import Imported
from smtplab.lessons import stored_conversation
from smtplab.lessons.outside import PROGRAMS
from smtplab.transcript import Kind
from smtplab.transcript.hiding import hide
from smtplab.transcript.rendering import sender
from tests.outside_conversations import MADE_BY, printed_by

programs = pytest.mark.parametrize("program", PROGRAMS)


def dialogue(text):
    """Who said what, secrets hidden, with a mark where TLS began."""
    transcript = read_dialogue(text)
    assert isinstance(transcript, Imported)
    assert transcript.unread_lines == 0, transcript.unread
    return [
        (sender(event) or "TLS", hide(event.octets, event.secrets))
        for event in transcript.events
        if sender(event) or event.kind is Kind.TLS
    ]


@programs
def test_a_program_says_today_what_is_stored(program):
    assert dialogue(printed_by(program)) == dialogue(stored_conversation(program))


@programs
def test_a_stored_conversation_hands_the_mail_in_and_is_read_whole(program):
    said = dialogue(stored_conversation(program))
    assert ("TLS", b"") in said
    assert ("S", b"250 2.0.0 Queued as q1\r\n") in said
    assert explained(read_dialogue(stored_conversation(program))).refusals == ()
    assert b"looking-glass" not in b"".join(octets for _, octets in said)


@programs
def test_a_stored_conversation_holds_nothing_of_the_machine_that_made_it(program):
    text = stored_conversation(program)
    assert not re.search(r"127\.0\.0\.1|/tmp/|/home/|/root/", text)
    assert set(re.findall(r"\b20\d\d-\d\d-\d\d\b", text)) <= {"2026-03-02"}


def test_a_program_that_is_not_stored_lists_those_that_are():
    assert set(MADE_BY) == set(PROGRAMS)
    with pytest.raises(ValueError, match="there are swaks, curl, nodemailer"):
        stored_conversation("telnet")
