"""What folds away under the console: both ends, tokens, marks, scripts, undo, and closing it."""

import re
from datetime import timedelta

import pytest

from smtplab import Console, LocalProtocolError, Sandbox
from smtplab.errors import ConnectionLost
from tests.console_hands import TO_A_TRANSACTION, click, page, said, type_


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


@pytest.fixture
def console(sandbox):
    console = Console(sandbox)
    console._drawer.open.value = True
    return console


def ends(console):
    """The server's state and the client's conclusion of the newest reply on the page."""
    return re.findall(r'smtplab-end">(.*?)</span>', page(console))[-2:]


def test_at_first_the_drawer_is_shut_and_opens_by_a_button(sandbox):
    drawer = Console(sandbox)._drawer
    assert (drawer.view.layout.display, drawer.tokens.layout.display) == ("none", "none")
    drawer.open.value = True
    assert drawer.view.layout.display is None


def test_both_ends_stand_beside_each_reply(console):
    for verb in [*TO_A_TRANSACTION, "MAIL"]:
        console.press(verb)
    assert ends(console) == [
        "mail transaction open, with recipients",
        "no: the same again would fail; the state stays",
    ]
    assert "smtplab-both" not in console.view._dom_classes
    console._drawer.both_ends.value = True
    assert "smtplab-both" in console.view._dom_classes
    assert "   server: mail transaction open, with recipients" in console.static_text()
    assert "<th>what the client concludes</th>" in console.static_html()


def test_a_reply_that_moves_the_session_says_where_to_at_both_ends(console):
    click(console, "EHLO")
    assert ends(console) == ["ready, no mail transaction", "done; now ready, no mail transaction"]


def test_the_newest_exchange_is_taken_apart_and_any_other_by_its_number(console):
    assert console.take_apart()[0][0][0].text == "220"
    for verb in TO_A_TRANSACTION:
        console.press(verb)
    console._drawer.apart.value = True
    assert "Forward-path" in console._drawer.tokens.value
    assert "RFC 3463, 2" in console._drawer.tokens.value
    console._drawer.line.value = 2
    assert "EHLO" in console._drawer.tokens.value and "ehlo-keyword" in console._drawer.tokens.value
    console._drawer.line.value = 99
    assert "there is no line 99; the last one is 13" in console._drawer.tokens.value
    with pytest.raises(LookupError, match="no line 99"):
        console.take_apart(99)


def test_a_hidden_password_is_hidden_among_the_tokens_too(console):
    for verb in TO_A_TRANSACTION[:4]:
        console.press(verb)
    console._drawer.apart.value = True
    assert "initial-response" in console._drawer.tokens.value
    assert "AGFs" not in console._drawer.tokens.value + console.static_text()
    console._secrets.value = True
    assert "AGFs" in console._drawer.tokens.value


def test_a_hostile_line_among_the_tokens_is_text(console):
    console._drawer.apart.value = True
    type_(console, 'VRFY <script>alert(1)</script>\u202e" onload=alert(1)\n')
    whole = console._drawer.tokens.value + console.static_html()
    assert "&lt;script&gt;" in whole and "<script" not in whole and "\u202e" not in whole


def test_a_doubled_dot_and_the_end_of_mail_data_are_marked(console):
    for verb in [*TO_A_TRANSACTION, "DATA"]:
        console.press(verb)
    console.send("Subject: dots\n\n.one\n..two\n")
    marks = re.findall(r'smtplab-mark">(.*?)</span>', page(console))
    assert marks == ["the client doubled the first dot"] * 2 + ["end of mail data"]
    console._drawer.marks.value = False
    assert "smtplab-marks" not in console.view._dom_classes


def test_a_script_is_stepped_by_buttons_and_its_next_line_is_shown_first(console):
    drawer = console._drawer
    assert drawer.play.disabled and drawer.rest.disabled
    drawer.script.value = "One recipient is refused"
    drawer.load.click()
    assert "Next: EHLO laptop.example.org" in drawer._next.value
    for _ in range(3):
        drawer.play.click()
    assert console.reply.code == 550 and "mx.example.net : 25" in console._bar.value
    drawer.rest.click()
    assert console.reply.code == 221 and "at its end" in drawer._next.value
    assert drawer.play.disabled


def test_a_script_works_from_code(console):
    console.script("A whole mail on 25")
    assert console.next_line().code == 250
    assert console.run_the_rest().code == 221
    with pytest.raises(LocalProtocolError, match="no further line"):
        console.next_line()


def test_undo_takes_a_step_back_and_is_disabled_with_its_reason(console, sandbox):
    drawer = console._drawer
    assert drawer.undo.disabled and "nothing was sent yet" in drawer._why.value
    click(console, "EHLO")
    click(console, "NOOP")
    drawer.undo.click()
    assert [line for who, line in said(console) if who == "C"] == ["EHLO laptop.example.org"]
    assert "Taken back: the line &#x27;NOOP&#x27;" in console._explanation.value
    console.client.noop()
    console.refresh()
    assert drawer.undo.disabled and "came from code" in drawer._why.value
    with pytest.raises(LocalProtocolError, match="came from code"):
        console.undo()


def test_a_click_on_undo_that_is_refused_says_so_in_the_panel(console, sandbox):
    click(console, "EHLO")
    sandbox.clock.advance(timedelta(hours=1))
    console._drawer.undo.click()
    assert "changed from elsewhere" in console._explanation.value


# Closing.


def test_a_closed_console_frees_its_connection_and_its_widgets_and_can_still_be_read(console):
    click(console, "EHLO")
    button = console._palette["EHLO"]
    console.close()
    assert console.client.state.name == "CLOSED"
    assert button.comm is None and console.view.comm is None
    assert set(console._repr_mimebundle_()) == {"text/html", "text/plain"}
    assert "250-smtp.example.org" in console.static_text()
    with pytest.raises(ConnectionLost):
        console.press("NOOP")
