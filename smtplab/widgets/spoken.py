"""A conversation as lines of a small table, bounded: for cards that set one beside something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from smtplab.transcript import Event, Kind
from smtplab.transcript.rendering import note, sender, shown_lines, visible
from smtplab.widgets.labels import EMPTY_LINE

MOST_LINES = 80  # of one conversation; the client's transcript has all
MOST_OF_CONTENT = 12  # lines
MOST_CHARACTERS = 200  # of one line


class Line(NamedTuple):
    """One line of the dialogue, or a note (`who` is empty)."""

    who: str  # "C", "S" or ""
    text: str  # nothing in it acts on a page, but it is not escaped yet
    tls: bool = False
    differs: bool = False  # from what stands beside it


def spoken(events: Iterable[Event], *, secrets: bool = False) -> tuple[Line, ...]:
    """What both said, and when TLS began; the middle of a long one is left out."""
    found = [line for event in events for line in _lines(event, secrets)]
    if len(found) > MOST_LINES:
        left_out = Line("", f"[{len(found) - MOST_LINES} lines not shown]")
        found = [*found[: MOST_LINES - 10], left_out, *found[-10:]]
    return tuple(found)


def _lines(event: Event, secrets: bool) -> Iterable[Line]:
    who = sender(event)
    if who:
        for text in _few(shown_lines(event, secrets=secrets), event.kind):
            yield Line(who, shortened(text), event.tls)
    elif event.kind in (Kind.TLS, Kind.CLOSE):
        yield Line("", shortened(visible(note(event))), event.kind is Kind.TLS or event.tls)


def _few(lines: list[str], kind: Kind) -> list[str]:
    """Of a long content its beginning and its end."""
    if kind is not Kind.MAIL_DATA or len(lines) <= MOST_OF_CONTENT:
        return lines
    left_out = f"[{len(lines) - MOST_OF_CONTENT + 1} more lines of the content]"
    return [*lines[: MOST_OF_CONTENT - 3], left_out, *lines[-2:]]


def shortened(text: str) -> str:
    """A text of at most so many characters, with the number of those that are left out."""
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]} [{len(text) - MOST_CHARACTERS} more characters]"


def spoken_html(lines: Sequence[Line], caption: str = "") -> str:
    """A table of plain tags; letters say who speaks, and TLS is a word in the notes."""
    named = f"<caption>{escape(visible(caption))}</caption>" if caption else ""
    rows = "".join(map(_row, lines))
    return f'<table class="smtplab-said">{named}<tbody>{rows}</tbody></table>'


def _row(line: Line) -> str:
    tls = " smtplab-inside" if line.tls else ""
    if not line.who:
        text = f"<em>{escape(line.text)}</em>"
        return f'<tr class="smtplab-told{tls}"><td></td><td>{text}</td></tr>'
    kind = "refused" if line.who == "S" and line.text[:1] in ("4", "5") else line.who.lower()
    differs = " <i>differs</i>" if line.differs else ""
    return (
        f'<tr class="smtplab-{kind}{tls}"><td><b>{line.who}</b></td>'
        f"<td>{_said(line.text)}{differs}</td></tr>"
    )


def _said(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else f"<em>{EMPTY_LINE}</em>"


def spoken_text(lines: Iterable[Line]) -> list[str]:
    """The same for plain text."""
    return [
        f"{line.who}: {line.text}{'  [differs]' if line.differs else ''}"
        if line.who
        else f"-- {line.text}"
        for line in lines
    ]


def folded(summary: str, html: str) -> str:
    """HTML behind one line of text; without script or style it folds as well."""
    return f"<details><summary>{escape(visible(summary))}</summary>{html}</details>"
