"""What a third person reads on the wire, and what still leaks when it is TLS (RFC 3207, 6)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from smtplab.transcript.passage import Passage, passages
from smtplab.transcript.rendering import LEFT, visible
from smtplab.transcript.tls_records import ADDED_BY_TLS_1_3, Reader, is_client_hello

if TYPE_CHECKING:
    from smtplab.transcript.transcript import Transcript

ROW = 16  # octets in one row
MAX_ROWS = 128  # of one turn; the capture file has all
_WHO = {"client": "C", "server": "S"}


@dataclass(frozen=True)
class Sight:
    """One turn of one side: plaintext, names of handshake messages, lengths of records."""

    sender: str  # "client" or "server"
    octets: bytes = b""
    handshake: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    records: bytes = b""  # TLS as it passed; its octets differ from run to run


@dataclass(frozen=True)
class Overheard:
    """One connection as it looks from outside."""

    passage: Passage
    sights: tuple[Sight, ...]
    leaks: tuple[str, ...]
    passwords: tuple[str, ...] = ()  # what AUTH sent in plaintext, its base64 undone

    @property
    def title(self) -> str:
        one = self.passage
        return f"{one.source} to {one.host} : {one.port}, as read on the wire"


@dataclass(frozen=True)
class Eavesdropper:
    """Several connections from outside; shows itself as text and as HTML."""

    overheard: tuple[Overheard, ...]

    def __str__(self) -> str:
        return "\n\n".join("\n".join(_text_lines(one)) for one in self.overheard)

    def to_html(self) -> str:
        """Tables that read well without any style sheet; everything in them is escaped."""
        return "".join(map(_html, self.overheard))

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def eavesdrop(
    transcript: Transcript, connections: Sequence[str] | None = None, *, secrets: bool = False
) -> Eavesdropper:
    """What a third person reads of the connections (by name, or all).

    `ValueError` names one that is not whole any more. What crosses the wire to the sandbox is
    shown as it is; secrets to a real server only with `secrets`.
    """
    found = passages(transcript, connections, secrets=secrets)
    return Eavesdropper(tuple(map(_overhear, found)))


def _overhear(passage: Passage) -> Overheard:
    reader: Reader | None = None
    sights: list[Sight] = []
    for sender, octets in passage.flights:
        if reader is None and sender == "client" and is_client_hello(octets):
            reader = Reader()
        if reader is None:
            sights.append(Sight(sender, octets))
        else:
            names, lengths = reader.feed(sender, octets)
            if names or lengths:
                sights.append(Sight(sender, b"", tuple(names), tuple(lengths), octets))
    passwords = tuple(_passwords([sight for sight in sights if sight.octets]))
    return Overheard(passage, tuple(sights), tuple(_leaks(passage, sights, reader)), passwords)


# What leaks.


def _leaks(passage: Passage, sights: Sequence[Sight], reader: Reader | None) -> Iterator[str]:
    yield f"Both hosts, port {passage.port}, and the time of each packet."
    plain = [sight for sight in sights if sight.octets]
    if reader is None:
        yield "All that was said: envelope, content and replies, readable and open to change."
    elif plain:
        yield (
            f"The {sum(len(sight.octets) for sight in plain)} octets before TLS, readable and "
            "open to change."
        )
    for secret in _passwords(plain):
        yield f"What AUTH sent in base64, which anyone decodes: {secret}"
    if reader is not None:
        yield from _leaks_of_tls(sights, reader)


def _leaks_of_tls(sights: Sequence[Sight], reader: Reader) -> Iterator[str]:
    if reader.server_name:
        yield f"The server's name in the ClientHello: {visible(reader.server_name)}"
    if any("Certificate" in sight.handshake for sight in sights):
        yield "The server's certificate: before TLS 1.3 it crosses the wire readable."
    runs = [(sight.sender, sight.lengths) for sight in sights if sight.lengths]
    if not runs:
        return
    counts = {who: sum(len(n) for sender, n in runs if sender == who) for who in _WHO}
    yield (
        f"How often each side spoke: {counts['client']} application records from the client, "
        f"{counts['server']} from the server."
    )
    sums = [(sum(lengths), len(lengths)) for sender, lengths in runs if sender == "client"]
    if sums and reader.is_tls_1_3:
        octets, records = max(sums)
        plaintext = octets - records * ADDED_BY_TLS_1_3
        yield (
            f"Sizes: TLS 1.3 adds {ADDED_BY_TLS_1_3} octets to each record, so the client's "
            f"longest turn holds {plaintext} octets."
        )


def _passwords(plain: Sequence[Sight]) -> Iterator[str]:
    """What the client sent with AUTH and after each 334, with base64 undone (RFC 4954, 4)."""
    code = b""  # of the reply before
    for sight in plain:
        if sight.sender == "server":
            code = sight.octets[:3]
            continue
        for line in sight.octets.split(b"\r\n"):
            words = line.split()
            verb = words[0].upper() if words else b""
            value = b""
            if code == b"334":
                value = line
            elif code == b"354" or verb == b"BDAT":
                break  # mail data
            elif verb == b"AUTH" and len(words) == 3:
                value = words[2]
            code = b""
            if value.strip(b"*="):
                yield visible(_decoded(value).decode("utf-8", "backslashreplace"))


def _decoded(value: bytes) -> bytes:
    try:
        return b64decode(value, validate=True)
    except Base64Error:
        return value


# Renderings.


def _rows(sight: Sight) -> Iterator[tuple[str, str]]:
    """Hex and text of each row; a note has no hex."""
    if sight.handshake:
        yield "", f"TLS handshake: {', '.join(sight.handshake)}"
    rows = [(_hex(row), _ascii(row)) for row in _cut(sight.octets)]
    rows += [("", f"TLS application record, {length} octets") for length in sight.lengths]
    yield from rows[:MAX_ROWS]
    if len(rows) > MAX_ROWS:
        yield "", f"[{len(rows) - MAX_ROWS} more rows not shown]"


def _cut(octets: bytes) -> Iterator[bytes]:
    return (octets[start : start + ROW] for start in range(0, len(octets), ROW))


def _hex(row: bytes) -> str:
    return row.hex(" ")


def _ascii(row: bytes) -> str:
    """Each octet as one character; a dot for those that are not printable ASCII."""
    return "".join(chr(octet) if 32 <= octet < 127 else "." for octet in row)


def _text_lines(overheard: Overheard) -> Iterator[str]:
    yield visible(overheard.title)
    for sight in overheard.sights:
        for digits, text in _rows(sight):
            who = _WHO[sight.sender]
            yield f"{who}  {digits:<{3 * ROW - 1}}  {text}" if digits else f"{who}  {text}"
    yield "What still leaks:"
    yield from (f"- {leak}" for leak in overheard.leaks)


def _html(overheard: Overheard) -> str:
    rows = "".join(
        _html_row(_WHO[sight.sender], digits, text)
        for sight in overheard.sights
        for digits, text in _rows(sight)
    )
    leaks = "".join(f"<li>{escape(leak)}</li>" for leak in overheard.leaks)
    return (
        f"<table><caption>{escape(visible(overheard.title))}</caption><tbody>{rows}</tbody>"
        f"</table><p>What still leaks:</p><ul>{leaks}</ul>"
    )


def _html_row(who: str, digits: str, text: str) -> str:
    if digits:
        shown = (f"<code>{digits}</code>", f"<code>{escape(text)}</code>")
        cells = "".join(f"<td {LEFT}>{one}</td>" for one in shown)
    else:
        cells = f'<td colspan="2" {LEFT}><em>{escape(text)}</em></td>'
    return f"<tr><td><b>{who}</b></td>{cells}</tr>"
