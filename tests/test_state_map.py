"""The state map: drawn from the session table, walked by buttons, in step with a console."""

import re

import pytest

from smtplab import Console, Sandbox, StateMap
from smtplab.errors import ConnectionLost
from smtplab.session import LEGAL, TABLE, VERBS, State
from smtplab.widgets.state_map import layout as state_layout
from smtplab.widgets.state_map import render as state_render
from smtplab.widgets.state_map.picture import ACROSS, DOWN, picture
from tests.console_hands import TO_A_TRANSACTION, said


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


@pytest.fixture
def state_map(sandbox):
    return StateMap(sandbox)


def lit(state_map):
    """The state that each picture lights; they agree."""
    return sorted(
        set(re.findall(r"smtplab-now[^>]*><title>(.*?)</title>", state_map._picture.value))
    )


def test_every_state_of_the_table_stands_in_the_picture_once():
    assert sorted(s.name for column in state_layout.columns() for s in column) == sorted(
        state.name for state in State
    )
    for state in State:
        for way in (ACROSS, DOWN):
            drawn = picture(state, set(), way)
            assert drawn.count("smtplab-state") == len(State)
            assert drawn.count("smtplab-now") == 1


def test_every_legal_move_of_the_table_is_an_arrow_and_no_other():
    drawn = {
        (arrow.start, step, digit, arrow.end)
        for arrow in state_layout.arrows()
        for step in arrow.steps
        for digit in arrow.classes
    }
    legal = {
        (*key, end)
        for key, end in TABLE.items()
        if key[1].split()[0] not in VERBS or key[1].split()[0] in LEGAL[key[0]]
    }
    assert drawn == legal


def test_a_row_that_is_added_to_the_table_is_drawn(monkeypatch):
    monkeypatch.setitem(TABLE, (State.READY, "VRFY", 3), State.AUTH)
    state_layout.arrows.cache_clear()
    try:
        assert "AUTH, VRFY: 3yz" in picture(State.READY, set())
    finally:
        state_layout.arrows.cache_clear()


def test_the_present_state_is_lit_after_each_step(state_map):
    assert lit(state_map) == ["greeted, EHLO is next"]
    for verb, state in zip(
        TO_A_TRANSACTION, "READY GREETED READY READY MAIL RCPT".split(), strict=True
    ):
        state_map._palette[verb].click()
        assert lit(state_map) == [State[state].value]


def test_an_illegal_move_can_be_pressed_and_the_503_is_told(state_map):
    for verb in TO_A_TRANSACTION:
        state_map.press(verb)
    assert state_map._palette["MAIL"]._dom_classes == ("smtplab-illegal",)
    state_map._palette["MAIL"].click()
    assert state_map.model.reply.code == 503
    assert "MAIL, reply 503: stays in RCPT" in state_map._words.value
    assert "MAIL, reply 503: stays in RCPT" in state_map.static_text()


def test_content_and_responses_are_sent_by_a_button_of_their_own(state_map, sandbox):
    ready = state_map._ready
    assert ready.layout.display == "none"
    for verb in [*TO_A_TRANSACTION, "DATA"]:
        state_map.press(verb)
    assert (ready.layout.display, ready.description) == (None, "Send content")
    ready.click()
    assert len(sandbox.inbox("bob@example.net")) == 1
    assert lit(state_map) == [State.READY.value]


def test_a_console_and_its_map_move_together(sandbox):
    console = Console(sandbox)
    state_map = StateMap(console)
    console.press("EHLO")
    assert lit(state_map) == [State.READY.value]
    state_map._palette["NOOP"].click()
    assert said(console)[-2] == ("C", "NOOP")
    state_map.close()
    console.press("NOOP")
    assert said(console)[-1][0] == "S", "the console goes on"


def test_a_closed_map_of_its_own_breaks_its_connection(state_map):
    state_map.close()
    assert state_map.model.state is State.CLOSED
    with pytest.raises(ConnectionLost):
        state_map.press("NOOP")


def test_the_static_form_has_the_state_the_way_and_the_table_in_words(state_map):
    state_map.press("EHLO")
    html = state_map.static_html()
    assert "<svg" not in html and "<style" not in html
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert "Now: ready, no mail transaction." in text
    assert "EHLO, reply 250: to READY, ready, no mail transaction" in text
    assert "MAIL 2yz MAIL mail transaction open, no recipient yet" in text
    assert "  MAIL: 2yz -> MAIL" in state_map.static_text()


def test_the_way_is_bounded_on_the_page(state_map):
    for _ in range(30):
        state_map.press("NOOP")
    assert state_map._words.value.count("<li>") == state_render.MAX_MOVES
    assert "23 earlier moves not shown" in state_map._words.value


def test_stored_outputs_are_the_same_over_tcp_and_in_memory():
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as sandbox:
            state_map = StateMap(sandbox)
            for verb in [*TO_A_TRANSACTION, "MAIL", "QUIT"]:
                state_map.press(verb)
            stored.append(state_map._repr_mimebundle_())
    assert stored[0] == stored[1]
