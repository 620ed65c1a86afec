"""Renderings of events: text, HTML, JSON. Pure functions; secrets hidden unless asked for."""

from __future__ import annotations

import json
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

from smtplab.transcript.events import FROM_CLIENT, FROM_SERVER, SCHEMA, Event, Kind
from smtplab.transcript.hiding import hidden_places, hide

MAX_SHOWN_LINES = 200  # of one event; the JSON form has all that was kept

CHECKS = {
    "yes": "certificate checked",
    "no": "certificate NOT checked",
    "unknown": "nobody told whether the certificate was checked",
}
"""What a note says of the certificate, by the event's `verified`."""

LEFT = 'style="text-align:left"'
TOP_LEFT = 'style="text-align:left;vertical-align:top"'
"""For each cell of a table that holds words: notebooks set tables for numbers, at the right."""


def as_text(events: Iterable[Event], *, secrets: bool = False) -> str:
    """The dialogue as an RFC prints it: `C:` and `S:` lines, with notes between."""
    return "\n".join(line for event in events for line in _text_lines(event, secrets))


def as_html(events: Sequence[Event], *, secrets: bool = False) -> str:
    """A table that reads well without any style sheet; everything in it is escaped."""
    rows = "".join(_html_row(event, secrets) for event in events)
    names = spoken(events)
    told = f"Transcript: C is the {names} client, S the {names} server"
    if "," in names:
        told = f"Transcript ({names}): C is the client, S the server"
    return f"<table><caption>{told}</caption><tbody>{rows}</tbody></table>"


def spoken(events: Iterable[Event]) -> str:
    """The protocol of a session, as its greeting shows it; of several sessions all, by commas.

    POP3 greets with `+OK` (RFC 1939, 4), IMAP with `* OK`, `PREAUTH` or `BYE` (RFC 9051, 7.1).
    """
    greetings = (event.octets for event in events if event.kind is Kind.GREETING)
    return ", ".join(dict.fromkeys(map(_greeted_by, greetings))) or "SMTP"


def _greeted_by(greeting: bytes) -> str:
    if greeting.startswith((b"+OK", b"-ERR")):
        return "POP3"
    return "IMAP" if greeting.startswith((b"* OK", b"* PREAUTH", b"* BYE")) else "SMTP"


def as_json_lines(events: Iterable[Event], *, secrets: bool = False) -> str:
    return "\n".join(
        json.dumps(event_as_json(event, secrets=secrets), ensure_ascii=False) for event in events
    )


def event_as_json(event: Event, *, secrets: bool = False) -> dict[str, object]:
    """The event as a JSON object, as `schema.md` beside this file describes it."""
    octets, spans = event.octets, event.secrets
    if spans and not secrets:
        octets, spans = hide(octets, spans), hidden_places(spans)
    fields: dict[str, object] = {
        "schema": SCHEMA,
        "event": str(event.kind),
        "connection": event.connection,
        "seq": event.seq,
        "end": event.end,
        "step": event.step,
        "octets_base64": b64encode(octets).decode(),
        # Of what is shown: the true length would tell how long a hidden secret is.
        "length": event.length - len(event.octets) + len(octets),
        "tls": event.tls,
        "world_time": event.world_time.isoformat(),
    }
    if event.sha256:
        fields["sha256"] = event.sha256
    if spans:
        fields["secrets"] = [list(span) for span in spans]
    return fields | {name: v() if callable(v) else v for name, v in event.detail.items()}


def sender(event: Event) -> str:
    """ "C", "S" or "" for an event that is a note."""
    if event.kind in FROM_CLIENT:
        return "C"
    return "S" if event.kind in FROM_SERVER else ""


def shown_lines(event: Event, *, secrets: bool = False) -> list[str]:
    """The event's octets as text, a line each, with nothing in it that could act on a page.

    Control characters and characters that change the direction of text are written as escapes.
    """
    octets = event.octets if secrets else hide(event.octets, event.secrets)
    lines = octets.removesuffix(b"\r\n").split(b"\r\n")
    shown = [visible(line.decode("utf-8", "backslashreplace")) for line in lines]
    if not event.is_whole:
        middle = f"[{event.length - len(event.octets)} octets not kept]"
        shown.insert(len(shown) // 2, middle)
    if len(shown) > MAX_SHOWN_LINES:
        left_out = len(shown) - MAX_SHOWN_LINES
        half = MAX_SHOWN_LINES // 2
        shown = [*shown[:half], f"[{left_out} lines not shown]", *shown[-half:]]
    return shown


def visible(text: str) -> str:
    """`text` with every character that is not plainly visible written as an escape.

    >>> visible("a\\tb\\u202ec")
    'a\\\\tb\\\\u202ec'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char == " " or unicodedata.category(char)[0] not in "CZ" else _escape(char)
        for char in text
    )


def _escape(char: str) -> str:
    if char == "\t":
        return "\\t"
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def note(event: Event) -> str:
    """What a note says: a connection, the start of TLS, a close, a gap, a delivery."""
    detail = event.detail
    match event.kind:
        case Kind.CONNECT:
            return f"{detail.get('source')} connects to {detail.get('host')} : {detail.get('port')}"
        case Kind.TLS:
            check = CHECKS.get(str(detail.get("verified")), "as the server sees it")
            return f"TLS begins: {detail.get('protocol')}, {check}"
        case Kind.CLOSE:
            return f"connection closed: {detail.get('why')}"
        case Kind.DROPPED:
            return f"{detail.get('events')} older events were dropped"
        case Kind.DELIVERED:
            return f"delivered to {detail.get('mailbox')}, folder {detail.get('folder')}"
        case Kind.FAULT:
            return f"fault dial: {detail.get('fault')}"
        case Kind.ACCEPTED | Kind.QUEUED | Kind.ATTEMPT | Kind.LOOKED_UP | Kind.OUTCOME:
            return way_note(event)
        case _:
            return ""


def way_note(event: Event) -> str:
    """What a host tells of a mail object on its way."""
    detail = event.detail
    place = f"{detail.get('id')} at {detail.get('host')}"
    match event.kind:
        case Kind.ACCEPTED:
            return f"{place}: accepted on {detail.get('via')}"
        case Kind.QUEUED:
            return f"{place}: {detail.get('why')} of {detail.get('parent')}, to be sent"
        case Kind.ATTEMPT:
            return f"{place}: attempt {detail.get('number')}"
        case Kind.LOOKED_UP:
            found = ", ".join(map(str, detail.get("records") or ())) or "nothing"  # type: ignore[call-overload]
            return f"{place}: asked for {detail.get('name')} {detail.get('type')}: {found}"
        case _:
            about = f"{detail.get('forward_path')} {detail.get('result')}"
            return f"{place}: {about}: {detail.get('reply')}"


def _text_lines(event: Event, secrets: bool) -> list[str]:
    who = sender(event)
    if not who:
        return [f"-- {visible(note(event))}"]
    return [f"{who}: {line}" for line in shown_lines(event, secrets=secrets)]


def _html_row(event: Event, secrets: bool) -> str:
    who = sender(event)
    if not who:
        text = escape(visible(note(event)))
        return f'<tr><td></td><td colspan="2" {LEFT}><em>{text}</em></td></tr>'
    lines = "<br>".join(
        f"<code>{escape(line)}</code>" for line in shown_lines(event, secrets=secrets)
    )
    return f"<tr><td>{event.step}</td><td><b>{who}</b></td><td {LEFT}>{lines}</td></tr>"
