"""What the client sends, token by token: commands, responses, mail data (RFC 5321, 4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from smtplab.commands import verb_of
from smtplab.errors import LocalProtocolError
from smtplab.grammar import is_ehlo_name, is_string, parse_parameters, parse_path
from smtplab.tokens.token import NO_RULE, Reader, Token, space, token, wrong

# The rule and the section of each command (RFC 5321, 4.1.1, and the extensions' own RFCs).
_COMMANDS = {
    "EHLO": ("ehlo", "RFC 5321, 4.1.1.1"),
    "HELO": ("helo", "RFC 5321, 4.1.1.1"),
    "MAIL": ("mail", "RFC 5321, 4.1.1.2"),
    "RCPT": ("rcpt", "RFC 5321, 4.1.1.3"),
    "DATA": ("data", "RFC 5321, 4.1.1.4"),
    "RSET": ("rset", "RFC 5321, 4.1.1.5"),
    "VRFY": ("vrfy", "RFC 5321, 4.1.1.6"),
    "EXPN": ("expn", "RFC 5321, 4.1.1.7"),
    "HELP": ("help", "RFC 5321, 4.1.1.8"),
    "NOOP": ("noop", "RFC 5321, 4.1.1.9"),
    "QUIT": ("quit", "RFC 5321, 4.1.1.10"),
    "STARTTLS": ("STARTTLS", "RFC 3207, 4"),
    "AUTH": ("auth-command", "RFC 4954, 8"),
    "BDAT": ("bdat-cmd", "RFC 3030, 2"),
}


def command(text: str) -> Iterator[Token]:
    """A command line: the verb, then its argument by the verb's own rule."""
    verb = verb_of(text.encode("utf-8", "surrogateescape"))
    if verb not in _COMMANDS or not text.upper().startswith(verb):
        yield token(text, NO_RULE, "no command that RFC 5321, 4.1.1 or an extension knows")
        return
    rule, source = _COMMANDS[verb]
    yield token(text[: len(verb)], rule, source)
    rest = text[len(verb) :]
    if not rest:
        return
    if not rest.startswith(" "):
        yield wrong(rest)
        return
    yield space()
    yield from _ARGUMENTS.get(verb, _nothing)(rest[1:])


def _nothing(text: str) -> Iterator[Token]:
    yield wrong(text)


def name(text: str) -> Iterator[Token]:
    """A domain or an address literal."""
    if not is_ehlo_name(text):
        yield wrong(text)
    elif text.startswith("["):
        yield token(text, "address-literal", "RFC 5321, 4.1.3")
    else:
        yield token(text, "Domain", "RFC 5321, 4.1.2")


def _string(text: str) -> Iterator[Token]:
    yield token(text, "String", "RFC 5321, 4.1.2") if is_string(text) else wrong(text)


def _from(text: str) -> Iterator[Token]:
    yield from _path("FROM:", "Reverse-path", text)


def _to(text: str) -> Iterator[Token]:
    yield from _path("TO:", "Forward-path", text)


def _path(mark: str, rule: str, text: str) -> Iterator[Token]:
    if not text.upper().startswith(mark):
        yield wrong(text)
        return
    verb = "MAIL" if mark == "FROM:" else "RCPT"
    yield token(text[: len(mark)], *_COMMANDS[verb])
    text = text[len(mark) :]
    try:
        path, rest = parse_path(text)
    except LocalProtocolError:
        yield wrong(text)
        return
    whole = text[: -len(rest) - 1] if rest else text
    if not path.domain:
        yield token(whole, rule, "RFC 5321, 4.1.1.2" if path.is_null else "RFC 5321, 4.1.1.3")
    else:
        route = whole[1 : -len(path.mailbox) - 1]
        yield token("<", rule, "RFC 5321, 4.1.2")
        yield token(route, "A-d-l", "RFC 5321, 4.1.2")
        yield token(path.local_part, "Local-part", "RFC 5321, 4.1.2")
        yield token("@", "Mailbox", "RFC 5321, 4.1.2")
        yield from name(path.domain)
        yield token(">", rule, "RFC 5321, 4.1.2")
    for word in rest.split(" ") if rest else ():
        yield space()
        yield from _parameter(word)


def _parameter(word: str) -> Iterator[Token]:
    try:
        parse_parameters(word)
    except LocalProtocolError:
        yield wrong(word)
        return
    keyword, equals, value = word.partition("=")
    yield token(keyword, "esmtp-keyword", "RFC 5321, 4.1.2")
    yield token(equals, "esmtp-param", "RFC 5321, 4.1.2")
    yield token(value, "esmtp-value", "RFC 5321, 4.1.2")


_BASE64 = re.compile(r"=|(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def _auth(text: str) -> Iterator[Token]:
    mechanism, gap, answer = text.partition(" ")
    known = re.fullmatch(r"[A-Za-z0-9_-]{1,20}", mechanism)
    yield token(mechanism, "sasl-mech", "RFC 4422, 3.1") if known else wrong(mechanism)
    if gap:
        yield space()
        good = _BASE64.fullmatch(answer)
        rule = ("initial-response", "RFC 4954, 8")
        yield token(answer, *rule) if good else wrong(answer)


def response(text: str) -> Iterator[Token]:
    """The client's part of an AUTH exchange."""
    if text == "*":
        yield token(text, "cancel-response", "RFC 4954, 8")
    else:
        good = _BASE64.fullmatch(text)
        yield token(text, "base64", "RFC 4954, 8") if good else wrong(text)


def _chunk(text: str) -> Iterator[Token]:
    size, gap, mark = text.partition(" ")
    good = size.isascii() and size.isdigit()
    yield token(size, "chunk-size", "RFC 3030, 2") if good else wrong(size)
    if gap:
        yield space()
        last = mark.upper() == "LAST"
        yield token(mark, "end-marker", "RFC 3030, 2") if last else wrong(mark)


_ARGUMENTS: dict[str, Reader] = {
    "EHLO": name,
    "HELO": name,
    "MAIL": _from,
    "RCPT": _to,
    "AUTH": _auth,
    "BDAT": _chunk,
    "VRFY": _string,
    "EXPN": _string,
    "HELP": _string,
    "NOOP": _string,
}


# ftext = %d33-57 / %d59-126 (RFC 5322, 3.6.8)
_FIELD_NAME = re.compile(r"[!-9;-~]+")


def mail_data() -> Reader:
    """Mail data: a header section up to the empty line, then the body, with transparency."""
    in_header = True

    def read(text: str) -> Iterator[Token]:
        nonlocal in_header
        if text == ".":
            yield token(text, "end of mail data", "RFC 5321, 4.1.1.4")
            return
        if text.startswith("."):
            yield token(".", "transparency", "RFC 5321, 4.5.2")
            text = text[1:]
        field, colon, value = text.partition(":")
        if not text:
            in_header = False
        elif in_header and text[0] in " \t":
            yield token(text, "folded field body", "RFC 5322, 2.2.3")
        elif in_header and colon and _FIELD_NAME.fullmatch(field):
            yield token(field, "field-name", "RFC 5322, 3.6.8")
            yield token(colon, "header field", "RFC 5322, 2.2")
            yield token(value, "field body", "RFC 5322, 2.2")
        else:
            in_header = False
            yield token(text, "body", "RFC 5322, 2.3")

    return read
