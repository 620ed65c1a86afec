"""From the ladder's model to HTML and SVG: pure functions, everything from the wire escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from smtplab.transcript import Event, Kind
from smtplab.transcript.rendering import note, shown_lines, visible
from smtplab.widgets import pieces
from smtplab.widgets.labels import EMPTY_LINE, counted, in_one_line, shortened
from smtplab.widgets.ladder.model import Arrow, LadderModel
from smtplab.widgets.pieces import safe
from smtplab.widgets.plain import breakable

LONGEST_LABEL = 38  # characters of the drawing's labels; the table has more
LONGEST_LINE = 120  # characters of one line in the table
MOST_LINES = 4  # of one arrow in the table
HEAD, ROW, NOTE = 44, 40, 30  # pixels of the lanes' names, of an arrow, of a note

HOW_TO_READ = (
    "Down is time. C: the client, S: the server. One arrow is one segment. "
    "A client that waits for an arrow back has spent one round trip."
)
VIRTUAL = (
    "Nobody waits for this: the time is round trips times latency. How long the octets "
    "themselves take to be sent comes on top; it depends on the line."
)


class Row(NamedTuple):
    """One arrow, as words and as a place in the drawing."""

    arrow: Arrow
    label: str
    tls: bool
    top: int  # pixels
    height: int


# Words.


def milliseconds(value: float) -> str:
    """
    >>> milliseconds(240), milliseconds(1840)
    ('240 ms', '1.84 s')
    """
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def label(arrow: Arrow) -> str:
    """What an arrow carries, short enough for a drawing."""
    event = arrow.events[0]
    if event.kind is Kind.CONNECT:
        return "TCP opens: SYN, SYN-ACK, ACK"
    if event.kind is Kind.TLS:
        return f"{event.detail.get('protocol')} handshake; from here on inside TLS"
    if not arrow.sender:
        return note(event)
    if len(arrow.events) == 1:
        return in_one_line(event, LONGEST_LABEL)
    each = max(3, (LONGEST_LABEL - 4) // len(arrow.events) - 3)
    words = [_first_word(one) for one in arrow.events]
    joined = " · ".join(shortened(word, max(each, 8)) for word in words)
    if len(joined) > LONGEST_LABEL:
        joined = f"{words[0]} · … · {words[-1]}, {len(words)} lines"
    return joined


def _first_word(event: Event) -> str:
    if event.kind is Kind.MAIL_DATA:
        return "content"
    line = shown_lines(event)[0]
    return line.split(" ", 1)[0]


def facts(model: LadderModel) -> tuple[str, ...]:
    """What stands on the frame."""
    return (
        counted(model.round_trips, "round trip"),
        f"{milliseconds(model.total)} of waiting at {model.latency} ms each",
    )


def in_words(model: LadderModel) -> str:
    """The same as the drawing, in sentences."""
    if not model.legs:
        return "Nothing was recorded on this connection yet."
    ways = "; ".join(f"{leg.source} to {leg.host} : {leg.port}" for leg in model.legs)
    waits = ", ".join(f"{trips} for {what}" for what, trips in model.waits.items())
    left_out = f" {model.left_out} more connections are not drawn." if model.left_out else ""
    trips = counted(model.round_trips, "round trip")
    return (
        f"{ways}. The {model.spoken} client waited {trips}: {waits}. "
        f"At {model.latency} ms for each that makes {milliseconds(model.total)}.{left_out}"
    )


# The drawing. Widths are percentages, so that lines stretch and letters do not.


def rows(model: LadderModel) -> list[Row]:
    """The arrows that are shown, each with its place."""
    found, top = [], HEAD
    for arrow in model.arrows:
        height = ROW if arrow.sender else NOTE
        found.append(Row(arrow, label(arrow), arrow.events[0].tls, top, height))
        top += height
    return found


def drawing(model: LadderModel) -> str:
    """The ladder as SVG, with the clock beside it."""
    shown = rows(model)
    if not shown:
        return pieces.legend(in_words(model))
    height = shown[-1].top + shown[-1].height + 6
    lanes = {host: _percent(n, len(model.lanes)) for n, host in enumerate(model.lanes)}
    ends = {leg.number: (lanes[leg.source], lanes[leg.host]) for leg in model.legs}
    times = "".join(_time(row, model) for row in shown)
    shades = "".join(_shade(row, *ends[row.arrow.leg]) for row in shown)
    body = "".join(_lane(host, x, model, height) for host, x in lanes.items())
    body += "".join(_arrow(row, *ends[row.arrow.leg]) for row in shown)
    words = escape(visible(in_words(model)), quote=True)
    return (
        '<div class="smtplab-drawing">'
        f'<svg class="smtplab-clock" height="{height}" aria-hidden="true">{times}</svg>'
        f'<svg class="smtplab-lanes" height="{height}" role="img" aria-label="{words}">'
        f"{shades}{body}</svg></div>"
    )


def _percent(number: int, lanes: int) -> float:
    return 2 + 96 * number / max(1, lanes - 1)


def _shade(row: Row, client: float, server: float) -> str:
    """The ground of what is inside TLS, between its two hosts only."""
    if not row.tls:
        return ""
    left, width = min(client, server), abs(server - client)
    return (
        f'<rect class="smtplab-inside" x="{left:g}%" y="{row.top}" width="{width:g}%" '
        f'height="{row.height}"/>'
    )


def _lane(host: str, x: float, model: LadderModel, height: int) -> str:
    at, anchor = (f"{x:g}%", "middle")
    if x < 10:
        at, anchor = "0", "start"
    elif x > 90:
        at, anchor = "100%", "end"
    return (
        f'<line class="smtplab-life" x1="{x:g}%" x2="{x:g}%" y1="{HEAD - 6}" y2="{height}"/>'
        f'<text class="smtplab-host" x="{at}" y="15" text-anchor="{anchor}">{safe(host)}</text>'
        f'<text class="smtplab-quiet" x="{at}" y="32" text-anchor="{anchor}">'
        f"{safe(model.role(host))}</text>"
    )


def _time(row: Row, model: LadderModel) -> str:
    if row.arrow.events[0].kind is Kind.CLOSE:
        return ""
    when = row.arrow.arrives if row.arrow.sender == "S" else row.arrow.departs
    text = milliseconds(when * model.latency)
    return f'<text class="smtplab-quiet" x="100%" dx="-8" y="{row.top + 17}">{text}</text>'


def _arrow(row: Row, client: float, server: float) -> str:
    who = row.arrow.sender
    if not who:
        middle = f"{(client + server) / 2:g}%"
        is_border = row.arrow.events[0].kind is Kind.TLS
        tone = "smtplab-border-text" if is_border else "smtplab-quiet"
        return (
            f'<text class="{tone}" x="{middle}" y="{row.top + 19}" text-anchor="middle">'
            f"{safe(row.label)}</text>"
        )
    start, end = (client, server) if who == "C" else (server, client)
    to_right = end > start
    top, bottom = row.top + 22, row.top + 33
    head = "M0,0L-10,-5L-10,4z" if to_right else "M0,0L10,-5L10,4z"
    words = f'<tspan class="smtplab-letter">{who}</tspan> {safe(row.label)}</text>'
    at = f'y="{row.top + 17}"'
    left = f'<text x="{min(start, end):g}%" dx="10" {at}>{words}'
    if not to_right:  # words begin at their sender, and where there is no room all at the left
        left = left.replace("<text", '<text class="smtplab-if-narrow"')
        left += f'<text class="smtplab-if-wide" x="{start:g}%" dx="-10" {at}>{words}'
    return (
        f'<g class="smtplab-{who.lower()}">{left}'
        f'<line x1="{start:g}%" y1="{top}" x2="{end:g}%" y2="{bottom}"/>'
        f'<svg x="{end:g}%" y="{bottom}" overflow="visible" width="1" height="1">'
        f'<path d="{head}"/></svg></g>'
    )


# The same as a table.


def table(model: LadderModel) -> str:
    """Every arrow that is drawn, with what it carried, and when."""
    start = model.earlier
    body = (_table_row(number, arrow, model) for number, arrow in _numbered(model, start))
    head = ("Arrow", "Time", "From", "What it carried", "TLS")
    return pieces.table(_caption(model), head, body)


def _caption(model: LadderModel) -> str:
    earlier = f"; {model.earlier} earlier arrows not shown" if model.earlier else ""
    return f"Arrows, with the time at {model.latency} ms a round trip{earlier}"


def _numbered(model: LadderModel, start: int) -> Iterator[tuple[int, Arrow]]:
    return enumerate(model.arrows, start + 1)


def _table_row(number: int, arrow: Arrow, model: LadderModel) -> tuple[str, ...]:
    leg = next(leg for leg in model.legs if leg.number == arrow.leg)
    who = {"C": f"C, {leg.source}", "S": f"S, {leg.host}"}.get(arrow.sender, "")
    when = milliseconds(arrow.arrives * model.latency)
    return (
        str(number), when, safe(who), "<br>".join(_lines(arrow)),
        "inside" if arrow.events[0].tls else "no",
    )  # fmt: skip


def _lines(arrow: Arrow) -> Iterator[str]:
    if not arrow.sender:
        yield f"<em>{safe(label(arrow))}</em>"
        return
    lines = [line for event in arrow.events for line in _event_lines(event)]
    yield from map(_line, lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        yield f"<em>and {counted(len(lines) - MOST_LINES, 'more line')}</em>"


def _line(line: str) -> str:
    return f"<code>{breakable(line)}</code>" if line else f"<em>{EMPTY_LINE}</em>"


def _event_lines(event: Event) -> list[str]:
    return [shortened(line, LONGEST_LINE) for line in shown_lines(event)]


def as_text(model: LadderModel) -> str:
    """The ladder as plain text."""
    lines = [f"Ladder: {in_words(model)}"]
    if model.earlier:
        lines.append(f"[{model.earlier} earlier arrows not shown]")
    for _, arrow in _numbered(model, model.earlier):
        when = milliseconds(arrow.arrives * model.latency)
        sign = {"C": "C ->", "S": "S <-"}.get(arrow.sender, "--")
        lock = " [TLS]" if arrow.events[0].tls and arrow.sender else ""
        lines.append(f"{when:>9}  {sign} {label(arrow)}{lock}")
    return "\n".join(map(visible, lines))
