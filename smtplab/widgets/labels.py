"""Short words for a drawing or a list: an event in one line, counted things, cut texts."""

from __future__ import annotations

from smtplab.transcript import Event, Kind
from smtplab.transcript.rendering import shown_lines

EMPTY_LINE = "(an empty line)"


def counted(number: int, what: str) -> str:
    """
    >>> counted(1, "round trip"), counted(3, "round trip")
    ('1 round trip', '3 round trips')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def shortened(text: str, most: int) -> str:
    """
    >>> shortened("MAIL FROM:<alice@example.org>", 12)
    'MAIL FROM:<…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def in_one_line(event: Event, most: int) -> str:
    """What an event holds in about `most` characters, secrets hidden; not yet escaped."""
    if event.kind is Kind.MAIL_DATA:
        return f"content, {counted(event.length, 'octet')}"
    lines = shown_lines(event)
    more = f" (+{counted(len(lines) - 1, 'line')})" if len(lines) > 1 else ""
    return shortened(lines[0] or EMPTY_LINE, most - len(more)) + more
