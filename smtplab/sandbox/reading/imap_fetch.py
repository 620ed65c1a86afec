"""FETCH: the data items of a message that a client may ask for (RFC 3501, 6.4.5 and 7.4.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import getaddresses

from smtplab.sandbox.mailboxes import StoredMail
from smtplab.sandbox.reading.content import header_fields, split, value_of
from smtplab.sandbox.reading.imap_syntax import MONTHS, Arguments, Bad, literal, string

MAX_ITEMS = 20  # of one FETCH; a mail program asks for a dozen
MAX_PARSED = 65_536  # octets of one header field that are looked into
FLAGS = rb"FLAGS (\Recent)"  # nothing is ever written, so nothing becomes less recent or seen

Pick = Callable[[bytes], bytes]  # from a content to the part of it that was asked for

_MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
}
_PARTIAL = re.compile(rb"<([0-9]{1,10})\.([1-9][0-9]{0,9})>")
_PLAIN = re.compile(rb"[A-Za-z0-9-]+")  # a name that needs no quotes
_PART = re.compile(rb"[0-9]")


@dataclass(frozen=True)
class Item:
    """One data item: the whole of it, name and value, as it stands in the reply."""

    name: str
    of: Callable[[StoredMail], bytes]


def parse_items(args: Arguments) -> list[Item]:
    """What FETCH asks for: a macro, one item, or a list; an item named twice comes once."""
    if not args.take(b"("):
        word = args.word()
        names = _MACROS.get(word)
        return [_SIMPLE[name] for name in names] if names else [_item(word, args)]
    items: dict[str, Item] = {}
    while True:
        item = _item(args.word(), args)
        items[item.name] = item
        if len(items) > MAX_ITEMS:
            raise Bad(f"One FETCH may ask for {MAX_ITEMS} items here")
        if args.take(b")"):
            return list(items.values())
        args.space()


def _item(word: str, args: Arguments) -> Item:
    if word in ("BODY", "BODY.PEEK") and args.take(b"["):
        return _section(args)
    if word in _SIMPLE:
        return _SIMPLE[word]
    if word in ("BODY", "BODYSTRUCTURE", "FULL"):
        raise Bad("MIME structure is not told here; fetch BODY[] and take it apart")
    raise Bad(f"There is no data item {word[:20]!a}")


def _section(args: Arguments) -> Item:
    """BODY[...]: the word PEEK changes nothing, because nothing sets \\Seen here."""
    if args.match(_PART):
        raise Bad("MIME parts are not served here; fetch BODY[] and take it apart")
    word = "" if args.take(b"]") else args.word()
    label, pick = f"BODY[{word}".encode(), _SECTIONS.get(word)
    if word in ("HEADER.FIELDS", "HEADER.FIELDS.NOT"):
        args.space()
        names = _names(args)
        shown = (name if _PLAIN.fullmatch(name) else string(name) for name in names)
        label += b" (" + b" ".join(shown) + b")"
        wanted = {name.lower() for name in names}
        pick = _chooser(wanted, inverted=word.endswith("NOT"))
    if pick is None:
        raise Bad(f"There is no section {word[:20]!a}")
    if word:
        args.need(b"]")
    partial = args.match(_PARTIAL)
    if partial is None:
        return _text_item(label + b"]", pick)
    start, count = int(partial[1]), int(partial[2])
    name = label + b"]<%d>" % start
    one = _text_item(name, _slicer(pick, start, start + count))
    return Item(f"{one.name}.{count}", one.of)  # two parts of one section are two items


def _names(args: Arguments) -> list[bytes]:
    args.need(b"(")
    names = [args.astring()]
    while not args.take(b")"):
        args.space()
        names.append(args.astring())
    return names


def _text_item(label: bytes, pick: Pick) -> Item:
    return Item(label.decode("latin-1"), lambda m: label + b" " + literal(pick(m.content)))


def _slicer(pick: Pick, start: int, end: int) -> Pick:
    return lambda content: pick(content)[start:end]


def _chooser(wanted: set[bytes], *, inverted: bool) -> Pick:
    def pick(content: bytes) -> bytes:
        header_section, _ = split(content)
        fields = header_fields(header_section)
        chosen = b"".join(octets for name, octets in fields if (name in wanted) != inverted)
        return chosen + (b"\r\n" if header_section.endswith(b"\r\n\r\n") else b"")

    return pick


def _internal_date(mail: StoredMail) -> bytes:
    when = mail.internal_date
    text = f'INTERNALDATE "{when:%d}-{MONTHS[when.month - 1]}-{when:%Y %H:%M:%S %z}"'
    return text.encode()


# ENVELOPE (RFC 3501, 7.4.2): header fields as the sender wrote them, not the SMTP envelope.


def envelope(mail: StoredMail) -> bytes:
    """Date, subject, from, sender, reply-to, to, cc, bcc, in-reply-to, message-id."""
    values: dict[bytes, bytes] = {}
    for name, octets in header_fields(split(mail.content)[0]):
        values.setdefault(name, value_of(octets)[:MAX_PARSED])

    def text(name: bytes) -> bytes:
        return string(values[name]) if name in values else b"NIL"

    def people(*names: bytes) -> bytes:
        found = (addresses(values[name]) for name in names if name in values)
        return next((one for one in found if one != b"NIL"), b"NIL")

    parts = [
        text(b"date"), text(b"subject"), people(b"from"), people(b"sender", b"from"),
        people(b"reply-to", b"from"), people(b"to"), people(b"cc"), people(b"bcc"),
        text(b"in-reply-to"), text(b"message-id"),
    ]  # fmt: skip
    return b"ENVELOPE (" + b" ".join(parts) + b")"


def addresses(value: bytes) -> bytes:
    """A header field's mailboxes in parentheses, or NIL; of groups the members only.

    >>> addresses(b"Alice <alice@example.org>")
    b'(("Alice" NIL "alice" "example.org"))'
    """
    try:
        pairs = getaddresses([value.decode("utf-8", "surrogateescape")])
    except RecursionError:  # comments inside comments, a thousand deep
        return b"NIL"
    found = b"".join(_address(name, address) for name, address in pairs if address)
    return b"(" + found + b")" if found else b"NIL"


def _address(name: str, address: str) -> bytes:
    local_part, _, domain = address.rpartition("@") if "@" in address else (address, "", "")
    words = [part.encode("utf-8", "surrogateescape") for part in (name, local_part, domain)]
    shown = string(words[0]) if name else b"NIL"
    return b"(" + b" ".join((shown, b"NIL", string(words[1]), string(words[2]))) + b")"


_SECTIONS: dict[str, Pick] = {
    "": lambda content: content,
    "HEADER": lambda content: split(content)[0],
    "TEXT": lambda content: split(content)[1],
}
_SIMPLE = {
    item.name: item
    for item in (
        Item("FLAGS", lambda mail: FLAGS),
        Item("UID", lambda mail: b"UID %d" % mail.uid),
        Item("INTERNALDATE", _internal_date),
        Item("RFC822.SIZE", lambda mail: b"RFC822.SIZE %d" % len(mail.content)),
        Item("ENVELOPE", envelope),
        _text_item(b"RFC822", _SECTIONS[""]),
        _text_item(b"RFC822.HEADER", _SECTIONS["HEADER"]),
        _text_item(b"RFC822.TEXT", _SECTIONS["TEXT"]),
    )
}
UID = _SIMPLE["UID"]
