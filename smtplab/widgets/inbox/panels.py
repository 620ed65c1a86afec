"""One mail object as a mail program shows it: header fields, body, attachments (RFC 5322)."""

from __future__ import annotations

from html import escape

from smtplab.transcript.rendering import visible
from smtplab.widgets.inbox.harmless import HarmlessBody, harmless
from smtplab.widgets.inbox.mime import Part, safe_name
from smtplab.widgets.inbox.model import Reading
from smtplab.widgets.pieces import legend, safe, table, told
from smtplab.widgets.plain import cut

MAX_TEXT = 20_000  # characters of a text that are shown
MAX_OCTETS = 200_000  # of one part that are decoded: the bound above needs no more
MAX_ATTACHMENTS = 20

_SHOWN_FIELDS = ("From", "To", "Cc", "Date", "Subject")


# As a mail program shows it.


def message(reading: Reading) -> str:
    """Header fields, body and attachments, as a mail program shows them."""
    body = _html_body(reading)
    shown = body.frame("The body as HTML, in a frame of its own") if body else ""
    if body:
        shown = f"{legend(f'text/html. {body.told}')}{shown}"
        if plain := _text_body(reading):
            shown += f"<details><summary>The same as text/plain</summary>{plain}</details>"
    return _head(reading) + (shown or _text_body(reading) or _nothing(reading)) + _files(reading)


def message_without_frame(reading: Reading) -> str:
    """The same for a page that knows no frames: an HTML body by its words."""
    body = _html_body(reading)
    words = _text(body.text) if body else ""
    shown = f"{legend(f'text/html, by its words. {body.told}')}{words}" if body else ""
    return _head(reading) + (_text_body(reading) or shown or _nothing(reading)) + _files(reading)


def _head(reading: Reading) -> str:
    return told((name, cut(reading.value(name))) for name in _SHOWN_FIELDS)


def _html_body(reading: Reading) -> HarmlessBody | None:
    part = reading.structure.first("text/html")
    return harmless(part.text(reading.content, MAX_OCTETS)) if part else None


def _text_body(reading: Reading) -> str:
    part = reading.structure.first("text/plain")
    if part is None:
        return ""
    left_out = max(0, part.size - MAX_OCTETS)
    more = legend(f"{left_out:,} octets more are not shown.") if left_out else ""
    return _text(part.text(reading.content, MAX_OCTETS)) + more


def _text(text: str) -> str:
    lines = cut(text.replace("\r\n", "\n"), MAX_TEXT).split("\n")
    return f'<pre tabindex="0" aria-label="Text">{escape(chr(10).join(map(visible, lines)))}</pre>'


def _nothing(reading: Reading) -> str:
    return legend("There is no text to show: see Parts and Raw.")


def _files(reading: Reading) -> str:
    files = reading.structure.attachments
    if not files:
        return ""
    rows = [
        (f"<code>{safe(safe_name(p, n))}</code>", safe(p.type), f"{_size(reading, p)} octets")
        for n, p in enumerate(files[:MAX_ATTACHMENTS], 1)
    ]
    more = len(files) - len(rows)
    left_out = legend(f"{more} attachments more.") if more else ""
    caption = "Attachments. The names are made safe for saving; nothing is opened"
    return table(caption, ("Name", "Type", "Size"), rows) + left_out


def _size(reading: Reading, part: Part) -> str:
    """Its size decoded; only estimated where decoding would cost too much."""
    if part.encoding != "base64":
        return f"{part.size:,}"
    exact = part.size <= MAX_OCTETS
    size = len(part.octets(reading.content, MAX_OCTETS)) if exact else part.size * 57 // 78
    return f"{size:,}" if exact else f"about {size:,}"
