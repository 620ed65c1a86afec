"""Texts that people meet: what providers write into replies, what programs print as errors.

A text is looked for as plain fragments in order, without regular expressions, so that no text
from the wire can make the search slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from smtplab.reference.tables import lists, read_table

TEXT_TABLES = ("provider_texts", "errors")
GAP = " ... "  # in a text of a table: something else stands here
MAX_TEXT = 4096  # characters that are looked at: eight reply lines of 512 octets
_MARKS = frozenset(("S:", "S", "<", "<-", "<**", "<~", "<~*", "<<<"))  # of dialogues, as logged
ILLUSTRATIVE = "Seen in practice; no page of the maker is cited"


@dataclass(frozen=True)
class KnownText:
    """One entry: any of `texts` stands for it."""

    texts: tuple[str, ...]
    origin: str  # the provider or the program
    title: str
    meaning: str
    cause: str
    remedy: str
    codes: tuple[str, ...] = ()  # enhanced status codes, 5.7.606-649 for a range
    sandbox: str = ""  # errors: how to see it happen
    source: str = ""  # the title of the page, or the program that was read
    url: str = ""
    read: str = ""  # the date of the page that was read
    common: bool = False  # many servers use these words; they say little of who sent them
    illustrative: bool = False  # no page of the maker is cited

    @property
    def cited(self) -> str:
        """The source in one line."""
        if self.illustrative:
            return ILLUSTRATIVE
        return f"{self.source}, {self.url} (read {self.read})"

    def has_code(self, enhanced: str) -> bool:
        """Whether the entry names this enhanced status code."""
        return any(_covers(code, enhanced) for code in self.codes)


@cache
def known_texts(name: str) -> tuple[KnownText, ...]:
    """The entries of provider_texts or errors, read when first asked for."""
    return tuple(KnownText(**_frozen(fields)) for fields in read_table(name).values())


def _frozen(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(one) if isinstance(one, list) else one for key, one in fields.items()}


def find_reply(text: str, enhanced: str | None) -> KnownText | None:
    """What a provider means by this text; without a text, by a code that no RFC lists.

    >>> find_reply("Daily user sending limit exceeded.", "5.4.5").origin
    'Gmail'
    >>> find_reply("", "5.7.708").origin
    'Microsoft 365'
    >>> find_reply("Any text", "5.1.1")
    """
    private = enhanced is not None and not lists(enhanced)
    if not text and not private:
        return None
    found = _longest("provider_texts", text, enhanced)
    if found or not private:
        return found[1] if found else None
    assert enhanced is not None
    return next(
        (known for known in known_texts("provider_texts") if known.has_code(enhanced)), None
    )


def find_error(text: str) -> tuple[str, KnownText] | None:
    """The error that a program prints, and the text of the table by which it was found.

    >>> find_error("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1000)")[0]
    'certificate verify failed'
    """
    return _longest("errors", text, None)


def flattened(text: str, code: int) -> str:
    """The text of a reply in one line: without the codes that begin each of its lines.

    >>> flattened("550-5.7.1 Not\\r\\n550 5.7.1  here", 550)
    'Not here'
    """
    unwanted = _MARKS | {"", str(code)}
    words = (word.removeprefix(f"{code}-") for word in text[:MAX_TEXT].split())
    return " ".join(word for word in words if word not in unwanted and not _is_enhanced(word))


def _is_enhanced(word: str) -> bool:
    parts = word.split(".")
    return len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts)


def _longest(name: str, text: str, enhanced: str | None) -> tuple[str, KnownText] | None:
    """The entry that fits with the most characters; the first one of those in the table."""
    shown = text[:MAX_TEXT].lower()
    best: tuple[int, str, KnownText] | None = None
    for fragments, wanted, known in _index(name):
        weight = sum(map(len, fragments))
        if best and weight <= best[0]:
            continue
        if enhanced and known.codes and not known.has_code(enhanced):
            continue
        if _stand_in_order(fragments, shown):
            best = weight, wanted, known
    return best[1:] if best else None


@cache
def _index(name: str) -> tuple[tuple[tuple[str, ...], str, KnownText], ...]:
    return tuple(
        (tuple(text.lower().split(GAP)), text, known)
        for known in known_texts(name)
        for text in known.texts
    )


def _stand_in_order(fragments: tuple[str, ...], text: str) -> bool:
    start = 0
    for fragment in fragments:
        start = _end_of(fragment, text, start)
        if start < 0:
            return False
    return True


def _end_of(fragment: str, text: str, start: int) -> int:
    """Where the fragment ends in the text, as whole words; -1 if it is not there."""
    place = text.find(fragment, start)
    while place >= 0:
        end = place + len(fragment)
        begins = not (place and fragment[0].isalnum() and text[place - 1].isalnum())
        ends = not (end < len(text) and fragment[-1].isalnum() and text[end].isalnum())
        if begins and ends:
            return end
        place = text.find(fragment, place + 1)
    return -1


def _covers(code: str, enhanced: str) -> bool:
    """Whether 5.7.606-649 covers 5.7.610."""
    first, _, last = code.partition("-")
    if not last:
        return code == enhanced
    area, _, detail = first.rpartition(".")
    given_area, _, given = enhanced.rpartition(".")
    return area == given_area and int(detail) <= int(given) <= int(last)
