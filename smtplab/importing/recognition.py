"""Which format a text is in, and the one way to read it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from smtplab.errors import LocalProtocolError
from smtplab.importing import (
    bare,
    curl,
    exim,
    listing,
    nodemailer,
    openssl,
    postfix,
    smtplib,
    swaks,
)
from smtplab.importing.conversation import Conversations, Imported
from smtplab.importing.said import Format
from smtplab.transcript import Transcript

MAX_CHARACTERS = 32 * 2**20  # of one text
MAX_LINES = 400_000  # of one text; 10 MB of a log has a quarter of that
MAX_LOOKED_AT = 5000  # lines by which a format is recognised

_FORMATS = (
    swaks.FORMAT, smtplib.FORMAT, openssl.FORMAT, postfix.FORMAT, nodemailer.FORMAT,
    nodemailer.JSON_FORMAT, exim.FORMAT, curl.FORMAT, listing.FORMAT, bare.FORMAT,
)  # fmt: skip

FORMATS = {"json": "our own JSON"} | {format.name: format.title for format in _FORMATS}
"""The names of the formats, and how a person calls them."""


def read_dialogue(text: str, format: str | None = None) -> Transcript:
    """Read a dialogue that a program has printed, or somebody has written down.

    Without `format` it is recognised; the transcript's `format` says which one it is, `unread`
    which lines should be dialogue and could not be read. Each connection is seen from the
    client's end. Raises `LocalProtocolError`, and nothing else, if there is no dialogue in it.
    """
    if format is not None and format not in FORMATS:
        raise LocalProtocolError(f"no format {format!r}; there are {', '.join(FORMATS)}")
    if len(text) > MAX_CHARACTERS:
        raise LocalProtocolError(
            f"the text has {len(text)} characters, and {MAX_CHARACTERS} are read; cut out the "
            "part that matters"
        )
    if (count := text.count("\n")) > MAX_LINES:
        raise LocalProtocolError(
            f"the text has {count} lines, and {MAX_LINES} are read; cut out the part that matters"
        )
    if format == "json" or (format is None and _is_our_json(text)):
        try:
            return Transcript.from_json(text)
        except ValueError as error:
            raise LocalProtocolError(str(error)) from None
    chosen = _recognised(text) if format is None else _by_name(format)
    transcript = Imported(chosen.name, chosen.title)
    conversations = Conversations(transcript, chosen.prints_chunks)
    for said in chosen.read(_lines(text)):
        conversations.take(said)
    conversations.finish()
    if not any(event.octets for event in transcript.events):
        raise LocalProtocolError(
            f"no line of this text could be read as {chosen.title}; the formats are "
            f"{', '.join(FORMATS)}"
        )
    return transcript


def _is_our_json(text: str) -> bool:
    start = text[:1000].lstrip()
    return start.startswith("{") and '"schema"' in start


def _by_name(name: str) -> Format:
    return next(format for format in _FORMATS if format.name == name)


def _recognised(text: str) -> Format:
    """The format that most lines speak for; of equals, the one that comes first in the table."""
    looked_at = [line for _, line in islice(_lines(text), MAX_LOOKED_AT)]
    counts = [sum(bool(format.is_mark(line)) for line in looked_at) for format in _FORMATS]
    if not any(counts):
        raise LocalProtocolError(
            "this is no SMTP dialogue in a format that is known here; the formats are "
            f"{', '.join(FORMATS)}, and a plain listing has 'C: ' or 'S: ' before each line"
        )
    best = _FORMATS[counts.index(max(counts))]
    if best is bare.FORMAT and counts[_FORMATS.index(openssl.FORMAT)]:
        return openssl.FORMAT  # the dialogue in it looks like a terminal's
    return best


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines without their ends, numbered from 1; only LF ends one.

    A terminal may put a second CR in front of it.
    """
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        yield number, text[start:end].rstrip("\r")
        start = end + 1
