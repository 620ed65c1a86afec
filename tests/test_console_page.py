"""What the console puts on a page: escaped, hidden, flat in cost, readable without styles."""

import re
from html.parser import HTMLParser

import pytest

from smtplab import Console, LocalProtocolError, Sandbox
from smtplab.transport import Stream
from smtplab.transport.stream import StreamWrapper
from smtplab.widgets import view as view_module
from smtplab.widgets.console import render
from smtplab.widgets.console.log_view import CHUNK, MOST_CHUNKS
from smtplab.widgets.view import css
from tests.console_hands import TO_A_TRANSACTION, click, page, said, texts, type_

HOSTILE = "<script>alert(1)</script>&\u202e\u2028"
EVIL_TAG = "<script>alert"


@pytest.fixture
def sandbox():
    with Sandbox("memory") as running:
        yield running


@pytest.fixture
def console(sandbox):
    return Console(sandbox)


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
    monkeypatch.setattr(view_module, "DummyComm", type(None))
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
    assert not Tags(console.static_html()).seen & {"style", "svg", "script", "button"}


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


# Style.

CSS = css("theme")
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
