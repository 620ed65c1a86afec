"""A transcript with its explanations: the cause of each refusal, and what to do (RFC 5321, 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from textwrap import fill
from typing import Any

from smtplab.reference import Explanation
from smtplab.replay import one_end, replayed
from smtplab.session import State
from smtplab.step_reply import StepReply
from smtplab.transcript import Event, Transcript
from smtplab.transcript.rendering import LEFT, note, sender, shown_lines, visible

WIDTH = 88  # columns


@dataclass(frozen=True)
class Row:
    """One event and, where it is a reply, the reply with its step."""

    event: Event
    reply: StepReply | None

    @property
    def explanation(self) -> Explanation | None:
        """Only where the server refused: what it means and what to do."""
        return self.reply.explanation if self.reply and not self.reply.is_positive else None


@dataclass(frozen=True)
class Explained:
    """The connections of a transcript one after the other; shows itself as text and as HTML."""

    connections: tuple[tuple[str, tuple[Row, ...]], ...]
    remark: str = ""  # where it comes from, and what could not be read

    @property
    def refusals(self) -> tuple[StepReply, ...]:
        """Every reply that refused something, in order."""
        rows = (row for _, rows in self.connections for row in rows)
        return tuple(row.reply for row in rows if row.reply and not row.reply.is_positive)

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, width: int = WIDTH) -> str:
        """Our own words in lines of at most `width` columns; what was said stays as it is."""
        return "\n".join(self._text_lines(width))

    def _text_lines(self, width: int) -> Iterator[str]:
        if self.remark:
            yield fill(self.remark, width)
        for name, rows in self.connections:
            if len(self.connections) > 1:
                yield f"\nConnection {name}"
            for row in rows:
                yield from _as_lines(row, width)
            yield fill(f"Now: {_now(rows)}", width)

    def to_html(self) -> str:
        """A table for each connection; everything in it is escaped."""
        tables = (
            f"<table><caption>Connection {escape(name)}: C is the SMTP client, S the SMTP server"
            f"</caption><tbody>{''.join(map(_as_html, rows))}</tbody></table>"
            f"<p><b>Now</b>: {escape(_now(rows))}</p>"
            for name, rows in self.connections
        )
        remark = f"<p>{escape(self.remark)}</p>" if self.remark else ""
        return remark + "".join(tables)

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def explained(transcript: Transcript, connection: str | None = None) -> Explained:
    """The transcript's connections (or one, by name) with an explanation below each refusal.

    Where both ends were recorded, the client's is shown. `ValueError` lists the connections.
    """
    names = transcript.connections if connection is None else (connection,)
    parts = (
        (name, tuple(Row(*pair) for pair in replayed(one_end(transcript, name)))) for name in names
    )
    return Explained(tuple(parts), _remark(transcript))


def _remark(transcript: Transcript) -> str:
    """What `read_dialogue` knows of a text."""
    title = getattr(transcript, "title", "")
    if not title:
        return ""
    unread, count = getattr(transcript, "unread", []), getattr(transcript, "unread_lines", 0)
    if not count:
        return f"Read as {title}."
    lines = ", ".join(map(str, unread)) + (", ..." if count > len(unread) else "")
    word = "line" if count == 1 else "lines"
    return f"Read as {title}; {count} {word} could not be read: {lines}."


def _told(row: Row) -> list[tuple[str, str]]:
    found = row.explanation
    return [("", f"{found.title}. {found.meaning}"), *found.rows] if found else []


def _now(rows: tuple[Row, ...]) -> str:
    """Where the session stands at the end, and what is legal next."""
    replies = [row.reply for row in rows if row.reply]
    if not replies:
        return "no reply of the server is here"
    closed = rows[-1].event.kind == "close"
    state = State.CLOSED if closed else replies[-1].state
    verbs = ", ".join(() if closed else replies[-1].legal_next)
    return state.value + (f". Legal next: {verbs}" if verbs else "")


def _as_lines(row: Row, width: int) -> Iterator[str]:
    who = sender(row.event)
    if not who:
        yield f"-- {visible(note(row.event))}"
    else:
        yield from (f"{who}: {line}" for line in shown_lines(row.event))
    for label, text in _told(row):
        told = f"{label}: {text}" if label else text
        yield fill(told, width, initial_indent="   ", subsequent_indent="   ")


def _as_html(row: Row) -> str:
    who = sender(row.event)
    if not who:
        text = escape(visible(note(row.event)))
        return f'<tr><td></td><td colspan="2" {LEFT}><em>{text}</em></td></tr>'
    lines = "<br>".join(f"<code>{escape(line)}</code>" for line in shown_lines(row.event))
    told = "".join(
        "<br>" + (f"<b>{escape(label)}</b>: " if label else "") + escape(text)
        for label, text in _told(row)
    )
    return f"<tr><td>{row.event.step}</td><td><b>{who}</b></td><td {LEFT}>{lines}{told}</td></tr>"
