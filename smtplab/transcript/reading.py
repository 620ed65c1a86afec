"""The JSON form of a transcript read back; `schema.md` beside this file describes it."""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from smtplab.transcript.events import MAX_EVENT_OCTETS, SCHEMA, Event, Kind, Span

MAX_LINES = 200_000  # twice the events that a transcript keeps
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # of an empty transcript

_FIELDS = {
    "schema", "event", "connection", "seq", "end", "step", "octets_base64", "length", "tls",
    "world_time", "sha256", "secrets",
}  # fmt: skip
_MAX_LINE = 2 * MAX_EVENT_OCTETS + 65_536  # characters: base64 of the octets, and the detail


def events(text: str, *, whole: bool = False) -> tuple[Event, ...]:
    """The events, oldest first; `ValueError` says what is wrong in which line.

    With `whole` there is no bound on how many there are and how long.

    A line that has a schema but no event, such as the first of `smtplab serve --json`, is passed
    over.
    """
    found = []
    for number, line in _lines(text, sys.maxsize if whole else MAX_LINES):
        try:
            if not whole:
                _check_length(line)
            event = _event(_object(line), sys.maxsize if whole else MAX_EVENT_OCTETS)
        except _Wrong as wrong:
            raise ValueError(f"line {number}: {wrong}") from None
        if event is not None:
            found.append(event)
    return tuple(found)


def dropped(event: Event) -> tuple[int, int]:
    """How many events and octets a `dropped` event stands for."""
    return _count(event.detail.get("events")), _count(event.detail.get("octets"))


class _Wrong(Exception):
    """What is wrong with a line."""


def _lines(text: str, most: int) -> Iterator[tuple[int, str]]:
    # JSON leaves U+2028 and the like in strings as they are, so only LF ends a line.
    lines = text.split("\n", most)
    if len(lines) > most:
        raise ValueError(f"line {most + 1}: a transcript may have {most} lines")
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _check_length(line: str) -> None:
    if len(line) > _MAX_LINE:
        raise _Wrong(
            f"it has {len(line)} characters, and {_MAX_LINE} are allowed; "
            "whole=True reads what was recorded whole"
        )


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise _Wrong(f"this is no JSON object: {line[:60]!r}") from None
    if not isinstance(found, dict) or "schema" not in found:
        raise _Wrong('a JSON object with "schema" is expected, one a line')
    schema = found["schema"]
    if schema.__class__ is not int or schema < 1:
        raise _Wrong(f'"schema" is {_short(schema)}, and it should be a number from 1')
    if schema > SCHEMA:
        raise _Wrong(
            f"it is of schema {_short(schema)}, and this smtplab reads schema {SCHEMA}; "
            "a newer smtplab may read it"
        )
    return found


def _event(fields: dict[str, Any], most: int) -> Event | None:
    if "event" not in fields:
        return None
    if fields["event"] not in list(Kind):
        raise _Wrong(f'"event" is {_short(fields["event"])}, which schema {SCHEMA} does not have')
    octets = _octets(_field(fields, "octets_base64", str))
    if len(octets) > most:
        raise _Wrong(
            f"an event keeps {most} octets at most, not {len(octets)}; "
            "whole=True reads what was recorded whole"
        )
    event = Event(
        kind=Kind(fields["event"]),
        connection=_field(fields, "connection", str),
        end=_field(fields, "end", str),
        seq=_field(fields, "seq", int),
        step=_field(fields, "step", int),
        octets=octets,
        length=_field(fields, "length", int),
        tls=_field(fields, "tls", bool),
        world_time=_time(_field(fields, "world_time", str)),
        secrets=_spans(fields.get("secrets", []), len(octets)),
        sha256=_field(fields, "sha256", str) if "sha256" in fields else None,
        detail={name: value for name, value in fields.items() if name not in _FIELDS},
    )
    if event.kind is Kind.DROPPED:
        dropped(event)
    elif event.end not in ("client", "server"):
        raise _Wrong(f'"end" is {_short(event.end)}, and it should be "client" or "server"')
    if event.length < len(octets) or (event.length > len(octets) and event.sha256 is None):
        raise _Wrong(f'"length" is {_short(event.length)}, but {len(octets)} octets are there')
    return event


def _field(fields: dict[str, Any], name: str, kind: type) -> Any:
    if name not in fields:
        raise _Wrong(f'"{name}" is missing')
    if fields[name].__class__ is not kind:  # True is an int, too, and no number here
        raise _Wrong(f'"{name}" is {_short(fields[name])}, which is of the wrong type')
    return fields[name]


def _octets(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise _Wrong(f'"octets_base64" is no base64: {_short(text)}') from None


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.min
    if time.tzinfo is None:
        raise _Wrong(f'"world_time" is {_short(text)}, and it should be ISO 8601 with its zone')
    return time


def _spans(found: Any, size: int) -> tuple[Span, ...]:
    try:
        spans = tuple((start, end) for start, end in found)
        right = all(0 <= start < end <= size for start, end in spans)
    except (TypeError, ValueError):
        right = False
    if not right:
        raise _Wrong(
            f'"secrets" is {_short(found)}, and it should be pairs of places in the octets'
        )
    return spans


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise _Wrong('a "dropped" event counts "events" and "octets"')
    return value


def _short(value: object) -> str:
    shown = repr(value) if not isinstance(value, int) else hex(value)[:60]
    if isinstance(value, int) and abs(value) < 10**9:
        shown = str(value)
    return shown if len(shown) <= 60 else shown[:60] + "..."
