"""The console without a browser: model, renderings and view, from both sides."""

import re
import threading
from html.parser import HTMLParser

import pytest

from smtplab import Console, LocalProtocolError, Sandbox
from smtplab.errors import ConnectionLost
from smtplab.session import VERBS
from smtplab.transport import Stream
from smtplab.transport.stream import StreamWrapper
from smtplab.widgets import console as console_module
from smtplab.widgets import render
from smtplab.widgets.console_model import ConsoleModel, Meaning
from smtplab.widgets.log_view import CHUNK, MOST_CHUNKS

TO_A_TRANSACTION = "EHLO STARTTLS EHLO AUTH MAIL RCPT".split()
HOSTILE = "<script>alert(1)</script>&\u202e\u2028"
EVIL_TAG = "<script>alert"


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


@pytest.fixture
def console(sandbox):
    return Console(sandbox)


def click(console, verb):
    """What a click does, errors and all."""
    console._palette[verb].click()


def type_(console, text):
    """What typing does: the front end sets the value."""
    console._input.value = text


def page(console):
    """Everything that the front end is given to show."""
    chunks = [chunk.value for _, chunk in sorted(console._log._chunks.items())]
    return "".join([console._bar.value, *chunks, console._explanation.value, console._legend.value])


def said(console):
    """The conversation as (who, line) pairs, read from the page."""
    rows = "".join(chunk.value for _, chunk in sorted(console._log._chunks.items()))
    pairs = re.findall(r"<b>([CS])</b><div>(.*?)</div><span", rows, re.DOTALL)
    return [(who, re.sub(r"<[^>]+>", "", lines).strip()) for who, lines in pairs]


def texts(console):
    return [line for _, line in said(console)]


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
    assert "503" in page(coded) and "500 5.5.1" in page(coded)


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
        raise RuntimeError(f"boom {EVIL_TAG}")

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


def test_two_threads_take_turns_step_by_step(console):
    threads = [threading.Thread(target=click, args=(console, "NOOP")) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [who for who, _ in said(console)] == ["S"] + ["C", "S"] * 16


# Nothing from the wire acts on the page.


class Twisted(StreamWrapper):
    """A man in the middle who puts markup into whatever the server says."""

    def read(self, n: int) -> bytes:
        return self.inner.read(n).replace(b"smtplab", HOSTILE.encode())


class TwistedSandbox(Sandbox):
    def open(self, host: str, port: int, *, source: str | None, timeout: float) -> Stream:
        return Twisted(super().open(host, port, source=source, timeout=timeout))


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen |= {tag, *(name for name, _ in attrs)}


@pytest.mark.parametrize("secrets", [False, True], ids=["hidden", "shown"])
def test_markup_from_server_and_learner_is_text_on_the_page(secrets):
    with TwistedSandbox("memory") as sandbox:
        console = Console(sandbox)
        console._secrets.value = secrets
        console._show()
        type_(console, f'VRFY "{HOSTILE}\x1b" onload=alert(1)\n')
        whole = page(console) + console._repr_mimebundle_()["text/html"]
        with pytest.raises(LocalProtocolError):
            console.send(f"\n{HOSTILE}")
        whole += page(console) + console._repr_mimebundle_()["text/html"]
    assert whole.count("&lt;script&gt;alert(1)&lt;/script&gt;&amp;\\u202e\\u2028") > 3
    assert not {"script", "onload"} & Tags(whole).seen
    assert EVIL_TAG not in whole
    assert not set("\x1b\u202e\u2028") & set(whole)


def test_passwords_are_hidden_everywhere_until_the_learner_asks(console):
    for verb in TO_A_TRANSACTION:
        console.press(verb)
    secret = "AGFsaWNlQGV4YW1wbGUub3JnAGxvb2tpbmctZ2xhc3M="
    console.send("NOOP looking-glass")
    stored = "".join(console._repr_mimebundle_().values())
    tooltips = "".join(button.tooltip for button in console._palette.values())
    for text in (page(console), stored, tooltips, console._input.value):
        assert secret not in text and "looking-glass" not in text
    assert "AUTH PLAIN ********" in page(console) and "NOOP ********" in stored
    console._secrets.value = True
    assert secret in page(console) and "looking-glass" in page(console)
    console._secrets.value = False
    assert secret not in page(console)


# Ten thousand lines.


def test_one_more_step_renders_as_many_rows_after_10_000_lines_as_after_10(console, monkeypatch):
    rendered: list[int] = []
    rows_html = render.rows_html

    def counting(rows, newest_step, *, secrets):
        rendered.append(len(rows))
        return rows_html(rows, newest_step, secrets=secrets)

    monkeypatch.setattr(render, "rows_html", counting)

    def most_of_a_chunkful():
        """Over as many steps as fill a chunk: the most rows that one step renders."""
        most = 0
        for _ in range(CHUNK // 2):
            rendered.clear()
            click(console, "NOOP")
            most = max(most, sum(rendered))
        return most

    few = most_of_a_chunkful()
    for _ in range(5_000):
        console.client.noop()
    console.refresh()
    assert len(console.model.conversation) > 10_000
    assert most_of_a_chunkful() <= max(few, CHUNK + 4)
    assert len(console._log._chunks) <= MOST_CHUNKS


def test_earlier_lines_come_back_by_a_button_and_are_whole(console):
    for number in range(CHUNK * MOST_CHUNKS):
        console.client.noop(str(number))
    console.refresh()
    assert "NOOP 0" not in texts(console)
    while console._log.earlier in console._log._column.children:
        console._log.earlier.click()
    lines = [line for who, line in said(console) if who == "C"]
    assert lines == [f"NOOP {number}" for number in range(CHUNK * MOST_CHUNKS)]


# Stored outputs.


def test_without_a_front_end_there_is_html_and_text_and_no_widget_view(console):
    assert set(console._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_with_a_front_end_the_live_view_stands_beside_them(console, monkeypatch):
    monkeypatch.setattr(console_module, "DummyComm", type(None))
    bundle = console._repr_mimebundle_()
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == console.view.model_id and "text/html" in bundle


def test_the_stored_html_needs_no_style_to_be_understood(console):
    for verb in [*TO_A_TRANSACTION, "MAIL"]:
        console.press(verb)
    html = console._repr_mimebundle_()["text/html"]
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for expected in (
        "TLS 1.3, certificate checked",
        "S 503 5.5.1 Nested MAIL command; a mail transaction is open already refused",
        "503 5.5.1 · permanent refusal",
        "In order now: EHLO, HELO, RCPT",
    ):
        assert expected in words
    assert not Tags(html).seen & {"style", "svg", "script", "button"}


def test_stored_outputs_are_the_same_over_tcp_and_in_memory():
    stored = []
    for transport in ("tcp", "memory"):
        with Sandbox(transport) as sandbox:
            console = Console(sandbox)
            for verb in [*TO_A_TRANSACTION, "DATA"]:
                console.press(verb)
            console.send(console._input.value)
            console.press("QUIT")
            sandbox.settle()
            stored.append(console._repr_mimebundle_())
    assert stored[0] == stored[1]


def test_a_stopped_sandbox_is_started_by_the_console():
    sandbox = Sandbox("memory")
    try:
        assert Console(sandbox).press("EHLO").code == 250
    finally:
        sandbox.stop()


# Style.

CSS = console_module._css()
PAIRS = [
    (text, ground)
    for ground in ("ground", "frame", "tls", "lit")
    for text in ("text", "muted", "c", "s", "bad", "tls-text")
] + [("button-text", "button")]


def colours(theme):
    block = CSS.split("{")[1 if theme == "light" else 2].split("}")[0]
    found = re.findall(r"--sl-([\w-]+):[^;]*?(#[0-9a-f]{3,6})", block)
    return dict(found)


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(d * 2 for d in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS, ids=[f"{t} on {g}" for t, g in PAIRS])
def test_every_pair_of_colours_reaches_wcag_aa(theme, text, ground):
    found = colours(theme)
    light, dark = sorted((luminance(found[text]), luminance(found[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_meanings_of_the_field_are_the_names_on_it(console):
    assert {meaning.value for meaning in Meaning} == {"Command", "Response", "Content", "Closed"}
    assert console._input.description == Meaning.COMMAND.value
