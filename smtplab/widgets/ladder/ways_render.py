"""Three ways beside each other, as a waterfall, a table and words: pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from smtplab.widgets import pieces
from smtplab.widgets.labels import counted
from smtplab.widgets.ladder.render import milliseconds
from smtplab.widgets.ladder.ways import Way
from smtplab.widgets.pieces import safe

WHY = (
    "Step by step the client waits for each reply. Pipelined, MAIL, RCPT and DATA go out together "
    "(RFC 2920, 3.1). BDAT carries the content in the same go, because it asks for no 354 "
    "(RFC 3030, 2)."
)


def in_words(ways: Sequence[Way], recipients: int, latency: int) -> str:
    """One sentence on each way."""
    each = "; ".join(
        f"{way.name} ({way.source}): {counted(way.round_trips, 'round trip')}, "
        f"{milliseconds(way.round_trips * latency)}"
        for way in ways
    )
    return f"One mail for {counted(recipients, 'recipient')}, at {latency} ms: {each}."


def waterfall(ways: Sequence[Way], recipients: int, latency: int) -> str:
    """A bar for each wait, further to the right the later it is."""
    longest = max(way.round_trips for way in ways)
    words = escape(in_words(ways, recipients, latency), quote=True)
    body = "".join(_fall(way, longest, latency) for way in ways)
    return f'<div class="smtplab-fall" role="img" aria-label="{words}">{body}</div>'


def _fall(way: Way, longest: int, latency: int) -> str:
    head = f"{way.name}: {counted(way.round_trips, 'round trip')}"
    return (
        f'<div class="smtplab-fall-head"><b>{safe(head)}</b> '
        f"<span>{milliseconds(way.round_trips * latency)} · {safe(way.source)}</span></div>"
        + "".join(_bars(way, longest))
    )


def _bars(way: Way, longest: int) -> Iterator[str]:
    begun = 0
    for name, number in way.runs:
        label = f"{name} ({number} waits)" if number > 1 else name
        bars = "".join(
            f'<rect x="{100 * n / longest:.2f}%" width="{100 / longest:.2f}%" y="3" height="12"/>'
            for n in range(begun, begun + number)
        )
        begun += number
        yield (
            f'<div class="smtplab-fall-row"><span>{safe(label)}</span>'
            f'<svg height="18">{bars}</svg></div>'
        )


def table(ways: Sequence[Way], recipients: int, latency: int) -> str:
    """The same in a plain table."""
    body = (
        (
            f"{safe(way.name)}<br>{safe(way.source)}",
            f"{way.round_trips}",
            milliseconds(way.round_trips * latency),
            f"{safe(_steps(way))}<br>{counted(way.accepted, 'recipient')} accepted; last reply "
            f"<code>{safe(way.last_reply)}</code>",
        )
        for way in ways
    )
    caption = f"One mail for {counted(recipients, 'recipient')}, each way sent for real"
    return pieces.table(caption, ("Way", "Round trips", "Waiting", "What for, what came"), body)


def _steps(way: Way) -> str:
    return " → ".join(f"{name} × {number}" if number > 1 else name for name, number in way.runs)
