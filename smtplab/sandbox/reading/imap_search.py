"""SEARCH: the keys by which a client finds messages (RFC 3501, 6.4.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.reading.content import header_fields, split, value_of
from smtplab.sandbox.reading.imap_fetch import MAX_PARSED
from smtplab.sandbox.reading.imap_syntax import Arguments, Bad, No, Ranges, numbers_in

MAX_KEYS = 50  # of one SEARCH
MAX_DECODED = 262_144  # octets of a content whose encodings are taken away; the rest counts as sent
MAX_BOUNDARIES = 20  # with more, Python's reader would compare each line with each of them
CHARSETS = ("US-ASCII", "UTF-8")


class Candidate:
    """A message as SEARCH looks at it: taken apart once, however many keys there are."""

    def __init__(self, number: int, mail: StoredMail) -> None:
        self.number, self.mail = number, mail

    @cached_property
    def fields(self) -> list[tuple[bytes, str]]:
        """Names in lower case, and values decoded (RFC 2047) and folded to one case."""
        fields = header_fields(split(self.mail.content)[0])
        return [(name, decoded(value_of(octets)).casefold()) for name, octets in fields]

    @cached_property
    def header_text(self) -> str:
        return "\r\n".join(f"{name.decode('latin-1')}: {value}" for name, value in self.fields)

    @cached_property
    def body_text(self) -> str:
        """The body as it is, and behind it each text part with its encoding taken away."""
        texts = [split(self.mail.content)[1].decode("utf-8", "replace")]
        content = self.mail.content[:MAX_DECODED]
        if content.lower().count(b"boundary") > MAX_BOUNDARIES:
            return texts[0].casefold()
        try:
            message = message_from_bytes(content, policy=policy.compat32)
            for part in message.walk():
                if part.get_content_maintype() == "text":
                    octets: Any = part.get_payload(decode=True)  # bytes, as this is no multipart
                    texts.append(octets.decode(part.get_content_charset("utf-8"), "replace"))
        except Exception:  # a border: mail from strangers that Python's reader gives up on
            pass
        return "\r\n".join(texts).casefold()

    @cached_property
    def sent(self) -> date | None:
        for name, value in self.fields:
            if name == b"date":
                try:
                    return parsedate_to_datetime(value).date()
                except (ValueError, OverflowError):  # a zone that is years away
                    return None
        return None


Key = Callable[[Candidate], bool]


def decoded(value: bytes) -> str:
    """The text of a header field; what cannot be decoded stays as it is.

    >>> decoded(b"=?utf-8?q?caf=C3=A9?=")
    'café'
    """
    text = value[:MAX_PARSED].decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, ValueError, LookupError):
        return text


class SearchKeys:
    """Reads the keys of one SEARCH; `largest` are the largest number and UID in the folder."""

    def __init__(self, args: Arguments, largest: tuple[int, int]) -> None:
        self._args = args
        self._largest_number, self._largest_uid = largest
        self._count = 0

    def parse(self) -> Key:
        """All keys, joined by AND."""
        if self._args.take(b"CHARSET "):
            charset = self._args.astring().decode("ascii", "replace").upper()
            if charset not in CHARSETS:
                raise No(f"[BADCHARSET ({' '.join(CHARSETS)})] That charset is not known here")
            self._args.space()
        keys = [self._key()]
        while self._args.take(b" "):
            keys.append(self._key())
        return lambda one: all(key(one) for key in keys)

    def _key(self) -> Key:
        self._count += 1
        if self._count > MAX_KEYS:
            raise Bad(f"One SEARCH may have {MAX_KEYS} keys here")
        args = self._args
        if args.take(b"("):
            keys = [self._key()]
            while not args.take(b")"):
                args.space()
                keys.append(self._key())
            return lambda one: all(key(one) for key in keys)
        if args.at_sequence_set():
            numbers = self.numbers(args.sequence_set())
            return lambda one: one.number in numbers
        word = args.word()
        if word in _BY_FLAG:
            found = _BY_FLAG[word]
            return lambda one: found
        if word not in _WITH_ARGUMENT:
            raise Bad(f"There is no search key {word[:20]!a}")
        args.space()
        return _WITH_ARGUMENT[word](self, word)

    def numbers(self, ranges: Ranges) -> set[int]:
        """RFC 3501, 9, seq-number: a number that no message has is an error."""
        named = [self._largest_number if end is None else end for ends in ranges for end in ends]
        if self._largest_number == 0 or max(named) > self._largest_number:
            raise Bad(f"There is no such message; there are {self._largest_number}")
        return numbers_in(ranges, self._largest_number)

    def uids(self, ranges: Ranges) -> set[int]:
        """A UID that no message has is no error."""
        return numbers_in(ranges, self._largest_uid)

    def _text(self) -> str:
        return self._args.astring().decode("utf-8", "replace").casefold()

    # Keys with an argument; each is given its own word.

    def _not(self, word: str) -> Key:
        key = self._key()
        return lambda one: not key(one)

    def _or(self, word: str) -> Key:
        first = self._key()
        self._args.space()
        second = self._key()
        return lambda one: first(one) or second(one)

    def _uid(self, word: str) -> Key:
        uids = self.uids(self._args.sequence_set())
        return lambda one: one.mail.uid in uids

    def _keyword(self, word: str) -> Key:
        self._args.astring()
        return lambda one: word == "UNKEYWORD"

    def _size(self, word: str) -> Key:
        limit = self._args.number()
        if word == "LARGER":
            return lambda one: len(one.mail.content) > limit
        return lambda one: len(one.mail.content) < limit

    def _date(self, word: str) -> Key:
        day = self._args.date()
        holds = {"BEFORE": date.__lt__, "ON": date.__eq__, "SINCE": date.__ge__}
        compare = holds[word.removeprefix("SENT")]
        if word.startswith("SENT"):
            return lambda one: one.sent is not None and bool(compare(one.sent, day))
        return lambda one: bool(compare(one.mail.internal_date.date(), day))

    def _field(self, word: str) -> Key:
        name = word.lower().encode()
        if word == "HEADER":
            name = self._args.astring().lower()
            self._args.space()
        text = self._text()
        return lambda one: any(text in value for found, value in one.fields if found == name)

    def _body(self, word: str) -> Key:
        text = self._text()
        if word == "BODY":
            return lambda one: text in one.body_text
        return lambda one: text in one.header_text or text in one.body_text


# No flag can be set here, so each of these finds every message, or none.
_BY_FLAG = {
    **dict.fromkeys(("ALL", "RECENT", "NEW", "UNSEEN", "UNANSWERED", "UNDELETED"), True),
    **dict.fromkeys(("UNDRAFT", "UNFLAGGED"), True),
    **dict.fromkeys(("SEEN", "ANSWERED", "DELETED", "DRAFT", "FLAGGED", "OLD"), False),
}
_WITH_ARGUMENT: dict[str, Callable[[SearchKeys, str], Key]] = {
    "NOT": SearchKeys._not, "OR": SearchKeys._or, "UID": SearchKeys._uid,
    "KEYWORD": SearchKeys._keyword, "UNKEYWORD": SearchKeys._keyword,
    "LARGER": SearchKeys._size, "SMALLER": SearchKeys._size,
    **dict.fromkeys(("BEFORE", "ON", "SINCE"), SearchKeys._date),
    **dict.fromkeys(("SENTBEFORE", "SENTON", "SENTSINCE"), SearchKeys._date),
    **dict.fromkeys(("SUBJECT", "FROM", "TO", "CC", "BCC", "HEADER"), SearchKeys._field),
    "TEXT": SearchKeys._body, "BODY": SearchKeys._body,
}  # fmt: skip
