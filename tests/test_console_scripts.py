"""Whole conversations in the console, step by step, and back again."""

from datetime import timedelta

import pytest

from smtplab import LocalProtocolError, Sandbox
from smtplab.widgets.console.director import Director
from smtplab.widgets.console.model import ConsoleModel
from smtplab.widgets.console.scripts import SCRIPTS
from tests.console_hands import TO_A_TRANSACTION


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


@pytest.fixture
def model(sandbox):
    return ConsoleModel(sandbox, "smtp.example.org", 587)


def codes(model):
    return [move.code for move in model.way]


EXPECTED = {
    "A whole mail on 25": [220, 250, 250, 250, 354, 250, 221],
    "Sign in and send on 587": [220, 250, 220, 250, 235, 250, 250, 354, 250, 221],
    "Sign in and send on 465": [220, 250, 235, 250, 250, 354, 250, 221],
    "The content in chunks, with BDAT": [220, 250, 250, 250, 250, 250, 221],
    "One recipient is refused": [220, 250, 250, 550, 250, 354, 250, 221],
    "Relaying is denied": [220, 250, 250, 550, 250, 221],
    "Everything in the wrong order": [220, 503, 250, 503, 250, 503, 503, 250, 221],
    "Two mails in one session": [220, 250, 250, 250, 354, 250, 250, 250, 354, 250, 221],
}


@pytest.mark.parametrize("name", [script.name for script in SCRIPTS])
def test_a_script_really_says_its_lines_and_the_servers_reply(model, name):
    director = Director(model)
    director.load(name)
    director.play_rest()
    assert model.error is None
    assert codes(model) == EXPECTED[name]
    assert director.next_line is None


def test_the_next_line_is_told_before_it_is_sent_and_a_password_never(model):
    director = Director(model)
    director.load("Sign in and send on 587")
    told = []
    while director.next_line is not None:
        told.append(director.next_line)
        before = len(model.way)
        director.play()
        assert len(model.way) == before + 1
    assert told[0] == "EHLO laptop.example.org" and told[3] == "AUTH PLAIN ********"
    with pytest.raises(LocalProtocolError, match="no further line"):
        director.play()


def test_a_script_stops_where_its_content_would_be_taken_for_commands(model):
    director = Director(model)
    director.load("A whole mail on 25")
    for _ in range(3):
        director.play()
    model.send("RSET")
    director.play()
    with pytest.raises(LocalProtocolError, match="has not asked"):
        director.play()
    assert codes(model)[-1] == 503


def test_in_a_plain_world_bdat_is_not_sent_and_the_console_says_why():
    with Sandbox("memory", plain=True) as sandbox:
        model = ConsoleModel(sandbox, "mx.example.net", 25)
        director = Director(model)
        director.load("The content in chunks, with BDAT")
        director.play_rest()
        assert "CHUNKING" in str(model.error)
        assert director.next_line == "(a chunk of the content)"


# Undo.


@pytest.mark.parametrize("transport", ["tcp", "memory"])
def test_undo_brings_back_what_was_before_the_last_step(transport):
    with Sandbox(transport, seed=3) as sandbox:
        model = ConsoleModel(sandbox, "smtp.example.org", 587)
        director = Director(model)
        for verb in [*TO_A_TRANSACTION, "DATA"]:
            model.press(verb)
        before = [row.event.octets for row in model.conversation.rows(0, 99)]
        model.send(model.draft)
        assert len(sandbox.inbox("bob@example.net")) == 1
        director.undo()
        assert [row.event.octets for row in model.conversation.rows(0, 99)] == before
        assert sandbox.inbox("bob@example.net") == ()
        assert model.notice is not None and "Taken back" in model.notice.headline
        assert model.draft.startswith("From: Alice"), "the content can be sent again"
        model.send(model.draft)
        assert len(sandbox.inbox("bob@example.net")) == 1
        model.close()


def test_undo_takes_a_new_connection_back_too(model):
    model.press("EHLO")
    model.start_over()
    Director(model).undo()
    assert codes(model) == [220, 250]


def test_undo_steps_a_script_back(model):
    director = Director(model)
    director.load("A whole mail on 25")
    director.play()
    director.play()
    director.undo()
    assert director.next_line == "MAIL FROM:<alice@example.org>"
    director.play_rest()
    assert codes(model) == EXPECTED["A whole mail on 25"]


def from_code(sandbox, model):
    model.client.noop()
    model.refresh()


def by_another(sandbox, model):
    sandbox.connect().close()
    model.press("NOOP")


def by_the_clock(sandbox, model):
    sandbox.clock.advance(timedelta(hours=1))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (from_code, "came from code"),
        (by_another, "connection c2 came from elsewhere"),
        (by_the_clock, "changed from elsewhere"),
    ],
)
def test_undo_is_refused_with_its_reason_when_something_came_from_outside(
    sandbox, model, change, reason
):
    model.press("EHLO")
    change(sandbox, model)
    said = [row.event.octets for row in model.conversation.rows(0, 99)]
    with pytest.raises(LocalProtocolError, match=reason):
        Director(model).undo()
    assert [row.event.octets for row in model.conversation.rows(0, 99)] == said
    assert reason in Director(model).why_no_undo


def test_undo_is_refused_in_a_sandbox_that_was_in_use_before(sandbox):
    sandbox.connect().close()
    model = ConsoleModel(sandbox, "smtp.example.org", 587)
    model.press("EHLO")
    assert "in use before" in Director(model).why_no_undo


def test_before_anything_was_sent_there_is_nothing_to_take_back(model):
    assert "nothing was sent" in Director(model).why_no_undo
