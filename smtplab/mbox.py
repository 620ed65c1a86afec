"""mbox: many mail objects in one file (RFC 4155; quoted as mboxrd, so that nothing is lost).

Each content stands behind a line ``From reverse-path date`` and before an empty line. A line of it
that begins with ``From ``, be there ``>`` in front or not, gets one more ``>``; reading takes one
away. In the file a line ends in LF, as every program expects, and CR LF comes back on reading. A
content whose lines all end in CR LF, the last one too, returns to the octet; so does an empty one.
A bare LF, which no server accepts, returns as CR LF, and a missing last line end is added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_NULL = "MAILER-DAEMON"  # what stands for the null reverse-path, by custom
_QUOTED = re.compile(rb"^>(>*From )", re.M)
_TO_QUOTE = re.compile(rb"^(>*From )", re.M)
_SEPARATOR = re.compile(rb"^From .*\n?", re.M)
_DATE = re.compile(r"\w{3} (\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()


@dataclass(frozen=True)
class FiledMail:
    """One content in a file, and what else is known of it; `date` None is unknown."""

    reverse_path: str
    date: datetime | None
    content: bytes


def to_mbox(entries: Iterable[FiledMail]) -> bytes:
    r"""The octets of an mbox file.

    >>> to_mbox([FiledMail("", datetime(2026, 3, 2, 9, tzinfo=UTC), b"\r\nFrom me\r\n")])
    b'From MAILER-DAEMON Mon Mar  2 09:00:00 2026\n\n>From me\n\n'
    """
    return b"".join(_written(entry) for entry in entries)


def from_mbox(octets: bytes) -> Iterator[FiledMail]:
    r"""What an mbox file holds; `ValueError` if it does not begin with a From line.

    >>> list(from_mbox(b"From a@b.example x\nSubject: y\n\n>From me\n\n"))
    [FiledMail(reverse_path='a@b.example', date=None, content=b'Subject: y\r\n\r\nFrom me\r\n')]
    """
    if not octets:
        return
    first = _SEPARATOR.match(octets)
    if first is None:
        raise ValueError("an mbox begins with a line 'From ', and this does not")
    if first[0].endswith(b"\r\n"):  # written on a system whose lines end so
        octets = octets.replace(b"\r\n", b"\n")
    starts = list(_separators(octets))
    for start, next_start in zip(starts, [*starts[1:], None], strict=True):
        end = None if next_start is None else next_start.start()
        yield _read(start[0], octets[start.end() : end])


def _separators(octets: bytes) -> Iterator[re.Match[bytes]]:
    """The From lines: the first line, and each behind an empty line (RFC 4155, Appendix A)."""
    for found in _SEPARATOR.finditer(octets):
        if not found.start() or octets.endswith(b"\n\n", 0, found.start()):
            yield found


def _written(entry: FiledMail) -> bytes:
    date = entry.date.astimezone(UTC) if entry.date else datetime(1970, 1, 1, tzinfo=UTC)
    day, month = _DAYS[date.weekday()], _MONTHS[date.month - 1]
    stamp = f"{day} {month} {date.day:2} {date:%H:%M:%S} {date.year}"
    reverse_path = re.sub(r"[\r\n]", "_", entry.reverse_path) or _NULL
    lines = entry.content.replace(b"\r\n", b"\n")
    if lines and not lines.endswith(b"\n"):
        lines += b"\n"
    head = f"From {reverse_path} {stamp}\n".encode("utf-8", "surrogateescape")
    return head + _TO_QUOTE.sub(rb">\1", lines) + b"\n"


def _read(from_line: bytes, lines: bytes) -> FiledMail:
    said = from_line.decode("utf-8", "surrogateescape").removeprefix("From ").strip()
    found = _DATE.search(said)
    reverse_path = said[: found.start()].rstrip() if found else said.partition(" ")[0]
    lines = _QUOTED.sub(rb"\1", lines.removesuffix(b"\n"))
    if lines and not lines.endswith(b"\n"):  # the last one may lack the empty line behind it
        lines += b"\n"
    content = lines.replace(b"\n", b"\r\n")
    return FiledMail("" if reverse_path == _NULL else reverse_path, _date(found), content)


def _date(found: re.Match[str] | None) -> datetime | None:
    if found is None or found[1] not in _MONTHS:
        return None
    month = _MONTHS.index(found[1]) + 1
    day, hour, minute, second, year = map(int, found.groups()[1:])
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:  # the 31st of February
        return None
