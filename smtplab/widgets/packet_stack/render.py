"""From the packet model to HTML: pure functions, everything from the wire escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from itertools import groupby

from smtplab.transcript.rendering import visible
from smtplab.widgets import pieces
from smtplab.widgets.labels import shortened
from smtplab.widgets.packet_stack.layers import CHECK, Field, Frame, Layer
from smtplab.widgets.packet_stack.model import Packet, PacketModel
from smtplab.widgets.pieces import safe

ROW = 16  # octets in one row
LONGEST_VALUE = 70  # characters of a field's value
LARGEST_LINK = 2**18  # octets of a capture that a link in the page may hold

ABOUT_THE_NETWORK = (
    "The capture begins with the IP header (LINKTYPE_RAW). The frame of Ethernet around it is an "
    "illustration: it shows what a network card would add. Addresses, the TCP handshake and "
    "acknowledgements are made up as well; the octets of SMTP and TLS are the real ones."
)
ABOUT_TLS = (
    "The list names the line because an end of the connection has told it. On the way nobody can "
    "read it: the octets of A are encrypted. "
)
_LETTERS = "A: application · R: TLS record header · T: TCP · I: IP · L: link (Ethernet)"


def about(model: PacketModel) -> str:
    """What is real and what is made up, and who can read it."""
    return (ABOUT_TLS if model.is_tls else "") + ABOUT_THE_NETWORK


def facts(model: PacketModel) -> tuple[str, ...]:
    """What stands on the frame."""
    one = model.passage
    where = f"{one.source} → {one.host} : {one.port}"
    return where, f"packet {model.packet.number}", _readable(model)


def _readable(model: PacketModel) -> str:
    if not model.packet.parts:
        return "TCP alone: carries no line"
    return "inside TLS: unreadable on the way" if model.is_tls else "readable on the way"


def option(packet: Packet) -> str:
    """One packet in the list."""
    return f"{packet.number:>4}  {packet.sender}  {visible(packet.text)}"


def field_option(layer: Layer, field: Field) -> str:
    """One field in the list."""
    return visible(f"{layer.letter}  {field.name}: {_value(field)}")


def _value(field: Field) -> str:
    return shortened(field.value, LONGEST_VALUE)


# The stack.


def stack(frame: Frame) -> str:
    """Each layer puts its own octets around those from above."""
    down = list(frame.layers)
    words = escape(visible(stack_in_words(frame)), quote=True)
    rows = []
    for depth, layer in enumerate(down, 1):
        if depth > 1:
            rows.append('<div class="smtplab-down">↓</div>')
        blocks = "".join(_block(one, one is layer) for one in reversed(down[:depth]))
        if layer.letter == "L":
            blocks += f'<span class="smtplab-block smtplab-at-end smtplab-new">L {CHECK}</span>'
        rows.append(
            f'<div class="smtplab-level"><div><b>{safe(layer.name)}</b> '
            f"<span>adds {layer.adds} octets</span></div><div>{blocks}</div></div>"
        )
    tls = " smtplab-in-tls" if any(layer.letter == "R" for layer in down) else ""
    return f'<div class="smtplab-stack{tls}" role="img" aria-label="{words}">{"".join(rows)}</div>'


def _block(layer: Layer, is_new: bool) -> str:
    size = layer.adds - CHECK if layer.letter == "L" else layer.adds
    new = " smtplab-new" if is_new else ""
    place = f"smtplab-block smtplab-at-{layer.letter}{new}"
    return f'<span class="{place}">{layer.letter} {size}</span>'


def stack_in_words(frame: Frame) -> str:
    """Such as "App layer (SMTP): 25 octets ↓ TCP adds 20 ↓ …"."""
    first, *below = frame.layers
    parts = [f"{first.name}: {first.adds} octets" if first.letter == "A" else first.name]
    parts += [f"{layer.name} adds {layer.adds}" for layer in below]
    return f"{' ↓ '.join(parts)}. In all {len(frame.octets)} octets for the cable."


def tasks(frame: Frame) -> str:
    """What each layer is there for, from the top of the stack to the bottom."""
    return pieces.table(
        "What each layer adds, from the top of the stack to the bottom",
        ("Layer", "Adds", "Its task"),
        (
            (f"<b>{layer.letter}</b> {safe(layer.name)}", f"{layer.adds} octets", safe(layer.task))
            for layer in frame.layers
        ),
    )


# Octet by octet.


def octets(frame: Frame, field: Field | None) -> str:
    """Every octet of the frame, each row in one layer; those of `field` are marked."""
    body = (
        (f"<b>{letter}</b>", f"{start}", f"<code>{_hex(frame, start, end, field)}</code>",
         f"<code>{_text(frame, start, end, field)}</code>")
        for letter, start, end in _rows(frame.letters)
    )  # fmt: skip
    return pieces.table(f"The octets. {_LETTERS}", ("Layer", "From", "Octets", "As text"), body)


def _rows(letters: str) -> Iterator[tuple[str, int, int]]:
    at = 0
    for letter, run in groupby(letters):
        end = at + len(list(run))
        for start in range(at, end, ROW):
            yield letter, start, min(end, start + ROW)
        at = end


def _marked(parts: list[str], start: int, field: Field | None, between: str) -> str:
    """The parts joined, with those of the field between marks."""
    if field is None:
        return between.join(parts)
    first = min(max(field.start - start, 0), len(parts))
    last = min(max(field.end - start, first), len(parts))
    runs = (parts[:first], parts[first:last], parts[last:])
    before, inside, after = (between.join(run) for run in runs)
    marked = f"<mark>{inside}</mark>" if inside else ""
    return between.join(filter(None, (before, marked, after)))


def _hex(frame: Frame, start: int, end: int, field: Field | None) -> str:
    return _marked([f"{one:02x}" for one in frame.octets[start:end]], start, field, " ")


def _text(frame: Frame, start: int, end: int, field: Field | None) -> str:
    shown = [escape(chr(one)) if 32 <= one < 127 else "." for one in frame.octets[start:end]]
    return _marked(shown, start, field, "")


def field_told(layer: Layer, field: Field) -> str:
    """What the marked octets are, in words."""
    where = f"octet {field.start}"
    if field.end - field.start > 1:
        where = f"octets {field.start} to {field.end - 1}"
    return (
        f'<p class="smtplab-marked" role="status"><b>{safe(layer.letter)}</b> {safe(field.name)}: '
        f"<code>{safe(_value(field))}</code>. {safe(field.meaning)}; {where} of the frame.</p>"
    )


def fields(frame: Frame) -> str:
    """Every field with its value and meaning."""
    body = (
        (f"<b>{layer.letter}</b>", safe(field.name), f"<code>{safe(_value(field))}</code>",
         safe(field.meaning))
        for layer, field in frame.fields
    )  # fmt: skip
    return pieces.table(
        "All fields, in the order of the wire", ("Layer", "Field", "Value", "Meaning"), body
    )


# The file.


def link(model: PacketModel) -> str:
    """The capture inside the page, so that no server is needed to save it."""
    if model.size > LARGEST_LINK:
        return pieces.legend(
            f"The capture has about {model.size} octets, too many for a link; use save(path)."
        )
    capture = model.capture()
    name = f"{model.connection}.pcapng"
    data = b64encode(capture).decode()
    return (
        f'<a class="smtplab-link" download="{safe(name)}" '
        f'href="data:application/octet-stream;base64,{data}">Save {safe(name)}</a> '
        f'<span class="smtplab-legend">{len(capture)} octets, for Wireshark; it holds '
        f"{len(model.packets)} packets with these numbers</span>"
    )


# Without a front end.


def as_static_html(model: PacketModel) -> str:
    """The chosen packet as plain tables."""
    frame = model.frame
    return (
        f"<p><strong>Packet stack</strong> · {' · '.join(map(safe, facts(model)))}</p>"
        f"<p><b>{model.packet.sender}</b> <code>{safe(model.packet.text)}</code></p>"
        f"<p>{safe(stack_in_words(frame))}</p>{tasks(frame)}{fields(frame)}{octets(frame, None)}"
        f"<p>{safe(about(model))}</p>"
    )


def as_static_text(model: PacketModel) -> str:
    """The chosen packet as plain text."""
    frame = model.frame
    lines = [
        f"Packet stack | {' | '.join(facts(model))}",
        f"{model.packet.sender}: {model.packet.text}",
        stack_in_words(frame),
    ]
    lines += [f"{layer.letter}  {layer.name}: {layer.task}" for layer in frame.layers]
    for layer, field in frame.fields:
        lines.append(f"{layer.letter}  {field.name}: {_value(field)} ({field.meaning})")
    for letter, start, end in _rows(frame.letters):
        row = frame.octets[start:end]
        text = "".join(chr(one) if 32 <= one < 127 else "." for one in row)
        lines.append(f"{letter}  {start:>4}  {row.hex(' '):<{3 * ROW - 1}}  {text}")
    return "\n".join(visible(line) for line in [*lines, about(model)])
