"""What a content is made of: its parts, and its octets as they lie there (RFC 2046, RFC 5322)."""

from __future__ import annotations

from html import escape

from smtplab.mail_object import header_section
from smtplab.transcript.rendering import visible
from smtplab.widgets.inbox.mime import Part
from smtplab.widgets.inbox.model import Reading
from smtplab.widgets.pieces import legend, safe
from smtplab.widgets.plain import cut

MAX_RAW = 32_768  # octets of each section that are shown
MAX_LINES = 400
MAX_LINE = 1_000  # octets (RFC 5322, 2.1.1 allows 998)

# What it is made of.


def parts(reading: Reading) -> str:
    """The MIME structure as a nested list (RFC 2045, RFC 2046)."""
    found = reading.structure
    html: list[str] = []
    depth = -1
    for part in found.parts:
        if part.depth > depth:
            html.append("<ul><li>")
        else:
            html.append("</li></ul>" * (depth - part.depth) + "</li><li>")
        depth = part.depth
        html.append(_part(part))
    html.append("</li></ul>" * (depth + 1))
    notes = []
    if found.left_out:
        notes.append(f"At least {found.left_out:,} parts more, not looked into.")
    if found.unread:
        notes.append(f"{found.unread:,} octets of the header section not looked into.")
    return f'<div class="smtplab-tree">{"".join(html)}</div>' + "".join(map(legend, notes))


def _part(part: Part) -> str:
    number = part.number or "whole"
    name = f" · {cut(part.file_name, 80)}" if part.file_name else ""
    facts = f"{cut(part.encoding, 40)} · {part.size:,} octets{name}"
    return f"<code>{safe(number)}</code> <b>{safe(cut(part.type, 80))}</b> · {safe(facts)}"


# As it is.


def raw(reading: Reading) -> str:
    """The octets as text; what this server put in front stands apart."""
    return _raw(reading, "")


def raw_with_line_ends(reading: Reading) -> str:
    """The same, with CR LF in sight."""
    return _raw(reading, ' <i class="smtplab-end">CR LF</i>')


def _raw(reading: Reading, mark: str) -> str:
    front, accepted = reading.mail.front, reading.mail.accepted
    header = len(header_section(accepted[: MAX_RAW * 2]))
    head = _octets("Put in front by the last server", front, mark) if front else ""
    first = _octets("Header section, as it was accepted", accepted[: header + 2], mark)
    rest = accepted[header + 2 : header + 2 + MAX_RAW]
    body = _octets("The empty line, and the body", rest, mark)
    left_out = len(accepted) - header - 2 - len(rest)
    return head + first + body + (legend(f"{left_out:,} octets more.") if left_out > 0 else "")


def _octets(label: str, octets: bytes, mark: str) -> str:
    shown = octets[:MAX_RAW]
    lines = shown.split(b"\r\n")
    ends = len(lines) - 1  # what stands behind the last CR LF has none
    if lines[-1] == b"":
        lines.pop()
    html = [
        escape(visible(_line(line))) + (mark if number < ends else "")
        for number, line in enumerate(lines[:MAX_LINES])
    ]
    more = len(lines) - len(html)
    left_out = [f"{more:,} lines more" if more else "", _octets_more(octets)]
    notes = "".join(legend(note) for note in left_out if note)
    return (
        f'<p class="smtplab-label">{safe(label)}</p><pre tabindex="0" aria-label="{safe(label)}">'
        f"{chr(10).join(html)}</pre>{notes}"
    )


def _octets_more(octets: bytes) -> str:
    return f"{len(octets) - MAX_RAW:,} octets more" if len(octets) > MAX_RAW else ""


def _line(line: bytes) -> str:
    text = line[:MAX_LINE].decode("utf-8", "backslashreplace")
    more = len(line) - MAX_LINE
    return f"{text} … {more:,} octets more on this line" if more > 0 else text
