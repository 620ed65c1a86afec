"""Text for people: a card's own HTML as plain text, what is too long, times."""

from __future__ import annotations

import re
from datetime import datetime
from html.parser import HTMLParser

from smtplab.widgets.pieces import safe

_NEW_LINE = frozenset("p div li tr dt caption h3 h4 ol ul dl table details summary br pre".split())
MAX_SHOWN = 500  # characters of one value
_UNBROKEN = 60  # characters of a word: a table on a page without styles is as wide as that
_PREFIX = {"li": "- ", "dd": ": ", "td": " | ", "th": " | "}


def plain(html: str) -> str:
    """What a page says, without its tags; for HTML of ours, in which all foreign text is escaped.

    >>> plain("<p>A <b>bold</b> word</p><ul><li>one</li><li>two</li></ul>")
    'A bold word\\n- one\\n- two'
    """
    words = _Words()
    words.feed(html)
    words.close()
    lines = (line.strip(" |") for line in "".join(words.parts).splitlines())
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    """Gathers the text; only in `pre` is white space kept."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._is_pre = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_pre = self._is_pre or tag == "pre"
        self.parts.append(("\n" if tag in _NEW_LINE else "") + _PREFIX.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._is_pre = self._is_pre and tag != "pre"
        self.parts.append("\n" if tag in _NEW_LINE - {"dt"} else "")

    def handle_data(self, data: str) -> None:
        self.parts.append(data if self._is_pre else re.sub(r"\s+", " ", data))


def when(time: datetime) -> str:
    """A time as people write it.

    >>> when(datetime(2026, 3, 2, 9, 5))
    '2 Mar 2026, 09:05'
    """
    return f"{time.day} {time:%b %Y, %H:%M}"


def cut(text: str, limit: int = MAX_SHOWN) -> str:
    """A text, and how much of it is left out.

    >>> cut("abcdef", 4)
    'abcd … 2 characters more'
    """
    return text if len(text) <= limit else f"{text[:limit]} … {len(text) - limit:,} characters more"


def breakable(text: str) -> str:
    """Safe HTML in which a long word, such as a key in base64, may go on in the next line.

    >>> breakable("p=" + "A" * 60)
    'p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA<wbr>AA'
    """
    pieces = re.findall(rf"\S{{1,{_UNBROKEN}}}|\s+", text)
    html = ""
    for before, piece in zip(["", *pieces], pieces, strict=False):
        goes_on = before and not before[-1].isspace() and not piece[0].isspace()
        html += f"{'<wbr>' if goes_on else ''}{safe(piece)}"
    return html
