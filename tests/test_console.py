"""The console without a browser: each step, from the view and from code."""

import re
import threading

import pytest

from smtplab import Console, LocalProtocolError, Sandbox
from smtplab.errors import ConnectionLost
from smtplab.session import VERBS, State
from smtplab.widgets.console import render
from smtplab.widgets.console.log_view import CHUNK
from smtplab.widgets.console.model import ConsoleModel, Meaning
from tests.console_hands import TO_A_TRANSACTION, click, page, said, type_


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


@pytest.fixture
def console(sandbox):
    return Console(sandbox)


# The first minute.


def test_the_greeting_stands_on_the_page_before_anything_was_pressed(console):
    assert said(console) == [("S", "220 smtp.example.org ESMTP smtplab")]
    assert "220" in console._explanation.value


def test_one_click_on_ehlo_sends_it_and_shows_and_explains_the_reply(console):
    click(console, "EHLO")
    assert said(console)[1] == ("C", "EHLO laptop.example.org")
    assert said(console)[2][1].startswith("250-smtp.example.org greets laptop.example.org")
    assert "You sent EHLO" in console._explanation.value
    assert console.reply.code == 250


def test_a_click_and_the_same_step_from_code_show_the_same_page(sandbox):
    clicked, coded = Console(sandbox), Console(sandbox)
    for verb in [*TO_A_TRANSACTION, "MAIL", "FOO"]:
        if verb in VERBS:
            click(clicked, verb)
            coded.press(verb)
        else:
            type_(clicked, f"{verb}\n")
            coded.send(verb)
        assert page(clicked) == page(coded)
    assert "503" in page(coded) and "500 5.5." in page(coded)


def test_a_step_from_code_returns_the_reply(console):
    assert console.send("RSET").code == 530
    assert console.press("ehlo").code == 250


def test_the_server_says_in_the_same_row_what_it_made_of_each_line(console):
    for verb in [*TO_A_TRANSACTION, "RCPT", "MAIL"]:
        console.press(verb)
    made = re.findall(r'smtplab-made">(.*?)</span>', page(console))
    assert made[0] == "greets; EHLO is next"
    assert made[-6:] == [
        "forward-path, a recipient",
        "recipient 1 accepted",
        "forward-path, a recipient",
        "recipient 2 accepted",
        "reverse-path, for bounces",
        "refused; nothing changed",
    ]


# The palette.


def test_the_palette_shows_what_the_session_table_says_at_every_step(console):
    for verb in [*TO_A_TRANSACTION, "DATA"]:
        console.press(verb)
        solid = {v for v, b in console._palette.items() if b._dom_classes == ("smtplab-legal",)}
        assert solid == set(console.client.session.legal_next())
    assert solid == set()


def test_a_button_that_is_out_of_order_can_be_pressed_and_the_server_refuses(console):
    click(console, "EHLO")
    click(console, "RCPT")
    assert "Out of order now" in console._palette["RCPT"].tooltip
    assert console._palette["RCPT"].disabled is False
    assert console.reply.code == 530


def test_pressing_rcpt_again_names_the_next_recipient(console):
    for verb in [*TO_A_TRANSACTION, "RCPT"]:
        console.press(verb)
    assert console.client.session.recipients == 2
    assert "mail transaction open: 2 recipients" in console._bar.value


def test_edit_before_sending_only_fills_the_line(console):
    console._edit_first.value = True
    click(console, "EHLO")
    assert console._input.value == "EHLO laptop.example.org"
    assert len(said(console)) == 1
    type_(console, "EHLO other.example.org\n")
    assert said(console)[1] == ("C", "EHLO other.example.org")


# The line.


@pytest.mark.parametrize(
    ("typed", "sent", "left"),
    [
        (["NOOP\n"], ["NOOP"], ""),
        (["N", "NOOP one\n"], ["NOOP one"], ""),
        (["NOOP", "NO\nOP"], ["NOOP"], ""),
        (["NOOP 1\nNOOP 2"], [], "NOOP 1\nNOOP 2"),
        (["NOOP 1\nNOOP 2\n"], ["NOOP 1"], "NOOP 2"),
        (["NOOP 1\nNOOP 2\n", "NOOP 2\n"], ["NOOP 1", "NOOP 2"], ""),
    ],
    ids=["whole", "late letters", "caret in the middle", "pasted", "pasted with its end", "twice"],
)
def test_enter_sends_one_line_and_keeps_the_rest(console, typed, sent, left):
    for text in typed:
        type_(console, text)
    assert [line for who, line in said(console) if who == "C"] == sent
    assert console._input.value == left


def test_the_send_button_sends_what_stands_in_the_line(console):
    type_(console, "HELP")
    console._send_button.click()
    assert said(console)[1] == ("C", "HELP")
    assert console._input.value == ""


def test_an_empty_line_is_not_sent_by_an_accidental_enter(console):
    type_(console, "\n")
    assert len(said(console)) == 1
    assert "Nothing was sent" in console._explanation.value


def test_a_line_that_would_break_framing_stays_in_the_field_and_nothing_is_sent(console):
    type_(console, "NOOP \0x")
    console._send_button.click()
    assert console._input.value == "NOOP \0x"
    assert len(said(console)) == 1
    assert "Nothing was sent" in console._explanation.value
    with pytest.raises(LocalProtocolError):
        console.send("NOOP\r\nQUIT")


# Content and responses.


def test_after_354_the_field_takes_the_content_and_bob_gets_it(console, sandbox):
    for verb in [*TO_A_TRANSACTION, "DATA"]:
        click(console, verb)
    assert console._input.description == "Content"
    assert console._send_button.description == "Send content"
    type_(console, console._input.value + ".a dot\n\nbye\n")
    assert console.reply.code == 354, "a new line is no end here"
    console._send_button.click()
    assert console.reply.code == 250
    assert console._input.description == "Command" and console._input.value == ""
    (mail,) = sandbox.inbox("bob@example.net")
    assert mail.content.endswith(b"myself.\r\n.a dot\r\n\r\nbye\r\n")
    assert "..a dot" in page(console), "the wire shows the dot doubled"


def test_a_verb_pressed_after_354_becomes_content_and_the_panel_says_so(console):
    for verb in [*TO_A_TRANSACTION, "DATA", "RSET"]:
        click(console, verb)
    assert console._input.value.endswith("\nRSET")
    assert "Not sent as a command" in console._explanation.value
    assert console.reply.code == 354


def test_a_login_by_challenges_finds_each_response_ready(console):
    for line in ["EHLO laptop.example.org", "STARTTLS", "EHLO laptop.example.org", "AUTH LOGIN"]:
        console.send(line)
    for _ in range(2):
        assert console._input.description == "Response"
        console._send_button.click()
    assert console.reply.code == 235
    assert "signed in as alice@example.org" in console._bar.value


def test_a_response_in_plain_text_is_refused_and_nobody_is_signed_in(console):
    for line in ["EHLO laptop.example.org", "STARTTLS", "EHLO laptop.example.org", "AUTH LOGIN"]:
        console.send(line)
    assert console.send("alice!").code == 501
    assert "refused; not signed in" in page(console)
    assert "not signed in" in console._bar.value


# The frame.


def test_tls_changes_the_ground_once_and_the_padlock_says_what_was_checked(console):
    assert "not encrypted" in console._bar.value
    for verb in TO_A_TRANSACTION:
        console.press(verb)
    before, after = page(console).split(render.TLS_BEGINS)
    assert "smtplab-tls" not in before and after.count("smtplab-tls") == 8
    assert "TLS 1.3, certificate checked" in console._bar.value


def test_round_trips_count_each_time_that_the_client_waited(console):
    assert "1 round trip<" in console._bar.value
    for verb in ["EHLO", "STARTTLS"]:  # one each, and one for the handshake
        console.press(verb)
    assert "4 round trips<" in console._bar.value


def test_implicit_tls_shows_the_handshake_before_the_greeting(sandbox):
    console = Console(sandbox, port=465)
    assert page(console).index(render.TLS_BEGINS) < page(console).index("220 smtp")


def test_only_the_newest_exchange_is_lit_also_over_the_edge_of_a_chunk(console):
    for _ in range(CHUNK + 3):
        console.press("NOOP")
        assert page(console).count("smtplab-lit") == 2


# When something goes wrong.


def test_a_lost_connection_is_told_in_the_panel_and_start_over_mends_it(console, sandbox):
    sandbox.stop()
    click(console, "EHLO")
    assert "No connection" in console._explanation.value
    assert "Start over" in console._legend.value
    console._start_over.click()
    assert said(console) == [("S", "220 smtp.example.org ESMTP smtplab")]
    assert console.model.notice is None


def test_after_quit_the_palette_is_closed_and_a_press_says_what_to_do(console):
    click(console, "EHLO")
    click(console, "QUIT")
    assert "session closed" in console._bar.value
    click(console, "NOOP")
    assert "press Start over" in console._explanation.value
    with pytest.raises(ConnectionLost):
        console.press("NOOP")
    console._start_over.click()
    click(console, "EHLO")
    assert console.reply.code == 250


def test_a_server_that_nobody_runs_is_told_in_the_panel(sandbox):
    console = Console(sandbox, "mx.example.net", 587)
    assert "nobody listens at mx.example.net port 587" in console._explanation.value
    assert console.client is None
    click(console, "EHLO")
    assert "press Start over" in console._explanation.value


def test_an_error_inside_a_callback_is_shown_and_the_console_lives_on(console, monkeypatch):
    def fail(self, verb):
        raise RuntimeError("boom <script>alert")

    with monkeypatch.context() as patch:
        patch.setattr(ConsoleModel, "press", fail)
        click(console, "EHLO")
    assert "RuntimeError: boom &lt;script&gt;" in console._explanation.value
    click(console, "EHLO")
    assert console.reply.code == 250


def test_an_error_inside_a_step_is_shown_and_raised_in_the_cell(console, monkeypatch):
    def fail(octets):
        raise RuntimeError("boom")

    monkeypatch.setattr(console.client, "send_raw", fail)
    click(console, "EHLO")
    assert "A fault inside smtplab" in console._explanation.value
    with pytest.raises(RuntimeError, match="boom"):
        console.press("EHLO")


def test_an_interrupted_step_leaves_a_word_on_the_page(console, monkeypatch):
    def interrupt(octets):
        raise KeyboardInterrupt

    monkeypatch.setattr(console.client, "send_raw", interrupt)
    click(console, "EHLO")
    assert "Interrupted" in console._explanation.value
    with pytest.raises(KeyboardInterrupt):
        console.press("EHLO")


def test_a_second_click_waits_until_the_step_under_way_is_over(console, monkeypatch):
    inside, second, go_on = threading.Event(), threading.Event(), threading.Event()

    def slow(self, verb):
        (second if inside.is_set() else inside).set()
        go_on.wait(120)

    monkeypatch.setattr(ConsoleModel, "press", slow)
    threads = [threading.Thread(target=click, args=(console, "NOOP")) for _ in range(2)]
    threads[0].start()
    assert inside.wait(120)
    threads[1].start()
    assert not second.wait(0.2)
    go_on.set()
    assert second.wait(120)
    for thread in threads:
        thread.join()


def test_the_model_keeps_every_error_and_raises_none(console, monkeypatch):
    def fail(octets):
        raise RuntimeError("boom")

    monkeypatch.setattr(console.client, "send_raw", fail)
    assert console.model.send("NOOP") is None
    assert isinstance(console.model.error, RuntimeError)


def test_the_meanings_of_the_field_are_the_names_on_it(console):
    assert {meaning.value for meaning in Meaning} == {"Command", "Response", "Content", "Closed"}
    assert console._input.description == Meaning.COMMAND.value


def test_once_a_session_is_over_the_button_of_the_line_connects_again(console):
    button = console._send_button
    assert button.description == "Send command"
    click(console, "QUIT")
    assert (console._input.description, button.description) == ("Closed", "Connect again")
    button.click()
    assert console.client.state is State.GREETED and button.description == "Send command"
    type_(console, "EHLO laptop.example.org")
    button.click()
    assert console.reply.code == 250


def test_a_stopped_sandbox_is_started_by_the_console():
    sandbox = Sandbox("memory")
    try:
        console = Console(sandbox)
        click(console, "EHLO")
        assert "250-smtp.example.org" in page(console)
    finally:
        sandbox.stop()
