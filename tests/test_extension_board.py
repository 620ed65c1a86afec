"""The extension board without a browser: three EHLO replies, switches, with and without."""

import re

import pytest

from smtplab import ExtensionBoard, Sandbox
from smtplab.sandbox.certificates import Authority
from smtplab.transport.stream import StreamWrapper
from smtplab.widgets.extension_board import render
from smtplab.widgets.extension_board.demonstrations import DEMOS, TOO_BIG
from smtplab.widgets.extension_board.model import BoardModel
from smtplab.widgets.stages import Stage
from tests.test_console_page import EVIL_TAG, HOSTILE, Tags
from tests.test_ports import PLAIN_TAGS

MX = "mx.example.net"


@pytest.fixture
def board(sandbox):
    return ExtensionBoard(sandbox)


def texts(run):
    return [line.text for line in run.lines]


def said(shown):
    """The codes of both runs."""
    return tuple(
        [line.text[:3] for line in run.lines if line.who == "S"] for run in (shown.on, shown.off)
    )


# The three replies.


@pytest.mark.parametrize(
    ("keyword", "cells", "changes"),
    [
        ("STARTTLS", ["offered", "no", "no"], "gone after TLS"),
        ("REQUIRETLS", ["no", "offered", "the same"], "new after TLS"),
        ("SIZE", ["10485760", "the same", "the same"], "no difference"),
    ],
)
def test_a_row_shows_each_stage_and_says_what_changes(board, keyword, cells, changes):
    assert render.cells_of(board.model, keyword) == cells
    assert board.model.changes(keyword) == changes


def test_auth_is_new_after_tls_with_its_mechanisms(board):
    assert "AUTH" not in board.model.offered[Stage.BEFORE_TLS]
    assert render.cells_of(board.model, "AUTH")[1].startswith("SCRAM-SHA-256 ")
    assert "<b>new after TLS</b>" in board._board.value


def test_every_keyword_is_explained_with_its_rfc(board):
    for keyword in board.model.keywords:
        title, meaning = render.explained(keyword)
        assert title and meaning
    assert board._board.value.count("<b>Source</b>: RFC") == len(board.model.keywords)


def test_a_door_without_auth_says_which_stage_is_not_reached(sandbox):
    board = ExtensionBoard(sandbox, MX, 25)
    assert Stage.SIGNED_IN not in board.model.offered
    assert "After AUTH: not reached, because nobody can sign in here" in board.static_text()


# Switches.


def test_a_switch_changes_what_the_server_offers_and_back(sandbox, board):
    board._switch["DSN"].value = False
    assert sandbox.policy("smtp.example.org").switched_off == {"DSN"}
    assert "DSN" not in board.model.keywords and "1 switched off" in board._bar.value
    board.switch("dsn", True)
    assert "DSN" in board.model.keywords and board._switch["DSN"].value is True


@pytest.mark.parametrize("keyword", ["VRFY", "EXPN"])
def test_a_keyword_that_is_a_setting_of_the_policy_has_its_switch_too(board, keyword):
    assert board._switch[keyword].value is False and keyword not in board.model.keywords
    board._switch[keyword].value = True
    assert keyword in board.model.keywords
    board._switch[keyword].value = False
    assert keyword not in board.model.keywords


def test_a_switch_that_somebody_else_turned_shows_after_look_again(sandbox, board):
    sandbox.policy("smtp.example.org").switched_off.add("CHUNKING")
    board._refresh.click()
    assert board._switch["CHUNKING"].value is False
    assert "CHUNKING" not in board.model.keywords


# With and without.


@pytest.mark.parametrize(
    ("keyword", "on", "off"),
    [
        ("SIZE", ["552"], ["250", "250", "354", "552"]),
        ("8BITMIME", ["250", "250", "354", "250"], ["250", "250", "354", "554"]),
        ("SMTPUTF8", ["250", "250", "250"], ["555", "250", "553", "250"]),
        ("PIPELINING", ["250"] * 4, ["250"] * 4),
        ("CHUNKING", ["250"] * 4, ["250", "250", "500", "500", "250"]),
        ("BINARYMIME", ["250"] * 3, ["501", "250", "250", "250"]),
        ("ENHANCEDSTATUSCODES", ["250", "550", "250"], ["250", "550", "250"]),
        ("DSN", ["250"] * 3, ["555", "250", "555", "250"]),
        ("LIMITS", ["250"] * 7, ["250", "250", "250", "452", "250"]),
        ("DELIVERBY", ["250"] * 3, ["555", "250", "250", "250"]),
        ("MT-PRIORITY", ["250"] * 3, ["555", "250", "250", "250"]),
        ("FUTURERELEASE", ["250"] * 3, ["555", "250", "250", "250"]),
        ("REQUIRETLS", ["250"] * 3, ["555", "250", "250", "250"]),
        ("STARTTLS", ["220"], ["500", "530"]),
        ("AUTH", ["235", "250", "250"], ["500", "530", "250"]),
        ("VRFY", ["250"], ["502"]),
        ("EXPN", ["550"], ["502"]),
        ("ETRN", ["251"], ["500"]),
        ("HELP", ["214"], ["502"]),
    ],
)
def test_each_extension_is_shown_on_and_off(board, keyword, on, off):
    shown = board.demonstrate(keyword)
    assert said(shown) == (on, off) and shown.is_offered
    assert shown.off.offered is not None and keyword not in shown.off.offered
    assert not shown.on.problem and not shown.off.problem


def test_every_switch_has_its_demonstration_and_every_keyword_its_switch(board):
    assert set(board.model.keywords) <= set(board._switch) == set(DEMOS)


def test_pipelining_saves_round_trips_with_the_same_words(board):
    shown = board.demonstrate("PIPELINING")
    assert (shown.on.round_trips, shown.off.round_trips) == (1, 4)
    assert not any(line.differs for line in shown.on.lines)
    assert "With it 1 round trip" in board._demonstration.value


def test_size_saves_the_octets_of_a_content_that_would_be_refused(board):
    shown = board.demonstrate("SIZE")
    assert shown.on.octets < 60 and shown.off.octets > len(TOO_BIG)


def test_only_lines_that_the_other_run_lacks_are_marked(board):
    shown = board.demonstrate("CHUNKING")
    assert [line.text[:3] for line in shown.off.lines if line.differs] == ["500", "500"]
    assert "<i>differs</i>" in board._demonstration.value


def test_after_a_demonstration_every_setting_is_as_before(sandbox, board):
    policy = sandbox.policy("smtp.example.org")
    policy.switched_off.add("DSN")
    kept, before = policy.switched_off, repr(policy)
    for keyword in DEMOS:
        board.demonstrate(keyword)
    assert repr(policy) == before and policy.switched_off is kept


def test_the_button_runs_what_the_list_says(board):
    board._keyword.value = "HELP"
    board._run.click()
    assert board.model.shown.keyword == "HELP"
    assert "Switched off: EHLO has no line HELP" in board._demonstration.value


def test_what_a_door_never_offers_is_said(sandbox):
    board = ExtensionBoard(sandbox, MX, 25)
    assert not board.demonstrate("FUTURERELEASE").is_offered
    assert "FUTURERELEASE is not offered at this door even" in board.static_text()
    shown = board.demonstrate("EXPN")
    assert shown.is_offered and texts(shown.on)[1] == "250-2.1.5 <alice@example.org>"


def test_an_unknown_extension_is_named_with_those_that_there_are(board):
    with pytest.raises(KeyError, match="no demonstration of 'X'; there are SIZE"):
        board.demonstrate("x")
    with pytest.raises(KeyError, match="no switch for 'X'"):
        board.switch("x", True)


# What is shown.


def test_stored_outputs_are_the_same_over_tcp_and_in_memory():
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as running:
            board = ExtensionBoard(running)
            for keyword in DEMOS:
                board.demonstrate(keyword)
                stored.append((transport, board.static_html() + board.static_text()))
    half = len(DEMOS)
    assert [text for _, text in stored[:half]] == [text for _, text in stored[half:]]


def test_the_stored_forms_say_it_in_words_and_hide_the_password(board):
    board.demonstrate("AUTH")
    html, text = board.static_html(), board.static_text()
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for expected in (
        "gone after TLS",
        "AUTH got 235 in the run with it, 500 in the run without it",
        "Switched off at smtp.example.org: none",
    ):
        assert expected in words and expected in text
    assert "AUTH PLAIN ********" in text and "looking-glass" not in html + text
    assert Tags(html).seen <= PLAIN_TAGS | {"i", "div", "span"}


class Twisted(StreamWrapper):
    """A man in the middle who puts markup into keywords, parameters and help."""

    def read(self, n: int) -> bytes:
        octets = self.inner.read(n).replace(b"MIXER", HOSTILE.encode() + b"x" * 400)
        return octets.replace(b"250-DSN", b"250-DSN<img/onerror=alert(1)>")


def test_markup_from_the_server_is_text(sandbox):
    with sandbox.in_the_middle(Twisted):
        board = ExtensionBoard(sandbox, MX, 25)
        board.demonstrate("MT-PRIORITY")
    whole = board._board.value + board._demonstration.value + board.static_html()
    assert EVIL_TAG not in whole and "&lt;script&gt;alert(1)&lt;/script&gt;" in whole
    assert "\u202e" not in whole and not {"script", "onerror", "img"} & Tags(whole).seen
    assert "more characters]" in whole and "x" * 300 not in whole


@pytest.mark.parametrize("transport", ["memory", "tcp"])
def test_without_tls_the_card_says_so_and_every_demonstration_runs(monkeypatch, transport):
    monkeypatch.setattr(Authority, "is_available", staticmethod(lambda: False))
    with Sandbox(transport) as running:
        board = ExtensionBoard(running)
        assert "After TLS: not reached, because this Python has no TLS" in board.static_text()
        for keyword in DEMOS:
            board.demonstrate(keyword)
        assert (
            "port 465 begins with TLS"
            in ExtensionBoard(running, "smtp.example.org", 465).static_text()
        )
        assert not running.errors


def test_a_fault_of_ours_is_shown_and_raised_from_code(board, monkeypatch):
    monkeypatch.setattr(BoardModel, "_run", lambda *_, **__: 1 / 0)
    board._run.click()
    assert "ZeroDivisionError" in board._alert.value
    with pytest.raises(ZeroDivisionError):
        board.demonstrate("SIZE")
