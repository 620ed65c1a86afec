"""From the eavesdropper's model to HTML and text: pure functions, everything escaped.

Octets of TLS differ from run to run, so only the living card shows them; static forms show the
names of handshake messages and the lengths of application records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from smtplab.transcript.eavesdropper import Sight
from smtplab.transcript.rendering import visible
from smtplab.widgets import pieces
from smtplab.widgets.eavesdropper.lessons import lessons_of
from smtplab.widgets.eavesdropper.model import Care, Caught, EavesdropperModel, HandIn
from smtplab.widgets.eavesdropper.moments import Moment, record_rows
from smtplab.widgets.pieces import safe
from smtplab.widgets.spoken import folded, shortened

MOST_MOMENTS = 60  # turns of one connection
MOST_LINES = 30  # of one turn
FOLD = 4  # lines of a turn that are in sight at once
ROW, MOST_ROWS = 16, 24  # octets of a row of hex, rows of one turn
MOST_OCTETS = 8192  # of one turn, for its readable lines
MOST_OF_A_RECORD = 16  # octets of its body
_MAIL_PORTS = (25, 465, 587)
_HEAD = ("who", "On the wire, as Eve reads it", "The same moment, as client and server noted it")


def bar(model: EavesdropperModel) -> str:
    """The connection, and in short what Eve has."""
    facts: list[str | tuple[str, str]] = []
    if model.overheard is not None:
        one = model.overheard.passage
        facts.append(f"{one.source} to {one.host} : {one.port}")
        began = any(moment.is_tls for moment in model.moments)
        facts.append(("TLS", "locked") if began else ("no TLS: all is readable", "open"))
        facts.append(f"password: {model.caught.password.value}")
    if model.strips:
        facts.append(("an attacker strips STARTTLS", "open"))
    return pieces.title("Eavesdropper") + pieces.chips(facts)


# The wire, turn by turn.


def wire_html(model: EavesdropperModel, *, octets: bool, living: bool = True) -> str:
    """What passed, beside what the ends noted; `octets` shows hex and ASCII."""
    if model.problem:
        return pieces.legend(model.problem)
    if model.overheard is None:
        return pieces.legend("Nothing has passed yet. Connect, or let a client send, and refresh.")
    rows = [_row(moment, octets, living) for moment in _shown(model.moments)]
    caption = model.overheard.title + _left_out(model.moments)
    found = pieces.table(caption, _HEAD, rows)
    if not living:
        return found
    label = 'role="region" aria-label="The wire; the arrow keys scroll it"'
    return f'<div class="smtplab-scroller" tabindex="0" {label}>{found}</div>'


def _shown(moments: Sequence[Moment]) -> Sequence[Moment]:
    if len(moments) <= MOST_MOMENTS:
        return moments
    return (*moments[: MOST_MOMENTS - 20], *moments[-20:])


def _left_out(moments: Sequence[Moment]) -> str:
    more = len(moments) - MOST_MOMENTS
    return f" ({more} turns in the middle are not shown)" if more > 0 else ""


def _row(moment: Moment, octets: bool, living: bool) -> tuple[str, str, str]:
    if moment.is_tls:
        seen = _tls_html(moment.sight, octets and living)
    else:
        seen = _code_html(hex_rows(moment.sight.octets) if octets else lines_of(moment.sight))
    kind = "tls" if moment.is_tls else moment.who.lower()
    return f"<b>{moment.who}</b>", f'<div class="smtplab-{kind}">{seen}</div>', _inside(moment)


def _code_html(lines: Sequence[str]) -> str:
    """The first lines, and the others on request, so that the whole way stays in sight."""
    shown = [f"<code>{escape(line)}</code>" for line in lines]
    if len(shown) <= FOLD + 1:
        return "<br>".join(shown)
    more = folded(f"{len(shown) - FOLD} more lines", "<br>".join(shown[FOLD:]))
    return "<br>".join(shown[:FOLD]) + more


def lines_of(sight: Sight) -> list[str]:
    """Plaintext as lines, bounded."""
    octets = sight.octets[:MOST_OCTETS].removesuffix(b"\r\n")
    lines = [visible(line.decode("utf-8", "backslashreplace")) for line in octets.split(b"\r\n")]
    shown = [shortened(line) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES or len(sight.octets) > MOST_OCTETS:
        shown.append(f"[{len(sight.octets)} octets in all; the rest is not shown]")
    return shown


def hex_rows(octets: bytes) -> list[str]:
    """Plaintext as hex and ASCII, bounded.

    >>> hex_rows(b"QUIT\\r\\n")
    ['51 55 49 54 0d 0a                                QUIT..']
    """
    rows = [octets[at : at + ROW] for at in range(0, min(len(octets), ROW * MOST_ROWS), ROW)]
    shown = [f"{row.hex(' '):<{3 * ROW - 1}}  {_ascii(row)}" for row in rows]
    if len(octets) > ROW * MOST_ROWS:
        shown.append(f"[{len(octets) - ROW * MOST_ROWS} more octets]")
    return shown


def _ascii(row: bytes) -> str:
    return "".join(chr(octet) if 32 <= octet < 127 else "." for octet in row)


def _tls_html(sight: Sight, octets: bool) -> str:
    if not octets:
        return "<br>".join(f"<em>{safe(text)}</em>" for text in tls_words(sight))
    named = f"TLS handshake: {', '.join(sight.handshake)}<br>" if sight.handshake else ""
    records = [
        f"<code>{header}</code> <em>{escape(words)}</em><br><code>{_beginning(body)}</code>"
        for header, words, body in record_rows(sight)
    ]
    more = f"<br>[{len(records) - MOST_LINES} more records]" if len(records) > MOST_LINES else ""
    return named + "<br>".join(records[:MOST_LINES]) + more


def _beginning(body: bytes) -> str:
    more = " ..." if len(body) > MOST_OF_A_RECORD else ""
    return escape(f"{body[:MOST_OF_A_RECORD].hex(' ')}{more}")


def tls_words(sight: Sight) -> list[str]:
    """What anyone can tell of TLS: names of handshake messages, lengths of records."""
    words = [f"TLS handshake: {', '.join(sight.handshake)}"] if sight.handshake else []
    lengths = sight.lengths[:MOST_LINES]
    words += [f"TLS application record, {length} octets, not readable" for length in lengths]
    more = len(sight.lengths) - len(lengths)
    return [*words, f"[{more} more records]"] if more > 0 else words


def _inside(moment: Moment) -> str:
    if not moment.inside:
        handshake = moment.is_tls and moment.sight.handshake
        return "<em>the handshake: no SMTP yet</em>" if handshake else "<em>not noted</em>"
    if not moment.is_tls and len(moment.inside) == 1:
        return f"{safe(moment.inside[0][0])}: the same"
    told = "<br>".join(
        f"<b>{safe(name)}</b>: " + "<br>".join(f"<code>{escape(line)}</code>" for line in said)
        for name, said in noted(moment)
    )
    changes = "".join(f"<br><b>on the way</b>: {safe(shortened(c))}" for c in moment.changed)
    return told + changes


def noted(moment: Moment) -> Iterator[tuple[str, list[str]]]:
    """What each end noted, bounded; where they differ at length, what changed is told instead."""
    for name, lines in moment.inside:
        long = len(lines) > 2 and bool(moment.changed)
        yield name, [f"{len(lines)} lines"] if long else _few(lines)


def _few(lines: Sequence[str]) -> list[str]:
    shown = [shortened(line) for line in lines[:FOLD]]
    return shown if len(lines) <= FOLD else [*shown, f"[{len(lines) - FOLD} more lines]"]


# What Eve has.


def catch_html(model: EavesdropperModel) -> str:
    """What was readable, and what still leaks."""
    if model.overheard is None:
        return ""
    rows = [(f"<b>{safe(what)}</b>", safe(text)) for what, text in catch_rows(model)]
    leaks = "".join(f"<li>{safe(shortened(leak))}</li>" for leak in leaks_of(model))
    return (
        pieces.table("What Eve has", ("thing", "Eve"), rows)
        + f"<p><b>What still leaks</b>:</p><ul>{leaks}</ul>"
    )


def catch_rows(model: EavesdropperModel) -> list[tuple[str, str]]:
    """Password, envelope and content: read, inside TLS, or never sent."""
    caught = model.caught
    passwords = model.overheard.passwords if model.overheard is not None else ()
    found = ", ".join(map(in_words, passwords[:5]))
    rows = [
        ("Password", caught.password.value + (f": {found}" if found else "")),
        ("Envelope (MAIL, RCPT)", caught.envelope.value),
        ("Content", caught.content.value),
    ]
    if model.changed:
        rows.append(("Changed on the way", "; ".join(map(shortened, model.changed[:6]))))
    return rows


def in_words(secret: str) -> str:
    """What AUTH sent; that of PLAIN has three parts with NUL between (RFC 4616, 2).

    >>> in_words("\\\\x00alice\\\\x00winter")
    'user alice, password winter'
    """
    parts = shortened(secret).split("\\x00")
    return f"user {parts[1]}, password {parts[2]}" if len(parts) == 3 else shortened(secret)


def leaks_of(model: EavesdropperModel) -> Iterator[str]:
    """In words; that it is mail is told by the port alone."""
    if model.overheard is None:
        return
    yield from model.overheard.leaks
    port = model.overheard.passage.port
    if port in _MAIL_PORTS:
        yield f"That it is mail: port {port} is used for nothing else."


# Careless and strict, without the attacker and with him.


def hand_ins_html(model: EavesdropperModel) -> str:
    """What came of each message that was handed in, beside each other."""
    if model.sandbox is None or not model.hand_ins:
        return ""
    rows = [
        (
            f"<b>{safe(_who(done))}</b>",
            safe(shortened(done.outcome)),
            *map(safe, _cells(done.caught)),
        )
        for done in _in_order(model)
    ]
    head = ("client", "what came of it", "password", "envelope", "content")
    lessons = "".join(f"<p>{safe(text)}</p>" for text in lessons_of(model))
    return pieces.table(f"Handed in at {model.door.value}", head, rows) + lessons


def _in_order(model: EavesdropperModel) -> list[HandIn]:
    return [
        model.hand_ins[care, stripped]
        for stripped in (False, True)
        for care in Care
        if (care, stripped) in model.hand_ins
    ]


def _who(done: HandIn) -> str:
    return f"{done.care.value}, {'attacker strips STARTTLS' if done.stripped else 'no attacker'}"


def _cells(caught: Caught) -> tuple[str, str, str]:
    return caught.password.value, caught.envelope.value, caught.content.value


# Without a front end.


def as_static_html(model: EavesdropperModel, *, octets: bool) -> str:
    """Plain tables, for a page that strips styles."""
    return (
        "<p><b>Eavesdropper</b>: the wire as a third person, Eve, sees it.</p>"
        + wire_html(model, octets=octets, living=False)
        + catch_html(model)
        + hand_ins_html(model)
    )


def as_static_text(model: EavesdropperModel, *, octets: bool) -> str:
    """The same as plain text."""
    lines = ["Eavesdropper: the wire as a third person, Eve, sees it"]
    if model.overheard is None:
        lines.append(model.problem or "Nothing has passed yet.")
    else:
        lines.append(model.overheard.title + _left_out(model.moments))
    for moment in _shown(model.moments):
        lines += _text_of(moment, octets)
    for what, text in catch_rows(model) if model.overheard else ():
        lines.append(f"{what}: {text}")
    lines += (f"Still leaks: {shortened(leak)}" for leak in leaks_of(model))
    for done in _in_order(model):
        cells = ", ".join(
            f"{name} {text}" for name, text in zip(_THINGS, _cells(done.caught), strict=True)
        )
        lines.append(f"{_who(done)}: {shortened(done.outcome)}; {cells}")
    return "\n".join(visible(line) for line in (*lines, *lessons_of(model)))


_THINGS = ("password", "envelope", "content")


def _text_of(moment: Moment, octets: bool) -> Iterator[str]:
    if moment.is_tls:
        shown = tls_words(moment.sight)
    else:
        shown = hex_rows(moment.sight.octets) if octets else lines_of(moment.sight)
    yield from (f"{moment.who}  {line}" for line in shown)
    if moment.is_tls or len(moment.inside) > 1:
        for name, said in noted(moment):
            yield from (f"      {name}: {line}" for line in said)
    yield from (f"      on the way: {shortened(change)}" for change in moment.changed)
